//! What became of files: those that hold no tests, those that cannot be read, what is worth telling about others.

use super::super::span::{Kind, Span, sentence};
use super::super::ticket::position;
use super::super::{EACH_AT_MOST, Material, clean};
use super::{CELL_CHARACTERS, Text};

impl Text<'_> {
    pub(super) fn refused(&mut self, material: &Material) {
        if material.refused.is_empty() {
            return;
        }
        let phrases = self.phrases;
        self.page.heading(&format!("📄 {}", phrases.no_tests));
        for refused in &material.refused {
            let document = &refused.found;
            let spans = [
                Span::code(position(&refused.file, document.at, self.style.language)),
                Span::plain(format!(
                    " {}{}",
                    phrases.kind(document.kind),
                    if document.title.is_empty() { "" } else { ": " }
                )),
                Span::new(Kind::Foreign, clean::short(&document.title, CELL_CHARACTERS)),
                Span::new(Kind::Faint, format!(" ({})", self.style.said(&document.reason))),
            ];
            self.page.item(2, "• ", &spans);
        }
        self.page.line(2, &[Span::new(Kind::Faint, &*phrases.no_tests_hint)]);
    }

    pub(super) fn unreadable(&mut self, material: &Material) {
        if material.unreadable.is_empty() {
            return;
        }
        self.page.heading(&format!("⛔ {}", self.phrases.unreadable));
        for error in &material.unreadable {
            let place = position(&error.file, error.at, self.style.language);
            let mut spans = vec![Span::code(place), Span::plain(": ")];
            spans.extend(sentence(&self.style.said(&error.text)));
            self.page.item(2, "• ", &spans);
        }
    }

    pub(super) fn notes(&mut self, material: &Material) {
        if material.notes.is_empty() {
            return;
        }
        self.page.heading(&self.phrases.notes);
        for note in material.notes.iter().take(EACH_AT_MOST) {
            let mut spans = vec![
                Span::code(position(&note.file, note.found.at, self.style.language)),
                Span::plain(" "),
                Span::code(format!("[{}]", note.found.rule)),
                Span::plain(" "),
            ];
            spans.extend(sentence(&self.style.said(&note.found.text)));
            self.page.item(2, "• ", &spans);
        }
    }
}
