//! What a ticket breaks, and how that is put back.

use std::fmt;
use std::time::Duration;

use super::cursor::quoted;
use super::{Units, Variable};

/// Something that is broken on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutation {
    /// What is done.
    pub fault: Fault,
    /// After which time it ends by itself, which only a block does; none leaves it to the environment.
    pub expiry: Option<Duration>,
}

/// What is done to break something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing gets through to a target, from one place.
    Block {
        /// What cannot be reached.
        target: Variable,
        /// From where.
        from: Variable,
    },
    /// Whatever goes to a target, from one place, is late.
    Delay {
        /// What is slow to reach.
        target: Variable,
        /// From where.
        from: Variable,
        /// How late.
        by: Duration,
    },
    /// A target is there and does nothing.
    Freeze {
        /// What.
        target: Variable,
    },
    /// A target is shut down in an orderly way.
    Stop {
        /// What.
        target: Variable,
    },
    /// A target runs in another number.
    Scale {
        /// What.
        target: Variable,
        /// How many there shall be.
        to: u32,
    },
    /// A target ends without any warning, as by `kill -9`.
    Kill {
        /// What.
        target: Variable,
    },
    /// A command of the ticket's own.
    Shell {
        /// What is run.
        command: String,
        /// What is run to put it back.
        undo: String,
    },
}

/// What puts a fault back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inverse {
    /// What was blocked or late gets through as before.
    Unblock {
        /// What can be reached again.
        target: Variable,
        /// From where.
        from: Variable,
    },
    /// What was frozen goes on.
    Thaw {
        /// What.
        target: Variable,
    },
    /// What was stopped or killed runs.
    Start {
        /// What.
        target: Variable,
    },
    /// There are as many as there were.
    Rescale {
        /// Of what.
        target: Variable,
    },
    /// The ticket's own command.
    Shell {
        /// What is run.
        command: String,
    },
}

impl Mutation {
    /// What puts it back.
    #[must_use]
    pub fn inverse(&self) -> Inverse {
        match &self.fault {
            Fault::Block { target, from } | Fault::Delay { target, from, .. } => {
                Inverse::Unblock { target: target.clone(), from: from.clone() }
            }
            Fault::Freeze { target } => Inverse::Thaw { target: target.clone() },
            Fault::Stop { target } | Fault::Kill { target } => Inverse::Start { target: target.clone() },
            Fault::Scale { target, .. } => Inverse::Rescale { target: target.clone() },
            Fault::Shell { undo, .. } => Inverse::Shell { command: undo.clone() },
        }
    }

    /// What it breaks; none for a command of the ticket's own.
    #[must_use]
    pub fn target(&self) -> Option<&Variable> {
        match &self.fault {
            Fault::Block { target, .. }
            | Fault::Delay { target, .. }
            | Fault::Freeze { target }
            | Fault::Stop { target }
            | Fault::Scale { target, .. }
            | Fault::Kill { target } => Some(target),
            Fault::Shell { .. } => None,
        }
    }

    /// From where it is felt; none where it is felt from everywhere.
    #[must_use]
    pub fn from(&self) -> Option<&Variable> {
        match &self.fault {
            Fault::Block { from, .. } | Fault::Delay { from, .. } => Some(from),
            _ => None,
        }
    }
}

impl fmt::Display for Mutation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            Fault::Block { target, from } => write!(formatter, "block {target} from {from}")?,
            Fault::Delay { target, from, by } => {
                write!(formatter, "delay {target} from {from} by {}", Units(*by))?;
            }
            Fault::Freeze { target } => write!(formatter, "freeze {target}")?,
            Fault::Stop { target } => write!(formatter, "stop {target}")?,
            Fault::Scale { target, to } => write!(formatter, "scale {target} to {to}")?,
            Fault::Kill { target } => write!(formatter, "kill {target}")?,
            Fault::Shell { command, undo } => {
                write!(formatter, "shell {} undo {}", quoted(command), quoted(undo))?;
            }
        }
        match self.expiry {
            Some(expiry) => write!(formatter, " for {}", Units(expiry)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Inverse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unblock { target, from } => write!(formatter, "let {from} reach {target} again"),
            Self::Thaw { target } => write!(formatter, "let {target} go on"),
            Self::Start { target } => write!(formatter, "start {target}"),
            Self::Rescale { target } => write!(formatter, "scale {target} to what it was"),
            Self::Shell { command } => write!(formatter, "shell {}", quoted(command)),
        }
    }
}
