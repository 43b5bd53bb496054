//! Files to read: those that are named, and those in directories that are named.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Files with these endings can hold tickets.
const ENDINGS: &[&str] = &["csv", "feature", "jira", "json", "markdown", "md", "txt", "wiki"];

/// Something to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl Input {
    /// Its name, for messages; empty for standard input.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Stdin => String::new(),
            Self::File(path) => path.strip_prefix(".").unwrap_or(path).display().to_string(),
        }
    }

    /// All of it.
    pub(super) fn read(&self) -> io::Result<Vec<u8>> {
        match self {
            Self::Stdin => {
                let mut bytes = Vec::new();
                io::stdin().lock().read_to_end(&mut bytes)?;
                Ok(bytes)
            }
            Self::File(path) => fs::read(path),
        }
    }
}

/// The inputs that paths name, in the order of the paths; those of a directory by name. Hidden files and directories
/// are passed over, and so are files in directories whose ending says that they hold no tickets, and READMEs.
///
/// # Errors
///
/// When a path is not there, or a directory cannot be read.
pub(super) fn inputs(paths: &[PathBuf]) -> Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            inputs.push(Input::Stdin);
            continue;
        }
        let data = fs::metadata(path).with_context(|| {
            format!("cannot read {}; name a file, a directory, or - for standard input", path.display())
        })?;
        if data.is_dir() {
            walk(path, &mut inputs)?;
        } else {
            inputs.push(Input::File(path.clone()));
        }
    }
    Ok(inputs)
}

/// Whether a file in a directory is looked at.
pub(super) fn is_ticket_file(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    let explains = path.file_stem().is_some_and(|name| name.eq_ignore_ascii_case("readme"));
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str())) && !explains && !is_hidden(path)
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

fn walk(directory: &Path, inputs: &mut Vec<Input>) -> Result<()> {
    // Not recursive: directories may be nested as deep as the file system lets them.
    let mut waiting = vec![directory.to_owned()];
    let mut files = Vec::new();
    while let Some(directory) = waiting.pop() {
        let unreadable = || format!("cannot read the directory {}", directory.display());
        for entry in fs::read_dir(&directory).with_context(unreadable)? {
            let entry = entry.with_context(unreadable)?;
            let path = entry.path();
            // A link to a directory could lead back up.
            let is_directory = entry.file_type().with_context(unreadable)?.is_dir();
            if is_directory && !is_hidden(&path) {
                waiting.push(path);
            } else if is_ticket_file(&path) && path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    inputs.extend(files.into_iter().map(Input::File));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_walked_in_order_and_what_is_hidden_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs::create_dir_all(root.join("b/.git")).unwrap();
        let written =
            ["z.md", "a.JSON", "picture.png", ".hidden.md", "b/c.txt", "b/.git/d.md", "b/Readme.md"];
        for name in written {
            fs::write(root.join(name), "").unwrap();
        }
        let found = inputs(&[PathBuf::from("-"), root.to_owned(), root.join("picture.png")]).unwrap();
        let names = ["a.JSON", "b/c.txt", "z.md", "picture.png"].map(|name| Input::File(root.join(name)));
        assert_eq!(found[0], Input::Stdin);
        assert_eq!(found[1..], names);
        let readme = [root.join("b/Readme.md")];
        assert_eq!(inputs(&readme).unwrap(), readme.clone().map(Input::File), "who names a file means it");
        assert!(inputs(&[root.join("no")]).unwrap_err().to_string().contains("name a file"));
    }
}
