//! Where something stands in a file.

use std::cell::Cell;
use std::fmt;

/// A position in a source: line and column, both from 1; columns count characters (Unicode scalar values).
///
/// Positions are not part of what a ticket says: any two are equal, so that a ticket that was written and read again
/// equals the first one.
#[derive(Clone, Copy, Default)]
pub struct At {
    /// The line, from 1; 0 when the position is not known.
    pub line: u32,
    /// The character in the line, from 1; 0 when only the line is known.
    pub column: u32,
}

impl At {
    /// A position.
    #[must_use]
    pub const fn new(line: u32, column: u32) -> Self {
        Self { line, column }
    }

    /// Whether anything is known.
    #[must_use]
    pub const fn is_known(self) -> bool {
        self.line > 0
    }
}

impl PartialEq for At {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for At {}

impl fmt::Debug for At {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.line, self.column)
    }
}

/// Turns byte offsets of a text into positions, in a time that does not depend on how long its lines are.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a str,
    /// Offsets at which lines begin.
    starts: Vec<usize>,
    /// How many characters stand before each stretch of [`STRETCH`] bytes.
    counts: Vec<usize>,
    /// What was asked for last: the next place mostly stands in the same line behind it, or near it.
    last: Cell<Place>,
}

/// A place in a text.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// Its line, from 0.
    line: usize,
    /// Its offset in the text.
    offset: usize,
    /// How many characters stand before it in its line.
    before: usize,
}

/// How many lines are looked at before the line is searched for.
const NEAR: usize = 8;

/// How many bytes are counted anew for each position.
const STRETCH: usize = 512;

impl<'a> Lines<'a> {
    /// Looks through the text once.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        let counts = text.as_bytes().chunks(STRETCH).scan(0, |characters, stretch| {
            let before = *characters;
            *characters += count(stretch);
            Some(before)
        });
        let starts = std::iter::once(0).chain(ends).collect();
        Self { text, starts, counts: counts.collect(), last: Cell::default() }
    }

    /// The position of a byte offset; offsets past the end, or inside a character, are those before.
    #[must_use]
    pub fn at(&self, offset: usize) -> At {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let last = self.last.get();
        let line = self.line(offset, last.line);
        let is_behind = line == last.line && last.offset <= offset;
        let (start, before) = if is_behind { (last.offset, last.before) } else { (self.starts[line], 0) };
        let between = if offset - start <= STRETCH {
            count(&self.text.as_bytes()[start..offset])
        } else {
            self.characters_before(offset) - self.characters_before(start)
        };
        let before = before + between;
        self.last.set(Place { line, offset, before });
        At::new(line as u32 + 1, before as u32 + 1)
    }

    /// The line of an offset, from 0; it is looked for near another one first.
    fn line(&self, offset: usize, last: usize) -> usize {
        let near = self.starts[last..].iter().take(NEAR).take_while(|start| **start <= offset).count();
        match near {
            1..NEAR => last + near - 1,
            _ => self.starts.partition_point(|start| *start <= offset) - 1,
        }
    }

    fn characters_before(&self, offset: usize) -> usize {
        match self.counts.get(offset / STRETCH) {
            Some(before) => before + count(&self.text.as_bytes()[offset - offset % STRETCH..offset]),
            None => self.counts.last().map_or(0, |before| before + count(self.last_stretch())),
        }
    }

    fn last_stretch(&self) -> &[u8] {
        self.text.as_bytes().chunks(STRETCH).next_back().unwrap_or_default()
    }
}

/// How many characters begin in these bytes of UTF-8.
fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| (**byte as i8) >= -0x40).count()
}

/// Tells where in its file a byte of a text stands. The text may be a part of the file, or have been unpacked from it.
pub trait Places {
    /// The position of a byte offset in the text.
    fn at(&self, offset: usize) -> At;
}

impl Places for Lines<'_> {
    fn at(&self, offset: usize) -> At {
        Lines::at(self, offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_characters() {
        let lines = Lines::new("ab\nשלום: x\n");
        assert_eq!(format!("{:?}", lines.at(0)), "1:1");
        assert_eq!(format!("{:?}", lines.at(3)), "2:1");
        assert_eq!(format!("{:?}", lines.at("ab\nשלום: ".len())), "2:7");
        assert_eq!(format!("{:?}", lines.at(4)), "2:1", "inside a character");
        assert_eq!(format!("{:?}", lines.at(999)), "3:1");
    }

    #[test]
    fn long_lines_are_counted_right() {
        for text in ["é\n".repeat(700), "aשb".repeat(700), "x".repeat(STRETCH), "x".repeat(2 * STRETCH)] {
            let lines = Lines::new(&text);
            let offsets: Vec<_> = text.char_indices().map(|(offset, _)| offset).chain([text.len()]).collect();
            // Onwards, backwards, and to and fro.
            let far = offsets.iter().zip(offsets.iter().rev()).flat_map(|(one, other)| [*one, *other]);
            for offset in offsets.iter().chain(offsets.iter().rev()).copied().chain(far) {
                let before = &text[..offset];
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
                assert_eq!(format!("{:?}", lines.at(offset)), format!("{line}:{column}"));
            }
        }
    }
}
