//! Reports as one HTML file that needs no other: it reads in light and dark, on paper and aloud.
//!
//! A ticket is text of strangers: all of it goes through `maud`, which escapes it, and a content security policy
//! forbids the page to load anything.

mod document;
mod many;
mod parts;
mod sources;
mod ticket;

use maud::{Markup, html};

use super::summary::Numbers;
use super::ticket::{TicketView, ticket_name};
use super::words::{Phrases, fill};
use super::{EACH_AT_MOST, Material, Style, clean};
use parts::{code, grade, sentence_of};

pub(super) fn write(material: &Material, style: Style) -> String {
    let phrases = Phrases::of(style.language);
    let page = Page { style, phrases };
    let title = match material.audits.as_slice() {
        [audit] if material.is_single() => {
            let name = audit.key.as_deref().unwrap_or(&phrases.unnamed);
            fill(&phrases.report_of, &[("ticket", &clean::short(name, 80))])
        }
        audits => fill(&phrases.summary_of_many, &[("count", &audits.len().to_string())]),
    };
    document::document(style.language, &title, &page.content(material, &title))
}

struct Page<'a> {
    style: Style<'a>,
    phrases: &'static Phrases,
}

impl Page<'_> {
    fn content(&self, material: &Material, title: &str) -> Markup {
        let view = |audit| TicketView::of(audit, self.style.standard, self.style.language);
        if let ([audit], true) = (material.audits.as_slice(), material.is_single()) {
            return html! { (self.ticket(&view(audit), 1)) (self.notes(material)) };
        }
        let each = self.style.each || material.audits.len() <= EACH_AT_MOST;
        html! {
            header {
                h1 { (title) }
                p.faint { (fill(&self.phrases.held_to, &[("standard", self.style.standard.name.in_language(self.style.language))])) }
            }
            @if material.audits.is_empty() {
                p { (sentence_of(&self.phrases.nothing_found)) }
            } @else {
                (self.numbers(&Numbers::of(&material.summary)))
                (self.defects(&material.summary))
                (self.fields(&material.summary))
                (self.table(&material.summary.rows, each))
            }
            (self.duplicates(material))
            (self.refused(material))
            (self.unreadable(material))
            (self.notes(material))
            @if each {
                @for (number, audit) in material.audits.iter().enumerate() {
                    @let ticket = view(audit);
                    details.ticket id={ "t" (number + 1) } {
                        summary {
                            (grade(&ticket.verdict)) " "
                            (code(&ticket_name(audit.key.as_deref(), &audit.origin, self.style.language))) " " bdi { (ticket.summary) }
                        }
                        (self.ticket(&ticket, 2))
                    }
                }
            } @else {
                p.faint { (sentence_of(&fill(&self.phrases.details_left_off, &[("count", &EACH_AT_MOST.to_string())]))) }
            }
        }
    }

    /// What a ticket is called.
    fn name(&self, key: Option<&str>) -> Markup {
        key.map_or_else(|| html! { (self.phrases.unnamed) }, |key| code(&clean::short(key, 80)))
    }
}
