//! From a span's text to what it says.

mod operands;
mod predicates;
mod statements;

use super::cursor::{Cursor, shown};
use super::words::{self, Word};
use super::{PREDICATES, Predicate, Statement, StepId, SyntaxError, VERBS};
use crate::At;
use crate::message::{Message, message};

/// Reads a statement, e.g. `http POST $focus/configure @live`.
///
/// # Errors
/// When the text is no statement of the language: what is wrong, and what to write.
pub fn parse_statement(text: &str, at: At) -> Result<Statement, SyntaxError> {
    let mut cursor = Cursor::new(text, at)?;
    let statement = statements::statement(&mut cursor)?;
    end(&mut cursor)?;
    Ok(statement)
}

/// Reads a predicate, e.g. `status 502 503`.
///
/// # Errors
/// When the text is no predicate of the language: what is wrong, and what to write.
pub fn parse_predicate(text: &str, at: At) -> Result<Predicate, SyntaxError> {
    let mut cursor = Cursor::new(text, at)?;
    let predicate = predicates::predicate(&mut cursor)?;
    end(&mut cursor)?;
    Ok(predicate)
}

/// Reads an assertion: a predicate and the step that it is about, e.g. `step 5: status 502 503`.
///
/// # Errors
/// When the text is none.
pub fn parse_assertion(text: &str, at: At) -> Result<(StepId, Predicate), SyntaxError> {
    let shape = || message!(assertion_shape);
    let mut cursor = Cursor::new(text, at)?;
    let first = cursor.need(message!(word_itself, word = "step"), shape())?;
    if first.raw != "step" {
        return Err(cursor.fail(first, message!(beginning), shape()));
    }
    let token = cursor.need(message!(the_step), shape())?;
    let id = token.raw.strip_suffix(':').and_then(step_id);
    let Some(id) = id else {
        let what = message!(no_step_with_colon, word = shown(token.raw));
        return Err(cursor.fail(token, what, shape()));
    };
    let predicate = predicates::predicate(&mut cursor)?;
    end(&mut cursor)?;
    Ok((id, predicate))
}

/// A step's name: letters, digits and dots.
pub(super) fn step_id(text: &str) -> Option<StepId> {
    let is_one =
        !text.is_empty() && text.chars().all(|character| character.is_alphanumeric() || character == '.');
    is_one.then(|| StepId(text.to_owned()))
}

/// That nothing is left.
fn end(cursor: &mut Cursor<'_>) -> Result<(), SyntaxError> {
    let Some(token) = cursor.advance() else { return Ok(()) };
    let what = message!(unexpected, word = shown(token.raw));
    let remedy = if token.raw == "and" || words::find(PREDICATES, token.raw).is_some() {
        message!(end_before_predicate)
    } else if words::find(VERBS, token.raw).is_some() {
        message!(end_before_statement)
    } else {
        message!(leave_it_out)
    };
    Err(cursor.fail(token, what, remedy))
}

/// How a word is used, as a remedy.
fn usage(word: &str) -> Message {
    let word: Option<&Word> = words::find(VERBS, word).or_else(|| words::find(PREDICATES, word));
    word.map_or_else(
        || message!(leave_it_out),
        |word| message!(usage, usage = word.usage, example = word.example),
    )
}

/// That a word is none of those that can stand here.
fn unknown(
    cursor: &Cursor<'_>,
    token: super::cursor::Token<'_>,
    what: Message,
    known: &[&'static str],
) -> SyntaxError {
    let nearest = words::nearest(token.raw, known.iter().copied());
    let remedy = match nearest {
        Some(nearest) => message!(write_nearest, word = nearest),
        None => message!(write_one_of, words = known.join(", ")),
    };
    SyntaxError {
        nearest,
        ..cursor.fail(token, message!(is_no, word = shown(token.raw), what = what), remedy)
    }
}
