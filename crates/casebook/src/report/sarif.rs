//! Reports in SARIF 2.1.0, which code hosts and editors show beside the lines.

use std::collections::{HashMap, HashSet};

use casebook_ticket::{At, Language, Message};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::words::{letter, words_of};
use super::{Material, Style};
use crate::audit::{Audit, Finding, Rule, Severity, rules};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What stands in a path of a URI as it is.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

pub(super) fn write(material: &Material, style: Style) -> String {
    let rules = broken(material);
    let index: HashMap<_, _> =
        rules.iter().enumerate().map(|(number, rule)| (rule.id.as_str(), number)).collect();
    let mut fingerprints = Fingerprints::default();
    let mut results = Vec::new();
    for audit in &material.audits {
        for finding in &audit.findings {
            results.push(result(audit, finding, &index, style.language, &mut fingerprints));
        }
    }
    let descriptions: Vec<_> = rules.iter().map(|rule| description(rule, style.language)).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "casebook",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "shortDescription": { "text": env!("CARGO_PKG_DESCRIPTION") },
                "rules": descriptions,
            } },
            "language": match style.language { Language::En => "en", Language::He => "he" },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": material.unreadable.is_empty(),
                "toolExecutionNotifications": notifications(material, style.language),
            }],
            "results": results,
        }],
    });
    // Strings and numbers only: there is nothing that could not be written.
    serde_json::to_string_pretty(&log).unwrap_or_default() + "\n"
}

/// The rules that findings are of, each once.
fn broken(material: &Material) -> Vec<&'static Rule> {
    let findings = material.audits.iter().flat_map(|audit| &audit.findings);
    let broken: HashSet<&str> = findings.map(|finding| finding.rule).collect();
    rules().iter().filter(|rule| broken.contains(rule.id.as_str())).collect()
}

fn description(rule: &Rule, language: Language) -> Value {
    let (title, explain) = (rule.title.in_language(language), rule.explain.in_language(language));
    let example = format!("{explain}\n\n✗ {}\n\n✓ {}", rule.bad.trim(), rule.good.trim());
    let markdown =
        format!("{explain}\n\n✗\n\n{}\n\n✓\n\n{}\n", fenced(rule.bad.trim()), fenced(rule.good.trim()));
    let mut tags = vec!["test-case"];
    tags.extend(rule.gate.map(|gate| words_of::gate(Some(gate))));
    json!({
        "id": rule.id,
        "name": pascal(&rule.id),
        "shortDescription": { "text": title },
        "fullDescription": { "text": explain },
        "help": { "text": example, "markdown": markdown },
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": {
            "severity": words_of::severity(rule.severity),
            "problem.severity": match level(rule.severity) { "note" => "recommendation", level => level },
            "tags": tags,
        },
    })
}

fn result(
    audit: &Audit,
    finding: &Finding,
    rules: &HashMap<&str, usize>,
    language: Language,
    fingerprints: &mut Fingerprints,
) -> Value {
    let (text, remedy) = (finding.text(language), finding.remedy(language));
    let message = if remedy.is_empty() { text } else { format!("{text}. {remedy}") };
    let at = if finding.at.is_known() { finding.at } else { audit.origin.at };
    let mut location = json!({ "physicalLocation": physical(&audit.origin.file, at) });
    if let Some(name) = audit.key.as_deref().or(audit.origin.place.as_deref()) {
        location["logicalLocations"] = json!([{ "name": name, "kind": "object" }]);
    }
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": { "text": message },
        "locations": [location],
        "partialFingerprints": { "casebook/v1": fingerprints.of(audit, finding) },
        "properties": {
            "severity": words_of::severity(finding.severity),
            "ticket": audit.key,
            "field": finding.field.as_ref().map(casebook_ticket::Field::id),
            "grade": letter(audit.verdict.grade),
        },
    });
    if let Some(number) = rules.get(finding.rule) {
        result["ruleIndex"] = json!(number);
    }
    result
}

fn physical(file: &str, at: At) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri(file) } });
    match (at.line, at.column) {
        (0, _) => {}
        (line, 0) => physical["region"] = json!({ "startLine": line }),
        (line, column) => physical["region"] = json!({ "startLine": line, "startColumn": column }),
    }
    physical
}

/// What is to be told about the run itself: files that cannot be read, and notes on others.
fn notifications(material: &Material, language: Language) -> Vec<Value> {
    let failed = material.unreadable.iter().map(|error| ("error", &error.text, &error.file, error.at));
    let noted = material.notes.iter().map(|note| ("note", &note.found.text, &note.file, note.found.at));
    let notification = |(level, text, file, at): (&str, &Message, &String, At)| {
        json!({
            "level": level,
            "message": { "text": text.in_language(language) },
            "locations": [{ "physicalLocation": physical(file, at) }],
        })
    };
    failed.chain(noted).map(notification).collect()
}

/// A path as a URI reference: relative paths stay relative.
fn uri(file: &str) -> String {
    if file.is_empty() {
        return "stdin".to_owned();
    }
    let path = file.strip_prefix("./").unwrap_or(file);
    let encoded = utf8_percent_encode(path, PATH);
    if path.starts_with('/') { format!("file://{encoded}") } else { encoded.to_string() }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Blocker | Severity::Major => "error",
        Severity::Minor => "warning",
        Severity::Hint => "note",
    }
}

fn fenced(text: &str) -> String {
    let run = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(run.max(2) + 1);
    format!("{fence}\n{text}\n{fence}")
}

/// `steps-too-few` as `StepsTooFew`.
fn pascal(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for word in id.split('-') {
        let mut letters = word.chars();
        out.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}

/// Names for findings that stay when lines move: made of what is said, and of which it is of those that say the same.
#[derive(Default)]
struct Fingerprints {
    seen: HashMap<u64, usize>,
}

impl Fingerprints {
    fn of(&mut self, audit: &Audit, finding: &Finding) -> String {
        let mut hash = Fnv::default();
        // A ticket with a key is the same one in another file.
        hash.add(audit.key.as_deref().unwrap_or(&audit.origin.file));
        hash.add(finding.rule);
        hash.add(finding.field.as_ref().map_or("", |field| field.id()));
        for (name, value) in &finding.arguments {
            hash.add(name);
            hash.add(&value.en);
        }
        let count = self.seen.entry(hash.0).or_default();
        *count += 1;
        format!("{:016x}:{count}", hash.0)
    }
}

/// FNV-1a with 64 bits: small, and the same on every machine and in every version.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, text: &str) {
        // The byte at the end, which no text has, keeps "a", "bc" and "ab", "c" apart.
        for byte in text.bytes().chain([0xff]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("./a b/ש#1.md"), "a%20b/%D7%A9%231.md");
        assert_eq!(uri("/x/y.md"), "file:///x/y.md");
        assert_eq!(uri(""), "stdin");
        assert_eq!(pascal("steps-too-few"), "StepsTooFew");
    }

    #[test]
    fn the_hash_is_fnv() {
        let mut hash = Fnv::default();
        for byte in b"foobar" {
            hash.0 = (hash.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        assert_eq!(hash.0, 0x8594_4171_f739_67e8);
    }
}
