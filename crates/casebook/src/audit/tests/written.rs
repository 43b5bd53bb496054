//! Tickets for tests, out of a few lines: `## Heading`, bullets, tables, fences and paragraphs. It is not a reader of
//! Markdown: rules are to be tested without one.

use casebook_ticket::markup::{Block, Blocks, Cell, Inline, Item};
use casebook_ticket::{At, Name, Origin, Section, Ticket};

/// The ticket that stands in a text.
pub(super) fn ticket(text: &str) -> Ticket {
    let mut ticket =
        Ticket { origin: Origin { at: At::new(1, 1), ..Origin::default() }, sections: Vec::new() };
    let lines: Vec<(u32, &str)> = (1..).zip(text.lines()).collect();
    let mut parts = lines.split(|(_, line)| line.starts_with("## ")).peekable();
    let headings = lines.iter().filter(|(_, line)| line.starts_with("## "));
    let before = parts.next().unwrap_or_default();
    let mut add = |name, at, lines: &[(u32, &str)]| ticket.add(Section { name, at, body: blocks(lines) });
    if before.iter().any(|(_, line)| !line.trim().is_empty()) {
        add(Name::Other(String::new()), At::new(1, 1), before);
    }
    for ((number, heading), lines) in headings.zip(parts) {
        let words = heading.trim_start_matches("## ");
        let name =
            super::STANDARD.field_of(words).cloned().map_or(Name::Other(words.to_owned()), Name::Field);
        add(name, At::new(*number, 1), lines);
    }
    ticket
}

fn blocks(mut lines: &[(u32, &str)]) -> Blocks {
    let mut blocks = Blocks::new();
    while let [(number, line), rest @ ..] = lines {
        let at = At::new(*number, 1);
        let run =
            |is_more: &dyn Fn(&str) -> bool| 1 + rest.iter().take_while(|(_, line)| is_more(line)).count();
        let taken = if line.trim().is_empty() {
            1
        } else if let Some(language) = line.strip_prefix("```") {
            let end = rest.iter().position(|(_, line)| *line == "```").unwrap_or(rest.len());
            let text: Vec<_> = rest[..end].iter().map(|(_, line)| *line).collect();
            let language = (!language.is_empty()).then(|| language.to_owned());
            blocks.push(Block::Code { at: At::new(number + 1, 1).into(), language, text: text.join("\n") });
            end + 2
        } else if line.starts_with('|') {
            let taken = run(&|line| line.starts_with('|'));
            blocks.push(table(at, &lines[..taken]));
            taken
        } else if line.starts_with("- ") {
            let taken = run(&|line| line.starts_with("- "));
            let item = |(number, line): &(u32, &str)| Item {
                at: At::new(*number, 3),
                done: None,
                blocks: vec![paragraph(&[(*number, &line[2..])], 3)],
            };
            let items = lines[..taken].iter().map(item).collect();
            blocks.push(Block::List { at, start: None, items });
            taken
        } else {
            let taken = run(&|line| !line.trim().is_empty() && !line.starts_with(['|', '`', '-']));
            blocks.push(paragraph(&lines[..taken], 1));
            taken
        };
        lines = &lines[taken.min(lines.len())..];
    }
    blocks
}

fn table(at: At, lines: &[(u32, &str)]) -> Block {
    let row = |(number, line): &(u32, &str)| {
        let mut column = 2;
        let mut cells = Vec::new();
        for cell in line.trim_matches('|').split('|') {
            let place = column + (cell.len() - cell.trim_start().len()) as u32;
            column += cell.chars().count() as u32 + 1;
            let blocks = match cell.trim() {
                "" => Blocks::new(),
                text => vec![paragraph(&[(*number, text)], place)],
            };
            cells.push(Cell { at: At::new(*number, place), blocks });
        }
        cells
    };
    let is_rule = |line: &str| line.chars().all(|character| "|-: ".contains(character));
    let mut rows: Vec<_> = lines.iter().filter(|(_, line)| !is_rule(line)).map(row).collect();
    let header = if rows.is_empty() { Vec::new() } else { rows.remove(0) };
    Block::Table { at, header, rows }
}

fn paragraph(lines: &[(u32, &str)], column: u32) -> Block {
    let mut text = Vec::new();
    for (number, (line, words)) in lines.iter().enumerate() {
        if number > 0 {
            text.push(Inline::Break(At::new(*line, 1)));
        }
        let mut column = if number == 0 { column } else { 1 };
        for (part, words) in words.split('`').enumerate() {
            let at = At::new(*line, column);
            column += words.chars().count() as u32 + 1;
            match (part % 2, words) {
                (0, "") => {}
                (0, _) => text.push(Inline::Text(words.to_owned())),
                _ => text.push(Inline::Code { at, text: words.to_owned() }),
            }
        }
    }
    Block::Paragraph { at: At::new(lines[0].0, column), text }
}
