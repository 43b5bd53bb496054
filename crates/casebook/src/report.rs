//! Reports of an audit: for one ticket what is there, what is missing and what is wrong; for many the numbers and a
//! table. In English and in Hebrew, for a terminal, as Markdown and HTML, and for programs as JSON and SARIF.

mod clean;
mod html;
mod json;
mod lines;
mod markdown;
mod sarif;
mod span;
mod summary;
mod text;
mod ticket;
mod words;

use casebook_ticket::{Language, Message, NoTest, Note, ReadError, Standard};

use crate::audit::{Audit, Gate, Severity};
use crate::collection::Summary;
use words::Phrases;

pub use clean::line as clean_line;
pub use json::schema;
pub use lines::{Line, lint_lines};
pub use text::{Bidi, Layout};
pub use ticket::position;
pub(crate) use ticket::{place, ticket_name};

/// Of more tickets than these a report has only the table, unless each is asked for.
pub const EACH_AT_MOST: usize = 200;

/// What reports call how bad a finding is.
#[must_use]
pub fn severity_name(severity: Severity, language: Language) -> &'static str {
    Phrases::of(language).severity(severity)
}

/// What reports call a gate, e.g. `Gate: safe`.
#[must_use]
pub fn gate_name(gate: Gate, language: Language) -> String {
    let phrases = Phrases::of(language);
    format!("{}: {}", phrases.gate, phrases.gate(Some(gate)))
}

/// What a report is about.
#[derive(Debug, Default)]
pub struct Material {
    /// All tickets together.
    pub summary: Summary,
    /// What audits said of each, in the same order.
    pub audits: Vec<Audit>,
    /// Documents that are no tests.
    pub refused: Vec<In<NoTest>>,
    /// What is worth telling about files.
    pub notes: Vec<In<Note>>,
    /// Files that cannot be read.
    pub unreadable: Vec<ReadError>,
}

/// Something that was found in a file.
#[derive(Debug)]
pub struct In<T> {
    /// The file, as it was named; empty for standard input.
    pub file: String,
    /// What was found.
    pub found: T,
}

/// What a report looks like.
#[derive(Clone, Copy, Debug)]
pub struct Style<'a> {
    /// The standard that was audited against; it has the names and texts of fields.
    pub standard: &'a Standard,
    /// The language of the report.
    pub language: Language,
    /// Whether every ticket is reported by itself also where there are many.
    pub each: bool,
}

impl Style<'_> {
    /// Whether tickets are reported one by one.
    fn shows_each(self, material: &Material) -> bool {
        self.each || material.is_single()
    }

    /// What a reader or a check says, on one line.
    fn said(self, message: &Message) -> String {
        clean::line(&message.in_language(self.language))
    }
}

impl Material {
    /// Whether it is one ticket and nothing else: its report has no summary.
    fn is_single(&self) -> bool {
        self.audits.len() == 1 && self.refused.is_empty() && self.unreadable.is_empty()
    }

    /// As lines for a terminal, with ANSI colours.
    #[must_use]
    pub fn text(&self, style: Style, layout: Layout) -> String {
        text::write(self, style, layout)
    }

    /// As Markdown that GitHub shows right, in Hebrew too.
    #[must_use]
    pub fn markdown(&self, style: Style) -> String {
        markdown::write(self, style)
    }

    /// As one HTML file that needs no other.
    #[must_use]
    pub fn html(&self, style: Style) -> String {
        html::write(self, style)
    }

    /// As JSON, ticket by ticket; [`schema`] says what stands in it.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn json(&self, style: Style, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        json::write(self, style, out)
    }

    /// As SARIF 2.1.0, which code hosts show beside the lines.
    #[must_use]
    pub fn sarif(&self, style: Style) -> String {
        sarif::write(self, style)
    }
}

#[cfg(test)]
mod tests;
