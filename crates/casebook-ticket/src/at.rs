//! Where something stands in a file.

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

/// Turns byte offsets of a text into positions.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a str,
    /// Offsets at which lines begin.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Looks through the text once.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(ends).collect() }
    }

    /// The position of a byte offset; offsets past the end, or inside a character, are those before.
    #[must_use]
    pub fn at(&self, offset: usize) -> At {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= offset);
        let column = self.text[self.starts[line - 1]..offset].chars().count() + 1;
        At::new(line as u32, column as u32)
    }
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
}
