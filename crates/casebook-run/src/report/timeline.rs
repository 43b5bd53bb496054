//! When what was done, and how long something was broken, on one line of time.

use jiff::Timestamp;
use maud::{Markup, html};

use super::case::tone_of;
use super::{duration, time};
use crate::{CaseRecord, StepState};

pub(super) fn of(case: &CaseRecord) -> Markup {
    let done: Vec<_> = case.steps.iter().filter(|step| !step.statements.is_empty()).collect();
    let ends = done.iter().skip(1).map(|step| step.began).chain(std::iter::once(case.ended));
    html! {
        figure.timeline {
            div.row {
                span.label { "Broken" }
                div.track {
                    @for fault in &case.faults {
                        @if let Some(applied) = fault.applied {
                            @let until = fault.verified.unwrap_or(case.ended);
                            span.fault style=(place(case, applied, until)) title=(format!("{} {}", fault.fault.what, duration(applied, until))) {}
                        }
                    }
                }
            }
            div.row {
                span.label { "Steps" }
                div.track {
                    @for (step, end) in done.iter().zip(ends) {
                        @let state = step.came_to();
                        span.(tone_of(state)) style=(place(case, step.began, end)) title=(told(&step.number, state, step.began)) {}
                    }
                }
            }
            figcaption.faint { (time(case.began)) span { (time(case.ended)) } }
        }
    }
}

fn told(number: &str, state: StepState, began: Timestamp) -> String {
    format!("{number}: {} {}", state.words(), time(began))
}

/// Where a stretch of time is, in parts of the whole.
fn place(case: &CaseRecord, from: Timestamp, until: Timestamp) -> String {
    let whole = case.ended.duration_since(case.began).as_secs_f64().max(0.001);
    let at =
        |time: Timestamp| (time.duration_since(case.began).as_secs_f64() / whole).clamp(0.0, 1.0) * 100.0;
    let (left, right) = (at(from), at(until));
    format!("left:{left:.2}%;width:{:.2}%", (right - left).max(0.0))
}
