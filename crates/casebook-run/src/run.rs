//! Carries a plan out, and puts everything back whatever happens.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use casebook_ticket::At;
use casebook_ticket::language::{
    Action, Part, Predicate, Reference, Since, Statement, Undo, parse_predicate,
};
use futures::FutureExt as _;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::clock;
use crate::courier::{Courier, Making};
use crate::environment::{Environment, Redactor};
use crate::evaluate::judge;
use crate::inject::{in_words, injection};
use crate::journal::{Intended, Journal};
use crate::names::Names;
use crate::perform::perform;
use crate::plan::{Plan, PlannedStep};
use crate::undo::Stack;
use crate::world::World;
use crate::{
    AssertionRecord, CaseRecord, Judged, Observation, Outcome, StatementRecord, StepKind, StepRecord,
    Verdict, case_verdict,
};

/// How often putting something back is tried, and how long between.
const UNDO_ATTEMPTS: u32 = 3;
const UNDO_AGAIN: Duration = Duration::from_secs(1);

/// Hears of a run while it is under way.
pub trait Progress {
    /// A step begins.
    fn begins(&mut self, step: &PlannedStep);
    /// A step has ended; one that was not reached has no statements.
    fn ended(&mut self, step: &StepRecord);
    /// What is still broken is put back.
    fn puts_back(&mut self);
}

/// What a run needs beside its plan.
#[derive(Debug)]
pub struct Setting<'a> {
    /// Where it runs.
    pub environment: &'a Environment,
    /// How this program is told to probe something in another network.
    pub prober: &'a [String],
    /// What tells this run's traces from all others': lower-case letters and digits.
    pub tag: &'a str,
    /// Sends requests that make something.
    pub courier: Courier,
    /// Becomes true when the run shall end: what is broken is put back, nothing else is done.
    pub stop: watch::Receiver<bool>,
}

/// Carries a plan out. `ticket` is the ticket's file in the evidence, with its hash.
pub async fn run(
    plan: &Plan,
    ticket: (String, String),
    journal: Journal,
    setting: Setting<'_>,
    progress: &mut dyn Progress,
) -> CaseRecord {
    let began = clock::now();
    let (courier, numbers) = (setting.courier, journal.numbers());
    let mut world = World::new(setting.environment, setting.prober, &plan.data);
    world.making =
        Some(Making { courier: courier.clone(), numbers, case: plan.key.clone(), step: String::new() });
    let mut stack = Stack::new(journal).until(setting.stop.clone());
    let mut stop = setting.stop.clone();
    let mut case = Case {
        world,
        names: Names::new(values(setting.environment)),
        redactor: &setting.environment.redactor,
        key: &plan.key,
        tag: setting.tag,
        by_step: BTreeMap::new(),
        steps: Vec::new(),
        error: None,
    };
    let work = case.carry_out(plan, &mut stack, &mut stop, progress);
    // What panics is our own mistake; what it broke is put back all the same.
    if AssertUnwindSafe(work).catch_unwind().await.is_err() {
        case.error = Some("this program has failed; please report it with the log".to_owned());
    }
    if stack.is_broken() {
        progress.puts_back();
    }
    // What is broken waits for nobody.
    let mut left = attempt(async || stack.undo_faults().await).await;
    // Also what was under way when the run was interrupted.
    if let Err(error) = stack.adopt(&courier).await {
        case.error.get_or_insert(error);
    }
    if left.is_ok() {
        left = attempt(async || stack.undo_all().await).await;
    } else {
        left = stack.undo_all().await;
    }
    if let Err(error) = left {
        case.error.get_or_insert(error);
    }
    let error = case.error.take();
    let assertions = case.assertions(plan);
    let (faults, made) = stack.records();
    let mut record = CaseRecord {
        key: plan.key.clone(),
        summary: plan.summary.clone(),
        ticket: ticket.0,
        ticket_sha256: ticket.1,
        began,
        ended: clock::now(),
        steps: case.steps,
        assertions,
        faults,
        made,
        error,
        verdict: Verdict::Error,
        reason: String::new(),
    };
    (record.verdict, record.reason) = case_verdict(&record);
    record
}

/// Does something until it succeeds, as often as it makes sense.
async fn attempt(mut undo: impl AsyncFnMut() -> Result<(), String>) -> Result<(), String> {
    for _ in 1..UNDO_ATTEMPTS {
        if undo().await.is_ok() {
            return Ok(());
        }
        sleep(UNDO_AGAIN).await;
    }
    undo().await
}

struct Case<'a> {
    world: World<'a>,
    /// What was seen, as it is written: predicates are held against this, so that whoever verifies sees the same.
    names: Names,
    redactor: &'a Redactor,
    key: &'a str,
    tag: &'a str,
    /// The last result of each step, for assertions.
    by_step: BTreeMap<String, Observation>,
    steps: Vec<StepRecord>,
    error: Option<String>,
}

impl Case<'_> {
    async fn carry_out(
        &mut self,
        plan: &Plan,
        stack: &mut Stack,
        stop: &mut watch::Receiver<bool>,
        progress: &mut dyn Progress,
    ) {
        // Once nothing follows from what is seen, only what tidies up is done.
        let mut pointless = false;
        let mut put_back = false;
        self.world.note_pods(&plan.noted(&Since::Start)).await;
        for step in &plan.steps {
            if step.part > Part::Steps && !put_back {
                put_back = true;
                if stack.is_broken() {
                    progress.puts_back();
                }
                // Tried again at the end; what is still broken then is told.
                drop(stack.undo_faults().await);
            }
            let tidies = step.kind == StepKind::Undo || step.part == Part::PostConditions;
            let is_done = !*stop.borrow() && (!pointless || tidies);
            let mut record = StepRecord {
                number: step.number.clone(),
                section: step.part.field().id().to_owned(),
                kind: step.kind,
                action: step.action.clone(),
                expected: step.expected.clone(),
                began: clock::now(),
                statements: Vec::new(),
            };
            if is_done {
                progress.begins(step);
                self.world.begin(step.id.as_ref());
                if let Some(making) = &mut self.world.making {
                    making.step.clone_from(&step.number);
                }
                if let Some(id) = &step.id {
                    self.world.note_pods(&plan.noted(&Since::Step(id.clone()))).await;
                }
                self.step(step, stack, stop, &mut record).await;
                let all_hold = record.statements.iter().all(|statement| {
                    !matches!(statement.seen.outcome, Outcome::Failed(_))
                        && statement.judged.iter().all(|judged| judged.holds == Some(true))
                });
                let matters = matches!(step.kind, StepKind::Baseline | StepKind::Fault | StepKind::Proof);
                pointless |= matters && !all_hold;
            }
            progress.ended(&record);
            self.steps.push(record);
        }
        if *stop.borrow() {
            self.error = Some("the run was interrupted".to_owned());
        }
    }

    async fn step(
        &mut self,
        step: &PlannedStep,
        stack: &mut Stack,
        interrupted: &mut watch::Receiver<bool>,
        record: &mut StepRecord,
    ) {
        let last = step.statements.len().saturating_sub(1);
        for (number, statement) in step.statements.iter().enumerate() {
            let began = clock::now();
            let seen = match &statement.action {
                // A change is never cut in half: not the break, and not the undo.
                Action::Mutate(_) | Action::Undo(_) => self.change(statement, step, stack).await,
                _ => tokio::select! {
                    seen = perform(statement, &mut self.world) => seen,
                    () = stopped(interrupted) => return,
                },
            };
            if statement.action.undone_by().is_some()
                && let Some(making) = &self.world.making
                && let Err(error) = stack.adopt(&making.courier).await
            {
                self.error.get_or_insert(error);
            }
            let seen = redacted(seen, self.redactor);
            if let Some(name) = &statement.capture {
                self.names.capture(name, seen.clone());
            }
            let waited: &[Predicate] = match &statement.action {
                Action::Wait(wait) => &wait.until,
                _ => &[],
            };
            let expected = if number == last { step.predicates.as_slice() } else { &[] };
            let judged = waited.iter().chain(expected);
            let judged = judged.map(|predicate| self.judged(predicate, &seen)).collect();
            if let Some(id) = &step.id {
                self.by_step.insert(id.0.clone(), seen.clone());
            }
            record.statements.push(StatementRecord { statement: statement.to_string(), began, seen, judged });
        }
    }

    /// Holds a predicate against what was seen, as it is written. What is hidden there is hidden in the predicate too:
    /// else a text that happens to be a secret would never be seen.
    fn judged(&self, predicate: &Predicate, seen: &Observation) -> Judged {
        let text = predicate.to_string();
        let hidden = self.redactor.redact(&text);
        let resolve = |name: &Reference| self.names.resolve(name);
        if hidden == text {
            return judge(predicate, seen, &resolve);
        }
        match parse_predicate(&hidden, At::default()) {
            Ok(predicate) if !predicate.has_expression() => judge(&predicate, seen, &resolve),
            _ => Judged {
                predicate: hidden,
                holds: None,
                why: "what is hidden in evidence is in it".to_owned(),
            },
        }
    }

    /// Breaks something, or puts it back.
    async fn change(&mut self, statement: &Statement, step: &PlannedStep, stack: &mut Stack) -> Observation {
        let began = tokio::time::Instant::now();
        let (number, done) = match &statement.action {
            Action::Mutate(mutation) => {
                let tag = format!("{}_{}", self.tag, stack.records().0.len() + 1);
                let done = match injection(mutation, &tag, &self.world).await {
                    Ok(injection) => {
                        let intended = Intended {
                            case: self.key.to_owned(),
                            step: step.number.clone(),
                            fault: in_words(mutation),
                            injection,
                        };
                        stack.break_it(&statement.to_string(), intended).await
                    }
                    Err(error) => Err(error),
                };
                ("applied", done)
            }
            Action::Undo(Undo::Step(id)) => ("undone", stack.undo_step(&id.0).await),
            _ => ("undone", stack.undo_faults().await),
        };
        let flag = f64::from(u8::from(done.is_ok()));
        let numbers = BTreeMap::from([(number.to_owned(), flag)]);
        let elapsed = began.elapsed().as_secs_f64();
        let seen = Observation { elapsed, numbers, ..Observation::default() };
        match done {
            Ok(()) => seen,
            Err(error) => Observation { text: error.clone(), outcome: Outcome::Failed(error), ..seen },
        }
    }

    fn assertions(&self, plan: &Plan) -> Vec<AssertionRecord> {
        let record = |assertion: &crate::plan::PlannedAssertion| {
            let step = assertion.step.0.clone();
            let judged = match self.by_step.get(&step) {
                Some(seen) => self.judged(&assertion.predicate, seen),
                None => Judged {
                    predicate: assertion.predicate.to_string(),
                    holds: None,
                    why: "the step was not reached".to_owned(),
                },
            };
            AssertionRecord {
                text: format!("step {step}: {}", assertion.predicate),
                step,
                judged: vec![judged],
            }
        };
        plan.assertions.iter().map(record).collect()
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // Nobody is left who could want it.
        std::future::pending::<()>().await;
    }
}

/// An environment's values, as they may be written: whoever verifies knows no others.
pub(crate) fn values(environment: &Environment) -> BTreeMap<String, serde_json::Value> {
    let mut values = environment.values.clone();
    for value in values.values_mut() {
        redact_json(value, &environment.redactor);
    }
    values
}

/// What was seen, as it may be written.
pub(crate) fn redacted(seen: Observation, redactor: &Redactor) -> Observation {
    let mut seen = Observation {
        sent: redactor.redact(&seen.sent),
        text: redactor.redact(&seen.text),
        headers: seen.headers.into_iter().map(|(name, value)| (name, redactor.redact(&value))).collect(),
        ..seen
    };
    redact_json(&mut seen.json, redactor);
    if let Outcome::Failed(why) = &mut seen.outcome {
        *why = redactor.redact(why);
    }
    seen
}

fn redact_json(value: &mut serde_json::Value, redactor: &Redactor) {
    match value {
        serde_json::Value::String(text) if redactor.is_in(text) => *text = redactor.redact(text),
        serde_json::Value::Array(elements) => {
            for element in elements {
                redact_json(element, redactor);
            }
        }
        serde_json::Value::Object(fields) => {
            for field in fields.values_mut() {
                redact_json(field, redactor);
            }
        }
        _ => {}
    }
}
