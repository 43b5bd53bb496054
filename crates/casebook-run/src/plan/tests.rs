use casebook_ticket::{Found, Source, Standard, formats};

use super::*;
use StepKind::{Baseline, Check, Fault as Broken, Proof, Recovery, Undo};

const PRE_CONDITIONS: &str =
    "## Pre-Conditions\n\n- `use $server $broker`\n- `http GET $server/health` `status 200`\n";

/// The kinds of the steps of a ticket with these statements, one step each.
fn kinds_of(statements: &[&str]) -> Vec<StepKind> {
    let rows = statements.iter().enumerate();
    let rows = rows.map(|(number, statement)| format!("| {} | Do | `{statement}` | Done |\n", number + 1));
    let text = format!(
        "---\nkey: LAB-1\nsummary: What steps are for\n---\n\n{PRE_CONDITIONS}\n## Test Steps\n\n\
         | # | Action | Data | Expected Result |\n|---|---|---|---|\n{}\n\
         ## Post-Conditions\n\n- `http GET $server/health` `status 200`\n",
        rows.collect::<String>()
    );
    let mut ticket = None;
    let source = Source { name: "LAB-1.md", bytes: text.as_bytes(), format: None };
    formats::read_each(source, &Standard::built_in(), &mut |found| {
        if let Found::Ticket(found) = found {
            ticket = Some(*found);
        }
    })
    .unwrap();
    let checked = language::check(&ticket.expect("a ticket"));
    let kinds = kinds(&checked.steps);
    assert_eq!(kinds[..2], [Baseline, Baseline], "the pre-conditions");
    kinds[2..].to_vec()
}

#[test]
fn before_a_fault_all_is_baseline_and_what_shows_it_is_proof() {
    let health = "http GET $server/health";
    assert_eq!(
        kinds_of(&[
            health,
            "kill $broker",
            "process state $broker",
            health,
            "process state $broker",
            "undo step 2",
            health
        ]),
        [Baseline, Broken, Proof, Check, Check, Undo, Recovery, Recovery]
    );
}

#[test]
fn what_shows_a_fault_may_stand_behind_a_request_once_and_be_looked_at_by_its_name() {
    let health = "http GET $server/health";
    assert_eq!(
        kinds_of(&[
            "kill $broker",
            health,
            "process state $broker as t",
            "$t",
            "process state $broker",
            "undo all"
        ]),
        [Broken, Check, Proof, Check, Check, Undo, Recovery]
    );
    assert_eq!(
        kinds_of(&["kill $broker", "process state $broker as t", "$t", health, "undo all"]),
        [Broken, Proof, Proof, Check, Undo, Recovery]
    );
}

#[test]
fn a_ticket_that_breaks_nothing_has_a_baseline_too() {
    let health = "http GET $server/health";
    assert_eq!(kinds_of(&[health, health]), [Check, Check, Check], "but its steps are what is tested");
}

#[test]
fn any_look_can_show_what_a_command_of_the_ticket_changed() {
    let look = "wait until shell \"kubectl get quota none\" read-only exit = 0 within 5s";
    let fault = "shell \"kubectl create quota none\" undo \"kubectl delete quota none\"";
    let health = "http GET $server/health";
    assert_eq!(
        kinds_of(&[fault, look, health, look, "undo all"]),
        [Broken, Proof, Check, Check, Undo, Recovery]
    );
    assert_eq!(
        kinds_of(&["kill $broker", look, "undo all"]),
        [Broken, Check, Undo, Recovery],
        "of others it says nothing"
    );
}
