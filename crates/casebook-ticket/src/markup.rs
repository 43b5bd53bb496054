//! Text with structure, whichever markup it came from: Markdown, Jira's wiki markup or its ADF.

mod normal;

use std::collections::HashMap;

use crate::{At, SourceMap};

pub use normal::{GREATEST_START, lines as normal_lines, normal, paragraph as normal_paragraph};

/// Blocks in order.
pub type Blocks = Vec<Block>;
/// Runs of text in order.
pub type Inlines = Vec<Inline>;

/// The languages that structured text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Markup {
    /// CommonMark with tables, strikethrough and task lists.
    Markdown,
    /// Jira's wiki markup.
    Wiki,
    /// Atlassian document format, a JSON.
    Adf,
}

/// One block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Lines of text, separated by [`Inline::Break`].
    Paragraph {
        /// Where it begins.
        at: At,
        /// Its text.
        text: Inlines,
    },
    /// A heading inside a section.
    Heading {
        /// Where it begins.
        at: At,
        /// 1 to 6.
        level: u8,
        /// Its text.
        text: Inlines,
    },
    /// A list.
    List {
        /// Where it begins.
        at: At,
        /// The first item's number; none for bullets.
        start: Option<u64>,
        /// Its items.
        items: Vec<Item>,
    },
    /// A table. Rows may have fewer or more cells than the header.
    Table {
        /// Where it begins.
        at: At,
        /// Cells of the header row; empty where there is none.
        header: Vec<Cell>,
        /// All other rows.
        rows: Vec<Vec<Cell>>,
    },
    /// Text that is kept as it is.
    Code {
        /// Where the text stands, behind the fence.
        at: SourceMap,
        /// What it says it is, e.g. `json`.
        language: Option<String>,
        /// Without the last line's end.
        text: String,
    },
    /// Something quoted.
    Quote {
        /// Where it begins.
        at: At,
        /// What is quoted.
        blocks: Blocks,
    },
    /// A horizontal line.
    Rule {
        /// Where it stands.
        at: At,
    },
    /// What this model has no word for, as it stood. Written back only into the same markup; elsewhere as code.
    Raw {
        /// Where it begins.
        at: At,
        /// What it is written in.
        markup: Markup,
        /// The source text.
        text: String,
    },
}

/// One item of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// Where its text begins.
    pub at: At,
    /// A task's box: done or not; none for plain items.
    pub done: Option<bool>,
    /// What it says; nested lists are among it.
    pub blocks: Blocks,
}

/// One cell of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Where its text begins; of an empty cell, where it would.
    pub at: At,
    /// What it says; mostly one paragraph, none when it is empty.
    pub blocks: Blocks,
}

/// A run of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inline {
    /// Plain characters without any line's end; never empty, never two in a row.
    Text(String),
    /// Strongly emphasised.
    Strong(Inlines),
    /// Emphasised.
    Emphasis(Inlines),
    /// Struck through.
    Strike(Inlines),
    /// Code, as it is: what is executed stands in these.
    Code {
        /// Where its first character stands, behind the mark.
        at: At,
        /// Its text.
        text: String,
    },
    /// A link.
    Link {
        /// Where it leads.
        url: String,
        /// What is shown.
        text: Inlines,
    },
    /// A picture, or an attachment that is shown in its place.
    Image {
        /// Address, or the attachment's name.
        url: String,
        /// What is said in its place.
        text: String,
    },
    /// A line's end, soft or hard, with where the next line begins.
    Break(At),
    /// What this model has no word for, as it stood.
    Raw {
        /// What it is written in.
        markup: Markup,
        /// The source text.
        text: String,
    },
}

impl Block {
    /// Where it begins.
    #[must_use]
    pub fn at(&self) -> At {
        match self {
            Self::Paragraph { at, .. }
            | Self::Heading { at, .. }
            | Self::List { at, .. }
            | Self::Table { at, .. }
            | Self::Quote { at, .. }
            | Self::Rule { at }
            | Self::Raw { at, .. } => *at,
            Self::Code { at, .. } => at.start(),
        }
    }

    /// One paragraph of plain text, its lines separated by breaks.
    #[must_use]
    pub fn paragraph(at: At, text: &str) -> Self {
        Self::Paragraph { at, text: lines(at, text) }
    }
}

/// Plain text as runs: a break for each line's end. When it is known where the text begins, its lines are the file's.
#[must_use]
pub fn lines(at: At, text: &str) -> Inlines {
    let mut runs = Inlines::new();
    for (number, line) in text.lines().enumerate() {
        if number > 0 {
            let next = if at.is_known() { At::new(at.line + number as u32, 1) } else { at };
            runs.push(Inline::Break(next));
        }
        if !line.is_empty() {
            runs.push(Inline::Text(line.to_owned()));
        }
    }
    runs
}

/// The lines of a paragraph, each with where it begins.
pub(crate) fn split_lines(at: At, text: Inlines) -> Vec<(At, Inlines)> {
    if !text.iter().any(|run| matches!(run, Inline::Break(_))) {
        return vec![(at, text)];
    }
    let mut lines = Vec::new();
    let mut line = (at, Inlines::new());
    for run in text {
        if let Inline::Break(at) = run {
            lines.push(std::mem::replace(&mut line, (at, Inlines::new())));
        } else {
            line.1.push(run);
        }
    }
    lines.push(line);
    lines
}

/// The words of runs, without any markup; a line for each break.
#[must_use]
pub fn plain(text: &[Inline]) -> String {
    let length = |run: &Inline| match run {
        Inline::Text(text) | Inline::Code { text, .. } => text.len(),
        _ => 16,
    };
    let mut out = String::with_capacity(text.iter().map(length).sum());
    plain_into(text, &mut out);
    out
}

/// The words of runs that begin at a position, and where they stand.
pub(crate) fn plain_with_map(at: At, text: &[Inline]) -> (String, SourceMap) {
    let (mut map, mut line, mut known) = (SourceMap::from(at), 0, 0);
    let mut out = String::new();
    plain_with(text, &mut out, &mut |out, at| {
        line += out[known..].matches('\n').count() as u32;
        known = out.len();
        map.put(line, &at.into());
    });
    (out, map)
}

fn plain_into(text: &[Inline], out: &mut String) {
    plain_with(text, out, &mut |_, _| ());
}

/// Does so, and tells at each break what there is up to it, and where the next line begins.
fn plain_with(text: &[Inline], out: &mut String, broken: &mut impl FnMut(&str, At)) {
    for run in text {
        match run {
            Inline::Text(text) | Inline::Code { text, .. } | Inline::Raw { text, .. } => out.push_str(text),
            Inline::Link { url, text } if text.is_empty() => out.push_str(url),
            Inline::Strong(text)
            | Inline::Emphasis(text)
            | Inline::Strike(text)
            | Inline::Link { text, .. } => plain_with(text, out, broken),
            Inline::Image { url, text } => out.push_str(if text.is_empty() { url } else { text }),
            Inline::Break(at) => {
                out.push('\n');
                broken(out, *at);
            }
        }
    }
}

/// The words of blocks, without any markup: a line for each line, item and row, an empty one between blocks; cells
/// are separated by tabs.
#[must_use]
pub fn plain_blocks(blocks: &[Block]) -> String {
    if let [Block::Paragraph { text, .. }] = blocks {
        return plain(text);
    }
    let mut out = String::new();
    for block in blocks {
        if !out.is_empty() {
            out.push_str("\n\n");
        }
        match block {
            Block::Paragraph { text, .. } | Block::Heading { text, .. } => plain_into(text, &mut out),
            Block::List { items, .. } => {
                for (number, item) in items.iter().enumerate() {
                    if number > 0 {
                        out.push('\n');
                    }
                    out.push_str(&plain_blocks(&item.blocks).replace("\n\n", "\n"));
                }
            }
            Block::Table { header, rows, .. } => {
                for (number, row) in
                    std::iter::once(header).chain(rows).filter(|row| !row.is_empty()).enumerate()
                {
                    if number > 0 {
                        out.push('\n');
                    }
                    let cells: Vec<_> = row.iter().map(|cell| plain_blocks(&cell.blocks)).collect();
                    out.push_str(&cells.join("\t"));
                }
            }
            Block::Code { text, .. } | Block::Raw { text, .. } => out.push_str(text),
            Block::Quote { blocks, .. } => out.push_str(&plain_blocks(blocks)),
            Block::Rule { .. } => {}
        }
    }
    out
}

/// Whether each of some words is among others, as often as it is said.
#[must_use]
pub fn has_all_words<'t>(all: impl Iterator<Item = &'t str>, wanted: impl Iterator<Item = &'t str>) -> bool {
    let mut count: HashMap<&str, usize> = HashMap::new();
    for word in all {
        *count.entry(word).or_default() += 1;
    }
    let mut wanted = wanted;
    wanted.all(|word| match count.get_mut(word) {
        Some(left) if *left > 0 => {
            *left -= 1;
            true
        }
        _ => false,
    })
}
