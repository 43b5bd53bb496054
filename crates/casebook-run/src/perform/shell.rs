//! Commands of a ticket's own, where the environment and the command line allow them.

use std::collections::BTreeMap;

use super::bounded;
use crate::Observation;
use crate::command;
use crate::world::World;

pub(super) async fn run(text: &str, world: &World<'_>) -> Result<Observation, String> {
    if !world.environment.shell {
        return Err("commands are not allowed here: the environment must say shell = true, the command line --allow-shell".into());
    }
    let words = ["sh", "-c", text].map(str::to_owned);
    let ended = command::run(&words, "", world.environment.deadline).await?;
    let all = format!("{}{}", ended.output, ended.errors);
    let json = serde_json::from_str(&ended.output).unwrap_or_default();
    let (text, left_out) = bounded(&all);
    let exit = f64::from(ended.code.unwrap_or(-1));
    Ok(Observation {
        text,
        left_out,
        json,
        numbers: BTreeMap::from([("exit".to_owned(), exit)]),
        ..Observation::default()
    })
}
