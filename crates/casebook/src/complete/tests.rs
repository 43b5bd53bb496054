use casebook_ticket::markup::{Block, plain_blocks};
use casebook_ticket::{At, Format, Found, Language, Source, arbitrary, formats, language};
use proptest::prelude::*;

use super::*;
use crate::audit::{Audit, Gate};

/// The ticket that everything began with, as far as it is described.
const FIRST: &str = include_str!("tests/first.md");

fn read(text: &str) -> Ticket {
    let source = Source { name: "ticket.md", bytes: text.as_bytes(), format: Some(Format::Markdown) };
    let mut tickets = Vec::new();
    formats::read_each(source, &Standard::built_in(), &mut |found| {
        if let Found::Ticket(ticket) = found {
            tickets.push(*ticket);
        }
    })
    .unwrap();
    tickets.remove(0)
}

fn completed(ticket: &Ticket) -> Completed {
    complete(ticket, &Standard::built_in(), &Options::default()).unwrap()
}

fn audited(ticket: &Ticket) -> Audit {
    audit(ticket, &Standard::built_in(), &Context::default())
}

fn told(ticket: &Ticket) -> Vec<String> {
    let audit = audited(ticket);
    let told = audit.findings.iter().map(|finding| {
        let field = finding.field.as_ref().map_or("", |field| field.id());
        format!("{field} {}: {}; {}", finding.rule, finding.text(Language::En), finding.remedy(Language::En))
    });
    told.collect()
}

#[test]
fn the_first_ticket_becomes_one_that_a_program_can_run() {
    let done = completed(&read(FIRST));
    assert_eq!(done.kind, Some("outage"), "{}", done.because);
    let checked = language::check(&done.ticket);
    assert_eq!(checked.problems, []);
    assert_eq!(checked.manual, []);
    let audit = audited(&done.ticket);
    assert_eq!(audit.verdict.gate, Some(Gate::Executable), "{:#?}\n{:#?}", audit.fields, told(&done.ticket));
    assert_eq!(
        casebook_ticket::steps::read(&done.ticket.section(&Field::TestSteps).unwrap().body).steps.len(),
        15
    );
    let text = done.ticket.text(&Field::AutomationStatus).unwrap();
    assert!(text.contains("test_rabbitmq_outage_live_configure"), "{text}");
    assert_eq!(checked.assertions.len(), 8);
    let left: Vec<_> = done.to_fill.iter().map(|left| left.field.id()).collect();
    assert_eq!(left, ["related_issues", "related_issues", "attachments", "attachments"]);
}

#[test]
fn every_upstream_and_mode_has_a_ticket_without_problems() {
    for (upstream, platform) in [
        ("RabbitMQ", Platform::Kubernetes),
        ("RabbitMQ", Platform::Processes),
        ("MongoDB", Platform::Processes),
        ("Kubernetes", Platform::Kubernetes),
    ] {
        for mode in ["Live", "Historic"] {
            let text = FIRST.replace("RabbitMQ", upstream).replace("Live", mode).replace("rabbit", "broker");
            let options = Options { platform, ..Options::default() };
            let done = complete(&read(&text), &Standard::built_in(), &options).unwrap();
            let checked = language::check(&done.ticket);
            assert_eq!(checked.problems, [], "{upstream} {mode}");
            assert!(checked.is_executable(), "{upstream} {mode}: {:?}", checked.manual);
            let steps = done.ticket.text(&Field::TestSteps).unwrap();
            assert!(!steps.contains('%'), "{steps}");
            let is_of = |word: &str| steps.contains(&format!("{word} snapshot"));
            assert_eq!(
                (is_of("k8s"), is_of("process")),
                (platform == Platform::Kubernetes, platform == Platform::Processes)
            );
        }
    }
}

#[test]
fn bad_input_has_a_ticket_without_problems() {
    let text = "---\nkey: PZ-1\nsummary: API – invalid channels on configure\n---\n\n## Description\n\n`POST /configure` \
                with reversed channels must be rejected with an error that names them.\n";
    let done = completed(&read(text));
    assert_eq!(done.kind, Some("bad-input"), "{}", done.because);
    let checked = language::check(&done.ticket);
    assert_eq!(checked.problems, []);
    assert!(checked.is_executable(), "{:?}", checked.manual);
}

#[test]
fn a_ticket_of_no_known_kind_gets_the_models_of_the_standard() {
    let done = completed(&read(
        "---\nkey: PZ-1\nsummary: Colours of the legend\n---\n\n## Description\n\nThe legend has the colours of the picture.\n",
    ));
    assert_eq!(done.kind, None);
    let from = |filled: &&Filled| filled.from == From::Standard;
    assert_eq!(done.filled.iter().filter(from).count(), done.filled.len());
    assert!(done.to_fill.len() > 10);
}

#[test]
fn what_is_adequate_stays_as_it_is() {
    let ticket = completed(&read(FIRST)).ticket;
    let again = completed(&ticket);
    let changed: Vec<_> = again.filled.iter().map(|filled| filled.field.id()).collect();
    assert_eq!(changed, Vec::<&str>::new());
    assert_eq!(again.ticket, ticket);
}

#[test]
fn an_unknown_kind_says_which_there_are() {
    let options = Options { kind: Some("outrage".into()), ..Options::default() };
    let error = complete(&read(FIRST), &Standard::built_in(), &options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no kind of test \"outrage\"; there are: outage, bad-input, generic"
    );
}

#[test]
fn what_is_not_enough_is_kept_beside_the_model() {
    let text = format!(
        "{FIRST}\n## Test Steps\n\n1. Pull the plug of the broker\n2. Look\n\n## Monitoring\n\nsomebody looks\n"
    );
    let done = completed(&read(&text));
    assert!(language::check(&done.ticket).is_executable());
    let last = done.ticket.sections.last().unwrap();
    assert_eq!(last.name, Name::Other("Former test steps".into()));
    assert!(plain_blocks(&last.body).contains("Pull the plug of the broker"));
    let monitoring = done.ticket.text(&Field::Monitoring).unwrap();
    assert!(monitoring.starts_with("somebody looks"), "{monitoring}");
    let data = done.ticket.text(&Field::TestData).unwrap();
    assert!(data.starts_with("Valid live payload") && data.contains("nfftSelection"), "{data}");
    let name = |section: &Section| section.name.clone();
    assert!(
        read(FIRST).sections.iter().map(name).all(|name| done
            .ticket
            .sections
            .iter()
            .any(|it| it.name == name))
    );
}

#[test]
fn steps_of_no_known_kind_get_what_they_lack() {
    let head = "---\nkey: PZ-1\nsummary: Colours of the legend\n---\n\n## Test Steps\n\n";
    let steps = |text: &str| {
        let done = completed(&read(&format!("{head}{text}")));
        let steps = casebook_ticket::steps::read(&done.ticket.section(&Field::TestSteps).unwrap().body).steps;
        let said = |step: casebook_ticket::steps::Step| {
            let number = step.number.unwrap_or_default();
            [vec![Block::paragraph(At::default(), &number)], step.action, step.data, step.expected]
                .map(|blocks| plain_blocks(&blocks).trim().to_owned())
                .join(" / ")
        };
        let former = done.ticket.sections.iter().any(|it| it.name == Name::Other("Former test steps".into()));
        assert_eq!(completed(&done.ticket).ticket, done.ticket);
        (steps.into_iter().map(said).collect::<Vec<_>>(), former)
    };
    let (check, back) = (
        "3 / {Check what came of it} / {where to look} / {what must be seen}",
        "4 / {Put back what was changed} / {how} / {all is as before}",
    );
    let (list, former) = steps("1. Open the legend\n2. Look\n");
    assert_eq!(
        list[..2],
        [
            "1 / Open the legend / {request or input} / {what must be seen}",
            "2 / Look / {request or input} / {what must be seen}"
        ]
    );
    assert_eq!(list[2..], [check, back]);
    assert!(!former, "each word is in the table");
    let (table, former) = steps(
        "As the manual says:\n\n| # | Action | Data | Expected Result |\n|---|---|---|---|\n| 1 | Open | legend | it is there |\n\
         | 2 | Look |  | red |\n",
    );
    assert_eq!(table[..2], ["1 / Open / legend / it is there", "2 / Look / {request or input} / red"]);
    assert_eq!(table[2..], [check, back]);
    assert!(!former, "what stands around the table stays there");
    let (filler, former) = steps(
        "| # | Action | Data | Expected Result |\n|---|---|---|---|\n| 1 | Open | legend | it is there |\n| 2 | Look | TBD | * |\n",
    );
    assert_eq!(filler[1], "2 / Look / {request or input} / {what must be seen}");
    assert!(!former, "filler says nothing that could be lost");
    let (without_data, former) = steps("1\\. Open the legend\n2\\. Look\n3\\. Close it\n");
    assert_eq!(without_data[2], "3 / Close it /  / {what must be seen}");
    assert!(!former, "the numbers are there");
    let (paired, _) =
        steps("1. Open the legend\n2. Look\n\n## Expected Result\n\n1. It is there\n2. It is red\n");
    assert_eq!(paired[1], "2 / Look / {request or input} / It is red");
    let (prose, former) = steps("Somebody opens the legend, and looks.\n");
    assert_eq!((prose.len(), former), (4, true));
}

#[test]
fn no_cell_of_completed_steps_is_empty() {
    let steps = "---\nkey: PZ-1\nsummary: Colours of the legend\n---\n\n## Test Steps\n\n1. Open\n2. Look\n3. Close\n";
    let told = told(&completed(&read(steps)).ticket);
    assert!(!told.iter().any(|told| told.contains("cell")), "{told:#?}");
}

#[test]
fn gherkin_stays_where_it_is() {
    let scenario = "  Scenario:\n    When she logs in\n    Then she sees her cart\n";
    for (kind, scenarios) in [(None, scenario.repeat(2)), (Some("outage"), scenario.to_owned())] {
        let text = format!(
            "---\nkey: PZ-1\nsummary: Login with a password\ntest-type: Cucumber\n---\n\n## Test Steps\n\n```gherkin\n{scenarios}```\n"
        );
        let ticket = read(&text);
        let options = Options { kind: kind.map(str::to_owned), ..Options::default() };
        let done = complete(&ticket, &Standard::built_in(), &options).unwrap().ticket;
        assert_eq!(
            done.section(&Field::TestSteps).map(|section| &section.body),
            ticket.section(&Field::TestSteps).map(|section| &section.body)
        );
        assert!(!done.sections.iter().any(|it| it.name == Name::Other("Former test steps".into())));
        let written = formats::write(&[done], Format::XrayJson, &Standard::built_in()).unwrap();
        assert!(written.contains("gherkin_def"), "{written}");
    }
}

#[test]
fn an_adequate_proposal_comes_before_the_model() {
    let proposed = "## Related Issues\n\n- **PZ-13603**: RabbitMQ outage on Historic configure\n\n\
                    ## Test Configuration\n\nHost 10.10.100.107\n\n## Objective\n\nTBD\n\n\
                    ## Test Results\n\n- Date: [TBD]\n- Status: NOT YET EXECUTED\n";
    let proposals = read(&format!("{FIRST}\n{proposed}")).sections;
    let options = Options { proposals, ..Options::default() };
    let done = complete(&read(FIRST), &Standard::built_in(), &options).unwrap();
    let from =
        |field: Field| done.filled.iter().find(|filled| filled.field == field).map(|filled| filled.from);
    assert_eq!(from(Field::RelatedIssues), Some(From::Proposal));
    assert_eq!(from(Field::TestConfiguration), Some(From::Kind), "bindings come from one place");
    assert_eq!(from(Field::Objective), Some(From::Kind), "the proposal says nothing");
    assert_eq!(from(Field::TestResults), Some(From::Kind), "the proposal is unfinished");
    assert!(language::check(&done.ticket).is_executable());
}

#[test]
fn what_was_completed_reads_the_same_from_its_file() {
    let ticket = completed(&read(FIRST)).ticket;
    let standard = Standard::built_in();
    let text = formats::write(std::slice::from_ref(&ticket), Format::Markdown, &standard).unwrap();
    assert_eq!(read(&text), ticket, "{text}");
    assert_eq!(audited(&read(&text)).verdict.gate, Some(Gate::Executable));
}

fn words(ticket: &Ticket) -> Vec<String> {
    let mut words = Vec::new();
    for section in &ticket.sections {
        let text = plain_blocks(&section.body);
        // What only fills a place is replaced, in cells too.
        let says = |word: &&str| !crate::audit::is_filler(word);
        words.extend(text.split_whitespace().filter(says).map(str::to_owned));
    }
    words.sort_unstable();
    words
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn no_word_is_lost_and_twice_is_once(ticket in arbitrary::ticket(&[])) {
        let done = completed(&ticket);
        let mut kept = words(&done.ticket).into_iter();
        for word in words(&ticket) {
            prop_assert!(kept.any(|other| other == word), "{} is lost", word);
        }
        prop_assert_eq!(completed(&done.ticket).ticket, done.ticket);
    }
}
