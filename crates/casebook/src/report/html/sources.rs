//! What became of files: those that hold no tests, those that cannot be read, what is worth telling about others.

use maud::{Markup, html};

use super::super::ticket::position;
use super::super::{Material, clean};
use super::Page;
use super::parts::{code, sentence_of};

impl Page<'_> {
    pub(super) fn refused(&self, material: &Material) -> Markup {
        let phrases = self.phrases;
        html! {
            @if !material.refused.is_empty() {
                section {
                    h2 { "📄 " (phrases.no_tests) }
                    p.faint { (phrases.no_tests_hint) }
                    ul { @for refused in &material.refused { li {
                        (code(&position(&refused.file, refused.found.at, self.style.language))) " "
                        (phrases.kind(refused.found.kind))
                        @if !refused.found.title.is_empty() { ": " bdi { (clean::short(&refused.found.title, 120)) } }
                        " "
                        span.faint { "(" (sentence_of(&self.style.said(&refused.found.reason))) ")" }
                    } } }
                }
            }
        }
    }

    pub(super) fn unreadable(&self, material: &Material) -> Markup {
        html! {
            @if !material.unreadable.is_empty() {
                section {
                    h2 { "⛔ " (self.phrases.unreadable) }
                    ul { @for error in &material.unreadable { li {
                        (code(&position(&error.file, error.at, self.style.language))) ": " (sentence_of(&self.style.said(&error.text)))
                    } } }
                }
            }
        }
    }

    pub(super) fn notes(&self, material: &Material) -> Markup {
        html! {
            @if !material.notes.is_empty() {
                section {
                    h2 { (self.phrases.notes) }
                    ul { @for note in &material.notes { li {
                        (code(&position(&note.file, note.found.at, self.style.language))) " "
                        (code(note.found.rule)) ": " (sentence_of(&self.style.said(&note.found.text)))
                    } } }
                }
            }
        }
    }
}
