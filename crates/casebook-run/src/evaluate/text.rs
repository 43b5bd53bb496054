//! Texts that are searched.

use casebook_ticket::language::TextTest;
use regex::{Regex, RegexBuilder};

use super::{Judgement, Reason, quoted, shortened, wanted};
use crate::observation::LEFT_OUT;

/// Bytes that a compiled pattern may take, so that none of a ticket's takes the machine's memory.
const PATTERN_BYTES: usize = 1 << 20;

/// Holds a test against a text of which so many bytes were left out. What was found was found; that something is not
/// there can only be said of a whole text.
pub(super) fn judge(condition: &TextTest, text: &str, left_out: u64) -> Judgement {
    let lower = text.to_lowercase();
    // What stands where something was left out is ours.
    let pieces: Vec<&str> = if left_out > 0 { lower.split(LEFT_OUT).collect() } else { vec![&lower] };
    let is_in = |wanted: &&String| {
        let wanted = wanted.to_lowercase();
        pieces.iter().any(|piece| piece.contains(&wanted))
    };
    let (holds, why) = match condition {
        TextTest::Contains(texts) => {
            let lacking: Vec<String> = texts.iter().filter(|text| !is_in(text)).cloned().collect();
            (lacking.is_empty(), format!("{} is not in it", quoted(&lacking)))
        }
        TextTest::HasAny(texts) => {
            (texts.iter().any(|text| is_in(&text)), format!("none of {} is in it", quoted(texts)))
        }
        TextTest::HasNone(texts) => {
            return match texts.iter().find(is_in) {
                Some(found) => {
                    Err(Reason::Not(format!("\"{found}\" is in it: {}", line_with(text, &lower, found))))
                }
                None if left_out > 0 => Err(incomplete(condition, left_out)),
                None => Ok(()),
            };
        }
        TextTest::Matches(pattern) => match RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build() {
            Ok(pattern) if left_out > 0 => (is_within(&pattern, text), "it does not match".to_owned()),
            Ok(pattern) => (pattern.is_match(text), "it does not match".to_owned()),
            Err(error) => return Err(Reason::Unknown(format!("the pattern cannot be used: {error}"))),
        },
    };
    match holds {
        true => Ok(()),
        false if left_out > 0 => Err(incomplete(condition, left_out)),
        false if text.is_empty() => Err(Reason::Not(format!("{why}: it is empty"))),
        false => Err(Reason::Not(format!("{why}: {}", shortened(text)))),
    }
}

/// Whether a pattern matches within a piece of a text of which something was left out. Where a match reaches an end of the
/// piece, the whole text may go on otherwise.
fn is_within(pattern: &Regex, text: &str) -> bool {
    text.split(LEFT_OUT)
        .any(|piece| pattern.find_iter(piece).any(|found| found.start() > 0 && found.end() < piece.len()))
}

fn incomplete(condition: &TextTest, left_out: u64) -> Reason {
    Reason::Unknown(format!("{left_out} bytes were left out, in which {} may be", quoted(wanted(condition))))
}

/// The line in which a text was found.
fn line_with(text: &str, lower: &str, found: &str) -> String {
    let found = found.to_lowercase();
    let line =
        lower.lines().position(|line| line.contains(&found)).and_then(|number| text.lines().nth(number));
    shortened(line.unwrap_or(text).trim())
}
