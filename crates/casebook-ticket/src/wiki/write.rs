//! Writes blocks as wiki markup.

use super::escape::{self, Around};
use super::scan;
use crate::markup::{Block, Cell, Inline, Inlines, Item, Markup, plain_blocks};

/// Where blocks stand.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a surrounding of its own")]
struct Place {
    /// Whether an empty line would end what they stand in: an item or a cell.
    tight: bool,
    /// Whether in a list's item, where lines that follow are indented so that they read as its own.
    item: bool,
    /// Whether in a table's cell.
    cell: bool,
    /// Whether in a quote.
    quoted: bool,
}

/// Which marks a text is in already.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own")]
struct Styles {
    strong: bool,
    emphasis: bool,
    strike: bool,
    link: bool,
}

/// A forced line's end: alone on a line it separates what an empty line would separate elsewhere.
const SEPARATOR: &str = "\\\\";

/// What would end a link.
const BRACKETS: [char; 2] = ['[', ']'];

pub(super) fn document(blocks: &[Block]) -> String {
    let mut writer = Writer { out: String::new(), in_address: false, line_start: 0 };
    writer.blocks(blocks, Place::default(), "");
    if !writer.out.is_empty() {
        writer.out.push('\n');
    }
    writer.out
}

struct Writer {
    out: String,
    /// Whether what was written last is an address that goes on until a space.
    in_address: bool,
    /// Where the text of the line begins that is being written.
    line_start: usize,
}

impl Writer {
    /// Writes blocks; the first one begins here. `markers` are those of the list they are in.
    fn blocks(&mut self, blocks: &[Block], place: Place, markers: &str) {
        let mut last = None;
        for block in blocks.iter().filter(|block| is_there(block, place)) {
            if let Some(last) = last {
                self.separate(last, block, place);
            }
            self.block(block, place, markers);
            last = Some(block);
        }
    }

    fn separate(&mut self, before: &Block, block: &Block, place: Place) {
        if !place.tight {
            self.out.push_str("\n\n");
            return;
        }
        let is_text = |block: &Block| match block {
            Block::Paragraph { .. } => true,
            Block::Heading { .. } | Block::Rule { .. } => place.item,
            Block::Table { .. } => place.cell,
            _ => false,
        };
        let is_grid = |block: &Block| matches!(block, Block::Table { .. }) && !place.cell;
        let leaves = matches!(before, Block::List { .. }) && !matches!(block, Block::List { .. });
        self.out.push('\n');
        if (is_text(before) && is_text(block)) || (is_grid(before) && is_grid(block)) || leaves {
            self.out.push_str(SEPARATOR);
            self.out.push('\n');
        }
        if place.item && is_text(block) {
            self.out.push_str("  ");
        }
    }

    fn block(&mut self, block: &Block, place: Place, markers: &str) {
        self.begin_line();
        match block {
            Block::Paragraph { text, .. } => self.text(text, place),
            Block::Heading { level, text, .. } if !place.item => {
                self.out.extend(["h", &(*level).clamp(1, 6).to_string(), ". "]);
                self.title(text);
            }
            Block::Heading { text, .. } => {
                let strong = [Inline::Strong(text.clone())];
                self.title(&strong);
            }
            Block::Rule { .. } if !place.item => self.out.push_str("----"),
            Block::Rule { .. } => self.out.push_str("\\----"),
            Block::List { start, items, .. } => self.list(start.is_some(), items, place, markers),
            Block::Table { header, rows, .. } if !place.cell => self.table(header, rows, place),
            Block::Table { .. } => self
                .text(&crate::markup::lines(block.at(), &plain_blocks(std::slice::from_ref(block))), place),
            Block::Code { language, text, .. } => self.code(language.as_deref(), text),
            Block::Quote { blocks, .. } if !place.quoted => {
                self.out.push_str("{quote}\n");
                self.blocks(blocks, Place { quoted: true, ..Place::default() }, "");
                self.out.push_str("\n{quote}");
            }
            Block::Quote { blocks, .. } => self.blocks(blocks, place, markers),
            Block::Raw { markup: Markup::Wiki, text, .. } => self.out.push_str(text),
            Block::Raw { text, .. } => self.code(None, text),
        }
    }

    fn begin_line(&mut self) {
        self.line_start = self.out.len();
        self.in_address = false;
    }

    fn list(&mut self, ordered: bool, items: &[Item], place: Place, markers: &str) {
        let markers = format!("{markers}{}", if ordered { '#' } else { '*' });
        let place = Place { tight: true, item: true, ..place };
        for (number, item) in items.iter().enumerate() {
            if number > 0 {
                self.out.push('\n');
            }
            self.out.push_str(&markers);
            self.out.push_str(match item.done {
                None => " ",
                Some(false) => " [ ] ",
                Some(true) => " [x] ",
            });
            let first = item.blocks.iter().find(|block| is_there(block, place));
            let begins_here = match first {
                Some(
                    Block::Paragraph { .. } | Block::Heading { .. } | Block::Code { .. } | Block::Rule { .. },
                ) => true,
                Some(Block::Quote { .. }) => !place.quoted,
                Some(Block::Table { .. }) => place.cell,
                Some(Block::Raw { markup, .. }) => *markup != Markup::Wiki,
                Some(Block::List { .. }) | None => false,
            };
            if !begins_here {
                self.out.push_str(SEPARATOR);
                if first.is_some() {
                    self.out.push('\n');
                }
            }
            self.blocks(&item.blocks, place, &markers);
        }
    }

    fn table(&mut self, header: &[Cell], rows: &[Vec<Cell>], place: Place) {
        self.row(header, "||", place);
        for (number, row) in rows.iter().enumerate() {
            if number > 0 || !header.is_empty() {
                self.out.push('\n');
            }
            self.row(row, "|", place);
        }
    }

    fn row(&mut self, cells: &[Cell], bar: &str, place: Place) {
        for cell in cells {
            self.out.push_str(bar);
            match cell.blocks[..] {
                [] => self.out.push(' '),
                // A row of dashes would make the row before it the header.
                [Block::Rule { .. }] => self.out.extend([SEPARATOR, "\n"]),
                _ => {}
            }
            self.blocks(&cell.blocks, Place { tight: true, item: false, cell: true, ..place }, "");
        }
        if !cells.is_empty() {
            self.out.push_str(bar);
        }
    }

    fn code(&mut self, language: Option<&str>, text: &str) {
        let name = match language {
            None if !text.contains("{noformat}") => "noformat",
            _ if text.contains("{code}") && !text.contains("{noformat}") => "noformat",
            _ => "code",
        };
        self.out.push('{');
        self.out.push_str(name);
        if let Some(language) = language.filter(|language| name == "code" && is_language(language)) {
            self.out.push(':');
            self.out.push_str(language);
        }
        self.out.push_str("}\n");
        // Nothing escapes a macro's end inside it.
        let end = format!("{{{name}}}");
        self.out.push_str(&text.replace(&end, &format!("{{ {name}}}")));
        self.out.push('\n');
        self.out.push_str(&end);
    }

    /// Lines of text.
    fn text(&mut self, text: &[Inline], place: Place) {
        for (number, line) in lines(text).iter().enumerate() {
            if number > 0 {
                self.out.push('\n');
                if place.item {
                    self.out.push_str("  ");
                }
                self.begin_line();
            }
            self.runs(line, None, Styles::default());
        }
    }

    /// One line of text.
    fn title(&mut self, text: &[Inline]) {
        for (number, line) in lines(text).iter().enumerate() {
            if number > 0 {
                self.out.push(' ');
            }
            self.runs(line, None, Styles::default());
        }
    }

    /// Runs, before a character.
    fn runs(&mut self, runs: &[Inline], after: Option<char>, styles: Styles) {
        for (number, run) in runs.iter().enumerate() {
            let after = runs[number + 1..].iter().find_map(first).or(after);
            self.run(run, after, styles);
        }
    }

    fn run(&mut self, run: &Inline, after: Option<char>, styles: Styles) {
        match run {
            Inline::Text(text) => {
                let begins = self.out.len() == self.line_start;
                let around = Around { before: self.before(), after, begins, in_link: styles.link };
                escape::text(text, around, &mut self.out);
                self.in_address = ends_in_address(text);
                return;
            }
            Inline::Strong(inside) if styles.strong => self.runs(inside, after, styles),
            Inline::Emphasis(inside) if styles.emphasis => self.runs(inside, after, styles),
            Inline::Strike(inside) if styles.strike => self.runs(inside, after, styles),
            Inline::Strong(inside) => self.marked('*', inside, after, Styles { strong: true, ..styles }),
            Inline::Emphasis(inside) => self.marked('_', inside, after, Styles { emphasis: true, ..styles }),
            Inline::Strike(inside) => self.marked('-', inside, after, Styles { strike: true, ..styles }),
            Inline::Code { text, .. } if text.is_empty() => {}
            Inline::Code { text, .. } => {
                self.out.push_str("{{");
                escape::code(text, &mut self.out);
                self.out.push_str("}}");
            }
            Inline::Link { text, .. } if styles.link => self.runs(text, after, styles),
            Inline::Link { url, text } => self.link(url, text, styles),
            Inline::Image { url, text }
                if styles.link && (url.contains(BRACKETS) || text.contains(BRACKETS)) =>
            {
                let (url, text) = (url.replace(BRACKETS, ""), text.replace(BRACKETS, ""));
                self.run(&Inline::Image { url, text }, after, styles);
            }
            Inline::Image { url, text } => {
                self.out.push('!');
                self.out.push_str(&without(url, &['!', '|', '\n', '{', '\\']));
                if !text.is_empty() {
                    self.out.push_str("|alt=");
                    self.out.push_str(&without(text, &['!', '|', ',', '\n', '{', '\\']));
                } else if !scan::has_extension(url) {
                    self.out.push_str("|thumbnail");
                }
                self.out.push('!');
            }
            Inline::Break(_) => self.out.push(' '),
            Inline::Raw { markup: Markup::Wiki, text } => self.out.push_str(text),
            Inline::Raw { text, .. } => {
                self.run(&Inline::Code { at: crate::At::default(), text: text.clone() }, after, styles);
            }
        }
        self.in_address = false;
    }

    /// The last character on this line.
    fn before(&self) -> Option<char> {
        self.out[self.line_start..].chars().next_back()
    }

    fn marked(&mut self, mark: char, inside: &[Inline], after: Option<char>, styles: Styles) {
        if inside.is_empty() {
            return;
        }
        let before = self.before();
        let is_tight =
            |beside: Option<char>| beside.is_some_and(|beside| beside.is_alphanumeric() || beside == mark);
        let inner = inside.iter().find_map(first);
        let is_number = mark == '-' && inner.is_some_and(char::is_numeric);
        // Marks at a line's beginning could be those of a list.
        let is_list = self.out.len() == self.line_start && inner.is_some_and(|inner| "*#-".contains(inner));
        let is_braced = self.in_address
            || last_text(inside).is_some_and(ends_in_address)
            || is_tight(before)
            || is_tight(after)
            || is_number
            || is_list;
        let mark = if is_braced { format!("{{{mark}}}") } else { mark.to_string() };
        self.out.push_str(&mark);
        self.in_address = false;
        self.runs(inside, mark.chars().next(), styles);
        self.out.push_str(&mark);
    }

    fn link(&mut self, url: &str, text: &[Inline], styles: Styles) {
        self.out.push('[');
        let is_file =
            matches!((url.strip_prefix('^'), text), (Some(file), [Inline::Text(text)]) if file == text);
        if !is_file && (!text.is_empty() || !scan::is_address(url, true)) {
            let place = self.out.len();
            self.runs(text, Some(']'), Styles { link: true, ..styles });
            if self.out.len() == place {
                escape::text(
                    url,
                    Around { before: Some('['), after: Some(']'), begins: false, in_link: true },
                    &mut self.out,
                );
            }
            self.out.push('|');
        }
        for character in url.chars() {
            match character {
                '|' => self.out.push_str("%7C"),
                '[' => self.out.push_str("%5B"),
                ']' => self.out.push_str("%5D"),
                '\\' => self.out.push_str("%5C"),
                '{' => self.out.push_str("%7B"),
                _ if character.is_whitespace() && !is_file => self.out.push_str("%20"),
                _ => self.out.push(character),
            }
        }
        self.out.push(']');
    }
}

/// The first character that a run is written with.
fn first(run: &Inline) -> Option<char> {
    match run {
        Inline::Text(text) | Inline::Raw { text, .. } => text.chars().next(),
        Inline::Strong(_) => Some('*'),
        Inline::Emphasis(_) => Some('_'),
        Inline::Strike(_) => Some('-'),
        Inline::Code { .. } => Some('{'),
        Inline::Link { .. } => Some('['),
        Inline::Image { .. } => Some('!'),
        Inline::Break(_) => Some(' '),
    }
}

/// Whether a text ends inside an address, which takes what follows for a part of itself.
fn ends_in_address(text: &str) -> bool {
    let mut at = 0;
    while let Some(colon) = text[at..].find("://").map(|skipped| at + skipped) {
        if !scan::is_address_colon(text, colon, text.len()) {
            at = colon + 3;
            continue;
        }
        at = scan::address_stop(text, colon, text.len());
        if at == text.len() {
            return true;
        }
    }
    false
}

/// The text that stands last in runs.
fn last_text(runs: &[Inline]) -> Option<&str> {
    match runs.last()? {
        Inline::Text(text) => Some(text),
        Inline::Strong(inside) | Inline::Emphasis(inside) | Inline::Strike(inside) => last_text(inside),
        _ => None,
    }
}

/// Text line by line: marks end with a line and begin again on the next one, because they do not reach over its end.
fn lines(runs: &[Inline]) -> Vec<Inlines> {
    let mut all = vec![Inlines::new()];
    let mut add = |number: usize, run: Option<Inline>| {
        if number > 0 {
            all.push(Inlines::new());
        }
        if let Some(line) = all.last_mut() {
            line.extend(run);
        }
    };
    for run in runs {
        let (inside, wrap): (_, fn(Inlines) -> Inline) = match run {
            Inline::Strong(inside) => (inside, Inline::Strong),
            Inline::Emphasis(inside) => (inside, Inline::Emphasis),
            Inline::Strike(inside) => (inside, Inline::Strike),
            Inline::Break(_) => {
                add(1, None);
                continue;
            }
            other => {
                add(0, Some(other.clone()));
                continue;
            }
        };
        for (number, line) in lines(inside).into_iter().enumerate() {
            add(number, (!line.is_empty()).then(|| wrap(line)));
        }
    }
    all
}

/// Whether a block shows at all.
fn is_there(block: &Block, place: Place) -> bool {
    match block {
        Block::Paragraph { text, .. } => !text.is_empty(),
        Block::Heading { text, .. } => !(place.item && text.is_empty()),
        Block::List { items, .. } => !items.is_empty(),
        Block::Table { header, rows, .. } => !header.is_empty() || rows.iter().any(|row| !row.is_empty()),
        Block::Quote { blocks, .. } => !blocks.is_empty(),
        Block::Raw { text, .. } => !text.is_empty(),
        Block::Code { .. } | Block::Rule { .. } => true,
    }
}

pub(super) fn is_language(language: &str) -> bool {
    !language.is_empty() && !language.contains(['|', '=', '{', '}', '\n']) && language.trim() == language
}

fn without(text: &str, characters: &[char]) -> String {
    text.replace(characters, " ")
}
