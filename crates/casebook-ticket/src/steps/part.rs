//! The parts of one step that is written as text: `Action: .. | Data: .. | Expected: ..`, on one line, on several, or
//! in a list below the action.

use crate::At;
use crate::markup::{Block, Blocks, Inline, Inlines, Item, plain, split_lines};

use super::Step;
use super::role::Role;

/// More bytes than this are no label.
const LONGEST_LABEL: usize = 60;
/// What shows that a plain step's expectation follows.
const ARROWS: [&str; 5] = ["->", "→", "=>", "⇒", "➡"];

/// Collects the parts of a step.
#[derive(Debug)]
pub(super) struct Parts {
    step: Step,
    /// What the next text without a label belongs to.
    role: Role,
    /// Whether any part had a label.
    pub(super) labelled: bool,
}

impl Parts {
    pub(super) fn new(number: Option<String>, at: At) -> Self {
        let step = Step { number, at, action_at: at, data_at: at, expected_at: at, ..Step::default() };
        Self { step, role: Role::Action, labelled: false }
    }

    /// Whether nothing is known of the step but that it was begun.
    pub(super) fn is_empty(&self) -> bool {
        self.step.action.is_empty() && self.step.data.is_empty() && self.step.expected.is_empty()
    }

    /// The step.
    pub(super) fn step(self) -> Step {
        self.step
    }

    /// Adds what follows the step's number.
    pub(super) fn add(&mut self, block: Block) {
        match block {
            Block::Paragraph { at, text } | Block::Heading { at, text, .. } => self.add_text(at, text),
            Block::List { at, start, items } => self.add_list(at, start, items),
            // What a step is done with, unless it stands behind an expectation.
            block @ (Block::Code { .. } | Block::Table { .. }) if self.role == Role::Action => {
                self.push(Role::Data, block);
            }
            block => self.push(self.role, block),
        }
    }

    /// Adds lines, each of which may begin a part.
    pub(super) fn add_text(&mut self, at: At, text: Inlines) {
        let mut begun = false;
        for (at, line) in split_lines(at, text) {
            for (at, part) in split_bars(at, &line) {
                match label(&part) {
                    Some((role, value)) => {
                        self.enter(role, at);
                        begun = self.push_text(role, at, value, false);
                    }
                    None => begun = self.add_unlabelled(at, part, begun),
                }
            }
        }
    }

    /// What follows belongs to this part.
    pub(super) fn enter(&mut self, role: Role, at: At) {
        self.role = role;
        self.labelled = true;
        self.place(role, at);
    }

    fn add_unlabelled(&mut self, at: At, part: Inlines, continues: bool) -> bool {
        if self.role == Role::Action
            && let Some((action, expected)) = split_arrow(&part)
        {
            let behind = moved(at, width(&part).saturating_sub(width(&expected)));
            self.push_text(Role::Action, at, action, continues);
            self.role = Role::Expected;
            self.place(Role::Expected, behind);
            return self.push_text(Role::Expected, behind, expected, false);
        }
        self.push_text(self.role, at, part, continues)
    }

    /// Items that begin with a label are parts; others belong to the part that they stand below.
    fn add_list(&mut self, at: At, start: Option<u64>, items: Vec<Item>) {
        let mut kept = Vec::new();
        for item in items {
            let first = item.blocks.first();
            let is_part = match first {
                Some(Block::Paragraph { text, .. }) => {
                    label(first_line(text)).is_some() || begins_with_arrow(text)
                }
                _ => false,
            };
            if is_part {
                self.flush(at, start, &mut kept);
                self.role = Role::Action;
                for block in item.blocks {
                    self.add(block);
                }
            } else {
                kept.push(item);
            }
        }
        self.flush(at, start, &mut kept);
    }

    fn flush(&mut self, at: At, start: Option<u64>, kept: &mut Vec<Item>) {
        if !kept.is_empty() {
            let at = kept.first().map_or(at, |item| At::new(item.at.line, at.column));
            let items = std::mem::take(kept);
            self.push(self.role, Block::List { at, start, items });
        }
    }

    fn place(&mut self, role: Role, at: At) {
        let (blocks, place) = self.part(role);
        if blocks.is_empty() {
            *place = at;
        }
    }

    fn part(&mut self, role: Role) -> (&mut Blocks, &mut At) {
        match role {
            Role::Number | Role::Action => (&mut self.step.action, &mut self.step.action_at),
            Role::Data => (&mut self.step.data, &mut self.step.data_at),
            Role::Expected => (&mut self.step.expected, &mut self.step.expected_at),
        }
    }

    fn push(&mut self, role: Role, block: Block) {
        self.place(role, block.at());
        self.part(role).0.push(block);
    }

    /// Adds a line to a part; whether the next line continues it.
    fn push_text(&mut self, role: Role, at: At, text: Inlines, continues: bool) -> bool {
        let text = trimmed(text);
        if text.is_empty() {
            return false;
        }
        if continues && let Some(Block::Paragraph { text: known, .. }) = self.part(role).0.last_mut() {
            known.push(Inline::Break(at));
            known.extend(text);
            return true;
        }
        self.push(role, Block::Paragraph { at, text });
        true
    }
}

fn first_line(text: &[Inline]) -> &[Inline] {
    let end = text.iter().position(|run| matches!(run, Inline::Break(_)));
    &text[..end.unwrap_or(text.len())]
}

/// The parts that a line names: `1) Action: .. | Data: ..`.
pub(crate) fn roles_in(line: &[Inline]) -> impl Iterator<Item = Role> {
    split_bars(At::default(), line).into_iter().filter_map(|(_, part)| Some(label(&part)?.0))
}

/// The part that a line begins with: its role, and what stands behind the colon.
pub(super) fn label(line: &[Inline]) -> Option<(Role, Inlines)> {
    let (first, rest) = line.split_first()?;
    match first {
        Inline::Text(text) => {
            let end =
                text.char_indices().take(LONGEST_LABEL).find(|(_, character)| ":：".contains(*character))?.0;
            let role = named(&text[..end])?;
            Some((role, joined(text[end..].trim_start_matches([':', '：']), rest)))
        }
        Inline::Strong(inner) | Inline::Emphasis(inner) => {
            let words = plain(inner);
            if let Some(words) = words.trim_end().strip_suffix([':', '：']) {
                return Some((named(words)?, rest.to_vec()));
            }
            let role = named(&words)?;
            let (Inline::Text(text), rest) = rest.split_first()? else { return None };
            let text = text.trim_start();
            let value = text.strip_prefix([':', '：', '–', '—', '-'])?;
            Some((role, joined(value, rest)))
        }
        _ => None,
    }
}

/// The role of a label, which may be lettered: `b. Data`.
fn named(words: &str) -> Option<Role> {
    let words = words.trim();
    let mut characters = words.chars();
    let lettered = characters.next().is_some_and(char::is_alphabetic)
        && characters.next().is_some_and(|c| ".)".contains(c));
    let words = if lettered { characters.as_str() } else { words };
    Role::of(words).filter(|role| *role != Role::Number)
}

fn joined(text: &str, rest: &[Inline]) -> Inlines {
    let first = (!text.is_empty()).then(|| Inline::Text(text.to_owned()));
    first.into_iter().chain(rest.iter().cloned()).collect()
}

/// The place that is so many characters further right on its line.
pub(super) fn moved(at: At, by: u32) -> At {
    if at.column > 0 { At::new(at.line, at.column + by) } else { at }
}

/// How many characters runs have.
pub(super) fn width(runs: &[Inline]) -> u32 {
    characters(&plain(runs))
}

fn characters(text: &str) -> u32 {
    text.chars().count() as u32
}

/// Splits a line at bars that begin a labelled part; a bar in a shell's pipe begins none.
fn split_bars(at: At, line: &[Inline]) -> Vec<(At, Inlines)> {
    let mut parts = vec![(at, Inlines::new())];
    let mut at = at;
    for (index, run) in line.iter().enumerate() {
        let Inline::Text(text) = run else {
            push_run(&mut parts, run.clone());
            at = moved(at, width(std::slice::from_ref(run)));
            continue;
        };
        let mut begin = 0;
        for (bar, _) in
            text.match_indices('|').filter(|(bar, _)| is_labelled(&text[bar + 1..], &line[index + 1..]))
        {
            push_run(&mut parts, Inline::Text(text[begin..bar].to_owned()));
            let next = bar + 1;
            let next = next + text[next..].len() - text[next..].trim_start().len();
            at = moved(at, characters(&text[begin..next]));
            parts.push((at, Inlines::new()));
            begin = next;
        }
        push_run(&mut parts, Inline::Text(text[begin..].to_owned()));
        at = moved(at, characters(&text[begin..]));
    }
    parts.into_iter().map(|(at, part)| (at, trimmed(part))).filter(|(_, part)| !part.is_empty()).collect()
}

/// Whether a label stands behind a bar, in this text or right behind it.
fn is_labelled(text: &str, rest: &[Inline]) -> bool {
    let text = text.trim_start();
    if text.is_empty() {
        return label(rest).is_some();
    }
    let end = text.bytes().take(LONGEST_LABEL).position(|byte| byte == b':');
    end.is_some_and(|end| named(&text[..end]).is_some())
}

fn push_run(parts: &mut [(At, Inlines)], run: Inline) {
    if let Some((_, part)) = parts.last_mut()
        && !matches!(&run, Inline::Text(text) if text.is_empty())
    {
        part.push(run);
    }
}

/// Splits `do this -> see that`.
fn split_arrow(line: &[Inline]) -> Option<(Inlines, Inlines)> {
    line.iter().enumerate().find_map(|(index, run)| {
        let Inline::Text(text) = run else { return None };
        let (at, arrow) =
            ARROWS.iter().filter_map(|arrow| Some((text.find(arrow)?, arrow))).min_by_key(|(at, _)| *at)?;
        // An arrow inside a word is none: `a->b`, `x=>y`.
        let apart = text[..at].chars().next_back().is_none_or(char::is_whitespace);
        let mut before = line[..index].to_vec();
        before.extend((at > 0).then(|| Inline::Text(text[..at].to_owned())));
        let behind = trimmed(joined(&text[at + arrow.len()..], &line[index + 1..]));
        (apart && !behind.is_empty()).then_some((before, behind))
    })
}

fn begins_with_arrow(text: &[Inline]) -> bool {
    matches!(text.first(), Some(Inline::Text(text)) if ARROWS.iter().any(|arrow| text.trim_start().starts_with(arrow)))
}

/// Without spaces at its ends.
pub(super) fn trimmed(mut text: Inlines) -> Inlines {
    if let Some(Inline::Text(first)) = text.first_mut() {
        *first = first.trim_start().to_owned();
    }
    if let Some(Inline::Text(last)) = text.last_mut() {
        last.truncate(last.trim_end().len());
    }
    text.retain(|run| !matches!(run, Inline::Text(text) if text.is_empty()));
    text
}
