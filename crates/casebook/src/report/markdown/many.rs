//! Many tickets: the numbers, the commonest defects, a table, what is there twice.

use super::super::summary::{self, GATES, GRADES, Numbers, SEVERITIES};
use super::super::ticket::place;
use super::super::words::{fill, letter};
use super::super::{Material, clean};
use super::Markdown;
use super::marks::escaped;
use crate::collection::Summary;

impl Markdown<'_> {
    pub(super) fn many(&mut self, material: &Material) {
        let phrases = self.phrases;
        self.heading(1, &fill(&phrases.summary_of_many, &[("count", &material.audits.len().to_string())]));
        let standard = self.style.standard.name.in_language(self.style.language);
        self.paragraph(&fill(&phrases.held_to, &[("standard", &escaped(standard))]));
        if material.audits.is_empty() {
            let told = self.sentence(&phrases.nothing_found);
            self.paragraph(&told);
        } else {
            self.numbers(&Numbers::of(&material.summary));
            self.defects(&material.summary);
            self.fields(&material.summary);
            self.table(material);
        }
        self.duplicates(material);
        self.refused(material);
        self.unreadable(material);
    }

    fn numbers(&mut self, numbers: &Numbers) {
        let phrases = self.phrases;
        self.heading(2, &format!("📊 {}", phrases.in_all));
        if let Some(points) = numbers.points {
            self.paragraph(&fill(&phrases.average, &[("points", &points.to_string())]));
        }
        let gates = GATES.map(|gate| phrases.gate(gate));
        let severities = SEVERITIES.map(|severity| phrases.severity(severity));
        self.counts([&phrases.grades, &phrases.tickets], &GRADES.map(letter), &numbers.grades);
        self.counts([&phrases.gates, &phrases.tickets], &gates, &numbers.gates);
        self.counts([&phrases.severity, &phrases.findings], &severities, &numbers.severities);
    }

    fn counts(&mut self, labels: [&str; 2], names: &[&str], counts: &[usize]) {
        self.row_of_head(&[&labels[..1], names].concat());
        let counts = counts.iter().map(usize::to_string);
        self.row(&std::iter::once(labels[1].to_owned()).chain(counts).collect::<Vec<_>>());
    }

    fn defects(&mut self, summary: &Summary) {
        if summary.defects.is_empty() {
            return;
        }
        let phrases = self.phrases;
        self.heading(2, &format!("🔎 {}", phrases.defects));
        self.row_of_head(&[&phrases.in_tickets, &phrases.severity, &phrases.rule, &phrases.defect]);
        let told = summary::defects(summary);
        for defect in told {
            let (rule, title) = (self.code(defect.rule), escaped(summary::title(defect, self.style)));
            self.row(&[
                defect.tickets.to_string(),
                phrases.severity(defect.severity).to_owned(),
                rule,
                title,
            ]);
        }
        if let Some(told) = summary::left_off(summary.defects.len(), told.len(), phrases) {
            self.paragraph(&told);
        }
    }

    fn fields(&mut self, summary: &Summary) {
        let lacking = summary::lacking(summary);
        if lacking.is_empty() {
            return;
        }
        let phrases = self.phrases;
        self.heading(2, &format!("🧩 {}", phrases.fields_lacking));
        self.row_of_head(&[&phrases.field, &phrases.state_absent, &phrases.poor]);
        for (field, absent, poor) in lacking {
            let name = escaped(&summary::field_name(field, self.style));
            self.row(&[name, absent.to_string(), poor.to_string()]);
        }
    }

    fn table(&mut self, material: &Material) {
        let phrases = self.phrases;
        self.heading(2, &format!("📋 {}", phrases.tickets));
        self.row_of_head(&[
            &phrases.ticket,
            &phrases.grade,
            &phrases.points,
            &phrases.gate,
            &phrases.blockers,
            &phrases.findings,
            &phrases.summary,
            &phrases.place,
        ]);
        for ticket in &material.summary.rows {
            let verdict = &ticket.verdict;
            let place = self.code(&place(&ticket.origin, self.style.language));
            self.row(&[
                self.code(&summary::name(ticket, self.style.language)),
                letter(verdict.grade).to_owned(),
                verdict.points.to_string(),
                phrases.gate(verdict.gate).to_owned(),
                verdict.blockers.to_string(),
                ticket.findings.values().sum::<usize>().to_string(),
                self.foreign(&clean::short(ticket.summary.as_deref().unwrap_or_default(), 120)),
                place,
            ]);
        }
    }

    fn duplicates(&mut self, material: &Material) {
        let pairs = summary::pairs(material);
        if pairs.is_empty() {
            return;
        }
        self.heading(2, &format!("👥 {}", self.phrases.duplicates));
        self.out.push('\n');
        for pair in pairs {
            let names = summary::names(pair, material, self.style.language);
            let names: Vec<_> = names.iter().map(|name| self.code(name)).collect();
            let alike = self.sentence(&summary::alike(pair, self.phrases));
            self.put(format_args!("- {}: {alike}\n", names.join(", ")));
        }
        if let Some(told) = summary::left_off(material.summary.duplicates.len(), pairs.len(), self.phrases) {
            self.paragraph(&told);
        }
    }
}
