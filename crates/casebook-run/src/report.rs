//! A run for people: a page that needs nothing but itself. Who only wants to know how it went reads the top; who doubts it
//! finds below what was sent and seen.
//!
//! What tickets and servers say is text of strangers: all of it goes through `maud`, which escapes it, and a content
//! security policy forbids the page to load anything.

mod case;
#[cfg(test)]
mod tests;
mod timeline;

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html as page};

use crate::{FaultState, RunRecord, Verdict};

const STYLE: &str = include_str!("report/style.css");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The whole page.
#[must_use]
pub fn html(run: &RunRecord) -> String {
    let title = format!("{} · {}", run.verdict, run.environment);
    let page = page! {
        (DOCTYPE)
        html lang="en" {
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
                main {
                    (top(run))
                    @for (number, case) in run.cases.iter().enumerate() { (case::section(number, case, run.cases.len() == 1)) }
                    (bottom(run))
                }
            }
        }
    };
    page.into_string() + "\n"
}

/// What everybody wants to know.
fn top(run: &RunRecord) -> Markup {
    let passed = run.cases.iter().filter(|case| case.verdict == Verdict::Passed).count();
    page! {
        header {
            div.verdict.(tone(run.verdict)) {
                p.word { (run.verdict) }
                div {
                    h1 {
                        @match run.cases.as_slice() {
                            [case] => { (case.key) " " (case.summary) }
                            cases => { (passed) " of " (cases.len()) " cases passed" }
                        }
                    }
                    @match run.cases.as_slice() {
                        [case] => {
                            p { (prose(&case.reason)) "." }
                            @if case.verdict != Verdict::Passed { p { (meaning(case.verdict)) } }
                        }
                        _ => { p { (meaning(run.verdict)) } }
                    }
                    p.faint {
                        "on " b { (run.environment) } " · " (day(run.began)) " · took " (duration(run.began, run.ended))
                        " · run " code { (run.id) }
                    }
                }
            }
            (whole_again(run))
            @if run.cases.len() > 1 {
                div.scroll {
                    table {
                        thead { tr { th { "Case" } th { "Verdict" } th { "Why" } th { "Took" } } }
                        tbody {
                            @for (number, case) in run.cases.iter().enumerate() {
                                tr {
                                    td { a href=(format!("#case-{number}")) { b { (case.key) } } " " (case.summary) }
                                    td { (badge(case.verdict)) }
                                    td { (prose(&case.reason)) }
                                    td.number { (duration(case.began, case.ended)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Whether the deployment is as it was: the first question of whoever runs it.
fn whole_again(run: &RunRecord) -> Markup {
    let faults: Vec<_> = run.cases.iter().flat_map(|case| &case.faults).collect();
    let made = run.cases.iter().flat_map(|case| &case.made);
    let left: Vec<_> =
        faults.iter().copied().chain(made).filter(|fault| fault.state != FaultState::Verified).collect();
    page! {
        @if !left.is_empty() {
            p.notice.bad {
                b { "Something may be broken still, or left behind: " }
                @for (number, fault) in left.iter().enumerate() {
                    @if number > 0 { ", " }
                    code { (fault.fault.what) }
                }
                ". Run " code { "casebook recover" } " on the machine that it ran on."
            }
        } @else if faults.is_empty() {
            p.notice { "Nothing was broken on purpose." }
        } @else {
            p.notice.good {
                @match faults.len() {
                    1 => "What was broken on purpose was put back, and was seen to be gone.",
                    many => { "All " (many) " faults that were made on purpose were put back, and were seen to be gone." }
                }
            }
        }
    }
}

fn bottom(run: &RunRecord) -> Markup {
    page! {
        footer {
            h2 { "What this rests on" }
            dl {
                @for tool in &run.tools { dt { (tool.name) } dd { (tool.version) } }
                dt { "Began and ended" } dd { (day(run.began)) " to " (day(run.ended)) }
                dt { "Environment's file" } dd { "SHA-256 " code { (run.environment_sha256) } }
            }
            p {
                "All of it is in " code { "run.json" } " of the run's evidence, with the tickets as they were run, what each step sent and "
                "saw, and the journal of what was broken. " code { "casebook verify" } " comes to the same verdicts from that alone."
            }
        }
    }
}

/// A verdict in one sentence.
fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "All that is claimed was seen.",
        Verdict::Failed => "Something was not as it is claimed.",
        Verdict::Inconclusive => {
            "It says nothing about what was tested, good or bad: something that it rests on did not hold."
        }
        Verdict::Error => "It could not be run or finished. That says nothing about what was tested.",
        Verdict::Dirty => {
            "Something that was broken on purpose was not seen to be whole again. That comes before everything else."
        }
    }
}

/// A sentence of ours, which begins with a capital and has code between backticks.
fn prose(text: &str) -> Markup {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let text = first + characters.as_str();
    page! {
        @for (number, piece) in text.split('`').enumerate() {
            @if number % 2 == 0 { (piece) } @else { code { (piece) } }
        }
    }
}

fn badge(verdict: Verdict) -> Markup {
    page! { span.tag.(tone(verdict)) { (verdict) } }
}

fn tone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "good",
        Verdict::Failed | Verdict::Dirty => "bad",
        Verdict::Inconclusive | Verdict::Error => "fair",
    }
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn time(at: Timestamp) -> String {
    at.strftime("%H:%M:%S%.3f").to_string()
}

fn duration(began: Timestamp, ended: Timestamp) -> String {
    format!("{:.1} s", ended.duration_since(began).as_secs_f64())
}
