//! The same ticket in every dialect.

use super::*;

/// What all of them say.
const SAID: &str = "\
key: SK-41
summary: Broker outage is refused at once
priority: High
labels: server, resilience
objective: A live view must fail fast.
pre_conditions: The server is up. · The broker is away.
test_steps: Ask for a live view / view 1 / 503 // Read the log / tail / one warning
expected_result: Nothing is launched.
post_conditions: The broker is back.
";

const TABLE: &str = "| # | Action | Data | Expected Result |
|---|---|---|---|
| 1 | Ask for a live view | view 1 | 503 |
| 2 | Read the log | tail | one warning |";

fn is_read(name: &str, text: &str) {
    let text = text.replace("TABLE", TABLE);
    let told = told(&text);
    let sections = told.strip_prefix("== ticket at 1:1\n").unwrap_or(&told);
    // Headings over groups of fields are kept, and say nothing of the fields.
    let is_group = |line: &&str| line.starts_with('[') && line.ends_with("]:");
    let said: String = sections.split_inclusive('\n').filter(|line| !is_group(&line.trim_end())).collect();
    assert_eq!(said, SAID, "{name}");
}

#[test]
fn markdown_headings() {
    is_read(
        "plain",
        "# SK-41 Broker outage is refused at once\n\n## Priority\nHigh\n\n## Labels\nserver, resilience\n\n## Objective\nA live view must fail fast.\n\n## Pre-Conditions\n- The server is up.\n- The broker is away.\n\n## Test Steps\n\nTABLE\n\n## Expected Result\nNothing is launched.\n\n## Post-Conditions\nThe broker is back.\n",
    );
    is_read(
        "numbered, with emoji and bold, rules between",
        "# 🧪 SK-41: Broker outage is refused at once\n\n---\n\n## 1. **Priority**\nHigh\n\n---\n\n## 2. 🏷️ Components/Labels\nserver, resilience\n\n---\n\n## 3. 🎯 **Objective** ⚠️\nA live view must fail fast.\n\n## 4) Pre-Conditions:\n- The server is up.\n- The broker is away.\n\n## 5. Test Steps (detailed)\n\nTABLE\n\n## ✅ 6. EXPECTED RESULT\nNothing is launched.\n\n---\n\n## 7. Cleanup\nThe broker is back.\n\n---\n",
    );
    is_read(
        "grouped",
        "# SK-41 – Broker outage is refused at once\n\n## Basic details\n\n### Priority\nHigh\n### Components\nserver, resilience\n\n## The test\n\n### Goal\nA live view must fail fast.\n### Prerequisites\n- The server is up.\n- The broker is away.\n### Steps\nTABLE\n### Expected Results\nNothing is launched.\n### Teardown\nThe broker is back.\n",
    );
    is_read(
        "in Hebrew",
        "# SK-41 Broker outage is refused at once\n\n## עדיפות\nHigh\n\n## תוויות\nserver, resilience\n\n## מטרה\nA live view must fail fast.\n\n## תנאים מקדימים\n- The server is up.\n- The broker is away.\n\n## צעדי בדיקה\n\n| מס' | פעולה | נתונים | תוצאה צפויה |\n|---|---|---|---|\n| 1 | Ask for a live view | view 1 | 503 |\n| 2 | Read the log | tail | one warning |\n\n## תוצאה צפויה\nNothing is launched.\n\n## ניקיון\nThe broker is back.\n",
    );
}

#[test]
fn bold_keys() {
    is_read(
        "with values",
        "**Test ID:** SK-41\n**Summary:** Broker outage is refused at once\n**Priority:** High\n**Labels:** server, resilience\n\n**Objective:** A live view must fail fast.\n\n**Pre-Conditions:**\n- The server is up.\n- The broker is away.\n\n**Test Steps:**\n1. Action: Ask for a live view | Data: view 1 | Expected: 503\n2. Action: Read the log | Data: tail | Expected: one warning\n\n**Expected Result:** Nothing is launched.\n\n**Post-Conditions:** The broker is back.\n",
    );
    is_read(
        "as headings, without colons, step parts in bold",
        "**SK-41 Broker outage is refused at once**\n\n**Priority**\nHigh\n\n**Labels**\nserver, resilience\n\n**Objective**\n\nA live view must fail fast.\n\n**Pre-Conditions**\n\n- The server is up.\n- The broker is away.\n\n**Test Steps**\n\n**Step 1:** Ask for a live view\n**Data:** view 1\n**Expected Result:** 503\n\n**Step 2:** Read the log\n**Data:** tail\n**Expected Result:** one warning\n\n**Expected Result**\n\nNothing is launched.\n\n**Post-Conditions**\n\nThe broker is back.\n",
    );
    is_read(
        "below Description",
        "# SK-41 Broker outage is refused at once\n\n**Priority**: High\n**Components**: server, resilience\n\n## Description\n\n**Objective:** A live view must fail fast.\n\n**Preconditions:**\n* The server is up.\n* The broker is away.\n\n**Steps:**\n\nTABLE\n\n**Expected Result:** Nothing is launched.\n\n**Cleanup:** The broker is back.\n",
    );
}

#[test]
fn bullets() {
    is_read(
        "plain",
        "- Key: SK-41\n- Summary: Broker outage is refused at once\n- Priority: High\n- Labels: server, resilience\n- Objective: A live view must fail fast.\n- Pre-Conditions:\n  - The server is up.\n  - The broker is away.\n- Test Steps:\n  1. Ask for a live view\n     - Data: view 1\n     - Expected: 503\n  2. Read the log\n     - Data: tail\n     - Expected: one warning\n- Expected Result: Nothing is launched.\n- Post-Conditions: The broker is back.\n",
    );
    is_read(
        "with ticks and groups",
        "# SK-41 Broker outage is refused at once\n\n## Basic fields\n- ✅ **Priority**: High\n- ✅ **Components/Labels**: server, resilience\n\n## Content\n- ✅ **Objective**: A live view must fail fast.\n- ✅ **Pre-Conditions**:\n  - The server is up.\n  - The broker is away.\n- ✅ **Steps**:\n\nTABLE\n\n- ✅ **Expected Result**: Nothing is launched.\n- ✅ **Post-Conditions**: The broker is back.\n",
    );
}

#[test]
fn bare_lines() {
    is_read(
        "with empty lines",
        "SK-41 Broker outage is refused at once\n\nPriority\n\nHigh\n\nLabels\n\nserver, resilience\n\nObjective\n\nA live view must fail fast.\n\nPre-Conditions\n\n- The server is up.\n- The broker is away.\n\nTest Steps\n\n#\n\nAction\n\nData\n\nExpected Result\n\n1\n\nAsk for a live view\n\nview 1\n\n503\n\n2\n\nRead the log\n\ntail\n\none warning\n\nExpected Result\n\nNothing is launched.\n\nPost-Conditions\n\nThe broker is back.\n",
    );
    is_read(
        "without, so that lists swallow what follows",
        "SK-41 Broker outage is refused at once\nPriority\nHigh\nLabels\nserver, resilience\nObjective\nA live view must fail fast.\nPre-Conditions\n- The server is up.\n- The broker is away.\nTest Steps\n1) Action: Ask for a live view | Data: view 1 | Expected: 503\n2) Action: Read the log | Data: tail | Expected: one warning\nExpected Result\nNothing is launched.\nPost-Conditions\nThe broker is back.\n",
    );
}

#[test]
fn key_lines() {
    is_read(
        "values on the same and on the next lines",
        "Test ID: SK-41\nSummary: Broker outage is refused at once\nPriority: High\nLabels: server, resilience\n\nObjective:\nA live view must fail fast.\n\nPre-Conditions:\n- The server is up.\n- The broker is away.\nTest Steps:\na. Action: Ask for a live view | Data: view 1 | Expected: 503\nb. Action: Read the log | Data: tail | Expected: one warning\n\nExpected Result:\nNothing is launched.\n\nCleanup: The broker is back.\n",
    );
    is_read(
        "parts of steps are keys too",
        "Test ID: SK-41\nTitle: Broker outage is refused at once\nPriority: High\nLabels: server, resilience\nGoal: A live view must fail fast.\nPrerequisites:\n- The server is up.\n- The broker is away.\n\nSteps:\nAction: Ask for a live view\nData: view 1\nExpected: 503\n\nAction: Read the log\nData: tail\nExpected: one warning\n\nExpected Result: Nothing is launched.\nTeardown: The broker is back.\n",
    );
    is_read(
        "in Hebrew",
        "מזהה: SK-41\nתקציר: Broker outage is refused at once\nעדיפות: High\nתוויות: server, resilience\nמטרה: A live view must fail fast.\n\nתנאי קדם:\n- The server is up.\n- The broker is away.\n\nצעדים:\n1) פעולה: Ask for a live view | נתונים: view 1 | תוצאה צפויה: 503\n2) פעולה: Read the log | נתונים: tail | תוצאה צפויה: one warning\n\nתוצאה צפויה: Nothing is launched.\nתנאי סיום: The broker is back.\n",
    );
}

#[test]
fn tables_of_fields() {
    is_read(
        "Field and Value",
        "# SK-41 Broker outage is refused at once\n\n| Field | Value |\n|---|---|\n| Priority | High |\n| **Labels** | server, resilience |\n| Objective | A live view must fail fast. |\n| Pre-Conditions | The server is up.<br>The broker is away. |\n\n## Test Steps\n\nTABLE\n\n## Expected Result\nNothing is launched.\n\n## Post-Conditions\nThe broker is back.\n",
    );
    is_read(
        "in Hebrew, without a title row",
        "# SK-41 Broker outage is refused at once\n\n| עדיפות | High |\n|---|---|\n| תוויות | server, resilience |\n| מטרה | A live view must fail fast. |\n| תנאים מקדימים | The server is up.<br>The broker is away. |\n\n## צעדים\n\nTABLE\n\n## תוצאה צפויה\nNothing is launched.\n\n## ניקוי\nThe broker is back.\n",
    );
}

#[test]
fn gherkin_gives_name_conditions_and_steps() {
    let text = "Test ID: SK-41\nPriority: High\n\nScenario: Broker outage is refused at once\n  Given The server is up.\n  And The broker is away.\n  When Ask for a live view\n  Then 503\n  When Read the log\n  Then one warning\n  And nothing is launched\n\nPost-Conditions: The broker is back.\n";
    let expected = "== ticket at 1:1\nkey: SK-41\npriority: High\ntest_steps: Ask for a live view / / 503 // Read the log / / one warning ¶ nothing is launched\npost_conditions: The broker is back.\nsummary: Broker outage is refused at once\npre_conditions: The server is up. · The broker is away.\n";
    assert_eq!(told(text), expected);
    let fenced =
        format!("# SK-41\n\n## Steps\n\n```gherkin\n{}\n```\n", "Scenario: S\n  Given x\n  When y\n  Then z");
    assert_eq!(
        told(&fenced),
        "== ticket at 1:1\nkey: SK-41\ntest_steps: y / / z\nsummary: S\npre_conditions: x\n"
    );
}

#[test]
fn lines_of_gherkin_stay_as_far_apart_as_they_were() {
    let text = "## Steps\n\nGiven a\n\n\nWhen b\nThen c\n";
    let blocks = markdown::read(text, &Lines::new(text));
    let found = tickets(blocks, &Standard::built_in(), Origin::default());
    let Found::Ticket(ticket) = &found[0] else { panic!("{found:?}") };
    assert_eq!(ticket.text(&Field::TestSteps).as_deref(), Some("Given a\n\n\nWhen b\nThen c"));
}

#[test]
fn cells_of_tables_below_gherkin_keep_their_bars() {
    let text = "## Steps\n\nWhen a\n\n| x |\n|---|\n| p\\|q |\n\nThen c\n";
    assert_eq!(told(text), "== ticket at 1:1\ntest_steps: a / x · p|q / c\n");
}

#[test]
fn a_flattened_table_ends_where_a_heading_is_marked() {
    let text = "Test ID: SK-41\n\n**Steps**\n\nAction\nData\nExpected Result\nSend\nx\n503\nRead\ny\none\n\n**Cleanup**\n\nNone\n\nNothing\n";
    let steps = "test_steps: Send / x / 503 // Read / y / one";
    assert_eq!(
        told(text),
        format!("== ticket at 1:1\nkey: SK-41\n{steps}\npost_conditions: None ¶ Nothing\n")
    );
}

/// A ticket with steps, as it is told.
fn with_steps(steps: &str, rest: &str) -> String {
    format!("== ticket at 1:1\nkey: SK-41\ntest_steps: {steps}\n{rest}")
}

#[test]
fn what_stands_below_a_number_is_its_steps_when_each_has_it() {
    let each = "Test ID: SK-41\n\nSteps:\n1. Open\nExpected: a page\n2. Look\nExpected Result: a view\n3. Close\nExpected: nothing\nPost-Conditions: none\n";
    let steps = "Open / / a page // Look / / a view // Close / / nothing";
    assert_eq!(told(each), with_steps(steps, "post_conditions: none\n"));
    let apart = each.replace('\n', "\n\n");
    assert_eq!(told(&apart), with_steps(steps, "post_conditions: none\n"));
    // What follows the last step alone is the whole test's, and numbers that begin anew are no steps.
    let one = "Test ID: SK-41\n\nSteps:\n1. Open\n2. Look\nExpected Result:\n1. a page\n2. a view\n";
    assert_eq!(told(one), with_steps("Open / /  // Look / /", "expected_result: a page · a view\n"));
}

#[test]
fn lettered_steps_and_titles_have_their_parts_below_them() {
    let steps = "Open / x / a page // Look / y / a view";
    for text in [
        "Steps:\na. Open\nData: x\nExpected: a page\nb. Look\nData: y\nExpected: a view\n",
        "Steps:\nStep 1\nAction: Open\nData: x\nExpected: a page\nStep 2\nAction: Look\nData: y\nExpected: a view\n",
        "Steps:\n\nStep 1\n\nAction: Open\n\nData: x\n\nExpected: a page\n\nStep 2\n\nAction: Look\n\nData: y\n\nExpected: a view\n",
    ] {
        assert_eq!(told(&format!("Test ID: SK-41\n\n{text}")), with_steps(steps, ""), "{text}");
    }
}

#[test]
fn a_step_that_has_said_all_on_its_line_takes_no_more() {
    let text = "Test ID: SK-41\n\nSteps:\n1) Action: Open | Data: x | Expected: a page\n2) Action: Look | Data: y | Expected: a view\nExpected Result: all is well\nTest Data: user dana\n";
    let rest = "expected_result: all is well\ntest_data: user dana\n";
    assert_eq!(told(text), with_steps("Open / x / a page // Look / y / a view", rest));
}

#[test]
fn what_other_documents_name_ends_a_section_of_the_same_kind() {
    let text = "**Test ID:** SK-41\n**Post-Conditions:** none\n**Risk:** low\n**Objective:** see\n";
    assert_eq!(
        told(text),
        "== ticket at 1:1\nkey: SK-41\npost_conditions: none\n[Risk]: low\nobjective: see\n"
    );
    let bug = "Summary: Login page is blank\nSeverity: Major\nSteps to Reproduce:\n1. Open\n2. Look\nActual Result: blank page\nExpected Result: login form\n";
    assert!(told(bug).starts_with("== no test at 1:1: Bug"), "{}", told(bug));
    let epic =
        "Epic: Login redesign\nGoal: faster login\nUser stories:\n- one\nAcceptance Criteria:\n- two\n";
    assert!(told(epic).starts_with("== no test at 1:1: Epic"), "{}", told(epic));
}

#[test]
fn a_heading_with_a_fields_name_is_that_field_wherever_it_stands() {
    let text =
        "# SK-41 Outage\n\n## Objective\n\nsee\n\n### Pre-Conditions\n\n- up\n\n## Test Steps\n\n1. Look\n";
    assert_eq!(
        told(text),
        "== ticket at 1:1\nkey: SK-41\nsummary: Outage\nobjective: see\npre_conditions: up\ntest_steps: Look / /\n"
    );
}

#[test]
fn wiki_markup() {
    let dialects = [
        "h1. SK-41 Broker outage is refused at once\n\nh2. Priority\nHigh\n\nh2. Labels\nserver, resilience\n\nh2. Objective\nA live view must fail fast.\n\nh2. Pre-Conditions\n* The server is up.\n* The broker is away.\n\nh2. Test Steps\n||#||Action||Data||Expected Result||\n|1|Ask for a live view|view 1|503|\n|2|Read the log|tail|one warning|\n\nh2. Expected Result\nNothing is launched.\n\nh2. Post-Conditions\nThe broker is back.\n",
        "*Test ID:* SK-41\n*Summary:* Broker outage is refused at once\n*Priority:* High\n*Labels:* server, resilience\n\n*Objective:* A live view must fail fast.\n\n*Pre-Conditions:*\n* The server is up.\n* The broker is away.\n\n*Test Steps:*\n# Ask for a live view\n#* Data: view 1\n#* Expected: 503\n# Read the log\n#* Data: tail\n#* Expected: one warning\n\n*Expected Result:* Nothing is launched.\n\n*Post-Conditions:* The broker is back.\n",
        "SK-41 Broker outage is refused at once\n\n||Field||Value||\n|Priority|High|\n|Labels|server, resilience|\n|Objective|A live view must fail fast.|\n\nPre-Conditions\n- The server is up.\n- The broker is away.\n\nTest Steps\n1) Action: Ask for a live view | Data: view 1 | Expected: 503\n2) Action: Read the log | Data: tail | Expected: one warning\n\nExpected Result\nNothing is launched.\n\nCleanup: The broker is back.\n",
    ];
    for text in dialects {
        let blocks = wiki::read(text, &Lines::new(text));
        let origin = Origin { at: At::new(1, 1), ..Origin::default() };
        let told: String = tickets(blocks, &Standard::built_in(), origin).iter().map(tell).collect();
        assert_eq!(told, format!("== ticket at 1:1\n{SAID}"), "{text}");
    }
}

#[test]
fn steps_in_a_table_need_no_heading() {
    let titled = "# SK-41\n\nWhat it is about.\n\nTABLE\n\nAnd so on.\n\n## Cleanup\n\nNone\n";
    let steps = "test_steps: Ask for a live view / view 1 / 503 // Read the log / tail / one warning\n";
    assert_eq!(
        told(&titled.replace("TABLE", TABLE)),
        format!(
            "== ticket at 1:1\nkey: SK-41\ndescription: What it is about. ¶ And so on.\n{steps}post_conditions: None\n"
        )
    );
    let fields = "| Field | Value |\n|---|---|\n| Key | SK-41 |\n| Priority | High |\n\nTABLE\n";
    assert_eq!(
        told(&fields.replace("TABLE", TABLE)),
        format!("== ticket at 1:1\nkey: SK-41\npriority: High\n{steps}")
    );
    let named = "# SK-41\n\n## Walkthrough\n\nTABLE\n".replace("TABLE", TABLE);
    assert_eq!(told(&named), format!("== ticket at 1:1\nkey: SK-41\n[Walkthrough]:\n{steps}"));
    // Where there are steps, another table is what it stands under; and not every table is one of steps.
    for text in [
        "# SK-41\n\nTABLE\n\n## Steps\n\n1. Do it\n",
        "# SK-41\n\n| # | Description | Result |\n|---|---|---|\n| 1 | Login | PASS |\n",
        "# SK-41\n\n| Title | Steps | Expected Result |\n|---|---|---|\n| Login | 1. Log in | In |\n",
    ] {
        let told = told(&text.replace("TABLE", TABLE));
        assert!(told.contains("description: ") && !told.contains("test_steps: Ask"), "{told}");
    }
}

#[test]
fn a_test_case_by_name_is_its_summary() {
    let rest = "test_steps: Do it / /\n";
    for (text, fields) in [
        ("Test Case: Broker outage\nTest Case ID: SK-41\n", "summary: Broker outage\nkey: SK-41\n"),
        ("**Test ID:** SK-41\n**Test Scenario:** Broker outage\n", "key: SK-41\nsummary: Broker outage\n"),
        ("- Test Case: Broker outage\n- Priority: High\n", "summary: Broker outage\npriority: High\n"),
        (
            "# SK-41 Outage\n\nPriority: High\nTest Case: one\n",
            "key: SK-41\nsummary: Outage\npriority: High\n[Test Case]: one\n",
        ),
        ("Test Case: SK-41 Outage\n", "key: SK-41\nsummary: Outage\n"),
    ] {
        let told = told(&format!("{text}\nSteps:\n1. Do it\n"));
        assert_eq!(told, format!("== ticket at 1:1\n{fields}{rest}"), "{text}");
    }
}

#[test]
fn common_headings_are_known() {
    for heading in [
        "Test Case Steps",
        "Steps to execute",
        "Test Execution Steps",
        "Test steps & expected results",
        "Steps / Expected results",
        "Test Flow",
        "Test Scenario",
        "Instructions",
        "Teststeps",
        "צעדים לביצוע",
        "שלבים לביצוע",
        "מהלך הבדיקה",
    ] {
        let told = told(&format!("# SK-41\n\n## {heading}\n\n1. Do it\n"));
        assert_eq!(told, "== ticket at 1:1\nkey: SK-41\ntest_steps: Do it / /\n", "{heading}");
    }
    let lines = "Test ID: SK-41\nAssumptions: up\nEnv: lab\nSteps:\n1. Do it\nVerification: done\n2. Look\nVerification: seen\nRollback: none\n";
    assert_eq!(
        told(lines),
        "== ticket at 1:1\nkey: SK-41\npre_conditions: up\ntest_configuration: lab\ntest_steps: Do it / / done // Look / / seen\npost_conditions: none\n"
    );
}
