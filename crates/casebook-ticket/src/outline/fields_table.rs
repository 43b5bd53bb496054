//! Tables with a field in each row: its name in the first column, its value in the second.

use crate::markup::{Cell, plain_blocks};
use crate::{Name, Standard};

const NAMES: [&str; 7] = ["field", "property", "attribute", "parameter", "name", "שדה", "מאפיין"];
const VALUES: [&str; 7] = ["value", "content", "contents", "details", "description", "ערך", "תוכן"];

/// The rows of such a table: name, the name's cell, value. None when it is another table.
pub(super) fn rows(
    header: &[Cell],
    rows: &[Vec<Cell>],
    standard: &Standard,
) -> Option<Vec<(Name, Cell, Cell)>> {
    if header.len() > 2 || rows.iter().any(|row| row.len() != 2 && !row.is_empty()) {
        return None;
    }
    let titled = is(header.first(), &NAMES) && is(header.get(1), &VALUES);
    let mut fields = Vec::new();
    let mut known = 0;
    let header = if titled { &[] } else { header };
    for row in std::iter::once(header).chain(rows.iter().map(Vec::as_slice)) {
        let [key, value] = row else { continue };
        let words = plain_blocks(&key.blocks);
        let words = words.trim().trim_end_matches([':', '：']);
        let field = standard.field_of(words).cloned();
        known += usize::from(field.is_some());
        fields.push((
            field.map_or_else(|| Name::Other(words.to_owned()), Name::Field),
            key.clone(),
            value.clone(),
        ));
    }
    fields.retain(|(name, ..)| *name != Name::Other(String::new()));
    let enough = if titled { known >= 1 } else { known >= 2 && known * 2 >= fields.len() };
    enough.then_some(fields)
}

fn is(cell: Option<&Cell>, words: &[&str]) -> bool {
    let text = cell.map(|cell| plain_blocks(&cell.blocks).trim().to_lowercase());
    text.is_some_and(|text| words.contains(&text.as_str()))
}
