//! Small pieces that all of a page is made of.

use maud::{Markup, html};

use super::super::span::{Kind, Span, sentence};
use super::super::words::letter;
use crate::audit::{Severity, State, Verdict};

pub(super) fn head(columns: &[&str]) -> Markup {
    html! { thead { tr { @for column in columns { th scope="col" { (column) } } } } }
}

/// Numbers beside bars; the longest is the largest.
pub(super) fn bars(title: &str, counts: Vec<(&str, usize)>) -> Markup {
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

pub(super) fn grade(verdict: &Verdict) -> Markup {
    let letter = letter(verdict.grade);
    html! { span class={ "grade " (letter) } { (letter) } }
}

/// Code, a file name, a key: read from left to right in every language.
pub(super) fn code(text: &str) -> Markup {
    html! { code dir="ltr" { (text) } }
}

pub(super) fn sentence_of(text: &str) -> Markup {
    spans_of(&sentence(text))
}

pub(super) fn spans_of(spans: &[Span]) -> Markup {
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

pub(super) fn heading(level: u8, text: &str) -> Markup {
    heading_of(level, &html! { (text) })
}

pub(super) fn heading_of(level: u8, text: &Markup) -> Markup {
    match level {
        2 => html! { h2 { (text) } },
        3 => html! { h3 { (text) } },
        _ => html! { h4 { (text) } },
    }
}

pub(super) fn state_class(state: State) -> &'static str {
    match state {
        State::Absent => "bad",
        State::Placeholder | State::Inadequate => "fair",
        State::Adequate | State::Executable => "good",
    }
}

pub(super) fn severity_class(severity: Severity) -> &'static str {
    match severity {
        Severity::Blocker | Severity::Major => "bad",
        Severity::Minor => "fair",
        Severity::Hint => "hint",
    }
}
