use std::collections::{HashMap, HashSet};
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use focus_core::{Outage, Upstream, sample_offset};
use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::MongoMetrics;
use crate::Recording;
use crate::formats::{EXTENSIONS, is_recording_name};

/// Requests that read headers at once. A file system that hangs holds so many threads and no more.
const READERS: usize = 4;
/// Most files whose headers are remembered, of some hundred bytes each.
const MOST_KNOWN: usize = 200_000;

/// Where a recording's files are.
#[derive(Debug)]
pub(super) struct Place {
    /// The directory that they are in, on this machine.
    pub(super) base: PathBuf,
    /// What the catalogue calls the recording, and so its directory, or its file without the extension.
    pub(super) name: String,
    /// Whether it is still being written.
    pub(super) ongoing: bool,
}

/// The files of recordings; remembers their headers while they do not change.
pub(super) struct Files {
    headers: Arc<Headers>,
    readers: Arc<Semaphore>,
}

struct Headers {
    known: Mutex<HashMap<PathBuf, Known>>,
    /// Recordings that had no files, so that each is told of once.
    missing: Mutex<HashSet<PathBuf>>,
    metrics: MongoMetrics,
}

struct Known {
    length: u64,
    modified: Option<SystemTime>,
    /// One for each segment; none when the file cannot be read.
    recordings: Arc<[Recording]>,
}

impl Files {
    pub(super) fn new(metrics: MongoMetrics) -> Self {
        let headers = Headers { known: Mutex::default(), missing: Mutex::default(), metrics };
        Self { headers: Arc::new(headers), readers: Arc::new(Semaphore::new(READERS)) }
    }

    /// The recordings at `places` that share time with the range, cut where samples are missing and sorted by start,
    /// each with those of its files that share time with it.
    ///
    /// A caller that gives up does not end the reading: what was read is known next time.
    ///
    /// # Errors
    /// When there are places, but no files at any of them: that is no time without recordings. Where some have files, the
    /// others are left out.
    pub(super) async fn recordings(
        &self,
        places: Vec<Place>,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<Vec<Recording>, Outage> {
        let turn =
            self.readers.clone().acquire_owned().await.map_err(|error| unavailable(error.to_string()))?;
        let headers = self.headers.clone();
        let read = move || {
            let _turn = turn;
            headers.recordings(&places, start, end)
        };
        tokio::task::spawn_blocking(read).await.map_err(|error| unavailable(error.to_string()))?
    }
}

impl Headers {
    fn recordings(
        &self,
        places: &[Place],
        start: Timestamp,
        end: Timestamp,
    ) -> Result<Vec<Recording>, Outage> {
        let (mut recordings, mut missing, mut is_any_there) = (Vec::new(), None, false);
        for place in places {
            match files(place) {
                Ok(files) => {
                    is_any_there |= !files.is_empty();
                    recordings.extend(self.pieces(place, files, start, end));
                }
                Err(reason) => {
                    self.note_missing(place, &reason);
                    missing = Some(reason);
                }
            }
        }
        if let Some(reason) = missing.filter(|_| !is_any_there) {
            return Err(unavailable(reason));
        }
        recordings.sort_by(|a: &Recording, b| (a.start, a.end, &a.id).cmp(&(b.start, b.end, &b.id)));
        Ok(recordings)
    }

    fn pieces(
        &self,
        place: &Place,
        files: Vec<(PathBuf, Metadata)>,
        start: Timestamp,
        end: Timestamp,
    ) -> Vec<Recording> {
        let mut segments: Vec<Recording> =
            files.into_iter().flat_map(|(path, metadata)| self.segments(path, &metadata).to_vec()).collect();
        segments.sort_by_key(|segment| (segment.start, segment.end));
        let mut pieces: Vec<Recording> = Vec::new();
        for segment in segments {
            let shares_time = segment.start < end && segment.end > start;
            let files = if shares_time { segment.files } else { Vec::new() };
            match pieces.last_mut().filter(|piece| continues(piece, &segment.fibre, segment.start)) {
                Some(piece) => {
                    piece.end = segment.end;
                    piece.files.extend(files);
                }
                None => pieces.push(Recording { id: place.name.clone(), files, ..segment }),
            }
        }
        if let Some(last) = pieces.last_mut() {
            last.ongoing = place.ongoing;
        }
        pieces.retain(|piece| !piece.files.is_empty());
        pieces
    }

    /// What is in one file, a recording for each of its segments.
    fn segments(&self, path: PathBuf, metadata: &Metadata) -> Arc<[Recording]> {
        let (length, modified) = (metadata.len(), metadata.modified().ok());
        if let Some(known) = self.known().get(&path)
            && (known.length, known.modified) == (length, modified)
        {
            return known.recordings.clone();
        }
        let recordings: Arc<[Recording]> = Recording::of_file(&path)
            .unwrap_or_else(|error| {
                self.metrics.file_skipped();
                tracing::warn!(%error, "not a usable recording");
                Vec::new()
            })
            .into();
        let mut known = self.known();
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(path, Known { length, modified, recordings: recordings.clone() });
        recordings
    }

    fn known(&self) -> MutexGuard<'_, HashMap<PathBuf, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_missing(&self, place: &Place, reason: &str) {
        self.metrics.file_skipped();
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        if missing.len() < MOST_KNOWN && missing.insert(place.base.join(&place.name)) {
            tracing::warn!(recording = place.name, reason, "a recording in MongoDB has no files");
        }
    }
}

/// Whether a segment goes on where `piece` ends, within half a sample and with the same fibre.
fn continues(piece: &Recording, fibre: &focus_core::Fibre, start: Timestamp) -> bool {
    let half_sample = sample_offset(0.5, fibre.sampling_rate);
    piece.fibre.difference(fibre).is_none() && start.duration_since(piece.end).abs() <= half_sample
}

/// The files of one recording: those in its directory, or else the one that is named like it. That there is none, unless
/// it has only just begun, is an error.
fn files(place: &Place) -> Result<Vec<(PathBuf, Metadata)>, String> {
    let failed = |at: &Path, error: &io::Error| format!("{}: {error}", at.display());
    let at = place.base.join(&place.name);
    let mut files = Vec::new();
    match fs::read_dir(&at) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            // A share that is not mounted is the thing to tell.
            fs::metadata(&place.base).map_err(|error| failed(&place.base, &error))?;
            let named = |extension| place.base.join(format!("{}.{extension}", place.name));
            files.extend(EXTENSIONS.iter().filter_map(|extension| regular(named(extension))));
        }
        entries => {
            for entry in entries.map_err(|error| failed(&at, &error))? {
                let path = entry.map_err(|error| failed(&at, &error))?.path();
                if is_shown_recording(&path) {
                    files.extend(regular(path));
                }
            }
        }
    }
    if files.is_empty() && !place.ongoing {
        return Err(format!("{}: there are no files of this recording", at.display()));
    }
    Ok(files)
}

fn is_shown_recording(path: &Path) -> bool {
    let is_hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    !is_hidden && is_recording_name(path)
}

fn regular(path: PathBuf) -> Option<(PathBuf, Metadata)> {
    let metadata = fs::metadata(&path).ok().filter(Metadata::is_file)?;
    Some((path, metadata))
}

fn unavailable(reason: String) -> Outage {
    Outage::Unavailable { upstream: Upstream::Catalogue, reason }
}
