//! Steps that are not enough: the author's, with the standard's marks for what they lack.

use casebook_ticket::markup::{self, Block, Blocks, plain_blocks};
use casebook_ticket::steps::{self, Encoding, Step};
use casebook_ticket::{Field, Section, Ticket, gherkin};

use crate::audit::{FEWEST_STEPS, is_filler};

/// What came of steps.
pub(super) enum Outcome {
    /// There are none that could be added to, only prose.
    NoSteps,
    /// They lack nothing that could be added.
    Whole,
    /// The section's new body, and whether each word of the old one is in it.
    Added(Blocks, bool),
}

/// Whether a ticket's steps are Gherkin. They stay as they are: a table in their place is no test that Cucumber runs.
pub(super) fn are_gherkin(ticket: &Ticket) -> bool {
    ticket.section(&Field::TestSteps).is_some_and(|section| gherkin::read(&section.body).is_some())
}

/// Adds what steps lack: an expectation, data where most have some, and the standard's later steps when they are too few.
pub(super) fn add(ticket: &Ticket, model: &Blocks) -> Outcome {
    let Some(Section { body, .. }) = ticket.section(&Field::TestSteps) else { return Outcome::NoSteps };
    let found = steps::paired(steps::read(body), ticket);
    let models = steps::read(model).steps;
    let Some(typical) = models.get(1).cloned() else { return Outcome::NoSteps };
    if found.steps.is_empty() || found.encoding == Encoding::None {
        return Outcome::NoSteps;
    }
    let mut all = found.steps.clone();
    if all.len() < FEWEST_STEPS {
        let further = models.into_iter().skip(all.len());
        all.extend(further.map(|model| Step { number: None, ..model }));
    }
    let without_data = all.iter().filter(|step| step.data.is_empty()).count();
    let data_is_missed = without_data * 2 <= all.len();
    for step in &mut all {
        if says_nothing(&step.expected) {
            step.expected.clone_from(&typical.expected);
        }
        if data_is_missed && says_nothing(&step.data) {
            step.data.clone_from(&typical.data);
        }
    }
    if all == found.steps {
        return Outcome::Whole;
    }
    number(&mut all);
    let table = table(&all);
    let is_table = |block: &Block| matches!(block, Block::Table { .. });
    let mut tables = body.iter().enumerate().filter(|(_, block)| is_table(block));
    let new = match (found.encoding, tables.next(), tables.next()) {
        // What stands around the table explains it.
        (Encoding::Table | Encoding::TableWithoutData, Some((place, _)), None) => {
            let mut new = body.clone();
            new[place] = table;
            new
        }
        _ => vec![table],
    };
    let is_kept = has_all_words(&new, body);
    Outcome::Added(new, is_kept)
}

/// The canonical table; without a column for data where no step has any, for its cells would all be empty.
fn table(all: &[Step]) -> Block {
    const DATA: usize = 2;
    let mut table = steps::write(all);
    if let Block::Table { header, rows, .. } = &mut table
        && all.iter().all(|step| step.data.is_empty())
    {
        for row in std::iter::once(header).chain(rows) {
            row.remove(DATA);
        }
    }
    table
}

/// Numbers those that have none, after the ones before them.
fn number(steps: &mut [Step]) {
    let mut before = 0;
    for step in steps {
        let own = step.number.as_deref().map(|number| number.trim_end_matches(['.', ')']).parse());
        before = match own {
            Some(Ok(number)) => number,
            _ => before + 1,
        };
        step.number.get_or_insert_with(|| before.to_string());
    }
}

/// Whether a cell is empty, or holds filler.
fn says_nothing(cell: &Blocks) -> bool {
    is_filler(&plain_blocks(cell))
}

/// Whether each word is there that says something.
fn has_all_words(new: &Blocks, old: &Blocks) -> bool {
    let (new, old) = (plain_blocks(new), plain_blocks(old));
    // A number in a table has no full stop behind it.
    let bare = |word| str::trim_matches(word, |end: char| !end.is_alphanumeric());
    let wanted = old.split_whitespace().map(bare).filter(|word| !is_filler(word));
    markup::has_all_words(new.split_whitespace().map(bare), wanted)
}
