//! Gherkin: `Given` is a pre-condition, `When` an action, `Then` what must be seen.
//!
//! Read leniently, because it is pasted: a `Feature:` may be missing, and so may the indentation. In English and Hebrew.

mod line;
mod parts;

use crate::markup::{Block, Blocks, Cell, Inline, Inlines, Item, plain, plain_with_map};
use crate::steps::Step;
use crate::{At, SourceMap};

use line::{DocString, DocStrings, Heading, Keyword};
pub(crate) use line::{Line, is_feature, is_gherkin};
pub(crate) use parts::{Part, parts};

/// The language of code that is Gherkin.
pub(crate) const LANGUAGE: &str = "gherkin";

/// A feature: scenarios with what they share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feature {
    /// Where it begins.
    pub at: At,
    /// Its name; empty where there is none.
    pub name: String,
    /// Text below the name, a paragraph.
    pub description: Blocks,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// What is given in every scenario.
    pub background: Vec<Clause>,
    /// Its scenarios.
    pub scenarios: Vec<Scenario>,
}

/// One scenario, or the outline of several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scenario {
    /// Where it begins.
    pub at: At,
    /// Its name; empty where there is none.
    pub name: String,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Its clauses in order.
    pub clauses: Vec<Clause>,
    /// The values of an outline's `<placeholders>`, as tables.
    pub examples: Blocks,
}

/// What stands above a feature or a scenario with an `@`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Where it begins.
    pub at: At,
    /// Its name, without the `@`.
    pub name: String,
}

/// What a clause says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `Given`: what is so before.
    Given,
    /// `When`: what is done.
    When,
    /// `Then`: what must be seen.
    Then,
}

/// One clause; `And` and `But` are of the kind of the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Where its text begins.
    pub at: At,
    /// What it says.
    pub kind: Kind,
    /// Its text, without the keyword; it may run on in further lines.
    pub text: Inlines,
    /// A table or a text below it.
    pub data: Blocks,
}

/// The features among blocks: in code, or as paragraphs. None when there is none.
#[must_use]
pub fn read(blocks: &[Block]) -> Option<Vec<Feature>> {
    let features: Vec<_> = blocks
        .iter()
        .filter_map(|block| match block {
            Block::Code { at, text, .. } if is_gherkin(text) => Some(parse(text, at)),
            Block::Paragraph { at, text } => {
                let (text, places) = plain_with_map(*at, text);
                is_gherkin(&text).then(|| parse(&text, &places))
            }
            _ => None,
        })
        .collect();
    (!features.is_empty()).then_some(features)
}

/// Parses a text that stands somewhere; what is no Gherkin in it is a description.
#[must_use]
pub fn parse(text: &str, places: &SourceMap) -> Feature {
    let feature = Feature { at: places.start(), ..Feature::default() };
    let mut parser = Parser { feature, ..Parser::default() };
    let mut doc_strings = DocStrings::default();
    let mut doc_string = (0, String::new());
    let code = |(first, mut text): (u32, String), end: u32| {
        text.pop();
        Block::Code { at: places.lines(first..end), language: None, text }
    };
    for (number, line) in (0..).zip(text.lines()) {
        let indent = line.chars().take_while(|character| character.is_whitespace()).count() as u32;
        match doc_strings.next(line) {
            DocString::Outside => parser.line(line.trim(), |column| places.at(number, indent + column)),
            DocString::Begins => doc_string = (number + 1, String::new()),
            DocString::Inside => doc_string.1.extend([line, "\n"]),
            DocString::Ends => parser.data(code(std::mem::take(&mut doc_string), number)),
        }
    }
    if doc_strings.is_open() {
        parser.data(code(doc_string, u32::MAX));
    }
    parser.feature
}

/// Where the parser stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Feature,
    Rule,
    Background,
    Scenario,
    Examples,
}

#[derive(Default)]
struct Parser {
    feature: Feature,
    place: Place,
    tags: Vec<Tag>,
    kind: Option<Kind>,
}

impl Parser {
    /// Adds a line without the spaces around it; `at` tells where its characters stand.
    fn line(&mut self, line: &str, at: impl Fn(u32) -> At) {
        match Line::of(line) {
            Line::Nothing => {}
            Line::Tags(tags) => {
                let tag = |(column, name): (u32, &str)| Tag { at: at(column), name: name.to_owned() };
                self.tags.extend(tags.into_iter().map(tag));
            }
            Line::Heading(heading, name) => self.heading(at(0), heading, name),
            Line::Clause(keyword, text) => {
                let before = line[..line.len() - text.len()].chars().count();
                self.clause(at(before as u32), keyword, text);
            }
            Line::Row(cells) => self.row(at(0), &cells),
            Line::Text(text) => self.text(at(0), text),
        }
    }

    fn heading(&mut self, at: At, heading: Heading, name: &str) {
        self.kind = None;
        let tags = std::mem::take(&mut self.tags);
        match heading {
            Heading::Feature => {
                self.place = Place::Feature;
                name.clone_into(&mut self.feature.name);
                self.feature.tags = tags;
            }
            Heading::Rule => self.place = Place::Rule,
            Heading::Background => self.place = Place::Background,
            Heading::Scenario => self.begin(at, name, tags),
            Heading::Examples => self.place = Place::Examples,
        }
    }

    fn begin(&mut self, at: At, name: &str, tags: Vec<Tag>) {
        self.place = Place::Scenario;
        self.feature.scenarios.push(Scenario { at, name: name.to_owned(), tags, ..Scenario::default() });
    }

    fn clause(&mut self, at: At, keyword: Keyword, text: &str) {
        let kind = match keyword {
            Keyword::Given => Kind::Given,
            Keyword::When => Kind::When,
            Keyword::Then => Kind::Then,
            Keyword::And => self.kind.unwrap_or(Kind::Given),
        };
        self.kind = Some(kind);
        if matches!(self.place, Place::Feature | Place::Rule | Place::Examples) {
            self.begin(at, "", Vec::new());
        }
        let clause = Clause { at, kind, text: vec![Inline::Text(text.to_owned())], data: Blocks::new() };
        self.clauses().push(clause);
    }

    fn clauses(&mut self) -> &mut Vec<Clause> {
        match (self.place, self.feature.scenarios.last_mut()) {
            (Place::Scenario | Place::Examples, Some(scenario)) => &mut scenario.clauses,
            _ => &mut self.feature.background,
        }
    }

    fn data(&mut self, block: Block) {
        if let Some(clause) = self.clauses().last_mut() {
            clause.data.push(block);
        }
    }

    fn row(&mut self, at: At, cells: &[String]) {
        let row: Vec<_> = cells
            .iter()
            .map(|cell| Cell {
                at,
                blocks: (!cell.is_empty()).then(|| Block::paragraph(at, cell)).into_iter().collect(),
            })
            .collect();
        let blocks = match (self.place, self.feature.scenarios.last_mut()) {
            (Place::Examples, Some(scenario)) => &mut scenario.examples,
            _ => match self.clauses().last_mut() {
                Some(clause) => &mut clause.data,
                None => return,
            },
        };
        match blocks.last_mut() {
            Some(Block::Table { rows, .. }) => rows.push(row),
            _ => blocks.push(Block::Table { at, header: row, rows: Vec::new() }),
        }
    }

    fn text(&mut self, at: At, text: &str) {
        let further = [Inline::Break(at), Inline::Text(text.to_owned())];
        match self.place {
            Place::Feature => match self.feature.description.last_mut() {
                Some(Block::Paragraph { text, .. }) => text.extend(further),
                _ => self.feature.description.push(Block::paragraph(at, text)),
            },
            // It describes the rule.
            Place::Rule => {}
            Place::Background | Place::Scenario | Place::Examples => {
                if let Some(clause) = self.clauses().last_mut() {
                    clause.text.extend(further);
                }
            }
        }
    }
}

impl Clause {
    fn paragraph(&self) -> Block {
        Block::Paragraph { at: self.at, text: self.text.clone() }
    }
}

impl Feature {
    /// What is given before the first action of its scenarios, each once.
    #[must_use]
    pub fn pre_conditions(&self) -> Blocks {
        let mut items: Vec<Item> = Vec::new();
        let mut at = self.at;
        let mut known = std::collections::HashSet::new();
        let scenarios = self.scenarios.iter();
        let clauses =
            scenarios.flat_map(|scenario| scenario.clauses.iter().take_while(|c| c.kind == Kind::Given));
        for clause in self.background.iter().filter(|clause| clause.kind == Kind::Given).chain(clauses) {
            if known.insert(plain(&clause.text)) {
                let blocks = std::iter::once(clause.paragraph()).chain(clause.data.iter().cloned()).collect();
                items.push(Item { at: clause.at, done: None, blocks });
            }
        }
        if let Some(first) = items.first() {
            at = first.at;
        }
        if items.is_empty() { Blocks::new() } else { vec![Block::List { at, start: None, items }] }
    }

    /// Its steps: each `When` after an expectation begins one.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for scenario in &self.scenarios {
            let mut begun = false;
            for clause in &scenario.clauses {
                let text = clause.paragraph();
                let is_new = match clause.kind {
                    Kind::Given if !begun => continue,
                    Kind::Given | Kind::When => {
                        !begun || steps.last().is_some_and(|step| !step.expected.is_empty())
                    }
                    Kind::Then => !begun,
                };
                if is_new {
                    let at = clause.at;
                    let number = Some((steps.len() + 1).to_string());
                    steps.push(Step {
                        number,
                        at,
                        action_at: at,
                        data_at: at,
                        expected_at: at,
                        ..Step::default()
                    });
                }
                begun = true;
                let Some(step) = steps.last_mut() else { continue };
                let data = clause.data.iter().cloned();
                if clause.kind == Kind::Then {
                    step.expected_at = if step.expected.is_empty() { clause.at } else { step.expected_at };
                    step.expected.push(text);
                    step.expected.extend(data);
                } else {
                    step.action.push(text);
                    step.data_at = clause.data.first().map_or(step.data_at, Block::at);
                    step.data.extend(data);
                }
            }
        }
        steps
    }

    /// The values of its outlines.
    #[must_use]
    pub fn examples(&self) -> Blocks {
        self.scenarios.iter().flat_map(|scenario| scenario.examples.iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests;
