//! From what a ticket wants broken to how it is broken here and now.

use std::net::SocketAddr;
use std::time::Duration;

use casebook_ticket::language::{Action, Effect, Fault as Wanted, Http, Mutation, Variable};
use tokio::net::lookup_host;
use tokio::time::timeout;

use crate::Fault;
use crate::environment::{Address, Breakage, Environment, Process, Target};
use crate::fault::{Blocked, Delayed, Ended, Frozen, How, Injection, Place, Scaled};
use crate::processes::ProcessId;
use crate::world::World;

/// How long a name may take to become addresses.
const RESOLVED_WITHIN: Duration = Duration::from_secs(2);

/// A mutation in words.
#[must_use]
pub fn in_words(mutation: &Mutation) -> Fault {
    Fault { what: mutation.to_string(), inverse: mutation.inverse().to_string() }
}

/// What a request makes and what undoes that, in words; none when it makes nothing or does not say.
#[must_use]
pub fn makes(request: &Http) -> Option<Fault> {
    let Effect::Undone(undo) = &request.effect else { return None };
    let bare = Http { effect: Effect::Untold, ..request.clone() };
    let inverse = Action::Http(Http::clone(undo)).to_string();
    Some(Fault { what: Action::Http(bare).to_string(), inverse })
}

/// Whether an environment allows a mutation, and has what it needs; said without touching anything.
///
/// # Errors
///
/// A sentence with its remedy.
pub fn allowed(mutation: &Mutation, environment: &Environment, allow_shell: bool) -> Result<(), String> {
    if matches!(mutation.fault, Wanted::Shell { .. }) {
        return if environment.shell && allow_shell {
            Ok(())
        } else {
            Err(format!(
                "`{mutation}`: commands are not allowed; the environment must say shell = true, the command line --allow-shell"
            ))
        };
    }
    let breakage = match mutation.fault {
        Wanted::Block { .. } => Breakage::Block,
        Wanted::Delay { .. } => Breakage::Delay,
        Wanted::Freeze { .. } => Breakage::Freeze,
        Wanted::Stop { .. } => Breakage::Stop,
        Wanted::Scale { .. } => Breakage::Scale,
        Wanted::Kill { .. } | Wanted::Shell { .. } => Breakage::Kill,
    };
    let Some(name) = mutation.target() else { return Ok(()) };
    let target = known(name, environment)?;
    if !target.may.contains(&breakage) {
        return Err(format!(
            "`{mutation}`: the environment \"{}\" does not allow that; targets.{}.may must have \"{}\"",
            environment.name,
            name.name(),
            breakage.word()
        ));
    }
    if let Some(from) = mutation.from()
        && known(from, environment)?.process.is_none()
    {
        return Err(format!(
            "`{mutation}`: the environment names no process of {from}, so where it stands is not known"
        ));
    }
    Ok(())
}

/// How a mutation is made now. `tag` tells its traces from those of all other faults.
///
/// # Errors
///
/// A sentence, when something that it needs is not there.
pub async fn injection(mutation: &Mutation, tag: &str, world: &World<'_>) -> Result<Injection, String> {
    let environment = world.environment;
    Ok(match &mutation.fault {
        Wanted::Block { target, from } => Injection::Blocked(Blocked {
            network: world.network(from)?,
            table: format!("casebook_{tag}"),
            addresses: addresses(target, world).await?,
            expiry: (mutation.expiry.unwrap_or(environment.expiry).as_millis().div_ceil(1000) as u64).max(1),
        }),
        Wanted::Delay { target, from, by } => {
            let (network, addresses) = (world.network(from)?, addresses(target, world).await?);
            let delayed = Delayed::plan(network, addresses, by.as_millis() as u64).await;
            Injection::Delayed(delayed.map_err(|why| format!("`{mutation}`: {why}"))?)
        }
        Wanted::Freeze { target } => {
            let process = process(target, world)?;
            Injection::Frozen(Frozen { processes: process.family(), place: place(world.target(target)?) })
        }
        Wanted::Stop { target } => {
            let stop = world.target(target)?.stop.clone();
            let how = if stop.is_empty() { How::Asked } else { How::Command(stop) };
            Injection::Ended(ended(how, target, world)?)
        }
        Wanted::Kill { target } => Injection::Ended(ended(How::Killed, target, world)?),
        Wanted::Scale { target, to } => {
            let cluster = environment.kubernetes.as_ref().ok_or("the environment has no cluster")?;
            let workload = world.target(target)?.kubernetes.as_ref();
            let workload = workload.ok_or_else(|| format!("{target} is nothing on the cluster"))?;
            Injection::Scaled(Scaled::plan(cluster, workload, *to).await?)
        }
        Wanted::Shell { command, undo } => Injection::Shell { command: command.clone(), undo: undo.clone() },
    })
}

fn known<'a>(name: &Variable, environment: &'a Environment) -> Result<&'a Target, String> {
    let target = environment.targets.get(name.name());
    target.ok_or_else(|| {
        format!(
            "the environment \"{}\" has no target {name}; add [targets.{}]",
            environment.name,
            name.name()
        )
    })
}

fn process(target: &Variable, world: &World<'_>) -> Result<ProcessId, String> {
    world.target(target)?.running().ok_or_else(|| format!("the process of {target} is not there"))
}

fn ended(how: How, name: &Variable, world: &World<'_>) -> Result<Ended, String> {
    let target = world.target(name)?;
    let processes = match target.running() {
        Some(process) => process.family(),
        None if matches!(how, How::Command(_)) => Vec::new(),
        None => return Err(format!("the process of {name} is not there")),
    };
    Ok(Ended { how, processes, start: target.start.clone(), place: place(target) })
}

fn place(target: &Target) -> Place {
    let address = target.url.as_deref().and_then(|url| Address::parse(url).ok());
    let pid_file = match &target.process {
        Some(Process::PidFile(file)) => Some(file.clone()),
        _ => None,
    };
    Place { address: address.map(|address| (address.host, address.port)), pid_file }
}

async fn addresses(name: &Variable, world: &World<'_>) -> Result<Vec<SocketAddr>, String> {
    let url = world.target(name)?.url.as_deref().ok_or_else(|| format!("{name} has no url"))?;
    let address = Address::parse(url)?;
    let found = timeout(RESOLVED_WITHIN, lookup_host((address.host.as_str(), address.port))).await;
    let found = found.map_err(|_| format!("the address of {name} is not told in time"))?;
    let found: Vec<_> = found.map_err(|error| format!("the address of {name}: {error}"))?.collect();
    if found.is_empty() { Err(format!("{name} has no address")) } else { Ok(found) }
}
