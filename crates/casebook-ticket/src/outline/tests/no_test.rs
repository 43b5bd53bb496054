//! What is refused, and what must not be.

use super::*;

fn kind(text: &str) -> Option<NoTestKind> {
    match &found(text)[..] {
        [Found::NoTest(no_test)] => {
            assert!(!no_test.reason.to_string().is_empty());
            Some(no_test.kind)
        }
        [Found::Ticket(_)] => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn documents_that_are_no_tests_are_refused() {
    for (expected, text) in [
        (NoTestKind::Empty, ""),
        (NoTestKind::Empty, "\n\n---\n\n"),
        (
            NoTestKind::Epic,
            "# Epic: Resilience\n\n## Goal\n\nThe server survives.\n\n## Acceptance Criteria\n\n- It does.\n\n## Stories\n\n- SK-1\n",
        ),
        (
            NoTestKind::Epic,
            "# SK-100 Outages\n\n**Issue Type:** Epic\n**Priority:** High\n\n## Objective\n\nThe server survives.\n",
        ),
        (
            NoTestKind::Epic,
            "# SK-7 Refuse at once\n\nAs an operator, I want a clear error, so that I can act.\n\n## Acceptance Criteria\n\n- 503\n\n## Story Points\n\n3\n",
        ),
        (
            NoTestKind::Bug,
            "# SK-9 The server hangs\n\n## Steps to Reproduce\n\n1. Stop the broker\n2. Ask\n\n## Expected Result\n\n503\n\n## Actual Result\n\nNothing for a minute.\n\n## Severity\n\nMajor\n",
        ),
        (
            NoTestKind::Bug,
            "# Bug report\n\n**Describe the bug**\nA clear description.\n\n**To Reproduce**\n1. Go to\n\n**Expected behavior**\nWhat you expected.\n\n**Screenshots**\nIf you have some.\n",
        ),
        (NoTestKind::Bug, "# באג: השרת נתקע\n\n## צעדים לשחזור\n\n1. עוצרים\n\n## תוצאה בפועל\n\nכלום\n"),
        (
            NoTestKind::Guide,
            "# How to import tests\n\n## Prerequisites\n\nAn account.\n\n## Installation\n\nRun it.\n\n## Usage\n\nOpen it.\n",
        ),
        (NoTestKind::Guide, "# widgets\n\nA library.\n\n## Installation\n\n`get it`\n\n## License\n\nMIT\n"),
        (
            NoTestKind::Guide,
            "# Sync meeting, May 3\n\nAttendees: all\n\n## Agenda\n\n- SK-1\n\n## Action Items\n\n- Dana: write tests\n",
        ),
        (
            NoTestKind::Guide,
            "# Test Plan for release 4.2\n\n## Objective\n\nCover it.\n\n## Scope\n\nCoupons.\n\n## Entry criteria\n\nDeployed.\n",
        ),
        (
            NoTestKind::Guide,
            "# Test Strategy\n\n## Automation\n\npytest\n\n## Test Environments\n\nStaging\n",
        ),
        (
            NoTestKind::Guide,
            "# Test Results 2024-03-04\n\n| Test | Result |\n|---|---|\n| SK-1 | PASS |\n\nEnvironment: lab\n",
        ),
        (
            NoTestKind::Guide,
            "# Runbook: the broker is down\n\n## Symptoms\n\n503\n\n## Steps\n\n1. Look at it\n2. Restart it\n\n## Rollback\n\nNone\n",
        ),
        (NoTestKind::Guide, "# Traceability matrix\n\n## Requirements\n\n| R-1 | SK-1 |\n|---|---|\n"),
        (
            NoTestKind::Guide,
            "# How to write test cases\n\n## Summary\n\nOne line.\n\n## Pre-conditions\n\nWhat must hold.\n\n## Test Steps\n\n| # | Action | Data | Expected Result |\n|---|---|---|---|\n| 1 | Log in | user | In |\n\n## Expected Result\n\nWhat is seen.\n",
        ),
        (
            NoTestKind::Template,
            "# Xray Test Template\n\nPriority: High | Medium | Low\nTest Type: Manual / Automated\n\n## Objective\nDescribe what the test verifies.\n\n## Test Steps\n1. Describe the first step\n2. Describe the second step\n\n## Expected Result\nDescribe the expected result.\n",
        ),
        (NoTestKind::Guide, "Dear all, the office is closed on Sunday."),
        (
            NoTestKind::Template,
            "# Test Case Template\n\n**Key:** {PROJECT-123}\n**Priority:** TBD\n\n## Objective\n\n<what is tested>\n\n## Test Steps\n\n| # | Action | Data | Expected Result |\n|---|---|---|---|\n| 1 | | | |\n| 2 | ... | ... | ... |\n",
        ),
        (NoTestKind::Template, "## Summary\n\n## Pre-Conditions\n\n## Test Steps\n\n## Expected Result\n"),
        (NoTestKind::Guide, "# Notes\n\nUse this:\n\n```\n## Test Steps\n1. ...\n## Expected Result\n```\n"),
    ] {
        assert_eq!(kind(text), Some(expected), "{text}");
    }
}

#[test]
fn a_sparse_ticket_is_a_ticket() {
    for text in [
        "# SK-1 The broker is away",
        "SK-1 The broker is away\n",
        "Test ID: SK-1",
        "# Login works\n\n## Steps\n\n1. Log in\n",
        "Summary: Login\nPriority: Low\nLabels: web\n",
        "Expected Result: it works",
        "1. Log in\n\nExpected Result:\nIn.\n",
        "## Steps to Reproduce\n\n1. Log in\n\n## Expected Result\n\nIn.\n",
        "# SK-1 Bug tracker can be reached\n\n## Test Type\nIntegration\n\n## Steps\n1. Open it\n\n## Expected Result\nIt opens.\n",
        "# SK-2 Verify that the installation guide is right\n\n## Pre-Conditions\nA clean machine\n\n## Steps\n1. Follow it\n",
        "# Test plan upload works\n\n## Steps\n\n1. Upload it\n\n## Expected Result\n\nIt is there.\n",
        "# Test plan of a guest is shown\n\n## Steps\n\n1. Open it\n",
        "# Download test report\n\n## Steps\n\n1. Press it\n",
        "# Runbook page opens\n\n## Steps\n\n1. Open it\n\n## Rollback\n\nNone\n",
        "# Runbook: the page opens\n\n## Steps\n\n1. Open it\n\n## Expected Result\n\nIt opens.\n",
        "# Test case\n\n## Steps\n\n1. Describe the picture in the box\n2. Press Enter\n\n## Expected Result\n\nIt is kept.\n",
        "# How-to page opens\n\n## Steps\n\n1. Open it\n\n## Expected Result\n\nIt opens.\n",
        "# SK-4 Login\n\n## Steps\n\n1. Log in\n\n## Entry Criteria\n\nA user\n\n## Scope\n\nWeb\n",
        "Scenario: login\n  When I log in\n  Then I am in\n",
        "# SK-3 T\n\n## Objective\n\nTBD\n\n## Test Steps\n\nTBD\n",
        "# טסט כניסה\n\n## צעדים\n\n1. נכנסים\n",
    ] {
        assert_eq!(kind(text), None, "{text}");
    }
}

#[test]
fn the_reason_names_what_it_was_told_by() {
    assert_eq!(
        told("# SK-9 Hangs\n\n## Steps to Reproduce\n\n1. Ask\n\n## Actual Result\n\nNothing.\n"),
        "== no test at 1:1: Bug: \"SK-9 Hangs\": it has the heading \"Steps to Reproduce\"\n"
    );
}
