//! What is wrong with a ticket only beside others counts in its verdict as all else does.

use crate::collection::{Collection, Summary};
use crate::comparison::Comparison;

use super::*;

/// Tickets audited together, and what is said of them all.
fn beside(texts: [String; 2]) -> (Vec<Audit>, Summary) {
    let tickets = texts.map(|text| ticket(&text));
    let mut comparison = Comparison::default();
    for ticket in &tickets {
        comparison.add(ticket);
    }
    let mut audits: Vec<_> = tickets.iter().map(audited).collect();
    let pairs = comparison.finish(&mut audits, &STANDARD);
    let mut collection = Collection::new();
    for audit in &audits {
        collection.add(audit);
    }
    (audits, collection.finish(pairs))
}

/// An adequate ticket that has little in common with the other one.
fn other() -> String {
    let words = [
        ("SHOP-210", "SHOP-310"),
        ("order", "parcel"),
        ("shop", "depot"),
        ("provider", "carrier"),
        ("payment", "freight"),
        ("Payment", "Freight"),
        ("customer", "sender"),
    ];
    words.iter().fold(ADEQUATE.to_owned(), |text, (word, with)| text.replace(word, with))
}

#[test]
fn each_rule_about_other_tickets_counts_in_the_verdict() {
    let pre = "## Pre-Conditions";
    let with_pre = |text: &str, says: &str| text.replacen(pre, &format!("{pre}\n\n- PC-77: {says}"), 1);
    let data = "\n```json copied\n{\"order\": \"SHOP-210-run\", \"items\": 10}\n```\n";
    let with_data = |text: &str| text.replacen("## Test Data\n", &format!("## Test Data\n{data}"), 1);
    let plain = ADEQUATE.to_owned();
    let same_key = other().replace("SHOP-310", "SHOP-210");
    let summary = |text: &str| audited(&ticket(text)).summary.unwrap();
    let same_summary = other().replace(&summary(&other()), &summary(&plain));
    let near =
        plain.replace("SHOP-210", "SHOP-311").replace("Read the error's text", "Look what the error says");
    let near = near.replace(&summary(&plain), &summary(&other()));
    let cases = [
        ("duplicate-key", [plain.clone(), same_key], None, State::Adequate),
        (
            "duplicate-ticket",
            [plain.clone(), plain.replace("SHOP-210", "SHOP-311")],
            Some(Gate::Falsifiable),
            State::Adequate,
        ),
        ("near-duplicate", [plain.clone(), near], Some(Gate::Falsifiable), State::Adequate),
        ("test-data-pasted", [with_data(&plain), with_data(&other())], Some(Gate::Parses), State::Inadequate),
        (
            "precondition-id-reused",
            [with_pre(&plain, "the stock is empty"), with_pre(&other(), "a clerk signed in yesterday")],
            Some(Gate::Parses),
            State::Inadequate,
        ),
        ("duplicate-summary", [plain.clone(), same_summary], Some(Gate::Parses), State::Inadequate),
    ];
    for (rule, texts, gate, state) in cases {
        let alone: Vec<_> = texts.iter().map(|text| audited(&ticket(text))).collect();
        // Data that names another ticket is found without that ticket, and has cost its points.
        let is_found_alone = rule == "test-data-pasted";
        assert_eq!(alone[1].findings.is_empty(), !is_found_alone, "{rule}: {}", told(&alone[1]));
        let (audits, summary) = beside(texts);
        assert_eq!(audits[0].verdict, alone[0].verdict, "{rule}: the first is as it was");
        let (before, after) = (&alone[1], &audits[1]);
        let finding = after.findings.iter().find(|finding| finding.rule == rule);
        let finding = finding.unwrap_or_else(|| panic!("{rule} is not found: {}", told(after)));
        assert_eq!(after.verdict.gate, gate, "{rule}");
        assert_eq!(after.verdict.points < before.verdict.points, !is_found_alone, "{rule} costs points");
        if let Some(field) = &finding.field {
            let of = after.fields.iter().find(|other| other.field == *field).map(|field| field.state);
            assert_eq!(of, Some(state), "{rule}");
        }
        assert_eq!(summary.rows[1].verdict, after.verdict, "{rule}: a summary says the same");
        assert_eq!(
            summary.gates.get(&gate),
            Some(&(1 + usize::from(gate == alone[0].verdict.gate))),
            "{rule}"
        );
        assert!(summary.defects.iter().any(|defect| defect.rule == rule && defect.first == 1), "{rule}");
    }
}

#[test]
fn a_key_that_another_ticket_has_caps_the_grade() {
    let (audits, summary) = beside([ADEQUATE.to_owned(), other().replace("SHOP-310", "SHOP-210")]);
    assert_eq!((audits[1].verdict.grade, audits[1].verdict.blockers), (Grade::D, 1));
    assert_eq!(summary.grades, [(Grade::D, 1), (Grade::A, 1)].into());
}

#[test]
fn a_ticket_without_a_key_is_called_by_its_place() {
    let mut tickets = [ticket(ADEQUATE), ticket(ADEQUATE)];
    for (number, ticket) in tickets.iter_mut().enumerate() {
        ticket.sections.retain(|section| section.name != Name::Field(Field::Key));
        ticket.origin.file = format!("{number}.md");
    }
    let mut comparison = Comparison::default();
    for ticket in &tickets {
        comparison.add(ticket);
    }
    let mut audits: Vec<_> = tickets.iter().map(audited).collect();
    let _ = comparison.finish(&mut audits, &STANDARD);
    let text = audits[1]
        .findings
        .iter()
        .find(|finding| finding.rule == "duplicate-ticket")
        .unwrap()
        .text(Language::En);
    assert!(text.ends_with("0.md:1"), "{text}");
}
