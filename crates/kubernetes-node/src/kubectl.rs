use std::io::{Seek as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// `kubectl` of a user of the cluster.
#[derive(Debug)]
pub(crate) struct Kubectl {
    pub(crate) program: PathBuf,
    /// Who the user is, and where the API server.
    pub(crate) kubeconfig: PathBuf,
    /// Where it keeps what it has learnt of the cluster.
    pub(crate) home: PathBuf,
}

impl Kubectl {
    /// What it prints, given some input.
    ///
    /// # Errors
    /// What it complains of.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Result<String, String> {
        let mut file = tempfile::tempfile().expect("a file can be made");
        file.write_all(input.as_bytes()).and_then(|()| file.rewind()).expect("a file can be written");
        let output = Command::new(&self.program)
            // The server may be frozen.
            .arg("--request-timeout=10s")
            .args(arguments)
            .env("KUBECONFIG", &self.kubeconfig)
            .env("HOME", &self.home)
            .stdin(Stdio::from(file))
            .output()
            .unwrap_or_else(|error| panic!("{} cannot be run: {error}", self.program.display()));
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}
