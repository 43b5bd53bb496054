//! What there is on a cluster.

mod diff;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use casebook_ticket::language::{Since, Template, Variable};
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use serde_json::{Value as Json, json};

pub(super) use diff::since;

use crate::Observation;
use crate::environment::Workload;
use crate::kubernetes::{Connection, kinds, pods};
use crate::world::World;

pub(super) async fn connection(world: &World<'_>) -> Result<Connection, String> {
    let cluster = world.environment.kubernetes.as_ref();
    let cluster = cluster.ok_or("the environment has no cluster; add [kubernetes] with its namespace")?;
    Connection::open(cluster, world.environment.deadline).await
}

fn workload<'a>(of: &Variable, world: &World<'a>) -> Result<&'a Workload, String> {
    let workload = world.target(of)?.kubernetes.as_ref();
    workload
        .ok_or_else(|| format!("the environment does not say what {of} is on the cluster (kubernetes = ..)"))
}

/// Objects by their ids: what they are called.
type Things = BTreeMap<String, String>;

/// All objects of a kind, and the version of the cluster's state in which there were these.
async fn list(word: &str, connection: &Connection) -> Result<(Things, String), String> {
    let kind = kinds::known(word)?;
    let list = connection.objects(&kind);
    let params = ListParams::default();
    // What is in them is nobody's business here: there are secrets, too.
    let list = connection.call(word, list.list_metadata(&params)).await?;
    let version = list.metadata.resource_version.unwrap_or_default();
    let thing = |metadata: kube::core::ObjectMeta| {
        (metadata.uid.unwrap_or_default(), kinds::called(&kind, &metadata.name.unwrap_or_default()))
    };
    Ok((list.items.into_iter().map(|object| thing(object.metadata)).collect(), version))
}

/// All objects of some kinds: one line each.
pub(super) async fn snapshot(words: &[String], world: &World<'_>) -> Result<Observation, String> {
    let connection = connection(world).await?;
    let mut things = Things::new();
    for word in words {
        things.extend(list(word, &connection).await?.0);
    }
    let mut names: Vec<_> = things.values().map(String::as_str).collect();
    names.sort_unstable();
    Ok(Observation {
        text: names.join("\n"),
        json: json!({ "world": "k8s", "kinds": words, "things": things }),
        numbers: BTreeMap::from([("count".to_owned(), things.len() as f64)]),
        ..Observation::default()
    })
}

/// One object, or that there is none.
pub(super) async fn get(kind: &str, name: &Template, world: &World<'_>) -> Result<Observation, String> {
    let kind = kinds::known(kind)?;
    let name = world.fill(name)?;
    let called = kinds::called(&kind, &name);
    // It is a part of a URL's path.
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte)) || name.is_empty() {
        return Err(format!("{called} can be no object: names are letters, digits, `-` and `.`"));
    }
    let connection = connection(world).await?;
    let found = connection.call(&called, connection.objects(&kind).get_opt(&name)).await?;
    let exists = f64::from(u8::from(found.is_some()));
    let mut json = serde_json::to_value(found).unwrap_or_default();
    if let Some(metadata) = json.get_mut("metadata").and_then(Json::as_object_mut) {
        metadata.remove("managedFields");
    }
    if kind.kind == "Secret" {
        hide_secrets(&mut json);
    }
    let text = if json.is_null() {
        format!("there is no {called}")
    } else {
        serde_json::to_string_pretty(&json).unwrap_or_default()
    };
    Ok(Observation {
        sent: called,
        text,
        json,
        numbers: BTreeMap::from([("exists".to_owned(), exists)]),
        ..Observation::default()
    })
}

/// What is in a secret is not looked at; which names it has may be.
fn hide_secrets(secret: &mut Json) {
    for field in ["data", "stringData"] {
        let fields = secret.get_mut(field).and_then(Json::as_object_mut);
        for value in fields.into_iter().flat_map(serde_json::Map::values_mut) {
            *value = json!("***");
        }
    }
    // `kubectl apply` keeps all of it there.
    if let Some(metadata) = secret.get_mut("metadata").and_then(Json::as_object_mut) {
        metadata.remove("annotations");
    }
}

/// A target's pods: one line each.
pub(super) async fn pods_of(of: &Variable, world: &World<'_>) -> Result<Observation, String> {
    let workload = workload(of, world)?;
    let pods = pods::of(workload, &connection(world).await?).await?;
    let ready = pods.iter().filter(|pod| pods::is_ready(pod)).count();
    let restarts = pods::restarts(&pods);
    let line = |pod: &Pod| {
        let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or("Unknown");
        let ready = if pods::is_ready(pod) { "ready" } else { "not ready" };
        let id = pod.metadata.uid.as_deref().unwrap_or_default();
        let count: i32 = restarts.iter().filter(|((pod, _), _)| pod == id).map(|(_, count)| count).sum();
        format!("{} {phase}, {ready}, {count} restarts", pods::name(pod))
    };
    Ok(Observation {
        text: pods.iter().map(line).collect::<Vec<_>>().join("\n"),
        json: json!(pods.iter().map(pods::name).collect::<Vec<_>>()),
        numbers: BTreeMap::from([
            ("count".to_owned(), pods.len() as f64),
            ("ready".to_owned(), ready as f64),
        ]),
        ..Observation::default()
    })
}

/// How often a target's containers were started again since then. A pod that is gone was started again elsewhere, or
/// was not: both count as one.
pub(super) async fn restarts(of: &Variable, since: &Since, world: &World<'_>) -> Result<Observation, String> {
    let workload = workload(of, world)?;
    let then = world.mark(since)?.restarts(of)?;
    let now = pods::restarts(&pods::of(workload, &connection(world).await?).await?);
    if then.is_empty() && now.is_empty() {
        return Err(format!("{of} had no pod at {since} and has none now: nothing could be started again"));
    }
    let mut count = 0;
    let mut lines = Vec::new();
    for ((pod, container), restarts) in &now {
        let more = restarts - then.get(&(pod.clone(), container.clone())).unwrap_or(&0);
        if more > 0 {
            count += more;
            lines.push(format!("container {container} of pod {pod}: {more}"));
        }
    }
    for (pod, _) in then.keys().filter(|(_, container)| container.is_empty()) {
        if !now.contains_key(&(pod.clone(), String::new())) {
            count += 1;
            lines.push(format!("pod {pod} is gone"));
        }
    }
    Ok(Observation {
        text: lines.join("\n"),
        numbers: BTreeMap::from([("count".to_owned(), f64::from(count))]),
        ..Observation::default()
    })
}

/// How often the containers of pods have been started again until now.
///
/// # Errors
///
/// A sentence, when that cannot be told.
pub(crate) async fn restarts_now(workload: &Workload, world: &World<'_>) -> Result<pods::Restarts, String> {
    Ok(pods::restarts(&pods::of(workload, &connection(world).await?).await?))
}
