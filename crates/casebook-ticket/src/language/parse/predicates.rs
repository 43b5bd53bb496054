//! Predicates.

use std::time::Duration;

use super::super::cursor::{Cursor, Token, shown, unquoted};
use super::super::path;
use super::super::{
    Comparison, Measure, Operand, Operator, PREDICATES, Path, Predicate, Reach, Reference, StatusCode,
    SyntaxError, TextTest, VERBS, Value, ValueTest,
};
use super::operands::duration_of;
use super::statements::is_header;
use super::{unknown, usage};
use crate::message::message;

/// Larger programs than this are no test of a text.
const LARGEST_REGEX: usize = 1 << 20;

pub(super) fn predicate(cursor: &mut Cursor<'_>) -> Result<Predicate, SyntaxError> {
    let word = cursor.need(message!(a_predicate), message!(write_what_must_hold))?;
    let raw = word.raw;
    match raw {
        "status" => status(cursor).map(Predicate::Status),
        "json" => {
            let path = json_path(cursor)?;
            Ok(Predicate::Json(path, value_test(cursor, raw)?))
        }
        "header" => {
            let token = cursor.need(message!(the_headers_name), usage(raw))?;
            if !is_header(token.raw) {
                return Err(cursor.fail(
                    token,
                    message!(no_header_name, word = shown(token.raw)),
                    usage(raw),
                ));
            }
            Ok(Predicate::Header(token.raw.to_owned(), value_test(cursor, raw)?))
        }
        "elapsed" => {
            let compared = cursor.clone();
            let comparison = comparison(cursor, raw, duration_of)?;
            // Whatever it is that took time: some it took.
            if matches!(&comparison, Comparison::With(_, time) if time.is_zero()) {
                return Err(tells_nothing(&compared));
            }
            in_order(&compared, &comparison, |time: &Duration| Some(time.as_secs_f64()))?;
            Ok(Predicate::Elapsed(comparison))
        }
        "has-any" | "has-none" => text_test(cursor, raw).map(Predicate::Text),
        "text" => {
            let test = cursor.need(message!(what_text_must_be), usage(raw))?;
            if TEXT_TESTS.contains(&test.raw) {
                text_test(cursor, test.raw).map(Predicate::Text)
            } else {
                Err(unknown(cursor, test, message!(test_of_text), TEXT_TESTS))
            }
        }
        "up" => Ok(Predicate::Up),
        "down" => Ok(Predicate::Down),
        "exists" => Ok(Predicate::Exists),
        "absent" => Ok(Predicate::Absent),
        "applied" => Ok(Predicate::Applied),
        "undone" => Ok(Predicate::Undone),
        _ => {
            if let Some(measure) = Measure::ALL.iter().find(|measure| measure.word() == raw) {
                let comparison = match measure {
                    Measure::Value | Measure::Exit => numbers(cursor, raw)?,
                    _ => amount(cursor, raw)?,
                };
                return Ok(Predicate::Measure(*measure, comparison));
            }
            match reach(word) {
                Some(first) => {
                    let mut all = vec![first];
                    while let Some(next) = cursor.peek().and_then(reach) {
                        cursor.advance();
                        all.push(next);
                    }
                    Ok(Predicate::Reach(all))
                }
                None => Err(unknown_predicate(cursor, word)),
            }
        }
    }
}

fn reach(token: Token<'_>) -> Option<Reach> {
    Reach::ALL.iter().copied().find(|reach| reach.word() == token.raw)
}

fn unknown_predicate(cursor: &Cursor<'_>, word: Token<'_>) -> SyntaxError {
    if VERBS.iter().any(|verb| verb.word == word.raw) {
        return cursor.fail(word, message!(is_a_verb, word = shown(word.raw)), message!(verb_into_data));
    }
    let known: Vec<_> = PREDICATES.iter().map(|word| word.word).collect();
    unknown(cursor, word, message!(predicate_word), &known)
}

fn status(cursor: &mut Cursor<'_>) -> Result<Vec<StatusCode>, SyntaxError> {
    let mut codes = Vec::new();
    while let Some(code) = cursor.peek().and_then(|token| status_code(token.raw)) {
        cursor.advance();
        codes.push(code);
    }
    if !codes.is_empty() {
        return Ok(codes);
    }
    let token = cursor.need(message!(the_status_code), usage("status"))?;
    Err(cursor.fail(token, message!(no_status_code, word = shown(token.raw)), usage("status")))
}

fn status_code(text: &str) -> Option<StatusCode> {
    if let Some(class) = text.strip_suffix("xx") {
        return class.parse().ok().filter(|class| class != &0 && class <= &5).map(StatusCode::Class);
    }
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|code| is_plain && (100..600).contains(code)).map(StatusCode::Exact)
}

fn json_path(cursor: &mut Cursor<'_>) -> Result<Path, SyntaxError> {
    let remedy = message!(path_shape);
    let token = cursor.need(message!(the_path), remedy.clone())?;
    let read = token.raw.strip_prefix('$').map(path::read);
    match read {
        Some(Ok((path, ""))) => Ok(Path(path)),
        Some(Err(wrong)) => {
            Err(cursor.fail(token, message!(in_word, word = shown(token.raw), wrong = wrong), remedy))
        }
        _ => Err(cursor.fail(token, message!(no_path, word = shown(token.raw)), remedy)),
    }
}

const TEXT_TESTS: &[&str] = &["contains", "has-any", "has-none", "matches"];

fn value_test(cursor: &mut Cursor<'_>, word: &str) -> Result<ValueTest, SyntaxError> {
    const KNOWN: &[&str] = &[
        "exists", "absent", "=", "!=", "<", "<=", ">", ">=", "contains", "has-any", "has-none", "matches",
        "count",
    ];
    let test = cursor.need(message!(what_value_must_be), usage(word))?;
    match test.raw {
        "exists" => Ok(ValueTest::Exists),
        "absent" => Ok(ValueTest::Absent),
        "=" => value(cursor).map(ValueTest::Is),
        "!=" => value(cursor).map(ValueTest::IsNot),
        "count" => amount(cursor, "count").map(ValueTest::Count),
        raw if TEXT_TESTS.contains(&raw) => text_test(cursor, raw).map(ValueTest::Text),
        raw if operator(raw).is_some() || raw.contains("..") => {
            let compared = comparison_from(cursor, test, operand)?;
            in_order_from(cursor, test, &compared, number)?;
            Ok(ValueTest::Compare(compared))
        }
        _ => Err(unknown(cursor, test, message!(test_of_value), KNOWN)),
    }
}

fn text_test(cursor: &mut Cursor<'_>, word: &str) -> Result<TextTest, SyntaxError> {
    let first = cursor.peek();
    let mut texts = vec![cursor.string(message!(the_text), message!(text_in_quotes))?];
    if let Some(empty) = first.filter(|_| texts[0].is_empty()) {
        return Err(cursor.fail(empty, message!(empty_text), message!(write_words_looked_for)));
    }
    if word == "matches" {
        let regex = texts.remove(0);
        return match regex::RegexBuilder::new(&regex).size_limit(LARGEST_REGEX).build() {
            Ok(_) => Ok(TextTest::Matches(regex)),
            Err(error) => {
                let token = first.unwrap_or(Token { offset: 0, raw: "" });
                // The last line says what is wrong; those before draw it.
                let why = error.to_string();
                let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                let what = message!(no_regex, word = shown(token.raw), why = why);
                Err(cursor.fail(token, what, message!(mend_regex)))
            }
        };
    }
    while let Some(token) = cursor.peek().filter(Token::is_string) {
        let text = cursor.string(message!(the_text), message!(text_in_quotes))?;
        if text.is_empty() {
            return Err(cursor.fail(token, message!(empty_text), message!(write_words_looked_for)));
        }
        texts.push(text);
    }
    Ok(match word {
        "has-any" => TextTest::HasAny(texts),
        "has-none" => TextTest::HasNone(texts),
        _ => TextTest::Contains(texts),
    })
}

fn operator(text: &str) -> Option<Operator> {
    Operator::ALL.iter().copied().find(|operator| operator.sign() == text)
}

/// Reads one operand out of a word's text.
type ReadOperand<T> = fn(&Cursor<'_>, Token<'_>, &str) -> Result<T, SyntaxError>;

/// `>= 10`, `1..5`, or only `0`, which is `= 0`.
fn comparison<T>(
    cursor: &mut Cursor<'_>,
    word: &str,
    read: ReadOperand<T>,
) -> Result<Comparison<T>, SyntaxError> {
    let first = cursor.need(message!(compared_with), usage(word))?;
    comparison_from(cursor, first, read)
}

fn comparison_from<T>(
    cursor: &mut Cursor<'_>,
    first: Token<'_>,
    read: ReadOperand<T>,
) -> Result<Comparison<T>, SyntaxError> {
    if let Some(operator) = operator(first.raw) {
        let token = cursor.need(message!(compared_with), message!(behind_sign))?;
        return Ok(Comparison::With(operator, read(cursor, token, token.raw)?));
    }
    match first.raw.split_once("..") {
        Some((from, to)) if !first.raw.starts_with('$') => {
            Ok(Comparison::Range(read(cursor, first, from)?, read(cursor, first, to)?))
        }
        _ => Ok(Comparison::With(Operator::Equal, read(cursor, first, first.raw)?)),
    }
}

/// A comparison of numbers.
fn numbers(cursor: &mut Cursor<'_>, word: &str) -> Result<Comparison<Operand>, SyntaxError> {
    let compared = cursor.clone();
    let comparison = comparison(cursor, word, operand)?;
    in_order(&compared, &comparison, number)?;
    Ok(comparison)
}

/// A comparison of what is never below zero.
fn amount(cursor: &mut Cursor<'_>, word: &str) -> Result<Comparison<Operand>, SyntaxError> {
    let compared = cursor.clone();
    let comparison = numbers(cursor, word)?;
    if let Comparison::With(operator, Operand::Number(number)) = &comparison {
        // Whether it is above, there must be an answer for.
        let is_impossible = match operator {
            Operator::Less => *number <= 0.0,
            Operator::AtMost | Operator::Equal => *number < 0.0,
            _ => false,
        };
        if is_impossible {
            return Err(tells_nothing(&compared));
        }
    }
    Ok(comparison)
}

fn number(operand: &Operand) -> Option<f64> {
    match operand {
        Operand::Number(number) => Some(*number),
        Operand::Reference(_) => None,
    }
}

/// That the next words compare with what is known before anything is seen.
fn tells_nothing(compared: &Cursor<'_>) -> SyntaxError {
    let token = compared.peek().unwrap_or(Token { offset: 0, raw: "" });
    compared.fail(token, message!(known_before), message!(compare_with_more))
}

/// That a range, which the next word is, does not end before it begins.
fn in_order<T>(
    compared: &Cursor<'_>,
    comparison: &Comparison<T>,
    number: fn(&T) -> Option<f64>,
) -> Result<(), SyntaxError> {
    compared.peek().map_or(Ok(()), |token| in_order_from(compared, token, comparison, number))
}

fn in_order_from<T>(
    cursor: &Cursor<'_>,
    token: Token<'_>,
    comparison: &Comparison<T>,
    number: fn(&T) -> Option<f64>,
) -> Result<(), SyntaxError> {
    match comparison {
        Comparison::Range(from, to) if number(from) > number(to) && number(to).is_some() => {
            let what = message!(range_backwards, word = shown(token.raw));
            Err(cursor.fail(token, what, message!(smaller_first)))
        }
        _ => Ok(()),
    }
}

fn operand(cursor: &Cursor<'_>, token: Token<'_>, text: &str) -> Result<Operand, SyntaxError> {
    if let Some(reference) = Reference::whole(text) {
        return Ok(Operand::Reference(reference));
    }
    // What Rust reads beside numbers, `inf` and `NaN`, has letters; exponents are not needed.
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"-.".contains(&byte));
    match text.parse::<f64>() {
        Ok(number) if is_plain && number.is_finite() => Ok(Operand::Number(number)),
        _ => Err(cursor.fail(token, message!(no_number, word = shown(text)), message!(number_shape))),
    }
}

fn value(cursor: &mut Cursor<'_>) -> Result<Value, SyntaxError> {
    let token = cursor.need(message!(the_value), message!(value_shape))?;
    if let Some(text) = unquoted(token.raw) {
        return Ok(Value::Json(serde_json::Value::String(text)));
    }
    if let Some(reference) = Reference::whole(token.raw) {
        return Ok(Value::Reference(reference));
    }
    match serde_json::from_str(token.raw) {
        Ok(value @ (serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_))) => {
            Ok(Value::Json(value))
        }
        _ => Err(cursor.fail(token, message!(no_value, word = shown(token.raw)), message!(value_shape))),
    }
}
