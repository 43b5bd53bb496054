//! Whether the times of a case follow one another: whether a fault was there when something was seen follows from times.

use jiff::Timestamp;

use crate::{CaseRecord, FaultRecord, RunRecord, StepRecord};

/// What has a time before that of something earlier.
pub(super) fn out_of_order(case: &CaseRecord, record: &RunRecord) -> Option<String> {
    let step = |step: &StepRecord| format!("step {}", step.number);
    let steps = case.steps.iter().flat_map(|it| {
        let done = it.before.iter().chain(&it.statements).map(move |done| (done.began, step(it)));
        std::iter::once((it.began, step(it))).chain(done)
    });
    let (began, ended) = ((case.began, "its beginning".to_owned()), (case.ended, "its end".to_owned()));
    let in_run: Vec<_> = std::iter::once(began).chain(steps).chain([ended]).collect();
    let out = |times: &[(Timestamp, String)]| {
        times.windows(2).find(|pair| pair[1].0 < pair[0].0).map(|pair| pair[1].1.clone())
    };
    let of_fault = |fault: &FaultRecord| {
        let known = [Some(case.began), fault.applied, fault.verified, Some(case.ended)];
        let what = format!("`{}` of step {}", fault.fault.what, fault.step);
        out(&known.into_iter().flatten().map(|at| (at, what.clone())).collect::<Vec<_>>())
    };
    let run = [record.began, case.began, case.ended, record.ended].map(|at| (at, "the run".to_owned()));
    out(&in_run).or_else(|| out(&run)).or_else(|| case.faults.iter().chain(&case.made).find_map(of_fault))
}
