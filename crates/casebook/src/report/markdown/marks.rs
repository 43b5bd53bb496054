//! How text becomes Markdown: headings, tables, code, and nothing that an author did not mean.

use std::fmt::Write as _;

use super::super::span::{Kind, Span, sentence};
use super::Markdown;

impl Markdown<'_> {
    pub(super) fn put(&mut self, text: std::fmt::Arguments) {
        let _ = self.out.write_fmt(text);
    }

    pub(super) fn heading(&mut self, level: usize, text: &str) {
        self.put(format_args!("\n{} {text}\n", "#".repeat(level)));
    }

    pub(super) fn paragraph(&mut self, text: &str) {
        self.put(format_args!("\n{text}\n"));
    }

    pub(super) fn row_of_head(&mut self, cells: &[&str]) {
        self.out.push('\n');
        self.row(&cells.iter().map(|cell| escaped(cell)).collect::<Vec<_>>());
        self.put(format_args!("|{}\n", "---|".repeat(cells.len())));
    }

    /// Cells are escaped already, but for the pipes in code.
    pub(super) fn row(&mut self, cells: &[String]) {
        for cell in cells {
            let cell = if cell.contains('`') { in_cell(cell) } else { cell.clone() };
            self.put(format_args!("| {cell} "));
        }
        self.out.push_str("|\n");
    }

    /// Text that is kept as it is, and reads from left to right.
    pub(super) fn fenced(&mut self, text: &str) {
        let fence = "`".repeat(longest_run(text).max(2) + 1);
        if self.right_to_left {
            self.put(format_args!("\n<div dir=\"ltr\">\n\n{fence}markdown\n{text}\n{fence}\n\n</div>\n"));
        } else {
            self.put(format_args!("\n{fence}markdown\n{text}\n{fence}\n"));
        }
    }

    /// Code in a line; in Hebrew it keeps its own direction.
    pub(super) fn code(&self, text: &str) -> String {
        let fence = "`".repeat(longest_run(text) + 1);
        let padding = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
        let code = format!("{fence}{padding}{text}{padding}{fence}");
        self.apart("ltr", &code)
    }

    /// Text of a ticket's author.
    pub(super) fn foreign(&self, text: &str) -> String {
        self.apart("auto", &escaped(text))
    }

    /// What keeps its own direction in Hebrew.
    pub(super) fn apart(&self, direction: &str, text: &str) -> String {
        if self.right_to_left && !text.is_empty() {
            format!("<span dir=\"{direction}\">{text}</span>")
        } else {
            text.to_owned()
        }
    }

    pub(super) fn sentence(&self, text: &str) -> String {
        self.spans(&sentence(text))
    }

    pub(super) fn spans(&self, spans: &[Span]) -> String {
        let told = |span: &Span| match span.kind {
            Kind::Code => self.code(&span.text),
            Kind::Way if self.right_to_left => format!("<span dir=\"ltr\">{}</span>", escaped(&span.text)),
            Kind::Foreign if self.right_to_left => {
                format!("<span dir=\"auto\">{}</span>", escaped(&span.text))
            }
            _ => escaped(&span.text),
        };
        spans.iter().map(told).collect()
    }

    pub(super) fn behind_colon(&self, text: &str) -> String {
        if text.is_empty() { String::new() } else { format!(": {}", self.sentence(text)) }
    }
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

/// A table ends its cells at pipes, in code too.
fn in_cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut escaped = false;
    for character in text.chars() {
        if character == '|' && !escaped {
            out.push('\\');
        }
        escaped = character == '\\' && !escaped;
        out.push(character);
    }
    out
}

/// Text in which nothing is Markdown or HTML.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A mention would call somebody.
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '$' => {
                out.push('\\');
                out.push(character);
            }
            '\n' => out.push(' '),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_others_is_markdown_or_html() {
        assert_eq!(
            escaped("<b> *a* [x](y) | `c` @all #1"),
            "&lt;b&gt; \\*a\\* \\[x\\](y) \\| \\`c\\` &#64;all \\#1"
        );
        assert_eq!(in_cell("`a|b` \\| c"), "`a\\|b` \\| c");
    }
}
