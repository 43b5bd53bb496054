//! What a run leaves behind: a directory that can be verified without the deployment.
//!
//! `run.json` is the record, `tickets/` the tickets as they were run, `journals/` what was broken and put back,
//! `report.html` for people, and `SHA256SUMS` the sums of all of them, in the form that `sha256sum --check` takes.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};

use crate::{RunRecord, report};

/// The file of sums.
pub const SUMS: &str = "SHA256SUMS";
/// The record's file.
pub const RECORD: &str = "run.json";

/// Evidence that is being gathered. It is in place at once, under a name that says that it is not whole yet.
#[derive(Debug)]
pub struct Evidence {
    directory: PathBuf,
    whole: PathBuf,
}

impl Evidence {
    /// Begins the evidence of a run below a directory, which is made if need be.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn begin(below: &Path, run: &str) -> io::Result<Self> {
        let (directory, whole) = (below.join(format!("{run}.unfinished")), below.join(run));
        fs::create_dir_all(directory.join("tickets"))?;
        fs::create_dir(directory.join("journals"))?;
        Ok(Self { directory, whole })
    }

    /// Keeps a ticket's file as it was run: its place in the evidence, and its sum.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn ticket(&self, key: &str, bytes: &[u8]) -> io::Result<(String, String)> {
        let is_plain = |character: char| character.is_ascii_alphanumeric() || character == '-';
        let name: String =
            key.chars().map(|character| if is_plain(character) { character } else { '_' }).collect();
        let place = format!("tickets/{name}.md");
        fs::write(self.directory.join(&place), bytes)?;
        Ok((place, sum(bytes)))
    }

    /// Keeps a journal.
    ///
    /// # Errors
    ///
    /// When it cannot be read or written.
    pub fn journal(&self, journal: &Path, redact: impl Fn(&str) -> String) -> io::Result<()> {
        let name = journal.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let text = fs::read_to_string(journal)?;
        fs::write(self.directory.join("journals").join(name), redact(&text))
    }

    /// Writes the record and the sums of all; the directory then has its own name.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn finish(self, record: &RunRecord) -> io::Result<PathBuf> {
        fs::write(self.directory.join(RECORD), serde_json::to_vec_pretty(record)?)?;
        fs::write(self.directory.join("report.html"), report::html(record))?;
        let mut sums = Vec::new();
        for file in files(&self.directory)? {
            let bytes = fs::read(self.directory.join(&file))?;
            writeln!(sums, "{}  {file}", sum(&bytes))?;
        }
        let mut file = File::create(self.directory.join(SUMS))?;
        file.write_all(&sums)?;
        file.sync_all()?;
        fs::rename(&self.directory, &self.whole)?;
        Ok(self.whole)
    }
}

/// All files below a directory but that of the sums, by their paths in it, sorted.
pub(crate) fn files(directory: &Path) -> io::Result<Vec<String>> {
    let mut files = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(below) = open.pop() {
        for entry in fs::read_dir(directory.join(&below))? {
            let entry = entry?;
            let path = below.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                open.push(path);
            } else if path != Path::new(SUMS) {
                files.push(path.to_string_lossy().into_owned());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// A SHA-256, in hexadecimal.
#[must_use]
pub fn sum(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in digest(&SHA256, bytes).as_ref() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
