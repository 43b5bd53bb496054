//! What reading a source yields.

use std::io;

use crate::message::{Message, message};
use crate::{At, Format, Ticket};

/// A file, or what came through a pipe.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its name, for messages; empty for a pipe.
    pub name: &'a str,
    /// Its bytes, in whatever encoding.
    pub bytes: &'a [u8],
    /// What it is written in, when that is known; else it is told by name and content.
    pub format: Option<Format>,
}

/// One thing that reading found.
#[derive(Clone, Debug)]
pub enum Found {
    /// A test case.
    Ticket(Box<Ticket>),
    /// A document, or a part of one, that is no test case.
    NoTest(NoTest),
    /// Something about the source that is worth telling, e.g. that its encoding was damaged.
    Note(Note),
}

/// Why something is no test case.
#[derive(Clone, Debug)]
pub struct NoTest {
    /// Where it begins.
    pub at: At,
    /// Its title, as far as it has one.
    pub title: String,
    /// What it is instead.
    pub kind: NoTestKind,
    /// One sentence that names what it was told by.
    pub reason: Message,
}

/// What is no test case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoTestKind {
    /// An epic or a story.
    Epic,
    /// A report of a defect, or a template for one.
    Bug,
    /// A guide, a manual, notes.
    Guide,
    /// A template of a test with nothing filled in.
    Template,
    /// Nothing.
    Empty,
}

/// Something about a source.
#[derive(Clone, Debug)]
pub struct Note {
    /// Where.
    pub at: At,
    /// The rule's id, e.g. `encoding-repaired`.
    pub rule: &'static str,
    /// One sentence.
    pub text: Message,
}

/// Why a source cannot be read at all.
#[derive(Debug, thiserror::Error)]
#[error("{}{text}", place(.file, *.at))]
pub struct ReadError {
    /// The source's name.
    pub file: String,
    /// Where reading ended.
    pub at: At,
    /// What is wrong and what to do.
    pub text: Message,
}

impl ReadError {
    /// Why a file cannot even be opened, or not be read to its end.
    #[must_use]
    pub fn of_file(file: &str, error: &io::Error) -> Self {
        let text = match error.kind() {
            io::ErrorKind::PermissionDenied => message!(not_permitted),
            _ => message!(cannot_read, error = error.to_string()),
        };
        Self { file: file.to_owned(), at: At::default(), text }
    }
}

fn place(file: &str, at: At) -> String {
    match (file, at.is_known()) {
        ("", false) => String::new(),
        ("", true) => format!("{}:{}: ", at.line, at.column),
        (file, false) => format!("{file}: "),
        (file, true) => format!("{file}:{}:{}: ", at.line, at.column),
    }
}
