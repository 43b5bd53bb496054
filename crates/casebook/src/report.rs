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

use casebook_ticket::{Language, NoTest, Note, ReadError, Standard};

use crate::audit::Audit;
use crate::collection::Summary;

pub use json::schema;
pub use lines::{Line, lint_lines};
pub use text::{Bidi, Layout};

/// Of more tickets than these a report has only the table, unless each is asked for.
pub const EACH_AT_MOST: usize = 200;

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
}

impl Material {
    /// Whether it is one ticket and nothing else: its report has no summary.
    fn is_single(&self) -> bool {
        self.audits.len() == 1 && self.refused.is_empty() && self.unreadable.is_empty()
    }

    /// Takes what a collection found: also what is wrong with tickets only beside others is said of each.
    pub fn add_summary(&mut self, summary: Summary) {
        for (audit, row) in self.audits.iter_mut().zip(&summary.rows) {
            audit.findings.extend(row.across.iter().cloned());
        }
        self.summary = summary;
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

    /// As JSON; [`schema`] says what stands in it.
    #[must_use]
    pub fn json(&self, style: Style) -> String {
        json::write(self, style)
    }

    /// As SARIF 2.1.0, which code hosts show beside the lines.
    #[must_use]
    pub fn sarif(&self, style: Style) -> String {
        sarif::write(self, style)
    }
}

#[cfg(test)]
mod tests;
