//! What stands in the tree of a repository: its files, and the names of its tests.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Larger files are not read: nobody writes tests of this size, but people keep data beside them.
const LARGEST: u64 = 4 << 20;

/// Files of these kinds hold tests.
const SOURCES: &[&str] = &[
    "c", "cc", "cpp", "cs", "ex", "exs", "feature", "go", "groovy", "java", "js", "jsx", "kt", "mjs", "php",
    "py", "rb", "robot", "rs", "scala", "sh", "swift", "ts", "tsx",
];

/// Folders in which nothing is looked for.
const IGNORED: &[&str] = &["target", "node_modules", "venv", "__pycache__", "dist", "build"];

/// An index of a tree. It is made once; a ticket asks for names.
#[derive(Debug, Default)]
pub struct Repository {
    /// Paths from the root, with `/`.
    files: HashSet<Box<str>>,
    /// The last parts of these.
    names: HashSet<Box<str>>,
    /// Names in sources that have "test" or "scenario" in them, in any case.
    tests: HashSet<Box<str>>,
}

impl Repository {
    /// Looks through a tree. Hidden folders, and those of build output, are left out; what cannot be read inside it is
    /// passed over.
    ///
    /// # Errors
    ///
    /// When the root itself cannot be read.
    pub fn open(root: &Path) -> io::Result<Self> {
        let mut repository = Self::default();
        let mut folders = vec![(root.to_owned(), String::new())];
        repository.folder(fs::read_dir(root)?, "", &mut folders);
        folders.remove(0);
        while let Some((folder, prefix)) = folders.pop() {
            if let Ok(entries) = fs::read_dir(&folder) {
                repository.folder(entries, &prefix, &mut folders);
            }
        }
        Ok(repository)
    }

    fn folder(&mut self, entries: fs::ReadDir, prefix: &str, folders: &mut Vec<(PathBuf, String)>) {
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && !name.starts_with('.') && !IGNORED.contains(&name.as_str()) {
                folders.push((entry.path(), format!("{prefix}{name}/")));
            } else if kind.is_file() {
                self.files.insert(format!("{prefix}{name}").into());
                let extension = name.rsplit_once('.').map(|(_, extension)| extension);
                let is_small = entry.metadata().is_ok_and(|data| data.len() <= LARGEST);
                if is_small && extension.is_some_and(|extension| SOURCES.contains(&extension)) {
                    self.source(&fs::read(entry.path()).unwrap_or_default());
                }
                self.names.insert(name.into());
            }
        }
    }

    fn source(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        for word in text.split(|character: char| !(character.is_alphanumeric() || character == '_')) {
            let lower = || word.to_ascii_lowercase();
            let is_test = word.len() > 4 && (lower().contains("test") || lower().contains("scenario"));
            if is_test && !self.tests.contains(word) {
                self.tests.insert(word.into());
            }
        }
    }

    /// Whether there is a file of this path from the root; or, for a mere name, anywhere; or whose path ends so.
    #[must_use]
    pub fn has_file(&self, path: &str) -> bool {
        let path = path.trim_start_matches("./");
        if path.contains('/') {
            self.files.contains(path)
                || self
                    .files
                    .iter()
                    .any(|file| file.strip_suffix(path).is_some_and(|before| before.ends_with('/')))
        } else {
            self.names.contains(path)
        }
    }

    /// Whether a source has a test, or a class of tests, of this name.
    #[must_use]
    pub fn has_test(&self, name: &str) -> bool {
        self.tests.contains(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_tests_of_a_tree() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("tests/deep")).unwrap();
        fs::create_dir_all(root.path().join(".git")).unwrap();
        fs::write(root.path().join(".git/test_hidden.py"), "def test_hidden(): pass").unwrap();
        fs::write(root.path().join("tests/deep/test_a.py"), "class TestA:\n    def test_one(self): ...")
            .unwrap();
        fs::write(root.path().join("notes.txt"), "test_two").unwrap();
        let repository = Repository::open(root.path()).unwrap();
        for there in
            ["tests/deep/test_a.py", "./tests/deep/test_a.py", "deep/test_a.py", "test_a.py", "notes.txt"]
        {
            assert!(repository.has_file(there), "{there}");
        }
        for missing in ["eep/test_a.py", "tests/test_a.py", "test_hidden.py", "test_b.py"] {
            assert!(!repository.has_file(missing), "{missing}");
        }
        assert!(repository.has_test("test_one") && repository.has_test("TestA"));
        assert!(!repository.has_test("test_two") && !repository.has_test("test_hidden"));
        assert!(Repository::open(&root.path().join("nowhere")).is_err());
    }
}
