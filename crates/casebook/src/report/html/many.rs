//! Many tickets: the numbers, the commonest defects, a table, what is there twice.

use maud::{Markup, html};

use super::super::summary::{self, GATES, GRADES, Numbers, SEVERITIES};
use super::super::ticket::place;
use super::super::words::{fill, letter};
use super::super::{Material, clean};
use super::Page;
use super::parts::{bars, code, grade, head, sentence_of, severity_class};
use crate::collection::{Row, Summary};

impl Page<'_> {
    pub(super) fn numbers(&self, numbers: &Numbers) -> Markup {
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

    pub(super) fn defects(&self, summary: &Summary) -> Markup {
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

    pub(super) fn fields(&self, summary: &Summary) -> Markup {
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

    pub(super) fn table(&self, tickets: &[Row], each: bool) -> Markup {
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
        let name = code(&summary::name(ticket, self.style.language));
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

    pub(super) fn duplicates(&self, material: &Material) -> Markup {
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
}
