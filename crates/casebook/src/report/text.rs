//! Reports for a terminal.

mod bidi;
mod page;

use casebook_ticket::{Importance, Language};

pub use bidi::Bidi;
pub use page::Layout;

use super::span::{Kind, Span, sentence};
use super::summary::{self, GATES, GRADES, Numbers, SEVERITIES};
use super::ticket::{FindingView, Lacking, TicketView, position};
use super::words::{Phrases, fill, letter, mark, sign};
use super::{EACH_AT_MOST, Material, Style, clean};
use crate::audit::{Grade, Severity, State, Verdict};
use crate::collection::Summary;
use page::Page;

/// The longest summary in a table.
const CELL_CHARACTERS: usize = 60;

pub(super) fn write(material: &Material, style: Style, layout: Layout) -> String {
    let page = Page::new(layout, style.language == Language::He);
    let mut report = Text { page, style, phrases: Phrases::of(style.language) };
    if !material.is_single() {
        report.many(material);
    }
    if style.shows_each(material) {
        for audit in &material.audits {
            report.page.blank();
            report.ticket(&TicketView::of(audit, style.standard, style.language));
        }
    }
    report.notes(material);
    report.page.finish()
}

struct Text<'a> {
    page: Page,
    style: Style<'a>,
    phrases: &'static Phrases,
}

impl Text<'_> {
    fn ticket(&mut self, ticket: &TicketView) {
        let phrases = self.phrases;
        let title = [
            Span::new(Kind::Strong, fill(&phrases.report_of, &[("ticket", "")]).trim_end()),
            Span::plain(" "),
            Span::code(ticket.name(phrases)),
            Span::plain("  "),
            Span::new(Kind::Foreign, &*ticket.summary),
        ];
        self.page.line(0, &title);
        self.page.line(0, &[Span::code(&*ticket.place)]);
        self.verdict(&ticket.verdict);

        self.page.heading(&format!("✅ {}", phrases.present));
        if ticket.present.is_empty() {
            self.page.line(2, &[Span::plain(&*phrases.nothing_present)]);
        }
        for field in &ticket.present {
            let mut spans = vec![Span::plain(&*field.name)];
            if field.state == State::Executable {
                spans.push(Span::new(Kind::Faint, format!(": {}", phrases.state_executable)));
            }
            self.page.item(2, "✅ ", &spans);
        }

        if ticket.lacking.is_empty() {
            self.page.blank();
            self.page.item(0, "✅ ", &[Span::plain(&*phrases.nothing_lacking)]);
        } else {
            self.page.heading(&format!("❌ {}", phrases.lacking));
            for field in &ticket.lacking {
                self.lacking(field);
            }
        }
        if !ticket.others.is_empty() {
            let lacks = !ticket.lacking.is_empty();
            self.page.heading(if lacks { &phrases.other_findings } else { &phrases.findings });
            for finding in &ticket.others {
                self.finding(2, finding);
            }
        }
        if !ticket.lacking.is_empty() {
            self.overview(ticket);
            self.priorities(ticket);
            self.checklist(ticket);
        }
        self.page.blank();
        self.verdict_line(&ticket.verdict);
        if let Some(hint) = ticket.complete_hint(phrases) {
            self.page.line(0, &sentence(&hint));
        }
        self.page.line(0, &sentence(&phrases.explain_hint));
    }

    fn verdict(&mut self, verdict: &Verdict) {
        self.page.blank();
        self.verdict_line(verdict);
        let phrases = self.phrases;
        if let Some(next) = summary::next(verdict.gate) {
            let values = [("gate", phrases.gate(Some(next))), ("meaning", phrases.meaning(next))];
            self.page.line(0, &[Span::plain(fill(&phrases.gate_next, &values))]);
        }
        if verdict.blockers > 0 {
            let told = fill(&phrases.blocked, &[("count", &verdict.blockers.to_string())]);
            self.page.line(0, &[Span::new(Kind::Bad, told)]);
        }
    }

    fn verdict_line(&mut self, verdict: &Verdict) {
        let phrases = self.phrases;
        let points = fill(&phrases.points_of, &[("points", &verdict.points.to_string())]);
        let gate = fill(&phrases.gate_passed, &[("gate", phrases.gate(verdict.gate))]);
        let spans = [
            Span::new(Kind::Strong, format!("{}: ", phrases.verdict)),
            Span::plain(format!("{} ", phrases.grade)),
            Span::new(grade_kind(verdict.grade), letter(verdict.grade)),
            Span::plain(format!(", {points}, {gate}")),
        ];
        self.page.line(0, &spans);
    }

    fn lacking(&mut self, field: &Lacking) {
        let phrases = self.phrases;
        self.page.blank();
        let marker = format!("{}. {} ", field.number, sign(field.importance));
        let spans = [
            Span::new(Kind::Strong, &*field.name),
            Span::plain(": "),
            Span::new(state_kind(field.state), phrases.state(field.state)),
            Span::new(Kind::Faint, format!(" ({})", phrases.importance(field.importance))),
        ];
        self.page.item(2, &marker, &spans);
        for (label, spans) in [
            (&phrases.why, sentence(&field.why)),
            (&phrases.where_to_put, field.way()),
            (&phrases.what_is_wanted, sentence(&field.adequate)),
        ] {
            if !spans.is_empty() {
                let label = Span::new(Kind::Faint, format!("{label}: "));
                self.page.line(5, &[&[label], &*spans].concat());
            }
        }
        for finding in &field.findings {
            self.finding(5, finding);
        }
        if !field.model.is_empty() {
            self.page.line(5, &[Span::new(Kind::Faint, format!("{}:", phrases.model))]);
            self.page.code(7, &field.model);
        }
    }

    fn finding(&mut self, indent: usize, finding: &FindingView) {
        let phrases = self.phrases;
        let mut spans = vec![
            Span::code(&*finding.place),
            Span::plain(" "),
            Span::new(severity_kind(finding.severity), phrases.severity(finding.severity)),
            Span::plain(" "),
            Span::code(format!("[{}]", finding.rule)),
            Span::plain(" "),
        ];
        spans.extend_from_slice(&finding.what);
        self.page.item(indent, "• ", &spans);
        if !finding.remedy.is_empty() {
            let mut spans = vec![Span::new(Kind::Good, format!("{}: ", phrases.mend))];
            spans.extend_from_slice(&finding.remedy);
            self.page.line(indent + 2, &spans);
        }
    }

    fn overview(&mut self, ticket: &TicketView) {
        let phrases = self.phrases;
        self.page.heading(&format!("📊 {}", phrases.overview));
        let head = [&phrases.number, &phrases.field, &phrases.importance, &phrases.status];
        let mut rows = vec![head.map(|cell| Span::plain(&**cell)).to_vec()];
        rows.extend(ticket.lacking.iter().map(|field| {
            vec![
                Span::plain(field.number.to_string()),
                Span::plain(&*field.name),
                Span::plain(format!("{} {}", sign(field.importance), phrases.importance(field.importance))),
                Span::new(
                    state_kind(field.state),
                    format!("{} {}", mark(field.state), phrases.state(field.state)),
                ),
            ]
        }));
        self.page.table(2, &rows);
        self.page.line(2, &[Span::plain(ticket.lacking_in_all(phrases))]);
    }

    fn priorities(&mut self, ticket: &TicketView) {
        let phrases = self.phrases;
        self.page.heading(&format!("🎯 {}", phrases.priorities));
        for importance in [Importance::Critical, Importance::Important, Importance::NiceToHave] {
            if ticket.of_importance(importance).next().is_none() {
                continue;
            }
            let (name, when) = (phrases.importance(importance), phrases.when(importance));
            self.page.item(2, &format!("{} ", sign(importance)), &[Span::plain(format!("{name} ({when})"))]);
            for field in ticket.of_importance(importance) {
                let mut spans = vec![Span::new(Kind::Strong, &*field.name)];
                if !field.why.is_empty() {
                    spans.push(Span::plain(": "));
                    spans.extend(sentence(&field.why));
                }
                self.page.item(5, &format!("{}. ", field.number), &spans);
            }
        }
    }

    fn checklist(&mut self, ticket: &TicketView) {
        self.page.heading(&format!("📋 {}", self.phrases.checklist));
        for field in &ticket.lacking {
            let mut spans = vec![Span::plain(format!("{}. ", field.number)), Span::plain(&*field.name)];
            if !field.adequate.is_empty() {
                spans.push(Span::plain(": "));
                spans.extend(sentence(&field.adequate));
            }
            self.page.item(2, "☐ ", &spans);
        }
    }

    fn many(&mut self, material: &Material) {
        let phrases = self.phrases;
        let title = fill(&phrases.summary_of_many, &[("count", &material.audits.len().to_string())]);
        self.page.line(0, &[Span::new(Kind::Strong, title)]);
        let standard = self.style.standard.name.in_language(self.style.language);
        self.page.line(0, &[Span::new(Kind::Faint, fill(&phrases.held_to, &[("standard", standard)]))]);
        if material.audits.is_empty() {
            self.page.blank();
            self.page.line(0, &[Span::new(Kind::Fair, &*phrases.nothing_found)]);
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

    fn refused(&mut self, material: &Material) {
        if material.refused.is_empty() {
            return;
        }
        let phrases = self.phrases;
        self.page.heading(&format!("📄 {}", phrases.no_tests));
        for refused in &material.refused {
            let document = &refused.found;
            let spans = [
                Span::code(position(&refused.file, document.at, self.style.language)),
                Span::plain(format!(" {}: ", phrases.kind(document.kind))),
                Span::new(Kind::Foreign, clean::short(&document.title, CELL_CHARACTERS)),
                Span::new(Kind::Faint, format!(" ({})", clean::line(&document.reason))),
            ];
            self.page.item(2, "• ", &spans);
        }
        self.page.line(2, &[Span::new(Kind::Faint, &*phrases.no_tests_hint)]);
    }

    fn unreadable(&mut self, material: &Material) {
        if material.unreadable.is_empty() {
            return;
        }
        self.page.heading(&format!("⛔ {}", self.phrases.unreadable));
        for error in &material.unreadable {
            let place = position(&error.file, error.at, self.style.language);
            let spans =
                [Span::code(place), Span::plain(": "), Span::new(Kind::Foreign, clean::line(&error.text))];
            self.page.item(2, "• ", &spans);
        }
    }

    fn notes(&mut self, material: &Material) {
        if material.notes.is_empty() {
            return;
        }
        self.page.heading(&self.phrases.notes);
        for note in material.notes.iter().take(EACH_AT_MOST) {
            let mut spans = vec![
                Span::code(position(&note.file, note.found.at, self.style.language)),
                Span::plain(" "),
                Span::code(format!("[{}]", note.found.rule)),
                Span::plain(" "),
            ];
            spans.extend(sentence(&clean::line(&note.found.text)));
            self.page.item(2, "• ", &spans);
        }
    }
}

fn grade_kind(grade: Grade) -> Kind {
    match grade {
        Grade::A | Grade::B => Kind::Good,
        Grade::C => Kind::Fair,
        Grade::D | Grade::F => Kind::Bad,
    }
}

fn state_kind(state: State) -> Kind {
    match state {
        State::Absent => Kind::Bad,
        State::Placeholder | State::Inadequate => Kind::Fair,
        State::Adequate | State::Executable => Kind::Good,
    }
}

fn severity_kind(severity: Severity) -> Kind {
    match severity {
        Severity::Blocker | Severity::Major => Kind::Bad,
        Severity::Minor => Kind::Fair,
        Severity::Hint => Kind::Faint,
    }
}
