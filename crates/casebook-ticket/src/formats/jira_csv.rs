//! Tickets as Jira exports them as CSV: a row for each, and several columns of one name where a field has several
//! values. Text is in wiki markup.

use super::columns::{self, Column};
use super::issue::{self, Draft, Parts, PlacesFor};
use super::table::{Cell, Row, Table};
use super::{File, WriteError};
use crate::message::message;
use crate::{Field, Format, Found, Lines, NoTest, Origin, ReadError, Standard, Ticket};

/// The columns of one line each.
const COLUMNS: [(&str, Field); 9] = [
    ("Summary", Field::Summary),
    ("Issue key", Field::Key),
    ("Status", Field::Status),
    ("Priority", Field::Priority),
    ("Reporter", Field::Reporter),
    ("Assignee", Field::Assignee),
    ("Created", Field::Created),
    ("Updated", Field::Updated),
    ("Custom field (Test Type)", Field::TestType),
];

const PLACES: PlacesFor = PlacesFor {
    lines: &[
        Field::Summary,
        Field::Key,
        Field::Status,
        Field::Priority,
        Field::Reporter,
        Field::Assignee,
        Field::Created,
        Field::Updated,
        Field::TestType,
    ],
    has_steps: false,
    kept: issue::kept_by_wiki,
};

pub(crate) fn read_each(
    file: File<'_>,
    standard: &Standard,
    each: &mut dyn FnMut(Found),
) -> Result<(), ReadError> {
    let lines = Lines::new(file.text);
    let (mut table, header) = Table::new(file, &lines)?;
    let columns: Vec<_> = header.cells.iter().map(|cell| Column::of(&cell.text, standard)).collect();
    let is_known =
        |column: &Column| matches!(column, Column::Line(Field::Key | Field::Summary) | Column::Description);
    if !columns.iter().any(is_known) {
        return Err(file.error(header.at, message!(no_jira_csv)));
    }
    while let Some(row) = table.next()? {
        each(ticket(file, &columns, &row, standard));
    }
    Ok(())
}

fn ticket(file: File<'_>, columns: &[Column], row: &Row<'_>, standard: &Standard) -> Found {
    let place = Some(format!("row {}", row.number));
    let origin = Origin { file: file.name.to_owned(), format: Format::JiraCsv, at: row.at, place };
    let mut draft = Draft::new(standard, origin);
    let mut issue_type: Option<&Cell<'_>> = None;
    for (column, cell) in columns.iter().zip(&row.cells) {
        if *column == Column::Kind {
            issue_type = Some(cell);
        }
        columns::add(column, cell, &mut draft);
    }
    match issue_type.and_then(|cell| Some((&cell.text, issue::kind(&cell.text)?))) {
        Some((name, kind)) => {
            let reason = message!(issue_type, name = name.trim());
            Found::NoTest(NoTest { at: row.at, title: draft.title(), kind, reason })
        }
        None => Found::Ticket(Box::new(draft.finish())),
    }
}

/// Writes an export.
pub(crate) fn write(tickets: &[Ticket], standard: &Standard) -> Result<String, WriteError> {
    let all: Vec<_> = tickets.iter().map(|ticket| Parts::of(ticket, PLACES, standard)).collect();
    let labels = all.iter().map(|parts| parts.labels.len()).max().unwrap_or_default();
    let mut rows = vec![];
    let header = COLUMNS.iter().map(|(name, _)| *name).chain(["Issue Type"]);
    rows.push(
        header
            .chain(std::iter::repeat_n("Labels", labels))
            .chain(["Description"])
            .map(str::to_owned)
            .collect(),
    );
    for (parts, ticket) in all.iter().zip(tickets) {
        if parts.line(&Field::Summary).is_none() {
            return Err(issue::no_summary(Format::JiraCsv, ticket));
        }
        let mut row: Vec<_> =
            COLUMNS.iter().map(|(_, field)| parts.line(field).unwrap_or_default().to_owned()).collect();
        row.push("Test".to_owned());
        row.extend(
            (0..labels).map(|number| parts.labels.get(number).copied().unwrap_or_default().to_owned()),
        );
        row.push(issue::wiki(&parts.description));
        rows.push(row);
    }
    Ok(columns::csv(&rows))
}

#[cfg(test)]
mod tests;
