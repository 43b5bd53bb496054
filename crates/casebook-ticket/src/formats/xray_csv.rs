//! Tests as Xray's Test Case Importer takes them: a row for each step; rows with the same id are one test, and what
//! the first of them says is not said again. Text is in wiki markup.

use std::collections::HashSet;

use super::columns::{self, Column};
use super::issue::{self, Draft, Parts, PlacesFor};
use super::table::{Cell, Row, Table};
use super::{File, WriteError};
use crate::markup::Blocks;
use crate::message::message;
use crate::steps::{self, Step};
use crate::{At, Field, Format, Found, Lines, Origin, ReadError, Standard, Ticket, outline};

const HEADER: [&str; 12] = [
    "Issue ID",
    "Issue key",
    "Test Type",
    "Summary",
    "Priority",
    "Labels",
    "Description",
    "Action",
    "Data",
    "Result",
    "Gherkin Definition",
    "Unstructured Definition",
];

const PLACES: PlacesFor = PlacesFor {
    lines: &[Field::Key, Field::Summary, Field::Priority, Field::TestType],
    has_steps: true,
    kept: issue::kept_by_wiki,
};

pub(crate) fn read_each(
    file: File<'_>,
    standard: &Standard,
    each: &mut dyn FnMut(Found),
) -> Result<(), ReadError> {
    let lines = Lines::new(file.text);
    let (mut table, header) = Table::new(file, &lines)?;
    let columns: Vec<_> = header.cells.iter().map(|cell| Column::of_xray(&cell.text, standard)).collect();
    let columns = with_whole_steps(columns);
    if !columns.contains(&Column::Line(Field::Summary)) {
        return Err(file.error(header.at, message!(no_xray_csv)));
    }
    let mut test: Option<Test<'_>> = None;
    while let Some(row) = table.next()? {
        let id = id(&columns, &row);
        if let Some(test) = test.as_mut().filter(|test| test.goes_on(id.as_deref(), &columns, &row)) {
            test.add(&columns, &row);
            continue;
        }
        if let Some(test) = test.take() {
            each(test.finish());
        }
        let place = Some(format!("row {}", row.number));
        let origin = Origin { file: file.name.to_owned(), format: Format::XrayCsv, at: row.at, place };
        let draft = Draft::new(standard, origin);
        test.insert(Test { id, id_at: row.at, draft, steps: Vec::new() }).add(&columns, &row);
    }
    if let Some(test) = test {
        each(test.finish());
    }
    Ok(())
}

/// Where one column holds all steps, those beside it hold what belongs to the whole test.
fn with_whole_steps(mut columns: Vec<Column>) -> Vec<Column> {
    if columns.contains(&Column::Section(Field::TestSteps)) && !columns.contains(&Column::Action) {
        for column in &mut columns {
            match column {
                Column::Expected => *column = Column::Section(Field::ExpectedResult),
                Column::Data => *column = Column::Section(Field::TestData),
                _ => {}
            }
        }
    }
    columns
}

/// The rows of one test, so far.
struct Test<'s> {
    id: Option<String>,
    id_at: At,
    draft: Draft<'s>,
    steps: Vec<Step>,
}

fn id(columns: &[Column], row: &Row<'_>) -> Option<String> {
    let id = columns.iter().position(|column| *column == Column::Id)?;
    row.cells.get(id).map(|cell| cell.text.trim().to_owned()).filter(|id| !id.is_empty())
}

impl Test<'_> {
    /// Whether a row is of this test: it has the same id, or none and no summary.
    fn goes_on(&self, id: Option<&str>, columns: &[Column], row: &Row<'_>) -> bool {
        let summary = columns.iter().position(|column| *column == Column::Line(Field::Summary));
        let has_summary =
            summary.and_then(|number| row.cells.get(number)).is_some_and(|cell| !cell.text.trim().is_empty());
        match id {
            Some(id) => self.id.as_deref() == Some(id),
            None => !has_summary,
        }
    }

    fn add(&mut self, columns: &[Column], row: &Row<'_>) {
        let had: HashSet<_> =
            columns.iter().filter_map(Column::field).filter(|field| self.draft.has(field)).cloned().collect();
        let mut step = Step {
            number: Some((self.steps.len() + 1).to_string()),
            at: row.at,
            action_at: row.at,
            data_at: row.at,
            expected_at: row.at,
            ..Step::default()
        };
        for (column, cell) in columns.iter().zip(&row.cells) {
            match column {
                Column::Action => (step.action, step.action_at) = content(cell),
                Column::Data => (step.data, step.data_at) = content(cell),
                Column::Expected => (step.expected, step.expected_at) = content(cell),
                Column::Custom(_) => columns::add(column, cell, &mut self.draft),
                // What later rows of a test repeat is the same.
                column => {
                    let is_new = column.field().is_some_and(|field| !had.contains(field));
                    if is_new {
                        columns::add(column, cell, &mut self.draft);
                    }
                }
            }
        }
        let is_empty = step.action.is_empty() && step.data.is_empty() && step.expected.is_empty();
        if !is_empty {
            self.steps.push(step);
        }
    }

    fn finish(mut self) -> Found {
        if !self.steps.is_empty() {
            self.draft.add(Field::TestSteps, self.steps[0].at, vec![steps::write(&self.steps)]);
        }
        if let Some(key) = self.id.filter(|id| outline::is_key(id) && !self.draft.has(&Field::Key)) {
            self.draft.line(Field::Key, self.id_at, &key);
        }
        Found::Ticket(Box::new(self.draft.finish()))
    }
}

fn content(cell: &Cell<'_>) -> (Blocks, At) {
    (columns::blocks(cell), cell.at())
}

/// Writes what the importer takes: commas between columns, semicolons between labels.
pub(crate) fn write(tickets: &[Ticket], standard: &Standard) -> Result<String, WriteError> {
    let mut rows = vec![HEADER.map(str::to_owned).to_vec()];
    for (number, ticket) in tickets.iter().enumerate() {
        let parts = Parts::of(ticket, PLACES, standard);
        if parts.line(&Field::Summary).is_none() {
            return Err(issue::no_summary(Format::XrayCsv, ticket));
        }
        let id = (number + 1).to_string();
        let test_type = parts.test_type();
        let line = |field: &Field| parts.line(field).unwrap_or_default().to_owned();
        let [gherkin, unstructured] = match parts.definition {
            Some((Field::TestSteps, text)) => [text, ""],
            Some((_, text)) => ["", text],
            None => ["", ""],
        };
        for number in 0..parts.steps.len().max(1) {
            let mut row = vec![String::new(); HEADER.len()];
            row[0].clone_from(&id);
            if number == 0 {
                row[1] = line(&Field::Key);
                test_type.clone_into(&mut row[2]);
                row[3] = line(&Field::Summary);
                row[4] = line(&Field::Priority);
                row[5] = parts.labels.join(";");
                row[6] = issue::wiki(&parts.description);
                gherkin.clone_into(&mut row[10]);
                unstructured.clone_into(&mut row[11]);
            }
            if let Some(step) = parts.steps.get(number) {
                row[7] = issue::wiki(&step.action);
                row[8] = issue::wiki(&step.data);
                row[9] = issue::wiki(&step.expected);
            }
            rows.push(row);
        }
    }
    Ok(columns::csv(&rows))
}

#[cfg(test)]
mod tests;
