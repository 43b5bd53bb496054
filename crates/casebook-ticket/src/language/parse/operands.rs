//! What stands behind the words: names, durations, numbers, texts.

use std::time::Duration;

use super::super::cursor::{Cursor, Token, shown};
use super::super::{DataName, StepId, SyntaxError, Template, TemplatePart, Variable, units};
use super::{step_id, usage};
use crate::message::message;

/// A variable with its `$`.
pub(super) fn variable(cursor: &mut Cursor<'_>, verb: &str) -> Result<Variable, SyntaxError> {
    let token = cursor.need(message!(a_name), usage(verb))?;
    let name = token.raw.strip_prefix('$').and_then(Variable::new);
    name.ok_or_else(|| no_name(cursor, token))
}

/// A name without its `$`, under which a result is kept.
pub(super) fn bare_name(cursor: &mut Cursor<'_>, verb: &str) -> Result<Variable, SyntaxError> {
    let token = cursor.need(message!(a_bare_name), usage(verb))?;
    let name = token.raw.strip_prefix('$').unwrap_or(token.raw);
    Variable::new(name).ok_or_else(|| {
        cursor.fail(token, message!(no_name, word = shown(token.raw)), message!(bare_name_shape))
    })
}

fn no_name(cursor: &Cursor<'_>, token: Token<'_>) -> SyntaxError {
    let what = message!(no_name, word = shown(token.raw));
    let remedy = if token.raw.contains("://") || token.raw.starts_with(|first: char| first.is_ascii_digit()) {
        message!(address_into_environment)
    } else {
        message!(name_shape)
    };
    cursor.fail(token, what, remedy)
}

/// Something to talk to: a text that begins with a name.
pub(super) fn target(cursor: &mut Cursor<'_>, verb: &str) -> Result<Template, SyntaxError> {
    let token = cursor.need(message!(what_to_talk_to), usage(verb))?;
    if !token.raw.starts_with('$') {
        return Err(no_name(cursor, token));
    }
    template(cursor, token, token.raw)
}

/// A word with references in it.
pub(super) fn template(cursor: &Cursor<'_>, token: Token<'_>, text: &str) -> Result<Template, SyntaxError> {
    let template = Template::read(text).map_err(|wrong| {
        let what = message!(in_word, word = shown(token.raw), wrong = wrong);
        cursor.fail(token, what, message!(template_shape))
    })?;
    let has_quote = |part: &TemplatePart| matches!(part, TemplatePart::Text(text) if text.contains('"'));
    if token.raw.starts_with('"') || !template.0.iter().any(has_quote) {
        return Ok(template);
    }
    Err(cursor.fail(token, message!(quote_inside, word = shown(token.raw)), message!(quote_encoded)))
}

/// Test data, if the next word is any.
pub(super) fn data(cursor: &mut Cursor<'_>) -> Result<Option<DataName>, SyntaxError> {
    let Some(token) = cursor.peek().filter(|token| token.raw.starts_with('@')) else { return Ok(None) };
    cursor.advance();
    match DataName::new(&token.raw[1..]) {
        Some(name) => Ok(Some(name)),
        None => {
            Err(cursor.fail(token, message!(no_data_name, word = shown(token.raw)), message!(data_shape)))
        }
    }
}

/// A duration, which is not nothing.
pub(super) fn duration(cursor: &mut Cursor<'_>, word: &str) -> Result<Duration, SyntaxError> {
    let token = cursor.need(message!(duration_behind, word = word), message!(with_unit))?;
    let duration = duration_of(cursor, token, token.raw)?;
    if duration.is_zero() {
        let what = message!(no_time_at_all, word = word, duration = token.raw);
        return Err(cursor.fail(token, what, message!(longer_than_nothing)));
    }
    Ok(duration)
}

pub(super) fn duration_of(
    cursor: &Cursor<'_>,
    token: Token<'_>,
    text: &str,
) -> Result<Duration, SyntaxError> {
    units::duration(text).map_err(|wrong| cursor.fail(token, wrong, message!(duration_shape)))
}

/// What a word of the clause's is followed by, when the word is there.
pub(super) fn clause<T>(
    cursor: &mut Cursor<'_>,
    word: &str,
    read: impl FnOnce(&mut Cursor<'_>, &str) -> Result<T, SyntaxError>,
) -> Result<Option<T>, SyntaxError> {
    if cursor.accept(word) { read(cursor, word).map(Some) } else { Ok(None) }
}

/// A word that must be there.
pub(super) fn keyword(cursor: &mut Cursor<'_>, word: &str, verb: &str) -> Result<(), SyntaxError> {
    let token = cursor.need(message!(word_itself, word = word), usage(verb))?;
    if token.raw == word {
        return Ok(());
    }
    Err(cursor.fail(token, message!(expected_instead, wanted = word, word = shown(token.raw)), usage(verb)))
}

/// A whole number above zero.
pub(super) fn at_least_one(cursor: &mut Cursor<'_>, word: &str) -> Result<u32, SyntaxError> {
    let token = cursor.peek();
    match (number(cursor, word)?, token) {
        (0, Some(token)) => Err(cursor.fail(token, message!(none_at_all, word = word), message!(write_one))),
        (number, _) => Ok(number),
    }
}

/// A whole number.
pub(super) fn number(cursor: &mut Cursor<'_>, word: &str) -> Result<u32, SyntaxError> {
    let token = cursor.need(message!(number_behind, word = word), message!(write_whole_number))?;
    let is_plain = token.raw.bytes().all(|byte| byte.is_ascii_digit());
    token.raw.parse().ok().filter(|_| is_plain).ok_or_else(|| {
        cursor.fail(token, message!(no_whole_number, word = shown(token.raw)), message!(write_one))
    })
}

/// A step's name; a comma or colon behind it is not part of it.
pub(super) fn step(cursor: &mut Cursor<'_>, verb: &str) -> Result<StepId, SyntaxError> {
    let token = cursor.need(message!(the_step), usage(verb))?;
    step_id(token.raw)
        .ok_or_else(|| cursor.fail(token, message!(no_step, word = shown(token.raw)), message!(step_shape)))
}
