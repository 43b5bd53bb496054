//! What the index file remembers, and the questions that it answers.

mod grouping;

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use focus_core::Fibre;
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, Result, Row, ffi, params};

use super::directory::Changes;
use crate::{Extent, FilePart, Recording};
use grouping::{Grouping, Place};

/// Counts changes of the tables below.
const VERSION: i32 = 2;

/// Times are UTC nanoseconds, paths are relative to the data directory.
///
/// A layout is what must be equal for two segments to be parts of one recording: more than [`Fibre::difference`] asks for, so
/// that what is known of a recording's fibre holds for all of it. A recording is a run of segments in the order of
/// `segments_order`, told by its first and last; `recording_times` finds it by its time in seconds, rounded outwards.
const SCHEMA: &str = "
CREATE TABLE files (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, modified INTEGER NOT NULL, refused TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE layouts (
    id INTEGER PRIMARY KEY, layout TEXT UNIQUE NOT NULL, half_sample INTEGER NOT NULL
) STRICT;
CREATE TABLE fibres (id INTEGER PRIMARY KEY, fibre TEXT UNIQUE NOT NULL) STRICT;
CREATE TABLE segments (
    path TEXT, number INTEGER, layout INTEGER NOT NULL, fibre INTEGER NOT NULL,
    start INTEGER NOT NULL, end INTEGER NOT NULL, PRIMARY KEY (path, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX segments_order ON segments (layout, start, path, number, end);
CREATE TABLE recordings (
    id INTEGER PRIMARY KEY, layout INTEGER NOT NULL, fibre INTEGER NOT NULL,
    start INTEGER NOT NULL, path TEXT NOT NULL, number INTEGER NOT NULL,
    last_start INTEGER NOT NULL, last_path TEXT NOT NULL, last_number INTEGER NOT NULL, end INTEGER NOT NULL
) STRICT;
CREATE INDEX recordings_order ON recordings (layout, start, path, number);
CREATE VIRTUAL TABLE recording_times USING rtree (id, start, end);
";

const FIND_RECORDINGS: &str = "
SELECT r.layout, r.start, r.path, r.number, r.last_start, r.last_path, r.last_number, r.end, f.fibre
FROM recording_times t JOIN recordings r ON r.id = t.id JOIN fibres f ON f.id = r.fibre
WHERE t.start <= ?2 / 1e9 AND t.end >= ?1 / 1e9 AND r.start < ?2 AND r.end > ?1
ORDER BY r.start, r.end, r.path, r.number
";

/// Those of a run from ?2 to ?3 that end after ?4 and begin at ?5 or before, where the run is known to have nothing of it
/// before ?2. ?5 is not after ?3: of two bounds SQLite takes one for its way through the index.
const FIND_SEGMENTS: &str = "
SELECT path, number FROM segments
WHERE layout = ?1 AND start <= ?5 AND end > ?4
    AND (start, path, number) >= (?2, ?6, ?7) AND (start, path, number) <= (?3, ?8, ?9)
ORDER BY start, path, number
";

/// Size in bytes and time of the last change (UTC nanoseconds) of a file.
pub(super) type Stamp = (i64, i64);

/// The files that the index remembers, by relative path.
pub(super) type Known = HashMap<String, Stamp>;

/// What the index remembers of a usable file.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) fibre: Fibre,
    /// UTC nanoseconds of each segment's first sample and of its end, exclusive.
    pub(super) segments: Vec<(i64, i64)>,
}

/// Opens the index and makes its tables if it is new. An index of another version counts as corrupt.
pub(super) fn open(path: &Path) -> Result<Connection> {
    let mut db = Connection::open(path)?;
    db.busy_timeout(Duration::from_millis(500))?;
    db.set_prepared_statement_cache_capacity(32);
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
    for table in ["recordings", "recording_times", "segments"] {
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
    let grouping = Grouping::new(&transaction);
    for path in &changes.vanished {
        grouping.remove(path)?;
        transaction.prepare_cached("DELETE FROM files WHERE path = ?1")?.execute([path])?;
    }
    for (path, (size, modified), entry) in &changes.entries {
        grouping.remove(path)?;
        let refused = entry.as_ref().err();
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO files (path, size, modified, refused) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![path, size, modified, refused])?;
        if let Ok(Entry { fibre, segments }) = entry {
            let layout = Fibre { software: None, description: None, ..fibre.clone() };
            let half_sample = (0.5e9 / fibre.sampling_rate) as i64;
            let (layout, fibre) = (json(&layout)?, json(fibre)?);
            grouping.add(path, segments, &layout, half_sample, &fibre)?;
        }
    }
    transaction.commit()
}

/// A recording as it was found, before its files are.
struct Found {
    layout: i64,
    first: Place,
    last: Place,
    end: i64,
    fibre: String,
}

impl Found {
    fn read(row: &Row<'_>) -> Result<Self> {
        let (first, last) = (Place::read(row, 1)?, Place::read(row, 4)?);
        Ok(Self { layout: row.get(0)?, first, last, end: row.get(7)?, fibre: row.get(8)? })
    }
}

/// The recordings that share time with the range, with the segments that do; paths inside `directory`.
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
        let mut rows = query.query([start, end])?;
        while let Some(row) = rows.next()? {
            let found = Found::read(row)?;
            recordings.push(Recording {
                fibre: fibre(&found.fibre)?,
                start: timestamp(found.first.start)?,
                end: timestamp(found.end)?,
                ongoing: false,
                files: parts(&transaction, directory, &found, start, end)?,
                id: found.first.path,
            });
        }
    }
    transaction.commit()?;
    Ok(recordings)
}

fn parts(db: &Connection, directory: &Path, found: &Found, start: i64, end: i64) -> Result<Vec<FilePart>> {
    let Found { layout, first, last, .. } = found;
    let from = Grouping::new(db).reaching(*layout, first, last, start)?;
    let mut query = db.prepare_cached(FIND_SEGMENTS)?;
    let part = |row: &Row<'_>| {
        Ok(FilePart {
            path: directory.join(row.get::<_, String>(0)?),
            segment: row.get::<_, u32>(1)? as usize,
        })
    };
    let latest = end.saturating_sub(1).min(last.start);
    let parts = query.query_map(
        params![
            layout,
            from.start,
            last.start,
            start,
            latest,
            from.path,
            from.number,
            last.path,
            last.number
        ],
        part,
    )?;
    parts.collect()
}

/// When the recordings that [`find`] finds begin and end.
pub(super) fn extents(db: &mut Connection, start: Timestamp, end: Timestamp) -> Result<Vec<Extent>> {
    let mut query = db.prepare_cached(FIND_RECORDINGS)?;
    let mut rows = query.query([nanoseconds(start), nanoseconds(end)])?;
    let mut extents = Vec::new();
    while let Some(row) = rows.next()? {
        let found = Found::read(row)?;
        let (start, end) = (timestamp(found.first.start)?, timestamp(found.end)?);
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
        assert!(recordings.contains("SCAN t VIRTUAL TABLE INDEX 2:B0D1"), "{recordings}");
        assert_eq!(recordings.matches("SCAN").count(), 1, "{recordings}");
        for query in [FIND_SEGMENTS, grouping::BEFORE, grouping::AFTER, grouping::REACHING] {
            let segments = plan(&db, query);
            assert!(segments.contains("INDEX segments_order (layout=? AND "), "{segments}");
            assert!(!segments.contains("TEMP B-TREE"), "{segments}");
        }
        let run = plan(&db, grouping::RUN);
        assert!(run.contains("INDEX recordings_order (layout=? AND "), "{run}");
    }
}
