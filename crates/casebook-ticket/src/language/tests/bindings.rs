//! Whole tickets.

use super::*;
use crate::markup::{Block, Blocks, Cell, Inline, Inlines, Item};
use crate::{Field, Name, Section, Ticket};

/// A line of text in which code stands between backticks; its position is the number of its section and of its line.
fn text(at: At, line: &str) -> Inlines {
    let mut column = at.column;
    let runs = line.split('`').enumerate().filter_map(|(number, run)| {
        let begin = At::new(at.line, column);
        column += run.chars().count() as u32 + 1;
        if run.is_empty() {
            return None;
        }
        Some(match number % 2 {
            0 => Inline::Text(run.to_owned()),
            _ => Inline::Code { at: begin, text: run.to_owned() },
        })
    });
    runs.collect()
}

fn paragraph(at: At, line: &str) -> Blocks {
    if line.is_empty() { Vec::new() } else { vec![Block::Paragraph { at, text: text(at, line) }] }
}

fn list(first: u32, lines: &[&str]) -> Blocks {
    let items = lines.iter().zip(first..).map(|(line, number)| {
        let at = At::new(number, 1);
        Item { at, done: None, blocks: paragraph(at, line) }
    });
    vec![Block::List { at: At::new(first, 1), start: None, items: items.collect() }]
}

fn table(first: u32, rows: &[&str]) -> Blocks {
    let row = |at: At, row: &str| {
        let cells = row.split('|').map(|cell| Cell { at, blocks: paragraph(at, cell.trim()) });
        cells.collect::<Vec<_>>()
    };
    let header = row(At::new(first, 1), "#|Action|Data|Expected Result");
    let rows = rows.iter().zip(first..).map(|(line, number)| row(At::new(number, 1), line));
    vec![Block::Table { at: At::new(first, 1), header, rows: rows.collect() }]
}

fn section(field: Field, body: Blocks) -> Section {
    Section { name: Name::Field(field), at: At::default(), body }
}

/// An outage that proves what it should. Lines of each section begin at another hundred.
pub(super) struct Outage {
    pub(super) pre: Vec<&'static str>,
    pub(super) steps: Vec<&'static str>,
    assertions: Vec<&'static str>,
    recovery: Vec<&'static str>,
    pub(super) post: Vec<&'static str>,
    data: Vec<(&'static str, &'static str)>,
}

impl Outage {
    pub(super) fn new() -> Self {
        Self {
            pre: vec![
                "Needed: `use $focus $rabbit $site`",
                "It serves: `http POST $focus/configure @live undo DELETE $focus/job/$baseline.json.job_id as baseline` `status 200` `json $.job_id exists`",
                "Gone: `http DELETE $focus/job/$baseline.json.job_id` `status 200`",
            ],
            steps: vec![
                "1 | Block it | `block $rabbit from $focus` | `applied`",
                "2 | See that | `tcp $rabbit from $focus` | `refused timeout`",
                "3 | Note | `k8s snapshot jobs,services as before` | Noted",
                "4 | Send | `http POST $focus/configure @live undo DELETE $focus/job/$answer.json.job_id as answer` | `elapsed < 3s`",
                "5 | Look | `$answer` | `status 502 503`, `json $.error contains \"RabbitMQ\"`",
                "6 | Nothing new | `k8s diff before hold 5s` | `added = 0`",
                "7 | Told | `logs $focus since step 4` | `has-any \"RabbitMQ unavailable\"`",
                "8 | Restore | `undo step 1` | `undone`",
            ],
            assertions: vec!["`step 5: json $.job_id absent`", "`step 6: removed = 0`"],
            recovery: vec![
                "`wait until amqp $rabbit from $focus up within 30s`",
                "It serves: `http POST $focus/configure @live undo DELETE $focus/job/$after.json.job_id as after` `status 200`",
            ],
            post: vec!["Gone: `http DELETE $focus/job/$after.json.job_id` `status 200`"],
            data: vec![("json live", "{\"channels\": {\"min\": 1}, \"from\": \"$site.start\"}")],
        }
    }

    pub(super) fn checked(&self) -> Checked {
        let data = self.data.iter().enumerate().map(|(number, (language, text))| Block::Code {
            at: At::new(600 + 10 * number as u32, 1).into(),
            language: Some((*language).to_owned()),
            text: (*text).to_owned(),
        });
        check(&Ticket {
            sections: vec![
                section(Field::PostConditions, list(500, &self.post)),
                section(Field::PreConditions, list(100, &self.pre)),
                section(Field::TestData, data.collect()),
                section(Field::TestSteps, table(200, &self.steps)),
                section(Field::Assertions, list(300, &self.assertions)),
                section(Field::RecoveryValidation, list(400, &self.recovery)),
            ],
            ..Ticket::default()
        })
    }

    /// The kinds and lines of the problems.
    pub(super) fn problems(&self) -> Vec<(ProblemKind, u32)> {
        self.checked().problems.iter().map(|problem| (problem.kind, problem.at.line)).collect()
    }
}

#[test]
fn a_sound_ticket_has_no_problem_and_can_be_run() {
    let checked = Outage::new().checked();
    assert_eq!(checked.problems, []);
    assert_eq!(checked.manual, []);
    assert!(checked.is_executable());
    let parts: Vec<_> = checked.steps.iter().map(|step| step.part).collect();
    assert!(parts.is_sorted(), "in the order of the run: {parts:?}");
    assert_eq!(checked.steps.len(), 14);
    assert_eq!(checked.assertions.len(), 2);
    assert_eq!(checked.data[0].references[0].to_string(), "$site.start");
    let mutation = checked.steps[3].statements[0].action.mutation().unwrap();
    assert_eq!(mutation.inverse().to_string(), "let $focus reach $rabbit again");
}

#[test]
fn data_that_does_not_say_what_it_is_is_json_when_it_can_be() {
    for (language, block, references) in [
        (None, "{\"from\": \"$site.start\"}", 1),
        (None, "from: \"$site.start\"", 0),
        (Some("text"), "{\"from\": \"$site.start\"}", 0),
    ] {
        let mut body = paragraph(At::new(600, 1), "Sent: `@live`");
        let language = language.map(str::to_owned);
        body.push(Block::Code { at: At::new(602, 1).into(), language, text: block.to_owned() });
        let checked = check(&Ticket { sections: vec![section(Field::TestData, body)], ..Ticket::default() });
        assert_eq!(checked.problems, [], "{block}");
        assert_eq!(checked.data[0].references.len(), references, "{block}");
    }
}

#[test]
fn what_has_no_binding_is_left_to_a_person() {
    let mut outage = Outage::new();
    outage.steps.push("9 | Look at the screen | `report.png` | It is green");
    outage.assertions.push("The user is happy");
    let checked = outage.checked();
    let manual: Vec<_> = checked.manual.iter().map(|manual| (manual.at.line, manual.text.as_str())).collect();
    assert_eq!(manual, [(208, "Look at the screen"), (302, "The user is happy")]);
    assert_eq!(checked.problems, []);
    assert!(!checked.is_executable());
    assert!(!check(&Ticket::default()).is_executable(), "nothing to run");
}

#[test]
fn what_a_program_sees_is_not_expected_in_prose() {
    let mut outage = Outage::new();
    outage.steps.push("9 | Look | `http GET $focus/x` | It is well");
    let problems = outage.checked().problems;
    assert_eq!((problems.len(), problems[0].kind, problems[0].at.line), (1, ProblemKind::Misplaced, 208));
    assert!(problems[0].what.to_string().starts_with("What step 9 must show stands there as prose"));
    outage.assertions.push("`step 9: status 200`");
    assert_eq!(outage.checked().problems, [], "the assertion says it");
    outage.assertions.pop();
    for said in [
        "9 | Look | `http GET $focus/x` | ",
        "9 | Look | `http GET $focus/x` | –",
        "9 | Note | `k8s snapshot jobs as then` | Noted",
    ] {
        outage.steps.pop();
        outage.steps.push(said);
        assert_eq!(outage.checked().problems, [], "{said}");
    }
}

/// Changes a sound ticket, and names the only problem that this makes.
type Change = (ProblemKind, u32, fn(&mut Outage));

const CHANGES: &[Change] = &[
    (ProblemKind::Syntax, 200, |it| {
        it.steps[0] = "1 | Block | `blok $rabbit from $focus` `block $rabbit from $focus` | `applied`";
    }),
    (ProblemKind::Syntax, 204, |it| it.steps[4] = "5 | Look | `$answer` | `status 502 503` `statsu 502`"),
    (ProblemKind::Misplaced, 205, |it| it.steps[5] = "6 | New | `added = 0` `k8s diff before` | `added = 0`"),
    (ProblemKind::Misplaced, 205, |it| {
        it.steps[5] = "6 | New | `k8s diff before` | `k8s diff before` `added = 0`";
    }),
    (ProblemKind::Misplaced, 202, |it| {
        it.steps[2] = "3 | Note | `k8s snapshot jobs as before` | `step 1: applied`";
    }),
    (ProblemKind::Misplaced, 302, |it| it.assertions.push("`status 200`")),
    (ProblemKind::Misplaced, 302, |it| it.assertions.push("`http GET $focus/x`")),
    (ProblemKind::Misplaced, 208, |it| it.steps.push("9 | Use | `use $focus` |")),
    (ProblemKind::Misplaced, 208, |it| it.steps.push("9 | Look | | `status 200`")),
    (ProblemKind::Misplaced, 501, |it| it.post.push("`freeze $rabbit`")),
    (ProblemKind::Mismatch, 206, |it| it.steps[6] = "7 | Told | `logs $focus since step 4` | `status 200`"),
    (ProblemKind::Mismatch, 202, |it| it.steps[2] = "3 | Note | `k8s snapshot jobs as before` | `added = 0`"),
    (ProblemKind::Mismatch, 302, |it| it.assertions.push("`step 6: status 200`")),
    (ProblemKind::Mismatch, 400, |it| it.recovery[0] = "`wait until amqp $rabbit open within 30s`"),
    (ProblemKind::UnknownName, 208, |it| it.steps.push("9 | x | `http GET $fcous/x` | `status 200`")),
    (ProblemKind::UnknownName, 208, |it| it.steps.push("9 | x | `http GET $focus/$answer` | `status 200`")),
    (ProblemKind::UnknownName, 208, |it| {
        it.steps.push("9 | x | `http GET $focus/$after.json.job_id` | `status 200`");
    }),
    (ProblemKind::NameTwice, 208, |it| it.steps.push("9 | x | `http GET $focus/x as answer` | `status 200`")),
    (ProblemKind::NameTwice, 208, |it| it.steps.push("4 | x | `http GET $focus/x` | `status 200`")),
    (ProblemKind::UnknownData, 208, |it| {
        it.steps.push("9 | x | `http POST $focus/x @live2 read-only` | `status 400`");
    }),
    (ProblemKind::UnknownData, 610, |it| it.data.push(("json live", "{}"))),
    (ProblemKind::BadData, 611, |it| it.data.push(("json other", "{\n...\n}"))),
    (ProblemKind::UnknownStep, 206, |it| {
        it.steps[6] = "7 | Told | `logs $focus since step 8` | `has-any \"x\"`";
    }),
    (ProblemKind::UnknownStep, 208, |it| it.steps.push("9 | x | `undo step 2` | `undone`")),
    (ProblemKind::UnknownStep, 302, |it| it.assertions.push("`step 99: status 200`")),
    (ProblemKind::NoSnapshot, 205, |it| {
        it.steps[5] = "6 | Nothing new | `k8s diff befor hold 5s` | `added = 0`";
    }),
    (ProblemKind::NoSnapshot, 205, |it| it.steps[5] = "6 | Nothing new | `queue diff before` | `added = 0`"),
    (ProblemKind::NoInverse, 208, |it| it.steps.push("9 | x | `shell \"rm -r x\"` | `exit = 0`")),
    (ProblemKind::NoSnapshot, 205, |it| {
        it.steps[5] = "6 | Nothing new | `wait until k8s diff befor added = 0 within 5s` | `added = 0`";
    }),
    (ProblemKind::NoInverse, 208, |it| it.steps.push("9 | x | `http POST $focus/x @live` | `status 2xx`")),
    (ProblemKind::NoInverse, 208, |it| it.steps.push("9 | x | `http PUT $focus/x @live` | `status 200 404`")),
    (ProblemKind::NoInverse, 208, |it| it.steps.push("9 | x | `http PATCH $focus/x @live` | `elapsed < 3s`")),
    (ProblemKind::NoInverse, 208, |it| {
        it.steps.push("9 | x | `http POST $focus/x @live` | `status 4xx 503`");
    }),
    (ProblemKind::NoInverse, 401, |it| {
        it.recovery[1] = "`wait until http POST $focus/configure @live status 200 within 5s as after`";
    }),
    (ProblemKind::UnknownName, 208, |it| {
        it.steps.push("9 | x | `http POST $focus/x undo DELETE $focus/x/$made.json.id` | `status 200`");
    }),
    (ProblemKind::UnknownName, 208, |it| {
        it.steps.push("9 | x | `http POST $focus/$made.json.id undo DELETE $focus/x as made` | `status 200`");
    }),
    (ProblemKind::UnknownData, 208, |it| {
        it.steps.push("9 | x | `http POST $focus/x undo POST $focus/y @lost` | `status 200`");
    }),
    (ProblemKind::Secret, 208, |it| {
        it.steps
            .push("9 | x | `http POST $focus/x undo DELETE $focus/x with \"Cookie: abc\"` | `status 200`");
    }),
    (ProblemKind::NoBaseline, 200, |it| {
        it.pre[1] = "`http POST $focus/other @live read-only as baseline` `status 200`";
    }),
    (ProblemKind::NoBaseline, 200, |it| {
        it.pre[1] = "`http POST $focus/configure @live read-only as baseline` `status 200 503`";
    }),
    (ProblemKind::NoProof, 200, |it| it.steps[1] = "2 | See that | `tcp $rabbit` | `refused timeout`"),
    (ProblemKind::NoProof, 200, |it| {
        it.steps[1] = "2 | See that | `tcp $rabbit from $focus` | `refused open`";
    }),
    (ProblemKind::NoProof, 200, |it| it.steps[1] = "2 | See that | `tcp $site from $focus` | `refused`"),
    (ProblemKind::NoRecovery, 200, |it| {
        it.recovery[1] = "It serves: `http POST $focus/configure @live read-only as after` `status 503`";
    }),
    (ProblemKind::NoRecovery, 200, |it| {
        it.recovery[1] = "It serves: `http POST $focus/configure read-only as after` `status 200`";
    }),
    (ProblemKind::Secret, 208, |it| {
        it.steps.push("9 | x | `http GET $focus/x with \"Authorization: Bearer abc\"` | `status 200`");
    }),
];

#[test]
fn each_mistake_is_one_problem_and_says_where() {
    for (number, (kind, line, change)) in CHANGES.iter().enumerate() {
        let mut outage = Outage::new();
        change(&mut outage);
        assert_eq!(outage.problems(), [(*kind, *line)], "change {number}: {:#?}", outage.checked().problems);
    }
}

#[test]
fn requests_that_say_what_undoes_them_are_sound() {
    for statement in [
        "http POST $focus/x @live read-only` | `status 4xx 503",
        "http POST $focus/x @live read-only` | `status 200",
        "http PUT $focus/x undo DELETE $focus/x` | `status 200",
        "http POST $focus/x undo DELETE $focus/x/$made.json.id as made` | `status 200",
        "http DELETE $focus/x` | `status 200",
    ] {
        let mut outage = Outage::new();
        outage.steps.push(Box::leak(format!("9 | x | `{statement}`").into_boxed_str()));
        assert_eq!(outage.problems(), [], "{statement}");
    }
    let mut outage = Outage::new();
    outage.steps.push("9 | x | `http POST $focus/x undo DELETE $focus/x` | `status 200`");
    outage.steps.push("10 | Gone | `undo step 9` | `undone`");
    assert_eq!(outage.problems(), [], "what a step made can be undone by its number");
}

#[test]
fn without_undo_it_is_undone_before_recovery() {
    let mut outage = Outage::new();
    outage.steps.pop();
    assert_eq!(outage.problems(), []);
}

#[test]
fn a_fault_that_nothing_is_refused_by_needs_looks_before_and_after() {
    let mut outage = Outage::new();
    outage.steps = vec![
        "1 | Kill | `kill $focus` | `applied`",
        "2 | See that | `wait until process state $focus down within 5s` | `down`",
    ];
    outage.assertions.clear();
    assert_eq!(outage.problems(), []);
    outage.recovery.clear();
    outage.post.clear();
    assert_eq!(outage.problems(), [(ProblemKind::NoRecovery, 200)]);
    outage.pre.truncate(1);
    assert_eq!(outage.problems(), [(ProblemKind::NoBaseline, 200), (ProblemKind::NoRecovery, 200)]);
}

#[test]
fn what_is_struck_through_is_not_said() {
    let at = At::new(1, 1);
    let strike = vec![Inline::Strike(text(at, "`block $rabbit`"))];
    let body = vec![Block::Paragraph { at, text: strike }];
    let ticket = Ticket { sections: vec![section(Field::PreConditions, body)], ..Ticket::default() };
    assert_eq!(check(&ticket), Checked::default());
}

proptest! {
    #[test]
    fn no_ticket_panics(lines in proptest::collection::vec(arbitrary::words(), 0..8)) {
        let lines: Vec<_> = lines.iter().map(|line| format!("1 | `{line}` | `{line}` | `{line}`")).collect();
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let sections = [Field::PreConditions, Field::Assertions, Field::PostConditions]
            .map(|field| section(field, list(1, &lines)));
        let steps = section(Field::TestSteps, table(1, &lines));
        let _ = check(&Ticket { sections: sections.into_iter().chain([steps]).collect(), ..Ticket::default() });
    }
}
