//! What a code span is: a binding, or a word of the prose around it.

mod expected;

use super::words::{self, nearest};
use super::{
    DataName, PREDICATES, Predicate, Statement, StepId, SyntaxError, VERBS, Variable, parse_assertion,
    parse_predicate, parse_statement,
};
use crate::At;

pub(super) use expected::{Stands, unchecked};

/// What a code span says.
#[derive(Clone, Debug, PartialEq)]
pub enum Meaning {
    /// Something is done.
    Statement(Statement),
    /// Something must hold.
    Predicate(Predicate),
    /// Something must hold of a step.
    Assertion(StepId, Predicate),
    /// It is meant for the language and is not of it.
    Wrong(SyntaxError),
    /// It is not meant for the language, e.g. a file's name.
    Prose,
}

/// Tells what a code span is. It is meant for the language when
///
/// - it begins with a verb or a predicate's word, and is more than that one word;
/// - it begins with a step and its number, in whatever case, and something stands behind them;
/// - it is one of the predicates of one word, e.g. `up`, or the name of a result, e.g. `$answer`;
/// - it is more than one word, and either the first is one letter away from a word of the language of five letters or
///   more, or looks like one and has other letters in it, or another is a name such as `$focus` or `@live`.
///
/// Everything else is prose.
#[must_use]
pub fn meaning(text: &str, at: At) -> Meaning {
    let mut words = text.split_whitespace();
    let Some(first) = words.next() else { return Meaning::Prose };
    let second = words.next();
    let is_one_word = second.is_none();
    if first == "step" && second.is_some_and(|second| second.ends_with(':')) || is_about_step(text) {
        return match parse_assertion(text, at) {
            Ok((step, predicate)) => Meaning::Assertion(step, predicate),
            Err(error) => Meaning::Wrong(error),
        };
    }
    let is_recall = first.strip_prefix('$').is_some_and(|name| Variable::new(name).is_some());
    if is_recall || words::find(VERBS, first).is_some() {
        return match parse_statement(text, at) {
            Ok(statement) => Meaning::Statement(statement),
            Err(_) if is_one_word => Meaning::Prose,
            Err(error) => Meaning::Wrong(error),
        };
    }
    if words::find(PREDICATES, first).is_some() {
        return match parse_predicate(text, at) {
            Ok(predicate) => Meaning::Predicate(predicate),
            Err(_) if is_one_word => Meaning::Prose,
            Err(error) => Meaning::Wrong(error),
        };
    }
    if is_one_word || !is_meant(first, text) {
        return Meaning::Prose;
    }
    unknown(text, first, at)
}

/// Whether a span begins with a step and its number, and says something of it: `Step 5: up`, `step5 status 200`.
fn is_about_step(text: &str) -> bool {
    let text: String = text.chars().filter_map(plain).collect();
    let Some((word, rest)) = text.trim_start().split_at_checked(4) else { return false };
    let rest = rest.trim_start();
    let number = rest.find(|character: char| !(character.is_alphanumeric() || character == '.'));
    let (number, rest) = rest.split_at(number.unwrap_or(rest.len()));
    word.eq_ignore_ascii_case("step")
        && number.starts_with(|first: char| first.is_ascii_digit())
        && rest.starts_with(|next: char| next == ':' || next.is_whitespace())
        && rest.contains(char::is_alphabetic)
}

/// A character as it looks: of two that look the same the one of the language, and none for what is not seen.
fn plain(character: char) -> Option<char> {
    Some(match character {
        '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}' => return None,
        'а' => 'a',
        'е' => 'e',
        'і' => 'i',
        'о' | 'ο' => 'o',
        'р' => 'p',
        'с' => 'c',
        'ѕ' => 's',
        'у' => 'y',
        'х' => 'x',
        _ => character,
    })
}

/// Whether a span of several words whose first one is unknown is meant for the language.
fn is_meant(first: &str, text: &str) -> bool {
    const LONGEST: usize = 12;
    let visible: String = first.chars().filter_map(plain).collect();
    let is_near = || {
        let first = visible.to_ascii_lowercase();
        let known = VERBS.iter().chain(PREDICATES).map(|word| word.word);
        known.filter(|word| word.len() >= 5).any(|word| words::is_nearly(&first, word))
    };
    if visible.len() <= LONGEST && is_near() {
        return true;
    }
    if visible != first && VERBS.iter().chain(PREDICATES).any(|word| word.word == visible) {
        return true;
    }
    let is_word = first.bytes().all(|byte| byte.is_ascii_alphabetic() || b"-_".contains(&byte));
    is_word && text.split_whitespace().skip(1).any(is_name)
}

/// Whether a word begins with a name, e.g. `$focus/health`, or is one of test data.
fn is_name(word: &str) -> bool {
    if let Some(name) = word.strip_prefix('@') {
        return DataName::new(name).is_some();
    }
    let Some(rest) = word.strip_prefix('$') else { return false };
    let end = rest.find(['/', '.', ':']).unwrap_or(rest.len());
    Variable::new(&rest[..end]).is_some()
}

/// What is said to a first word that is unknown; which parser says it follows from the word that was meant.
fn unknown(text: &str, first: &str, at: At) -> Meaning {
    let known = VERBS.iter().chain(PREDICATES).map(|word| word.word);
    let meant = nearest(first, known).and_then(|word| words::find(PREDICATES, word));
    let read = match meant {
        Some(_) => parse_predicate(text, at).map(Meaning::Predicate),
        None => parse_statement(text, at).map(Meaning::Statement),
    };
    read.unwrap_or_else(Meaning::Wrong)
}
