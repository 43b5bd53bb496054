//! Signs to sections: which of the pieces that look like headings are headings, and what stands under each.
//!
//! Levels decide. What is written in a weaker way than the heading of the section that it stands in belongs to that
//! section: `- Environment: staging` under `## Test Configuration` is no heading. It is one only where the section is a
//! mere container (text before any heading, *Description*, a heading over a group of fields), or where the ticket
//! names more fields in the weaker way than in the stronger one.

use std::collections::HashSet;

use crate::markup::{Block, Blocks, Cell, plain_blocks, split_lines};
use crate::steps::{Role, is_step_title, leading_number, roles_in};
use crate::{At, Field, Name, Section, Standard};

use super::ahead::Ahead;
use super::piece::{Body, Piece};
use super::sign::{BULLET, PLAIN, ROW, STRONG, Sign};
use super::{by_themselves, evidence, fields_table};

/// A piece and what it looks like.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    pub(super) piece: Piece,
    pub(super) sign: Option<Sign>,
}

/// What a section lets in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Any heading inside it begins a section of its own.
    Container,
    /// It has one value, and what follows belongs to the section that it stands in.
    Short,
    /// It keeps what is written in a weaker way.
    Closed,
}

struct Open {
    name: Name,
    title: String,
    at: At,
    rank: u8,
    kind: Kind,
    /// Whether sections were begun in it.
    holds: bool,
    block: Option<usize>,
    body: Body,
}

struct Groups<'a> {
    standard: &'a Standard,
    ahead: Ahead,
    sections: Vec<Open>,
    /// The section that what comes next belongs to.
    current: usize,
    /// The section around short ones.
    outer: usize,
    /// In the steps: whether one was begun, its block, and which parts it and the others have.
    in_step: bool,
    step: Option<usize>,
    said: HashSet<Role>,
    parts: HashSet<Role>,
    /// The number of that step, when it has one.
    number: Option<u32>,
}

/// Groups pieces to sections, each with its heading as it stood; the first has the empty name when there is text before
/// any heading.
pub(super) fn group(pieces: Vec<Signed>, standard: &Standard) -> Vec<(Section, String)> {
    let preamble = Open {
        name: Name::Other(String::new()),
        title: String::new(),
        at: pieces.first().map_or_else(At::default, |signed| signed.piece.at()),
        rank: 0,
        kind: Kind::Container,
        holds: true,
        block: None,
        body: Body::default(),
    };
    let mut groups = Groups {
        standard,
        ahead: Ahead::new(&pieces, standard),
        sections: vec![preamble],
        current: 0,
        outer: 0,
        in_step: false,
        step: None,
        said: HashSet::new(),
        parts: HashSet::new(),
        number: None,
    };
    for (index, Signed { piece, sign }) in pieces.into_iter().enumerate() {
        groups.leave_short(&piece);
        match sign {
            Some(sign) if groups.opens(index, &sign, &piece) => groups.open(index, sign, piece),
            sign => groups.content(piece, sign.as_ref()),
        }
    }
    in_order(groups.sections).into_iter().filter_map(Open::close).collect()
}

/// Puts the text before any heading where it begins: fields may stand above it.
fn in_order(mut sections: Vec<Open>) -> Vec<Open> {
    let begin = sections[0].body.blocks.first().map_or_else(At::default, Block::at);
    if begin.is_known() {
        sections[0].at = begin;
        let above =
            sections[1..].iter().take_while(|section| section.at.is_known() && section.at.line < begin.line);
        let above = above.count();
        sections[..=above].rotate_left(1);
    }
    sections
}

impl Open {
    /// The section; none when it was only there to hold others, under a name that says no more than that.
    fn close(mut self) -> Option<(Section, String)> {
        // Rules between sections belong to neither.
        while matches!(self.body.blocks.last(), Some(Block::Rule { .. })) {
            self.body.blocks.pop();
        }
        let is_said = matches!(&self.name, Name::Other(heading) if !heading.is_empty());
        let is_needed = !self.body.blocks.is_empty() || !self.holds || is_said;
        is_needed.then_some((Section { name: self.name, at: self.at, body: self.body.blocks }, self.title))
    }
}

impl Groups<'_> {
    fn field(&self, section: usize) -> Option<&Field> {
        match &self.sections[section].name {
            Name::Field(field) => Some(field),
            Name::Other(_) => None,
        }
    }

    fn leave_short(&mut self, piece: &Piece) {
        let open = &self.sections[self.current];
        let continues = matches!(piece, Piece::Line { .. }) && piece.block() == open.block;
        let mere_bullet = open.rank == BULLET
            && matches!(piece, Piece::Line { .. })
            && open.body.blocks.first().is_some_and(|block| matches!(block, Block::Paragraph { .. }));
        if !continues && !open.body.blocks.is_empty() && (open.kind == Kind::Short || mere_bullet) {
            self.current = self.outer;
        }
    }

    /// Whether a sign is a heading where it stands.
    fn opens(&mut self, index: usize, sign: &Sign, piece: &Piece) -> bool {
        let base = if self.sections[self.current].kind == Kind::Short { self.outer } else { self.current };
        let open = &self.sections[base];
        let (rank, kind) = (open.rank, open.kind);
        let field = self.field(base).cloned();
        if field == Some(Field::TestSteps) && self.is_step_part(index, sign, piece) {
            return false;
        }
        match &sign.field {
            // `Environment:` in the configuration.
            Some(known) if Some(known) == field.as_ref() && sign.rank >= STRONG.max(rank) => false,
            Some(_) if sign.numbered && sign.rank >= PLAIN && kind != Kind::Container => false,
            Some(_) if sign.rank <= rank => true,
            Some(known) => kind == Kind::Container || self.breaks_out(index, known, sign, base),
            None if sign.rank >= STRONG && evidence::is_heading(&sign.title) => {
                sign.rank <= rank || kind == Kind::Container
            }
            None if sign.rank < STRONG => sign.rank <= rank || (kind == Kind::Container && field.is_none()),
            None if sign.value.is_empty() => match sign.rank {
                STRONG => sign.first && (rank == STRONG || (kind == Kind::Container && field.is_none())),
                PLAIN => rank == PLAIN && self.is_title(sign),
                _ => false,
            },
            None => kind == Kind::Container && field.is_none() && self.ahead.in_run[index],
        }
    }

    /// Whether an unknown `Words:` is more than the beginning of a sentence.
    fn is_title(&self, sign: &Sign) -> bool {
        sign.first
            && !sign.numbered
            && sign.title.split_whitespace().count() <= 3
            && sign.title.chars().next().is_some_and(char::is_uppercase)
            && self.field(self.current) != Some(&Field::TestSteps)
    }

    /// Whether a known field that is written in a weaker way than the section around it ends that section.
    fn breaks_out(&self, index: usize, known: &Field, sign: &Sign, base: usize) -> bool {
        let rank = self.sections[base].rank;
        let near = (rank < STRONG && sign.rank <= STRONG)
            || (rank == STRONG && sign.rank == PLAIN && sign.value.is_empty() && sign.first);
        if self.is_short(known) {
            // `*Priority:* High` below the text of a section, when nothing else says it.
            return rank < STRONG
                && sign.rank == STRONG
                && !sign.value.is_empty()
                && (sign.first || self.ahead.in_run[index])
                && matches!(known, Field::Priority | Field::Labels | Field::TestType)
                && self.ahead.times.get(known) == Some(&1);
        }
        if sign.rank < STRONG && self.ahead.times.get(known) == Some(&1) {
            // A real heading with a field's name, and nothing else has it.
            return true;
        }
        let (weak, strong) = (self.ahead.count(sign.rank), self.ahead.count(rank));
        near && weak >= strong && self.ahead.strongest.get(known).is_some_and(|strongest| *strongest > rank)
    }

    /// Whether a sign in the steps is a step's title, or names a part of one.
    fn is_step_part(&mut self, index: usize, sign: &Sign, piece: &Piece) -> bool {
        if is_step_title(&sign.title) {
            return true;
        }
        let Some(role) = Role::of(&sign.title) else { return false };
        if sign.numbered || role == Role::Action {
            return true;
        }
        if !self.in_step {
            return false;
        }
        // Numbers below a label without a value are those of its own list.
        let more = self.ahead.next_step[index] < self.ahead.next_other[index]
            || (!sign.value.is_empty() && self.counts_on(index));
        if !more && self.said.contains(&role) {
            // The last step has one already: this one is the whole test's.
            return false;
        }
        let inside =
            (self.step.is_some() && self.step == piece.block()) || self.parts.contains(&role) || more;
        if inside {
            self.parts.insert(role);
            self.said.insert(role);
        }
        inside
    }

    /// Whether the step with the next number lies ahead.
    fn counts_on(&self, index: usize) -> bool {
        let (next, number) = self.ahead.next_number[index];
        next < self.ahead.next_other[index] && self.number.is_some_and(|before| number == before + 1)
    }

    fn is_short(&self, field: &Field) -> bool {
        self.standard.rule(field).is_some_and(|rule| rule.front_matter)
    }

    fn open(&mut self, index: usize, sign: Sign, piece: Piece) {
        let kind = match &sign.field {
            Some(Field::Description) => Kind::Container,
            Some(field) if sign.rank >= STRONG && self.is_short(field) => Kind::Short,
            None if !sign.value.is_empty() => Kind::Short,
            None if self.ahead.is_group(index, sign.rank) => Kind::Container,
            _ => Kind::Closed,
        };
        if self.sections[self.outer].rank < sign.rank {
            self.sections[self.outer].holds = true;
        }
        let mut body = Body::default();
        let at = piece.at();
        let block = piece.block();
        body.begin(at, sign.value, block);
        if let Piece::Item { item, .. } = piece {
            rest_of_item(item.blocks, &mut body);
        }
        let title = sign.title;
        let name = sign.field.map_or_else(|| Name::Other(title.clone()), Name::Field);
        self.sections.push(Open { name, title, at, rank: sign.rank, kind, holds: false, block, body });
        self.current = self.sections.len() - 1;
        if kind != Kind::Short {
            self.outer = self.current;
        }
        self.in_step = false;
        self.step = None;
        self.number = None;
        self.said.clear();
        self.parts.clear();
    }

    fn content(&mut self, piece: Piece, sign: Option<&Sign>) {
        let open = &self.sections[self.current];
        if let Piece::Block(Block::Table { header, rows, .. }) = &piece
            && open.kind == Kind::Container
            && let Some(fields) = fields_table::rows(header, rows, self.standard)
        {
            return self.rows(fields);
        }
        if let Piece::Block(block) = &piece
            && open.kind == Kind::Container
            && !self.ahead.strongest.contains_key(&Field::TestSteps)
            && by_themselves::are_steps(block, self.standard)
        {
            return self.steps_by_themselves(block.at(), piece);
        }
        if self.field(self.current) == Some(&Field::TestSteps) {
            self.begin_step(&piece, sign);
        }
        let open = &mut self.sections[self.current];
        let piece = match piece {
            Piece::Heading { at, level, text } => {
                let below = if open.rank < STRONG { level.saturating_sub(open.rank) + 2 } else { level };
                Piece::Heading { at, level: below.clamp(3, 6), text }
            }
            piece => piece,
        };
        open.body.push(piece);
    }

    /// Takes note of a step that a piece begins. Where it is only a number that begins it, what the lines below it name
    /// may as well be the whole test's.
    fn begin_step(&mut self, piece: &Piece, sign: Option<&Sign>) {
        let number = number_of(piece);
        let is_marked = begins_step(piece, sign);
        if !is_marked && (number.is_none() || sign.is_some()) {
            return;
        }
        self.in_step = true;
        self.step = piece.block().filter(|_| is_marked);
        self.number = number;
        self.said = roles_in(piece.line()).collect();
        self.parts.extend(&self.said);
    }

    /// Steps without a heading over them.
    fn steps_by_themselves(&mut self, at: At, piece: Piece) {
        let name = Name::Field(Field::TestSteps);
        let mut body = Body::default();
        body.push(piece);
        let title = String::new();
        self.sections.push(Open {
            name,
            title,
            at,
            rank: PLAIN,
            kind: Kind::Short,
            holds: false,
            block: None,
            body,
        });
        self.current = self.sections.len() - 1;
    }

    /// The rows of a table of fields, each a section.
    fn rows(&mut self, fields: Vec<(Name, Cell, Cell)>) {
        for (name, key, value) in fields {
            let body = Body::of(value.blocks);
            let title = plain_blocks(&key.blocks);
            self.sections.push(Open {
                name,
                title,
                at: key.at,
                rank: ROW,
                kind: Kind::Short,
                holds: false,
                block: None,
                body,
            });
        }
        self.current = self.outer;
    }
}

/// What stands in an item behind its key: further lines, further blocks.
fn rest_of_item(blocks: Blocks, body: &mut Body) {
    let mut blocks = blocks.into_iter();
    if let Some(Block::Paragraph { at, text } | Block::Heading { at, text, .. }) = blocks.next() {
        let block = Some(usize::MAX);
        for (number, (at, text)) in split_lines(at, text).into_iter().enumerate().skip(1) {
            if number == 1 && !body.blocks.is_empty() {
                body.continue_with(block);
            }
            body.push(Piece::Line { at, text, block: usize::MAX, first: false });
        }
    }
    for block in blocks {
        body.push(Piece::Block(block));
    }
}

fn begins_step(piece: &Piece, sign: Option<&Sign>) -> bool {
    match (piece, sign) {
        (_, Some(sign)) => is_step_title(&sign.title) || Role::of(&sign.title) == Some(Role::Action),
        (Piece::Block(block), None) => is_step_title(&plain_blocks(std::slice::from_ref(block))),
        _ => false,
    }
}

/// The number that a line or an item begins with.
pub(super) fn number_of(piece: &Piece) -> Option<u32> {
    match piece {
        Piece::Line { text, .. } => leading_number(text),
        Piece::Item { start, .. } => u32::try_from((*start)?).ok(),
        _ => None,
    }
}
