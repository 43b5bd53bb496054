//! Reports in Markdown, as GitHub shows it.

use std::fmt::Write as _;

use casebook_ticket::{Importance, Language};

use super::span::{Kind, Span, sentence};
use super::summary::{self, GATES, GRADES, Numbers, SEVERITIES};
use super::ticket::{FindingView, Lacking, TicketView, place, position};
use super::words::{Phrases, fill, letter, mark, sign};
use super::{Material, Style, clean};
use crate::audit::{State, Verdict};
use crate::collection::Summary;

pub(super) fn write(material: &Material, style: Style) -> String {
    let phrases = Phrases::of(style.language);
    let mut report =
        Markdown { out: String::new(), style, phrases, right_to_left: style.language == Language::He };
    if report.right_to_left {
        report.out.push_str("<div dir=\"rtl\">\n");
    }
    if !material.is_single() {
        report.many(material);
    }
    if style.shows_each(material) {
        for audit in &material.audits {
            report.ticket(&TicketView::of(audit, style.standard, style.language));
        }
    }
    report.notes(material);
    if report.right_to_left {
        report.out.push_str("\n</div>\n");
    }
    report.out.trim_start().to_owned()
}

struct Markdown<'a> {
    out: String,
    style: Style<'a>,
    phrases: &'static Phrases,
    right_to_left: bool,
}

impl Markdown<'_> {
    fn ticket(&mut self, ticket: &TicketView) {
        let phrases = self.phrases;
        let key = self.code(ticket.name(phrases));
        let colon = if ticket.summary.is_empty() { "" } else { ": " };
        self.heading(
            1,
            &format!(
                "{}{colon}{}",
                fill(&phrases.report_of, &[("ticket", &key)]),
                self.foreign(&ticket.summary)
            ),
        );
        let place = self.code(&ticket.place);
        self.paragraph(&place);
        self.verdict(&ticket.verdict);

        self.heading(2, &format!("✅ {}", phrases.present));
        if ticket.present.is_empty() {
            self.paragraph(&phrases.nothing_present);
        }
        self.out.push('\n');
        for field in &ticket.present {
            let more = match field.state {
                State::Executable => format!(": {}", phrases.state_executable),
                _ => String::new(),
            };
            self.put(format_args!("- ✅ **{}**{more}\n", escaped(&field.name)));
        }

        if ticket.lacking.is_empty() {
            self.paragraph(&format!("✅ {}", phrases.nothing_lacking));
        } else {
            self.heading(2, &format!("❌ {}", phrases.lacking));
            for field in &ticket.lacking {
                self.lacking(field);
            }
        }
        if !ticket.others.is_empty() {
            let lacks = !ticket.lacking.is_empty();
            self.heading(2, if lacks { &phrases.other_findings } else { &phrases.findings });
            self.findings(&ticket.others);
        }
        if !ticket.lacking.is_empty() {
            self.overview(ticket);
            self.priorities(ticket);
            self.checklist(ticket);
        }
        if let Some(hint) = ticket.complete_hint(phrases) {
            let hint = self.sentence(&hint);
            self.paragraph(&hint);
        }
    }

    fn verdict(&mut self, verdict: &Verdict) {
        let phrases = self.phrases;
        let points = fill(&phrases.points_of, &[("points", &verdict.points.to_string())]);
        let gate = format!("**{}**", phrases.gate(verdict.gate));
        let gate = fill(&phrases.gate_passed, &[("gate", &gate)]);
        let (label, grade) = (&phrases.verdict, &phrases.grade);
        let letter = self.apart("ltr", &format!("**{}**", letter(verdict.grade)));
        self.put(format_args!("\n> **{label}:** {grade} {letter}, {points}, {gate}\n"));
        if let Some(next) = summary::next(verdict.gate) {
            let gate = format!("**{}**", phrases.gate(Some(next)));
            let told = fill(&phrases.gate_next, &[("gate", &gate), ("meaning", phrases.meaning(next))]);
            self.put(format_args!(">\n> {told}\n"));
        }
        if verdict.blockers > 0 {
            let told = fill(&phrases.blocked, &[("count", &verdict.blockers.to_string())]);
            self.put(format_args!(">\n> ⛔ {told}\n"));
        }
    }

    fn lacking(&mut self, field: &Lacking) {
        let phrases = self.phrases;
        let name = escaped(&field.name);
        let (sign, state) = (sign(field.importance), phrases.state(field.state));
        self.heading(3, &format!("{}. {sign} {name}: {state}", field.number));
        for (label, spans) in [
            (&phrases.why, sentence(&field.why)),
            (&phrases.where_to_put, field.way()),
            (&phrases.what_is_wanted, sentence(&field.adequate)),
        ] {
            if !spans.is_empty() {
                let text = self.spans(&spans);
                self.paragraph(&format!("**{label}:** {text}"));
            }
        }
        if !field.findings.is_empty() {
            self.findings(&field.findings);
        }
        if !field.model.is_empty() {
            self.paragraph(&format!("**{}:**", phrases.model));
            self.fenced(&field.model);
        }
    }

    fn findings(&mut self, findings: &[FindingView]) {
        let phrases = self.phrases;
        self.out.push('\n');
        for finding in findings {
            let (place, rule) = (self.code(&finding.place), self.code(finding.rule));
            let (what, severity) = (self.spans(&finding.what), phrases.severity(finding.severity));
            self.put(format_args!("- {place} **{severity}** ({rule}): {what}"));
            if !finding.remedy.is_empty() {
                let remedy = self.spans(&finding.remedy);
                self.put(format_args!("<br>**{}:** {remedy}", phrases.mend));
            }
            self.out.push('\n');
        }
    }

    fn overview(&mut self, ticket: &TicketView) {
        let phrases = self.phrases;
        self.heading(2, &format!("📊 {}", phrases.overview));
        self.row_of_head(&[&phrases.number, &phrases.field, &phrases.importance, &phrases.status]);
        for field in &ticket.lacking {
            let importance = format!("{} {}", sign(field.importance), phrases.importance(field.importance));
            let state = format!("{} {}", mark(field.state), phrases.state(field.state));
            self.row(&[field.number.to_string(), escaped(&field.name), importance, state]);
        }
        self.paragraph(&format!("**{}**", ticket.lacking_in_all(phrases)));
    }

    fn priorities(&mut self, ticket: &TicketView) {
        let phrases = self.phrases;
        self.heading(2, &format!("🎯 {}", phrases.priorities));
        for importance in [Importance::Critical, Importance::Important, Importance::NiceToHave] {
            if ticket.of_importance(importance).next().is_none() {
                continue;
            }
            let (name, when) = (phrases.importance(importance), phrases.when(importance));
            self.heading(3, &format!("{} {name} ({when})", sign(importance)));
            self.out.push('\n');
            for field in ticket.of_importance(importance) {
                let why = self.behind_colon(&field.why);
                // The number is text: a list's numbers would be those of the list.
                self.put(format_args!("- {}\\. **{}**{why}\n", field.number, escaped(&field.name)));
            }
        }
    }

    fn checklist(&mut self, ticket: &TicketView) {
        self.heading(2, &format!("📋 {}", self.phrases.checklist));
        self.out.push('\n');
        for field in &ticket.lacking {
            let wanted = self.behind_colon(&field.adequate);
            self.put(format_args!("- [ ] {}\\. {}{wanted}\n", field.number, escaped(&field.name)));
        }
    }

    fn many(&mut self, material: &Material) {
        let phrases = self.phrases;
        self.heading(1, &fill(&phrases.summary_of_many, &[("count", &material.audits.len().to_string())]));
        let standard = self.style.standard.name.in_language(self.style.language);
        self.paragraph(&fill(&phrases.held_to, &[("standard", &escaped(standard))]));
        if material.audits.is_empty() {
            self.paragraph(&phrases.nothing_found);
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
            let key = ticket.key.as_deref().map(|key| self.code(&clean::short(key, 80)));
            let place = self.code(&place(&ticket.origin, self.style.language));
            self.row(&[
                key.unwrap_or_else(|| phrases.unnamed.clone()),
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

    fn refused(&mut self, material: &Material) {
        if material.refused.is_empty() {
            return;
        }
        let phrases = self.phrases;
        self.heading(2, &format!("📄 {}", phrases.no_tests));
        self.paragraph(&phrases.no_tests_hint);
        self.out.push('\n');
        for refused in &material.refused {
            let document = &refused.found;
            let place = self.code(&position(&refused.file, document.at, self.style.language));
            let title = self.foreign(&clean::short(&document.title, 120));
            let (kind, reason) = (phrases.kind(document.kind), self.foreign(&clean::line(&document.reason)));
            self.put(format_args!("- {place} {kind}: {title} ({reason})\n"));
        }
    }

    fn unreadable(&mut self, material: &Material) {
        if material.unreadable.is_empty() {
            return;
        }
        self.heading(2, &format!("⛔ {}", self.phrases.unreadable));
        self.out.push('\n');
        for error in &material.unreadable {
            let place = self.code(&position(&error.file, error.at, self.style.language));
            self.put(format_args!("- {place}: {}\n", self.foreign(&clean::line(&error.text))));
        }
    }

    fn notes(&mut self, material: &Material) {
        if material.notes.is_empty() {
            return;
        }
        self.heading(2, &self.phrases.notes);
        self.out.push('\n');
        for note in &material.notes {
            let place = self.code(&position(&note.file, note.found.at, self.style.language));
            let (rule, text) = (self.code(note.found.rule), self.sentence(&clean::line(&note.found.text)));
            self.put(format_args!("- {place} ({rule}): {text}\n"));
        }
    }

    fn put(&mut self, text: std::fmt::Arguments) {
        let _ = self.out.write_fmt(text);
    }

    fn heading(&mut self, level: usize, text: &str) {
        self.put(format_args!("\n{} {text}\n", "#".repeat(level)));
    }

    fn paragraph(&mut self, text: &str) {
        self.put(format_args!("\n{text}\n"));
    }

    fn row_of_head(&mut self, cells: &[&str]) {
        self.out.push('\n');
        self.row(&cells.iter().map(|cell| escaped(cell)).collect::<Vec<_>>());
        self.put(format_args!("|{}\n", "---|".repeat(cells.len())));
    }

    /// Cells are escaped already, but for the pipes in code.
    fn row(&mut self, cells: &[String]) {
        for cell in cells {
            let cell = if cell.contains('`') { in_cell(cell) } else { cell.clone() };
            self.put(format_args!("| {cell} "));
        }
        self.out.push_str("|\n");
    }

    /// Text that is kept as it is, and reads from left to right.
    fn fenced(&mut self, text: &str) {
        let fence = "`".repeat(longest_run(text).max(2) + 1);
        if self.right_to_left {
            self.put(format_args!("\n<div dir=\"ltr\">\n\n{fence}markdown\n{text}\n{fence}\n\n</div>\n"));
        } else {
            self.put(format_args!("\n{fence}markdown\n{text}\n{fence}\n"));
        }
    }

    /// Code in a line; in Hebrew it keeps its own direction.
    fn code(&self, text: &str) -> String {
        let fence = "`".repeat(longest_run(text) + 1);
        let padding = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
        let code = format!("{fence}{padding}{text}{padding}{fence}");
        self.apart("ltr", &code)
    }

    /// Text of a ticket's author.
    fn foreign(&self, text: &str) -> String {
        self.apart("auto", &escaped(text))
    }

    /// What keeps its own direction in Hebrew.
    fn apart(&self, direction: &str, text: &str) -> String {
        if self.right_to_left && !text.is_empty() {
            format!("<span dir=\"{direction}\">{text}</span>")
        } else {
            text.to_owned()
        }
    }

    fn sentence(&self, text: &str) -> String {
        self.spans(&sentence(text))
    }

    fn spans(&self, spans: &[Span]) -> String {
        let told = |span: &Span| match span.kind {
            Kind::Code => self.code(&span.text),
            Kind::Way if self.right_to_left => format!("<span dir=\"ltr\">{}</span>", escaped(&span.text)),
            Kind::Foreign if self.right_to_left => {
                format!("<span dir=\"auto\">{}</span>", escaped(&span.text))
            }
            _ => escaped(&span.text),
        };
        spans.iter().map(told).collect()
    }

    fn behind_colon(&self, text: &str) -> String {
        if text.is_empty() { String::new() } else { format!(": {}", self.sentence(text)) }
    }
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

/// A table ends its cells at pipes, in code too.
fn in_cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut escaped = false;
    for character in text.chars() {
        if character == '|' && !escaped {
            out.push('\\');
        }
        escaped = character == '\\' && !escaped;
        out.push(character);
    }
    out
}

/// Text in which nothing is Markdown or HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A mention would call somebody.
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '$' => {
                out.push('\\');
                out.push(character);
            }
            '\n' => out.push(' '),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_others_is_markdown_or_html() {
        assert_eq!(
            escaped("<b> *a* [x](y) | `c` @all #1"),
            "&lt;b&gt; \\*a\\* \\[x\\](y) \\| \\`c\\` &#64;all \\#1"
        );
        assert_eq!(in_cell("`a|b` \\| c"), "`a\\|b` \\| c");
    }
}
