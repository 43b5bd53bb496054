//! Where the lines of a text stand in the file that it was taken from.

use std::fmt;
use std::ops::Range;

use crate::{At, Places};

/// Where the characters of a text with several lines stand in its file. In a file of text its lines are lines of the
/// file; in a string of a JSON they all stand on one.
///
/// As positions are, it is no part of what a text says: any two are equal.
#[derive(Clone, Default)]
pub struct SourceMap {
    start: At,
    /// Where the text goes on elsewhere than [`SourceMap::at`] would tell from what stands before. They ascend.
    stretches: Vec<Stretch>,
}

#[derive(Clone, Copy)]
struct Stretch {
    line: u32,
    column: u32,
    at: At,
}

impl SourceMap {
    /// A text that stands at an offset.
    pub(crate) fn of(text: &str, places: &dyn Places, offset: usize) -> Self {
        let mut builder = Builder::new(places.at(offset));
        builder.push(text, places, offset);
        builder.map
    }

    /// Where the text begins.
    #[must_use]
    pub fn start(&self) -> At {
        self.start
    }

    /// Where a character stands, by its line in the text and its place in that line, both from 0.
    #[must_use]
    pub fn at(&self, line: u32, column: u32) -> At {
        let behind = self.stretches.partition_point(|known| (known.line, known.column) <= (line, column));
        let first = Stretch { line: 0, column: 0, at: self.start };
        let known = behind.checked_sub(1).map_or(first, |index| self.stretches[index]);
        match known.at {
            At { line: 0, .. } => known.at,
            At { column: 0, .. } if line == known.line => known.at,
            at if line == known.line => At::new(at.line, at.column + (column - known.column)),
            at => At::new(at.line + (line - known.line), column + 1),
        }
    }

    /// The map of some of the lines.
    pub(crate) fn lines(&self, lines: Range<u32>) -> Self {
        let first = self.stretches.partition_point(|known| (known.line, known.column) <= (lines.start, 0));
        let behind = self.stretches[first..].iter().take_while(|known| known.line < lines.end);
        let stretches = behind.map(|known| Stretch { line: known.line - lines.start, ..*known });
        Self { start: self.at(lines.start, 0), stretches: stretches.collect() }
    }

    /// That from a line on it is another text, whose map is known. Lines come in order.
    pub(crate) fn put(&mut self, line: u32, map: &Self) {
        self.pin(line, 0, map.start);
        let stretches = map.stretches.iter();
        self.stretches.extend(stretches.map(|known| Stretch { line: known.line + line, ..*known }));
    }

    fn pin(&mut self, line: u32, column: u32, at: At) {
        let told = self.at(line, column);
        if (told.line, told.column) == (at.line, at.column) {
            return;
        }
        if (line, column) == (0, 0) {
            self.start = at;
        } else {
            self.stretches.push(Stretch { line, column, at });
        }
    }
}

/// A text whose lines are lines of its file, those from the second on from their first character.
impl From<At> for SourceMap {
    fn from(start: At) -> Self {
        Self { start, stretches: Vec::new() }
    }
}

impl PartialEq for SourceMap {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for SourceMap {}

impl fmt::Debug for SourceMap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.start)
    }
}

/// Makes the map of a text that is put together of pieces.
pub(crate) struct Builder {
    map: SourceMap,
    line: u32,
    column: u32,
}

impl Builder {
    /// Where the text begins when no piece tells.
    pub(crate) fn new(start: At) -> Self {
        Self { map: start.into(), line: 0, column: 0 }
    }

    /// The next piece, and where it begins.
    pub(crate) fn push(&mut self, piece: &str, places: &dyn Places, offset: usize) {
        let mut offset = offset;
        for (number, line) in piece.split('\n').enumerate() {
            if number > 0 {
                (self.line, self.column) = (self.line + 1, 0);
            }
            if !line.is_empty() || number > 0 {
                self.map.pin(self.line, self.column, places.at(offset));
            }
            let length = line.chars().count() as u32;
            let (end, told) = (places.at(offset + line.len()), self.map.at(self.line, self.column + length));
            if (end.line, end.column) != (told.line, told.column) {
                // Somewhere in this line a character takes more than one of the file, as escapes do.
                for (column, (skipped, _)) in line.char_indices().enumerate() {
                    self.map.pin(self.line, self.column + column as u32, places.at(offset + skipped));
                }
            }
            self.column += length;
            offset += line.len() + 1;
        }
    }

    pub(crate) fn done(self) -> SourceMap {
        self.map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Lines;
    use crate::unpacked::Unpacked;

    fn told(map: &SourceMap, places: &[(u32, u32)]) -> String {
        let told: Vec<_> =
            places.iter().map(|(line, column)| format!("{:?}", map.at(*line, *column))).collect();
        told.join(" ")
    }

    #[test]
    fn lines_of_a_file_are_counted_on() {
        let map = SourceMap::of("ab\n c\n", &Lines::new("x ab\n c\n"), 2);
        assert!(map.stretches.is_empty());
        assert_eq!(told(&map, &[(0, 0), (0, 1), (1, 1), (2, 0)]), "1:3 1:4 2:2 3:1");
        assert_eq!(told(&SourceMap::from(At::default()), &[(0, 3), (2, 1)]), "0:0 0:0");
        assert_eq!(told(&SourceMap::from(At::new(4, 0)), &[(0, 3), (2, 1)]), "4:0 6:2");
    }

    #[test]
    fn lines_of_a_string_in_json_stand_on_its_line() {
        let file = r#"{"a":"x\n\"é\" \u05d0b\nz"}"#;
        let text = "x\n\"é\" אb\nz";
        let lines = Lines::new(file);
        let map = SourceMap::of(text, &Unpacked::json(&lines, 6, &file[6..file.len() - 2]), 0);
        let places = [(0, 0), (1, 0), (1, 1), (1, 2), (1, 3), (1, 4), (1, 5), (2, 0)];
        assert_eq!(told(&map, &places), "1:7 1:10 1:12 1:13 1:15 1:16 1:22 1:25");
        assert_eq!(told(&map.lines(1..9), &[(0, 0), (0, 5), (1, 0)]), "1:10 1:22 1:25");
        assert_eq!(told(&map.lines(2..3), &[(0, 0)]), "1:25");
        let mut other = SourceMap::from(At::new(7, 1));
        other.put(2, &map.lines(1..2));
        assert_eq!(told(&other, &[(1, 0), (2, 1), (2, 5)]), "8:1 1:12 1:22");
    }

    #[test]
    fn pieces_follow_each_other() {
        let lines = Lines::new("ab|cd\n> e");
        let mut builder = Builder::new(lines.at(0));
        for (piece, offset) in [("ab", 0), ("cd\n", 3), ("e", 8)] {
            builder.push(piece, &lines, offset);
        }
        assert_eq!(told(&builder.done(), &[(0, 1), (0, 2), (0, 3), (1, 0)]), "1:2 1:4 1:5 2:3");
    }
}
