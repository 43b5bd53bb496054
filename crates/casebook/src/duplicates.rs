//! Tickets that have too much in common: the same key, the same text, nearly the same text, test data of another.

mod meaning;
mod near;
#[cfg(test)]
mod tests;
mod words;

use std::collections::HashMap;
use std::collections::hash_map::{DefaultHasher, Entry};
use std::hash::{Hash, Hasher};

use casebook_ticket::markup::Block;
use casebook_ticket::{At, Field, Name, Ticket};

use meaning::Meaning;
use near::{Near, Sketch};
use words::{Words, keys, mixed, words};

use crate::audit::{Argument, Finding};
use crate::preconditions;

/// Takes tickets one by one and keeps only signatures of them: less than a kilobyte for each.
#[derive(Debug, Default)]
pub struct Duplicates {
    /// The key of each ticket.
    keys: Vec<Option<Box<str>>>,
    /// Where each begins.
    places: Vec<At>,
    pairs: Vec<Pair>,
    near: Near,
    /// The first ticket of a key, a text, a summary: by its hash.
    by_key: HashMap<Box<str>, usize>,
    by_text: HashMap<u64, usize>,
    by_summary: HashMap<u64, usize>,
    /// The first ticket of some test data, and where the data stands in it.
    by_data: HashMap<u64, (usize, At)>,
    /// What the first ticket that explains a pre-condition says, by id.
    by_precondition: HashMap<Box<str>, Precondition>,
}

/// What a ticket says that a pre-condition is.
#[derive(Debug)]
struct Precondition {
    meaning: Meaning,
    number: usize,
    at: At,
}

/// Two tickets that have too much in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// What they have in common.
    pub kind: Kind,
    /// The later ticket, by the order in which they came, from 0.
    pub number: usize,
    /// The earlier one. Of many that are alike each is paired with the first.
    pub earlier: usize,
    /// Where it stands in the later ticket.
    pub at: At,
    /// Where it stands in the earlier one.
    pub earlier_at: At,
    /// How much is the same, 0 to 1.
    pub similarity: f32,
    /// What is the same, when it has a name: the key, the pre-condition's id, the summary.
    pub what: String,
}

/// What two tickets have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The key.
    Key,
    /// Every word, under another key.
    Text,
    /// Nearly every word of what is done and expected.
    NearText,
    /// The test data, which names the other ticket.
    TestData,
    /// A pre-condition's id, which stands for something else in each.
    PreCondition,
    /// The summary, and not the text.
    Summary,
}

/// Fields that copies differ in, or that say nothing about what is tested.
const APART: &[Field] = &[
    Field::Key,
    Field::Summary,
    Field::Priority,
    Field::Labels,
    Field::Status,
    Field::Reporter,
    Field::Assignee,
    Field::Created,
    Field::Updated,
    Field::TestResults,
    Field::RelatedIssues,
    Field::Attachments,
];

/// Shorter test data (bytes) is the same by chance.
const DATA: usize = 16;

impl Duplicates {
    /// Adds a ticket, which is not kept.
    pub fn add(&mut self, ticket: &Ticket) {
        let number = self.keys.len();
        let key = ticket.text(&Field::Key).map(String::into_boxed_str);
        self.places.push(ticket.origin.at);
        self.keys.push(key.clone());

        let same_key = key.as_ref().and_then(|key| first(&mut self.by_key, key.clone(), number));
        let mut sketch = Sketch::new();
        let mut text = 0;
        let mut count = 0;
        let mut words = Words::new(|word| {
            text = mixed(text ^ word);
            count += 1;
            sketch.word(word);
        });
        for section in &ticket.sections {
            if !matches!(&section.name, Name::Field(field) if APART.contains(field)) {
                words.blocks(&section.body);
            }
        }
        let same_text = if count == 0 { None } else { first(&mut self.by_text, text, number) };
        let near = if same_text.is_some() { None } else { self.near.add(number, sketch) };

        if let (Some(earlier), Some(key)) = (same_key, &key) {
            let similarity = match (same_text, near) {
                (Some(same), _) if same == earlier => 1.0,
                (None, Some((same, similarity))) if same == earlier => similarity,
                _ => 0.0,
            };
            let at = section_at(ticket, &Field::Key);
            self.pair(Kind::Key, number, earlier, similarity, key).at = at;
        } else if let Some(earlier) = same_text {
            self.pair(Kind::Text, number, earlier, 1.0, "");
        } else {
            if let Some((earlier, similarity)) = near {
                self.pair(Kind::NearText, number, earlier, similarity, "");
            }
            self.summary(ticket, number);
            self.data(ticket, number);
        }
        self.preconditions(ticket, number);
    }

    /// The pairs, by the later ticket.
    #[must_use]
    pub fn finish(self) -> Vec<Pair> {
        self.pairs
    }

    fn pair(&mut self, kind: Kind, number: usize, earlier: usize, similarity: f32, what: &str) -> &mut Pair {
        let (at, earlier_at) = (self.places[number], self.places[earlier]);
        self.pairs.push(Pair { kind, number, earlier, at, earlier_at, similarity, what: what.to_owned() });
        let last = self.pairs.len() - 1;
        &mut self.pairs[last]
    }

    fn summary(&mut self, ticket: &Ticket, number: usize) {
        let Some(summary) = ticket.text(&Field::Summary) else { return };
        let hash = words(&summary).into_iter().fold(0, |hash, word| mixed(hash ^ word));
        if hash != 0
            && let Some(earlier) = first(&mut self.by_summary, hash, number)
        {
            self.pair(Kind::Summary, number, earlier, 1.0, &summary).at = section_at(ticket, &Field::Summary);
        }
    }

    /// Test data that another ticket has too, and that names a key which is not this ticket's.
    fn data(&mut self, ticket: &Ticket, number: usize) {
        let Some(section) = ticket.section(&Field::TestData) else { return };
        for block in &section.body {
            let Block::Code { at, text, .. } = block else { continue };
            if text.len() < DATA {
                continue;
            }
            let mut hasher = DefaultHasher::new();
            text.hash(&mut hasher);
            let at = at.start();
            let (earlier, earlier_at) = *self.by_data.entry(hasher.finish()).or_insert((number, at));
            let own = self.keys[number].as_deref();
            let other =
                own.and_then(|own| keys(text).find(|(_, key)| is_of_same_project(key, own) && *key != own));
            if let (true, Some((_, other))) = (earlier != number, other) {
                let pair = self.pair(Kind::TestData, number, earlier, 1.0, other);
                (pair.at, pair.earlier_at) = (at, earlier_at);
            }
        }
    }

    /// Ids of pre-conditions that an earlier ticket explains in other words.
    fn preconditions(&mut self, ticket: &Ticket, number: usize) {
        let Some(section) = ticket.section(&Field::PreConditions) else { return };
        for preconditions::Precondition { at, text, .. } in preconditions::read(&section.body) {
            let Some((offset, id)) = keys(&text).next() else { continue };
            let meaning = Meaning::new(&text[offset + id.len()..]);
            if !meaning.is_explained() {
                continue;
            }
            let known = match self.by_precondition.entry(id.into()) {
                Entry::Vacant(entry) => {
                    entry.insert(Precondition { meaning, number, at });
                    continue;
                }
                Entry::Occupied(entry) => entry.into_mut(),
            };
            if meaning.differs(&known.meaning) {
                let (earlier, earlier_at) = (known.number, known.at);
                let pair = self.pair(Kind::PreCondition, number, earlier, 0.0, id);
                (pair.at, pair.earlier_at) = (at, earlier_at);
            }
        }
    }
}

/// The earlier ticket of the same; this one is remembered when there is none.
fn first<K: Eq + Hash>(known: &mut HashMap<K, usize>, key: K, number: usize) -> Option<usize> {
    match known.entry(key) {
        Entry::Occupied(entry) => Some(*entry.get()),
        Entry::Vacant(entry) => {
            entry.insert(number);
            None
        }
    }
}

fn section_at(ticket: &Ticket, field: &Field) -> At {
    ticket.section(field).map_or(ticket.origin.at, |section| section.at)
}

fn is_of_same_project(one: &str, other: &str) -> bool {
    one.split_once('-').map(|(project, _)| project) == other.split_once('-').map(|(project, _)| project)
}

impl Kind {
    /// The rule that is broken.
    #[must_use]
    pub fn rule(self) -> &'static str {
        match self {
            Self::Key => "duplicate-key",
            Self::Text => "duplicate-ticket",
            Self::NearText => "near-duplicate",
            Self::TestData => "test-data-pasted",
            Self::PreCondition => "precondition-id-reused",
            Self::Summary => "duplicate-summary",
        }
    }

    /// The field that it is about, when it is about one.
    #[must_use]
    pub fn field(self) -> Option<Field> {
        match self {
            Self::Key => Some(Field::Key),
            Self::Summary => Some(Field::Summary),
            Self::TestData => Some(Field::TestData),
            Self::PreCondition => Some(Field::PreConditions),
            Self::Text | Self::NearText => None,
        }
    }
}

impl Pair {
    /// It as a finding about the later ticket; `other` is what the earlier one is called.
    #[must_use]
    pub fn finding(&self, other: Argument) -> Finding {
        let finding = Finding::new(self.kind.rule(), self.at)
            .in_words("other", other.en, other.he)
            .with("percent", format!("{:.0}", f64::from(self.similarity) * 100.0))
            .with("what", self.what.as_str());
        match self.kind.field() {
            Some(field) => finding.about(&field),
            None => finding,
        }
    }
}
