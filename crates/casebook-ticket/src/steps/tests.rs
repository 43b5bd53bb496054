use proptest::prelude::*;

use super::*;
use crate::markup::plain_blocks;
use crate::{Field, Lines, Name, Section, Ticket, arbitrary, markdown};

/// Steps as they are compared: number, action, data, expected result.
type Said = (String, String, String, String);

fn said(markdown_text: &str) -> (Encoding, Vec<Said>) {
    let blocks = markdown::read(markdown_text, &Lines::new(markdown_text));
    let found = read(&blocks);
    let steps = found.steps.iter().map(|step| {
        let [action, data, expected] =
            [&step.action, &step.data, &step.expected].map(|blocks| plain_blocks(blocks));
        (step.number.clone().unwrap_or_default(), action, data, expected)
    });
    (found.encoding, steps.collect())
}

fn step(number: &str, action: &str, data: &str, expected: &str) -> Said {
    (number.to_owned(), action.to_owned(), data.to_owned(), expected.to_owned())
}

/// The same two steps in every encoding that can say them.
const ENCODINGS: &[(&str, Encoding, &str)] = &[
    (
        "four columns",
        Encoding::Table,
        "| # | Action | Data | Expected Result |\n|---|---|---|---|\n| 1 | Send the request | `{\"a\": 1}` | 503 |\n| 2 | Read the log | tail | one warning |",
    ),
    (
        "columns in another order, by other names, in Hebrew",
        Encoding::Table,
        "| תוצאה צפויה | מס' | נתונים | פעולה |\n|---|---|---|---|\n| 503 | 1 | `{\"a\": 1}` | Send the request |\n| one warning | 2 | tail | Read the log |",
    ),
    (
        "columns that nobody asked for",
        Encoding::Table,
        "| Step | Test Step | Input | Expected | Actual |\n|---|---|---|---|---|\n| 1 | Send the request | `{\"a\": 1}` | 503 | |\n| 2 | Read the log | tail | one warning | |",
    ),
    (
        "inline",
        Encoding::Inline,
        "1) Action: Send the request | Data: {\"a\": 1} | Expected: 503\n2) Action: Read the log | Data: tail | Expected: one warning",
    ),
    (
        "inline, with marks and in Hebrew",
        Encoding::Inline,
        "1. **פעולה:** Send the request | **נתונים:** {\"a\": 1} | **תוצאה צפויה:** 503\n2. **פעולה:** Read the log | **נתונים:** tail | **תוצאה צפויה:** one warning",
    ),
    (
        "parts on lines of their own",
        Encoding::Inline,
        "1. Action: Send the request\n   Data: {\"a\": 1}\n   Expected Result: 503\n2. Action: Read the log\n   Data: tail\n   Expected Result: one warning",
    ),
    (
        "nested lists",
        Encoding::NestedList,
        "1. Send the request\n   - Data: {\"a\": 1}\n   - Expected: 503\n2. Read the log\n   - **Data:** tail\n   - **Expected:** one warning",
    ),
    (
        "nested lists whose bullets lost their indentation",
        Encoding::NestedList,
        "1. Send the request\n- Data: {\"a\": 1}\n- Expected: 503\n\n2. Read the log\n- Data: tail\n- Expected: one warning",
    ),
    (
        "code and paragraphs between the numbers",
        Encoding::Inline,
        "1. Send the request\n\n   Data: {\"a\": 1}\n\n   Expected: 503\n\n2. Read the log\n\n   Data: tail\n\n   Expected: one warning",
    ),
    (
        "a heading for each step",
        Encoding::Headings,
        "### Step 1: Send the request\n\n**Data:** {\"a\": 1}\n\n**Expected Result:** 503\n\n### Step 2: Read the log\n\n**Data:** tail\n\n**Expected Result:** one warning",
    ),
    (
        "headings for steps and parts",
        Encoding::Headings,
        "### Step 1\n\nSend the request\n\n#### Data\n\n{\"a\": 1}\n\n#### Expected Result\n\n503\n\n### Step 2\n\nRead the log\n\n#### Data\n\ntail\n\n#### Expected Result\n\none warning",
    ),
    (
        "bold titles",
        Encoding::Headings,
        "**Step 1:** Send the request\n- Data: {\"a\": 1}\n- Expected: 503\n\n**Step 2:** Read the log\n- Data: tail\n- Expected: one warning",
    ),
    (
        "a paste that flattened the table",
        Encoding::FlattenedTable,
        "#\nAction\nData\nExpected Result\n1\nSend the request\n{\"a\": 1}\n503\n2\nRead the log\ntail\none warning",
    ),
    (
        "the same with empty lines",
        Encoding::FlattenedTable,
        "Step #\n\nAction\n\nData\n\nExpected Result\n\n1\n\nSend the request\n\n{\"a\": 1}\n\n503\n\n2\n\nRead the log\n\ntail\n\none warning",
    ),
];

#[test]
fn the_same_steps_are_read_from_every_encoding() {
    let expected = [
        step("1", "Send the request", "{\"a\": 1}", "503"),
        step("2", "Read the log", "tail", "one warning"),
    ];
    for (name, encoding, text) in ENCODINGS {
        assert_eq!(said(text), (*encoding, expected.to_vec()), "{name}");
    }
}

#[test]
fn lettered_steps_keep_their_letters() {
    let expected = [step("a", "Send", "x", "503"), step("b", "Read", "", "warning")];
    let text = "a. Action: Send | Data: x | Expected: 503\nb. Action: Read | Expected: warning";
    assert_eq!(said(text), (Encoding::Lettered, expected.to_vec()));
    let text = "א. פעולה: Send | נתונים: x | תוצאה צפויה: 503";
    assert_eq!(said(text), (Encoding::Lettered, vec![step("א", "Send", "x", "503")]));
    // Letters for the parts of one step.
    let text = "1. Login\n   a. Action: Send\n   b. Data: x\n   c. Expected: 503";
    assert_eq!(said(text).1, [step("1", "Login\n\nSend", "x", "503")]);
    let text = "a. Action: Send\nb. Data: x\nc. Expected: 503";
    assert_eq!(said(text).1, [step("a", "Send", "x", "503")]);
}

#[test]
fn steps_without_data_or_expectation_say_so() {
    let three = "| # | Action | Expected Result |\n|---|---|---|\n| 1 | Send | 503 |";
    assert_eq!(said(three), (Encoding::TableWithoutData, vec![step("1", "Send", "", "503")]));
    let plain = "1. Send it -> 503\n2. Map a->b\n3. Wait";
    let expected =
        [step("1", "Send it", "", "503"), step("2", "Map a->b", "", ""), step("3", "Wait", "", "")];
    assert_eq!(said(plain), (Encoding::List, expected.to_vec()));
    assert_eq!(said("- Send\n- Wait").1, [step("", "Send", "", ""), step("", "Wait", "", "")]);
    assert_eq!(said("Just do it, and look."), (Encoding::None, vec![]));
    assert_eq!(said(""), (Encoding::None, vec![]));
}

#[test]
fn a_pipe_in_a_command_splits_nothing() {
    let text = "1) Action: Run `ps | grep x` or ps | wc | Data: a | b | Expected: 1 | 2";
    assert_eq!(said(text).1, [step("1", "Run ps | grep x or ps | wc", "a | b", "1 | 2")]);
}

#[test]
fn code_below_an_action_is_what_it_is_done_with() {
    let text = "1. Send\n\n   ```json\n   {\"a\": 1}\n   ```\n\n   Expected: 503";
    assert_eq!(said(text).1, [step("1", "Send", "{\"a\": 1}", "503")]);
}

#[test]
fn text_around_the_steps_is_no_step() {
    let text = "Do these in order:\n\n1. Send\n2. Wait\n\nRepeat for all regions.";
    assert_eq!(said(text).1, [step("1", "Send", "", ""), step("2", "Wait", "", "")]);
    let text = "As told in **bold**:\n\n| Action | Expected |\n|---|---|\n| Send | 503 |\n\n1. no step";
    assert_eq!(said(text).1, [step("", "Send", "", "503")]);
}

#[test]
fn a_flattened_table_keeps_cells_of_several_lines_and_empty_ones() {
    let text =
        "#\nAction\nData\nExpected Result\n1\nSend\nfirst\nsecond\n503\n2\nWait\n3\nRead\nlog\nwarning";
    let expected = [
        step("1", "Send", "first\nsecond", "503"),
        step("2", "Wait", "", ""),
        step("3", "Read", "log", "warning"),
    ];
    assert_eq!(said(text), (Encoding::FlattenedTable, expected.to_vec()));
    let text = "Step\nAction\nExpected Result\n1\nSend\n503\n2\nWait\nnothing";
    assert_eq!(said(text).1, [step("1", "Send", "", "503"), step("2", "Wait", "", "nothing")]);
    let text = "Action\nData\nExpected Result\nSend\nx\n503\nWait\ny\nnothing";
    assert_eq!(said(text).1, [step("", "Send", "x", "503"), step("", "Wait", "y", "nothing")]);
}

#[test]
fn letters_of_the_parts_number_no_steps() {
    let text =
        "a. Action: Send\nb. Data: x\nc. Expected: 503\n\na. Action: Read\nb. Data: y\nc. Expected: none\n";
    assert_eq!(
        said(text),
        (Encoding::Lettered, vec![step("", "Send", "x", "503"), step("", "Read", "y", "none")])
    );
}

#[test]
fn a_row_that_is_a_heading_stands_above_the_next_action() {
    let rows = "| **Setup** | | | |\n| 1 | Open | x | opens |\n| Phase with no number | | | |\n| 2 | Press | y | red |\n| 3 | | | |";
    let expected = [
        step("1", "Setup\n\nOpen", "x", "opens"),
        step("2", "Phase with no number\n\nPress", "y", "red"),
        step("3", "", "", ""),
    ];
    let table = format!("| # | Action | Data | Expected |\n|---|---|---|---|\n{rows}");
    assert_eq!(said(&table), (Encoding::Table, expected.to_vec()));
    // Without numbers, what is not in bold may be an action that lacks its expectation.
    let table = "| Action | Expected |\n|---|---|\n| **Setup** | |\n| Open | opens |\n| Press | |";
    assert_eq!(said(table).1, [step("", "Setup\n\nOpen", "", "opens"), step("", "Press", "", "")]);
}

#[test]
fn results_that_are_numbered_as_the_steps_are_their_expectations() {
    let paired = |steps: &str, results: &str| {
        let section = |field, text: &str| Section {
            name: Name::Field(field),
            at: At::default(),
            body: markdown::read(text, &Lines::new(text)),
        };
        let sections = vec![section(Field::TestSteps, steps), section(Field::ExpectedResult, results)];
        let ticket = Ticket { sections, ..Ticket::default() };
        let steps = super::paired(read(&ticket.sections[0].body), &ticket).steps;
        steps.iter().map(|step| plain_blocks(&step.expected)).collect::<Vec<_>>()
    };
    assert_eq!(paired("1. Open\n2. Look", "1. It opens\n2. It is red"), ["It opens", "It is red"]);
    assert_eq!(paired("1\\. Open\n2\\. Look", "1) It opens\n2) It is red"), ["It opens", "It is red"]);
    for (steps, results) in [
        ("1. Open\n2. Look", "- It opens\n- It is red"),
        ("1. Open\n2. Look", "1. It opens"),
        ("2. Open\n3. Look", "1. It opens\n2. It is red"),
        ("1. Open", "1. It opens"),
    ] {
        assert!(paired(steps, results).iter().all(String::is_empty), "{steps}: {results}");
    }
    assert_eq!(paired("1. Open -> open\n2. Look", "1. It opens\n2. It is red"), ["open", ""]);
}

#[test]
fn each_part_knows_where_it_stands() {
    let at = |text: &str| {
        let steps = read(&markdown::read(text, &Lines::new(text))).steps;
        steps
            .iter()
            .map(|s| format!("{:?} {:?} {:?}", s.action_at, s.data_at, s.expected_at))
            .collect::<Vec<_>>()
    };
    let table = "| # | Action | Data | Expected Result |\n|---|---|---|---|\n| 1 | Send | x | 503 |";
    assert_eq!(at(table), ["3:7 3:14 3:18"]);
    assert_eq!(at("1) Action: Send | Data: x | Expected: 503"), ["1:4 1:19 1:29"]);
    assert_eq!(at("1. Send **it** -> 200 or 400"), ["1:4 1:4 1:15"]);
    assert_eq!(at("1\\. Send | Data: x"), ["1:4 1:11 1:1"]);
    assert_eq!(at("1. Send\n   - Data: x\n   - Expected: 503"), ["1:4 2:6 3:6"]);
}

proptest! {
    #[test]
    fn steps_that_were_written_are_read_again(steps in arbitrary::steps(arbitrary::Feature::ALL)) {
        let written = write(&steps);
        prop_assert_eq!(read(&[written]).steps, steps);
    }

    #[test]
    fn any_text_is_read(text in arbitrary::source()) {
        let blocks = markdown::read(&text, &Lines::new(&text));
        let steps = read(&blocks).steps;
        prop_assert_eq!(read(&[write(&steps)]).steps.len(), steps.iter().filter(|s| !is_empty(s)).count());
    }
}

fn is_empty(step: &Step) -> bool {
    step.number.is_none() && step.action.is_empty() && step.data.is_empty() && step.expected.is_empty()
}
