//! What the columns of a CSV mean, by their names in Jira's exports and in what is made for Xray's importer.

use super::issue::{self, Draft};
use super::table::Cell;
use crate::json::Json;
use crate::markup::{Block, Blocks, Inline};
use crate::{Field, SourceMap, Standard, wiki};

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// What tells which rows are one test.
    Id,
    /// The issue's type.
    Kind,
    /// A field of plain words.
    Line(Field),
    Labels,
    Description,
    /// A file: `date;user;name;url`, or a name alone.
    Attachment,
    /// Keys of other issues.
    Keys(Field),
    /// All steps, in JSON.
    Steps,
    /// What is run instead of steps, in a language.
    Definition(Field, Option<&'static str>),
    /// A field of structured text.
    Section(Field),
    Action,
    Data,
    Expected,
    /// A field that the standard does not know.
    Custom(String),
    /// What a test case does not have.
    Other,
}

/// Columns of Jira's export that say nothing of the test itself, but of the issue that holds it.
const LET_GO: &[&str] = &[
    "",
    "affects version/s",
    "affects versions",
    "assignee id",
    "comment",
    "comments",
    "creator",
    "creator id",
    "due date",
    "fix version/s",
    "fix versions",
    "folder",
    "image",
    "images",
    "issue id",
    "last viewed",
    "linked issues",
    "log work",
    "original estimate",
    "parent",
    "parent id",
    "parent key",
    "parent summary",
    "progress",
    "project description",
    "project key",
    "project lead",
    "project lead id",
    "project name",
    "project type",
    "project url",
    "remaining estimate",
    "reporter id",
    "resolution",
    "resolved",
    "security level",
    "sprint",
    "status category",
    "status category changed",
    "sub-tasks",
    "test plan",
    "test plans",
    "test repository folder",
    "test repository path",
    "test set",
    "test sets",
    "time spent",
    "votes",
    "watchers",
    "watchers id",
    "work ratio",
    "σ original estimate",
    "σ progress",
    "σ remaining estimate",
    "σ time spent",
];

impl Column {
    /// The meaning of a column of Jira's export.
    pub(super) fn of(header: &str, standard: &Standard) -> Self {
        let header = header.trim();
        let name = inside(header, "Custom field").unwrap_or(header);
        match name.to_lowercase().as_str() {
            "issue type" => return Self::Kind,
            "labels" | "label" | "components" | "component" | "component/s" => return Self::Labels,
            "description" => return Self::Description,
            "attachment" | "attachments" => return Self::Attachment,
            "manual test steps" => return Self::Steps,
            "pre-conditions association with a test" | "tests association with a pre-condition" => {
                return Self::Keys(Field::PreConditions);
            }
            _ => {}
        }
        if let Some(kind) = inside(header, "Outward issue link") {
            return Self::Keys(issue::link_field(kind, true));
        }
        if inside(header, "Inward issue link").is_some() {
            return Self::Keys(Field::RelatedIssues);
        }
        if let Some((field, language)) = issue::definition(name) {
            return Self::Definition(field, language);
        }
        match standard.field_of(name) {
            Some(field) if standard.rule(field).is_some_and(|rule| rule.front_matter) => {
                Self::Line(field.clone())
            }
            Some(field) => Self::Section(field.clone()),
            None if LET_GO.contains(&name.trim().to_lowercase().as_str()) => Self::Other,
            None => Self::Custom(name.trim().to_owned()),
        }
    }

    /// The meaning of a column that is made for Xray's importer.
    pub(super) fn of_xray(header: &str, standard: &Standard) -> Self {
        match header.trim().to_lowercase().as_str() {
            "tcid" | "issue id" | "test id" | "test case id" | "test case identifier" | "id" => Self::Id,
            "test summary" | "test case summary" | "name" => Self::Line(Field::Summary),
            "test priority" => Self::Line(Field::Priority),
            "action" | "step" | "step action" | "test step" => Self::Action,
            "data" | "test data" | "step data" => Self::Data,
            "result" | "expected result" | "step result" | "expected results" | "step expected result" => {
                Self::Expected
            }
            "precondition" | "preconditions" | "pre-condition" | "pre-conditions" => {
                Self::Section(Field::PreConditions)
            }
            "links" | "link \"tests\"" => Self::Keys(Field::Requirements),
            _ => Self::of(header, standard),
        }
    }
}

impl Column {
    /// The field that it holds, if it is one of the ticket as a whole.
    pub(super) fn field(&self) -> Option<&Field> {
        match self {
            Self::Line(field) | Self::Keys(field) | Self::Definition(field, _) | Self::Section(field) => {
                Some(field)
            }
            Self::Labels => Some(&Field::Labels),
            Self::Description => Some(&Field::Description),
            Self::Attachment => Some(&Field::Attachments),
            Self::Steps => Some(&Field::TestSteps),
            _ => None,
        }
    }
}

/// What stands in brackets behind some words.
fn inside<'h>(header: &'h str, words: &str) -> Option<&'h str> {
    let start = header.get(..words.len())?;
    let rest = header[words.len()..].trim_start();
    start.eq_ignore_ascii_case(words).then(|| rest.strip_prefix('(')?.strip_suffix(')')).flatten()
}

/// Adds what stands in a cell.
pub(super) fn add(column: &Column, cell: &Cell<'_>, draft: &mut Draft<'_>) {
    let text = cell.text.trim_matches([' ', '\t', '\n']);
    if text.is_empty() {
        return;
    }
    let at = cell.at();
    match column {
        Column::Line(field) => draft.line(field.clone(), at, text),
        Column::Labels => {
            let labels =
                text.split([';', ',']).map(|label| (at, vec![Inline::Text(label.trim().to_owned())]));
            draft.list(Field::Labels, at, labels.collect());
        }
        Column::Description => draft.describe(blocks(cell), at),
        Column::Attachment => {
            let name = if text.matches(';').count() >= 3 { text.split(';').nth(2) } else { Some(text) };
            let name = Inline::Text(name.unwrap_or_default().to_owned());
            draft.list(Field::Attachments, at, vec![(at, vec![name])]);
        }
        Column::Keys(field) => {
            let keys = text.split([';', ',']).map(str::trim).filter(|key| !key.is_empty());
            draft.list(field.clone(), at, keys.map(|key| (at, issue::title(key, None))).collect());
        }
        Column::Steps => {
            let places = cell.places();
            let json = Json::new("", &cell.text, &places);
            let table = json.value().ok().filter(|node| issue::steps_in(node).is_some());
            let table = table.and_then(|node| issue::steps(&json, &node));
            draft.add(Field::TestSteps, at, table.map_or_else(|| blocks(cell), |table| vec![table]));
        }
        Column::Definition(field, language) => {
            let language = language.map(str::to_owned);
            let text = cell.text.to_string();
            let code = Block::Code { at: SourceMap::of(&text, &cell.places(), 0), language, text };
            draft.add(field.clone(), at, vec![code]);
        }
        Column::Section(field) => draft.add(field.clone(), at, blocks(cell)),
        Column::Custom(name) if issue::are_words(text) => draft.other(name, at, blocks(cell)),
        Column::Id
        | Column::Kind
        | Column::Action
        | Column::Data
        | Column::Expected
        | Column::Custom(_)
        | Column::Other => {}
    }
}

/// The wiki markup in a cell.
pub(super) fn blocks(cell: &Cell<'_>) -> Blocks {
    wiki::read(&cell.text, &cell.places())
}

/// Rows as CSV.
pub(super) fn csv(rows: &[Vec<String>]) -> String {
    let mut out = String::new();
    for row in rows {
        for (number, cell) in row.iter().enumerate() {
            if number > 0 {
                out.push(',');
            }
            if cell.contains([',', ';', '"', '\n', '\r', '\t'])
                || cell.starts_with(' ')
                || cell.ends_with(' ')
            {
                out.extend(["\"", &cell.replace('"', "\"\""), "\""]);
            } else {
                out.push_str(cell);
            }
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_a_spreadsheet_would_lose_or_take_apart_is_quoted() {
        let cells = ["a b", " a", "a ", "a;b", "a\"b", "a\nb", ""].map(str::to_owned);
        assert_eq!(super::csv(&[cells.to_vec()]), "a b,\" a\",\"a \",\"a;b\",\"a\"\"b\",\"a\nb\",\n");
    }
}
