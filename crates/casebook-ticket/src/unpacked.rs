//! Text that was unpacked from a file: a string of a JSON, a cell of a CSV.

use std::borrow::Cow;

use crate::{At, Places};

/// Where an unpacked text's bytes stand in what it was unpacked from.
pub(crate) struct Unpacked<'a> {
    outer: &'a dyn Places,
    /// Where a stretch that stands there byte for byte begins: here, and there. Both ascend.
    stretches: Vec<(usize, usize)>,
}

impl<'a> Unpacked<'a> {
    /// A text that stands there byte for byte, from an offset on.
    pub(crate) fn plain(outer: &'a dyn Places, start: usize) -> Self {
        Self { outer, stretches: vec![(0, start)] }
    }

    /// That from an offset on it stands somewhere else than right behind what comes before.
    pub(crate) fn goes_on(&mut self, here: usize, there: usize) {
        self.stretches.push((here, there));
    }

    /// What stands between the quotes of a JSON string, `raw`, which begins at an offset.
    pub(crate) fn json(outer: &'a dyn Places, start: usize, raw: &str) -> Self {
        let mut stretches = vec![(0, start)];
        let (mut here, mut there) = (0, 0);
        while let Some(plain) = raw.get(there..).and_then(|rest| rest.find('\\')) {
            here += plain;
            there += plain;
            let (taken, given) = escape(&raw[there..]);
            here += given;
            there += taken;
            stretches.push((here, start + there));
        }
        Self { outer, stretches }
    }

    /// What stands behind the first quote of a CSV cell: two quotes are one, and one ends what is quoted; what people
    /// write behind that stands there as it is.
    pub(crate) fn csv(outer: &'a dyn Places, start: usize, raw: &[u8]) -> Self {
        let mut stretches = vec![(0, start)];
        let (mut here, mut there) = (0, 0);
        while let Some(plain) = memchr::memchr(b'"', &raw[there..]) {
            here += plain;
            there += plain + 1;
            let is_doubled = raw.get(there) == Some(&b'"');
            if is_doubled {
                here += 1;
                there += 1;
            }
            stretches.push((here, start + there));
            if !is_doubled {
                break;
            }
        }
        Self { outer, stretches }
    }
}

/// A text with plain line ends, and where its bytes stand.
pub(crate) fn without_returns<'a>(text: &'a str, places: &'a dyn Places) -> (Cow<'a, str>, Unpacked<'a>) {
    let mut unpacked = Unpacked::plain(places, 0);
    if !text.contains('\r') {
        return (Cow::Borrowed(text), unpacked);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\r') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if !rest.starts_with('\n') {
            out.push('\n');
        }
        unpacked.stretches.push((out.len(), text.len() - rest.len()));
    }
    out.push_str(rest);
    (Cow::Owned(out), unpacked)
}

/// How long an escape is in the JSON, and the character that it stands for.
fn escape(raw: &str) -> (usize, usize) {
    if !raw.starts_with("\\u") {
        return (2, 1);
    }
    let unit = |at: usize| raw.get(at..at + 4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    match unit(2) {
        Some(0xD800..=0xDBFF) => (12, 4),
        Some(code) => (6, char::from_u32(code).map_or(3, char::len_utf8)),
        None => (2, 1),
    }
}

impl Places for Unpacked<'_> {
    fn at(&self, offset: usize) -> At {
        let stretch = self.stretches.partition_point(|(here, _)| *here <= offset).max(1) - 1;
        let (here, there) = self.stretches[stretch];
        self.outer.at(there + (offset - here))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Lines;

    #[test]
    fn escapes_in_json_are_found_again() {
        let file = r#"{"a":"x\n\"é\u05d0\ud83d\ude00z"}"#;
        let lines = Lines::new(file);
        let text = "x\n\"éא😀z";
        let places = Unpacked::json(&lines, 6, &file[6..file.len() - 2]);
        let columns: Vec<_> = text.char_indices().map(|(offset, _)| places.at(offset).column).collect();
        assert_eq!(columns, [7, 8, 10, 12, 13, 19, 31]);
        assert_eq!(places.at(text.len()).column, 32);
    }

    #[test]
    fn doubled_quotes_in_csv_are_found_again() {
        let file = "a,\"x \"\"y\"\"\nz\"\n";
        let lines = Lines::new(file);
        let places = Unpacked::csv(&lines, 3, &file.as_bytes()[3..file.len() - 2]);
        let text = "x \"y\"\nz";
        let at = |needle: &str| format!("{:?}", places.at(text.find(needle).unwrap_or(999)));
        assert_eq!((at("x"), at("y"), at("z")), ("1:4".into(), "1:8".into(), "2:1".into()));
    }

    #[test]
    fn what_stands_behind_a_quote_in_csv_is_found_again() {
        let file = "\"a\"\"\"b \"\"c\"\"d,";
        let lines = Lines::new(file);
        let places = Unpacked::csv(&lines, 1, &file.as_bytes()[1..]);
        let text = "a\"b \"\"c\"\"d";
        let at = |needle: char| {
            (places.at(text.find(needle).unwrap()).column, file.find(needle).unwrap() as u32 + 1)
        };
        for needle in ['a', 'b', 'c', 'd'] {
            let (told, true_one) = at(needle);
            assert_eq!(told, true_one, "{needle}");
        }
    }

    #[test]
    fn windows_line_ends_move_nothing() {
        let file = "a\r\nb\rc";
        let lines = Lines::new(file);
        let (text, places) = without_returns(file, &lines);
        assert_eq!(text, "a\nb\nc");
        let at = |needle: &str| lines.at(file.find(needle).unwrap_or(999)).column;
        assert_eq!([2, 4].map(|offset| places.at(offset).column), [at("b"), at("c")]);
    }
}
