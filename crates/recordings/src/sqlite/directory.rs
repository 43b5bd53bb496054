use std::collections::HashSet;
use std::fs::Metadata;
use std::path::Path;
use std::time::UNIX_EPOCH;

use jiff::{SignedDuration, Timestamp};

use super::worker::CallError;
use super::{Entry, Known};
use crate::sqlite::index::Stamp;
use crate::{ReadError, Segment, recording_files};

/// A file that was changed this recently may still be written: that it cannot be read is no news yet.
const SETTLING: SignedDuration = SignedDuration::from_secs(5);

/// How the data directory differs from what the index remembers.
#[derive(Default)]
pub(super) struct Changes {
    /// New and changed files: relative path, stamp, and what they hold or why they are refused.
    pub(super) entries: Vec<(String, Stamp, Result<Entry, String>)>,
    /// Relative paths of files that are no more.
    pub(super) vanished: Vec<String>,
    /// How many files may still be written.
    pub(super) pending: usize,
}

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.vanished.is_empty()
    }
}

/// Walks the directory and reads the headers of files that are new or have changed.
pub(super) fn changes(directory: &Path, known: &Known, now: Timestamp) -> Result<Changes, CallError> {
    let mut changes = Changes::default();
    let mut present = HashSet::new();
    for (path, metadata) in recording_files(directory)? {
        let relative = path.strip_prefix(directory).unwrap_or(&path);
        let name = relative.to_string_lossy().into_owned();
        let stamp = stamp(&metadata);
        present.insert(name.clone());
        if known.get(&name) == Some(&stamp) {
            continue;
        }
        let entry =
            if relative.to_str().is_some() { entry(&path) } else { Err("its name is not UTF-8".into()) };
        if entry.is_err() && (now.as_nanosecond() - i128::from(stamp.1)).abs() < SETTLING.as_nanos() {
            changes.pending += 1;
            // What an earlier version of it held is gone.
            if known.contains_key(&name) {
                changes.vanished.push(name);
            }
            continue;
        }
        changes.entries.push((name, stamp, entry));
    }
    changes.vanished.extend(known.keys().filter(|name| !present.contains(*name)).cloned());
    Ok(changes)
}

fn entry(path: &Path) -> Result<Entry, String> {
    let reason = |error| match error {
        ReadError::Unreadable { reason, .. } => reason,
        ReadError::Header { field, reason, .. } => format!("{field}: {reason}"),
        other @ ReadError::Layout { .. } => other.to_string(),
    };
    let file = crate::open(path).map_err(reason)?;
    let header = file.header();
    let nanoseconds =
        |time: Timestamp| i64::try_from(time.as_nanosecond()).map_err(|error| error.to_string());
    let span = |segment: &Segment| {
        let end = segment.end().map_err(|error| error.to_string())?;
        Ok((nanoseconds(segment.start)?, nanoseconds(end)?))
    };
    let segments = header.segments.iter().map(span).collect::<Result<_, String>>()?;
    Ok(Entry { fibre: header.fibre.clone(), segments })
}

fn stamp(metadata: &Metadata) -> Stamp {
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    (metadata.len() as i64, modified.map_or(0, |since| since.as_nanos() as i64))
}
