//! For tests and benches only: processes that do not outlive their owner.

mod server;

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use rustix::process::{
    Pid, PidfdFlags, WaitId, WaitIdOptions, WaitIdStatus, kill_process, pidfd_open, waitid,
};

pub use rustix::process::Signal;
pub use server::{Server, Serves};

/// A process that does not outlive its owner: it is killed when this is dropped, and when our own process dies.
/// In that case what it wrote goes too.
#[derive(Debug)]
pub struct Guarded {
    child: Child,
    /// Waits for the end of our process.
    guard: Child,
}

impl Guarded {
    /// Runs a command, without input. `home` is the directory that it writes to.
    ///
    /// # Panics
    /// When it cannot be run.
    #[must_use = "it ends when this is dropped"]
    pub fn spawn(command: &mut Command, home: &Path) -> Self {
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

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn send(&self, signal: Signal) {
        // Fails when the process has ended: then there is nothing to tell it.
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }

    /// Halts it: when this returns, no thread of it runs any more.
    pub fn freeze(&self) {
        self.send(Signal::STOP);
        // A thread that runs on another processor goes on for a moment. An end, too, is worth no more waiting.
        let _ = self.look(WaitIdOptions::STOPPED | WaitIdOptions::EXITED);
    }

    /// Lets it go on when it is frozen.
    pub fn thaw(&self) {
        self.send(Signal::CONT);
    }

    /// Whether it has ended, by itself or killed.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.look(WaitIdOptions::EXITED | WaitIdOptions::NOHANG).is_some()
    }

    /// Waits until it has ended, for so long at most; whether it has.
    ///
    /// # Panics
    /// When the system lets nobody wait.
    #[must_use]
    pub fn ends_within(&self, limit: Duration) -> bool {
        // Of a process that has ended too: its number is not free before it is waited for.
        let process = pidfd_open(Pid::from_child(&self.child), PidfdFlags::empty());
        let process = process.expect("a process can be watched");
        let limit = Timespec { tv_sec: limit.as_secs() as i64, tv_nsec: limit.subsec_nanos().into() };
        let ended = retry_on_intr(|| poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&limit)));
        ended.expect("a process can be waited for") > 0
    }

    /// Looks, or waits, for a change of its state.
    fn look(&self, wanted: WaitIdOptions) -> Option<WaitIdStatus> {
        // Without NOWAIT its number would be free for others from then on.
        let process = Pid::from_child(&self.child);
        let seen = retry_on_intr(|| waitid(WaitId::Pid(process), wanted | WaitIdOptions::NOWAIT));
        seen.expect("we have not waited for its end, and so it is there, if as a zombie")
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
