//! What came and went since a snapshot was made.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use casebook_ticket::language::Variable;
use serde_json::{Value as Json, json};
use tokio::time::{Instant, sleep};

use super::{process, queue};
use crate::Observation;
use crate::world::World;

const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Compares a snapshot with what there is; with `hold`, all that came or went at any time until its end counts, also
/// what is as before then.
pub(super) async fn since(
    before: &Variable,
    hold: Option<Duration>,
    world: &World<'_>,
) -> Result<Observation, String> {
    let snapshot = world.snapshot(before)?;
    let kind = snapshot.json["world"].as_str().unwrap_or_default();
    let of = snapshot.json["of"].as_str().and_then(Variable::new);
    let of = of.ok_or_else(|| format!("{before} is no snapshot"))?;
    let then = things(&snapshot.json);
    let (mut added, mut removed) = (BTreeSet::new(), BTreeSet::new());
    let end = Instant::now() + hold.unwrap_or_default();
    loop {
        let now = match kind {
            "process" => {
                let mut now: BTreeSet<_> = process::now(&of, world)?.into_iter().collect();
                now.extend(process::survivors(&snapshot.json));
                now
            }
            _ => things(&queue::snapshot(&of, world).await?.json),
        };
        added.extend(now.difference(&then).cloned());
        removed.extend(then.difference(&now).cloned());
        if Instant::now() >= end {
            break;
        }
        sleep(LOOK_AGAIN).await;
    }
    let lines = added
        .iter()
        .map(|thing| format!("+ {thing}"))
        .chain(removed.iter().map(|thing| format!("- {thing}")));
    Ok(Observation {
        text: lines.collect::<Vec<_>>().join("\n"),
        json: json!({ "added": added, "removed": removed }),
        numbers: BTreeMap::from([
            ("added".to_owned(), added.len() as f64),
            ("removed".to_owned(), removed.len() as f64),
        ]),
        ..Observation::default()
    })
}

fn things(snapshot: &Json) -> BTreeSet<String> {
    let things = snapshot["things"].as_array().into_iter().flatten();
    things.filter_map(|thing| thing.as_str().map(str::to_owned)).collect()
}
