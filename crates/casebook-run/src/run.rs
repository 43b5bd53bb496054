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
use crate::evaluate::{DECIDED_BY_HIDDEN, HIDDEN_IN_PREDICATE, NOT_REACHED, judge};
use crate::inject::{in_words, injection};
use crate::journal::{Intended, Journal};
use crate::names::Names;
use crate::perform::{failed, perform};
use crate::plan::{Look, Plan, PlannedStep};
use crate::undo::Stack;
use crate::verdict::shown_before;
use crate::world::World;
use crate::written::{Seen, values};
use crate::{
    AssertionRecord, CaseRecord, Judged, Observation, Outcome, StatementRecord, StepKind, StepRecord,
    Verdict, case_verdict,
};

/// How often putting something back is tried, and how long between.
const UNDO_ATTEMPTS: u32 = 3;
const UNDO_AGAIN: Duration = Duration::from_secs(1);

/// So often is looked before a fault at what is to show it: a moment's delay is none.
const LOOKS_BEFORE: u32 = 3;

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
    /// What was seen, as it is written: whoever verifies sees the same.
    names: Names,
    redactor: &'a Redactor,
    key: &'a str,
    tag: &'a str,
    /// The last result of each step, for assertions.
    by_step: BTreeMap<String, Seen>,
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
            pointless |= step.kind == StepKind::Fault && !self.baseline_holds(plan);
            let is_done = !*stop.borrow() && (!pointless || tidies || self.looks_back(step));
            let mut record = StepRecord {
                number: step.number.clone(),
                section: step.part.field().id().to_owned(),
                kind: step.kind,
                action: step.action.clone(),
                expected: step.expected.clone(),
                began: clock::now(),
                before: Vec::new(),
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
                pointless |= step.kind.matters_first() && !all_hold;
            }
            progress.ended(&record);
            self.steps.push(record);
        }
        if *stop.borrow() {
            self.error = Some("the run was interrupted".to_owned());
        }
    }

    /// Whether all holds that is said elsewhere of what was seen before the first fault.
    fn baseline_holds(&self, plan: &Plan) -> bool {
        let asserted = plan.assertions.iter().filter(|assertion| assertion.kind == StepKind::Baseline);
        let asserted = asserted.filter_map(|it| Some((self.by_step.get(&it.step.0)?.clone(), &it.predicate)));
        let recalled = plan.steps.iter().filter_map(|step| Some((step, self.recalled(step)?)));
        let recalled = recalled
            .flat_map(|(step, seen)| step.predicates.iter().map(move |predicate| (seen.clone(), predicate)));
        asserted.chain(recalled).all(|(seen, predicate)| self.judged(predicate, &seen).holds == Some(true))
    }

    /// Whether a step only looks again at what was seen before the first fault: then it says why nothing was broken.
    fn looks_back(&self, step: &PlannedStep) -> bool {
        let is_look_back = |statement: &Statement| matches!(statement.action, Action::Recall(_));
        step.statements.iter().all(is_look_back) && self.recalled(step).is_some()
    }

    /// What a step of the baseline looks at again.
    fn recalled(&self, step: &PlannedStep) -> Option<Seen> {
        let Action::Recall(name) = &step.statements.last()?.action else { return None };
        let (raw, written) = (self.world.names.captured(name)?, self.names.captured(name)?);
        (step.kind == StepKind::Baseline).then(|| Seen { raw: raw.clone(), written: written.clone() })
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
            if statement.action.mutation().is_some() && record.before.is_empty() {
                record.before = tokio::select! {
                    before = self.before(step) => before,
                    () = stopped(interrupted) => return,
                };
            }
            let began = clock::now();
            let already = statement.action.mutation().and_then(|_| shown_before(record));
            let seen = match (already, &statement.action) {
                (Some(why), _) => failed(why),
                // A change is never cut in half: not the break, and not the undo.
                (None, Action::Mutate(_) | Action::Undo(_)) => self.change(statement, step, stack).await,
                (None, _) => tokio::select! {
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
            if let (Action::Http(_), Some(status)) = (statement.action.inner(), seen.status) {
                stack.hear(&seen.sent, status);
            }
            let seen = Seen::of(seen, self.redactor);
            if let Some(name) = &statement.capture {
                self.world.names.capture(name, seen.raw.clone());
                self.names.capture(name, seen.written.clone());
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
            record.statements.push(StatementRecord {
                statement: statement.to_string(),
                began,
                seen: seen.written,
                judged,
            });
        }
    }

    /// Looks at what is to show that a step's faults took hold, before they can have.
    async fn before(&mut self, step: &PlannedStep) -> Vec<StatementRecord> {
        let mut looks = Vec::new();
        for look in &step.before {
            let mut done = self.look(look).await;
            for _ in 1..LOOKS_BEFORE {
                if !done.judged.iter().all(|judged| judged.holds == Some(true)) {
                    break;
                }
                done = self.look(look).await;
            }
            looks.push(done);
        }
        looks
    }

    async fn look(&mut self, Look { statement, symptoms }: &Look) -> StatementRecord {
        let began = clock::now();
        let seen = Seen::of(perform(statement, &mut self.world).await, self.redactor);
        let judged = symptoms.iter().map(|symptom| self.judged(symptom, &seen)).collect();
        StatementRecord { statement: statement.to_string(), began, seen: seen.written, judged }
    }

    /// Holds a predicate against what was seen, and again as it is written: whoever verifies sees no more. Where the two
    /// differ, what is hidden decides, and nothing can be told from the evidence.
    fn judged(&self, predicate: &Predicate, seen: &Seen) -> Judged {
        let raw = judge(predicate, &seen.raw, &|name| self.world.resolve(name));
        let written = self.judged_as_written(predicate, &seen.written);
        if raw.holds == written.holds || written.holds.is_none() {
            return written;
        }
        Judged { holds: None, why: DECIDED_BY_HIDDEN.to_owned(), ..written }
    }

    /// What is hidden in what was seen is hidden in the predicate too: else a text that happens to be a secret would
    /// never be seen.
    fn judged_as_written(&self, predicate: &Predicate, seen: &Observation) -> Judged {
        let text = predicate.to_string();
        let hidden = self.redactor.redact(&text);
        let resolve = |name: &Reference| self.names.resolve(name);
        if hidden == text {
            return judge(predicate, seen, &resolve);
        }
        match parse_predicate(&hidden, At::default()) {
            Ok(predicate) if !predicate.has_expression() => judge(&predicate, seen, &resolve),
            _ => Judged { predicate: hidden, holds: None, why: HIDDEN_IN_PREDICATE.to_owned() },
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
                    why: NOT_REACHED.to_owned(),
                },
            };
            AssertionRecord {
                text: format!("step {step}: {}", assertion.predicate),
                step,
                kind: assertion.kind,
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
