use proptest::prelude::*;

use super::*;
use crate::Field;
use crate::arbitrary::{self, Feature};
use crate::formats::testing::{self, fewer};

fn read_all(text: &str) -> Vec<Found> {
    let mut all = Vec::new();
    let file = File { name: "a.md", text };
    read_each(file, &Standard::built_in(), &mut |found| all.push(found)).expect("it can be read");
    all
}

fn tickets_of(text: &str) -> Vec<Ticket> {
    let tickets = read_all(text).into_iter().filter_map(|found| match found {
        Found::Ticket(ticket) => Some(*ticket),
        _ => None,
    });
    tickets.collect()
}

fn failure(text: &str) -> String {
    let file = File { name: "a.md", text };
    read_each(file, &Standard::built_in(), &mut |_| {}).expect_err("it cannot be read").to_string()
}

/// A ticket whose sections stand as the canonical form has them: what is front matter, text without heading, fields,
/// and all others.
fn in_order(mut ticket: Ticket) -> Ticket {
    let standard = Standard::built_in();
    let place = |section: &Section| match &section.name {
        Name::Field(field) => {
            let place = standard.fields.iter().position(|rule| rule.id == *field);
            let is_short = standard.rule(field).is_some_and(|rule| rule.front_matter);
            let is_front = is_short && front_matter::write(field.id(), &section.body).is_some();
            (if is_front { 0 } else { 2 }, place)
        }
        Name::Other(heading) => (if heading.is_empty() { 1 } else { 3 }, None),
    };
    ticket.sections.sort_by_key(place);
    ticket
}

proptest! {
    #![proptest_config(fewer(16))]

    #[test]
    fn tickets_in_the_canonical_form_are_read_as_they_were_written(
        tickets in proptest::collection::vec(arbitrary::whole_ticket(Feature::ALL), 1..4),
    ) {
        let tickets: Vec<_> = tickets.into_iter().map(in_order).collect();
        let text = write(&tickets, &Standard::built_in());
        let read = tickets_of(&text);
        prop_assert!(read == tickets, "{}\nis read as\n{}", text, write(&read, &Standard::built_in()));
    }

    #[test]
    fn any_text_is_read(before in arbitrary::source(), front in arbitrary::source(), body in arbitrary::source()) {
        let standard = Standard::built_in();
        for text in [&before, &format!("---\nkey: {front}\n---\n{body}"), &format!("{before}\n\n---\nkey: x\n---\n{body}")] {
            let _ = read_each(File { name: "", text }, &standard, &mut |_| {});
        }
    }
}

#[test]
fn front_matter_with_names_of_its_own_is_no_canonical_form() {
    let body = "---\n## Objective\n\nx\n\n**Test Steps**\n\n1. a\n";
    for (key, is_canonical) in [("summary", true), ("Summary", false)] {
        let [ticket] = &tickets_of(&format!("---\n{key}: y\n{body}"))[..] else { panic!("one ticket") };
        assert_eq!(ticket.section(&Field::TestSteps).is_none(), is_canonical, "{key}");
    }
}

#[test]
fn what_is_below_front_matter_may_be_wiki_markup() {
    let text = "---\nkey: SK-1\npriority: High\n---\n\n*Priority:* Low\n\nh2. Steps\n# Open it\n# Look at it\n\n{code}\nnever closed\n";
    let found = testing::found(Format::Markdown, text);
    let [Found::Note(note), Found::Ticket(ticket)] = &found[..] else { panic!("{found:?}") };
    assert_eq!((note.rule, format!("{:?}", note.at)), ("macro-not-closed", "12:1".to_owned()));
    assert_eq!(ticket.text(&Field::Key).as_deref(), Some("SK-1"));
    assert_eq!(ticket.text(&Field::Priority).as_deref(), Some("High\n\nLow"));
    let steps = ticket.section(&Field::TestSteps).map(|section| (section.at, section.body.len()));
    assert_eq!(format!("{steps:?}"), "Some((8:1, 2))");
    // Lines of wiki markup do not make it of a text with a heading of Markdown.
    let text = "---\nkey: SK-1\n---\n\n## Test Data\n\n||a||\n||b||\n";
    assert_eq!(
        testing::tickets(Format::Markdown, text)[0].text(&Field::TestData).as_deref(),
        Some("||a||\n||b||")
    );
}

#[test]
fn a_ticket_with_a_summary_takes_none_from_its_gherkin() {
    let text = "---\nsummary: Outage\n---\n## Test Steps\n\n```gherkin\nScenario: S\n  Given a\n  When b\n  Then c\n```\n";
    let [ticket] = &tickets_of(text)[..] else { panic!("one ticket") };
    assert_eq!(ticket.text(&Field::Summary).as_deref(), Some("Outage"));
}

#[test]
fn a_title_below_front_matter_tells_key_and_summary_again() {
    let said = |front_matter: &str, title: &str| {
        let text = format!("---\n{front_matter}\n---\n\n{title}\n\n## Steps\n\n1. Open it\n");
        let [ticket] = &tickets_of(&text)[..] else { panic!("one ticket") };
        let told = [Field::Key, Field::Summary].map(|field| ticket.text(&field).unwrap_or_default());
        let others = ticket.sections.iter().filter_map(|section| match &section.name {
            Name::Other(heading) => Some(heading.clone()),
            Name::Field(_) => None,
        });
        told.into_iter().chain(others).collect::<Vec<_>>().join(" | ")
    };
    let both = "key: PZ-1\nsummary: Login works";
    assert_eq!(said(both, "# PZ-1: Login **works**"), "PZ-1 | Login works");
    assert_eq!(said(both, "# Test Case: Login works"), "PZ-1 | Login works");
    assert_eq!(said(both, "# PZ-2: Logout works"), "PZ-1\n\nPZ-2 | Login works\n\nLogout works");
    assert_eq!(said("key: PZ-1", "# Login works"), "PZ-1 | Login works");
    assert_eq!(said("Title: Login works", "# PZ-1 Login works"), "PZ-1 | Login works");
    assert_eq!(said(both, "# Test Case"), "PZ-1 | Login works | Test Case");
    assert_eq!(said(both, "## Only on Tuesdays"), "PZ-1 | Login works | Only on Tuesdays");
}

#[test]
fn words_that_yaml_takes_for_something_else_are_quoted() {
    let written = |text: &str| front_matter::write("status", &[Block::paragraph(At::default(), text)]);
    for bare in ["Open", "2025", "a: b".trim_end_matches(": b"), "é (x), y"] {
        assert_eq!(written(bare), Some(format!("status: {bare}\n")));
    }
    for quoted in ["null", "Null", "1.10", "1e3", "a: b", "a:", "- a", "#1"] {
        assert_eq!(written(quoted), Some(format!("status: \"{quoted}\"\n")));
    }
}

#[test]
fn a_map_ends_where_the_next_key_begins() {
    let [ticket] = &tickets_of("---\nkey: PZ-1\nown:\n  by: Ann\nstatus: Open\n---\n## Objective\nx\n")[..]
    else {
        panic!("one ticket")
    };
    let own = ticket.sections.iter().find(|section| section.name == Name::Other("own".to_owned())).unwrap();
    assert!(matches!(&own.body[..], [Block::Code { text, .. }] if text == "  by: Ann"), "{own:?}");
}

#[test]
fn front_matter_holds_words_numbers_and_lists_with_their_places() {
    let text = "---\nkey: PZ-1\nsummary: \"Outage: broker\"\npriority: 2.0\nstatus: yes\ncreated: 2025-10-05\nassignee:\nlabels: [live, 1.10]\nseen:\n  by: Ann\n---\n## Objective\nx\n";
    let [ticket] = &tickets_of(text)[..] else { panic!("one ticket") };
    let words = |field| ticket.text(&field);
    assert_eq!(words(Field::Summary).as_deref(), Some("Outage: broker"));
    assert_eq!(words(Field::Priority).as_deref(), Some("2.0"));
    assert_eq!(words(Field::Status).as_deref(), Some("yes"));
    assert_eq!(words(Field::Created).as_deref(), Some("2025-10-05"));
    assert_eq!(words(Field::Labels).as_deref(), Some("live\n1.10"));
    assert!(ticket.section(&Field::Assignee).is_some_and(|section| section.body.is_empty()));
    assert_eq!(format!("{:?}", ticket.section(&Field::Priority).map(|section| section.at)), "Some(4:1)");
    assert_eq!(
        format!("{:?}", ticket.section(&Field::Priority).map(|section| section.body[0].at())),
        "Some(4:11)"
    );
    assert_eq!(format!("{:?}", ticket.section(&Field::Objective).map(|section| section.at)), "Some(12:1)");
    let seen = ticket.sections.iter().find(|section| section.name == Name::Other("seen".to_owned()));
    assert_eq!(crate::markup::plain_blocks(&seen.expect("it is kept").body), "  by: Ann");
}

#[test]
fn broken_front_matter_is_told_with_its_line() {
    let broken = failure("---\nkey: PZ-1\nsummary: a: b\n---\n");
    assert!(
        broken.starts_with("a.md:3:11: the front matter is no YAML: mapping values are not allowed"),
        "{broken}"
    );
    let broken = failure("\n\n---\nkey: PZ-1\nkey: PZ-2\n---\n");
    assert!(broken.starts_with("a.md:5:1: the front matter is no YAML: duplicate"), "{broken}");
}

#[test]
fn rules_and_templates_in_code_part_no_tickets() {
    for text in [
        "---\nkey: A-1\n---\n\n## Objective\n\na\n\n---\n\nPriority: High\n\n---\n\nb\n",
        "---\nkey: A-1\n---\n\n## Objective\n\n```\n\n---\nkey: A-2\n---\n```\n",
        "---\nkey: A-1\n---\n\n## Objective\n\nx\n\n---\nkey: A-2\nno key\n---\n",
    ] {
        assert_eq!(tickets_of(text).len(), 1, "{text}");
    }
    let two = "---\nkey: A-1\n---\n## Objective\nx\n\n---\nkey: A-2\n---\n## Objective\ny\n";
    assert_eq!(tickets_of(two).len(), 2);
}

#[test]
fn a_ticket_says_how_it_is_parted_only_where_it_could_be_mistaken() {
    for body in ["### a\n", "## Notes of ours\n\n### Objective\n\nx\n", "*Objective:* a\n"] {
        let text = format!(
            "---\n{{}}\n---\n\n{body}\nOnly headings of the second level begin a section of this ticket.\n"
        );
        let tickets = tickets_of(&text);
        assert!(tickets[0].section(&Field::Objective).is_none(), "{tickets:?}");
        assert_eq!(write(&tickets, &Standard::built_in()), text);
    }
    let text = "---\nkey: A-1\n---\n\n## Objective\n\n### Objective\n\n### Key\n";
    assert_eq!(write(&tickets_of(text), &Standard::built_in()), text);
}

#[test]
fn the_canonical_form() {
    let text = "---
key: PZ-1
summary: Broker lost under a running view
labels:
  - live
  - resilience
---

## Objective

The view **survives**.

## Test Steps

| # | Action | Data | Expected Result |
| --- | --- | --- | --- |
| 1 | Configure | `POST /configure` | `status = 200` |

## Notes of ours

- [ ] ask Ann
";
    let tickets = tickets_of(text);
    assert_eq!(write(&tickets, &Standard::built_in()), text);
}
