//! Reports in Markdown, as GitHub shows it.

mod many;
mod marks;
mod sources;
mod ticket;

use casebook_ticket::Language;

use super::ticket::TicketView;
use super::words::Phrases;
use super::{Material, Style};

pub(super) fn write(material: &Material, style: Style) -> String {
    let phrases = Phrases::of(style.language);
    let mut report =
        Markdown { out: String::new(), style, phrases, right_to_left: style.language == Language::He };
    if report.right_to_left {
        report.out.push_str("<div dir=\"rtl\">\n");
    }
    if !material.is_single() {
        report.many(material);
    }
    if style.shows_each(material) {
        for audit in &material.audits {
            report.ticket(&TicketView::of(audit, style.standard, style.language));
        }
    }
    report.notes(material);
    if report.right_to_left {
        report.out.push_str("\n</div>\n");
    }
    report.out.trim_start().to_owned()
}

struct Markdown<'a> {
    out: String,
    style: Style<'a>,
    phrases: &'static Phrases,
    right_to_left: bool,
}
