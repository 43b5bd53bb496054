use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// A process that does not outlive its owner: it is killed when this is dropped, and when our own process dies.
/// In that case what it wrote goes too.
#[derive(Debug)]
pub(crate) struct Guarded {
    child: Child,
    /// Waits for the end of our process.
    guard: Child,
}

impl Guarded {
    pub(crate) fn spawn(command: &mut Command, home: &Path) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{} cannot be run: {error}", command.get_program().display()));
        // Its input, a pipe that only we hold, ends when we do, however that happens.
        let guard = Command::new("sh")
            .args([
                "-c",
                "cat >/dev/null; kill -KILL \"$0\"; sleep 1; rm -rf \"$1\"",
                &child.id().to_string(),
            ])
            .arg(home)
            // Not among those that a test runner kills together.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let guard = guard.unwrap_or_else(|error| {
            // The first error is the one to tell.
            let _ = child.kill();
            panic!("sh cannot be run: {error}")
        });
        Self { child, guard }
    }

    pub(crate) fn send(&self, signal: Signal) {
        // Fails when the process has ended: then there is nothing to tell it.
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // The guard first: the number of an ended process may soon be another one's.
        for child in [&mut self.guard, &mut self.child] {
            // Fails when it has ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
