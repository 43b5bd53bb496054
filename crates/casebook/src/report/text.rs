//! Reports for a terminal.

mod bidi;
mod kinds;
mod many;
mod page;
mod sources;
mod ticket;

use casebook_ticket::Language;

pub use bidi::Bidi;
pub use page::Layout;
pub(super) use page::behind;

use super::ticket::TicketView;
use super::words::Phrases;
use super::{Material, Style};
use page::Page;

/// The longest summary in a table.
const CELL_CHARACTERS: usize = 60;

pub(super) fn write(material: &Material, style: Style, layout: Layout) -> String {
    let page = Page::new(layout, style.language == Language::He);
    let mut report = Text { page, style, phrases: Phrases::of(style.language) };
    if !material.is_single() {
        report.many(material);
    }
    if style.shows_each(material) {
        for audit in &material.audits {
            report.page.blank();
            report.ticket(&TicketView::of(audit, style.standard, style.language));
        }
    }
    report.notes(material);
    report.page.finish()
}

struct Text<'a> {
    page: Page,
    style: Style<'a>,
    phrases: &'static Phrases,
}
