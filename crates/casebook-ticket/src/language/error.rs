//! A span that is meant for the language and is not of it.

use crate::At;
use crate::message::Message;

/// Why a span cannot be read: what is wrong, where, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {remedy}")]
pub struct SyntaxError {
    /// The word that is wrong.
    pub at: At,
    /// What is wrong with it, without a stop.
    pub what: Message,
    /// What to do, without a stop.
    pub remedy: Message,
    /// The word that was probably meant.
    pub nearest: Option<&'static str>,
}
