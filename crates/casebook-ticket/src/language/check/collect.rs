//! Finds the bindings in a ticket's sections.

use std::collections::HashSet;

use super::super::{Action, Meaning, Predicate, Stands, Statement, StepId, Variable, meaning, unchecked};
use super::{Assertion, BoundStep, Checked, Manual, Part, Problem, ProblemKind};
use crate::markup::{Block, Blocks, Inline, plain_blocks};
use crate::message::{Message, message};
use crate::steps::Step;
use crate::{At, Field, Ticket};

/// Reads all bindings: in the order in which they are run, whichever the order of the sections.
pub(super) fn bindings(ticket: &Ticket, steps: &[Step], checked: &mut Checked) {
    let mut unsaid = Vec::new();
    let mut recalled = Vec::new();
    for part in [Part::PreConditions, Part::Steps, Part::Recovery, Part::PostConditions] {
        if part == Part::Steps {
            for (number, step) in steps.iter().enumerate() {
                unsaid.extend(read_step(step, number + 1, checked, &mut recalled));
            }
        } else if let Some(section) = ticket.section(&part.field()) {
            each_item(&section.body, &mut |item| read_item(item, Place::Run(part), checked));
        }
    }
    if let Some(section) = ticket.section(&Field::Assertions) {
        each_item(&section.body, &mut |item| read_item(item, Place::Assertions, checked));
    }
    let is_asserted = |id: &StepId| checked.assertions.iter().any(|assertion| assertion.step == *id);
    let unsaid: Vec<_> = unsaid.into_iter().filter(|(id, _)| !is_asserted(id)).map(|(_, it)| it).collect();
    checked.problems.extend(unsaid);
    let statements = checked.steps.iter().flat_map(|step| &step.statements);
    let results: HashSet<_> = statements.filter_map(|statement| statement.capture.as_ref()).collect();
    let recalled = recalled.into_iter().filter(|(_, name)| results.contains(name)).map(|(at, name)| {
        let name = name.to_string();
        let what = message!(result_in_expected, name = &name);
        misplaced((at, Field::TestSteps), what, message!(result_into_data, name = &name))
    });
    let recalled: Vec<_> = recalled.collect();
    checked.problems.extend(recalled);
}

/// Reads a step; what it expects in prose alone, of something that a program sees, is a problem unless an assertion says it.
/// Names that stand alone where predicates do are `recalled`: one that is a result is not looked at there.
fn read_step(
    step: &Step,
    number: usize,
    checked: &mut Checked,
    recalled: &mut Vec<(At, Variable)>,
) -> Option<(StepId, Problem)> {
    let id = StepId(step.number.clone().unwrap_or_else(|| number.to_string()));
    let field = Field::TestSteps;
    let mut bound = BoundStep {
        part: Part::Steps,
        id: Some(id.clone()),
        at: step.at,
        text: plain_blocks(&step.action),
        statements: Vec::new(),
        predicates: Vec::new(),
    };
    let mut is_meant = false;
    // Predicates of one word: in a row without statements they are prose.
    let mut words = Vec::new();
    for_each_span(&step.data, &mut |at, text| match meaning(text, at) {
        Meaning::Statement(statement) => bound.statements.push(statement),
        Meaning::Wrong(error) => {
            is_meant = true;
            checked.problems.push(Problem::syntax(error, field.clone()));
        }
        Meaning::Predicate(_) if is_long(text) => {
            is_meant = true;
            let what = message!(predicate_in_data, text = text);
            checked.problems.push(misplaced((at, field.clone()), what, message!(into_expected)));
        }
        Meaning::Assertion(..) => {
            is_meant = true;
            checked.problems.push(misplaced_assertion(at, text, field.clone()));
        }
        Meaning::Predicate(_) => words.push((at, text.to_owned())),
        Meaning::Prose => {}
    });
    if !bound.statements.is_empty() {
        is_meant |= !words.is_empty();
        checked.problems.extend(words.into_iter().map(|(at, text)| {
            misplaced((at, field.clone()), message!(predicate_in_data, text = text), message!(into_expected))
        }));
    }
    for_each_span(&step.action, &mut |at, text| {
        if let Meaning::Statement(statement) = meaning(text, at)
            && is_long(text)
            && bound.statements.iter().all(|done| done.to_string() != statement.to_string())
        {
            is_meant = true;
            let what = message!(statement_in_action, text = text);
            checked.problems.push(misplaced((at, field.clone()), what, message!(into_data)));
        }
    });
    let has_statement = !bound.statements.is_empty();
    for_each_span(&step.expected, &mut |at, text| match meaning(text, at) {
        Meaning::Predicate(predicate) => bound.predicates.push((at, predicate)),
        Meaning::Wrong(error) => {
            is_meant = true;
            checked.problems.push(Problem::syntax(error, field.clone()));
        }
        Meaning::Statement(_) if is_long(text) => {
            is_meant = true;
            let what = message!(statement_in_expected, text = text);
            checked.problems.push(misplaced((at, field.clone()), what, message!(into_data)));
        }
        Meaning::Assertion(..) => {
            is_meant = true;
            checked.problems.push(misplaced_assertion(at, text, field.clone()));
        }
        Meaning::Statement(Statement { action: Action::Recall(name), .. }) if has_statement => {
            recalled.push((at, name));
        }
        Meaning::Prose if has_statement => {
            let error = unchecked(text, at, Stands::InExpected);
            is_meant |= error.is_some();
            checked.problems.extend(error.map(|error| Problem::syntax(error, field.clone())));
        }
        Meaning::Statement(_) | Meaning::Prose => {}
    });
    if bound.statements.is_empty() && bound.predicates.is_empty() {
        if !is_meant {
            let text = plain_blocks(&step.action);
            checked.manual.push(Manual { at: step.at, field, step: Some(id), text });
        }
        return None;
    }
    let is_looked_at = bound.last().is_some_and(|statement| statement.action.is_observation());
    let is_unsaid = is_looked_at && bound.predicates.is_empty() && !is_meant;
    checked.steps.push(bound);
    let words = plain_blocks(&step.expected);
    (is_unsaid && words.contains(char::is_alphanumeric)).then(|| {
        let what = message!(expected_is_prose, step = id.0.as_str());
        (id, misplaced((step.expected_at, field), what, message!(predicate_or_nothing)))
    })
}

fn misplaced_assertion(at: At, text: &str, field: Field) -> Problem {
    misplaced((at, field), message!(assertion_in_steps, text = text), message!(into_assertions))
}

fn misplaced(place: (At, Field), what: Message, remedy: Message) -> Problem {
    Problem::new(ProblemKind::Misplaced, place, what, remedy)
}

/// Whether a span is more than one word: a word alone may as well be prose.
fn is_long(text: &str) -> bool {
    text.split_whitespace().nth(1).is_some()
}

/// Where an item stands.
#[derive(Clone, Copy)]
enum Place {
    Run(Part),
    Assertions,
}

/// An item of a list, a row of a table, or a paragraph.
struct Item<'a> {
    at: At,
    blocks: Vec<&'a Block>,
    /// Whether it wants to be done or checked; a paragraph may just explain.
    counts: bool,
}

fn read_item(item: &Item<'_>, place: Place, checked: &mut Checked) {
    let field = match place {
        Place::Run(part) => part.field(),
        Place::Assertions => Field::Assertions,
    };
    let mut statements: Vec<Statement> = Vec::new();
    let mut predicates: Vec<(At, Predicate)> = Vec::new();
    let mut is_meant = false;
    let mut read = |at: At, text: &str| {
        let misplaced = |what, remedy| misplaced((at, field.clone()), what, remedy);
        match (meaning(text, at), place) {
            (Meaning::Statement(statement), Place::Run(_)) => statements.push(statement),
            (Meaning::Predicate(predicate), Place::Run(_)) if !statements.is_empty() => {
                predicates.push((at, predicate));
            }
            (Meaning::Assertion(step, predicate), _) => {
                is_meant = true;
                checked.assertions.push(Assertion { at, field: field.clone(), step, predicate });
            }
            (Meaning::Wrong(error), _) => {
                is_meant = true;
                checked.problems.push(Problem::syntax(error, field.clone()));
            }
            (Meaning::Statement(_), Place::Assertions) if is_long(text) => {
                is_meant = true;
                let what = message!(statement_in_assertions, text = text);
                checked.problems.push(misplaced(what, message!(assert_of_step)));
            }
            (Meaning::Predicate(_), Place::Assertions) if is_long(text) => {
                is_meant = true;
                let what = message!(which_step, text = text);
                checked.problems.push(misplaced(what, message!(write_step_before, text = text)));
            }
            (Meaning::Predicate(_), Place::Run(_)) if is_long(text) => {
                is_meant = true;
                let what = message!(before_any_statement, text = text);
                checked.problems.push(misplaced(what, message!(statement_first)));
            }
            (Meaning::Prose, Place::Run(_)) if !statements.is_empty() => {
                let error = unchecked(text, at, Stands::BehindStatement);
                checked.problems.extend(error.map(|error| Problem::syntax(error, field.clone())));
            }
            (Meaning::Statement(_) | Meaning::Predicate(_) | Meaning::Prose, _) => {}
        }
    };
    for block in &item.blocks {
        spans_of_block(block, &mut read);
    }
    let text = || {
        let blocks = item.blocks.iter().map(|block| plain_blocks(std::slice::from_ref(*block)));
        blocks.collect::<Vec<_>>().join("\n")
    };
    if let (Place::Run(part), false) = (place, statements.is_empty()) {
        checked.steps.push(BoundStep { part, id: None, at: item.at, text: text(), statements, predicates });
    } else if item.counts && !is_meant && !matches!(place, Place::Run(Part::PreConditions)) {
        // A pre-condition in prose is the baseline's to prove.
        checked.manual.push(Manual { at: item.at, field, step: None, text: text() });
    }
}

/// Each item of lists, also of those inside others, each row of tables, and each paragraph.
fn each_item<'a>(body: &'a [Block], each: &mut dyn FnMut(&Item<'a>)) {
    for block in body {
        match block {
            Block::List { items, .. } => {
                for item in items {
                    let (lists, blocks): (Vec<_>, Vec<_>) =
                        item.blocks.iter().partition(|block| matches!(block, Block::List { .. }));
                    // What stands above a list of its own is that list's heading.
                    let counts = lists.is_empty() && !blocks.is_empty();
                    each(&Item { at: item.at, blocks, counts });
                    for list in lists {
                        each_item(std::slice::from_ref(list), each);
                    }
                }
            }
            Block::Table { rows, .. } => {
                for row in rows {
                    let at = row.first().map_or_else(|| block.at(), |cell| cell.at);
                    let blocks: Vec<_> = row.iter().flat_map(|cell| &cell.blocks).collect();
                    each(&Item { at, counts: !blocks.is_empty(), blocks });
                }
            }
            Block::Quote { blocks, .. } => each_item(blocks, each),
            Block::Paragraph { at, .. } => each(&Item { at: *at, blocks: vec![block], counts: false }),
            Block::Heading { .. } | Block::Code { .. } | Block::Rule { .. } | Block::Raw { .. } => {}
        }
    }
}

/// Each code span in blocks.
pub(super) fn for_each_span(blocks: &Blocks, each: &mut dyn FnMut(At, &str)) {
    for block in blocks {
        spans_of_block(block, each);
    }
}

fn spans_of_block(block: &Block, each: &mut dyn FnMut(At, &str)) {
    match block {
        Block::Paragraph { text, .. } | Block::Heading { text, .. } => spans_of_text(text, each),
        Block::List { items, .. } => items.iter().for_each(|item| for_each_span(&item.blocks, each)),
        Block::Table { header, rows, .. } => {
            let cells = header.iter().chain(rows.iter().flatten());
            cells.for_each(|cell| for_each_span(&cell.blocks, each));
        }
        Block::Quote { blocks, .. } => for_each_span(blocks, each),
        Block::Code { .. } | Block::Rule { .. } | Block::Raw { .. } => {}
    }
}

fn spans_of_text(text: &[Inline], each: &mut dyn FnMut(At, &str)) {
    for run in text {
        match run {
            Inline::Code { at, text } => each(*at, text),
            Inline::Strong(text) | Inline::Emphasis(text) | Inline::Link { text, .. } => {
                spans_of_text(text, each);
            }
            // What is struck through is not said any more.
            Inline::Strike(_)
            | Inline::Text(_)
            | Inline::Image { .. }
            | Inline::Break(_)
            | Inline::Raw { .. } => {}
        }
    }
}
