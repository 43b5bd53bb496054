//! Strategies for property tests: text full of marks, structured text in normal form, steps and tickets.
//!
//! All of it is in the normal form of [`markup::normal`](crate::markup::normal). What a format has no word for is left
//! out by leaving out its [`Feature`].

use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::strategy::SBoxedStrategy;
use proptest::string::{RegexGeneratorStrategy, string_regex};

use crate::At;
use crate::markup::{Block, Blocks, Cell, Inline, Inlines, Item, Markup, lines, normal, normal_lines};
use crate::steps::Step;

mod ticket;

pub use ticket::{ticket, whole_ticket};

/// What not every format can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// Boxes of tasks.
    Tasks,
    /// Lists that begin with another number than 1.
    Starts,
    /// Two lists of one kind that follow each other.
    AdjacentLists,
    /// Marks inside marks, and marks inside links.
    NestedMarks,
    /// Images.
    Images,
    /// Quotes.
    Quotes,
    /// Blocks inside items and quotes that are neither paragraphs nor lists.
    Containers,
    /// Items that are empty, or begin with a list, code or something else that is no paragraph.
    BareItems,
    /// Cells with more than one paragraph in them.
    CellBlocks,
    /// Rows of other lengths than the header's, and tables without header.
    RaggedTables,
    /// Tables.
    Tables,
    /// HTML in Markdown.
    RawMarkdown,
    /// Any language behind the fence of code, and not only one word.
    AnyLanguage,
    /// More than one line in a heading.
    LongHeadings,
}

impl Feature {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Tasks,
        Self::Starts,
        Self::AdjacentLists,
        Self::NestedMarks,
        Self::Images,
        Self::Quotes,
        Self::Containers,
        Self::BareItems,
        Self::CellBlocks,
        Self::RaggedTables,
        Self::Tables,
        Self::RawMarkdown,
        Self::AnyLanguage,
        Self::LongHeadings,
    ];
}

/// Whole source text: lines that are marked up in every way, also wrongly.
pub fn source() -> impl Strategy<Value = String> {
    let [one, two] = ["\n", "\n\n"].map(|end| Just(end.to_owned()));
    vec(prop_oneof![3 => text(), 1 => one, 1 => two, 1 => pattern("\\PC*")], 0..24)
        .prop_map(|parts| parts.concat())
}

/// Texts that a regular expression matches. Given as one to a strategy, it would be read anew for each text.
fn pattern(pattern: &str) -> RegexGeneratorStrategy<String> {
    string_regex(pattern).expect("it is a constant")
}

/// One line of text, without NUL, with much in it that markup is made of.
pub fn text() -> impl Strategy<Value = String> {
    static TEXT: LazyLock<SBoxedStrategy<String>> = LazyLock::new(|| one_line().sboxed());
    TEXT.clone()
}

fn one_line() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => pattern("[a-z]{1,6}"),
        4 => Just(" ".to_owned()),
        6 => prop::sample::select(MARKS).prop_map(str::to_owned),
        1 => pattern("[0-9]{1,3}[.)]? "),
        1 => prop::sample::select(&["שלום", "é", "🔴", "–", "\u{a0}", "\u{200f}", "“", "א.", "\u{2003}", "𝒳"][..])
            .prop_map(str::to_owned),
        1 => any::<char>().prop_filter("lines and NUL", |character| !"\r\n\0".contains(*character))
            .prop_map(String::from),
    ];
    vec(piece, 1..10).prop_map(|pieces| pieces.concat())
}

const MARKS: &[&str] = &[
    "*",
    "**",
    "_",
    "__",
    "`",
    "``",
    "~",
    "~~",
    "[",
    "]",
    "(",
    ")",
    "](",
    "![",
    "<",
    ">",
    "</b>",
    "<br>",
    "<!--",
    "&",
    "&amp;",
    "&#35;",
    "\\",
    "|",
    "||",
    "#",
    "## ",
    "- ",
    "+ ",
    "* ",
    "1. ",
    "1) ",
    "---",
    "===",
    "> ",
    "```",
    "~~~",
    "h2. ",
    "{code}",
    "{{",
    "}}",
    "{",
    "}",
    "!",
    "!a.png!",
    "^",
    "+",
    "-",
    "--",
    "?",
    "??",
    "bq. ",
    "# ",
    "*# ",
    ":",
    "Key: ",
    "http://x.y/z",
    "[~who]",
    "\t",
    "  ",
    "\"",
    "'",
    "=",
    "%",
    "$",
    "@",
    "[ ] ",
    "[x] ",
    "{color:red}",
    ":-",
    "|-|",
    "C:\\dir",
    "a_b_c",
    "(/)",
    ":)",
    "[1]: u",
];

/// The runs of a paragraph in normal form; never none.
pub fn inlines(features: &'static [Feature]) -> BoxedStrategy<Inlines> {
    vec(inline(features, 2), 1..5)
        .prop_map(normal_lines)
        .prop_map(|runs| if runs.is_empty() { lines(At::default(), "word") } else { runs })
        .boxed()
}

fn inline(features: &'static [Feature], depth: u32) -> BoxedStrategy<Inline> {
    let code = prop_oneof![text(), Just(" ".to_owned()), Just("`".to_owned()), Just("a|b".to_owned())];
    let leaf = prop_oneof![
        6 => text().prop_map(Inline::Text),
        2 => code.prop_map(|text| Inline::Code { at: At::default(), text }),
        1 => Just(Inline::Break(At::default())),
    ]
    .boxed();
    if depth == 0 {
        return leaf;
    }
    let has = |feature| features.contains(&feature);
    let inner = if has(Feature::NestedMarks) { inline(features, depth - 1) } else { leaf.clone() };
    let inner = vec(inner, 1..4);
    let shown =
        if has(Feature::NestedMarks) { inner.clone().boxed() } else { vec(leaf.clone(), 1..2).boxed() };
    let shown =
        shown.prop_map(|shown| shown.into_iter().filter(|run| !matches!(run, Inline::Break(_))).collect());
    let mut all = vec![
        (12, leaf),
        (1, inner.clone().prop_map(Inline::Strong).boxed()),
        (1, inner.clone().prop_map(Inline::Emphasis).boxed()),
        (1, inner.prop_map(Inline::Strike).boxed()),
        (1, (url(), shown).prop_map(|(url, text)| Inline::Link { url, text }).boxed()),
    ];
    if has(Feature::Images) {
        all.push((1, (url(), text()).prop_map(|(url, text)| Inline::Image { url, text }).boxed()));
    }
    if has(Feature::RawMarkdown) {
        let raw = prop::sample::select(&["<kbd>", "</kbd>", "<!-- c -->", "<a id=\"x\">"][..]);
        let raw = raw.prop_map(|text| Inline::Raw { markup: Markup::Markdown, text: text.to_owned() });
        all.push((1, raw.boxed()));
    }
    proptest::strategy::Union::new_weighted(all).boxed()
}

fn url() -> impl Strategy<Value = String> {
    static URL: LazyLock<SBoxedStrategy<String>> = LazyLock::new(|| any_url().sboxed());
    URL.clone()
}

fn any_url() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => pattern("https://[a-z]{1,5}\\.example/[a-z0-9_?&=#.-]{0,8}"),
        1 => pattern("[a-z]{1,6}\\.png"),
        1 => text().prop_map(|text| text.trim().to_owned()),
    ]
}

/// Blocks in normal form.
pub fn blocks(features: &'static [Feature]) -> BoxedStrategy<Blocks> {
    some_blocks(features, 2, 0..5)
}

fn some_blocks(
    features: &'static [Feature],
    depth: u32,
    count: std::ops::Range<usize>,
) -> BoxedStrategy<Blocks> {
    let blocks = vec(block(features, depth), count).prop_map(normal);
    if features.contains(&Feature::AdjacentLists) { blocks.boxed() } else { blocks.prop_map(apart).boxed() }
}

/// Puts a paragraph between lists that would become one.
fn apart(blocks: Blocks) -> Blocks {
    let mut out = Blocks::new();
    for block in blocks {
        if let (Some(Block::List { .. }), Block::List { .. }) = (out.last(), &block) {
            out.push(Block::paragraph(At::default(), "and"));
        }
        out.push(block);
    }
    out
}

fn block(features: &'static [Feature], depth: u32) -> BoxedStrategy<Block> {
    let at = At::default();
    let has = |feature| features.contains(&feature);
    let heading = if has(Feature::LongHeadings) {
        inlines(features)
    } else {
        let line = |runs: Inlines| runs.into_iter().filter(|run| !matches!(run, Inline::Break(_))).collect();
        vec(text().prop_map(Inline::Text), 1..2).prop_map(line).boxed()
    };
    let language = if has(Feature::AnyLanguage) {
        prop_oneof![3 => Just("json".to_owned()), 1 => text().prop_map(|text| text.trim().to_owned())].boxed()
    } else {
        prop::sample::select(&["json", "python", "bash"][..]).prop_map(str::to_owned).boxed()
    };
    let code =
        vec(prop_oneof![text(), Just(String::new()), Just("```".to_owned()), Just("    x".to_owned())], 0..4);
    let code = (option::of(language), code).prop_map(move |(language, lines)| Block::Code {
        at: at.into(),
        language,
        text: lines.join("\n"),
    });
    let paragraph = inlines(features).prop_map(move |text| Block::Paragraph { at, text }).boxed();
    if depth == 0 {
        return if has(Feature::Containers) {
            prop_oneof![3 => paragraph, 1 => code].boxed()
        } else {
            paragraph
        };
    }
    let mut all = vec![(4, paragraph), (2, list(features, depth))];
    if has(Feature::Containers) || depth == 2 {
        all.push((1, code.boxed()));
        all.push((
            1,
            (1_u8..=6, heading).prop_map(move |(level, text)| Block::Heading { at, level, text }).boxed(),
        ));
        all.push((1, Just(Block::Rule { at }).boxed()));
        if has(Feature::Tables) {
            all.push((2, table(features, depth)));
        }
        if has(Feature::Quotes) {
            let quote = some_blocks(features, depth - 1, 1..3);
            all.push((1, quote.prop_map(move |blocks| Block::Quote { at, blocks }).boxed()));
        }
    }
    if has(Feature::RawMarkdown) && depth == 2 {
        let raw = prop::sample::select(&["<!-- a\n\nb -->", "<div>\n*x*\n</div>"][..]);
        all.push((
            1,
            raw.prop_map(move |text| Block::Raw { at, markup: Markup::Markdown, text: text.to_owned() })
                .boxed(),
        ));
    }
    proptest::strategy::Union::new_weighted(all).boxed()
}

fn list(features: &'static [Feature], depth: u32) -> BoxedStrategy<Block> {
    let at = At::default();
    let has = |feature| features.contains(&feature);
    let start = if has(Feature::Starts) {
        option::of(prop_oneof![3 => Just(1_u64), 1 => 0_u64..2_000_000_000]).boxed()
    } else {
        option::of(Just(1_u64)).boxed()
    };
    let done =
        if has(Feature::Tasks) { option::weighted(0.2, any::<bool>()).boxed() } else { Just(None).boxed() };
    let first = inlines(features).prop_map(move |text| Block::Paragraph { at, text });
    let first = if has(Feature::BareItems) {
        option::weighted(0.8, first).boxed()
    } else {
        first.prop_map(Some).boxed()
    };
    let rest = if has(Feature::Containers) {
        some_blocks(features, depth - 1, 0..3)
    } else {
        option::weighted(
            0.3,
            if depth > 1 { list(features, depth - 1) } else { Just(Block::Rule { at }).boxed() },
        )
        .prop_map(move |nested| {
            nested.into_iter().filter(|block| !matches!(block, Block::Rule { .. })).collect()
        })
        .boxed()
    };
    let item = (done, first, rest).prop_map(|(done, first, rest)| Item {
        at: At::default(),
        done,
        blocks: first.into_iter().chain(rest).collect(),
    });
    (start, vec(item, 1..4)).prop_map(move |(start, items)| Block::List { at, start, items }).boxed()
}

fn table(features: &'static [Feature], depth: u32) -> BoxedStrategy<Block> {
    let at = At::default();
    let has = |feature| features.contains(&feature);
    let cell = cell(features, depth);
    let row = if has(Feature::RaggedTables) { vec(cell.clone(), 1..5).boxed() } else { vec(cell, 3).boxed() };
    let filled =
        inlines(features).prop_map(move |text| Cell { at, blocks: vec![Block::Paragraph { at, text }] });
    let header = vec(filled, 3).boxed();
    let header = if has(Feature::RaggedTables) {
        prop_oneof![3 => header, 1 => Just(Vec::new())].boxed()
    } else {
        header
    };
    (header, vec(row, 1..4)).prop_map(move |(header, rows)| Block::Table { at, header, rows }).boxed()
}

fn cell(features: &'static [Feature], depth: u32) -> BoxedStrategy<Cell> {
    let at = At::default();
    let line = inlines(features).prop_map(move |text| vec![Block::Paragraph { at, text }]);
    let plain = option::weighted(0.8, line).prop_map(Option::unwrap_or_default).boxed();
    let blocks = if features.contains(&Feature::CellBlocks) {
        prop_oneof![3 => plain, 1 => some_blocks(features, depth - 1, 0..4)].boxed()
    } else {
        plain
    };
    blocks.prop_map(move |blocks| Cell { at, blocks }).boxed()
}

/// Steps with numbers from 1, an action in each, and Data and Expected Result in most.
pub fn steps(features: &'static [Feature]) -> impl Strategy<Value = Vec<Step>> {
    let cell = move || cell(features, 1).prop_map(|cell| cell.blocks);
    let action = inlines(features).prop_map(|text| vec![Block::Paragraph { at: At::default(), text }]);
    vec((action, cell(), cell()), 1..5).prop_map(|steps| {
        let number = |index: usize| Some((index + 1).to_string());
        let steps = steps.into_iter().enumerate();
        steps
            .map(|(index, (action, data, expected))| Step {
                number: number(index),
                action,
                data,
                expected,
                ..Step::default()
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest! {
        #[test]
        fn what_is_normal_stays(blocks in blocks(Feature::ALL)) {
            prop_assert_eq!(normal(blocks.clone()), blocks);
        }
    }
}
