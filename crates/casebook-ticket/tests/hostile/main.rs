//! Hostile input: fixtures with bytes flipped, cut, repeated and nested deeply. No reader panics, and no writer of what was
//! read. How the time grows with the text is measured by `cargo bench -p casebook-ticket --bench hostile`.
//!
//! `CASEBOOK_HOSTILE` is how many mutations are read (2000 without it), `CASEBOOK_HOSTILE_SEED` where they begin.

mod pieces;

use std::panic::catch_unwind;

use casebook_ticket::{Format, Found, Source, Standard, formats};

use pieces::{DEEP, PLACES};

/// A small file of each format.
const FIXTURES: &[(Format, &str)] = &[
    (
        Format::Wiki,
        "h2. Objective\n*Key:* _v_ -s- {{GET /x}} [a|https://b.example] !c.png|thumbnail!\n# one\n#* two\n{code:json}\n\
         {\"a\": 1}\n{code}\n||#||Action||\n|1|{quote}x{quote} \\\\ y|\n{panel:title=T}\np\n{panel}\nbq. q\n----\n",
    ),
    (
        Format::Markdown,
        "---\nkey: PZ-1\nsummary: A test\n---\n\n## Objective\n\n**a** _b_ `c` [d](https://e.example) ![f](g.png)\n\n\
         1. one\n   - two\n\n```json\n{\"a\": 1}\n```\n\n| # | Action |\n|---|---|\n| 1 | x<br>y |\n\n> quoted\n",
    ),
    (
        Format::Adf,
        r#"{"type":"doc","version":1,"content":[{"type":"heading","attrs":{"level":2},"content":[{"type":"text","text":
"Objective"}]},{"type":"bulletList","content":[{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text",
"text":"a","marks":[{"type":"strong"}]},{"type":"hardBreak"}]}]}]},{"type":"codeBlock","content":[{"type":"text","text":"x"}]}]}"#,
    ),
    (
        Format::JiraJson,
        r#"{"key":"PZ-1","fields":{"summary":"A test","description":"h2. Objective\ntext\n||a||\n|b|","labels":["x"]}}"#,
    ),
    (
        Format::JiraCsv,
        "Issue key,Summary,Labels,Labels,Description\nPZ-1,A test,x,y,\"h2. Objective\n* a\"\n",
    ),
    (
        Format::XrayJson,
        r#"[{"testtype":"Manual","fields":{"summary":"A test"},"steps":[{"action":"a","data":"b","result":"c"}]}]"#,
    ),
    (Format::XrayCsv, "TCID;Test Summary;Action;Data;Result\n1;A test;a;b;c\n1;;d;e;f\n"),
];

/// A small generator of numbers, the same on every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|number| number.parse().ok()).unwrap_or(otherwise)
}

/// Reads a text, and writes what was read in every format: whether it is refused is not the question.
fn read_and_write(format: Option<Format>, bytes: &[u8], standard: &Standard) {
    let mut tickets = Vec::new();
    let _ = formats::read_each(Source { name: "", bytes, format }, standard, &mut |found| {
        if let Found::Ticket(ticket) = found {
            tickets.push(*ticket);
        }
    });
    for format in Format::ALL {
        let _ = formats::write(&tickets, *format, standard);
    }
}

fn mutated(numbers: &mut Numbers) -> (Format, Vec<u8>) {
    let (format, text) = FIXTURES[numbers.below(FIXTURES.len())];
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=numbers.below(6) {
        let at = numbers.below(bytes.len());
        let end = (at + numbers.below(40)).min(bytes.len());
        match numbers.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << numbers.below(8),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let piece = bytes[at..end].repeat(1 + numbers.below(8));
                bytes.splice(at..at, piece);
            }
            3 => {
                let other = FIXTURES[numbers.below(FIXTURES.len())].1.as_bytes();
                let start = numbers.below(other.len());
                let stop = (start + numbers.below(60)).min(other.len());
                bytes.splice(at..at, other[start..stop].iter().copied());
            }
            4 => bytes.truncate(at),
            _ => {
                let piece = DEEP[numbers.below(DEEP.len())].repeat(1 + numbers.below(12));
                bytes.splice(at..at, piece.into_bytes());
            }
        }
    }
    (format, bytes)
}

#[test]
fn mutated_fixtures_are_read_or_refused() {
    let standard = Standard::built_in();
    let mut numbers = Numbers(number("CASEBOOK_HOSTILE_SEED", 0x9e37_79b9_7f4a_7c15).max(1));
    for count in 0..number("CASEBOOK_HOSTILE", 2000) {
        let (format, bytes) = mutated(&mut numbers);
        let format = (count % 8 != 0).then_some(format);
        let text = String::from_utf8_lossy(&bytes);
        let read = catch_unwind(|| read_and_write(format, &bytes, &standard));
        assert!(read.is_ok(), "{format:?}, {count}: {text:?}");
    }
}

#[test]
fn pieces_by_the_thousand_are_read_or_refused() {
    let standard = Standard::built_in();
    for place in PLACES {
        for piece in DEEP {
            let text = place.text(piece, 1024);
            let read = catch_unwind(|| read_and_write(Some(place.format), text.as_bytes(), &standard));
            assert!(read.is_ok(), "{}: {piece:?}", place.name);
        }
    }
}
