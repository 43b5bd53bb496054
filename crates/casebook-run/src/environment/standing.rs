//! What names stand for on this machine, here and now.

use super::{Environment, Process, Target};
use crate::processes::{self, ProcessId};

/// So much of a command is told.
const TOLD: usize = 60;

impl Target {
    /// The process that it is now, where the environment names one that runs.
    #[must_use]
    pub fn running(&self) -> Option<ProcessId> {
        match self.process.as_ref()? {
            Process::Pid(pid) => ProcessId::of(*pid),
            Process::PidFile(file) => processes::in_file(file),
        }
    }
}

impl Environment {
    /// The process that a target is now, in words; none for a target without a process. A file may name another process
    /// than was meant: whoever is about to break it can see that.
    #[must_use]
    pub fn standing(&self, name: &str) -> Option<String> {
        let target = self.targets.get(name)?;
        let process = target.process.as_ref()?;
        let Some(running) = target.running() else {
            return Some(match process {
                Process::Pid(pid) => format!("no process: {pid} does not run"),
                Process::PidFile(file) => format!("no process: {} names none that runs", file.display()),
            });
        };
        let command = self.redactor.redact(&running.command());
        let mut told: String = command.chars().take(TOLD).collect();
        if told.len() < command.len() {
            told.push('…');
        }
        let below = match running.family().len() - 1 {
            0 => String::new(),
            1 => ", and 1 below it".to_owned(),
            more => format!(", and {more} below it"),
        };
        Some(format!("process {} ({told}){below}", running.pid))
    }
}
