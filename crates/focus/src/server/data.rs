//! The data directory: the built-in recording in a new one, and new files as they appear.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use focus_recordings::{ScanReport, SqliteCatalogue, add_excerpt, clear_left_behind};

/// Name of the catalogue's index inside its directory.
const INDEX: &str = "catalogue.sqlite";
/// Time between two looks at the directory.
const SCAN_INTERVAL: Duration = Duration::from_secs(5);

/// Opens the catalogue of the recordings in `directory` and fills it. Where there is no `index_dir` the directory is made when
/// it is not there; one that is new gets the built-in recording, so that there is a past to look at.
///
/// # Errors
/// When the directory of the index cannot be made or written, or `directory` cannot be read.
pub(super) async fn open(directory: &Path, index_dir: Option<&Path>) -> Result<SqliteCatalogue> {
    if index_dir.is_none() {
        fill_if_new(directory).with_context(|| unwritable(directory))?;
        clear(directory);
    }
    let catalogue = catalogue(directory, index_dir).await?;
    report(&catalogue.scan().await?);
    Ok(catalogue)
}

/// Opens the catalogue of the recordings in `directory`, as it was left. Its index lies in `index_dir`, and then `directory`
/// is only read, else in `directory` itself.
///
/// # Errors
/// When the directory of the index cannot be made or written, or `directory` cannot be read.
pub(crate) async fn catalogue(directory: &Path, index_dir: Option<&Path>) -> Result<SqliteCatalogue> {
    let Some(index_dir) = index_dir else {
        let catalogue = SqliteCatalogue::open(&directory.join(INDEX), directory).await;
        return catalogue.with_context(|| unwritable(directory));
    };
    let reading = || {
        let directory = directory.display();
        format!("cannot read the data directory {directory}, which is not made when index_dir is set")
    };
    std::fs::read_dir(directory).with_context(reading)?;
    let writing = || format!("cannot write to the index directory {}", index_dir.display());
    SqliteCatalogue::open(&index_dir.join(INDEX), directory).await.with_context(writing)
}

fn unwritable(directory: &Path) -> String {
    let directory = directory.display();
    format!(
        "cannot write to the data directory {directory}; if it is to be read only, give its index another with --index-dir"
    )
}

fn fill_if_new(directory: &Path) -> Result<()> {
    std::fs::create_dir_all(directory)?;
    if is_empty(directory)? {
        add_excerpt(directory)?;
    }
    Ok(())
}

/// Removes what a crash has left unfinished. That it cannot be hinders nothing.
fn clear(directory: &Path) {
    match clear_left_behind(directory) {
        Ok(removed) => {
            for file in removed {
                tracing::warn!(file = %file.display(), "removed: unfinished, left by a crash");
            }
        }
        Err(error) => tracing::warn!(%error, "what a crash has left unfinished cannot be removed"),
    }
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

/// Whether nothing of the user's is in it: what is hidden is ours.
fn is_empty(directory: &Path) -> std::io::Result<bool> {
    for entry in std::fs::read_dir(directory)? {
        if !entry?.file_name().as_encoded_bytes().starts_with(b".") {
            return Ok(false);
        }
    }
    Ok(true)
}

fn report(changes: &ScanReport) {
    for refused in &changes.refused {
        tracing::warn!(file = %refused.path.display(), reason = refused.reason, "not a usable recording");
    }
    if changes.added > 0 || changes.forgotten > 0 {
        tracing::info!(added = changes.added, forgotten = changes.forgotten, "recordings changed");
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::SystemTime;

    use focus_recordings::{EXCERPT, EXCERPT_NAME};

    use super::*;

    #[tokio::test]
    async fn a_new_directory_gets_a_past_to_look_at_and_a_used_one_does_not() {
        let new = tempfile::tempdir().unwrap();
        // The built-in recording as the live fibre is put there first.
        std::fs::create_dir(new.path().join(".built-in")).unwrap();
        open(new.path(), None).await.unwrap();
        assert_eq!(std::fs::read(new.path().join(EXCERPT_NAME)).unwrap(), EXCERPT);

        let used = tempfile::tempdir().unwrap();
        std::fs::write(used.path().join("notes.txt"), "mine").unwrap();
        let left = used.path().join(".focus-abc123.part");
        std::fs::write(&left, "half").unwrap();
        open(used.path(), None).await.unwrap();
        assert!(!used.path().join(EXCERPT_NAME).exists());
        assert!(!left.exists(), "of somebody who is no more");
    }

    /// Everything below a directory, itself included, with the times of the last changes.
    fn seen(directory: &Path) -> Vec<(PathBuf, SystemTime)> {
        let mut all = vec![(directory.to_owned(), directory.metadata().unwrap().modified().unwrap())];
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                all.extend(seen(&path));
            } else {
                all.push((path.clone(), path.metadata().unwrap().modified().unwrap()));
            }
        }
        all
    }

    #[tokio::test]
    async fn with_an_index_elsewhere_recordings_are_only_read() {
        let (data, index) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let index_dir = index.path().join("new");
        let empty = seen(data.path());
        let catalogue = open(data.path(), Some(&index_dir)).await.unwrap();
        catalogue.scan().await.unwrap();
        assert_eq!(seen(data.path()), empty);
        assert!(index_dir.join(INDEX).exists());

        std::fs::create_dir(data.path().join("sub")).unwrap();
        std::fs::write(data.path().join("sub").join(EXCERPT_NAME), EXCERPT).unwrap();
        let filled = seen(data.path());
        assert_eq!(catalogue.scan().await.unwrap().added, 1);
        drop(catalogue);
        let again = open(data.path(), Some(&index_dir)).await.unwrap();
        assert_eq!(again.scan().await.unwrap(), ScanReport::default(), "it is in the index already");
        assert_eq!(seen(data.path()), filled);
    }

    #[tokio::test]
    async fn recordings_that_are_only_read_must_be_there() {
        let dir = tempfile::tempdir().unwrap();
        let (data, index) = (dir.path().join("data"), dir.path().join("index"));
        let error = format!("{:#}", open(&data, Some(&index)).await.err().unwrap());
        assert!(error.starts_with(&format!("cannot read the data directory {}", data.display())), "{error}");
        assert!(!data.exists() && !index.exists());
    }
}
