//! What columns of a step table, and labels in steps, are called.

use crate::markup::{Block, Cell, plain_blocks};

/// What a column or a part of a step holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    Number,
    Action,
    Data,
    Expected,
}

const NUMBERS: &[&str] = &[
    "#",
    "no",
    "no.",
    "nr",
    "number",
    "step #",
    "step no",
    "step no.",
    "step number",
    "מס",
    "מס'",
    "מספר",
    "מספר צעד",
];
const ACTIONS: &[&str] = &[
    "action",
    "actions",
    "step",
    "steps",
    "test step",
    "test steps",
    "step description",
    "step action",
    "description",
    "step details",
    "do",
    "when",
    "פעולה",
    "פעולות",
    "צעד",
    "צעדים",
    "שלב",
    "תיאור",
    "תיאור הצעד",
];
const DATA: &[&str] = &[
    "data",
    "test data",
    "input",
    "inputs",
    "input data",
    "step data",
    "payload",
    "parameters",
    "נתונים",
    "נתוני בדיקה",
    "נתוני טסט",
    "קלט",
    "דאטה",
];
const EXPECTED: &[&str] = &[
    "expected",
    "expected result",
    "expected results",
    "expected outcome",
    "expected outcomes",
    "expected behavior",
    "expected behaviour",
    "expectation",
    "expect",
    "result",
    "then",
    "verify",
    "verification",
    "validation",
    "תוצאה צפויה",
    "תוצאות צפויות",
    "תוצאה",
    "צפוי",
    "התנהגות צפויה",
];

impl Role {
    /// The role that words name, whatever marks are around them.
    pub(crate) fn of(words: &str) -> Option<Self> {
        // Longer words are none of these; most lines of a document end here.
        if words.len() > 60 {
            return None;
        }
        let words = words.split('(').next().unwrap_or("").to_lowercase();
        let marks = |character: char| character.is_whitespace() || "*_:：-–—".contains(character);
        let words = words.trim_matches(marks);
        if NUMBERS.contains(&words) {
            return Some(Self::Number);
        }
        let words = words.trim_matches(|character: char| !character.is_alphanumeric());
        let words = words.trim_start_matches(|character: char| !character.is_alphabetic());
        let roles = [(ACTIONS, Self::Action), (DATA, Self::Data), (EXPECTED, Self::Expected)];
        roles.into_iter().find(|(names, _)| names.contains(&words)).map(|(_, role)| role)
    }
}

/// Which column of a table holds what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) number: Option<usize>,
    pub(super) action: Option<usize>,
    pub(super) data: Option<usize>,
    pub(super) expected: Option<usize>,
}

impl Columns {
    /// The columns that a row of titles names. `Step | Description | Expected Result` is a number and an action.
    pub(super) fn of_titles<'a>(titles: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut columns = Self::default();
        for (index, title) in titles.enumerate() {
            match Role::of(title) {
                Some(Role::Number) if columns.number.is_none() => columns.number = Some(index),
                Some(Role::Action) if columns.action.is_none() => columns.action = Some(index),
                Some(Role::Action) if columns.number.is_none() => {
                    columns.number = columns.action;
                    columns.action = Some(index);
                }
                Some(Role::Data) if columns.data.is_none() => columns.data = Some(index),
                Some(Role::Expected) if columns.expected.is_none() => columns.expected = Some(index),
                _ => {}
            }
        }
        let named = [columns.number, columns.data, columns.expected].iter().flatten().count();
        (columns.action.is_some() && named > 0).then_some(columns)
    }

    /// The columns of a table without titles, by how many there are.
    pub(super) fn of_width(width: usize, numbered: bool) -> Option<Self> {
        let columns =
            |number, action, data, expected| Some(Self { number, action: Some(action), data, expected });
        match (width, numbered) {
            (4, true) => columns(Some(0), 1, Some(2), Some(3)),
            (3, true) => columns(Some(0), 1, None, Some(2)),
            (2, true) => columns(Some(0), 1, None, None),
            (3, false) => columns(None, 0, Some(1), Some(2)),
            (2, false) => columns(None, 0, None, Some(1)),
            _ => None,
        }
    }

    /// The columns that the cells of a title row name.
    pub(super) fn of_cells(row: &[Cell]) -> Option<Self> {
        if row.len() < 2 || row.iter().any(|cell| !matches!(&cell.blocks[..], [] | [Block::Paragraph { .. }]))
        {
            return None;
        }
        let titles: Vec<_> = row.iter().map(|cell| plain_blocks(&cell.blocks)).collect();
        Self::of_titles(titles.iter().map(String::as_str))
    }
}

/// Whether cells are the titles of steps and of nothing else: they name what is done and what is expected. *Result* alone
/// may as well be over what came of a run.
pub(crate) fn are_titles(row: &[Cell]) -> bool {
    let Some(columns) = Columns::of_cells(row) else { return false };
    let Some(expected) = columns.expected else { return false };
    let title = plain_blocks(&row[expected].blocks).to_lowercase();
    columns.data.is_some() || ["expect", "צפו"].iter().any(|word| title.contains(word))
}

/// Whether these are the titles of a table of steps.
pub(crate) fn names_columns<'a>(titles: impl Iterator<Item = &'a str>) -> bool {
    Columns::of_titles(titles).is_some()
}

/// Whether words are the title of a step: `Step 3`, `Step 3: open the page`, `צעד 3`.
pub(crate) fn is_step_title(words: &str) -> bool {
    step_title(words).is_some()
}

/// The number in a step's title, and the bytes that both take.
pub(crate) fn step_title(words: &str) -> Option<(&str, usize)> {
    let begin = words.find(char::is_alphabetic).filter(|begin| *begin < 16)?;
    let names = ["test step ", "step ", "step #", "צעד ", "שלב "];
    let name = names
        .iter()
        .find(|name| words[begin..].get(..name.len()).is_some_and(|head| head.to_lowercase() == **name))?;
    let begin = begin + name.len();
    let begin = begin + words[begin..].len() - words[begin..].trim_start_matches([' ', '#']).len();
    let digits = words[begin..].bytes().take_while(u8::is_ascii_digit).count();
    let end = begin + digits;
    let over = !words[end..].starts_with(char::is_alphanumeric);
    (digits > 0 && digits < 5 && over).then_some((&words[begin..end], end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_told_in_both_languages_and_any_order() {
        for (words, role) in [
            ("#", Role::Number),
            ("**Action**", Role::Action),
            ("Test Data:", Role::Data),
            ("2. Data", Role::Data),
            ("Expected Result (what must be seen)", Role::Expected),
            ("תוצאה צפויה", Role::Expected),
            ("פעולה", Role::Action),
        ] {
            assert_eq!(Role::of(words), Some(role), "{words}");
        }
        assert_eq!(Role::of("Database"), None);
        let columns =
            Columns::of_titles(["Expected Result", "נתונים", "Step", "Action"].into_iter()).unwrap();
        let expected = Columns { number: Some(2), action: Some(3), data: Some(1), expected: Some(0) };
        assert_eq!(columns, expected);
        assert_eq!(Columns::of_titles(["Field", "Value"].into_iter()), None);
    }

    #[test]
    fn titles_of_steps_have_a_number() {
        assert_eq!(step_title("Step 3: open"), Some(("3", 6)));
        assert_eq!(step_title("### STEP #12"), Some(("12", 12)));
        assert_eq!(step_title("צעד 2").map(|(number, _)| number), Some("2"));
        for words in ["Steps 3", "Step", "Step three", "Stepwise 3", "step 3rd", ""] {
            assert_eq!(step_title(words), None, "{words}");
        }
    }
}
