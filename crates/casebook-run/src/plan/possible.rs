//! Whether an environment has what a statement needs.

use casebook_ticket::language::{Action, Grpc, Probe, Protocol, Statement, TemplatePart, Variable, World};

use crate::environment::{Address, Environment, Target};
use crate::inject::allowed;
use crate::kubernetes::kinds;

/// What a target must have that is called by gRPC.
const GRPC: &str = "have a url, e.g. url = \"grpc://127.0.0.1:5001\"";
/// What a target must have that is a MongoDB.
const MONGODB: &str = "have a url of MongoDB, e.g. url = \"mongodb://127.0.0.1:27017/database\"";

/// Whether a statement can be carried out in an environment, as far as that can be told without touching anything.
pub(super) fn possible(
    statement: &Statement,
    environment: &Environment,
    allow_shell: bool,
) -> Result<(), String> {
    let told = |error: String| format!("`{statement}`: {error}");
    match statement.action.inner() {
        Action::Mutate(mutation) => allowed(mutation, environment, allow_shell),
        Action::Shell { .. } if !(environment.shell && allow_shell) => Err(told(
            "commands are not allowed; the environment must say shell = true, the command line --allow-shell"
                .to_owned(),
        )),
        Action::Use(names) => used(names, environment).map_err(told),
        Action::Snapshot(World::Kubernetes(words)) => {
            let all_are_known = || words.iter().try_for_each(|word| kinds::known(word).map(drop));
            cluster(environment).and_then(|()| all_are_known()).map_err(told)
        }
        Action::Diff { world: "k8s", .. } => cluster(environment).map_err(told),
        Action::Get { kind, .. } => {
            cluster(environment).and_then(|()| kinds::known(kind).map(drop)).map_err(told)
        }
        Action::Pods(of) | Action::Restarts { world: "k8s", of, .. } => {
            let lacks = |target: &Target| target.kubernetes.is_none();
            let remedy = "say what it is on the cluster, e.g. kubernetes = \"deployment/focus-server\"";
            cluster(environment).and_then(|()| needs(of, environment, lacks, remedy)).map_err(told)
        }
        Action::Logs { of, .. } => {
            let lacks = |target: &Target| target.logs.is_none();
            needs(of, environment, lacks, "say where it logs, e.g. logs = { file = \"/var/log/focus.log\" }")
                .map_err(told)
        }
        Action::Grpc(Grpc { target, .. }) => match target.0.first() {
            Some(TemplatePart::Reference(first)) if first.path.is_empty() => {
                let lacks = |target: &Target| !has_url(target, &["grpc", "grpcs", "http", "https"]);
                needs(&first.name, environment, lacks, GRPC).map_err(told)
            }
            _ => Ok(()),
        },
        Action::MongoCount { target, .. }
        | Action::Probe(Probe { protocol: Protocol::Mongo, target, .. }) => match target.0.first() {
            Some(TemplatePart::Reference(first)) => {
                let lacks = |target: &Target| !has_url(target, &["mongodb"]);
                needs(&first.name, environment, lacks, MONGODB).map_err(told)
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

fn used(names: &[Variable], environment: &Environment) -> Result<(), String> {
    let is_there = |name: &&Variable| {
        environment.targets.contains_key(name.name()) || environment.values.contains_key(name.name())
    };
    match names.iter().find(|name| !is_there(name)) {
        Some(name) => Err(format!(
            "the environment \"{}\" has no {name}; add [targets.{}]",
            environment.name,
            name.name()
        )),
        None => Ok(()),
    }
}

fn has_url(target: &Target, schemes: &[&str]) -> bool {
    let address = target.url.as_deref().and_then(|url| Address::parse(url).ok());
    address.is_some_and(|address| schemes.contains(&address.url.scheme()))
}

fn cluster(environment: &Environment) -> Result<(), String> {
    if environment.kubernetes.is_some() {
        return Ok(());
    }
    let name = &environment.name;
    Err(format!(
        "the environment \"{name}\" has no cluster; add [kubernetes] with its namespace, or look at processes instead, as in `process snapshot $server as before`"
    ))
}

/// That a target is not there at all, `use` tells.
fn needs(
    name: &Variable,
    environment: &Environment,
    lacks: impl Fn(&Target) -> bool,
    remedy: &str,
) -> Result<(), String> {
    match environment.targets.get(name.name()) {
        Some(target) if lacks(target) => Err(format!("targets.{} must {remedy}", name.name())),
        _ => Ok(()),
    }
}
