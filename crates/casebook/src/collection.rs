//! Many tickets: what a summary over a folder or an export says.

use std::collections::{BTreeMap, HashMap};

use casebook_ticket::{Field, Origin};

use crate::audit::{Audit, Finding, Gate, Grade, Severity, State, Verdict};
use crate::duplicates::Pair;

/// Takes audits one by one and keeps only what the summary needs, so that an export of any size fits.
#[derive(Debug, Default)]
pub struct Collection {
    rows: Vec<Row>,
    fields: Vec<FieldCount>,
    defects: HashMap<&'static str, Defect>,
}

/// What a summary says.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// The tickets, in the order in which they came.
    pub rows: Vec<Row>,
    /// How each field fares, in the standard's order.
    pub fields: Vec<FieldCount>,
    /// What is wrong, the commonest first.
    pub defects: Vec<Defect>,
    /// How many tickets pass which gate as their highest; none of them first.
    pub gates: BTreeMap<Option<Gate>, usize>,
    /// How many tickets have which grade, the worst first.
    pub grades: BTreeMap<Grade, usize>,
    /// Tickets that have too much in common, the most alike first.
    pub duplicates: Vec<Pair>,
}

/// One ticket of a summary.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its key, as far as it has one.
    pub key: Option<String>,
    /// Its summary, as far as it has one.
    pub summary: Option<String>,
    /// Where it was read from.
    pub origin: Origin,
    /// What came of its audit.
    pub verdict: Verdict,
    /// How its fields fare, in the order of [`Summary::fields`].
    pub states: Box<[State]>,
    /// How many findings there are of which severity.
    pub findings: BTreeMap<Severity, usize>,
}

/// How one field fares over all tickets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldCount {
    /// The field.
    pub field: Field,
    /// How many tickets have it in which state.
    pub states: BTreeMap<State, usize>,
}

/// How often one rule is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// The rule's id.
    pub rule: &'static str,
    /// How bad it is at its worst.
    pub severity: Severity,
    /// How many tickets break it.
    pub tickets: usize,
    /// How many times it is broken.
    pub times: usize,
    /// The first ticket that breaks it, as a place in [`Summary::rows`].
    pub first: usize,
}

impl Collection {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the audit of a ticket, which is not kept. What was found beside other tickets is in it already.
    pub fn add(&mut self, audit: &Audit) {
        let number = self.rows.len();
        for (place, state) in audit.fields.iter().enumerate() {
            if self.fields.len() == place {
                self.fields.push(FieldCount { field: state.field.clone(), states: BTreeMap::new() });
            }
            *self.fields[place].states.entry(state.state).or_default() += 1;
        }
        self.rows.push(Row {
            key: audit.key.clone(),
            summary: audit.summary.clone(),
            origin: audit.origin.clone(),
            verdict: audit.verdict,
            states: audit.fields.iter().map(|field| field.state).collect(),
            findings: BTreeMap::new(),
        });
        self.count(number, &audit.findings);
    }

    /// How many tickets there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Sums up; the pairs are those of the tickets that were added.
    #[must_use]
    pub fn finish(self, duplicates: Vec<Pair>) -> Summary {
        let mut gates = BTreeMap::new();
        let mut grades = BTreeMap::new();
        for row in &self.rows {
            *gates.entry(row.verdict.gate).or_default() += 1;
            *grades.entry(row.verdict.grade).or_default() += 1;
        }
        let mut defects: Vec<_> = self.defects.into_values().collect();
        defects.sort_unstable_by_key(|defect| {
            (std::cmp::Reverse((defect.tickets, defect.severity, defect.times)), defect.rule)
        });
        Summary { rows: self.rows, fields: self.fields, defects, gates, grades, duplicates }
    }

    /// Counts the findings of one ticket.
    fn count(&mut self, number: usize, findings: &[Finding]) {
        for (place, finding) in findings.iter().enumerate() {
            let is_first = findings[..place].iter().all(|earlier| earlier.rule != finding.rule);
            let defect = self.defects.entry(finding.rule).or_insert(Defect {
                rule: finding.rule,
                severity: finding.severity,
                tickets: 0,
                times: 0,
                first: number,
            });
            defect.severity = defect.severity.max(finding.severity);
            defect.tickets += usize::from(is_first);
            defect.times += 1;
            *self.rows[number].findings.entry(finding.severity).or_default() += 1;
        }
    }
}
