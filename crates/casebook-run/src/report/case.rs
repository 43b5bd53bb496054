//! One case: what was broken, when what was done, and each step with what was sent and seen.

use casebook_ticket::Field;
use maud::{Markup, html};

use super::{badge, duration, meaning, prose, time, timeline, tone};
use crate::seen::cut;
use crate::{
    AssertionRecord, CaseRecord, FaultRecord, FaultState, Judged, Observation, StatementRecord, StepKind,
    StepRecord, StepState, Verdict,
};

/// So many bytes of a text are shown; all of it is in the record.
const SHOWN: usize = 8000;

/// `alone` is said of one that is the whole run: how it went stands above it then.
pub(super) fn section(number: usize, case: &CaseRecord, alone: bool) -> Markup {
    html! {
        section id=(format!("case-{number}")) {
            @if !alone {
            h2 { (badge(case.verdict)) " " (case.key) " " (case.summary) }
            div.reason.(tone(case.verdict)) {
                p { b { (prose(&case.reason)) } }
                p.faint {
                    @if case.verdict != Verdict::Passed { (meaning(case.verdict)) " " }
                    "Took " (duration(case.began, case.ended)) "."
                }
            }
            }
            @if !case.steps.is_empty() { (timeline::of(case)) }
            @if !case.faults.is_empty() { (faults("What was broken", "Broken", &case.faults)) }
            @if !case.made.is_empty() { (faults("What requests made", "Made by", &case.made)) }
            @if !case.assertions.is_empty() { (assertions(&case.assertions)) }
            (steps(&case.steps))
            p.faint.small { "Ticket " code { (case.ticket) } ", SHA-256 " code { (case.ticket_sha256) } }
        }
    }
}

fn faults(title: &str, what: &str, faults: &[FaultRecord]) -> Markup {
    html! {
        h3 { (title) }
        div.scroll {
            table {
                thead { tr { th { "Step" } th { (what) } th { "Put back by" } th { "From" } th { "Until" } th { "State" } } }
                tbody {
                    @for fault in faults {
                        tr {
                            td { (fault.step) }
                            td { code { (fault.fault.what) } }
                            td { (fault.fault.inverse) }
                            td.number { (fault.applied.map(time).unwrap_or_default()) }
                            td.number { (fault.verified.map(time).unwrap_or_default()) }
                            td { (state_of(fault.state)) }
                        }
                    }
                }
            }
        }
    }
}

fn state_of(state: FaultState) -> Markup {
    let (tone, words) = match state {
        FaultState::Verified => ("good", "seen to be gone"),
        FaultState::Undone => ("bad", "undone, not seen to be gone"),
        FaultState::Applied => ("bad", "not undone"),
        FaultState::Intended => ("bad", "not known"),
    };
    html! { span.(tone) { (words) } }
}

fn assertions(assertions: &[AssertionRecord]) -> Markup {
    html! {
        h3 { "Assertions" }
        ul.judged {
            @for assertion in assertions {
                @for judged in &assertion.judged { (line(&format!("step {}: ", assertion.step), judged)) }
            }
        }
    }
}

/// The steps, below the headings of the ticket's sections.
fn steps(steps: &[StepRecord]) -> Markup {
    html! {
        @for group in steps.chunk_by(|a, b| a.section == b.section) {
            h3 { (heading(&group[0].section)) }
            ol.steps { @for step in group { (one(step)) } }
        }
    }
}

/// A section's heading, in words.
fn heading(section: &str) -> &str {
    match Field::of(section) {
        Field::PreConditions => "Pre-Conditions",
        Field::TestSteps => "Test Steps",
        Field::RecoveryValidation => "Recovery Validation",
        Field::PostConditions => "Post-Conditions",
        _ => section,
    }
}

fn one(step: &StepRecord) -> Markup {
    let state = step.came_to();
    // What went wrong is what is looked for.
    let is_open = matches!(state, StepState::DoesNotHold | StepState::Untold);
    html! {
        li.(tone_of(state)) {
            div.head {
                span.step { (step.number.rsplit(' ').next().unwrap_or_default()) }
                span.action { (step.action) }
                span.kind { (kind(step.kind)) }
                span.state { (mark(state)) " " (state.words()) }
            }
            @if !step.expected.is_empty() && step.is_test_step() { p.expected { span.label { "Expected " } (step.expected) } }
            @for done in &step.before {
                p.faint.small { "Just before: " code { (done.statement) } " " (done.seen.in_short()) }
            }
            @for done in &step.statements { (statement(done, is_open)) }
        }
    }
}

fn statement(done: &StatementRecord, is_open: bool) -> Markup {
    let seen = &done.seen;
    let short = html! { code { (done.statement) } " " span.seen { (seen.in_short()) " · " (format!("{:.0} ms", seen.elapsed * 1000.0)) " · " (time(done.began)) } };
    html! {
        @if is_bare(seen) {
            p.bare { (short) }
        } @else {
            details open[is_open] {
                summary { (short) }
                (text("Sent", &seen.sent))
                @if !seen.headers.is_empty() {
                    (text("Headers", &seen.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n")))
                }
                (text("Seen", &seen.text))
                @if seen.left_out > 0 { p.bad { "Not all was kept: what was left out was not judged (" (seen.left_out) " bytes, or an unknown number)." } }
            }
        }
        @if !done.judged.is_empty() { ul.judged { @for judged in &done.judged { (line("", judged)) } } }
    }
}

/// Whether there is nothing to unfold.
fn is_bare(seen: &Observation) -> bool {
    seen.sent.is_empty() && seen.text.is_empty() && seen.headers.is_empty() && seen.left_out == 0
}

fn text(what: &str, text: &str) -> Markup {
    let (shown, more) = cut(text, SHOWN);
    html! {
        @if !text.is_empty() {
            h4 { (what) }
            pre { (shown) }
            @if more > 0 { p.faint { "and " (more) " bytes more, in run.json" } }
        }
    }
}

fn line(before: &str, judged: &Judged) -> Markup {
    let (tone, mark) = match judged.holds {
        Some(true) => ("good", "✓"),
        Some(false) => ("bad", "✗"),
        None => ("fair", "?"),
    };
    html! {
        li.(tone) {
            span.mark { (mark) } " " (before) code { (judged.predicate) }
            @if !judged.why.is_empty() { " " span.why { (judged.why) } }
        }
    }
}

fn mark(state: StepState) -> &'static str {
    match state {
        StepState::Holds => "✓",
        StepState::DoesNotHold => "✗",
        StepState::Untold => "?",
        StepState::NotReached | StepState::Manual => "–",
    }
}

pub(super) fn tone_of(state: StepState) -> &'static str {
    match state {
        StepState::Holds => "good",
        StepState::DoesNotHold => "bad",
        StepState::Untold => "fair",
        StepState::NotReached | StepState::Manual => "none",
    }
}

fn kind(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Baseline => "baseline",
        StepKind::Fault => "fault",
        StepKind::Proof => "proof of the fault",
        StepKind::Check => "check",
        StepKind::Undo => "undo",
        StepKind::Recovery => "recovery",
        StepKind::Manual => "manual",
    }
}
