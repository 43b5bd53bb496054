//! Several tickets in one document.

use super::*;

fn keys_and_places(text: &str) -> Vec<String> {
    let told = found(text).into_iter().map(|found| match found {
        Found::Ticket(ticket) => {
            let name = ticket.text(&Field::Key).or_else(|| ticket.text(&Field::Summary)).unwrap_or_default();
            let steps =
                ticket.section(&Field::TestSteps).map_or(0, |section| steps::read(&section.body).steps.len());
            format!("{name} at {:?} with {steps}", ticket.origin.at)
        }
        other => tell(&other).trim_end().to_owned(),
    });
    told.collect()
}

#[test]
fn titles_begin_tickets() {
    assert_eq!(
        keys_and_places(
            "# SK-1 One\n\n## Steps\n\n1. Do\n\n---\n\n# SK-2: Two\n\n## Objective\nText\n\n## Steps\n\n1. Do\n2. Wait\n"
        ),
        ["SK-1 at 1:1 with 1", "SK-2 at 9:1 with 2"]
    );
    assert_eq!(
        keys_and_places(
            "# All tests\n\nSome words before.\n\n## Ticket 1: One\n\n**Steps:**\n1. Do\n\n## Ticket 2: Two\n\n**Steps:**\n1. Do\n"
        ),
        [
            "== no test at 1:1: Guide: \"All tests\": it stands before the first of several tickets",
            "One at 5:1 with 1",
            "Two at 10:1 with 1"
        ]
    );
    assert_eq!(
        keys_and_places("**SK-1 One**\n\nSteps:\n1. Do\n\n**SK-2 Two**\n\nSteps:\n1. Do\n"),
        ["SK-1 at 1:1 with 1", "SK-2 at 6:1 with 1"]
    );
    assert_eq!(
        keys_and_places("# Login\n\n## Steps\n1. Do\n\n# Logout\n\n## Steps\n1. Do\n"),
        ["Login at 1:1 with 1", "Logout at 6:1 with 1"]
    );
    assert_eq!(
        keys_and_places(
            "# The cart\n\n## TC-1: Add\n\n### Steps\n1. Do\n\n## TC-2: Remove\n\n### Steps\n1. Do\n2. Look\n"
        ),
        ["TC-1 at 3:1 with 1", "TC-2 at 8:1 with 2"]
    );
    assert_eq!(
        keys_and_places("# TC104: Add\n\n## Steps\n1. Do\n\n# TC105: Remove\n\n## Steps\n1. Do\n"),
        ["TC104: Add at 1:1 with 1", "TC105: Remove at 6:1 with 1"]
    );
    assert_eq!(
        keys_and_places("# טסט 1: כניסה\n\n## צעדים\n1. Do\n\n# טסט 2: יציאה\n\n## צעדים\n1. Do\n"),
        ["כניסה at 1:1 with 1", "יציאה at 6:1 with 1"]
    );
}

#[test]
fn keys_begin_tickets_with_what_stands_above_them() {
    assert_eq!(
        keys_and_places(
            "Test ID: SK-1\nSummary: One\nSteps:\n1. Do\n\nTest ID: SK-2\nSummary: Two\nSteps:\n1. Do\n2. Do\n"
        ),
        ["SK-1 at 1:1 with 1", "SK-2 at 6:1 with 2"]
    );
    assert_eq!(
        keys_and_places(
            "## One\n\n**Test ID:** SK-1\n\n**Steps:**\n1. Do\n\n---\n\n## Two\n\n**Test ID:** SK-2\n\n**Steps:**\n1. Do\n"
        ),
        ["SK-1 at 1:1 with 1", "SK-2 at 8:1 with 1"]
    );
}

#[test]
fn rules_between_tickets_that_begin_alike() {
    assert_eq!(
        keys_and_places(
            "**Summary:** One\n\n**Steps:**\n1. Do\n\n---\n\n**Summary:** Two\n\n**Steps:**\n1. Do\n"
        ),
        ["One at 1:1 with 1", "Two at 8:1 with 1"]
    );
}

#[test]
fn rows_may_be_tickets() {
    let table = "| ID | Title | Owner | Steps | Expected Result |\n|---|---|---|---|---|\n| SK-1 | Login | Ann | 1. Open<br>2. Log in | In |\n| SK-2 | Logout | | 1. Log out | |\n";
    assert_eq!(
        keys_and_places(&format!("# Regression tests\n\n{table}")),
        ["SK-1 at 5:3 with 2", "SK-2 at 6:3 with 1"]
    );
    assert_eq!(
        told(table),
        "== ticket at 3:3\nkey: SK-1\nsummary: Login\nassignee: Ann\ntest_steps: Open / /  // Log in / /\nexpected_result: In\n\
         == ticket at 4:3\nkey: SK-2\nsummary: Logout\ntest_steps: Log out / /\n"
    );
    assert_eq!(
        keys_and_places(&format!("# Regression tests\n\n{table}\nRun them all.\n"))[0],
        "== no test at 8:1: Guide: \"Run them all.\": it stands beside a table with a test in each row"
    );
    // The table of one ticket, and one whose rows are no tests.
    for text in [
        format!("# SK-9 All logins\n\n{table}"),
        format!("# SK-9 All logins\n\n## Test Data\n\n{table}"),
        format!("# All logins\n\nKey: SK-9\n\n{table}"),
    ] {
        assert_eq!(keys_and_places(&text).len(), 1, "{text}");
    }
    let nameless = table.replace("| Login |", "| |");
    assert!(!told(&nameless).contains("ticket at 3"), "{}", told(&nameless));
}

#[test]
fn one_ticket_is_not_split() {
    for text in [
        "# SK-1 One\n\n## Objective\nText\n\n---\n\n## Steps\n1. Do\n\n---\n\n## Related Issues\n\n### SK-2 Two\n\nWhy.\n\n### SK-3 Three\n\nWhy.\n",
        "# SK-1 One\n\n**Steps:**\n1. Do\n\n**Related Issues:**\n- **SK-2**: Two\n- **SK-3**: Three\n",
        "# SK-1 One\n\n## Steps\n\n### Test 1: good\n1. Do\n\n### Test 2: bad\n\n**Expected Result:** none\n",
        "# SK-1 One\n\n## Test Steps\n1. Do\n\n## Test Data\n\n```markdown\n# SK-2 Two\n\n## Steps\n1. no\n```\n",
        "# SK-1 One\n\nPriority: High\n\n## Scenario A\n\n### Steps\n1. Do\n\n## Scenario B\n\n### Steps\n2. Do\n",
    ] {
        let tickets = keys_and_places(text);
        assert_eq!(tickets.len(), 1, "{tickets:#?}");
        assert!(tickets[0].starts_with("SK-1 at 1:1 with "), "{tickets:?}");
    }
}
