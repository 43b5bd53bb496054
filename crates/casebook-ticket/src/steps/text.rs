//! Steps that are written as text: items of lists, lines with marks, headings.

use crate::At;
use crate::markup::{Block, Inline, Inlines, Item, plain, split_lines};

use super::marker::{self, Kind};
use super::part::{Parts, label, moved, width};
use super::role::Role;
use super::{Encoding, Step};

/// Reads steps in text.
pub(super) fn read(body: &[Block]) -> Option<(Encoding, Vec<Step>)> {
    let mut reader = Reader { titled: has_titles(body), numbered: has_numbers(body), ..Reader::default() };
    for block in body {
        reader.block(block);
    }
    reader.end();
    reader.forget_letters_of_parts();
    (!reader.steps.is_empty()).then_some((reader.encoding, reader.steps))
}

#[derive(Default)]
struct Reader {
    /// Each step has a title of its own, and lists are parts of steps.
    titled: bool,
    /// Steps have numbers, and bullets are parts of steps.
    numbered: bool,
    encoding: Encoding,
    current: Option<Parts>,
    letter: Option<String>,
    steps: Vec<Step>,
}

fn has_titles(body: &[Block]) -> bool {
    body.iter().any(|block| match block {
        Block::Heading { text, .. } => marker::of(text).is_some(),
        Block::Paragraph { text, .. } => matches!(marker::of(text), Some((Kind::Title, ..))),
        _ => false,
    })
}

fn has_numbers(body: &[Block]) -> bool {
    body.iter().any(|block| match block {
        Block::List { start, .. } => start.is_some(),
        Block::Paragraph { text, .. } => text
            .split(|run| matches!(run, Inline::Break(_)))
            .any(|line| matches!(marker::of(line), Some((Kind::Number | Kind::Title, ..)))),
        _ => false,
    })
}

impl Reader {
    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading { at, text, .. } => match marker::of(text) {
                Some((_, number, rest)) => {
                    self.begin(Some(number), *at, Encoding::Headings);
                    self.line(*at, rest);
                }
                None => {
                    if let (Some(parts), Some(role)) = (&mut self.current, Role::of(&plain(text))) {
                        parts.enter(role, *at);
                    }
                }
            },
            Block::Paragraph { at, text } => self.paragraph(*at, text),
            Block::List { at, start, items } => self.list(*at, *start, items),
            block => {
                if let Some(parts) = &mut self.current {
                    parts.add(block.clone());
                }
            }
        }
    }

    fn paragraph(&mut self, at: At, text: &[Inline]) {
        // Lines that no step began in this paragraph are prose, unless a title did before it.
        let mut inside = self.titled && self.current.is_some();
        let mut pending: Option<(At, Inlines)> = None;
        for (at, line) in split_lines(at, text.to_vec()) {
            let begun = self.marked(at, &line, &mut pending);
            let labelled = label(&line);
            if begun {
                inside = true;
                continue;
            }
            // A title alone has begun the step whose action this is.
            let is_begun = match &pending {
                Some((_, text)) => text.is_empty(),
                None => self.current.as_ref().is_some_and(Parts::is_empty),
            };
            if matches!(labelled, Some((Role::Action, _))) && !is_begun {
                self.flush(&mut pending);
                self.begin(None, at, Encoding::Inline);
                inside = true;
            }
            if inside || (labelled.is_some() && self.current.is_some()) {
                inside = true;
                match &mut pending {
                    Some((_, text)) => {
                        text.push(Inline::Break(at));
                        text.extend(line);
                    }
                    None => pending = Some((at, line)),
                }
            }
        }
        self.flush(&mut pending);
    }

    /// Takes a line that begins with a mark.
    fn marked(&mut self, at: At, line: &[Inline], pending: &mut Option<(At, Inlines)>) -> bool {
        let Some((kind, number, rest)) = marker::of(line) else { return false };
        let role = label(&rest).map(|(role, _)| role);
        if kind == Kind::Letter {
            if role.is_none() && (self.numbered || !marker::follows(&number, self.letter.as_deref())) {
                return false;
            }
            self.letter = Some(number.clone());
        }
        self.flush(pending);
        let goes_on = self.current.is_some()
            && kind != Kind::Title
            && (matches!(role, Some(Role::Data | Role::Expected)) || (kind == Kind::Letter && self.numbered));
        if !goes_on {
            let encoding = match kind {
                Kind::Number => Encoding::List,
                Kind::Letter => Encoding::Lettered,
                Kind::Title => Encoding::Headings,
            };
            self.begin(Some(number), at, encoding);
        }
        let mark = width(line).saturating_sub(width(&rest));
        *pending = Some((moved(at, mark), rest));
        true
    }

    fn flush(&mut self, pending: &mut Option<(At, Inlines)>) {
        if let Some((at, text)) = pending.take()
            && let Some(parts) = &mut self.current
        {
            parts.add_text(at, text);
        }
    }

    fn list(&mut self, at: At, start: Option<u64>, items: &[Item]) {
        if let Some(parts) =
            self.current.as_mut().filter(|_| self.titled || (self.numbered && start.is_none()))
        {
            if !self.titled {
                self.encoding = Encoding::NestedList;
            }
            return parts.add(Block::List { at, start, items: items.to_vec() });
        }
        if self.numbered && start.is_none() {
            // Bullets in front of numbered steps are no steps.
            return;
        }
        for (index, item) in items.iter().enumerate() {
            let number = start.map(|start| start.saturating_add(index as u64).to_string());
            self.item(number, item);
        }
    }

    fn item(&mut self, number: Option<String>, item: &Item) {
        let first = match item.blocks.first() {
            Some(Block::Paragraph { text, .. }) => label(text).map(|(role, _)| role),
            _ => None,
        };
        let goes_on = matches!(first, Some(Role::Data | Role::Expected)) && self.current.is_some();
        if !goes_on {
            let nested = item.blocks.iter().any(|block| matches!(block, Block::List { .. }));
            self.begin(number, item.at, if nested { Encoding::NestedList } else { Encoding::List });
        }
        if let Some(parts) = &mut self.current {
            for block in &item.blocks {
                parts.add(block.clone());
            }
        }
    }

    fn line(&mut self, at: At, text: Inlines) {
        if let Some(parts) = &mut self.current {
            parts.add_text(at, text);
        }
    }

    fn begin(&mut self, number: Option<String>, at: At, encoding: Encoding) {
        self.end();
        self.current = Some(Parts::new(number, at));
        if matches!(self.encoding, Encoding::None | Encoding::List) {
            self.encoding = encoding;
        }
    }

    /// `a. Action: ..`, `b. Data: ..` in each step: the letter is the part's, and the steps have none.
    fn forget_letters_of_parts(&mut self) {
        let [first, others @ ..] = &self.steps[..] else { return };
        let is_of_part = self.encoding == Encoding::Lettered
            && !others.is_empty()
            && others.iter().all(|step| step.number == first.number);
        if is_of_part {
            self.steps.iter_mut().for_each(|step| step.number = None);
        }
    }

    fn end(&mut self) {
        if let Some(parts) = self.current.take() {
            if parts.labelled && self.encoding == Encoding::List {
                self.encoding = Encoding::Inline;
            }
            self.steps.push(parts.step());
        }
    }
}
