//! Processes of this machine.

use std::collections::BTreeMap;

use casebook_ticket::language::{Since, Variable};
use serde::Deserialize as _;
use serde_json::{Value as Json, json};

use crate::Observation;
use crate::environment::Target;
use crate::processes::ProcessId;
use crate::world::World;

fn target<'a>(of: &Variable, world: &World<'a>) -> Result<&'a Target, String> {
    let target = world.target(of)?;
    if target.process.is_none() {
        return Err(format!("the environment names no process of {of}"));
    }
    Ok(target)
}

/// A target's process and all that it started: one line each. One that is not there can lose nothing afterwards.
pub(super) fn snapshot(of: &Variable, world: &World<'_>) -> Result<Observation, String> {
    let family = family(of, world)?;
    if family.is_empty() {
        return Err(format!("the process of {of} is not there, so nothing could come or go"));
    }
    let mut snapshot = snapshot_of("process", of, &family.iter().map(line).collect::<Vec<_>>());
    snapshot.json["processes"] = json!(family);
    Ok(snapshot)
}

/// What there is now of a target's processes; nothing when it has ended.
pub(super) fn now(of: &Variable, world: &World<'_>) -> Result<Vec<String>, String> {
    Ok(family(of, world)?.iter().map(line).collect())
}

fn family(of: &Variable, world: &World<'_>) -> Result<Vec<ProcessId>, String> {
    Ok(target(of, world)?.running().map(ProcessId::family).unwrap_or_default())
}

fn line(process: &ProcessId) -> String {
    format!("{} {}", process.pid, process.command())
}

/// The things of a snapshot that live, whoever has taken them over: an orphan is not gone.
pub(super) fn survivors(snapshot: &Json) -> Vec<String> {
    let processes = Vec::<ProcessId>::deserialize(&snapshot["processes"]).unwrap_or_default();
    processes.iter().filter(|process| process.status().is_some()).map(line).collect()
}

/// A snapshot: what it is made of, so that it can be made again, and the things in it.
pub(super) fn snapshot_of(world: &str, of: &Variable, things: &[String]) -> Observation {
    let count = things.len() as f64;
    Observation {
        text: things.join("\n"),
        json: json!({ "world": world, "of": of.name(), "things": things }),
        numbers: BTreeMap::from([("count".to_owned(), count)]),
        ..Observation::default()
    }
}

/// One that is halted is there and does nothing: it is down.
pub(super) fn state(of: &Variable, world: &World<'_>) -> Result<Observation, String> {
    let status = target(of, world)?.running().and_then(ProcessId::status);
    let is_halted = status.is_some_and(|status| status.is_halted());
    let text = match status {
        Some(status) if is_halted => format!("process {}, halted", status.id.pid),
        Some(status) => format!("process {}", status.id.pid),
        None => "no process".to_owned(),
    };
    let up = f64::from(u8::from(status.is_some() && !is_halted));
    Ok(Observation { text, numbers: BTreeMap::from([("up".to_owned(), up)]), ..Observation::default() })
}

/// Whether a target is another process than it was, or none any more: 0 or 1, since it is looked at only twice.
pub(super) fn restarts(of: &Variable, since: &Since, world: &World<'_>) -> Result<Observation, String> {
    let now = target(of, world)?.running();
    let then = world.mark(since)?.process(of);
    let told = |process: Option<ProcessId>| {
        process.map_or_else(|| "none".to_owned(), |process| process.pid.to_string())
    };
    let count = f64::from(u8::from(now.is_none() || now != then));
    Ok(Observation {
        text: format!("process {}, before {}", told(now), told(then)),
        numbers: BTreeMap::from([("count".to_owned(), count)]),
        ..Observation::default()
    })
}
