//! A ticket's words in one piece, so that all of them are looked through at once.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use casebook_ticket::markup::{Block, Inline, Item};
use casebook_ticket::{At, Section, Ticket};

/// The words of a ticket.
#[derive(Debug, Default)]
pub(super) struct Text {
    buffer: String,
    lines: Vec<Line>,
    cells: Vec<TableCell>,
    /// Which lines each section has.
    sections: Vec<Range<usize>>,
}

/// One line of a paragraph, an item, a cell or code.
#[derive(Debug)]
pub(super) struct Line {
    /// Where it begins.
    pub(super) at: At,
    /// What it is.
    pub(super) kind: Kind,
    /// What stands in it that rules look for.
    pub(super) marks: Marks,
    /// Whether it goes on with the paragraph of the line before.
    pub(super) continues: bool,
    /// The number of its section.
    pub(super) section: usize,
    range: Range<usize>,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A line of a paragraph, a quote or an item.
    Prose,
    /// A line of a table's cell.
    Cell,
    /// A heading inside a section.
    Heading,
    /// A line of code.
    Code,
    /// Where a link leads, or a picture is.
    Address,
}

/// A cell of a table, but not of its header.
#[derive(Debug)]
pub(super) struct TableCell {
    /// Where it is.
    pub(super) at: At,
    /// The number of its section.
    pub(super) section: usize,
    range: Range<usize>,
}

/// What stands in a line, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks(u8);

impl Marks {
    /// Perhaps a secret, or an address with one.
    pub(super) const SECRET: Self = Self(1);
    /// Perhaps a host's address.
    pub(super) const HOST: Self = Self(2);
    /// Perhaps unfinished.
    pub(super) const UNFINISHED: Self = Self(4);
    /// Perhaps a promise of a file.
    pub(super) const FILE: Self = Self(8);
    /// Says how important something is.
    pub(super) const WEIGHT: Self = Self(16);
    /// Says something of automation.
    pub(super) const AUTOMATION: Self = Self(32);
    /// Characters that were lost.
    pub(super) const DAMAGED: Self = Self(64);

    /// Whether any of these is there.
    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// What each mark is told by; letters' case does not matter.
const TOLD_BY: &[(Marks, &[&str])] = &[
    (
        Marks::SECRET,
        &[
            "password",
            "passwd",
            "pwd",
            "secret",
            "token",
            "api_key",
            "apikey",
            "api-key",
            "access_key",
            "access-key",
            "accesskey",
            "bearer ",
            "akia",
            "asia",
            "private key",
            "ghp_",
            "gho_",
            "github_pat_",
            "glpat-",
            "xoxb-",
            "xoxp-",
            "xoxa-",
            "aiza",
            "sk_live_",
            "eyj",
            "credential",
            "curl",
            "סיסמ",
            "סיסמה",
            "@",
        ],
    ),
    (
        Marks::HOST,
        &[
            ".local",
            ".internal",
            ".lan",
            ".corp",
            ".intra",
            ".svc",
            ":1",
            ":2",
            ":3",
            ":4",
            ":5",
            ":6",
            ":8",
            ":9",
        ],
    ),
    (
        Marks::UNFINISHED,
        &[
            "tbd",
            "todo",
            "fixme",
            "lorem ipsum",
            "as an ai",
            "language model",
            "<insert",
            "[insert",
            "{insert",
            "<your",
            "[your",
            "let me know",
            "hope this helps",
            "feel free",
            "would you like",
            "i can create",
            "i can also",
            "here is the",
            "here's the",
            "???",
            "[...]",
            "{",
            "רק תגיד",
            "אם תרצה",
            "אני יכול ליצור",
            "להשלים",
            "יושלם",
        ],
    ),
    (
        Marks::FILE,
        &[
            "attach",
            ".png",
            ".jpg",
            ".jpeg",
            ".gif",
            ".log",
            ".txt",
            ".pdf",
            ".zip",
            ".csv",
            ".xlsx",
            ".har",
            ".mp4",
            "מצורף",
            "מצורפ",
        ],
    ),
    (Marks::WEIGHT, &["critical", "nice to have", "nice-to-have", "cosmetic", "low priority", "קריטי"]),
    (Marks::AUTOMATION, &["automat", "אוטומ"]),
    (Marks::DAMAGED, &["\u{fffd}"]),
];

static SEARCH: LazyLock<(AhoCorasick, Vec<Marks>)> = LazyLock::new(|| {
    let words = TOLD_BY.iter().flat_map(|(mark, words)| words.iter().map(move |word| (*mark, *word)));
    let (marks, words): (Vec<_>, Vec<_>) = words.unzip();
    let search = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(words)
        .expect("the words are few");
    (search, marks)
});

impl Text {
    /// Gathers the words of a ticket.
    pub(super) fn new(ticket: &Ticket) -> Self {
        let mut text = Self::default();
        text.buffer.reserve(4096);
        for (number, Section { body, .. }) in ticket.sections.iter().enumerate() {
            let first = text.lines.len();
            text.blocks(number, body, Kind::Prose);
            text.sections.push(first..text.lines.len());
        }
        text.mark();
        text
    }

    fn blocks(&mut self, section: usize, blocks: &[Block], kind: Kind) {
        for block in blocks {
            match block {
                Block::Paragraph { at, text } => self.runs(section, *at, text, kind),
                Block::Heading { at, text, .. } => self.runs(section, *at, text, Kind::Heading),
                Block::List { items, .. } => {
                    for Item { blocks, .. } in items {
                        self.blocks(section, blocks, kind);
                    }
                }
                Block::Table { header, rows, .. } => {
                    for cell in header {
                        self.blocks(section, &cell.blocks, Kind::Heading);
                    }
                    for cell in rows.iter().flatten() {
                        let start = self.buffer.len();
                        self.blocks(section, &cell.blocks, Kind::Cell);
                        self.cells.push(TableCell { at: cell.at, section, range: start..self.buffer.len() });
                    }
                }
                Block::Code { at, text, .. } | Block::Raw { at, text, .. } => {
                    for (number, line) in text.lines().enumerate() {
                        let at = if number == 0 { *at } else { At::new(at.line + number as u32, 1) };
                        let start = self.buffer.len();
                        self.buffer.push_str(line);
                        self.line(section, at, Kind::Code, start, number > 0);
                    }
                }
                Block::Quote { blocks, .. } => self.blocks(section, blocks, kind),
                Block::Rule { .. } => {}
            }
        }
    }

    fn runs(&mut self, section: usize, at: At, runs: &[Inline], kind: Kind) {
        let mut place = at;
        let mut start = self.buffer.len();
        let mut continues = false;
        let mut addresses = Vec::new();
        let mut end = |text: &mut Self, at| {
            text.line(section, place, kind, start, continues);
            (place, start, continues) = (at, text.buffer.len(), true);
        };
        self.line_of(runs, &mut end, &mut addresses);
        end(self, At::default());
        for address in addresses {
            let start = self.buffer.len();
            self.buffer.push_str(address);
            self.line(section, at, Kind::Address, start, false);
        }
    }

    fn line_of<'r>(
        &mut self,
        runs: &'r [Inline],
        end: &mut dyn FnMut(&mut Self, At),
        addresses: &mut Vec<&'r str>,
    ) {
        for run in runs {
            match run {
                Inline::Text(text) | Inline::Code { text, .. } | Inline::Raw { text, .. } => {
                    self.buffer.push_str(text);
                }
                Inline::Strong(runs) | Inline::Emphasis(runs) | Inline::Strike(runs) => {
                    self.line_of(runs, end, addresses);
                }
                Inline::Link { url, text } if text.is_empty() => self.buffer.push_str(url),
                Inline::Link { url, text } => {
                    self.line_of(text, end, addresses);
                    addresses.push(url);
                }
                Inline::Image { url, text } => {
                    self.buffer.push_str(text);
                    addresses.push(url);
                }
                Inline::Break(at) => end(self, *at),
            }
        }
    }

    /// Ends a line that began at this byte; a line without anything is none.
    fn line(&mut self, section: usize, at: At, kind: Kind, start: usize, continues: bool) {
        let range = start..self.buffer.len();
        if !self.buffer[range.clone()].trim().is_empty() {
            self.lines.push(Line { at, kind, marks: Marks::default(), continues, section, range });
        }
        self.buffer.push('\n');
    }

    /// One search for all words that rules begin with.
    fn mark(&mut self) {
        let (search, marks) = &*SEARCH;
        let mut line = 0;
        for found in search.find_overlapping_iter(&self.buffer) {
            // Overlapping matches come by their ends.
            let at = found.end() - 1;
            while line < self.lines.len() && self.lines[line].range.end <= at {
                line += 1;
            }
            if let Some(line) = self.lines.get_mut(line).filter(|line| line.range.start <= at) {
                line.marks.0 |= marks[found.pattern().as_usize()].0;
            }
        }
        for line in &mut self.lines {
            if has_dotted_number(&self.buffer.as_bytes()[line.range.clone()]) {
                line.marks.0 |= Marks::HOST.0;
            }
        }
    }

    /// All lines.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&Line, &str)> {
        self.lines.iter().map(|line| (line, &self.buffer[line.range.clone()]))
    }

    /// The lines that have any of these marks.
    pub(super) fn marked(&self, marks: Marks) -> impl Iterator<Item = (&Line, &str)> {
        self.lines().filter(move |(line, _)| line.marks.has(marks))
    }

    /// The lines of a section.
    pub(super) fn section(&self, number: usize) -> impl Iterator<Item = (&Line, &str)> + Clone {
        let lines = self.sections.get(number).cloned().unwrap_or_default();
        self.lines[lines].iter().map(|line| (line, &self.buffer[line.range.clone()]))
    }

    /// The words of a section, a line for each line.
    pub(super) fn words(&self, number: usize) -> &str {
        let lines = self.sections.get(number).cloned().unwrap_or_default();
        match (self.lines[lines.clone()].first(), self.lines[lines].last()) {
            (Some(first), Some(last)) => &self.buffer[first.range.start..last.range.end],
            _ => "",
        }
    }

    /// The cells of all tables, headers excepted, with their words.
    pub(super) fn cells(&self) -> impl Iterator<Item = (&TableCell, &str)> {
        self.cells.iter().map(|cell| (cell, self.buffer[cell.range.clone()].trim()))
    }
}

/// Whether a number with three dots in it, such as 10.1.2.3, may be in a line.
fn has_dotted_number(line: &[u8]) -> bool {
    let mut dots = 0;
    for three in line.windows(3) {
        if three[1] == b'.' && three[0].is_ascii_digit() && three[2].is_ascii_digit() {
            dots += 1;
        }
    }
    dots >= 3
}
