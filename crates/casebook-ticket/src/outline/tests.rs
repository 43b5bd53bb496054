mod analysis;
mod dialects;
mod levels;
mod no_test;
mod several;

use super::*;
use crate::markup::plain_blocks;
use crate::{Lines, arbitrary, markdown, steps, wiki};

/// What a document gives, as lines: `== ticket`, its fields and steps; `== no test: kind: reason`; notes.
fn told(text: &str) -> String {
    found(text).iter().map(tell).collect()
}

fn found(text: &str) -> Vec<Found> {
    let blocks = markdown::read(text, &Lines::new(text));
    let origin = Origin { at: At::new(1, 1), ..Origin::default() };
    tickets(blocks, &Standard::built_in(), origin)
}

fn tell(found: &Found) -> String {
    match found {
        Found::Ticket(ticket) => {
            format!("== ticket at {:?}\n{}", ticket.origin.at, told_sections(&ticket.sections))
        }
        Found::NoTest(no_test) => {
            format!(
                "== no test at {:?}: {:?}: {:?}: {}\n",
                no_test.at, no_test.kind, no_test.title, no_test.reason
            )
        }
        Found::Note(note) => format!("== note: {}\n", note.rule),
    }
}

fn told_sections(sections: &[Section]) -> String {
    let mut lines = Vec::new();
    for section in sections {
        let name = match &section.name {
            Name::Field(field) => field.id().to_owned(),
            Name::Other(words) => format!("[{words}]"),
        };
        let found = steps::read(&section.body).steps;
        if section.name == Name::Field(Field::TestSteps) && !found.is_empty() {
            let line = found.iter().map(|step| {
                let parts = [&step.action, &step.data, &step.expected];
                parts.map(|blocks| plain_blocks(blocks)).join(" / ")
            });
            let line = line.collect::<Vec<_>>().join(" // ").replace("\n\n", " ¶ ").replace('\n', " · ");
            lines.push(format!("{name}: {}", line.trim().replace("/  /", "/ /")));
        } else {
            let text = plain_blocks(&section.body).replace("\n\n", " ¶ ").replace('\n', " · ");
            lines.push(format!("{name}: {}", text.trim()));
        }
    }
    let lines: Vec<_> = lines.iter().map(|line| line.trim_end()).collect();
    lines.join("\n") + "\n"
}

proptest::proptest! {
    #[test]
    fn any_text_gives_something(text in arbitrary::source()) {
        let blocks = markdown::read(&text, &Lines::new(&text));
        let standard = Standard::built_in();
        proptest::prop_assert!(!tickets(blocks.clone(), &standard, Origin::default()).is_empty());
        let _ = (sections(blocks.clone(), At::new(1, 1), &standard), proposals(blocks.clone(), &standard), canonical(blocks, &standard));
    }
}
