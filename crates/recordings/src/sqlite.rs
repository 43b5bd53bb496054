//! The embedded catalogue: an SQLite index of a data directory.
//!
//! The files are the truth and the index only remembers them, so an index that is corrupt or of another
//! version is made anew.

mod directory;
mod index;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use focus_core::{Outage, Upstream};
use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::{Catalogue, Extent, Recording};
use index::{Entry, Known};
use worker::{CallError, Worker};

/// Longest that a query may take.
const QUERY_DEADLINE: Duration = Duration::from_millis(800);
/// Longest that writing what a scan found may take.
const UPDATE_DEADLINE: Duration = Duration::from_secs(60);

/// A file that was found and cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The file, relative to the data directory.
    pub path: PathBuf,
    /// Why, in words that name the field at fault.
    pub reason: String,
}

/// What one scan of the data directory changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanReport {
    /// Files that are new or have changed, and are now in the catalogue.
    pub added: usize,
    /// Files that have vanished.
    pub forgotten: usize,
    /// Files that cannot be read yet and were written a moment ago; the next scan tries again.
    pub pending: usize,
    /// Files that cannot be used. Each is reported once, and tried again only when it has changed.
    pub refused: Vec<Refused>,
}

/// The catalogue of the recordings in a data directory and its subdirectories. Cloning shares it.
#[derive(Clone)]
pub struct SqliteCatalogue(Arc<Inner>);

struct Inner {
    index: PathBuf,
    directory: PathBuf,
    connections: RwLock<Arc<Connections>>,
    /// Only one scan at a time.
    scanning: Mutex<()>,
}

/// Queries have a connection of their own, so that they never wait for a scan.
struct Connections {
    query: Worker,
    update: Worker,
}

impl SqliteCatalogue {
    /// Opens the index file, or makes it, for a data directory. [`scan`](Self::scan) fills it.
    ///
    /// # Errors
    /// When the index can be neither opened nor made.
    pub async fn open(index: &Path, directory: &Path) -> Result<Self, Outage> {
        let (index, directory) = (index.to_owned(), directory.to_owned());
        let path = index.clone();
        let connections = blocking(move || match connect(&path) {
            Err(CallError::Broken(reason)) => rebuilt(&path, &reason),
            connected => connected,
        })
        .await?;
        Ok(Self(Arc::new(Inner {
            index,
            directory,
            connections: RwLock::new(Arc::new(connections)),
            scanning: Mutex::new(()),
        })))
    }

    /// Brings the catalogue up to date with the data directory: files with the extension `.h5` or `.hdf5`.
    ///
    /// # Errors
    /// When the directory cannot be read or the index cannot be written; then nothing is forgotten.
    pub async fn scan(&self) -> Result<ScanReport, Outage> {
        let _alone = self.0.scanning.lock().await;
        match self.scan_once().await {
            Err(CallError::Broken(reason)) => {
                let path = self.0.index.clone();
                let fresh = blocking(move || rebuilt(&path, &reason)).await?;
                *self.0.connections.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
                Ok(self.scan_once().await?)
            }
            done => Ok(done?),
        }
    }

    async fn scan_once(&self) -> Result<ScanReport, CallError> {
        match self.0.check_files().await {
            Err(CallError::Outage(outage)) if self.0.directory.is_dir() => {
                return Err(CallError::Broken(outage.to_string()));
            }
            checked => checked?,
        }
        let connections = self.0.connections();
        // Either connection may be the one that notices a ruined index; the other may still have it in memory.
        connections.query.call(QUERY_DEADLINE, index::probe).await?;
        let known = connections.update.call(UPDATE_DEADLINE, index::known).await?;
        let directory = self.0.directory.clone();
        let changes = blocking(move || directory::changes(&directory, &known, Timestamp::now())).await?;
        let report = ScanReport {
            added: changes.entries.iter().filter(|(_, _, entry)| entry.is_ok()).count(),
            forgotten: changes.vanished.len(),
            pending: changes.pending,
            refused: changes
                .entries
                .iter()
                .filter_map(|(path, _, entry)| {
                    entry.as_ref().err().map(|reason| Refused { path: path.into(), reason: reason.clone() })
                })
                .collect(),
        };
        if !changes.is_empty() {
            connections.update.call(UPDATE_DEADLINE, move |db| index::apply(db, &changes)).await?;
        }
        Ok(report)
    }
}

impl Inner {
    /// Whether the index and the directory are still where they were. An SQLite connection would not notice: it
    /// goes on with files that have been deleted under it.
    async fn check_files(&self) -> Result<(), CallError> {
        let paths = [self.index.clone(), self.directory.clone()];
        let check = move || {
            paths.iter().try_for_each(|path| match std::fs::metadata(path) {
                Ok(_) => Ok(()),
                Err(error) => Err(unavailable(path, &error)),
            })
        };
        blocking(check).await
    }

    fn connections(&self) -> Arc<Connections> {
        self.connections.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Catalogue for SqliteCatalogue {
    fn find(&self, start: Timestamp, end: Timestamp) -> BoxFuture<'_, Result<Vec<Recording>, Outage>> {
        Box::pin(async move {
            self.0.check_files().await?;
            let directory = self.0.directory.clone();
            let connections = self.0.connections();
            let find = move |db: &mut _| index::find(db, &directory, start, end);
            Ok(connections.query.call(QUERY_DEADLINE, find).await?)
        })
    }

    fn extents(&self, start: Timestamp, end: Timestamp) -> BoxFuture<'_, Result<Vec<Extent>, Outage>> {
        Box::pin(async move {
            self.0.check_files().await?;
            let extents = move |db: &mut _| index::extents(db, start, end);
            Ok(self.0.connections().query.call(QUERY_DEADLINE, extents).await?)
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Outage>> {
        Box::pin(async move {
            self.0.check_files().await?;
            let connections = self.0.connections();
            Ok(connections.query.call(QUERY_DEADLINE, index::probe).await?)
        })
    }
}

fn connect(path: &Path) -> Result<Connections, CallError> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(|error| unavailable(directory, &error))?;
    }
    let connect = || -> Result<Worker, CallError> { Ok(Worker::start(index::open(path)?)?) };
    Ok(Connections { update: connect()?, query: connect()? })
}

fn rebuilt(path: &Path, reason: &str) -> Result<Connections, CallError> {
    tracing::warn!(index = %path.display(), reason, "the index of recordings is unusable and is made anew");
    for suffix in ["", "-wal", "-shm"] {
        let mut file = path.as_os_str().to_owned();
        file.push(suffix);
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(unavailable(path, &error));
            }
            _ => {}
        }
    }
    connect(path)
}

/// Runs work that waits for the disk off the async runtime.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CallError> + Send + 'static,
) -> Result<T, CallError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(CallError::Outage(Outage::Refused { upstream: Upstream::Catalogue, reason: error.to_string() }))
    })
}

fn unavailable(path: &Path, error: &std::io::Error) -> CallError {
    CallError::Outage(Outage::Unavailable {
        upstream: Upstream::Catalogue,
        reason: format!("{}: {error}", path.display()),
    })
}
