//! One run of several cases: from the files to the evidence.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use casebook_ticket::{Field, Found, Source, Standard, Ticket, formats};
use rand::Rng as _;
use tokio::sync::watch;

use crate::clock;
use crate::environment::{Environment, Redactor};
use crate::evidence::{Evidence, sum};
use crate::journal::{Holder, Left, Pending, State, StateError, without_hidden};
use crate::plan::{Obstacle, Plan, plan};
use crate::run::{Progress, Setting, run};
use crate::watchdog::Watchdog;
use crate::written::{redacted, values};
use crate::{CaseRecord, RunRecord, Tool, Verdict, case_verdict, run_verdict};

/// A file with one ticket, and what a run of it would do.
#[derive(Debug)]
pub struct Case {
    /// The file's name.
    pub file: String,
    /// All of it.
    pub bytes: Vec<u8>,
    /// The ticket's key.
    pub key: String,
    /// Its summary.
    pub summary: String,
    /// What will be done, or all that stands in the way.
    pub plan: Result<Plan, Vec<Obstacle>>,
}

/// What a session needs beside its cases.
#[derive(Debug)]
pub struct Options {
    /// The directory of journals, which outlives runs.
    pub state: PathBuf,
    /// Below this directory the evidence is written.
    pub evidence: PathBuf,
    /// The standard that the cases were read by, in TOML, when it is not the built-in one: whoever verifies needs it.
    pub standard: Option<String>,
    /// How this program is told to watch over a run.
    pub watchdog: Vec<String>,
    /// How this program is told to probe something in another network.
    pub prober: Vec<String>,
    /// Becomes true when the run shall end.
    pub stop: watch::Receiver<bool>,
}

/// Why nothing was run.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// An earlier run left something broken.
    #[error("{} of an earlier run {} not seen to be whole again; nothing is run before `casebook recover`", list(.0), if .0.len() == 1 { "was" } else { "were" })]
    Unrecovered(Vec<Pending>),
    /// The run broke something that was not seen to be whole again, and could not say so in evidence.
    #[error("{}: {}; {error}", Verdict::Dirty, left_broken(.left))]
    Dirty {
        /// What.
        left: Left,
        /// Why it ended.
        error: Box<SessionError>,
    },
    /// Another run is under way.
    #[error("{0}; or name another --state, if the two break nothing of the same")]
    Busy(Holder),
    /// The state cannot be had.
    #[error(transparent)]
    State(#[from] StateError),
    /// The watchdog does not run, without which nothing may be broken.
    #[error("the watchdog cannot be started: {0}")]
    Watchdog(std::io::Error),
    /// Evidence cannot be written.
    #[error("evidence cannot be written to {}: {error}", .directory.display())]
    Evidence {
        /// Where.
        directory: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

fn left_broken(left: &Left) -> String {
    let spoiled = left.spoiled.iter().map(ToString::to_string);
    let were = if left.pending.len() == 1 { "was" } else { "were" };
    let unseen = || format!("{} {were} not seen to be whole again: `casebook recover`", list(&left.pending));
    let pending = (!left.pending.is_empty()).then(unseen);
    pending.into_iter().chain(spoiled).collect::<Vec<_>>().join("; ")
}

impl SessionError {
    /// Whether something is, or may be, broken still.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        matches!(self, Self::Unrecovered(_) | Self::Dirty { .. } | Self::State(StateError::Spoiled(_)))
    }
}

fn list(pending: &[Pending]) -> String {
    let faults: Vec<_> = pending.iter().map(|pending| format!("`{}`", pending.intended.fault.what)).collect();
    faults.join(", ")
}

impl Case {
    /// Reads a file that must hold one ticket, and plans its run.
    #[must_use]
    pub fn read(
        file: &str,
        bytes: Vec<u8>,
        standard: &Standard,
        environment: &Environment,
        allow_shell: bool,
    ) -> Self {
        let (ticket, text) = match one_ticket(file, &bytes, standard) {
            Ok(ticket) => (Some(ticket), String::new()),
            Err(text) => (None, text),
        };
        let of = |field: &Field| ticket.as_ref().and_then(|ticket| ticket.text(field));
        let name = Path::new(file).file_stem().map(|name| name.to_string_lossy().into_owned());
        let obstacle = || vec![Obstacle { at: casebook_ticket::At::default(), text }];
        let mut case = Self {
            file: file.to_owned(),
            key: of(&Field::Key).or(name).unwrap_or_default(),
            summary: of(&Field::Summary).unwrap_or_default(),
            plan: ticket
                .as_ref()
                .ok_or_else(obstacle)
                .and_then(|ticket| plan(ticket, environment, allow_shell)),
            bytes,
        };
        case.refuse_secrets(&environment.redactor.unmistakable());
        case
    }

    /// A ticket that has a secret of the environment's in it is not run, and kept without it.
    fn refuse_secrets(&mut self, secrets: &Redactor) {
        let text = String::from_utf8_lossy(&self.bytes);
        let lines = text.lines().zip(1..);
        let found = lines.filter_map(|(line, number)| Some((number, secrets.first_in(line)?)));
        let found = found.map(|(number, name)| Obstacle {
            at: casebook_ticket::At::new(number, 1),
            text: format!("what {name} stands for is written out here; write the name that the environment's file gives to it, as in `$token`"),
        });
        let found: Vec<_> = found.collect();
        if found.is_empty() {
            return;
        }
        let mut obstacles = std::mem::replace(&mut self.plan, Err(Vec::new())).err().unwrap_or_default();
        for obstacle in &mut obstacles {
            obstacle.text = secrets.redact(&obstacle.text);
        }
        obstacles.extend(found);
        self.plan = Err(obstacles);
        self.summary = secrets.redact(&self.summary);
        self.bytes = secrets.redact(&text).into_bytes();
    }

    /// What stands in the way, one line each, as `file:line:column: text`.
    #[must_use]
    pub fn obstacles(&self) -> Vec<String> {
        let Err(obstacles) = &self.plan else { return Vec::new() };
        let line = |obstacle: &Obstacle| {
            let Obstacle { at, text } = obstacle;
            let place = if at.is_known() { format!(":{}:{}", at.line, at.column) } else { String::new() };
            format!("{}{place}: {text}", self.file)
        };
        obstacles.iter().map(line).collect()
    }
}

pub(crate) fn one_ticket(file: &str, bytes: &[u8], standard: &Standard) -> Result<Ticket, String> {
    let mut tickets = Vec::new();
    let mut refused = None;
    let source = Source { name: file, bytes, format: None };
    let read = formats::read_each(source, standard, &mut |found| match found {
        Found::Ticket(ticket) => tickets.push(*ticket),
        Found::NoTest(no_test) => refused = Some(no_test.reason),
        Found::Note(_) => {}
    });
    read.map_err(|error| error.text.to_string())?;
    match (tickets.len(), tickets.pop()) {
        (1, Some(ticket)) => Ok(ticket),
        (0, _) => Err(format!(
            "it holds no test ticket{}",
            refused.map(|why| format!(": {why}")).unwrap_or_default()
        )),
        (many, _) => Err(format!("it holds {many} tickets; a case to run has a file of its own")),
    }
}

/// Runs cases one after the other, and leaves evidence: its record and its directory.
///
/// # Errors
///
/// When nothing could be run, or the evidence not be written. Whatever was broken is put back also then.
pub async fn run_all(
    cases: &[Case],
    environment: (&Environment, &str),
    options: &Options,
    progress: &mut dyn FnMut(&Case) -> Box<dyn Progress>,
) -> Result<(RunRecord, PathBuf), SessionError> {
    let state = State::lock(&options.state).map_err(|error| match error {
        StateError::Busy(holder) => SessionError::Busy(holder),
        other => other.into(),
    })?;
    let pending = state.pending()?;
    if !pending.is_empty() {
        return Err(SessionError::Unrecovered(pending));
    }
    state.forget_old(SystemTime::now())?;
    let ran = carry_out(cases, environment, options, &state, progress).await;
    ran.map_err(|error| match state.left() {
        Ok(left) if left.pending.is_empty() && left.spoiled.is_empty() => error,
        Ok(left) => SessionError::Dirty { left, error: Box::new(error) },
        Err(_) => error,
    })
}

/// Runs the cases, with a state in which nothing is broken.
async fn carry_out(
    cases: &[Case],
    (environment, environment_text): (&Environment, &str),
    options: &Options,
    state: &State,
    progress: &mut dyn FnMut(&Case) -> Box<dyn Progress>,
) -> Result<(RunRecord, PathBuf), SessionError> {
    let began = clock::now();
    let mark: u32 = rand::rng().random();
    let id = format!("{}-{mark:08x}", began.strftime("%Y%m%dT%H%M%SZ"));
    let unwritten = |error| SessionError::Evidence { directory: options.evidence.clone(), error };
    let evidence = Evidence::begin(&options.evidence, &id).map_err(unwritten)?;
    let evidence = evidence.hiding(&environment.redactor);
    if let Some(standard) = &options.standard {
        evidence.standard(standard).map_err(unwritten)?;
    }
    let mut records = Vec::new();
    let mut journals = Vec::new();
    // Why what is left is not run.
    let mut over = None;
    for (number, case) in cases.iter().enumerate() {
        let ticket = evidence.ticket(&case.key, &case.bytes).map_err(unwritten)?;
        let mut record = match (&case.plan, over) {
            (Err(_), _) => not_run(case, ticket, case.obstacles().join("; ")),
            (Ok(_), Some(why)) => not_run(case, ticket, String::from(why)),
            (Ok(plan), None) => {
                let number = number + 1;
                let mut journal = state.begin(&format!("{id}-{number}"))?;
                let path = journal.path().to_owned();
                let hidden = journal.hide(&environment.redactor);
                hidden.map_err(|error| StateError::Io { path: path.clone(), error })?;
                let watchdog = Watchdog::start(&options.watchdog, &options.state, &path).await;
                let watchdog = watchdog.map_err(SessionError::Watchdog)?;
                let gone = watchdog.gone();
                let setting = Setting {
                    environment,
                    prober: &options.prober,
                    tag: &format!("{mark:08x}_{number}"),
                    courier: watchdog.courier(),
                    stop: either(options.stop.clone(), gone.clone()),
                };
                let mut record = run(plan, ticket, journal, setting, progress(case).as_mut()).await;
                if *gone.borrow() {
                    over = Some("an earlier case lost its watchdog");
                    unwatched(&mut record);
                }
                // It waits for the lock that this run has, as long as anything is broken.
                if record.verdict == Verdict::Dirty {
                    watchdog.leave();
                } else {
                    watchdog.end().await;
                }
                let told = |text: &str| as_written(&without_hidden(text), &environment.redactor);
                evidence.journal(&path, told).map_err(unwritten)?;
                journals.push(path);
                record
            }
        };
        if record.verdict == Verdict::Dirty {
            // What is seen of a system that is broken already says nothing, and may not be broken further.
            over = over.or(Some("an earlier case left something broken"));
        } else if *options.stop.borrow() {
            over = over.or(Some("the run was interrupted before"));
        }
        redact(&mut record, &environment.redactor);
        records.push(record);
    }
    let record = RunRecord {
        id,
        version: RunRecord::VERSION,
        environment: environment.name.clone(),
        environment_sha256: sum(environment_text.as_bytes()),
        values: values(environment),
        tools: vec![Tool { name: "casebook".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }],
        began,
        ended: clock::now(),
        verdict: run_verdict(&records),
        cases: records,
    };
    let directory = evidence.finish(&record).map_err(unwritten)?;
    for journal in &journals {
        state.forget(journal)?;
    }
    Ok((record, directory))
}

/// Becomes true as soon as one of both does.
fn either(mut one: watch::Receiver<bool>, mut other: watch::Receiver<bool>) -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        let is_true = async |it: &mut watch::Receiver<bool>| {
            if it.wait_for(|is| *is).await.is_err() {
                // Nobody is left who could say so.
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = is_true(&mut one) => {}
            () = is_true(&mut other) => {}
            () = sender.closed() => {}
        }
        sender.send_replace(true);
    });
    receiver
}

/// A case whose watchdog ended before it: what it saw does not count. What is broken still is worse, and stays so.
fn unwatched(case: &mut CaseRecord) {
    if case.verdict != Verdict::Dirty {
        case.error = Some("its watchdog has ended, without which nothing may be broken".to_owned());
        (case.verdict, case.reason) = case_verdict(case);
    }
}

/// A case as it may be written, whatever its errors quote. What its ticket says is in the evidence anyway.
fn redact(case: &mut CaseRecord, redactor: &Redactor) {
    let error = case.error.take();
    case.error = error.map(|error| redactor.redact(&error));
    let statements =
        case.steps.iter_mut().flat_map(|step| step.before.iter_mut().chain(&mut step.statements));
    let judged = statements.flat_map(|done| {
        done.seen = redacted(std::mem::take(&mut done.seen), redactor);
        &mut done.judged
    });
    for judged in judged.chain(case.assertions.iter_mut().flat_map(|assertion| &mut assertion.judged)) {
        judged.why = redactor.redact(&judged.why);
    }
    // Its reason quotes them.
    (case.verdict, case.reason) = case_verdict(case);
}

/// A journal as it may be written. Its lines stay JSON, whatever is hidden: whoever verifies reads them.
fn as_written(journal: &str, redactor: &Redactor) -> String {
    let line = |line: &str| match serde_json::from_str(line) {
        Ok(mut value) => {
            redactor.redact_json(&mut value);
            format!("{value}\n")
        }
        Err(_) => format!("{}\n", redactor.redact(line)),
    };
    journal.lines().map(line).collect()
}

/// A case that was not begun.
fn not_run(case: &Case, (ticket, ticket_sha256): (String, String), error: String) -> CaseRecord {
    let now = clock::now();
    CaseRecord {
        key: case.key.clone(),
        summary: case.summary.clone(),
        ticket,
        ticket_sha256,
        began: now,
        ended: now,
        steps: Vec::new(),
        assertions: Vec::new(),
        faults: Vec::new(),
        made: Vec::new(),
        reason: error.clone(),
        error: Some(error),
        verdict: Verdict::Error,
    }
}
