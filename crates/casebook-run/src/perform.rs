//! Carries statements out. Whatever happens is an [`Observation`]: what could not be carried out is one that says so.

mod difference;
mod grpc;
mod http;
pub(crate) mod k8s;
mod logs;
mod metric;
mod mongo;
mod probe;
mod process;
mod queue;
mod shell;
mod wait;

#[cfg(test)]
mod tests;

use casebook_ticket::language::{Action, Statement, Variable, World as Kind};
use tokio::time::Instant;

pub use probe::{ProbeError, probe};

use crate::observation::LEFT_OUT;
use crate::world::World;
use crate::{Observation, Outcome};

/// At most so many bytes of a text are kept; what is left out is counted.
pub(crate) const KEPT: usize = 1 << 20;

/// Carries out a statement that looks, and keeps its result when it has a name. What breaks or puts back is the
/// runner's own business.
pub async fn perform(statement: &Statement, world: &mut World<'_>) -> Observation {
    let seen = look(statement, world).await;
    if let Some(name) = &statement.capture {
        world.names.capture(name, seen.clone());
    }
    seen
}

async fn look(statement: &Statement, world: &World<'_>) -> Observation {
    let began = Instant::now();
    let name = statement.capture.as_ref();
    let seen = match &statement.action {
        Action::Wait(wait) => wait::until(wait, name, world).await,
        Action::Recall(name) => {
            // As it was, with the time that it took then.
            return world
                .names
                .captured(name)
                .cloned()
                .unwrap_or_else(|| failed(format!("{name} was not seen")));
        }
        other => once(other, name, world).await,
    };
    let mut seen = Observation { asked: asks(&statement.action), ..seen.unwrap_or_else(failed) };
    if seen.elapsed == 0.0 {
        seen.elapsed = began.elapsed().as_secs_f64();
    }
    seen
}

/// Whether somebody is asked, and not only looked at.
pub(crate) fn asks(action: &Action) -> bool {
    matches!(action.inner(), Action::Http(_) | Action::Grpc(_))
}

/// One look. `name` is what its result will be called.
async fn once(action: &Action, name: Option<&Variable>, world: &World<'_>) -> Result<Observation, String> {
    match action {
        Action::Http(request) => http::send(request, name, world).await,
        Action::Grpc(wanted) => grpc::call(wanted, world).await,
        Action::Probe(wanted) => probe::from(wanted, world).await,
        Action::Snapshot(Kind::Process(of)) => process::snapshot(of, world),
        Action::Snapshot(Kind::Queue(of)) => queue::snapshot(of, world).await,
        Action::Snapshot(Kind::Kubernetes(kinds)) => k8s::snapshot(kinds, world).await,
        Action::Diff { world: "k8s", before, hold } => k8s::since(before, *hold, world).await,
        Action::Diff { before, hold, .. } => difference::since(before, *hold, world).await,
        Action::Pods(of) => k8s::pods_of(of, world).await,
        Action::Get { kind, name } => k8s::get(kind, name, world).await,
        Action::Restarts { world: "k8s", of, since } => k8s::restarts(of, since, world).await,
        Action::State(of) => process::state(of, world),
        Action::Restarts { of, since, .. } => process::restarts(of, since, world),
        Action::Logs { of, since } => logs::since(of, since, world).await,
        Action::MongoCount { target, filter } => mongo::count(target, filter.as_ref(), world).await,
        Action::Metric { of, series } => metric::read(of, series, world).await,
        Action::Shell { command, .. } => shell::run(command, world).await,
        Action::Use(names) => used(names, world),
        Action::Recall(_) | Action::Wait(_) | Action::Mutate(_) | Action::Undo(_) => {
            Err(format!("`{action}` does not stand here"))
        }
    }
}

/// Names that a ticket declares are there, or nothing that follows makes sense.
fn used(names: &[Variable], world: &World<'_>) -> Result<Observation, String> {
    for name in names {
        if !world.environment.values.contains_key(name.name()) {
            world.target(name)?;
        }
    }
    Ok(Observation::default())
}

/// What could not be carried out, and why.
pub(crate) fn failed(why: String) -> Observation {
    Observation { outcome: Outcome::Failed(why), ..Observation::default() }
}

/// A text as it is kept, and how many bytes were left out: of its middle, because its ends say the most.
pub(crate) fn bounded(text: &str) -> (String, u64) {
    if text.len() <= KEPT {
        return (text.to_owned(), 0);
    }
    let mut head = KEPT / 2;
    while !text.is_char_boundary(head) {
        head -= 1;
    }
    let mut tail = text.len() - KEPT / 2;
    while !text.is_char_boundary(tail) {
        tail += 1;
    }
    (format!("{}{LEFT_OUT}{}", &text[..head], &text[tail..]), (tail - head) as u64)
}
