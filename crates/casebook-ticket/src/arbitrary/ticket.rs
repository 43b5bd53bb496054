//! Whole tickets.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{Feature, blocks, pattern, steps, text};
use crate::markup::{Block, Blocks, Item, normal};
use crate::{At, Field, Name, Section, Standard, Ticket, steps as table};

/// A ticket as the canonical form can hold it: fields in the standard's order, those of the front matter first and
/// with plain words in them, the others with blocks; no heading of the first two levels in any; other sections at the end.
pub fn ticket(features: &'static [Feature]) -> impl Strategy<Value = Ticket> {
    let mut fields: Vec<_> =
        Standard::built_in().fields.into_iter().map(|rule| (rule.id, rule.front_matter)).collect();
    fields.sort_by_key(|(_, is_short)| !is_short);
    let bodies = (
        vec(words(), 6).prop_map(|words| {
            words.iter().map(|words| vec![Block::paragraph(At::default(), words)]).collect::<Vec<_>>()
        }),
        vec(blocks(features).prop_map(deeper), 4),
        steps(features).prop_map(|steps| vec![table::write(&steps)]),
        vec(pattern("[a-z][a-z0-9-]{0,8}"), 1..4).prop_map(|labels| self::labels(&labels)),
    );
    let other = (pattern("Notes [a-z]{1,6}"), blocks(features).prop_map(deeper))
        .prop_map(|(heading, body)| Section { name: Name::Other(heading), at: At::default(), body });
    let fields = prop::sample::subsequence(fields, 2..12);
    (fields, bodies, option::weighted(0.3, other)).prop_map(|(fields, bodies, other)| {
        let (words, blocks, steps, labels) = bodies;
        let (mut words, mut blocks) = (words.into_iter().cycle(), blocks.into_iter().cycle());
        let mut sections: Vec<_> = fields
            .into_iter()
            .map(|(field, is_short)| {
                let body = match field {
                    Field::TestSteps => steps.clone(),
                    Field::Labels => labels.clone(),
                    _ if is_short => words.next().unwrap_or_default(),
                    _ => blocks.next().unwrap_or_default(),
                };
                Section { name: Name::Field(field), at: At::default(), body }
            })
            .collect();
        sections.extend(other);
        Ticket { origin: crate::Origin::default(), sections }
    })
}

fn words() -> impl Strategy<Value = String> {
    text()
        .prop_map(|text| text.trim_matches(|character: char| " \t".contains(character)).to_owned())
        .prop_map(|text| if text.is_empty() { "word".to_owned() } else { text })
}

fn labels(labels: &[String]) -> Blocks {
    let at = At::default();
    let items = labels.iter().map(|label| Item { at, done: None, blocks: vec![Block::paragraph(at, label)] });
    vec![Block::List { at, start: None, items: items.collect() }]
}

fn deeper(mut blocks: Blocks) -> Blocks {
    for block in &mut blocks {
        if let Block::Heading { level, .. } = block {
            *level = (*level).max(3);
        }
    }
    blocks
}

/// A ticket with all that tickets say: each field of the standard or not, short ones first, with anything in it; headings of
/// the author's own, with any words; text before any heading. No heading in a body is of the first two levels.
pub fn whole_ticket(features: &'static [Feature]) -> impl Strategy<Value = Ticket> {
    let body = blocks(features).prop_map(deeper).boxed();
    let mut fields: Vec<_> =
        Standard::built_in().fields.into_iter().map(|rule| (rule.id, rule.front_matter)).collect();
    fields.sort_by_key(|(_, is_short)| !is_short);
    let parts = (
        prop::sample::subsequence(fields, 0..12),
        vec(short(body.clone()), 3),
        vec(body.clone(), 2),
        steps(features).prop_map(|steps| vec![table::write(&steps)]),
        prop_oneof![vec(pattern("[a-z][a-z0-9-]{0,8}"), 1..4), vec(words(), 1..4)]
            .prop_map(|all| labels(&all)),
    );
    let others = vec((words(), body.clone()), 0..3);
    (parts, option::weighted(0.2, body), others).prop_map(
        |((fields, short, long, steps, labels), lead, others)| {
            let (mut short, mut long) = (short.into_iter().cycle(), long.into_iter().cycle());
            let section = |name: Name, body: Blocks| Section { name, at: At::default(), body };
            let (first, last): (Vec<_>, Vec<_>) = fields.into_iter().partition(|(_, is_short)| *is_short);
            let mut ticket = Ticket::default();
            for (field, _) in first {
                let body =
                    if field == Field::Labels { labels.clone() } else { short.next().unwrap_or_default() };
                ticket.add(section(Name::Field(field), body));
            }
            if let Some(lead) = lead.filter(|lead| !lead.is_empty()) {
                ticket.add(section(Name::Other(String::new()), lead));
            }
            for (field, _) in last {
                let body =
                    if field == Field::TestSteps { steps.clone() } else { long.next().unwrap_or_default() };
                ticket.add(section(Name::Field(field), body));
            }
            let standard = Standard::built_in();
            let is_own = |heading: &String| {
                standard.field_of(heading).is_none() && standard.rule(&Field::of(heading)).is_none()
            };
            for (heading, body) in others.into_iter().filter(|(heading, _)| is_own(heading)) {
                ticket.add(section(Name::Other(heading), body));
            }
            ticket
        },
    )
}

/// What stands in a short field: mostly one line, seldom more, a list, anything, or nothing.
fn short(body: BoxedStrategy<Blocks>) -> BoxedStrategy<Blocks> {
    let lines = |lines: Vec<String>| normal(vec![Block::paragraph(At::default(), &lines.join("\n"))]);
    prop_oneof![
        8 => vec(words(), 1).prop_map(lines),
        1 => vec(words(), 2..4).prop_map(lines),
        1 => vec(words(), 1..4).prop_map(|all| labels(&all)),
        1 => body,
        1 => Just(Blocks::new()),
    ]
    .boxed()
}
