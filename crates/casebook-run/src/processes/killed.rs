use std::process::{Child, Command};

use super::ProcessId;

/// For tests: a process that ends with this.
pub(crate) struct Killed {
    pub(crate) child: Child,
    pub(crate) id: ProcessId,
}

impl Killed {
    pub(crate) fn start(command: &mut Command) -> Self {
        let child = command.spawn().unwrap();
        let id = ProcessId::of(child.id()).unwrap();
        Self { child, id }
    }

    /// One that does nothing for a minute.
    pub(crate) fn sleeper() -> Self {
        Self::start(Command::new("sleep").arg("60"))
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
