//! Gathers blocks; items into lists, as deep as their markers say.

use super::scan::Marker;
use crate::At;
use crate::markup::{Block, Blocks, Inline, Inlines, Item};

/// How deep lists are followed; deeper items join the deepest list.
const DEEPEST: usize = 32;

/// Blocks in the making.
#[derive(Default)]
pub(super) struct Gathering {
    out: Blocks,
    lists: Vec<Level>,
    paragraph: Option<(At, Inlines)>,
    /// Whether an empty line came last.
    pub(super) blank: bool,
}

struct Level {
    marker: Marker,
    at: At,
    items: Vec<Item>,
}

impl Gathering {
    /// Whether what comes next belongs to a list's item.
    pub(super) fn is_in_list(&self) -> bool {
        !self.lists.is_empty()
    }

    /// Whether that list is numbered.
    pub(super) fn is_ordered(&self) -> bool {
        self.lists.last().is_some_and(|level| level.marker.ordered)
    }

    /// Adds a line to the paragraph.
    pub(super) fn line(&mut self, at: At, mut runs: Inlines) {
        if runs.is_empty() {
            return;
        }
        match &mut self.paragraph {
            Some((_, paragraph)) => {
                paragraph.push(Inline::Break(at));
                paragraph.append(&mut runs);
            }
            None => self.paragraph = Some((at, runs)),
        }
    }

    /// Ends the paragraph.
    pub(super) fn end_paragraph(&mut self) {
        if let Some((at, text)) = self.paragraph.take() {
            self.push(Block::Paragraph { at, text });
        }
    }

    /// Ends the paragraph and adds a block: to the item that is open, else behind everything.
    pub(super) fn block(&mut self, block: Block) {
        self.end_paragraph();
        self.push(block);
    }

    fn push(&mut self, block: Block) {
        match self.lists.last_mut().and_then(|level| level.items.last_mut()) {
            Some(item) => item.blocks.push(block),
            None => self.out.push(block),
        }
    }

    /// Begins an item.
    pub(super) fn item(&mut self, marker: Marker, marker_at: At, item: Item) {
        self.end_paragraph();
        loop {
            let depth = self.lists.len();
            let below = depth.checked_sub(2).map(|below| self.lists[below].marker);
            let Some(top) = self.lists.last_mut() else { break };
            if is_deeper(marker, top.marker) && depth < DEEPEST {
                break;
            }
            let is_shallower = is_deeper(top.marker, marker);
            if is_shallower && below.is_some_and(|below| !is_deeper(marker, below)) {
                self.close_list();
                continue;
            }
            if top.marker.ordered == marker.ordered {
                top.items.push(item);
                return;
            }
            self.close_list();
            break;
        }
        self.lists.push(Level { marker, at: marker_at, items: vec![item] });
    }

    /// Whether a marker of dashes alone is one: a second dash only inside a list.
    pub(super) fn takes(&self, marker: Marker) -> bool {
        !marker.dashes || marker.depth <= self.lists.last().map_or(0, |level| level.marker.depth) + 1
    }

    fn close_list(&mut self) {
        self.end_paragraph();
        if let Some(Level { marker, at, items }) = self.lists.pop() {
            self.push(Block::List { at, start: marker.ordered.then_some(1), items });
        }
    }

    /// Ends all lists.
    pub(super) fn end_lists(&mut self) {
        self.end_paragraph();
        while !self.lists.is_empty() {
            self.close_list();
        }
    }

    /// All of it.
    pub(super) fn done(mut self) -> Blocks {
        self.end_lists();
        self.out
    }
}

/// Whether one marker is deeper than another: by more marks or, as people paste lists, by more spaces before it.
fn is_deeper(one: Marker, other: Marker) -> bool {
    one.depth > other.depth || (one.depth == other.depth && one.depth == 1 && one.indent >= other.indent + 2)
}
