use casebook_ticket::{Found, Source, Standard, formats};

use super::*;
use StepKind::{Baseline, Check, Fault as Broken, Proof, Recovery, Undo};

const PRE_CONDITIONS: &str =
    "## Pre-Conditions\n\n- `use $server $broker`\n- `http GET $server/health` `status 200`\n";

/// The kinds of the steps of a ticket with these statements, one step each, with what is expected behind `->`.
fn kinds_of(statements: &[&str]) -> Vec<StepKind> {
    let plan = plan_of(statements, "");
    let kinds: Vec<_> = plan.steps.iter().map(|step| step.kind).collect();
    assert_eq!(kinds[..2], [Baseline, Baseline], "the pre-conditions");
    kinds[2..].to_vec()
}

fn plan_of(statements: &[&str], assertions: &str) -> Plan {
    let rows = statements.iter().enumerate();
    let rows = rows.map(|(number, row)| {
        let (statement, expected) = row.split_once(" -> ").unwrap_or((row, ""));
        let expected = if expected.is_empty() { "Done".to_owned() } else { format!("`{expected}`") };
        format!("| {} | Do | `{statement}` | {expected} |\n", number + 1)
    });
    let text = format!(
        "---\nkey: LAB-1\nsummary: What steps are for\n---\n\n{PRE_CONDITIONS}\n## Test Steps\n\n\
         | # | Action | Data | Expected Result |\n|---|---|---|---|\n{}\n\
         ## Assertions\n\n{assertions}\n\n## Post-Conditions\n\n- `http GET $server/health` `status 200`\n",
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
    let ticket = ticket.expect("a ticket");
    let checked = language::check(&ticket);
    claims(&ticket, checked)
}

#[test]
fn before_a_fault_all_is_baseline_and_what_shows_it_is_proof() {
    let health = "http GET $server/health";
    assert_eq!(
        kinds_of(&[
            health,
            "kill $broker",
            "process state $broker -> down",
            health,
            "process state $broker -> down",
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
            "process state $broker as t -> down",
            "$t -> down",
            "process state $broker -> down",
            "undo all"
        ]),
        [Broken, Check, Proof, Check, Check, Undo, Recovery]
    );
    assert_eq!(
        kinds_of(&["kill $broker", "process state $broker as t -> down", "$t -> down", health, "undo all"]),
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

#[test]
fn only_what_shows_a_fault_is_proof() {
    let health = "http GET $server/health -> status 503";
    assert_eq!(
        kinds_of(&[
            "freeze $broker",
            "tcp $broker from $server as t",
            health,
            "$t -> refused timeout",
            "undo all"
        ]),
        [Broken, Check, Check, Proof, Undo, Recovery],
        "a look of which nothing is said shows nothing"
    );
    assert_eq!(
        kinds_of(&[
            "freeze $broker",
            "process state $broker -> down",
            "process state $server -> up",
            "undo all"
        ]),
        [Broken, Proof, Check, Undo, Recovery],
        "nor does one at something else"
    );
}

#[test]
fn as_long_as_anything_is_broken_nothing_has_recovered() {
    let health = "http GET $server/health -> status 503";
    assert_eq!(
        kinds_of(&["kill $broker", "freeze $server", "undo step 2", health, "undo step 1", health]),
        [Broken, Broken, Undo, Check, Undo, Recovery, Recovery]
    );
}

#[test]
fn what_follows_an_undo_shows_no_command_that_is_still_in_force() {
    let look = "shell \"kubectl get quota none\" read-only -> exit = 0";
    let fault = "shell \"kubectl create quota none\" undo \"kubectl delete quota none\"";
    assert_eq!(
        kinds_of(&["kill $broker", fault, look, "undo step 1", look, "undo step 2"]),
        [Broken, Broken, Proof, Undo, Check, Undo, Recovery]
    );
}

#[test]
fn what_is_said_later_of_the_baseline_is_baseline() {
    let rows = [
        "http GET $server/work as base",
        "freeze $broker",
        "process state $broker -> down",
        "http GET $server/work as answer -> status 503",
        "$base -> status 200",
        "$base -> json $.id != $answer.json.id",
        "undo step 2",
    ];
    assert_eq!(kinds_of(&rows), [Baseline, Broken, Proof, Check, Baseline, Check, Undo, Recovery]);
    let plan =
        plan_of(&rows, "- `step 1: status 200`\n- `step 1: json $.id != $answer.json.id`\n- `step 3: down`");
    let kinds: Vec<_> = plan.assertions.iter().map(|assertion| assertion.kind).collect();
    assert_eq!(kinds, [Baseline, Check, Proof]);
}

#[test]
fn what_shows_a_fault_is_looked_at_before_it() {
    let plan =
        plan_of(&["kill $broker", "wait until process state $broker down within 5s -> down", "undo all"], "");
    let looks: Vec<_> = plan.steps.iter().flat_map(|step| &step.before).collect();
    let [Look { statement, symptoms }] = &looks[..] else { panic!("{looks:?}") };
    assert_eq!(statement.to_string(), "process state $broker");
    assert_eq!(symptoms.iter().map(ToString::to_string).collect::<Vec<_>>(), ["down", "down"]);
    assert_eq!(plan.steps[2].before.len(), 1, "of the step that breaks it");
    let twice = plan_of(&["freeze $broker", "kill $broker", "process state $broker -> down", "undo all"], "");
    let looks: Vec<_> = twice.steps.iter().map(|step| step.before.len()).collect();
    assert_eq!(looks, [0, 0, 1, 0, 0, 0, 0], "what is broken already looks so");
}
