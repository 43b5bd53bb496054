//! Puts models beside what a ticket says.

use std::sync::LazyLock;

use casebook_ticket::markup::{Block, Blocks, Item, plain_blocks};
use casebook_ticket::{At, Field, Lines, Name, Section, Standard, Ticket, markdown};
use regex::Regex;

use super::ToFill;
use super::steps::{self, Outcome};
use crate::audit::is_filler;

static MARK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\{[\p{L}][^{}\n]{0,120}\}").expect("it is sound"));

/// The section of a model that is Markdown.
pub(super) fn section(field: &Field, model: &str) -> Option<Section> {
    let body = markdown::read(model, &Lines::new(model));
    (!body.is_empty()).then(|| Section { name: Name::Field(field.clone()), at: At::default(), body })
}

/// A ticket as it grows.
pub(super) struct Merge {
    ticket: Ticket,
    /// What is kept behind all else.
    former: Vec<Section>,
}

impl Merge {
    pub(super) fn new(ticket: &Ticket) -> Self {
        Self { ticket: ticket.clone(), former: Vec::new() }
    }

    fn body(&mut self, field: &Field) -> Option<&mut Blocks> {
        let name = Name::Field(field.clone());
        self.ticket.sections.iter_mut().find(|section| section.name == name).map(|section| &mut section.body)
    }

    /// Takes a model for a field; whether anything changed.
    pub(super) fn fill(&mut self, field: &Field, model: &Section) -> bool {
        let Some(body) = self.body(field) else {
            self.ticket.sections.push(Section { at: At::default(), ..model.clone() });
            return true;
        };
        if model.body.iter().all(|block| body.contains(block)) {
            return false;
        }
        if is_filler(&plain_blocks(body)) {
            body.clone_from(&model.body);
        } else if is_list_of_its_own(field) {
            let former = std::mem::replace(body, model.body.clone());
            self.keep(field, former);
        } else {
            body.extend(model.body.iter().cloned());
        }
        true
    }

    /// Adds to the steps what they lack, or takes the model where there are none; whether anything changed.
    pub(super) fn fill_steps(&mut self, model: &Section) -> bool {
        let field = Field::TestSteps;
        match (steps::add(&self.ticket, &model.body), self.body(&field)) {
            (Outcome::Added(new, is_kept), Some(body)) => {
                let former = std::mem::replace(body, new);
                if !is_kept {
                    self.keep(&field, former);
                }
                true
            }
            (Outcome::Whole, _) => false,
            _ => self.fill(&field, model),
        }
    }

    /// Keeps what a field said before. Two tables of steps would be read as one test; a heading that is no field keeps them apart.
    fn keep(&mut self, field: &Field, former: Blocks) {
        let heading = format!("Former {}", field.id().replace('_', " "));
        self.former.push(Section { name: Name::Other(heading), at: At::default(), body: former });
    }

    /// Adds to a field that is adequate what the steps of a kind need: the bindings of pre-conditions, and named data.
    pub(super) fn add_what_steps_need(&mut self, field: &Field, model: &Section) -> bool {
        let Some(body) = self.body(field) else { return false };
        match field {
            Field::PreConditions | Field::RecoveryValidation | Field::PostConditions => {
                add_items(body, &model.body)
            }
            Field::TestData => name_data(body, &model.body),
            _ => false,
        }
    }

    /// The ticket with its fields in the standard's order, and what has other headings behind them.
    pub(super) fn finish(mut self, standard: &Standard) -> Ticket {
        for former in std::mem::take(&mut self.former) {
            self.ticket.add(former);
        }
        let place = |section: &Section| match &section.name {
            Name::Field(field) => {
                standard.fields.iter().position(|rule| rule.id == *field).unwrap_or(usize::MAX - 1)
            }
            Name::Other(_) => usize::MAX,
        };
        self.ticket.sections.sort_by_key(place);
        self.ticket
    }
}

/// Whether what a field lists is run or judged one by one, so that a model cannot stand below what was there.
fn is_list_of_its_own(field: &Field) -> bool {
    matches!(
        field,
        Field::TestSteps
            | Field::Assertions
            | Field::Key
            | Field::Summary
            | Field::Priority
            | Field::Labels
            | Field::TestType
    )
}

/// Adds blocks that are not there yet.
fn add_items(body: &mut Blocks, model: &Blocks) -> bool {
    let items = |blocks: &Blocks| -> Vec<Item> {
        let lists = blocks.iter().filter_map(|block| match block {
            Block::List { items, .. } => Some(items.clone()),
            _ => None,
        });
        lists.flatten().collect()
    };
    let known = items(body);
    let missing: Vec<_> = items(model).into_iter().filter(|item| !known.contains(item)).collect();
    if missing.is_empty() {
        return false;
    }
    match body.last_mut() {
        Some(Block::List { start: None, items, .. }) => items.extend(missing),
        _ => body.push(Block::List { at: At::default(), start: None, items: missing }),
    }
    true
}

/// Gives the ticket's own JSON the names that the steps of a kind use, and adds what it has none for.
fn name_data(body: &mut Blocks, model: &Blocks) -> bool {
    let wanted = model.iter().filter_map(|block| match block {
        Block::Code { language: Some(language), .. } => Some((language, block)),
        _ => None,
    });
    let mut changed = false;
    for (wanted, block) in wanted {
        let is_named = |block: &Block| matches!(block, Block::Code { language: Some(language), .. } if language == wanted);
        if body.iter().any(is_named) {
            continue;
        }
        changed = true;
        let unnamed = body.iter_mut().find_map(|block| match block {
            Block::Code { language: Some(language), .. } if language == "json" => Some(language),
            _ => None,
        });
        match unnamed {
            Some(language) => language.clone_from(wanted),
            None => body.push(block.clone()),
        }
    }
    changed
}

/// The marks that are left, each once for its field.
pub(super) fn marks(ticket: &Ticket) -> Vec<ToFill> {
    let mut marks: Vec<ToFill> = Vec::new();
    for section in &ticket.sections {
        let Name::Field(field) = &section.name else { continue };
        let text = plain_blocks(&section.body);
        let first = marks.len();
        for mark in MARK.find_iter(&text) {
            // A path's parameter, `/jobs/{job_id}`, and a reference, `${name}`, are no marks.
            let before = text[..mark.start()].chars().next_back();
            let is_mark = !before.is_some_and(|before| "/$%".contains(before));
            if is_mark && !marks[first..].iter().any(|known| known.mark == mark.as_str()) {
                marks.push(ToFill { field: field.clone(), mark: mark.as_str().to_owned() });
            }
        }
    }
    marks
}
