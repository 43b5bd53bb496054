//! What was logged since a step began.

use std::collections::BTreeMap;
use std::io::SeekFrom;
use std::path::Path;
use std::time::Duration;

use casebook_ticket::language::{Since, Variable};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio::time::{Instant, sleep};

use super::bounded;
use crate::Observation;
use crate::command;
use crate::environment::Logs;
use crate::world::{Mark, World};

/// More of a log is not read.
const MOST: u64 = 64 << 20;
/// A log is looked at until it has been quiet for so long: programs write a moment after they answered.
const QUIET_FOR: Duration = Duration::from_millis(100);
const QUIET_WITHIN: Duration = Duration::from_secs(2);

pub(super) async fn since(of: &Variable, since: &Since, world: &World<'_>) -> Result<Observation, String> {
    let mark = world.mark(since)?;
    let text = match &world.target(of)?.logs {
        Some(Logs::File(file)) => {
            settled(file).await;
            of_file(file, of, mark).await?
        }
        Some(Logs::Journal(unit)) => of_journal(unit, mark, world.environment.deadline).await?,
        Some(Logs::Kubernetes(_)) => return Err("this program cannot read logs of a cluster yet".to_owned()),
        None => return Err(format!("the environment does not say where {of} logs")),
    };
    let count = text.lines().count() as f64;
    let (text, left_out) = bounded(&text);
    Ok(Observation {
        text,
        left_out,
        numbers: BTreeMap::from([("count".to_owned(), count)]),
        ..Observation::default()
    })
}

async fn settled(file: &Path) {
    let length = || std::fs::metadata(file).map_or(0, |file| file.len());
    let end = Instant::now() + QUIET_WITHIN;
    let mut known = length();
    loop {
        sleep(QUIET_FOR).await;
        let now = length();
        if now == known || Instant::now() > end {
            return;
        }
        known = now;
    }
}

async fn of_file(path: &Path, of: &Variable, mark: &Mark) -> Result<String, String> {
    let failed = |error| format!("the log {}: {error}", path.display());
    let mut file = File::open(path).await.map_err(failed)?;
    let length = file.metadata().await.map_err(failed)?.len();
    // One that is shorter than it was was begun anew.
    let begin = Some(mark.length(of)).filter(|begin| *begin <= length).unwrap_or(0);
    if length - begin > MOST {
        return Err(format!("the log {} has grown by more than {MOST} bytes", path.display()));
    }
    file.seek(SeekFrom::Start(begin)).await.map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(length - begin).read_to_end(&mut bytes).await.map_err(failed)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn of_journal(unit: &str, mark: &Mark, deadline: Duration) -> Result<String, String> {
    let since = format!("--since=@{}", mark.at.as_second());
    let words = ["journalctl", "--no-pager", "--output=cat", "--unit", unit, &since].map(str::to_owned);
    command::succeed(&words, "", deadline).await
}
