//! What is a heading where.

use super::*;

fn is_read(text: &str, sections: &str) {
    let told = told(text);
    let told = told.strip_prefix("== ticket at 1:1\n").unwrap_or(&told);
    assert_eq!(told, sections.trim_start(), "{text}");
}

#[test]
fn what_is_written_in_a_weaker_way_stays_inside() {
    is_read(
        "# SK-1 T\n\n## Test Configuration\n\n- Environment: staging\n- Priority: of the queue 5\n- Status: shared\n\nData: none\n\n**Monitoring:** on\n\n## Objective\n\nText.\n\n### Business Impact\n\nMoney.\n\n### Data\n\nSome.\n\n## Weather\n\nSunny.\n- Priority: no\n\n## Attachments\n\n## Requirements\nR-1\n",
        "
key: SK-1
summary: T
test_configuration: Environment: staging · Priority: of the queue 5 · Status: shared ¶ Data: none ¶ Monitoring: on
objective: Text. ¶ Business Impact ¶ Money. ¶ Data ¶ Some.
[Weather]: Sunny. ¶ Priority: no
attachments:
requirements: R-1
",
    );
    is_read(
        "*Key:* SK-1\n\n**Objective:** Text.\n\n**Test Configuration:**\nEnvironment: staging\nData: none\n- Priority: 5\n\n**Steps:**\n1. Data: sent\n2. Wait\n",
        "
description: Key: SK-1
objective: Text.
test_configuration: Environment: staging · Data: none ¶ Priority: 5
test_steps: / sent / // Wait / /
",
    );
}

#[test]
fn a_known_word_in_a_sentence_cell_fence_or_step_is_no_heading() {
    is_read(
        "# SK-1 T\n\nObjective: Recovery, and then\nData\nare compared with the priority.\n\nThe long sentence of this paragraph goes on about some\nContext\nand it is over.\n\nSteps:\n1. Data: sent | Expected: 503\n2. Expected Result: as before\n3. Check the status: it must be up\n\n```\nPriority: Low\n## Test Data\n```\n\n| Priority | Test Data | More |\n|---|---|---|\n| Status | Context | x |\n\nExpected Result:\nSee https://example.com/status: it is\nNote: Priority is not\n",
        "
key: SK-1
summary: T
objective: Recovery, and then · Data · are compared with the priority. ¶ The long sentence of this paragraph goes on about some · Context · and it is over.
test_steps: / sent / 503 ¶ as before // Check the status: it must be up / Priority: Low · ## Test Data ¶ Priority	Test Data	More · Status	Context	x /
expected_result: See https://example.com/status: it is · Note: Priority is not
",
    );
}

#[test]
fn what_the_whole_test_has_once_is_no_part_of_a_section() {
    is_read(
        "# SK-1 T\n\n## Objective\n\nText.\n\n**Priority:** High\n**Labels:** a, b\n\nMore.\n\n## Requirements\n\nR-1\n",
        "
key: SK-1
summary: T
objective: Text. ¶ More.
priority: High
labels: a, b
requirements: R-1
",
    );
    // Twice, it is of what the sections tell.
    is_read(
        "# SK-1 T\n\n## Objective\n\n**Priority:** High\n\n## Test Configuration\n\n**Priority:** of the queue\n",
        "
key: SK-1
summary: T
objective: Priority: High
test_configuration: Priority: of the queue
",
    );
}

#[test]
fn sloppy_levels_are_forgiven() {
    is_read(
        "# Objective\n\nText.\n\n### Test Steps\n\n1. Do it\n\n## Expected Result\n\nDone.\n\n### Cleanup\n\nNone.\n",
        "
objective: Text.
test_steps: Do it / /
expected_result: Done.
post_conditions: None.
",
    );
    is_read(
        "# SK-1 T\n\n## Test Steps\n\n### Step 1: Go\n\n**Expected Result:** gone\n\n### Step 2: Come\n\n**Expected Result:** here\n\n## Expected Result\n\nAll is well.\n",
        "
key: SK-1
summary: T
test_steps: Go / / gone // Come / / here
expected_result: All is well.
",
    );
}

#[test]
fn short_fields_end_with_their_line() {
    is_read(
        "# SK-1 T\n\n**Priority:** High\n**Team:** Rangers\n**Labels:** a, b\n\nWhat the test does is told here.\n\n## Steps\n1. Do it\n",
        "
key: SK-1
summary: T
priority: High
[Team]: Rangers
labels: a, b
description: What the test does is told here.
test_steps: Do it / /
",
    );
}

#[test]
fn one_field_under_two_headings_is_joined_and_nothing_is_lost() {
    is_read(
        "# SK-1 T\n\n## Acceptance Criteria\n\nFast.\n\n## Steps\n\n1. Do it\n\n## Expected Result\n\nIt is 503.\n",
        "
key: SK-1
summary: T
expected_result: Fast. ¶ It is 503.
test_steps: Do it / /
",
    );
}

#[test]
fn a_heading_over_others_is_kept() {
    is_read(
        "# SK-1 T\n\n## Only in the blue lab\n\n### Pre-Conditions\n\n- up\n\n## Description\n\n### Test Steps\n\n1. Do it\n",
        "
key: SK-1
summary: T
[Only in the blue lab]:
pre_conditions: up
test_steps: Do it / /
",
    );
}

#[test]
fn a_section_knows_where_it_stands() {
    let text = "# SK-1 T\n\nPriority: High\n\n- Labels: a\n\n## Objective\n\nText.";
    let [Found::Ticket(ticket)] = &found(text)[..] else { panic!("one ticket") };
    let places: Vec<_> = ticket.sections.iter().map(|section| format!("{:?}", section.at)).collect();
    assert_eq!(places, ["1:1", "1:1", "3:1", "5:3", "7:1"]);
}

#[test]
fn the_canonical_form_is_read_by_its_headings_alone() {
    let text = "Before.\n\n## Objective\n\n**Priority:** no\n\n### Test Steps\n\nStatus: no\n\n## Weather\n\nTest Data\n";
    let blocks = markdown::read(text, &Lines::new(text));
    assert_eq!(
        told_sections(&canonical(blocks, &Standard::built_in())),
        "[]: Before.\nobjective: Priority: no ¶ Test Steps ¶ Status: no\n[Weather]: Test Data\n"
    );
}

#[test]
fn a_known_tickets_description_has_no_title() {
    let text = "Tells what it does.\n\n*Objective:*\n\nText.\n\nSteps\n\n- Do it\n";
    let blocks = markdown::read(text, &Lines::new(text));
    assert_eq!(
        told_sections(&sections(blocks, At::new(1, 1), &Standard::built_in())),
        "[]: Tells what it does. ¶ Objective: ¶ Text.\ntest_steps: Do it / /\n"
    );
}
