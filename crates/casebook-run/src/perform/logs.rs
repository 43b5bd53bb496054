//! What was logged since a step began.

mod cluster;
mod journal;

use std::io::{self, SeekFrom};
use std::path::Path;
use std::time::Duration;

use casebook_ticket::language::{Since, Variable};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio::time::{Instant, sleep};

use super::{bounded, k8s};
use crate::Observation;
use crate::environment::Logs;
use crate::world::{Mark, World};

/// More of a log is not read.
const MOST: u64 = 64 << 20;
/// A log is looked at until it has been quiet for so long: programs write a moment after they answered.
const QUIET_FOR: Duration = Duration::from_millis(100);
const QUIET_WITHIN: Duration = Duration::from_secs(2);

/// What was logged, once nothing more comes.
pub(super) async fn since(of: &Variable, since: &Since, world: &World<'_>) -> Result<Observation, String> {
    let end = Instant::now() + QUIET_WITHIN;
    let mut known = now(of, since, world).await?;
    loop {
        sleep(QUIET_FOR).await;
        let seen = now(of, since, world).await?;
        if seen == known || Instant::now() > end {
            return Ok(seen);
        }
        known = seen;
    }
}

/// What was logged until now.
pub(super) async fn now(of: &Variable, since: &Since, world: &World<'_>) -> Result<Observation, String> {
    let mark = world.mark(since)?;
    let logs = world.target(of)?.logs.as_ref();
    let logs = logs.ok_or_else(|| format!("the environment does not say where {of} logs"))?;
    let (text, gone) = match logs {
        Logs::File(file) => of_file(file, of, mark).await?,
        Logs::Journal(unit) => (journal::read(unit, mark.at, world.environment.deadline).await?, 0),
        Logs::Kubernetes(workload) => {
            cluster::read(workload, mark.at, mark.logging(of)?, &k8s::connection(world).await?).await?
        }
    };
    // Of a log that is not whole nobody knows how much there was.
    let count = (gone == 0).then(|| ("count".to_owned(), text.lines().count() as f64));
    let (text, left_out) = bounded(&text);
    Ok(Observation {
        text,
        // How much it was that is gone nobody knows.
        left_out: left_out + gone,
        numbers: count.into_iter().collect(),
        ..Observation::default()
    })
}

/// What was added to a file, and how much is gone that was.
async fn of_file(path: &Path, of: &Variable, mark: &Mark) -> Result<(String, u64), String> {
    let failed = |error| format!("the log {}: {error}", path.display());
    let mut file = File::open(path).await.map_err(failed)?;
    let now = file.metadata().await.map_err(failed)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let then = mark.log(of);
    if let Some((then, begin)) = then.and_then(|then| Some((then, then.begin(&now)?))) {
        let bytes = between(&mut file, begin, now.len()).await;
        if let Some(added) = then.added(&bytes.map_err(failed)?) {
            return Ok((text(added), 0));
        }
    }
    // It was begun anew: what came before that is elsewhere, or nowhere.
    let gone = u64::from(then.is_some());
    Ok((text(&between(&mut file, 0, now.len()).await.map_err(failed)?), gone))
}

async fn between(file: &mut File, begin: u64, end: u64) -> io::Result<Vec<u8>> {
    if end - begin > MOST {
        return Err(io::Error::other(format!("more than {MOST} bytes would have to be read")));
    }
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(begin)).await?;
    file.take(end - begin).read_to_end(&mut bytes).await?;
    Ok(bytes)
}
