//! How long work goes on: a line that is kept up to date on a terminal, else a line of the log now and then.

use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Time between two lines of the log.
const LOG_PERIOD: Duration = Duration::from_secs(10);

/// The line, or lines.
pub(crate) struct Progress {
    line: ProgressBar,
    is_terminal: bool,
    logged: Instant,
}

impl Progress {
    /// Of work that begins now.
    pub(crate) fn start() -> Self {
        let is_terminal = io::stderr().is_terminal();
        let target = if is_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let line = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{elapsed_precise}  {msg}") {
            line.set_style(style);
        }
        Self { line, is_terminal, logged: Instant::now() }
    }

    /// What has been done so far.
    pub(crate) fn show(&mut self, text: &str) {
        if self.is_terminal {
            self.line.set_message(text.to_owned());
            self.line.tick();
        } else if self.logged.elapsed() >= LOG_PERIOD {
            self.logged = Instant::now();
            tracing::info!("{text}");
        }
    }

    /// Prints something, with the line out of the way.
    pub(crate) fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        self.line.suspend(print)
    }

    /// Nothing more to tell.
    pub(crate) fn clear(self) {
        self.line.finish_and_clear();
    }

    /// What was done in all.
    pub(crate) fn end(self, text: &str) {
        self.line.finish_and_clear();
        tracing::info!("{text}");
    }
}

/// Bytes in words.
pub(crate) fn bytes(count: u64) -> String {
    let count = count as f64;
    let (value, unit) = match count {
        ..1e6 => (count / 1e3, "kB"),
        ..1e9 => (count / 1e6, "MB"),
        _ => (count / 1e9, "GB"),
    };
    format!("{value:.1} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_in_a_fitting_unit() {
        assert_eq!(bytes(0), "0.0 kB");
        assert_eq!(bytes(17_776_000), "17.8 MB");
        assert_eq!(bytes(1_066_560_000), "1.1 GB");
    }
}
