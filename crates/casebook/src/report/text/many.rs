//! Many tickets: the numbers, the commonest defects, a table, what is there twice.

use super::super::span::{Kind, Span, sentence};
use super::super::summary::{self, GATES, GRADES, Numbers, SEVERITIES};
use super::super::words::{fill, letter};
use super::super::{Material, clean};
use super::kinds::{grade_kind, severity_kind};
use super::{CELL_CHARACTERS, Text};
use crate::collection::Summary;

impl Text<'_> {
    pub(super) fn many(&mut self, material: &Material) {
        let phrases = self.phrases;
        let title = fill(&phrases.summary_of_many, &[("count", &material.audits.len().to_string())]);
        self.page.line(0, &[Span::new(Kind::Strong, title)]);
        let standard = self.style.standard.name.in_language(self.style.language);
        self.page.line(0, &[Span::new(Kind::Faint, fill(&phrases.held_to, &[("standard", standard)]))]);
        if material.audits.is_empty() {
            self.page.blank();
            self.page.line(0, &sentence(&phrases.nothing_found));
        } else {
            self.numbers(&Numbers::of(&material.summary));
            self.defects(&material.summary);
            self.fields(&material.summary);
            self.table(material);
        }
        self.duplicates(material);
        self.refused(material);
        self.unreadable(material);
        if !material.audits.is_empty() {
            self.page.blank();
            self.page.line(0, &sentence(&phrases.explain_hint));
        }
    }

    fn numbers(&mut self, numbers: &Numbers) {
        let phrases = self.phrases;
        self.page.heading(&format!("📊 {}", phrases.in_all));
        if let Some(points) = numbers.points {
            let told = fill(&phrases.average, &[("points", &points.to_string())]);
            self.page.line(2, &[Span::plain(told)]);
        }
        let list = |label: &str, counts: Vec<(String, usize)>| {
            let counts = counts.into_iter().filter(|(_, count)| *count > 0);
            let mut spans = vec![Span::new(Kind::Faint, format!("{label}: "))];
            for (name, count) in counts {
                let separator = if spans.len() > 1 { " · " } else { "" };
                spans.extend([
                    Span::plain(separator),
                    Span::plain(name),
                    Span::plain(format!("\u{A0}{count}")),
                ]);
            }
            spans
        };
        let grades = GRADES.map(|grade| letter(grade).to_owned()).into_iter().zip(numbers.grades);
        self.page.line(2, &list(&phrases.grades, grades.collect()));
        let gates = GATES.map(|gate| phrases.gate(gate).to_owned()).into_iter().zip(numbers.gates);
        self.page.line(2, &list(&phrases.gates, gates.collect()));
        let severities = SEVERITIES.map(|severity| phrases.severity(severity).to_owned());
        let severities = severities.into_iter().zip(numbers.severities);
        self.page.line(2, &list(&phrases.findings, severities.collect()));
    }

    fn defects(&mut self, summary: &Summary) {
        if summary.defects.is_empty() {
            return;
        }
        let phrases = self.phrases;
        self.page.heading(&format!("🔎 {}", phrases.defects));
        let head = [&phrases.in_tickets, &phrases.severity, &phrases.rule, &phrases.defect];
        let mut rows = vec![head.map(|cell| Span::plain(&**cell)).to_vec()];
        let told = summary::defects(summary);
        rows.extend(told.iter().map(|defect| {
            vec![
                Span::plain(defect.tickets.to_string()),
                Span::new(severity_kind(defect.severity), phrases.severity(defect.severity)),
                Span::code(defect.rule),
                Span::plain(summary::title(defect, self.style)),
            ]
        }));
        self.page.table(2, &rows);
        if let Some(told) = summary::left_off(summary.defects.len(), told.len(), phrases) {
            self.page.line(2, &[Span::new(Kind::Faint, told)]);
        }
    }

    fn fields(&mut self, summary: &Summary) {
        let lacking = summary::lacking(summary);
        if lacking.is_empty() {
            return;
        }
        let phrases = self.phrases;
        self.page.heading(&format!("🧩 {}", phrases.fields_lacking));
        let head = [&phrases.state_absent, &phrases.poor, &phrases.field];
        let mut rows = vec![head.map(|cell| Span::plain(&**cell)).to_vec()];
        rows.extend(lacking.into_iter().map(|(field, absent, poor)| {
            let name = summary::field_name(field, self.style);
            vec![Span::plain(absent.to_string()), Span::plain(poor.to_string()), Span::plain(name)]
        }));
        self.page.table(2, &rows);
    }

    fn table(&mut self, material: &Material) {
        let phrases = self.phrases;
        self.page.heading(&format!("📋 {}", phrases.tickets));
        let head = [&phrases.grade, &phrases.points, &phrases.gate, &phrases.blockers, &phrases.findings];
        let mut row = vec![Span::plain(&*phrases.ticket)];
        row.extend(head.map(|cell| Span::plain(&**cell)));
        row.push(Span::plain(&*phrases.summary));
        let mut rows = vec![row];
        for ticket in &material.summary.rows {
            let verdict = &ticket.verdict;
            let summary = clean::short(ticket.summary.as_deref().unwrap_or_default(), CELL_CHARACTERS);
            rows.push(vec![
                Span::code(clean::short(&summary::name(ticket, self.style.language), CELL_CHARACTERS)),
                Span::new(grade_kind(verdict.grade), letter(verdict.grade)),
                Span::plain(verdict.points.to_string()),
                Span::plain(phrases.gate(verdict.gate)),
                Span::plain(verdict.blockers.to_string()),
                Span::plain(ticket.findings.values().sum::<usize>().to_string()),
                Span::new(Kind::Foreign, summary),
            ]);
        }
        self.page.table(2, &rows);
    }

    fn duplicates(&mut self, material: &Material) {
        let pairs = summary::pairs(material);
        if pairs.is_empty() {
            return;
        }
        let phrases = self.phrases;
        self.page.heading(&format!("👥 {}", phrases.duplicates));
        for pair in pairs {
            let mut spans = Vec::new();
            for name in summary::names(pair, material, self.style.language) {
                if !spans.is_empty() {
                    spans.push(Span::plain(", "));
                }
                spans.push(Span::code(name));
            }
            spans.push(Span::plain(": "));
            spans.extend(sentence(&summary::alike(pair, phrases)));
            self.page.item(2, "• ", &spans);
        }
        if let Some(told) = summary::left_off(material.summary.duplicates.len(), pairs.len(), phrases) {
            self.page.line(2, &[Span::new(Kind::Faint, told)]);
        }
    }
}
