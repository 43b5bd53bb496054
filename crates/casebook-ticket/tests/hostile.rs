//! Hostile input: fixtures with bytes flipped, cut, repeated and nested deeply. No reader panics, and none takes longer
//! than its input is worth.
//!
//! `CASEBOOK_HOSTILE` is how many mutations are read (2000 without it), `CASEBOOK_HOSTILE_SEED` where they begin, and
//! `CASEBOOK_HOSTILE_BYTES` how long the texts are whose time is taken (4096 without it; more takes pairs too).

use std::time::{Duration, Instant};

use casebook_ticket::{Format, Source, Standard, formats};

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

/// What nests, or begins something that does not end.
const DEEP: &[&str] = &[
    "*",
    "_",
    "{*}",
    "[",
    "[a|",
    "{{",
    "{code}",
    "{quote}",
    "{panel}",
    "|",
    "||a",
    "|a\n\n",
    "!",
    "!a",
    "\\\\",
    "\\\\ ",
    "> ",
    "- ",
    "* a\n",
    "  - a\n",
    "`",
    "``",
    "**a ",
    "![",
    "](",
    "<br>",
    "<ul><li>",
    "<b>",
    "<pre><code>",
    "&",
    "&#",
    "a://",
    "a://?",
    "\n",
    "\"",
    ",",
    ";",
    "{\"a\":",
    "[[",
    "{\"type\":\"blockquote\",\"content\":[",
    "{{a}} ",
    "{{a}}\\\\ ",
    "`a` ",
    "{code}a{code}",
    "-a ",
    "*a _b -c +d ",
    "??a ",
    "h1. ",
    "\u{5d0}",
    "---\n",
    "1. a\n",
    "&amp;",
    "{color:red}",
    "\\",
    "**",
    "#",
    "a:\n",
    "Given a\n",
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

fn read(format: Option<Format>, bytes: &[u8], standard: &Standard) -> Duration {
    let started = Instant::now();
    // Whether it is refused is not the question.
    let _ = formats::read_each(Source { name: "", bytes, format }, standard, &mut |_| ());
    started.elapsed()
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
        let read = std::panic::catch_unwind(|| read(format, &bytes, &standard));
        assert!(read.is_ok_and(|took| took < Duration::from_secs(2)), "{format:?}, {count}: {text:?}");
    }
}

/// Eight times the text may take eight times as long, and not sixty-four times: that is what a stranger could stop a
/// service with.
#[test]
fn no_text_takes_time_that_grows_with_its_square() {
    let standard = Standard::built_in();
    let mut slow = Vec::new();
    let bytes = number("CASEBOOK_HOSTILE_BYTES", 4 << 10) as usize;
    // In a larger run also what two of them do together.
    let others: &[&str] = if bytes > 4 << 10 { DEEP } else { &[""] };
    for &(format, _) in FIXTURES {
        for piece in DEEP.iter().flat_map(|one| others.iter().map(move |other| format!("{one}{other}"))) {
            let text = |bytes: usize| piece.repeat(bytes / piece.len());
            let small = read(Some(format), text(bytes).as_bytes(), &standard).max(Duration::from_millis(5));
            let took = read(Some(format), text(bytes * 8).as_bytes(), &standard);
            if took > small * 40 {
                slow.push(format!(
                    "{}: {piece:?} took {small:?}, and eight times of it {took:?}",
                    format.name()
                ));
            }
        }
    }
    assert!(slow.is_empty(), "{slow:#?}");
}
