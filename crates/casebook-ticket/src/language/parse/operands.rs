//! What stands behind the words: names, durations, numbers, texts.

use std::time::Duration;

use super::super::cursor::{Cursor, Token, shown};
use super::super::{DataName, StepId, SyntaxError, Template, TemplatePart, Variable, units};
use super::{step_id, usage};

/// A variable with its `$`.
pub(super) fn variable(cursor: &mut Cursor<'_>, verb: &str) -> Result<Variable, SyntaxError> {
    let token = cursor.need("A name such as `$focus`", &usage(verb))?;
    let name = token.raw.strip_prefix('$').and_then(Variable::new);
    name.ok_or_else(|| no_name(cursor, token))
}

/// A name without its `$`, under which a result is kept.
pub(super) fn bare_name(cursor: &mut Cursor<'_>, verb: &str) -> Result<Variable, SyntaxError> {
    let token = cursor.need("A name such as `before`", &usage(verb))?;
    let name = token.raw.strip_prefix('$').unwrap_or(token.raw);
    Variable::new(name).ok_or_else(|| {
        let what = format!("{} is no name", shown(token.raw));
        cursor.fail(token, what, "write lower-case letters, digits and `_`, beginning with a letter")
    })
}

fn no_name(cursor: &Cursor<'_>, token: Token<'_>) -> SyntaxError {
    let what = format!("{} is no name", shown(token.raw));
    let remedy = if token.raw.contains("://") || token.raw.starts_with(|first: char| first.is_ascii_digit()) {
        "put the address into the environment's file, and write its name with a `$`, e.g. `$focus`"
    } else {
        "write a `$` and lower-case letters, digits and `_`, e.g. `$focus`"
    };
    cursor.fail(token, what, remedy)
}

/// Something to talk to: a text that begins with a name.
pub(super) fn target(cursor: &mut Cursor<'_>, verb: &str) -> Result<Template, SyntaxError> {
    let token = cursor.need("What to talk to, e.g. `$focus`,", &usage(verb))?;
    if !token.raw.starts_with('$') {
        return Err(no_name(cursor, token));
    }
    template(cursor, token, token.raw)
}

/// A word with references in it.
pub(super) fn template(cursor: &Cursor<'_>, token: Token<'_>, text: &str) -> Result<Template, SyntaxError> {
    const REMEDY: &str = "write names as `$focus` or `$answer.json.job_id`, in lower case";
    let template = Template::read(text)
        .map_err(|wrong| cursor.fail(token, format!("In {}, {wrong}", shown(token.raw)), REMEDY))?;
    let has_quote = |part: &TemplatePart| matches!(part, TemplatePart::Text(text) if text.contains('"'));
    if token.raw.starts_with('"') || !template.0.iter().any(has_quote) {
        return Ok(template);
    }
    Err(cursor.fail(token, format!("{} has a quote in it", shown(token.raw)), "write `%22` in its place"))
}

/// Test data, if the next word is any.
pub(super) fn data(cursor: &mut Cursor<'_>) -> Result<Option<DataName>, SyntaxError> {
    let Some(token) = cursor.peek().filter(|token| token.raw.starts_with('@')) else { return Ok(None) };
    cursor.advance();
    match DataName::new(&token.raw[1..]) {
        Some(name) => Ok(Some(name)),
        None => Err(cursor.fail(
            token,
            format!("{} is no name of test data", shown(token.raw)),
            "write an `@` and lower-case letters, digits and `_`, e.g. `@live`",
        )),
    }
}

/// A duration.
pub(super) fn duration(cursor: &mut Cursor<'_>, word: &str) -> Result<Duration, SyntaxError> {
    let token = cursor.need(&format!("The duration behind `{word}`"), "write it with its unit, e.g. `5s`")?;
    duration_of(cursor, token, token.raw)
}

pub(super) fn duration_of(
    cursor: &Cursor<'_>,
    token: Token<'_>,
    text: &str,
) -> Result<Duration, SyntaxError> {
    units::duration(text).map_err(|wrong| {
        let remedy =
            "write a duration with its unit, `ms`, `s` or `m`, up to a day, e.g. `300ms`, `5s` or `2m`";
        cursor.fail(token, format!("{} {wrong}", shown(text)), remedy)
    })
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
    let token = cursor.need(&format!("`{word}`"), &usage(verb))?;
    if token.raw == word {
        return Ok(());
    }
    Err(cursor.fail(token, format!("`{word}` is expected in place of {}", shown(token.raw)), usage(verb)))
}

/// A whole number.
pub(super) fn number(cursor: &mut Cursor<'_>, word: &str) -> Result<u32, SyntaxError> {
    let token = cursor.need(&format!("The number behind `{word}`"), "write a whole number, e.g. `3`")?;
    let is_plain = token.raw.bytes().all(|byte| byte.is_ascii_digit());
    token.raw.parse().ok().filter(|_| is_plain).ok_or_else(|| {
        cursor.fail(token, format!("{} is no whole number", shown(token.raw)), "write one, e.g. `3`")
    })
}

/// A step's name; a comma or colon behind it is not part of it.
pub(super) fn step(cursor: &mut Cursor<'_>, verb: &str) -> Result<StepId, SyntaxError> {
    let token = cursor.need("The step", &usage(verb))?;
    step_id(token.raw).ok_or_else(|| {
        let what = format!("{} is no step", shown(token.raw));
        cursor.fail(token, what, "write what stands in the first column of the steps, e.g. `step 4`")
    })
}
