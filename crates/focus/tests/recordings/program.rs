use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// `focus recordings` with these arguments, about the data directory.
pub(crate) fn focus(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_focus"));
    command.arg("recordings").args(arguments).env("HOME", data).env_remove("FOCUS_CONFIG");
    if arguments[0] != "show" {
        command.arg("--data-dir").arg(data);
    }
    command
}

/// What it prints, and whether it succeeds.
pub(crate) fn told(data: &Path, arguments: &[&str]) -> (String, String, bool) {
    let Output { status, stdout, stderr } = focus(data, arguments).output().unwrap();
    (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap(), status.success())
}

/// Sorted names of what is directly in a directory, if there is one; without those of the index.
pub(crate) fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| !name.starts_with("catalogue.sqlite")).collect();
    names.sort();
    names
}
