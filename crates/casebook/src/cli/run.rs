//! `casebook plan`, `run`, `recover` and `verify`: tickets that are executed.

mod progress;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use casebook_run::environment::Environment;
use casebook_run::evidence::unfinished;
use casebook_run::journal::{Left, State};
use casebook_run::perform::probe;
use casebook_run::session::{Case, Options, SessionError, run_all};
use casebook_run::undo::recover;
use casebook_run::watchdog::watch;
use casebook_run::{RunRecord, Verdict, verify};
use casebook_ticket::ReadError;
use casebook_ticket::language::Protocol;
use clap::{Args, ValueHint};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use super::sources::{Input, inputs};
use super::{Exit, StandardArgs};

/// Shown below `plan --help`.
pub(super) const PLAN_EXAMPLES: &str = "\
Examples:
  casebook plan cases/PZ-13602.md --environment lab.toml   what a run would do, break and put back

Touches nothing. Exits with 4 when something stands in the way, which is told with file, line and remedy.";

/// Shown below `run --help`.
pub(super) const RUN_EXAMPLES: &str = "\
Examples:
  casebook run cases/PZ-13602.md --environment lab.toml
  casebook run cases/ --environment lab.toml --evidence evidence/

Whatever a case breaks is written to a journal before, and put back whatever happens: by the run, also when it is \
interrupted, or by its watchdog when the run is killed. What even that does not mend ends the run and stops \
every later one until `casebook recover` has.

Exit codes: 0 PASSED, 1 FAILED, 2 wrong arguments, 3 INCONCLUSIVE, 4 ERROR, 5 DIRTY (something is broken still, by this \
run or an earlier one).";

/// Shown below `recover --help`.
pub(super) const RECOVER_EXAMPLES: &str = "\
Examples:
  casebook recover                         after a run that said DIRTY, or was killed together with its watchdog
  casebook recover --by-hand               once you have removed yourself what cannot be put back

Tries all that a journal says is broken still, and says what came of each. Exits with 0 when nothing is, with 5 when something \
is.";

/// Shown below `verify --help`.
pub(super) const VERIFY_EXAMPLES: &str = "\
Examples:
  casebook verify evidence/RUN

Needs nothing but the evidence: neither the deployment nor the environment's file. Exits with 0 when it is sound, with 1 when not.";

/// What names in tickets stand for.
#[derive(Args, Debug)]
struct EnvironmentArgs {
    /// The environment's file in TOML: what names in tickets stand for, and what may be broken there.
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    environment: PathBuf,
    /// Let tickets run commands of their own, where the environment allows it too.
    #[arg(long)]
    allow_shell: bool,
}

/// Where it is kept what is broken.
#[derive(Args, Debug)]
struct StateArgs {
    /// The directory of journals, which outlives runs [default: casebook in the user's state directory].
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    state: Option<PathBuf>,
}

/// What `casebook plan` can be told.
#[derive(Args, Debug)]
pub(super) struct PlanArgs {
    /// Files of one ticket each, or directories of them.
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[command(flatten)]
    standard: StandardArgs,
}

/// What `casebook run` can be told.
#[derive(Args, Debug)]
pub(super) struct RunArgs {
    #[command(flatten)]
    plan: PlanArgs,
    /// Below this directory the evidence of the run is written.
    #[arg(long, value_name = "DIR", default_value = "evidence", value_hint = ValueHint::DirPath)]
    evidence: PathBuf,
    #[command(flatten)]
    state: StateArgs,
}

/// What `casebook recover` can be told.
#[derive(Args, Debug)]
pub(super) struct RecoverArgs {
    #[command(flatten)]
    state: StateArgs,
    /// The directory below which runs leave their evidence: what is not whole there is told.
    #[arg(long, value_name = "DIR", default_value = "evidence", value_hint = ValueHint::DirPath)]
    evidence: PathBuf,
    /// You have looked, and seen to what cannot be put back: it does not stop later runs any more.
    #[arg(long)]
    by_hand: bool,
}

/// What `casebook verify` can be told.
#[derive(Args, Debug)]
pub(super) struct VerifyArgs {
    /// The directory of a run's evidence.
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    evidence: PathBuf,
}

/// What the watchdog is told.
#[derive(Args, Debug)]
pub(super) struct WatchdogArgs {
    state: PathBuf,
    journal: PathBuf,
}

/// Prints what a run would do.
pub(super) fn plan(args: &PlanArgs) -> Result<Exit> {
    let (environment, _) = environment(&args.environment)?;
    let mut exit = Exit::Fine;
    for case in cases(args, &environment)? {
        anstream::println!("{} {}", case.key, case.summary);
        for obstacle in case.obstacles() {
            exit = Exit::Error;
            anstream::eprintln!("{obstacle}");
        }
        let Ok(plan) = &case.plan else { continue };
        for step in &plan.steps {
            let action = step.action.lines().next().unwrap_or_default();
            anstream::println!(
                "  {:>4}  {:<9} {action}",
                step.number,
                format!("{:?}", step.kind).to_lowercase()
            );
            for statement in &step.statements {
                anstream::println!("                  {statement}");
            }
            for predicate in &step.predicates {
                anstream::println!("                    must hold: {predicate}");
            }
        }
        for name in plan.uses() {
            if let Some(process) = environment.standing(name.name()) {
                anstream::println!("  {name} is {process}");
            }
        }
        for (step, fault) in plan.faults() {
            anstream::println!(
                "  breaks in step {}: {}; put back by: {}",
                step.number,
                fault.what,
                fault.inverse
            );
        }
        for (step, made) in plan.made() {
            anstream::println!("  makes in step {}: {}; undone by: {}", step.number, made.what, made.inverse);
        }
    }
    Ok(exit)
}

/// Runs.
pub(super) fn run(args: &RunArgs) -> Result<Exit> {
    let (environment, text) = environment(&args.plan.environment)?;
    let cases = cases(&args.plan, &environment)?;
    if cases.is_empty() {
        bail!("there is no ticket in what was named");
    }
    let program = std::env::current_exe().context("this program cannot be found")?;
    let own = |command: &str| vec![program.display().to_string(), command.to_owned()];
    tell_unfinished(&args.evidence)?;
    let runtime = runtime()?;
    let ran = runtime.block_on(async {
        let options = Options {
            state: state(&args.state)?,
            evidence: args.evidence.clone(),
            standard: args.plan.standard.text()?,
            watchdog: own("watchdog"),
            prober: own("probe"),
            stop: stop_on_signals()?,
        };
        anyhow::Ok(run_all(&cases, (&environment, &text), &options, &mut |case| progress::of(case)).await?)
    });
    let (record, directory) = match ran {
        Err(error) if error.downcast_ref().is_some_and(SessionError::is_dirty) => {
            super::report(&error);
            return Ok(Exit::Dirty);
        }
        ran => ran?,
    };
    summarise(&record);
    anstream::println!("evidence: {}", directory.display());
    Ok(exit(record.verdict))
}

/// Puts back what earlier runs left broken.
pub(super) fn recover_all(args: &RecoverArgs) -> Result<Exit> {
    let state = State::lock(&state(&args.state)?)?;
    tell_unfinished(&args.evidence)?;
    let Left { pending, spoiled } = state.left()?;
    if pending.is_empty() && spoiled.is_empty() {
        anstream::println!("nothing is broken");
        return Ok(Exit::Fine);
    }
    let mut exit = Exit::Fine;
    for recovered in runtime()?.block_on(recover(pending, args.by_hand)) {
        match recovered.error {
            None => anstream::println!("{}: `{}` is undone", recovered.step, recovered.fault.what),
            Some(error) if recovered.is_settled => anstream::println!(
                "{}: `{}` is taken to be undone by hand: {error}",
                recovered.step,
                recovered.fault.what
            ),
            Some(error) => {
                exit = Exit::Dirty;
                let by_hand = recovered.by_hand;
                anstream::eprintln!(
                    "{}: `{}` is not undone: {error}; by hand: {by_hand}, and then `casebook recover --by-hand`",
                    recovered.step,
                    recovered.fault.what
                );
            }
        }
    }
    for spoiled in spoiled {
        if args.by_hand && exit == Exit::Fine {
            let aside = spoiled
                .set_aside()
                .with_context(|| format!("cannot rename {}", spoiled.journal.display()))?;
            anstream::println!("{} is set aside as {}", spoiled.journal.display(), aside.display());
        } else {
            exit = Exit::Dirty;
            anstream::eprintln!("{spoiled}");
        }
    }
    Ok(exit)
}

/// Tells of evidence that a run which ended early has left.
fn tell_unfinished(evidence: &Path) -> Result<()> {
    let found = unfinished(evidence).with_context(|| format!("cannot read {}", evidence.display()))?;
    for directory in found {
        anstream::eprintln!(
            "{} is of a run that did not end, or is under way; it holds what there was, and cannot be verified",
            directory.display()
        );
    }
    Ok(())
}

/// Judges evidence again.
pub(super) fn verify_evidence(args: &VerifyArgs) -> Result<Exit> {
    let verified = verify::verify(&args.evidence).map_err(anyhow::Error::msg);
    let verified =
        verified.with_context(|| format!("{} is no evidence of a run", args.evidence.display()))?;
    for contradiction in &verified.contradictions {
        anstream::eprintln!("{contradiction}");
    }
    if verified.contradictions.is_empty() {
        anstream::println!("sound: run {} is {}", verified.record.id, verified.record.verdict);
        return Ok(Exit::Fine);
    }
    anstream::println!("NOT sound: {} contradictions", verified.contradictions.len());
    Ok(Exit::Found)
}

/// Is the watchdog of a run.
pub(super) fn watchdog(args: &WatchdogArgs) -> Result<Exit> {
    let recovered = runtime()?.block_on(watch(args.state.clone(), args.journal.clone()))?;
    Ok(if recovered.iter().all(|fault| fault.error.is_none()) { Exit::Fine } else { Exit::Dirty })
}

/// Probes what its input names, and tells what it saw as JSON.
pub(super) fn prober() -> Result<Exit> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (Some(protocol), Some(deadline), Some(url)) = (words.next(), words.next(), words.next()) else {
        bail!("a probe is told its protocol, its deadline in milliseconds and a URL");
    };
    let protocols = [Protocol::Tcp, Protocol::Amqp, Protocol::Mongo];
    let protocol =
        protocols.into_iter().find(|known| known.to_string() == protocol).context("no such protocol")?;
    let deadline = std::time::Duration::from_millis(deadline.parse()?);
    let seen = runtime()?.block_on(probe(protocol, url, deadline));
    super::output::write_raw(&serde_json::to_string(&seen)?, None)?;
    Ok(Exit::Fine)
}

fn environment(args: &EnvironmentArgs) -> Result<(Environment, String)> {
    let file = args.environment.display().to_string();
    let text = std::fs::read_to_string(&args.environment).with_context(|| format!("cannot read {file}"))?;
    let environment = Environment::parse(&file, &text, &|name| std::env::var(name).ok())?;
    Ok((environment, text))
}

fn cases(args: &PlanArgs, environment: &Environment) -> Result<Vec<Case>> {
    let standard = args.standard.load()?;
    let read = |input: &Input| {
        let bytes = input.read().map_err(|error| ReadError::of_file(&input.name(), &error))?;
        Ok(Case::read(&input.name(), bytes, &standard, environment, args.environment.allow_shell))
    };
    inputs(&args.paths)?.iter().map(read).collect()
}

fn state(args: &StateArgs) -> Result<PathBuf> {
    if let Some(state) = &args.state {
        return Ok(state.clone());
    }
    let of = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = of("XDG_STATE_HOME").or_else(|| of("HOME").map(|home| home.join(".local/state")));
    Ok(base.context("there is no home directory; name one with --state")?.join("casebook"))
}

pub(super) fn runtime() -> Result<Runtime> {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().context("no threads can be had")
}

/// Becomes true at the first signal that ends programs. Later ones change nothing: what is broken is put back.
fn stop_on_signals() -> Result<tokio::sync::watch::Receiver<bool>> {
    let (sender, receiver) = tokio::sync::watch::channel(false);
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let mut signals = signal(kind)?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                anstream::eprintln!("interrupted: what is broken is put back first");
                // Nobody listens any more when all is over.
                let _ = sender.send(true);
            }
        });
    }
    Ok(receiver)
}

fn summarise(record: &RunRecord) {
    for case in &record.cases {
        anstream::println!("{:<12} {}  {}", case.verdict, case.key, case.reason);
    }
    if record.cases.len() > 1 {
        anstream::println!("{}", record.verdict);
    }
}

fn exit(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Passed => Exit::Fine,
        Verdict::Failed => Exit::Found,
        Verdict::Inconclusive => Exit::Inconclusive,
        Verdict::Error => Exit::Error,
        Verdict::Dirty => Exit::Dirty,
    }
}
