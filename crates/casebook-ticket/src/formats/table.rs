//! CSV row by row, with positions.

use std::borrow::Cow;

use csv_core::{ReadFieldResult, Reader, ReaderBuilder};

use super::File;
use crate::message::message;
use crate::unpacked::Unpacked;
use crate::{At, Lines, Places, ReadError};

/// A CSV: its header was read, and its rows come one by one.
pub(super) struct Table<'a> {
    file: File<'a>,
    lines: &'a Lines<'a>,
    reader: Reader,
    offset: usize,
    row: usize,
    width: usize,
    buffer: Vec<u8>,
}

/// One row.
pub(super) struct Row<'a> {
    /// Its number, as spreadsheets count: the header is the first.
    pub(super) number: usize,
    /// Where it begins.
    pub(super) at: At,
    pub(super) cells: Vec<Cell<'a>>,
}

/// One cell.
pub(super) struct Cell<'a> {
    lines: &'a Lines<'a>,
    /// Where its text begins, behind the quote.
    start: usize,
    /// What stands between its quotes; none where it has no quotes.
    quoted: Option<&'a str>,
    pub(super) text: Cow<'a, str>,
}

impl<'a> Cell<'a> {
    /// Where it begins.
    pub(super) fn at(&self) -> At {
        self.lines.at(self.start)
    }

    /// Where the bytes of its text stand.
    pub(super) fn places(&self) -> Unpacked<'a> {
        let lines: &'a dyn Places = self.lines;
        match self.quoted {
            Some(raw) => Unpacked::csv(lines, self.start, raw.as_bytes()),
            None => Unpacked::plain(lines, self.start),
        }
    }
}

impl<'a> Table<'a> {
    /// Reads the header; tells by it what stands between cells.
    pub(super) fn new(file: File<'a>, lines: &'a Lines<'a>) -> Result<(Self, Row<'a>), ReadError> {
        let delimiter = delimiter(file.text);
        let reader = ReaderBuilder::new().delimiter(delimiter).build();
        let mut table =
            Self { file, lines, reader, offset: 0, row: 0, width: usize::MAX, buffer: vec![0; 4096] };
        if file.text.starts_with('\u{feff}') {
            table.offset = '\u{feff}'.len_utf8();
        }
        let Some(header) = table.next()? else {
            return Err(file.error(At::new(1, 1), message!(empty_csv)));
        };
        table.width = header.cells.len();
        Ok((table, header))
    }

    /// The next row that is not blank.
    pub(super) fn next(&mut self) -> Result<Option<Row<'a>>, ReadError> {
        let blank = self.file.text[self.offset..].bytes().take_while(|byte| *byte == b'\n').count();
        self.offset += blank;
        self.row += blank + 1;
        if self.offset == self.file.text.len() {
            return Ok(None);
        }
        let mut row = Row { number: self.row, at: self.lines.at(self.offset), cells: Vec::new() };
        loop {
            let (cell, is_last) = self.cell()?;
            if row.cells.len() >= self.width && !cell.text.trim().is_empty() {
                let text = message!(row_too_long, count = self.width);
                return Err(self.file.error(cell.at(), text));
            }
            row.cells.push(cell);
            if is_last {
                return Ok(Some(row));
            }
        }
    }

    fn cell(&mut self) -> Result<(Cell<'a>, bool), ReadError> {
        let start = self.offset;
        let mut length = 0;
        let is_last = loop {
            if length == self.buffer.len() {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
            let input = &self.file.text.as_bytes()[self.offset..];
            let (result, taken, given) = self.reader.read_field(input, &mut self.buffer[length..]);
            self.offset += taken;
            length += given;
            match result {
                ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
                ReadFieldResult::Field { record_end } => break record_end,
                ReadFieldResult::End => break true,
            }
        };
        let raw = &self.file.text[start..self.offset];
        let Some(inside) = raw.strip_prefix('"') else {
            let end = usize::from(self.offset > start && !is_at_end(raw, is_last));
            let text = Cow::Borrowed(&raw[..raw.len() - end]);
            return Ok((Cell { lines: self.lines, start, quoted: None, text }, is_last));
        };
        if inside.bytes().filter(|byte| *byte == b'"').count() % 2 == 0 {
            return Err(self.file.error(self.lines.at(start), message!(cell_open)));
        }
        let text = String::from_utf8_lossy(&self.buffer[..length]).into_owned();
        let cell = Cell { lines: self.lines, start: start + 1, quoted: Some(inside), text: Cow::Owned(text) };
        Ok((cell, is_last))
    }
}

/// Whether the file ends with this cell, and no delimiter or line's end was taken with it.
fn is_at_end(raw: &str, is_last: bool) -> bool {
    is_last && !raw.ends_with('\n')
}

/// What stands most often between the cells of the first row.
fn delimiter(text: &str) -> u8 {
    let mut is_quoted = false;
    let header = text.bytes().take_while(|byte| {
        is_quoted ^= *byte == b'"';
        is_quoted || *byte != b'\n'
    });
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut is_quoted = false;
    for byte in header {
        is_quoted ^= byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(known, _)| !is_quoted && *known == byte) {
            *count += 1;
        }
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| delimiter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(text: &str) -> Result<Vec<Vec<String>>, String> {
        let lines = Lines::new(text);
        let mut all = Vec::new();
        let read = || -> Result<(), ReadError> {
            let (mut table, header) = Table::new(File { name: "", text }, &lines)?;
            let texts = |row: Row<'_>| row.cells.iter().map(|cell| cell.text.to_string()).collect();
            all.push(texts(header));
            while let Some(row) = table.next()? {
                all.push(texts(row));
            }
            Ok(())
        };
        let mut read = read;
        read().map_err(|error| error.to_string())?;
        Ok(all)
    }

    #[test]
    fn cells_are_told_whatever_stands_between_them() {
        for (text, expected) in [
            ("a,b\n1,\"x\ny\"\n", vec![vec!["a", "b"], vec!["1", "x\ny"]]),
            ("a;b;c\n\n\n\"1;\"\"2\";;3", vec![vec!["a", "b", "c"], vec!["1;\"2", "", "3"]]),
            ("a\tb\n1", vec![vec!["a", "b"], vec!["1"]]),
            ("a,b\n,\n", vec![vec!["a", "b"], vec!["", ""]]),
            ("a,b\n1,", vec![vec!["a", "b"], vec!["1", ""]]),
            ("\u{feff}a,b", vec![vec!["a", "b"]]),
            ("a,b\n1,2,,\n", vec![vec!["a", "b"], vec!["1", "2", "", ""]]),
            ("\"a;b\n;;\",c\n1,2", vec![vec!["a;b\n;;", "c"], vec!["1", "2"]]),
            ("\"a\nb\",c;d;e\n1;2", vec![vec!["a\nb,c", "d", "e"], vec!["1", "2"]]),
        ] {
            let expected: Vec<Vec<String>> =
                expected.into_iter().map(|row| row.into_iter().map(str::to_owned).collect()).collect();
            assert_eq!(rows(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn rows_are_counted_as_spreadsheets_do() {
        let text = "a,b\n\n\n1,2\n3,\"4\n5\"\n6,7\n";
        let lines = Lines::new(text);
        let (mut table, header) = Table::new(File { name: "", text }, &lines).unwrap();
        let mut numbers = vec![header.number];
        while let Some(row) = table.next().unwrap() {
            numbers.push(row.number);
        }
        assert_eq!(numbers, [1, 4, 5, 6], "a row of two lines is one");
    }

    #[test]
    fn broken_csv_says_where_and_what_to_do() {
        assert!(rows("").is_err_and(|error| error.starts_with("1:1: there is nothing")));
        assert!(rows("a,b\n1,\"x\ny\n").is_err_and(|error| error.starts_with("2:3: the quote that begins")));
        assert!(rows("a,b\n1,2,3\n").is_err_and(|error| error.starts_with("2:5: this row has more cells")));
    }

    proptest! {
        #[test]
        fn what_the_csv_crate_writes_is_read(
            all in prop::collection::vec(prop::collection::vec("[a-z,;\"\n א]{0,6}", 3), 1..4)
        ) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["x", "y", "z"]).map_err(|error| TestCaseError::fail(error.to_string()))?;
            for row in &all {
                writer.write_record(row).map_err(|error| TestCaseError::fail(error.to_string()))?;
            }
            let text = writer.into_inner().map_err(|error| TestCaseError::fail(error.to_string()))?;
            let text = String::from_utf8_lossy(&text);
            let read = rows(&text).map_err(TestCaseError::fail)?;
            prop_assert_eq!(&read[1..], &all[..]);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[a,;\t\"\n]{0,30}|\\PC{0,30}") {
            let _ = rows(&text);
        }
    }
}
