//! A document as a flat row of pieces: what can be a heading stands by itself, whatever block it came in.

use crate::At;
use crate::markup::{Block, Blocks, Inline, Inlines, Item, split_lines};

/// The smallest thing that can be a heading, or no heading.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// A heading.
    Heading { at: At, level: u8, text: Inlines },
    /// A line of the paragraph with this number.
    Line { at: At, text: Inlines, block: usize, first: bool },
    /// An item of the list with this number.
    Item { list: At, start: Option<u64>, item: Item, block: usize },
    /// Anything else.
    Block(Block),
}

impl Piece {
    /// Where it begins.
    pub(super) fn at(&self) -> At {
        match self {
            Self::Heading { at, .. } | Self::Line { at, .. } => *at,
            Self::Item { item, .. } => item.at,
            Self::Block(block) => block.at(),
        }
    }

    /// The block that it is a part of, when it can be a part.
    pub(super) fn block(&self) -> Option<usize> {
        match self {
            Self::Line { block, .. } | Self::Item { block, .. } => Some(*block),
            Self::Heading { .. } | Self::Block(_) => None,
        }
    }

    /// The text of the line, heading or item's first line.
    pub(super) fn line(&self) -> &[Inline] {
        match self {
            Self::Heading { text, .. } | Self::Line { text, .. } => text,
            Self::Item { item, .. } => match item.blocks.first() {
                Some(Block::Paragraph { text, .. } | Block::Heading { text, .. }) => {
                    let end = text.iter().position(|run| matches!(run, Inline::Break(_)));
                    &text[..end.unwrap_or(text.len())]
                }
                _ => &[],
            },
            Self::Block(_) => &[],
        }
    }
}

/// Takes blocks apart. `begins` tells lines that begin a section: where one was swallowed by the list above it, as
/// Markdown does with a line that follows an item without being indented, it gets out. `start` is where the text begins,
/// if columns are those of the text from its second line on.
pub(super) fn pieces(blocks: Blocks, start: At, begins: &dyn Fn(&[Inline]) -> bool) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(blocks.len());
    let mut number = 0;
    for block in blocks {
        number += 1;
        match block {
            Block::Heading { at, level, text } if text.iter().any(|run| !is_blank(run)) => {
                pieces.push(Piece::Heading { at, level, text });
            }
            Block::Paragraph { at, text } => push_lines(split_lines(at, text), number, &mut pieces),
            Block::List { at: list, start: mut count, items } => {
                for mut item in items {
                    let swallowed = take_swallowed(&mut item, column(list, start), begins);
                    let next = count.map(|count| count.saturating_add(1));
                    pieces.push(Piece::Item { list, start: count, item, block: number });
                    count = next;
                    if let Some((at, text)) = swallowed {
                        push_lines(split_lines(at, text), number + 1, &mut pieces);
                        number += 2;
                    }
                }
            }
            block => pieces.push(Piece::Block(block)),
        }
    }
    pieces
}

fn push_lines(lines: Vec<(At, Inlines)>, block: usize, pieces: &mut Vec<Piece>) {
    for (number, (at, text)) in lines.into_iter().enumerate() {
        pieces.push(Piece::Line { at, text, block, first: number == 0 });
    }
}

fn is_blank(run: &Inline) -> bool {
    matches!(run, Inline::Text(text) if text.trim().is_empty()) || matches!(run, Inline::Break(_))
}

/// The column of a position in the text; 0 when none is known.
fn column(at: At, start: At) -> u32 {
    match start {
        At { line: 0, .. } => 0,
        At { line, column } if line == at.line => (at.column + 1).saturating_sub(column),
        _ => at.column,
    }
}

/// Lines at the end of an item that begin no further right than its list does, from the first that begins a section.
fn take_swallowed(item: &mut Item, list: u32, begins: &dyn Fn(&[Inline]) -> bool) -> Option<(At, Inlines)> {
    let mut block = item.blocks.last_mut()?;
    while let Block::List { items, .. } = block {
        block = items.last_mut()?.blocks.last_mut()?;
    }
    let Block::Paragraph { text, .. } = block else { return None };
    let ends = text.iter().enumerate().filter_map(|(index, run)| match run {
        Inline::Break(at) if at.column > 0 && at.column <= list => Some((index, *at)),
        _ => None,
    });
    let (index, at) = ends.into_iter().find(|(index, _)| {
        let line = &text[index + 1..];
        let end = line.iter().position(|run| matches!(run, Inline::Break(_)));
        begins(&line[..end.unwrap_or(line.len())])
    })?;
    let swallowed = text.split_off(index + 1);
    text.pop();
    Some((at, swallowed))
}

/// Puts pieces together again to blocks.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) blocks: Blocks,
    /// The block whose pieces were added last.
    open: Option<usize>,
}

impl Body {
    /// A body that has blocks already.
    pub(super) fn of(blocks: Blocks) -> Self {
        Self { blocks, open: None }
    }

    /// Adds a piece; headings as they are.
    pub(super) fn push(&mut self, piece: Piece) {
        let continues = piece.block().is_some() && piece.block() == self.open;
        self.open = piece.block();
        match piece {
            Piece::Heading { at, level, text } => self.blocks.push(Block::Heading { at, level, text }),
            Piece::Block(block) => self.blocks.push(block),
            Piece::Line { at, text, .. } => match self.blocks.last_mut().filter(|_| continues) {
                Some(Block::Paragraph { text: known, .. }) => {
                    known.push(Inline::Break(at));
                    known.extend(text);
                }
                _ => self.blocks.push(Block::Paragraph { at, text }),
            },
            Piece::Item { list, start, item, .. } => {
                if let Some(Block::List { items, .. }) = self.blocks.last_mut().filter(|_| continues) {
                    items.push(item);
                } else {
                    let at = if item.at.is_known() { At::new(item.at.line, list.column) } else { list };
                    self.blocks.push(Block::List { at, start, items: vec![item] });
                }
            }
        }
    }

    /// Lets the next piece of this block continue the last paragraph.
    pub(super) fn continue_with(&mut self, block: Option<usize>) {
        self.open = block;
    }

    /// Adds the value of a key, which lines of the same paragraph may continue.
    pub(super) fn begin(&mut self, at: At, value: Inlines, block: Option<usize>) {
        self.open = None;
        if !value.is_empty() {
            self.blocks.push(Block::Paragraph { at, text: value });
            self.open = block;
        }
    }
}
