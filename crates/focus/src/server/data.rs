//! The data directory: the built-in recording in a new one, and new files as they appear.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use focus_recordings::{EXCERPT, EXCERPT_NAME, ScanReport, SqliteCatalogue};

/// Name of the catalogue's index inside the data directory.
const INDEX: &str = "catalogue.sqlite";
/// Time between two looks at the directory.
const SCAN_INTERVAL: Duration = Duration::from_secs(5);

/// Opens the catalogue of the recordings in `directory` and fills it. A directory that is new gets the built-in
/// recording, so that there is a past to look at.
///
/// # Errors
/// When the directory cannot be made, read or written.
pub(super) async fn open(directory: &Path) -> Result<SqliteCatalogue> {
    let writing = || format!("cannot write to the data directory {}", directory.display());
    std::fs::create_dir_all(directory).with_context(writing)?;
    if is_empty(directory).with_context(writing)? {
        std::fs::write(directory.join(EXCERPT_NAME), EXCERPT).with_context(writing)?;
    }
    let catalogue = SqliteCatalogue::open(&directory.join(INDEX), directory).await.with_context(writing)?;
    report(&catalogue.scan().await?);
    Ok(catalogue)
}

/// Looks for new, changed and vanished files for ever.
pub(super) async fn watch(catalogue: SqliteCatalogue) {
    let mut failing = false;
    loop {
        tokio::time::sleep(SCAN_INTERVAL).await;
        match catalogue.scan().await {
            Ok(changes) => {
                failing = false;
                report(&changes);
            }
            Err(outage) if !failing => {
                failing = true;
                tracing::warn!(error = %outage, "cannot look for new recordings");
            }
            Err(_) => {}
        }
    }
}

fn is_empty(directory: &Path) -> std::io::Result<bool> {
    Ok(std::fs::read_dir(directory)?.next().is_none())
}

fn report(changes: &ScanReport) {
    for refused in &changes.refused {
        tracing::warn!(file = %refused.path.display(), reason = refused.reason, "not a usable recording");
    }
    if changes.added > 0 || changes.forgotten > 0 {
        tracing::info!(added = changes.added, forgotten = changes.forgotten, "recordings changed");
    }
}
