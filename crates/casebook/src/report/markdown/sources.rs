//! What became of files: those that hold no tests, those that cannot be read, what is worth telling about others.

use super::super::ticket::position;
use super::super::{Material, clean};
use super::Markdown;

impl Markdown<'_> {
    pub(super) fn refused(&mut self, material: &Material) {
        if material.refused.is_empty() {
            return;
        }
        let phrases = self.phrases;
        self.heading(2, &format!("📄 {}", phrases.no_tests));
        self.paragraph(&phrases.no_tests_hint);
        self.out.push('\n');
        for refused in &material.refused {
            let document = &refused.found;
            let place = self.code(&position(&refused.file, document.at, self.style.language));
            let title = self.foreign(&clean::short(&document.title, 120));
            let colon = if title.is_empty() { "" } else { ": " };
            let (kind, reason) =
                (phrases.kind(document.kind), self.sentence(&self.style.said(&document.reason)));
            self.put(format_args!("- {place} {kind}{colon}{title} ({reason})\n"));
        }
    }

    pub(super) fn unreadable(&mut self, material: &Material) {
        if material.unreadable.is_empty() {
            return;
        }
        self.heading(2, &format!("⛔ {}", self.phrases.unreadable));
        self.out.push('\n');
        for error in &material.unreadable {
            let place = self.code(&position(&error.file, error.at, self.style.language));
            self.put(format_args!("- {place}: {}\n", self.sentence(&self.style.said(&error.text))));
        }
    }

    pub(super) fn notes(&mut self, material: &Material) {
        if material.notes.is_empty() {
            return;
        }
        self.heading(2, &self.phrases.notes);
        self.out.push('\n');
        for note in &material.notes {
            let place = self.code(&position(&note.file, note.found.at, self.style.language));
            let (rule, text) =
                (self.code(note.found.rule), self.sentence(&self.style.said(&note.found.text)));
            self.put(format_args!("- {place} ({rule}): {text}\n"));
        }
    }
}
