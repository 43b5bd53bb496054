//! What a report says about many tickets, ready to be laid out.

use casebook_ticket::{Field, Language};

use super::ticket::{place, ticket_name};
use super::words::{Phrases, fill};
use super::{Material, Style, clean};
use crate::audit::{Gate, Grade, Severity, State, rule};
use crate::collection::{Defect, FieldCount, Row, Summary};
use crate::duplicates::{Kind, Pair};

/// The grades, best first.
pub(crate) const GRADES: [Grade; 5] = [Grade::A, Grade::B, Grade::C, Grade::D, Grade::F];
/// The gates, from none to the last.
pub(crate) const GATES: [Option<Gate>; 6] = [
    None,
    Some(Gate::Parses),
    Some(Gate::Complete),
    Some(Gate::Safe),
    Some(Gate::Falsifiable),
    Some(Gate::Executable),
];
/// The severities, worst first.
pub(crate) const SEVERITIES: [Severity; 4] =
    [Severity::Blocker, Severity::Major, Severity::Minor, Severity::Hint];
/// Kinds of defects, fields and pairs of tickets that are told.
const TOLD: usize = 12;

/// The numbers of many tickets.
#[derive(Debug)]
pub(crate) struct Numbers {
    /// How many tickets have each grade, in the order of [`GRADES`].
    pub(crate) grades: [usize; 5],
    /// How many tickets got as far as each gate and no further, in the order of [`GATES`].
    pub(crate) gates: [usize; 6],
    /// How many findings there are of each severity, in the order of [`SEVERITIES`].
    pub(crate) severities: [usize; 4],
    /// Points on average, rounded; none without tickets.
    pub(crate) points: Option<usize>,
}

impl Numbers {
    pub(crate) fn of(summary: &Summary) -> Self {
        let tickets = summary.rows.len();
        let points: usize = summary.rows.iter().map(|row| usize::from(row.verdict.points)).sum();
        let findings = |severity: Severity| {
            summary.rows.iter().filter_map(|row| row.findings.get(&severity)).sum::<usize>()
        };
        Self {
            grades: GRADES.map(|grade| summary.grades.get(&grade).copied().unwrap_or(0)),
            gates: GATES.map(|gate| summary.gates.get(&gate).copied().unwrap_or(0)),
            severities: SEVERITIES.map(findings),
            points: (points + tickets / 2).checked_div(tickets),
        }
    }
}

/// The defects that are worth telling.
pub(crate) fn defects(summary: &Summary) -> &[Defect] {
    &summary.defects[..summary.defects.len().min(TOLD)]
}

/// What a defect is called.
pub(crate) fn title<'a>(defect: &Defect, style: Style) -> &'a str {
    rule(defect.rule).map_or(defect.rule, |rule| rule.title.in_language(style.language))
}

/// The fields that are most often lacking, and in how many tickets they are missing, and not good enough.
pub(crate) fn lacking(summary: &Summary) -> Vec<(&Field, usize, usize)> {
    let of = |field: &FieldCount, state: State| field.states.get(&state).copied().unwrap_or(0);
    let counts = summary.fields.iter().map(|field| {
        let poor = of(field, State::Placeholder) + of(field, State::Inadequate);
        (&field.field, of(field, State::Absent), poor)
    });
    let mut counts: Vec<_> = counts.filter(|(_, absent, poor)| absent + poor > 0).collect();
    // Fields that are as often lacking keep the standard's order.
    counts.sort_by_key(|(_, absent, poor)| std::cmp::Reverse(absent + poor));
    counts.truncate(TOLD);
    counts
}

/// The pairs of tickets that are told.
pub(crate) fn pairs(material: &Material) -> &[Pair] {
    let pairs = &material.summary.duplicates;
    &pairs[..pairs.len().min(4 * TOLD)]
}

/// How many are not, of so many, in words.
pub(crate) fn left_off(all: usize, told: usize, phrases: &Phrases) -> Option<String> {
    let more = all.checked_sub(told).filter(|more| *more > 0)?;
    Some(fill(&phrases.and_more, &[("count", &more.to_string())]))
}

/// What the field is called in reports.
pub(crate) fn field_name(field: &Field, style: Style) -> String {
    let rule = style.standard.rule(field);
    clean::line(rule.map_or(field.id(), |rule| rule.name.in_language(style.language)))
}

/// What a ticket is called.
pub(crate) fn name(row: &Row, language: Language) -> String {
    ticket_name(row.key.as_deref(), &row.origin, language)
}

/// What the two tickets of a pair are called, the earlier one first.
pub(crate) fn names(pair: &Pair, material: &Material, language: Language) -> Vec<String> {
    let rows = [pair.earlier, pair.number].into_iter().filter_map(|number| material.summary.rows.get(number));
    let called = |row: &Row| match pair.kind {
        // A key that both have does not tell them apart.
        Kind::Key => format!("{} ({})", name(row, language), place(&row.origin, language)),
        _ => name(row, language),
    };
    rows.map(called).collect()
}

/// What the two tickets of a pair have in common.
pub(crate) fn alike(pair: &Pair, phrases: &Phrases) -> String {
    let percent = format!("{:.0}", (pair.similarity * 100.0).clamp(0.0, 99.0));
    let phrase = match pair.kind {
        Kind::Key => &phrases.alike_key,
        Kind::Text => &phrases.alike_text,
        Kind::NearText => &phrases.alike_nearly,
        Kind::TestData => &phrases.alike_data,
        Kind::PreCondition => &phrases.alike_pre_condition,
        Kind::Summary => &phrases.alike_summary,
    };
    fill(phrase, &[("percent", &percent), ("what", &clean::short(&pair.what, 120))])
}

/// The gate behind one.
pub(crate) fn next(gate: Option<Gate>) -> Option<Gate> {
    let passed = GATES.iter().position(|known| *known == gate)?;
    GATES.get(passed + 1).copied().flatten()
}
