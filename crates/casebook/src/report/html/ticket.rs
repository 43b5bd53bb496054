//! One ticket: what is there, what is missing, what is wrong, what to do first.

use casebook_ticket::Importance;
use maud::{Markup, html};

use super::super::span::sentence;
use super::super::summary::{self, GATES};
use super::super::ticket::{FindingView, Lacking, TicketView};
use super::super::words::{fill, mark, sign};
use super::Page;
use super::parts::{
    code, grade, head, heading, heading_of, sentence_of, severity_class, spans_of, state_class,
};
use crate::audit::{Gate, State};

impl Page<'_> {
    pub(super) fn ticket(&self, ticket: &TicketView, level: u8) -> Markup {
        let phrases = self.phrases;
        html! {
            article {
                header {
                    @if level == 1 {
                        h1 { (self.name(ticket.key.as_deref())) " " bdi { (ticket.summary) } }
                    }
                    p.faint { (code(&ticket.place)) }
                    (self.verdict(ticket))
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

    fn verdict(&self, ticket: &TicketView) -> Markup {
        let (phrases, verdict) = (self.phrases, &ticket.verdict);
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
                    @if let Some(shut) = ticket.shut(phrases) {
                        p { (sentence_of(&shut)) }
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
}
