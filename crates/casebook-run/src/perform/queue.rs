//! A broker's queues, as the environment's command lists them.

use casebook_ticket::language::Variable;

use super::process::snapshot_of;
use crate::Observation;
use crate::command;
use crate::world::World;

pub(super) async fn snapshot(of: &Variable, world: &World<'_>) -> Result<Observation, String> {
    let list = &world.target(of)?.queues;
    if list.is_empty() {
        return Err(format!(
            "the environment does not say how the queues of {of} are listed (queues = [command])"
        ));
    }
    let output = command::succeed(list, "", world.environment.deadline).await?;
    let queues = output.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned);
    Ok(snapshot_of("queue", of, &queues.collect::<Vec<_>>()))
}
