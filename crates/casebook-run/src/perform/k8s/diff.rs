//! What came and went on a cluster. What is only there for a moment is not missed: the API server remembers what
//! happened between two versions of its state, and is asked for all of it.

use std::collections::BTreeMap;
use std::time::Duration;

use casebook_ticket::language::Variable;
use futures::StreamExt as _;
use futures::future::try_join_all;
use kube::api::{WatchEvent, WatchParams};
use kube::core::ObjectMeta;
use serde_json::json;
use tokio::time::{Instant, sleep_until, timeout};

use super::{Things, connection, kinds, list};
use crate::Observation;
use crate::kubernetes::Connection;
use crate::world::World;

/// After so long is asked what happened; API servers remember for a few minutes.
const ASK_EVERY: Duration = Duration::from_secs(20);
/// How long the API server tells what happened, in seconds: it knows all of it and tells at once.
const TELLS_FOR: u32 = 1;

/// Compares a snapshot with what there is; with `hold`, all that came or went at any time until its end counts, also
/// what is as before then.
pub(in crate::perform) async fn since(
    before: &Variable,
    hold: Option<Duration>,
    world: &World<'_>,
) -> Result<Observation, String> {
    let snapshot = world.snapshot(before)?;
    let parse = |field: &str| serde_json::from_value(snapshot.json[field].clone()).ok();
    let no_snapshot = || format!("{before} is no snapshot of a cluster");
    let words: Vec<String> = parse("kinds").ok_or_else(no_snapshot)?;
    let then: Things = serde_json::from_value(snapshot.json["things"].clone()).map_err(|_| no_snapshot())?;
    let connection = connection(world).await?;
    let mut seen = Seen { then, added: Things::new(), removed: Things::new() };
    let end = Instant::now() + hold.unwrap_or_default();
    let mut versions = seen.look(&words, &connection).await?;
    while hold.is_some() {
        let next = (Instant::now() + ASK_EVERY).min(end);
        sleep_until(next).await;
        let asked = async {
            let later = seen.look(&words, &connection).await?;
            let asks = versions.iter().map(|(word, version)| told(word, version, &connection));
            let events: Vec<_> = try_join_all(asks).await?;
            Ok::<_, String>((later, events))
        };
        match asked.await {
            Ok((later, events)) => {
                events.into_iter().flatten().for_each(|event| seen.hear(event));
                versions = later;
            }
            // It may be able to tell later; at the end it must.
            Err(_) if next < end => continue,
            Err(error) => return Err(format!("what came and went meanwhile is not known: {error}")),
        }
        if next == end {
            break;
        }
    }
    Ok(seen.observation())
}

/// What came and went so far, against what there was then.
struct Seen {
    then: Things,
    added: Things,
    removed: Things,
}

impl Seen {
    /// Looks at what there is now; for each kind the version of the cluster's state that this was seen in.
    async fn look(
        &mut self,
        words: &[String],
        connection: &Connection,
    ) -> Result<BTreeMap<String, String>, String> {
        let mut now = Things::new();
        let mut versions = BTreeMap::new();
        for word in words {
            let (things, version) = list(word, connection).await?;
            now.extend(things);
            versions.insert(word.clone(), version);
        }
        for (id, name) in &now {
            self.came(id, name);
        }
        let gone: Things = self.then.iter().filter(|(id, _)| !now.contains_key(*id)).map(owned).collect();
        self.removed.extend(gone);
        Ok(versions)
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Came(id, name) => self.came(&id, &name),
            Event::Went(id, name) if self.then.contains_key(&id) => drop(self.removed.insert(id, name)),
            Event::Went(..) => {}
        }
    }

    fn came(&mut self, id: &str, name: &str) {
        if !self.then.contains_key(id) {
            self.added.insert(id.to_owned(), name.to_owned());
        }
    }

    fn observation(self) -> Observation {
        let sorted = |things: Things| {
            let mut names: Vec<_> = things.into_values().collect();
            names.sort_unstable();
            names
        };
        let (added, removed) = (sorted(self.added), sorted(self.removed));
        let lines = added
            .iter()
            .map(|thing| format!("+ {thing}"))
            .chain(removed.iter().map(|thing| format!("- {thing}")));
        Observation {
            text: lines.collect::<Vec<_>>().join("\n"),
            numbers: BTreeMap::from([
                ("added".to_owned(), added.len() as f64),
                ("removed".to_owned(), removed.len() as f64),
            ]),
            json: json!({ "added": added, "removed": removed }),
            ..Observation::default()
        }
    }
}

/// An object that came or went, by its id and its name.
enum Event {
    Came(String, String),
    Went(String, String),
}

/// Has the API server tell what happened to objects of a kind since a version of its state.
async fn told(word: &str, version: &str, connection: &Connection) -> Result<Vec<Event>, String> {
    let kind = kinds::known(word)?;
    let params = WatchParams::default().timeout(TELLS_FOR);
    let objects = connection.objects(&kind);
    let stream = connection.call(word, objects.watch_metadata(&params, version)).await?;
    let mut stream = std::pin::pin!(stream);
    let silence = connection.deadline() + Duration::from_secs(u64::from(TELLS_FOR));
    let named = |metadata: &ObjectMeta| {
        let name = kinds::called(&kind, metadata.name.as_deref().unwrap_or_default());
        (metadata.uid.clone().unwrap_or_default(), name)
    };
    let mut events = Vec::new();
    loop {
        let event = timeout(silence, stream.next()).await;
        match event.map_err(|_| format!("Kubernetes does not end its tale of {word}"))? {
            None => return Ok(events),
            Some(Ok(WatchEvent::Added(object))) => {
                let (id, name) = named(&object.metadata);
                events.push(Event::Came(id, name));
            }
            Some(Ok(WatchEvent::Deleted(object))) => {
                let (id, name) = named(&object.metadata);
                events.push(Event::Went(id, name));
            }
            Some(Ok(WatchEvent::Modified(_) | WatchEvent::Bookmark(_))) => {}
            Some(Ok(WatchEvent::Error(status))) => {
                return Err(format!("Kubernetes does not tell what happened to {word}: {}", status.message));
            }
            Some(Err(error)) => return Err(format!("{word} cannot be watched: {error}")),
        }
    }
}

fn owned((id, name): (&String, &String)) -> (String, String) {
    (id.clone(), name.clone())
}
