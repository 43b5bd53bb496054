//! One line of Gherkin.

/// What a line is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// Empty, or a comment.
    Nothing,
    /// `@one @two`, each with where it stands in the line, in characters
    Tags(Vec<(u32, &'a str)>),
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
    ("Example", Heading::Scenario),
    ("Examples", Heading::Examples),
    ("Scenarios", Heading::Examples),
    ("תכונה", Heading::Feature),
    ("כלל", Heading::Rule),
    ("רקע", Heading::Background),
    ("תבנית תרחיש", Heading::Scenario),
    ("תרחיש", Heading::Scenario),
    ("דוגמא", Heading::Scenario),
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
        if line.starts_with('@')
            && let Some(tags) = tags(line)
        {
            return Self::Tags(tags);
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

/// The tags of a line that has nothing else but a comment behind them.
fn tags(line: &str) -> Option<Vec<(u32, &str)>> {
    let line = line.find(" #").map_or(line, |comment| &line[..comment]);
    if !line.split_whitespace().all(|word| word.starts_with('@')) {
        return None;
    }
    let mut column = 0;
    let tags = line.split('@').skip(1).map(|tag| {
        let begins = column;
        column += 1 + tag.chars().count() as u32;
        (begins, tag.trim_end())
    });
    Some(tags.filter(|(_, tag)| !tag.is_empty()).collect())
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

/// What a line is to the doc strings of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DocString {
    /// It stands outside.
    Outside,
    /// It begins one.
    Begins,
    /// It is one's own.
    Inside,
    /// It ends one.
    Ends,
}

/// Follows a text line by line, and tells doc strings from what is around them.
#[derive(Debug, Default)]
pub(crate) struct DocStrings(Option<&'static str>);

impl DocStrings {
    /// Whether one was begun and is not over.
    pub(crate) fn is_open(&self) -> bool {
        self.0.is_some()
    }

    /// Where the next line stands.
    pub(crate) fn next(&mut self, line: &str) -> DocString {
        let line = line.trim_start();
        match self.0 {
            Some(mark) if line.starts_with(mark) => {
                self.0 = None;
                DocString::Ends
            }
            Some(_) => DocString::Inside,
            None => {
                self.0 = ["\"\"\"", "```"].into_iter().find(|mark| line.starts_with(mark));
                if self.0.is_some() { DocString::Begins } else { DocString::Outside }
            }
        }
    }
}

/// The lines of a text outside of its doc strings.
fn outside(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut doc_strings = DocStrings::default();
    text.lines().filter(move |line| doc_strings.next(line) == DocString::Outside).map(Line::of)
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
        let mut acts = outside(text).filter_map(|line| match line {
            Line::Clause(keyword, _) => Some(keyword),
            _ => None,
        });
        let first = acts.next();
        matches!(first, Some(Keyword::Given | Keyword::When | Keyword::Then))
            && (first == Some(Keyword::Then)
                || acts.any(|keyword| matches!(keyword, Keyword::Then | Keyword::When)))
    }
}

/// Whether a text is a feature and nothing else, as it stands in a file of its own. A line with a key, or text behind
/// a clause, is one of a ticket around Gherkin; and so is a heading of Markdown, which would be a comment.
pub(crate) fn is_feature(text: &str) -> bool {
    let is_first = |line: &&str| {
        let is_language = || line.trim_start_matches([' ', '\t', '#']).starts_with("language:");
        match Line::of(line) {
            Line::Nothing => !line.trim().is_empty() && !is_language(),
            Line::Tags(_) => false,
            _ => true,
        }
    };
    let first = text.lines().find(is_first).map(Line::of);
    if !matches!(first, Some(Line::Heading(Heading::Feature, _))) || !is_gherkin(text) {
        return false;
    }
    let mut describes = false;
    outside(text).all(|line| {
        match line {
            Line::Heading(..) => describes = true,
            Line::Clause(..) | Line::Row(_) => describes = false,
            Line::Text(text) => return describes && !text.contains(':'),
            Line::Nothing | Line::Tags(_) => {}
        }
        true
    })
}
