//! Reports as one HTML file that needs no other: it reads in light and dark, on paper and aloud.
//!
//! A ticket is text of strangers: all of it goes through `maud`, which escapes it, and a content security policy
//! forbids the page to load anything.

use casebook_ticket::{Importance, Language};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::span::{Kind, Span, sentence};
use super::summary::{self, GATES, GRADES, Numbers, SEVERITIES};
use super::ticket::{FindingView, Lacking, TicketView, place, position};
use super::words::{Phrases, fill, letter, mark, sign};
use super::{EACH_AT_MOST, Material, Style, clean};
use crate::audit::{Gate, State, Verdict};
use crate::collection::{Row, Summary};

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/table.js");
/// Nothing is loaded, from anywhere; only what stands in the file is used.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; \
                      form-action 'none'";

pub(super) fn write(material: &Material, style: Style) -> String {
    let phrases = Phrases::of(style.language);
    let page = Page { style, phrases };
    let title = match material.audits.as_slice() {
        [audit] if material.is_single() => {
            let name = audit.key.as_deref().unwrap_or(&phrases.unnamed);
            fill(&phrases.report_of, &[("ticket", &clean::short(name, 80))])
        }
        audits => fill(&phrases.summary_of_many, &[("count", &audits.len().to_string())]),
    };
    let (language, direction) = match style.language {
        Language::En => ("en", "ltr"),
        Language::He => ("he", "rtl"),
    };
    let page = html! {
        (DOCTYPE)
        html lang=(language) dir=(direction) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="generator" content=(concat!("casebook ", env!("CARGO_PKG_VERSION")));
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main { (page.content(material, &title)) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string() + "\n"
}

struct Page<'a> {
    style: Style<'a>,
    phrases: &'static Phrases,
}

impl Page<'_> {
    fn content(&self, material: &Material, title: &str) -> Markup {
        let view = |audit| TicketView::of(audit, self.style.standard, self.style.language);
        if let ([audit], true) = (material.audits.as_slice(), material.is_single()) {
            return html! { (self.ticket(&view(audit), 1)) (self.notes(material)) };
        }
        let each = self.style.each || material.audits.len() <= EACH_AT_MOST;
        html! {
            header {
                h1 { (title) }
                p.faint { (fill(&self.phrases.held_to, &[("standard", self.style.standard.name.in_language(self.style.language))])) }
            }
            @if material.audits.is_empty() {
                p { (self.phrases.nothing_found) }
            } @else {
                (self.numbers(&Numbers::of(&material.summary)))
                (self.defects(&material.summary))
                (self.fields(&material.summary))
                (self.table(&material.summary.rows, each))
            }
            (self.duplicates(material))
            (self.refused(material))
            (self.unreadable(material))
            (self.notes(material))
            @if each {
                @for (number, audit) in material.audits.iter().enumerate() {
                    @let ticket = view(audit);
                    details.ticket id={ "t" (number + 1) } {
                        summary {
                            (grade(&ticket.verdict)) " "
                            (self.name(ticket.key.as_deref())) " " bdi { (ticket.summary) }
                        }
                        (self.ticket(&ticket, 2))
                    }
                }
            } @else {
                p.faint { (sentence_of(&fill(&self.phrases.details_left_off, &[("count", &EACH_AT_MOST.to_string())]))) }
            }
        }
    }

    fn ticket(&self, ticket: &TicketView, level: u8) -> Markup {
        let phrases = self.phrases;
        html! {
            article {
                header {
                    @if level == 1 {
                        h1 { (self.name(ticket.key.as_deref())) " " bdi { (ticket.summary) } }
                    }
                    p.faint { (code(&ticket.place)) }
                    (self.verdict(&ticket.verdict))
                }
                section {
                    (heading(level + 1, &format!("✅ {}", phrases.present)))
                    @if ticket.present.is_empty() { p { (phrases.nothing_present) } }
                    ul.chips {
                        @for field in &ticket.present {
                            li title=(phrases.state(field.state)) {
                                (field.name)
                                @if field.state == State::Executable { " ⚙" span.hidden { (phrases.state_executable) } }
                            }
                        }
                    }
                }
                section {
                    @if ticket.lacking.is_empty() {
                        p { "✅ " (phrases.nothing_lacking) }
                    } @else {
                        (heading(level + 1, &format!("❌ {}", phrases.lacking)))
                        @for field in &ticket.lacking { (self.lacking(field, level + 2)) }
                    }
                }
                @if !ticket.others.is_empty() {
                    section {
                        @let title = if ticket.lacking.is_empty() { &phrases.findings } else { &phrases.other_findings };
                        (heading(level + 1, title))
                        (self.findings(&ticket.others))
                    }
                }
                @if !ticket.lacking.is_empty() {
                    (self.overview(ticket, level + 1))
                    (self.priorities(ticket, level + 1))
                    (self.checklist(ticket, level + 1))
                    @if let Some(hint) = ticket.complete_hint(phrases) { p.faint { (sentence_of(&hint)) } }
                }
            }
        }
    }

    /// What a ticket is called.
    fn name(&self, key: Option<&str>) -> Markup {
        key.map_or_else(|| html! { (self.phrases.unnamed) }, |key| code(&clean::short(key, 80)))
    }

    fn verdict(&self, verdict: &Verdict) -> Markup {
        let phrases = self.phrases;
        let points = verdict.points.to_string();
        html! {
            div.verdict {
                (grade(verdict))
                div {
                    p { strong { (fill(&phrases.points_of, &[("points", &points)])) } }
                    meter min="0" max="100" low="50" high="80" optimum="100" value=(points) aria-label=(phrases.points) { (points) }
                    ol.gates aria-label=(phrases.gates) {
                        @for gate in GATES.into_iter().flatten() {
                            @let passed = verdict.gate >= Some(gate);
                            li.passed[passed] title=(phrases.meaning(gate)) {
                                span aria-hidden="true" { @if passed { "✓ " } @else { "○ " } }
                                (phrases.gate(Some(gate)))
                            }
                        }
                    }
                    @if let Some(next) = summary::next(verdict.gate) {
                        p { (self.next_gate(next)) }
                    }
                    @if verdict.blockers > 0 {
                        p.bad { "⛔ " (fill(&phrases.blocked, &[("count", &verdict.blockers.to_string())])) }
                    }
                }
            }
        }
    }

    fn next_gate(&self, next: Gate) -> String {
        let values = [("gate", self.phrases.gate(Some(next))), ("meaning", self.phrases.meaning(next))];
        fill(&self.phrases.gate_next, &values)
    }

    fn lacking(&self, field: &Lacking, level: u8) -> Markup {
        let phrases = self.phrases;
        let texts = [
            (&phrases.why, sentence(&field.why)),
            (&phrases.where_to_put, field.way()),
            (&phrases.what_is_wanted, sentence(&field.adequate)),
        ];
        let title = html! {
            (field.number) ". " span aria-hidden="true" { (sign(field.importance)) } " " (field.name) " "
            span class={ "tag " (state_class(field.state)) } { (phrases.state(field.state)) } " "
            span.faint.small { (phrases.importance(field.importance)) }
        };
        html! {
            section.field {
                (heading_of(level, &title))
                dl {
                    @for (label, spans) in texts {
                        @if !spans.is_empty() { dt { (label) } dd { (spans_of(&spans)) } }
                    }
                }
                @if !field.findings.is_empty() { (self.findings(&field.findings)) }
                @if !field.model.is_empty() {
                    p.label { (phrases.model) }
                    pre dir="ltr" tabindex="0" { code { (field.model) } }
                }
            }
        }
    }

    fn findings(&self, findings: &[FindingView]) -> Markup {
        html! {
            ul.findings {
                @for finding in findings {
                    li class=(severity_class(finding.severity)) {
                        div {
                            span class={ "tag " (severity_class(finding.severity)) } { (self.phrases.severity(finding.severity)) } " "
                            (spans_of(&finding.what))
                        }
                        @if !finding.remedy.is_empty() {
                            div { strong { (self.phrases.mend) ":" } " " (spans_of(&finding.remedy)) }
                        }
                        div.faint.small { (code(&finding.place)) " · " (code(finding.rule)) }
                    }
                }
            }
        }
    }

    fn overview(&self, ticket: &TicketView, level: u8) -> Markup {
        let phrases = self.phrases;
        html! {
            section {
                (heading(level, &format!("📊 {}", phrases.overview)))
                div.scroll { table {
                    (head(&[&phrases.number, &phrases.field, &phrases.importance, &phrases.status]))
                    tbody { @for field in &ticket.lacking { tr {
                        td.number { (field.number) }
                        th scope="row" { (field.name) }
                        td { (sign(field.importance)) " " (phrases.importance(field.importance)) }
                        td { (mark(field.state)) " " (phrases.state(field.state)) }
                    } } }
                } }
                p { strong { (ticket.lacking_in_all(phrases)) } }
            }
        }
    }

    fn priorities(&self, ticket: &TicketView, level: u8) -> Markup {
        let phrases = self.phrases;
        html! {
            section {
                (heading(level, &format!("🎯 {}", phrases.priorities)))
                @for importance in [Importance::Critical, Importance::Important, Importance::NiceToHave] {
                    @if ticket.of_importance(importance).next().is_some() {
                        p { strong { (sign(importance)) " " (phrases.importance(importance)) } " (" (phrases.when(importance)) ")" }
                        ol {
                            @for field in ticket.of_importance(importance) {
                                li value=(field.number) {
                                    strong { (field.name) }
                                    @if !field.why.is_empty() { ": " (sentence_of(&field.why)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn checklist(&self, ticket: &TicketView, level: u8) -> Markup {
        html! {
            section {
                (heading(level, &format!("📋 {}", self.phrases.checklist)))
                ul.checklist {
                    @for field in &ticket.lacking {
                        li { label {
                            input type="checkbox"; " "
                            span {
                                (field.number) ". " strong { (field.name) }
                                @if !field.adequate.is_empty() { ": " (sentence_of(&field.adequate)) }
                            }
                        } }
                    }
                }
            }
        }
    }

    fn numbers(&self, numbers: &Numbers) -> Markup {
        let phrases = self.phrases;
        let grades = GRADES.map(letter).into_iter().zip(numbers.grades);
        let gates = GATES.map(|gate| phrases.gate(gate)).into_iter().zip(numbers.gates);
        let severities = SEVERITIES.map(|one| phrases.severity(one)).into_iter().zip(numbers.severities);
        html! {
            section {
                h2 { "📊 " (phrases.in_all) }
                @if let Some(points) = numbers.points {
                    p { (fill(&phrases.average, &[("points", &points.to_string())])) }
                }
                div.cards {
                    (bars(&phrases.grades, grades.collect()))
                    (bars(&phrases.gates, gates.collect()))
                    (bars(&phrases.findings, severities.collect()))
                }
            }
        }
    }

    fn defects(&self, summary: &Summary) -> Markup {
        let phrases = self.phrases;
        let told = summary::defects(summary);
        html! {
            @if !told.is_empty() {
                section {
                    h2 { "🔎 " (phrases.defects) }
                    div.scroll { table {
                        (head(&[&phrases.in_tickets, &phrases.severity, &phrases.defect, &phrases.rule]))
                        tbody { @for defect in told { tr {
                            td.number { (defect.tickets) }
                            td { span class={ "tag " (severity_class(defect.severity)) } { (phrases.severity(defect.severity)) } }
                            th scope="row" { (summary::title(defect, self.style)) }
                            td { (code(defect.rule)) }
                        } } }
                    } }
                    @if let Some(told) = summary::left_off(summary.defects.len(), told.len(), phrases) {
                        p.faint { (told) }
                    }
                }
            }
        }
    }

    fn fields(&self, summary: &Summary) -> Markup {
        let phrases = self.phrases;
        let lacking = summary::lacking(summary);
        html! {
            @if !lacking.is_empty() {
                section {
                    h2 { "🧩 " (phrases.fields_lacking) }
                    div.scroll { table {
                        (head(&[&phrases.field, &phrases.state_absent, &phrases.poor]))
                        tbody { @for (field, absent, poor) in lacking { tr {
                            th scope="row" { (summary::field_name(field, self.style)) }
                            td.number { (absent) }
                            td.number { (poor) }
                        } } }
                    } }
                }
            }
        }
    }

    fn table(&self, tickets: &[Row], each: bool) -> Markup {
        let phrases = self.phrases;
        let columns = [
            &*phrases.ticket,
            &phrases.grade,
            &phrases.points,
            &phrases.gate,
            &phrases.blockers,
            &phrases.findings,
            &phrases.summary,
            &phrases.place,
        ];
        html! {
            section {
                h2 id="tickets" { "📋 " (phrases.tickets) }
                div.tools hidden {
                    label { (phrases.filter) " " input #filter type="search" dir="auto"; }
                    label { (phrases.grade) " " select #grade {
                        option value="" { (phrases.all_grades) }
                        @for grade in GRADES { option { (letter(grade)) } }
                    } }
                    p role="status" { span #shown { (tickets.len()) } " " (phrases.shown) }
                }
                div.scroll { table #table aria-labelledby="tickets" data-sort-by=(phrases.sort_by) {
                    (head(&columns))
                    tbody { @for (number, ticket) in tickets.iter().enumerate() { (self.row(ticket, number + 1, each)) } }
                } }
            }
        }
    }

    fn row(&self, ticket: &Row, number: usize, each: bool) -> Markup {
        let phrases = self.phrases;
        let name = self.name(ticket.key.as_deref());
        let verdict = &ticket.verdict;
        html! {
            tr data-grade=(letter(verdict.grade)) {
                th scope="row" { @if each { a href={ "#t" (number) } { (name) } } @else { (name) } }
                td data-sort=(letter(verdict.grade)) { (grade(verdict)) }
                td.number { (verdict.points) }
                td data-sort=(GATES.iter().position(|gate| *gate == verdict.gate).unwrap_or(0)) { (phrases.gate(verdict.gate)) }
                td.number { (verdict.blockers) }
                td.number { (ticket.findings.values().sum::<usize>()) }
                td.wide { bdi { (clean::short(ticket.summary.as_deref().unwrap_or_default(), 200)) } }
                td { (code(&place(&ticket.origin, self.style.language))) }
            }
        }
    }

    fn duplicates(&self, material: &Material) -> Markup {
        let pairs = summary::pairs(material);
        html! {
            @if !pairs.is_empty() {
                section {
                    h2 { "👥 " (self.phrases.duplicates) }
                    ul { @for pair in pairs { li {
                        @for (number, name) in summary::names(pair, material, self.style.language).iter().enumerate() {
                            @if number > 0 { ", " }
                            (code(name))
                        }
                        ": " (sentence_of(&summary::alike(pair, self.phrases)))
                    } } }
                    @if let Some(told) = summary::left_off(material.summary.duplicates.len(), pairs.len(), self.phrases) {
                        p.faint { (told) }
                    }
                }
            }
        }
    }

    fn refused(&self, material: &Material) -> Markup {
        let phrases = self.phrases;
        html! {
            @if !material.refused.is_empty() {
                section {
                    h2 { "📄 " (phrases.no_tests) }
                    p.faint { (phrases.no_tests_hint) }
                    ul { @for refused in &material.refused { li {
                        (code(&position(&refused.file, refused.found.at, self.style.language))) " "
                        (phrases.kind(refused.found.kind)) ": " bdi { (clean::short(&refused.found.title, 120)) } " "
                        span.faint { "(" bdi { (clean::line(&refused.found.reason)) } ")" }
                    } } }
                }
            }
        }
    }

    fn unreadable(&self, material: &Material) -> Markup {
        html! {
            @if !material.unreadable.is_empty() {
                section {
                    h2 { "⛔ " (self.phrases.unreadable) }
                    ul { @for error in &material.unreadable { li {
                        (code(&position(&error.file, error.at, self.style.language))) ": " bdi { (clean::line(&error.text)) }
                    } } }
                }
            }
        }
    }

    fn notes(&self, material: &Material) -> Markup {
        html! {
            @if !material.notes.is_empty() {
                section {
                    h2 { (self.phrases.notes) }
                    ul { @for note in &material.notes { li {
                        (code(&position(&note.file, note.found.at, self.style.language))) " "
                        (code(note.found.rule)) ": " (sentence_of(&clean::line(&note.found.text)))
                    } } }
                }
            }
        }
    }
}

fn head(columns: &[&str]) -> Markup {
    html! { thead { tr { @for column in columns { th scope="col" { (column) } } } } }
}

/// Numbers beside bars; the longest is the largest.
fn bars(title: &str, counts: Vec<(&str, usize)>) -> Markup {
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    html! {
        div.card {
            h3 { (title) }
            dl.bars {
                @for (name, count) in counts {
                    dt { (name) }
                    dd {
                        @if count > 0 { span.bar style={ "inline-size:" (count * 100 / most) "%" } {} }
                        span { (count) }
                    }
                }
            }
        }
    }
}

fn grade(verdict: &Verdict) -> Markup {
    let letter = letter(verdict.grade);
    html! { span class={ "grade " (letter) } { (letter) } }
}

/// Code, a file name, a key: read from left to right in every language.
fn code(text: &str) -> Markup {
    html! { code dir="ltr" { (text) } }
}

fn sentence_of(text: &str) -> Markup {
    spans_of(&sentence(text))
}

fn spans_of(spans: &[Span]) -> Markup {
    html! {
        @for span in spans {
            @match span.kind {
                Kind::Code => (code(&span.text)),
                Kind::Way => bdi dir="ltr" { (span.text) },
                Kind::Foreign => bdi { (span.text) },
                _ => (span.text),
            }
        }
    }
}

fn heading(level: u8, text: &str) -> Markup {
    heading_of(level, &html! { (text) })
}

fn heading_of(level: u8, text: &Markup) -> Markup {
    match level {
        2 => html! { h2 { (text) } },
        3 => html! { h3 { (text) } },
        _ => html! { h4 { (text) } },
    }
}

fn state_class(state: State) -> &'static str {
    match state {
        State::Absent => "bad",
        State::Placeholder | State::Inadequate => "fair",
        State::Adequate | State::Executable => "good",
    }
}

fn severity_class(severity: crate::audit::Severity) -> &'static str {
    use crate::audit::Severity;
    match severity {
        Severity::Blocker | Severity::Major => "bad",
        Severity::Minor => "fair",
        Severity::Hint => "hint",
    }
}
