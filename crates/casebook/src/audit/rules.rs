//! What is looked for, one file for each group of rules.

mod assertions;
mod attachments;
mod automation;
mod bases;
mod bindings;
mod contradictions;
mod data;
mod disruption;
mod hosts;
mod presence;
mod related;
mod secrets;
mod status;
mod steps;
mod supports;
mod tables;
mod unfinished;

use casebook_ticket::language::Checked;
pub(crate) use steps::FEWEST_STEPS;

use super::Finding;
use super::case::Case;
pub use related::Named;

/// All findings of a ticket by itself, in no order, and the issues that it names.
pub(super) fn findings(case: &Case<'_>, checked: &Checked) -> (Vec<Finding>, Vec<Named>) {
    let mut findings = Vec::new();
    presence::look(case, &mut findings);
    bases::look(case, &mut findings);
    automation::look(case, &mut findings);
    supports::look(case, &mut findings);
    steps::look(case, &mut findings);
    tables::look(case, &mut findings);
    data::look(case, &mut findings);
    assertions::look(case, &mut findings);
    disruption::look(case, &mut findings);
    contradictions::look(case, &mut findings);
    attachments::look(case, &mut findings);
    let named = related::look(case, &mut findings);
    unfinished::look(case, &mut findings);
    secrets::look(case, &mut findings);
    hosts::look(case, &mut findings);
    bindings::look(checked, &mut findings);
    (findings, named)
}
