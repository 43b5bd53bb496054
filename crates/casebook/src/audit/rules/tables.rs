//! Cells that are empty or hold filler, in all tables but the steps'.

use casebook_ticket::Field;
use casebook_ticket::steps::Encoding;

use crate::audit::Finding;
use crate::audit::case::Case;
use crate::audit::words::{excerpt, is_filler};

pub(super) fn look(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let steps = case.number(&Field::TestSteps).filter(|_| case.encoding != Encoding::None);
    for (cell, text) in case.text.cells().filter(|(cell, _)| Some(cell.section) != steps) {
        if text.is_empty() {
            findings.push(case.finding_in("cell-empty", cell.section, cell.at));
        } else if is_filler(text) {
            findings.push(case.finding_in("filler-cell", cell.section, cell.at).with("text", excerpt(text)));
        }
    }
}

/// Whether a field has a cell that says nothing.
pub(super) fn has_blank_cell(case: &Case<'_>, field: &Field) -> bool {
    let section = case.number(field);
    case.text.cells().any(|(cell, text)| Some(cell.section) == section && is_filler(text))
}
