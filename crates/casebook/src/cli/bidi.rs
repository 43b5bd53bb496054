//! Whether a terminal puts letters that are read from right to left in their places itself.

use std::env;
use std::io::{self, IsTerminal as _};

use casebook::report::Bidi;
use clap::ValueEnum;

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Order {
    /// As the terminal needs it; in files and pipes, as it is written.
    Auto,
    /// As it is written: for files, and for terminals that reorder (Konsole, macOS Terminal, mlterm).
    Logical,
    /// As it is seen: for all other terminals.
    Visual,
}

/// What standard output needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) bidi: Bidi,
    /// Whether the terminal has to be told to leave the order of letters alone for the while.
    is_told: bool,
}

/// Tells a terminal to put letters where they come (mode 8 of ECMA-48, BDSM).
const EXPLICIT: &str = "\x1b[8l";
/// Tells it to reorder them again, which such terminals do by default.
const IMPLICIT: &str = "\x1b[8h";

impl Wanted {
    /// A text with what the terminal has to be told before and behind it.
    pub(super) fn told(self, text: String) -> String {
        // English with a Hebrew title in it is reordered as well.
        if self.is_told && !text.is_ascii() { format!("{EXPLICIT}{text}{IMPLICIT}") } else { text }
    }
}

impl Order {
    /// What standard output needs, or a file.
    pub(super) fn wanted(self, into_file: bool) -> Wanted {
        match self {
            Self::Logical => Wanted { bidi: Bidi::Logical, is_told: false },
            Self::Visual => Wanted { bidi: Bidi::Visual, is_told: false },
            Self::Auto if into_file || !io::stdout().is_terminal() => {
                Wanted { bidi: Bidi::Logical, is_told: false }
            }
            Self::Auto => of_terminal(|name| env::var(name).ok()),
        }
    }
}

fn of_terminal(variable: impl Fn(&str) -> Option<String>) -> Wanted {
    let program = variable("TERM_PROGRAM").unwrap_or_default();
    let reorders_always = variable("KONSOLE_VERSION").is_some()
        || program == "Apple_Terminal"
        || variable("TERM").is_some_and(|term| term.starts_with("mlterm"));
    if reorders_always {
        return Wanted { bidi: Bidi::Logical, is_told: false };
    }
    // GNOME's terminals (VTE) and mintty reorder unless they are told not to.
    let can_be_told = variable("VTE_VERSION").is_some() || program == "mintty";
    Wanted { bidi: Bidi::Visual, is_told: can_be_told }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_that_reorder_are_known() {
        let of = |known: &[(&str, &str)]| {
            of_terminal(|name| {
                known.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
            })
        };
        let wanted = |bidi, is_told| Wanted { bidi, is_told };
        assert_eq!(of(&[("TERM", "xterm-256color")]), wanted(Bidi::Visual, false));
        assert_eq!(of(&[("KONSOLE_VERSION", "230401")]), wanted(Bidi::Logical, false));
        assert_eq!(of(&[("TERM_PROGRAM", "Apple_Terminal")]), wanted(Bidi::Logical, false));
        assert_eq!(of(&[("VTE_VERSION", "7200")]), wanted(Bidi::Visual, true));
    }
}
