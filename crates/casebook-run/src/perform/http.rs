//! HTTP requests.

use casebook_ticket::language::{Effect, Http, Variable};

use crate::Observation;
use crate::inject::makes;
use crate::request::Request;
use crate::world::World;

/// Sends a request. One that says what undoes it goes by the courier; `name` is what its answer is called there.
pub(super) async fn send(
    request: &Http,
    name: Option<&Variable>,
    world: &World<'_>,
) -> Result<Observation, String> {
    let filled = filled(request, world)?;
    match (&request.effect, makes(request)) {
        (Effect::Undone(undo), Some(fault)) => world.make(fault, filled, undo, name).await,
        _ => Ok(filled.send().await?.seen),
    }
}

fn filled(request: &Http, world: &World<'_>) -> Result<Request, String> {
    let body = request.data.as_ref().map(|name| world.data(name.name())).transpose()?;
    let deadline = request.deadline.unwrap_or(world.environment.deadline);
    Request::filled(request, body, deadline, &|reference| world.resolve(reference))
}
