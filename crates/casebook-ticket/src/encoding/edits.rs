//! Where what stood in a text stands after something was put right in it.

use std::ops::Range;

/// What was put right in a text, from its beginning to its end.
#[derive(Debug, Default)]
pub(super) struct Edits(Vec<Edit>);

#[derive(Debug)]
struct Edit {
    before: Range<usize>,
    after: Range<usize>,
}

impl Edits {
    /// That what stood at these offsets is now what stands at those. Edits come in order.
    pub(super) fn push(&mut self, before: Range<usize>, after: Range<usize>) {
        self.0.push(Edit { before, after });
    }

    /// Moves places to where now stands what stood there.
    pub(super) fn move_all<'a>(&self, places: impl IntoIterator<Item = &'a mut usize>) {
        for place in places {
            *place = self.moved(*place);
        }
    }

    /// Where now stands what stood at an offset; the beginning of what it became, for what was edited.
    fn moved(&self, offset: usize) -> usize {
        let behind = self.0.partition_point(|edit| edit.before.start <= offset);
        match behind.checked_sub(1).map(|last| &self.0[last]) {
            None => offset,
            Some(edit) if offset < edit.before.end => edit.after.start,
            Some(edit) => edit.after.end + (offset - edit.before.end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_an_edit_moves_with_it() {
        let mut edits = Edits::default();
        // `a<taken>bcc<longer>` became `abdddd`.
        edits.push(1..3, 1..1);
        edits.push(4..6, 2..6);
        let moved: Vec<_> = (0..8).map(|offset| edits.moved(offset)).collect();
        assert_eq!(moved, [0, 1, 1, 1, 2, 2, 6, 7]);
        assert_eq!(Edits::default().moved(7), 7);
    }
}
