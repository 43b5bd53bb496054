//! Features in Gherkin, as they stand in files of their own.
//!
//! A test has its key in a tag, as Xray writes and reads it: `@PZ-7` or `@TEST_PZ-7`. Where such tags stand above scenarios,
//! each scenario is a ticket with what it shares with the others; else the feature is one.

use super::File;
use super::issue::CUCUMBER;
use crate::gherkin::{self, Part, Tag};
use crate::markup::{Block, Blocks, Item};
use crate::outline::{self, is_key};
use crate::{At, Field, Format, Found, Name, Origin, Section, SourceMap, Standard, Ticket};

/// Whether a file is a feature, by its name or because it is nothing else.
pub(crate) fn is_one(name: &str, text: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case("feature")) || gherkin::is_feature(text)
}

pub(crate) fn read_each(file: File<'_>, standard: &Standard, each: &mut dyn FnMut(Found)) {
    let start = At::new(1, 1);
    let feature = gherkin::parse(file.text, &start.into());
    let is_by_scenario = feature.scenarios.iter().any(|scenario| key(&scenario.tags).is_some());
    let parts = if is_by_scenario { gherkin::parts(file.text) } else { None };
    let is_by_scenario = parts.is_some();
    let whole =
        || vec![Part { begins: start, text: file.text.trim_end().to_owned(), at: SourceMap::from(start) }];
    let parts = parts.unwrap_or_else(whole);
    for Part { begins, text, at } in parts {
        let feature = gherkin::parse(&text, &at);
        let language = Some(gherkin::LANGUAGE.to_owned());
        let code = (!text.trim().is_empty()).then_some(Block::Code { at, language, text });
        let origin = Origin { file: file.name.to_owned(), format: Format::Wiki, at: begins, place: None };
        for mut found in outline::tickets(code.into_iter().collect(), standard, origin) {
            if let Found::Ticket(ticket) = &mut found {
                add(&feature, is_by_scenario, ticket);
            }
            each(found);
        }
    }
}

/// Adds what a feature tells besides its steps. What else is tagged with a key is what is tested.
fn add(feature: &gherkin::Feature, is_by_scenario: bool, ticket: &mut Ticket) {
    let scenarios = feature.scenarios.iter().flat_map(|scenario| &scenario.tags);
    let key = key(match &feature.scenarios[..] {
        [scenario] if is_by_scenario => &scenario.tags,
        _ => &feature.tags,
    });
    let (mut requirements, mut labels) = (Vec::new(), Vec::new());
    for tag in feature.tags.iter().chain(scenarios).filter(|tag| Some(*tag) != key) {
        let required = tag.name.strip_prefix("REQ_").unwrap_or(&tag.name);
        let (list, text) =
            if is_key(required) { (&mut requirements, required) } else { (&mut labels, tag.name.as_str()) };
        let blocks = vec![Block::paragraph(tag.at, text)];
        if !list.iter().any(|known: &Item| known.blocks == blocks) {
            list.push(Item { at: tag.at, done: None, blocks });
        }
    }
    let at = ticket.origin.at;
    let list = |items: Vec<Item>| -> Blocks {
        let at = items.first().map(|first| first.at);
        at.map(|at| Block::List { at, start: None, items }).into_iter().collect()
    };
    let key = key.map(|key| Block::paragraph(key.at, test_key(&key.name)));
    let told = [
        (Field::Key, key.into_iter().collect()),
        (Field::Labels, list(labels)),
        (Field::TestType, vec![Block::paragraph(at, CUCUMBER)]),
        (Field::Description, feature.description.clone()),
        (Field::Requirements, list(requirements)),
    ];
    let told = told.into_iter().filter(|(_, body): &(Field, Blocks)| !body.is_empty());
    let told = told.map(|(field, body)| Section { name: Name::Field(field), at: body[0].at(), body });
    ticket.sections.splice(0..0, told);
}

/// The tag that is a test's key.
fn key(tags: &[Tag]) -> Option<&Tag> {
    let is_test = |tag: &&Tag| tag.name.starts_with("TEST_") && is_key(test_key(&tag.name));
    tags.iter().find(is_test).or_else(|| tags.iter().find(|tag| is_key(&tag.name)))
}

fn test_key(tag: &str) -> &str {
    tag.strip_prefix("TEST_").unwrap_or(tag)
}

#[cfg(test)]
mod tests;
