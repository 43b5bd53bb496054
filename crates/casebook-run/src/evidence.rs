//! What a run leaves behind: a directory that can be verified without the deployment.
//!
//! `run.json` is the record, `tickets/` the tickets as they were run, `steps/` what each step sent and saw, `journals/`
//! what was broken and put back, `report.html` for people, and `SHA256SUMS` the sums of all of them, in the form that
//! `sha256sum --check` takes.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};

use crate::environment::Redactor;
use crate::{RunRecord, report, seen};

/// The file of sums.
pub const SUMS: &str = "SHA256SUMS";
/// The record's file.
pub const RECORD: &str = "run.json";

/// The page for people.
pub const REPORT: &str = "report.html";

/// The standard that its tickets were read by, where it was not the built-in one.
pub const STANDARD: &str = "standard.toml";

/// What the name of evidence ends with that is not whole.
const UNFINISHED: &str = ".unfinished";

/// Evidence that is being gathered. It is in place at once, under a name that says that it is not whole yet.
#[derive(Debug)]
pub struct Evidence {
    directory: PathBuf,
    whole: PathBuf,
    /// What cannot be in it by chance, and shall not be in it at all.
    secrets: Redactor,
}

impl Evidence {
    /// Begins the evidence of a run below a directory, which is made if need be.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn begin(below: &Path, run: &str) -> io::Result<Self> {
        let (directory, whole) = (below.join(format!("{run}{UNFINISHED}")), below.join(run));
        fs::create_dir_all(directory.join("tickets"))?;
        fs::create_dir(directory.join("journals"))?;
        Ok(Self { directory, whole, secrets: Redactor::default() })
    }

    /// The same evidence, which holds none of an environment's secrets.
    #[must_use]
    pub fn hiding(self, redactor: &Redactor) -> Self {
        Self { secrets: redactor.unmistakable(), ..self }
    }

    /// Keeps a ticket's file as it was run: its place in the evidence, and its sum.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn ticket(&self, key: &str, bytes: &[u8]) -> io::Result<(String, String)> {
        let name = seen::plain(key);
        // Nobody has promised that keys are different.
        let places = std::iter::once(format!("tickets/{name}.md"))
            .chain((2..).map(|number| format!("tickets/{name}-{number}.md")));
        for place in places {
            match File::create_new(self.directory.join(&place)) {
                Ok(mut file) => {
                    file.write_all(bytes)?;
                    return Ok((place, sum(bytes)));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Keeps the standard that the tickets were read by.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn standard(&self, toml: &str) -> io::Result<()> {
        fs::write(self.directory.join(STANDARD), toml)
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
    /// When it cannot be written, or not be read again.
    pub fn finish(self, record: &RunRecord) -> io::Result<PathBuf> {
        let text = serde_json::to_string_pretty(record)?;
        // Whatever was written without being hidden: the files are those of what the record says then. And what nobody
        // can read is no evidence.
        let hidden = self.secrets.redact(&text);
        let record: RunRecord = serde_json::from_str(&hidden)?;
        self.write(RECORD, &hidden)?;
        self.write(REPORT, &report::html(&record))?;
        for file in record.cases.iter().flat_map(seen::files) {
            self.write(&file.path, &file.text)?;
        }
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

    fn write(&self, place: &str, text: &str) -> io::Result<()> {
        if let Some(name) = self.secrets.first_in(text) {
            return Err(io::Error::other(format!(
                "{place} would tell what {name} stands for; please report it"
            )));
        }
        let path = self.directory.join(place);
        fs::create_dir_all(path.parent().unwrap_or(&self.directory))?;
        fs::write(path, text)
    }
}

/// Evidence below a directory that is not whole: of runs that ended before they could write all of it, or are under way.
///
/// # Errors
///
/// When the directory is there and cannot be read.
pub fn unfinished(below: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(below) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() && path.to_string_lossy().ends_with(UNFINISHED) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{case, run};

    #[test]
    fn what_is_not_whole_has_a_name_that_says_so() {
        let below = tempfile::tempdir().unwrap();
        assert_eq!(unfinished(&below.path().join("nothing")).unwrap(), [""; 0].map(PathBuf::from));
        let evidence = Evidence::begin(below.path(), "run").unwrap();
        let lost = Evidence::begin(below.path(), "lost").unwrap();
        drop(lost);
        let names = |found: Vec<PathBuf>| {
            found.iter().map(|path| path.file_name().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(unfinished(below.path()).unwrap()), ["lost.unfinished", "run.unfinished"]);
        let mut case = case();
        (case.ticket, case.ticket_sha256) = evidence.ticket("LAB-1", b"x").unwrap();
        let whole = evidence.finish(&run(vec![case])).unwrap();
        assert_eq!(names(unfinished(below.path()).unwrap()), ["lost.unfinished"]);
        let there = files(&whole).unwrap();
        assert!(there.contains(&"steps/LAB-1/05-4-log.txt".to_owned()), "{there:?}");
    }

    #[test]
    fn no_file_tells_a_secret_that_nobody_has_hidden_before() {
        let below = tempfile::tempdir().unwrap();
        let mut redactor = Redactor::default();
        redactor.hide("hunter2<secret>", "${PLAIN}");
        redactor.hide("password", "***");
        let evidence = Evidence::begin(below.path(), "run").unwrap().hiding(&redactor);
        let mut case = case();
        (case.ticket, case.ticket_sha256) = evidence.ticket("LAB-1", b"x").unwrap();
        case.summary = "hunter2<secret> is no password".into();
        let whole = evidence.finish(&run(vec![case])).unwrap();
        for file in files(&whole).unwrap() {
            assert!(!fs::read_to_string(whole.join(&file)).unwrap().contains("hunter2"), "{file}");
        }
        let report = fs::read_to_string(whole.join(REPORT)).unwrap();
        assert!(report.contains("${PLAIN} is no password"), "a word stays");
        let told = crate::verify::verify(&whole).unwrap().contradictions.join("\n");
        assert!(!told.contains("is not what run.json says"), "{told}");
    }

    #[test]
    fn what_nobody_could_read_is_not_finished() {
        let below = tempfile::tempdir().unwrap();
        let evidence = Evidence::begin(below.path(), "run").unwrap();
        let mut case = case();
        case.steps[0].statements[0].seen.elapsed = f64::NAN;
        let refused = evidence.finish(&run(vec![case])).unwrap_err();
        assert!(refused.to_string().contains("invalid type: null"), "{refused}");
        assert!(!below.path().join("run").exists());
    }

    #[test]
    fn two_tickets_of_one_key_are_both_kept() {
        let below = tempfile::tempdir().unwrap();
        let evidence = Evidence::begin(below.path(), "run").unwrap();
        let (first, _) = evidence.ticket("../LAB-1", b"one").unwrap();
        let (second, _) = evidence.ticket("../LAB-1", b"two").unwrap();
        assert_eq!([first.as_str(), &second], ["tickets/___LAB-1.md", "tickets/___LAB-1-2.md"]);
        let cases = [(first, b"one"), (second, b"two")].map(|(ticket, bytes)| crate::CaseRecord {
            ticket,
            ticket_sha256: sum(bytes),
            ..case()
        });
        let whole = evidence.finish(&run(cases.to_vec())).unwrap();
        let told = crate::verify::verify(&whole).unwrap().contradictions.join("\n");
        assert!(!told.contains("not the one that was run"), "{told}");
        assert!(whole.join("steps/___LAB-1-2/05-4-log.txt").is_file());
    }
}
