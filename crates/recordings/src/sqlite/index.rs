use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use focus_core::Fibre;
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, Result, ffi, params};

use super::directory::Changes;
use crate::{Extent, Recording};

/// Counts changes of the tables below.
const VERSION: i32 = 1;

/// Times are UTC nanoseconds, paths are relative to the data directory. `layout` is what must be equal for
/// two files to be parts of one recording: more than [`Fibre::difference`] asks for, so that what is known of
/// a recording's fibre holds for all its files.
const SCHEMA: &str = "
CREATE TABLE files (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, modified INTEGER NOT NULL, refused TEXT,
    start INTEGER, end INTEGER, half_sample INTEGER, layout TEXT, fibre TEXT, recording INTEGER
) STRICT;
CREATE INDEX files_layout ON files (layout, start, path);
CREATE INDEX files_recording ON files (recording, start, end);
CREATE INDEX files_length ON files (end - start);
CREATE TABLE recordings (
    id INTEGER PRIMARY KEY, start INTEGER NOT NULL, end INTEGER NOT NULL, fibre TEXT NOT NULL, name TEXT NOT NULL
) STRICT;
CREATE INDEX recordings_time ON recordings (start, end);
CREATE INDEX recordings_length ON recordings (end - start);
";

/// Files that touch within half a sample become one recording, number by number.
const GROUP: &str = "
WITH marked AS (
    SELECT path, layout, start,
        coalesce(abs(start - lag(end) OVER (PARTITION BY layout ORDER BY start, path)) <= half_sample, 0) AS joins
    FROM files WHERE refused IS NULL
), numbered AS (
    SELECT path, sum(1 - joins) OVER (ORDER BY layout, start, path) AS number FROM marked
)
UPDATE files SET recording = numbered.number FROM numbered WHERE numbered.path = files.path;
";

const FILL_RECORDINGS: &str = "
INSERT INTO recordings (id, start, end, fibre, name)
SELECT recording, min(start), max(end),
    (SELECT fibre FROM files f WHERE f.recording = files.recording ORDER BY start LIMIT 1),
    (SELECT path FROM files f WHERE f.recording = files.recording ORDER BY start LIMIT 1)
FROM files WHERE recording IS NOT NULL GROUP BY recording;
";

/// Nothing is longer than the longest, so what begins that much before the range has ended before it: this
/// bounds the walk along the index by start on both sides.
const FIND_RECORDINGS: &str = "
SELECT id, start, end, fibre, name FROM recordings
WHERE start < ?2 AND end > ?1 AND start > ?1 - (SELECT max(end - start) FROM recordings)
ORDER BY start, end, name
";

const FIND_FILES: &str = "
SELECT path FROM files
WHERE recording = ?3 AND start < ?2 AND end > ?1 AND start > ?1 - (SELECT max(end - start) FROM files)
ORDER BY start
";

/// Size in bytes and time of the last change (UTC nanoseconds) of a file.
pub(super) type Stamp = (i64, i64);

/// The files that the index remembers, by relative path.
pub(super) type Known = HashMap<String, Stamp>;

/// What the index remembers of a usable file.
#[derive(Debug)]
pub(super) struct Entry {
    /// UTC nanoseconds of the first sample and of the end, exclusive.
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) fibre: Fibre,
}

/// Opens the index and makes its tables if it is new. An index of another version counts as corrupt.
pub(super) fn open(path: &Path) -> Result<Connection> {
    let mut db = Connection::open(path)?;
    db.busy_timeout(Duration::from_millis(500))?;
    db.pragma_update(None, "journal_mode", "wal")?;
    db.pragma_update(None, "synchronous", "normal")?;
    let transaction = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    match transaction.pragma_query_value(None, "user_version", |row| row.get(0))? {
        VERSION => {}
        0 => {
            transaction.execute_batch(SCHEMA)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        }
        other => {
            let message = Some(format!("it has version {other}, this program writes version {VERSION}"));
            return Err(Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CORRUPT), message));
        }
    }
    transaction.commit()?;
    Ok(db)
}

/// A real round trip through the tables that [`find`] needs.
pub(super) fn probe(db: &mut Connection) -> Result<()> {
    for table in ["recordings", "files"] {
        db.prepare_cached(&format!("SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT 1)"))?
            .query_row([], |_| Ok(()))?;
    }
    Ok(())
}

pub(super) fn known(db: &mut Connection) -> Result<Known> {
    let mut query = db.prepare("SELECT path, size, modified FROM files")?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
    rows.collect()
}

/// Writes what a scan found, whole or not at all.
pub(super) fn apply(db: &mut Connection, changes: &Changes) -> Result<()> {
    let transaction = db.transaction()?;
    {
        let mut forget = transaction.prepare("DELETE FROM files WHERE path = ?1")?;
        for path in &changes.vanished {
            forget.execute([path])?;
        }
        let mut add = transaction.prepare(
            "INSERT OR REPLACE INTO files (path, size, modified, refused, start, end, half_sample, layout, fibre)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        for (path, (size, modified), entry) in &changes.entries {
            match entry {
                Err(reason) => {
                    let none = None::<String>;
                    add.execute(params![path, size, modified, reason, none, none, none, none, none])?;
                }
                Ok(Entry { start, end, fibre }) => {
                    let half_sample = (0.5e9 / fibre.sampling_rate) as i64;
                    let layout = json(&Fibre { software: None, description: None, ..fibre.clone() })?;
                    let fibre = json(fibre)?;
                    add.execute(params![
                        path,
                        size,
                        modified,
                        None::<String>,
                        start,
                        end,
                        half_sample,
                        layout,
                        fibre
                    ])?;
                }
            }
        }
    }
    transaction.execute("DELETE FROM recordings", [])?;
    transaction.execute(GROUP, [])?;
    transaction.execute(FILL_RECORDINGS, [])?;
    transaction.commit()
}

/// The recordings that share time with the range, with the files that do; paths inside `directory`.
pub(super) fn find(
    db: &mut Connection,
    directory: &Path,
    start: Timestamp,
    end: Timestamp,
) -> Result<Vec<Recording>> {
    let (start, end) = (nanoseconds(start), nanoseconds(end));
    // One transaction, so that both queries see the same state.
    let transaction = db.transaction()?;
    let mut recordings = Vec::new();
    {
        let mut query = transaction.prepare_cached(FIND_RECORDINGS)?;
        let mut files = transaction.prepare_cached(FIND_FILES)?;
        let mut rows = query.query([start, end])?;
        while let Some(row) = rows.next()? {
            let inside = files.query_map([start, end, row.get(0)?], |row| row.get::<_, String>(0))?;
            recordings.push(Recording {
                id: row.get(4)?,
                fibre: fibre(&row.get::<_, String>(3)?)?,
                start: timestamp(row.get(1)?)?,
                end: timestamp(row.get(2)?)?,
                ongoing: false,
                files: inside.map(|path| Ok(directory.join(path?))).collect::<Result<Vec<PathBuf>>>()?,
            });
        }
    }
    transaction.commit()?;
    Ok(recordings)
}

/// When the recordings that [`find`] finds begin and end.
pub(super) fn extents(db: &mut Connection, start: Timestamp, end: Timestamp) -> Result<Vec<Extent>> {
    let mut query = db.prepare_cached(FIND_RECORDINGS)?;
    let mut rows = query.query([nanoseconds(start), nanoseconds(end)])?;
    let mut extents = Vec::new();
    while let Some(row) = rows.next()? {
        let (start, end) = (timestamp(row.get(1)?)?, timestamp(row.get(2)?)?);
        extents.push(Extent { start, end, ongoing: false });
    }
    Ok(extents)
}

fn timestamp(nanoseconds: i64) -> Result<Timestamp> {
    Timestamp::from_nanosecond(nanoseconds.into()).map_err(broken)
}

/// UTC nanoseconds, at most those that the index can hold (years 1677 to 2262).
fn nanoseconds(time: Timestamp) -> i64 {
    time.as_nanosecond().clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

fn json(fibre: &Fibre) -> Result<String> {
    serde_json::to_string(fibre).map_err(|error| Error::ToSqlConversionFailure(error.into()))
}

fn fibre(json: &str) -> Result<Fibre> {
    serde_json::from_str(json).map_err(broken)
}

fn broken(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(db: &Connection, query: &str) -> String {
        let mut explain = db.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
        let steps = explain.raw_query().mapped(|row| row.get::<_, String>(3)).collect::<Result<Vec<_>>>();
        steps.unwrap().join("; ")
    }

    #[test]
    fn queries_use_their_index() {
        let directory = tempfile::tempdir().unwrap();
        let db = open(&directory.path().join("index.sqlite")).unwrap();
        let recordings = plan(&db, FIND_RECORDINGS);
        assert!(recordings.contains("USING INDEX recordings_time (start>? AND start<?)"), "{recordings}");
        assert!(recordings.contains("INDEX recordings_length"), "{recordings}");
        let files = plan(&db, FIND_FILES);
        assert!(files.contains("files_recording (recording=? AND start>? AND start<?)"), "{files}");
        assert!(!format!("{recordings}{files}").contains("SCAN f"), "{recordings}; {files}");
    }
}
