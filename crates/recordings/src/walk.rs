use std::fs::{self, DirEntry, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::is_recording_name;

/// The files in a directory and below that have names of recordings, sorted. What is hidden is not looked at. Directories behind
/// links are not entered, so there are no circles.
///
/// # Errors
/// When a directory cannot be read; it is named.
pub fn recording_files(directory: &Path) -> io::Result<Vec<(PathBuf, Metadata)>> {
    let mut files = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(current) = directories.pop() {
        let at = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", current.display()));
        let entries = match fs::read_dir(&current) {
            // A subdirectory that was removed in the meantime.
            Err(error) if error.kind() == ErrorKind::NotFound && current != directory => continue,
            entries => entries.map_err(at)?,
        };
        for entry in entries {
            let entry = entry.map_err(at)?;
            let path = entry.path();
            if is_hidden(&entry) {
                continue;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                directories.push(path);
            } else if is_recording_name(&path) {
                // A file that was removed in the meantime, or a link to nowhere, is not there.
                if let Ok(metadata) = fs::metadata(&path)
                    && metadata.is_file()
                {
                    files.push((path, metadata));
                }
            }
        }
    }
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(files)
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}
