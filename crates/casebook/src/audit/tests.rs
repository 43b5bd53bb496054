//! What whole audits say: of the ticket that everything began with, of an adequate one, and of any.

mod beside;
mod snippets;
mod written;

use std::sync::LazyLock;

use casebook_ticket::{At, Field, Importance, Language, Name, Standard, Ticket};
use proptest::prelude::*;

use super::*;
use written::ticket;

const ADEQUATE: &str = include_str!("tests/adequate.md");

static STANDARD: LazyLock<Standard> = LazyLock::new(Standard::built_in);

fn audited(ticket: &Ticket) -> Audit {
    audit(ticket, &STANDARD, &Context::default())
}

/// The ids of what is found, by position.
fn ids(audit: &Audit) -> Vec<&str> {
    audit.findings.iter().map(|finding| finding.rule).collect()
}

fn told(audit: &Audit) -> String {
    let told = audit.findings.iter().map(|finding| {
        format!("{:?} {} ({:?}): {}\n", finding.at, finding.rule, finding.field, finding.text(Language::En))
    });
    told.collect()
}

#[test]
fn an_adequate_ticket_is_passed_up_to_the_gate_falsifiable() {
    let audit = audited(&ticket(ADEQUATE));
    assert_eq!(told(&audit), "");
    assert!(audit.fields.iter().all(|field| field.state == State::Adequate));
    assert_eq!(
        audit.verdict,
        Verdict { gate: Some(Gate::Falsifiable), points: 100, grade: Grade::A, blockers: 0 }
    );
    assert_eq!(audit.key.as_deref(), Some("SHOP-210"));
}

#[test]
fn the_first_ticket_lacks_the_fifteen_fields_that_it_was_said_to_lack() {
    let audit = audited(&ticket(
        "## Test ID\nPZ-13602\n## Summary\nIntegration – RabbitMQ outage on Live configure\n## Priority\nMedium\n\
         ## Components/Labels\nfocus-server, integration, live, rabbit, resilience\n\
         ## Description\nWith RabbitMQ unreachable, a live view is configured; the server must refuse it.\n\
         ## Requirements\nFOCUS-API-CONFIGURE\n## Pre-Conditions\nPC-030 (RabbitMQ blocked)\n\
         ## Test Data\nValid live payload\n\
         ## Acceptance Criteria\n- The request is answered with 503 and a clear error\n- No job is launched\n\
         ## Expected Outcomes\n- POST /configure: 503\n- Jobs: none is created\n- Services: none is created\n\
         ## Created\nOctober 5, 2025\n## Updated\n4 days ago\n## Reporter\nDana Levi\n",
    ));
    let mut lacking: Vec<_> = audit
        .fields
        .iter()
        .filter(|field| field.state < State::Adequate)
        .filter_map(|field| STANDARD.rule(&field.field))
        .map(|rule| (rule.number.unwrap_or(0), &*rule.name.en, rule.importance))
        .collect();
    lacking.sort_unstable();
    let (critical, important, nice) = (Importance::Critical, Importance::Important, Importance::NiceToHave);
    assert_eq!(
        lacking,
        [
            (1, "Test Type", critical),
            (2, "Objective", critical),
            (3, "Test Steps", critical),
            (4, "Test Data", important),
            (5, "Automation Status", important),
            (6, "Execution Command", important),
            (7, "Post-Conditions", important),
            (8, "Assertions", critical),
            (9, "Related Issues", nice),
            (10, "Attachments", nice),
            (11, "Test Results", important),
            (12, "Test Configuration", important),
            (13, "Architectural Context", nice),
            (14, "Recovery Validation", important),
            (15, "Monitoring", nice),
        ],
    );
    assert_eq!(audit.findings.len(), 15, "{}", told(&audit));
    let data = audit.fields.iter().find(|field| field.field == Field::TestData).unwrap();
    assert_eq!(data.state, State::Inadequate, "all others are absent");
    assert_eq!(audit.verdict.gate, Some(Gate::Parses));
    assert_eq!(audit.verdict.grade, Grade::F);
}

#[test]
fn removing_one_field_of_an_adequate_ticket_adds_exactly_one_finding() {
    let whole = ticket(ADEQUATE);
    for number in 0..whole.sections.len() {
        for is_emptied in [false, true] {
            let mut ticket = whole.clone();
            if is_emptied {
                ticket.sections[number].body.clear();
            } else {
                ticket.sections.remove(number);
            }
            let audit = audited(&ticket);
            let Name::Field(field) = &whole.sections[number].name else { panic!("all are fields") };
            let wanted = if is_emptied { "field-placeholder" } else { "field-absent" };
            assert_eq!(ids(&audit), [wanted], "{field}: {}", told(&audit));
            assert_eq!(audit.findings[0].field.as_ref(), Some(field));
        }
    }
}

/// All cells of all tables but headers', emptied one by one or filled with filler, and given to what is done.
fn each_cell(filler: &str, done: &mut dyn FnMut(Ticket, At)) {
    use casebook_ticket::markup::Block;
    let whole = ticket(ADEQUATE);
    for (section, block, row, column) in cells(&whole) {
        let mut ticket = whole.clone();
        let Block::Table { rows, .. } = &mut ticket.sections[section].body[block] else {
            panic!("it is a table")
        };
        let cell = &mut rows[row][column];
        let at = cell.at;
        cell.blocks = if filler.is_empty() { Vec::new() } else { vec![Block::paragraph(at, filler)] };
        done(ticket, at);
    }
}

fn cells(ticket: &Ticket) -> Vec<(usize, usize, usize, usize)> {
    use casebook_ticket::markup::Block;
    let mut cells = Vec::new();
    for (section, body) in ticket.sections.iter().map(|section| &section.body).enumerate() {
        for (block, content) in body.iter().enumerate() {
            if let Block::Table { rows, .. } = content {
                let places = rows
                    .iter()
                    .enumerate()
                    .flat_map(|(row, cells)| (0..cells.len()).map(move |cell| (row, cell)));
                cells.extend(places.map(|(row, cell)| (section, block, row, cell)));
            }
        }
    }
    cells
}

#[test]
fn blanking_one_cell_of_an_adequate_ticket_adds_exactly_one_finding_at_that_cell() {
    let mut count = 0;
    for filler in ["", "TBD", "-"] {
        each_cell(filler, &mut |ticket, at| {
            count += 1;
            let audit = audited(&ticket);
            assert_eq!(audit.findings.len(), 1, "{at:?} {filler}: {}", told(&audit));
            let found = audit.findings[0].at;
            assert_eq!((found.line, found.column), (at.line, at.column), "{}", told(&audit));
        });
    }
    assert!(count > 100, "all cells were tried: {count}");
}

fn sound(audit: &Audit) -> Result<(), TestCaseError> {
    let positions: Vec<_> =
        audit.findings.iter().map(|finding| (finding.at.line, finding.at.column)).collect();
    prop_assert!(positions.is_sorted());
    for field in &audit.fields {
        let is_found = audit.findings.iter().any(|finding| {
            finding.field.as_ref() == Some(&field.field)
                && rule(finding.rule).and_then(|rule| rule.gate) == Some(Gate::Complete)
        });
        prop_assert_eq!(is_found, field.state < State::Adequate, "{}", field.field);
    }
    for finding in &audit.findings {
        for language in [Language::En, Language::He] {
            let rule = rule(finding.rule).expect("findings are of rules");
            for (text, said) in
                [(&rule.wrong, finding.text(language)), (&rule.mend, finding.remedy(language))]
            {
                let names =
                    text.in_language(language).split('{').skip(1).filter_map(|rest| rest.split('}').next());
                for name in names {
                    let is_given = finding.arguments.iter().any(|(known, _)| *known == name);
                    prop_assert!(is_given, "{} says {{{}}}", finding.rule, name);
                }
                prop_assert!(!said.is_empty());
            }
        }
    }
    let blockers = audit.findings.iter().filter(|finding| finding.severity == Severity::Blocker).count();
    prop_assert_eq!(blockers, audit.verdict.blockers);
    prop_assert!(audit.verdict.points <= 100 && (blockers == 0 || audit.verdict.grade <= Grade::D));
    Ok(())
}

/// Lines as they stand in tickets, and lines that no ticket has.
fn line() -> impl Strategy<Value = String> {
    let lines: Vec<String> = ADEQUATE.lines().chain(snippets::ALL.lines()).map(str::to_owned).collect();
    prop_oneof![4 => prop::sample::select(lines), 1 => "\\PC{0,40}", 1 => "[|`#{}\\[\\]: -]{0,8}"]
}

proptest! {
    #[test]
    fn any_ticket_is_audited_and_states_go_with_findings(lines in prop::collection::vec(line(), 0..60)) {
        sound(&audited(&ticket(&lines.join("\n"))))?;
    }

    #[test]
    fn an_adequate_ticket_with_any_lines_taken_out_is_audited(kept in prop::collection::vec(any::<bool>(), 120)) {
        let lines: Vec<_> = ADEQUATE.lines().zip(kept).filter(|(_, kept)| *kept).map(|(line, _)| line).collect();
        sound(&audited(&ticket(&lines.join("\n"))))?;
    }
}

#[test]
fn what_a_repository_and_other_tickets_know_is_held_against_a_ticket() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(root.path().join("tests/checkout")).unwrap();
    let file = root.path().join("tests/checkout/test_outage.py");
    std::fs::write(&file, "def test_provider_outage(): ...").unwrap();
    let mut context = Context { repository: Some(Repository::open(root.path()).unwrap()) };
    let mut titles = Titles::default();
    let other =
        ticket("## Key\nSHOP-211\n## Summary\nCheckout – stock service outage while an order is placed\n");
    titles.add(&other);
    let whole = ticket(ADEQUATE);
    let mut found = audit(&whole, &STANDARD, &context);
    found.compare(&titles, &STANDARD);
    assert_eq!(told(&found), "");

    std::fs::write(&file, "def test_other(): ...").unwrap();
    context.repository = Some(Repository::open(root.path()).unwrap());
    let found = audit(&whole, &STANDARD, &context);
    assert_eq!(ids(&found), ["automated-test-not-found"]);
    assert!(found.findings[0].text(Language::En).contains("by test_provider_outage, which"));

    context.repository = None;
    let mut titles = Titles::default();
    titles.add(&ticket("## Key\nSHOP-211\n## Summary\nRefunds – stock service outage\n"));
    let mut found = audit(&whole, &STANDARD, &context);
    assert_eq!(told(&found), "");
    found.compare(&titles, &STANDARD);
    assert_eq!(ids(&found), ["related-issue-title-untrue"]);
    let related = found.fields.iter().find(|field| field.field == Field::RelatedIssues).unwrap();
    assert_eq!(related.state, State::Inadequate);
    assert_eq!(
        found.findings[0].at.line,
        ADEQUATE.lines().position(|line| line.contains("SHOP-211")).unwrap() as u32 + 1
    );
}

#[test]
fn a_title_is_held_against_the_issue_wherever_it_stands() {
    let mut titles = Titles::default();
    titles.add(&ticket("## Key\nSHOP-211\n## Summary\nRefunds – stock service outage\n"));
    titles.add(&ticket("## Key\nSHOP-212\n## Summary\nRefunds – provider outage\n"));
    let untrue = |related: &str| {
        let text =
            ADEQUATE.replace("- SHOP-211: Checkout – stock service outage while an order is placed", related);
        let mut audit = audited(&ticket(&text));
        let before = audit.findings.len();
        audit.compare(&titles, &STANDARD);
        audit.findings.len() - before
    };
    assert_eq!(untrue("SHOP-211 Orders are lost, SHOP-212 Provider outage"), 1);
    assert_eq!(untrue("| Key | Relation | Title |\n| SHOP-211 | blocks | Orders are lost |"), 1);
    assert_eq!(untrue("| Key | Relation | Title |\n| SHOP-211 | blocks | Stock service outage |"), 0);
    assert_eq!(untrue("- follows up on SHOP-211"), 0);
    assert_eq!(untrue("- https://jira.example.com/browse/SHOP-211"), 0);
}

#[test]
fn files_that_are_named_are_looked_for_beside_the_ticket() {
    let folder = tempfile::tempdir().unwrap();
    let text = ADEQUATE.replace("- Screenshot: the error page of the shop", "- response.png");
    let mut ticket = ticket(&text);
    ticket.origin.file = folder.path().join("SHOP-210.md").to_string_lossy().into_owned();
    assert_eq!(ids(&audited(&ticket)), ["attachment-missing"]);
    std::fs::write(folder.path().join("response.png"), "").unwrap();
    assert_eq!(told(&audited(&ticket)), "");
}

#[test]
fn a_file_may_have_blanks_in_its_name_and_any_ending() {
    use casebook_ticket::markup::{Block, Inline};
    let folder = tempfile::tempdir().unwrap();
    let in_list = |name: &str, address: Option<&str>| {
        let text = ADEQUATE.replace("- Screenshot: the error page of the shop", &format!("- {name}"));
        let mut ticket = ticket(&text);
        ticket.origin.file = folder.path().join("SHOP-210.md").to_string_lossy().into_owned();
        if let Some(url) = address {
            let link = Inline::Link { url: url.into(), text: vec![Inline::Text(name.into())] };
            let attachments =
                ticket.sections.iter_mut().find(|it| it.name == Name::Field(Field::Attachments)).unwrap();
            attachments.body = vec![Block::Paragraph { at: At::new(1, 1), text: vec![link] }];
        }
        ids(&audited(&ticket)).len()
    };
    for (file, name, address) in [
        ("my shot.png", "my shot.png", None),
        ("my shot.png", "The answer, in my shot.png", None),
        ("my shot.png", "the answer", Some("my%20shot.png")),
        ("צילום מסך.png", "צילום מסך.png", None),
        ("Screenshot from 2024-01-02 10-11.png", "Screenshot from 2024-01-02 10-11.png", None),
        ("trace.pcapng", "trace.pcapng", None),
        ("dump.tar.gz", "dump.tar.gz", None),
        ("rec.prp", "the recording: rec.prp", None),
        ("results.xml", "results.xml", None),
    ] {
        assert_eq!(in_list(name, address), 1, "{name} is not there");
        std::fs::write(folder.path().join(file), "").unwrap();
        assert_eq!(in_list(name, address), 0, "{name} is there");
        std::fs::remove_file(folder.path().join(file)).unwrap();
    }
}

#[test]
fn promised_files_without_any_attachment_are_one_finding_in_place_of_the_missing_field() {
    let text = ADEQUATE.replace("## Attachments\n- Screenshot: the error page of the shop\n", "");
    let text =
        text.replace("The shop must refuse", "See attached a.png and attached b.log. The shop must refuse");
    let audit = audited(&ticket(&text));
    assert_eq!(ids(&audit), ["attachment-missing"]);
    assert!(audit.findings[0].text(Language::En).contains("a.png, b.log"));
    assert_eq!(
        audit.fields.iter().find(|field| field.field == Field::Attachments).unwrap().state,
        State::Absent
    );
}

#[test]
fn steps_that_expect_nothing_are_spoken_of_together() {
    let text = "## Test Steps\n- Place an order\n- Count the orders\n- Delete the order\n";
    let audit = audited(&ticket(text));
    let finding = audit.findings.iter().find(|finding| finding.rule == "step-without-expectation").unwrap();
    assert_eq!(finding.text(Language::En), "nothing says what must be seen at steps 1–3");
    assert_eq!(finding.text(Language::He), "בצעדים 1–3 לא כתוב מה חייבים לראות");
}

#[test]
fn the_cell_that_is_said_to_break_something_is_the_one_that_does() {
    let text = ADEQUATE
        .replace(
            "| 2 | Block the network to the provider | block $provider:443 |",
            "| 2 | Run systemctl stop mongod | host db |",
        )
        .replace("| 6 | Remove the block | unblock $provider:443 |", "| 6 | Read it | the page |")
        .replace("- The block is removed", "- The database is up");
    let audit = audited(&ticket(&text));
    assert_eq!(ids(&audit), ["disruption-without-undo"], "{}", told(&audit));
    let finding = &audit.findings[0];
    assert!(finding.text(Language::En).contains("(\"Run systemctl stop mongod\")"), "{}", told(&audit));
    assert_eq!(finding.at.column, 7);
}

#[test]
fn the_gate_that_is_named_is_the_last_before_the_first_that_is_shut() {
    let gate = |from: &str, to: &str| {
        assert!(ADEQUATE.contains(from));
        audited(&ticket(&ADEQUATE.replace(from, to))).verdict.gate
    };
    assert_eq!(gate("at once.", "at once. Lorem ipsum."), None);
    assert_eq!(gate("## Post-Conditions", "## Weather"), Some(Gate::Parses));
    assert_eq!(gate("## Monitoring", "## Weather"), Some(Gate::Falsifiable), "nice to have");
    assert_eq!(gate("at once.", "at once at 10.1.2.3."), Some(Gate::Complete));
    assert_eq!(gate("| status 503 within 2 s", "| 200 or 503"), Some(Gate::Safe));
    let audit = audited(&ticket(&ADEQUATE.replace("| status 503 within 2 s", "| 200 or 503")));
    assert_eq!((audit.verdict.points, audit.verdict.grade, audit.verdict.blockers), (85, Grade::D, 1));
}
