use casebook_ticket::{Origin, Section};

use super::*;

/// A ticket whose steps are words of its own beside what all tickets have.
fn ticket(key: &str, own: u32) -> Ticket {
    let mut ticket =
        Ticket { origin: Origin { at: At::new(own, 1), ..Origin::default() }, ..Ticket::default() };
    let steps: Vec<_> =
        (0..60).map(|step| format!("Step {step} sends word{} to the service.", step * own)).collect();
    let steps = steps.join("\n");
    for (field, text) in [
        (Field::Key, key),
        (Field::Summary, format!("Outage number {own}").as_str()),
        (Field::TestSteps, steps.as_str()),
    ] {
        add(&mut ticket, field, Block::paragraph(At::new(own, 2), text));
    }
    ticket
}

fn add(ticket: &mut Ticket, field: Field, block: Block) {
    ticket.add(Section { name: Name::Field(field), at: At::new(7, 1), body: vec![block] });
}

fn replaced(mut ticket: Ticket, field: &Field, text: &str) -> Ticket {
    ticket.sections.retain(|section| section.name != Name::Field(field.clone()));
    add(&mut ticket, field.clone(), Block::paragraph(At::new(7, 1), text));
    ticket
}

fn pairs(tickets: &[Ticket]) -> Vec<(Kind, usize, usize)> {
    found(tickets).iter().map(|pair| (pair.kind, pair.number, pair.earlier)).collect()
}

fn found(tickets: &[Ticket]) -> Vec<Pair> {
    let mut duplicates = Duplicates::default();
    for ticket in tickets {
        duplicates.add(ticket);
    }
    duplicates.finish()
}

#[test]
fn different_tickets_are_no_pairs() {
    let tickets: Vec<_> = (1..50).map(|number| ticket(&format!("PZ-{number}"), number * 7919)).collect();
    assert_eq!(pairs(&tickets), []);
    assert_eq!(pairs(&[Ticket::default(), Ticket::default()]), [], "nothing is not the same as nothing");
}

#[test]
fn the_same_key_and_the_same_text() {
    let (one, other) = (ticket("PZ-1", 11), ticket("PZ-1", 13));
    assert_eq!(pairs(&[one.clone(), other]), [(Kind::Key, 1, 0)]);
    let copy = replaced(one.clone(), &Field::Key, "PZ-2");
    let third = replaced(one.clone(), &Field::Key, "PZ-3");
    assert_eq!(pairs(&[one, copy, third]), [(Kind::Text, 1, 0), (Kind::Text, 2, 0)], "each with the first");
}

#[test]
fn nearly_the_same_text() {
    let one = ticket("PZ-1", 11);
    let text = one.text(&Field::TestSteps).unwrap();
    let near = replaced(replaced(one.clone(), &Field::Key, "PZ-2"), &Field::Summary, "Another");
    let near = replaced(near, &Field::TestSteps, &text.replace("Step 7 sends", "In step 7 you send"));
    let pair = &found(&[one.clone(), near])[0];
    assert_eq!((pair.kind, pair.number, pair.earlier), (Kind::NearText, 1, 0));
    assert!(pair.similarity > 0.85 && pair.similarity < 1.0, "{}", pair.similarity);
    let finding = pair.finding(Argument { en: "PZ-1".into(), he: "PZ-1".into() });
    assert!(finding.text(casebook_ticket::Language::En).contains("PZ-1"));
    assert!(!finding.text(casebook_ticket::Language::He).contains('{'));

    let marks = replaced(replaced(one.clone(), &Field::Key, "PZ-2"), &Field::TestSteps, &text.to_uppercase());
    assert_eq!(pairs(&[one, marks]), [(Kind::Text, 1, 0)], "case is no difference");
}

#[test]
fn the_same_summary() {
    let other = replaced(ticket("PZ-2", 13), &Field::Summary, "outage: number 11");
    assert_eq!(pairs(&[ticket("PZ-1", 11), other]), [(Kind::Summary, 1, 0)]);
}

#[test]
fn test_data_with_the_key_of_another_ticket() {
    let data = |key: &str, own, text: &str| {
        let mut ticket = ticket(key, own);
        let block =
            Block::Code { at: At::new(9, 1).into(), language: Some("json".into()), text: text.into() };
        add(&mut ticket, Field::TestData, block);
        ticket
    };
    let pasted = r#"{"task": "PZ-1-run", "channels": 10}"#;
    let found = found(&[data("PZ-1", 11, pasted), data("PZ-2", 13, pasted)]);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].kind, found[0].what.as_str()), (Kind::TestData, "PZ-1"));
    let shared = r#"{"channels": {"min": 1, "max": 10}}"#;
    assert_eq!(pairs(&[data("PZ-1", 11, shared), data("PZ-2", 13, shared)]), [], "data may be shared");
}

#[test]
fn a_pre_condition_that_means_two_things() {
    let with = |key: &str, own, text: &str| {
        let mut ticket = ticket(key, own);
        add(&mut ticket, Field::PreConditions, Block::paragraph(At::new(5, 1), text));
        ticket
    };
    let one = with("PZ-1", 11, "PC-030 (RabbitMQ blocked)\nPC-001: cluster is reachable");
    let same = with("PZ-2", 13, "PC-030: RabbitMQ is blocked");
    let mention = with("PZ-3", 17, "PC-030");
    assert_eq!(pairs(&[one.clone(), same, mention]), []);
    let other = with("PZ-4", 19, "PC-030: MongoDB returns an error");
    let found = found(&[one, other]);
    assert_eq!((found[0].kind, found[0].what.as_str(), found.len()), (Kind::PreCondition, "PC-030", 1));
    assert_eq!((found[0].at.line, found[0].earlier_at.line), (5, 5), "where it stands, and not its section");
}
