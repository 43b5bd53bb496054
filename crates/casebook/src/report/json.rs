//! Reports for programs. What stands in them only grows: nothing is renamed or taken out under the same version.

use std::collections::BTreeMap;
use std::io::{self, Write};

use casebook_ticket::{At, Language};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::ticket::named;
use super::words::{letter, words_of};
use super::{Material, Style, summary::SEVERITIES};
use crate::audit::{Audit, Finding};

/// What [`Report::version`] says.
const VERSION: u32 = 1;

/// An audit, as `casebook audit --report json` writes it.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "casebook report")]
struct Report<'a> {
    /// The version of this form. Another one may mean other things by the same names; in the same one only new names
    /// are added.
    version: u32,
    /// The version of casebook that wrote it.
    casebook: &'static str,
    /// The language of texts: `en` or `he`.
    language: &'static str,
    /// The name of the standard that tickets were held to.
    standard: &'a str,
    summary: Numbers<'a>,
    /// In the order in which they were read.
    #[schemars(with = "Vec<Ticket<'static>>")]
    tickets: Tickets<'a>,
    /// Pairs of tickets that have too much in common.
    duplicates: Vec<Pair<'a>>,
    /// Documents that are no tests; they were not audited.
    no_tests: Vec<NoTest<'a>>,
    /// What is worth telling about files.
    notes: Vec<Note<'a>>,
    /// Files that cannot be read.
    unreadable: Vec<Unreadable<'a>>,
}

/// All tickets together.
#[derive(Serialize, JsonSchema)]
struct Numbers<'a> {
    /// How many there are.
    tickets: usize,
    /// Their points on average, rounded; null without tickets.
    points: Option<usize>,
    /// How many have each grade, `A` to `F`.
    grades: BTreeMap<&'static str, usize>,
    /// How many got as far as each gate and no further; `none` are those that pass not even the first.
    gates: BTreeMap<&'static str, usize>,
    /// How many findings there are of each severity.
    findings: BTreeMap<&'static str, usize>,
    /// How often each rule is broken, those of most tickets first.
    defects: Vec<Defect<'a>>,
}

/// How often one rule is broken.
#[derive(Serialize, JsonSchema)]
struct Defect<'a> {
    rule: &'a str,
    /// A few words.
    title: &'a str,
    /// How bad it is at its worst: `blocker`, `major`, `minor` or `hint`.
    severity: &'static str,
    /// In how many tickets.
    tickets: usize,
    /// How many times.
    findings: usize,
}

/// Tickets, each made when it is written: all of them together are larger than what they were made of.
struct Tickets<'a> {
    audits: &'a [Audit],
    style: Style<'a>,
}

impl Serialize for Tickets<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.audits.iter().map(|audit| ticket(audit, self.style)))
    }
}

/// One ticket.
#[derive(Serialize, JsonSchema)]
struct Ticket<'a> {
    /// Its key, as far as it has one.
    key: Option<&'a str>,
    /// Its summary, as far as it has one.
    summary: Option<&'a str>,
    /// The file, as it was named; null for standard input.
    file: Option<&'a str>,
    /// The format of the file.
    format: &'static str,
    #[serde(flatten)]
    at: Position,
    /// The place inside a file where lines do not tell it, e.g. `$.issues[3]`.
    place: Option<&'a str>,
    verdict: Verdict,
    /// Each field of the standard that is looked at, in the standard's order.
    fields: Vec<Field<'a>>,
    /// What is wrong, by position.
    findings: Vec<Problem<'a>>,
}

/// A position; both are null when it is not known.
#[derive(Serialize, JsonSchema)]
struct Position {
    /// From 1.
    line: Option<u32>,
    /// From 1, in characters (Unicode scalar values).
    column: Option<u32>,
}

/// What comes of an audit.
#[derive(Serialize, JsonSchema)]
struct Verdict {
    /// The highest gate that is passed together with all before it: `parses`, `complete`, `safe`, `falsifiable` or
    /// `executable`; null when none is.
    gate: Option<&'static str>,
    /// 0 to 100.
    #[schemars(range(max = 100))]
    points: u8,
    /// `A` to `F`; a blocker caps it at `D`.
    grade: &'static str,
    /// How many findings are blockers.
    blockers: usize,
}

/// How one field fares.
#[derive(Serialize, JsonSchema)]
struct Field<'a> {
    /// Its id in the standard.
    #[serde(rename = "field")]
    id: &'a str,
    /// Its name, in the report's language.
    name: &'a str,
    /// `critical`, `important` or `nice-to-have`.
    importance: &'static str,
    /// `absent`, `placeholder`, `inadequate`, `adequate` or `executable`.
    state: &'static str,
    #[serde(flatten)]
    at: Position,
}

/// One thing that is wrong.
#[derive(Serialize, JsonSchema)]
struct Problem<'a> {
    /// The rule's id; `casebook explain` tells more about it.
    rule: &'a str,
    /// `blocker`, `major`, `minor` or `hint`.
    severity: &'static str,
    /// The id of the field that it is about, when it is about one.
    field: Option<&'a str>,
    #[serde(flatten)]
    at: Position,
    /// What is wrong, in the report's language.
    text: String,
    /// How to mend it, in the report's language.
    remedy: String,
    /// What the texts were made with, by name.
    arguments: BTreeMap<&'a str, &'a str>,
}

/// Two tickets that have too much in common.
#[derive(Serialize, JsonSchema)]
struct Pair<'a> {
    /// What they have in common: `key`, `text`, `near-text`, `test-data`, `pre-condition` or `summary`.
    kind: &'static str,
    /// The two tickets, as numbers into `tickets` from 0, the earlier one first.
    tickets: [usize; 2],
    /// What they are called: by their keys, or else by where they stand.
    names: Vec<String>,
    /// How much is the same, 0 to 1.
    similarity: f32,
    /// What is the same, when it has a name.
    what: &'a str,
}

/// A document that is no test.
#[derive(Serialize, JsonSchema)]
struct NoTest<'a> {
    /// The file, as it was named; null for standard input.
    file: Option<&'a str>,
    #[serde(flatten)]
    at: Position,
    /// Its title, as far as it has one.
    title: &'a str,
    /// `epic`, `bug`, `guide`, `template` or `empty`.
    kind: &'static str,
    /// What it was told by, in the report's language.
    reason: String,
}

/// Something about a file.
#[derive(Serialize, JsonSchema)]
struct Note<'a> {
    /// The file, as it was named; null for standard input.
    file: Option<&'a str>,
    #[serde(flatten)]
    at: Position,
    /// The rule's id.
    rule: &'a str,
    /// What is worth telling, in the report's language.
    text: String,
}

/// A file that cannot be read.
#[derive(Serialize, JsonSchema)]
struct Unreadable<'a> {
    /// The file, as it was named; null for standard input.
    file: Option<&'a str>,
    #[serde(flatten)]
    at: Position,
    /// What is wrong and what to do, in the report's language.
    text: String,
}

/// The JSON Schema of a report in JSON.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::generate::SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<Report<'static>>()
        .to_value()
}

pub(super) fn write(material: &Material, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let summary = &material.summary;
    let numbers = super::summary::Numbers::of(summary);
    let defects = summary.defects.iter().map(|defect| Defect {
        rule: defect.rule,
        title: super::summary::title(defect, style),
        severity: words_of::severity(defect.severity),
        tickets: defect.tickets,
        findings: defect.times,
    });
    let severities = SEVERITIES.map(words_of::severity).into_iter().zip(numbers.severities);
    let report = Report {
        version: VERSION,
        casebook: env!("CARGO_PKG_VERSION"),
        language: match style.language {
            Language::En => "en",
            Language::He => "he",
        },
        standard: style.standard.name.in_language(style.language),
        summary: Numbers {
            tickets: summary.rows.len(),
            points: numbers.points,
            grades: super::summary::GRADES.map(letter).into_iter().zip(numbers.grades).collect(),
            gates: super::summary::GATES.map(words_of::gate).into_iter().zip(numbers.gates).collect(),
            findings: severities.collect(),
            defects: defects.collect(),
        },
        tickets: Tickets { audits: &material.audits, style },
        duplicates: summary
            .duplicates
            .iter()
            .map(|pair| self::pair(pair, material, style.language))
            .collect(),
        no_tests: material
            .refused
            .iter()
            .map(|refused| no_test(&refused.file, &refused.found, style.language))
            .collect(),
        notes: material
            .notes
            .iter()
            .map(|note| self::note(&note.file, &note.found, style.language))
            .collect(),
        unreadable: material.unreadable.iter().map(|error| unreadable(error, style.language)).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &report)?;
    out.write_all(b"\n")
}

fn ticket<'a>(audit: &'a Audit, style: Style<'a>) -> Ticket<'a> {
    let fields = audit.fields.iter().filter_map(|state| {
        let rule = style.standard.rule(&state.field)?;
        Some(Field {
            id: state.field.id(),
            name: rule.name.in_language(style.language),
            importance: words_of::importance(rule.importance),
            state: words_of::state(state.state),
            at: state.at.into(),
        })
    });
    Ticket {
        key: audit.key.as_deref(),
        summary: audit.summary.as_deref(),
        file: named(&audit.origin.file),
        format: audit.origin.format.name(),
        at: audit.origin.at.into(),
        place: audit.origin.place.as_deref(),
        verdict: Verdict {
            gate: audit.verdict.gate.map(|gate| words_of::gate(Some(gate))),
            points: audit.verdict.points,
            grade: letter(audit.verdict.grade),
            blockers: audit.verdict.blockers,
        },
        fields: fields.collect(),
        findings: audit.findings.iter().map(|finding| problem(finding, style.language)).collect(),
    }
}

fn problem(finding: &Finding, language: Language) -> Problem<'_> {
    let arguments = finding.arguments.iter();
    Problem {
        rule: finding.rule,
        severity: words_of::severity(finding.severity),
        field: finding.field.as_ref().map(casebook_ticket::Field::id),
        at: finding.at.into(),
        text: finding.text(language),
        remedy: finding.remedy(language),
        arguments: arguments.map(|(name, value)| (*name, &**value.in_language(language))).collect(),
    }
}

fn pair<'a>(pair: &'a crate::duplicates::Pair, material: &Material, language: Language) -> Pair<'a> {
    Pair {
        names: super::summary::names(pair, material, language),
        kind: words_of::alike(pair.kind),
        tickets: [pair.earlier, pair.number],
        similarity: pair.similarity,
        what: &pair.what,
    }
}

fn no_test<'a>(file: &'a str, found: &'a casebook_ticket::NoTest, language: Language) -> NoTest<'a> {
    NoTest {
        file: named(file),
        at: found.at.into(),
        title: &found.title,
        kind: words_of::kind(found.kind),
        reason: found.reason.in_language(language),
    }
}

fn note<'a>(file: &'a str, found: &'a casebook_ticket::Note, language: Language) -> Note<'a> {
    Note { file: named(file), at: found.at.into(), rule: found.rule, text: found.text.in_language(language) }
}

fn unreadable(error: &casebook_ticket::ReadError, language: Language) -> Unreadable<'_> {
    Unreadable { file: named(&error.file), at: error.at.into(), text: error.text.in_language(language) }
}

impl From<At> for Position {
    fn from(at: At) -> Self {
        let known = |number| (number > 0).then_some(number);
        Self { line: known(at.line), column: known(at.column) }
    }
}
