//! Statements that are repeated until they say what is waited for.

use std::time::Duration;

use casebook_ticket::language::{Action, Units, Variable, Wait};
use tokio::time::{Instant, sleep, timeout_at};

use super::{asks, logs, once};
use crate::evaluate::judge;
use crate::world::World;
use crate::{Observation, Outcome};

const EVERY: Duration = Duration::from_millis(200);

/// The last thing seen, and how long it took altogether; past the time it is a time-out, whatever was seen last.
///
/// What can never be seen any more is told at once.
pub(super) async fn until(
    wait: &Wait,
    name: Option<&Variable>,
    world: &World<'_>,
) -> Result<Observation, String> {
    if let Action::Diff { before, .. } = &wait.action {
        world.snapshot(before)?;
    }
    let began = Instant::now();
    let end = began + wait.within;
    let every = wait.every.unwrap_or(EVERY);
    let mut last = Observation::default();
    loop {
        let Ok(seen) = timeout_at(end, look(&wait.action, name, world)).await else { break };
        // What cannot be carried out now may be later: its process starts, its log appears.
        last = Observation { asked: asks(&wait.action), ..seen.unwrap_or_else(super::failed) };
        let resolve = |reference: &_| world.resolve(reference);
        if wait.until.iter().all(|predicate| judge(predicate, &last, &resolve).holds == Some(true)) {
            return Ok(Observation { elapsed: began.elapsed().as_secs_f64(), ..last });
        }
        if Instant::now() + every > end {
            break;
        }
        sleep(every).await;
    }
    let conditions: Vec<_> = wait.until.iter().map(|predicate| format!("`{predicate}`")).collect();
    let never = format!("{} did not hold within {}", conditions.join(" and "), Units(wait.within));
    // A place to see what was there instead.
    let text = format!("{never}; seen last: {:?}\n{}", last.outcome, last.text);
    Ok(Observation { outcome: Outcome::TimedOut, elapsed: began.elapsed().as_secs_f64(), text, ..last })
}

/// One look of several: a log need not be quiet, for what is missed now is seen by the next.
async fn look(action: &Action, name: Option<&Variable>, world: &World<'_>) -> Result<Observation, String> {
    match action {
        Action::Logs { of, since } => logs::now(of, since, world).await,
        other => once(other, name, world).await,
    }
}
