//! Test data: whether it is there, can be parsed, and is this test's.

mod defect;

use casebook_ticket::markup::{Block, Blocks, Cell, Item, plain};
use casebook_ticket::{At, Field, SourceMap};

use crate::audit::Finding;
use crate::audit::case::Case;
use crate::audit::text::Kind;
use crate::audit::words::{excerpt, is_none, pattern};

use defect::{Defect, Language};

pattern! {
    /// Data that stands in a text: a number, something quoted, a name with a value.
    CONCRETE = r#"[0-9]|["'“”`{}]|\S\s*=\s*\S|[\w/.-]+\.(?:json|ya?ml|csv|xml|txt|bin|h5|prp|segy|zip)\b|https?://"#
}
pattern! {
    ENTRY = r"^[\s\-*•]*[^\s:][^:]{0,40}:\s*\S"
}
pattern! {
    /// A member of an object in JSON.
    MEMBER = r#""[^"]+"\s*:"#
}
pattern! {
    KEY = r"\b[A-Z][A-Z0-9]+-[0-9]+\b"
}

pub(super) fn look(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let field = &Field::TestData;
    if let Some(number) = case.filled(field) {
        let body = &case.ticket.sections[number].body;
        codes(body, &mut |at, language, text| parse(case, field, at, language, text, findings));
        for (at, text) in bare(body) {
            parse(case, field, &at.into(), Some("json"), &text, findings);
        }
        described(case, number, findings);
        foreign(case, number, findings);
    }
    if let Some(number) = case.filled(&Field::TestSteps) {
        // Only what says that it is JSON or YAML: commands stand there too.
        codes(&case.ticket.sections[number].body, &mut |at, language, text| {
            if language.is_some() {
                parse(case, &Field::TestSteps, at, language, text, findings);
            }
        });
    }
}

/// Each block of code, wherever it stands.
fn codes<'a>(blocks: &'a Blocks, each: &mut dyn FnMut(&'a SourceMap, Option<&'a str>, &'a str)) {
    for block in blocks {
        match block {
            Block::Code { at, language, text } => each(at, language.as_deref(), text),
            Block::List { items, .. } => items.iter().for_each(|Item { blocks, .. }| codes(blocks, each)),
            Block::Quote { blocks, .. } => codes(blocks, each),
            Block::Table { rows, .. } => {
                rows.iter().flatten().for_each(|Cell { blocks, .. }| codes(blocks, each));
            }
            _ => {}
        }
    }
}

/// Paragraphs that are meant as JSON although nothing marks them as code: a paste.
fn bare(blocks: &[Block]) -> impl Iterator<Item = (At, String)> {
    blocks.iter().filter_map(|block| {
        let Block::Paragraph { at, text } = block else { return None };
        let text = plain(text);
        let is_meant = text.starts_with(['{', '[']) && text.ends_with(['}', ']']) && MEMBER.is_match(&text);
        is_meant.then_some((*at, text))
    })
}

fn parse(
    case: &Case<'_>,
    field: &Field,
    places: &SourceMap,
    language: Option<&str>,
    text: &str,
    findings: &mut Vec<Finding>,
) {
    let Some(language) = Language::of(language, text) else { return };
    let Err(Defect { line, column, reason, remedy }) = defect::check(language, text) else { return };
    let at = places.at(line.saturating_sub(1), column.saturating_sub(1));
    findings.push(
        case.finding("test-data-unparsable", field, at)
            .with("language", language.name())
            .in_words("reason", reason.0, reason.1)
            .in_words("remedy", remedy.0, remedy.1),
    );
}

/// Data that is only spoken of.
fn described(case: &Case<'_>, number: usize, findings: &mut Vec<Finding>) {
    let mut lines = case.text.section(number).filter(|(line, _)| line.kind != Kind::Heading);
    let is_there = lines.any(|(line, text)| {
        matches!(line.kind, Kind::Code | Kind::Cell | Kind::Address)
            || CONCRETE.is_match(text)
            || ENTRY.is_match(text)
    });
    let text = case.text.words(number);
    if !is_there && !is_none(text) {
        let field = &Field::TestData;
        findings.push(case.finding("test-data-described", field, case.at(field)).with("text", excerpt(text)));
    }
}

/// Data that names another ticket of the same project.
fn foreign(case: &Case<'_>, number: usize, findings: &mut Vec<Finding>) {
    let Some(key) = case.key.as_deref() else { return };
    let Some((project, _)) = key.rsplit_once('-') else { return };
    for (line, text) in case.text.section(number).filter(|(_, text)| text.contains(project)) {
        let other = KEY.find_iter(text).find(|other| {
            other.as_str() != key
                && other.as_str().rsplit_once('-').is_some_and(|(other, _)| other == project)
        });
        if let Some(other) = other {
            let finding = case.finding("test-data-foreign", &Field::TestData, line.at);
            findings.push(finding.with("other", other.as_str()).with("key", key));
            // Pasted is the whole of it, not each line.
            return;
        }
    }
}
