//! What an audit of one ticket knows beside it.

use std::collections::HashMap;
use std::path::Path;

use casebook_ticket::{Field, Ticket};

use super::Repository;

/// What an audit knows beside the ticket itself.
#[derive(Debug, Default)]
pub struct Context {
    /// The tree in which automated tests and files are looked for, if one was given.
    pub repository: Option<Repository>,
}

/// The titles of all tickets that are audited together, by key.
#[derive(Debug, Default)]
pub struct Titles(HashMap<Box<str>, Box<str>>);

impl Titles {
    /// Remembers a ticket's title. Of two with one key, the first counts.
    pub fn add(&mut self, ticket: &Ticket) {
        if let (Some(key), Some(summary)) = (ticket.text(&Field::Key), ticket.text(&Field::Summary)) {
            self.0.entry(key.into()).or_insert_with(|| summary.into());
        }
    }

    /// The title of the ticket with this key, if it is known.
    #[must_use]
    pub fn of(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|title| &**title)
    }
}

impl Context {
    /// Whether a file that a ticket names is there: beside the ticket's own file, or in the repository.
    pub(super) fn has_file(&self, ticket: &Ticket, name: &str) -> bool {
        let beside = || {
            let folder = Path::new(&ticket.origin.file).parent();
            !ticket.origin.file.is_empty() && folder.is_some_and(|folder| folder.join(name).exists())
        };
        self.repository.as_ref().is_some_and(|repository| repository.has_file(name)) || beside()
    }
}
