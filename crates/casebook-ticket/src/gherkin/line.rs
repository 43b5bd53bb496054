//! One line of Gherkin.

/// What a line is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// Empty, or a comment.
    Nothing,
    /// `@one @two`
    Tags(Vec<&'a str>),
    /// `Scenario: name`
    Heading(Heading, &'a str),
    /// `Given text`
    Clause(Keyword, &'a str),
    /// `| a | b |`
    Row(Vec<String>),
    /// Anything else.
    Text(&'a str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heading {
    Feature,
    Rule,
    Background,
    Scenario,
    Examples,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keyword {
    Given,
    When,
    Then,
    And,
}

const HEADINGS: &[(&str, Heading)] = &[
    ("Feature", Heading::Feature),
    ("Rule", Heading::Rule),
    ("Background", Heading::Background),
    ("Scenario Outline", Heading::Scenario),
    ("Scenario Template", Heading::Scenario),
    ("Scenario", Heading::Scenario),
    ("Examples", Heading::Examples),
    ("Scenarios", Heading::Examples),
    ("תכונה", Heading::Feature),
    ("כלל", Heading::Rule),
    ("רקע", Heading::Background),
    ("תבנית תרחיש", Heading::Scenario),
    ("תרחיש", Heading::Scenario),
    ("דוגמאות", Heading::Examples),
];

const KEYWORDS: &[(&str, Keyword)] = &[
    ("Given", Keyword::Given),
    ("When", Keyword::When),
    ("Then", Keyword::Then),
    ("And", Keyword::And),
    ("But", Keyword::And),
    ("*", Keyword::And),
    ("בהינתן", Keyword::Given),
    ("כאשר", Keyword::When),
    ("אזי", Keyword::Then),
    ("אז", Keyword::Then),
    ("וגם", Keyword::And),
    ("אבל", Keyword::And),
];

impl<'a> Line<'a> {
    /// What a line is, without the spaces around it.
    pub(crate) fn of(line: &'a str) -> Self {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Self::Nothing;
        }
        if line.starts_with('@') && line.split_whitespace().all(|word| word.starts_with('@')) {
            return Self::Tags(line.split_whitespace().map(|word| &word[1..]).collect());
        }
        if let Some(cells) = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')) {
            return Self::Row(row(cells));
        }
        for (word, heading) in HEADINGS {
            if let Some(name) = line.strip_prefix(word).and_then(|rest| rest.trim_start().strip_prefix(':')) {
                return Self::Heading(*heading, name.trim());
            }
        }
        for (word, keyword) in KEYWORDS {
            if let Some(text) = line.strip_prefix(word)
                && text.starts_with([' ', '\t'])
            {
                return Self::Clause(*keyword, text.trim());
            }
        }
        Self::Text(line)
    }
}

/// The cells of a row; `\|` is a bar in one.
fn row(cells: &str) -> Vec<String> {
    let mut row = vec![String::new()];
    let mut characters = cells.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, row.last_mut()) {
            ('|', _) => row.push(String::new()),
            ('\\', Some(cell)) if characters.peek() == Some(&'|') => {
                characters.next();
                cell.push('|');
            }
            (character, Some(cell)) => cell.push(character),
            (_, None) => {}
        }
    }
    row.into_iter().map(|cell| cell.trim().to_owned()).collect()
}

/// Whether a text is Gherkin: it has an expectation, something before it, and begins with one of its words.
pub(crate) fn is_gherkin(text: &str) -> bool {
    let mut lines = text.lines().map(Line::of).filter(|line| !matches!(line, Line::Nothing | Line::Tags(_)));
    let begins = match lines.next() {
        Some(Line::Heading(heading, _)) => heading != Heading::Examples,
        Some(Line::Clause(keyword, _)) => matches!(keyword, Keyword::Given | Keyword::When),
        _ => return false,
    };
    begins && {
        let mut acts = text.lines().map(Line::of).filter_map(|line| match line {
            Line::Clause(keyword, _) => Some(keyword),
            _ => None,
        });
        let first = acts.next();
        matches!(first, Some(Keyword::Given | Keyword::When | Keyword::Then))
            && (first == Some(Keyword::Then)
                || acts.any(|keyword| matches!(keyword, Keyword::Then | Keyword::When)))
    }
}
