//! UTF-8 that was taken for an encoding of one byte a character, and encoded again: `Ã©` for `é`.
//!
//! Text that is right is left alone: what such damage yields is told from what people write by what cannot follow a
//! letter in any language (`Ã©`, `â€™`), and by several in a row that come out in one script. What is doubtful by
//! itself is repaired where what is around it leaves no doubt, so that a pasted part is repaired and not the rest.

use memchr::memmem;

use super::codepage::{Codepage, Kind};
use super::edits::Edits;
use super::unit::{Unit, What, units};

/// How many lines away what is beyond doubt says something about what is not.
const NEAR: usize = 40;

/// A repaired text.
#[derive(Debug, Default)]
pub(super) struct Repaired {
    pub(super) text: String,
    /// The offsets in the text of each U+FFFD that stands for something lost, and what it can have been.
    pub(super) lost: Vec<(usize, Vec<char>)>,
    /// Offsets in the text of the characters that were put right without doubt.
    pub(super) mended: Vec<usize>,
    pub(super) edits: Edits,
}

/// Units of one line with nothing between them that contradicts damage.
struct Stretch {
    line: usize,
    /// Where the line begins in the text.
    start: usize,
    units: Vec<Unit>,
    /// How much there was before it that contradicts damage.
    contradictions: usize,
    /// Whether there is something in it that leaves no doubt.
    is_certain: bool,
}

/// Repairs what is damaged; none when nothing is.
pub(super) fn repair(text: &str, codepage: Codepage) -> Option<Repaired> {
    if !is_suspect(text, codepage) {
        return None;
    }
    let stretches = stretches(text, codepage);
    let is_damaged: Vec<_> = (0..stretches.len()).map(|number| is_damaged(&stretches, number)).collect();
    if !is_damaged.contains(&true) {
        return None;
    }
    let mut out = Repaired { text: String::with_capacity(text.len()), ..Repaired::default() };
    let mut done = 0;
    let damaged = stretches.iter().zip(is_damaged).filter(|(_, is_damaged)| *is_damaged);
    for (stretch, unit) in
        damaged.flat_map(|(stretch, _)| stretch.units.iter().map(move |unit| (stretch, unit)))
    {
        let before = stretch.start + unit.start..stretch.start + unit.end;
        out.text.push_str(&text[done..before.start]);
        done = before.end;
        let start = out.text.len();
        match &unit.what {
            What::Whole { character, .. } => {
                out.mended.push(start);
                out.text.push(*character);
            }
            What::Lossy { candidates, .. } => {
                out.lost.push((start, candidates.clone()));
                out.text.push(char::REPLACEMENT_CHARACTER);
            }
            What::Foreign => {}
        }
        out.edits.push(before, start..out.text.len());
    }
    out.text.push_str(&text[done..]);
    Some(out)
}

/// Whether there is anything that looks like a byte which begins a character and one which goes on. Fast, because
/// nearly all texts are not damaged.
fn is_suspect(text: &str, codepage: Codepage) -> bool {
    let bytes = text.as_bytes();
    match codepage {
        Codepage::Western => memchr::memchr3_iter(0xC3, 0xC4, 0xC5, bytes).any(|at| {
            // What stands for a byte that goes on is encoded with one of these first.
            matches!(bytes.get(at + 2), Some(0xC2 | 0xC3 | 0xC5 | 0xC6 | 0xCB | 0xE2 | 0xEF))
        }),
        Codepage::Hebrew => ["׳", "ג€", "נŸ", "ן»", "גœ", "ג„"].iter().any(|lead| {
            memmem::find_iter(bytes, lead.as_bytes()).any(|at| !bytes[at + lead.len()..].is_empty())
        }),
    }
}

fn stretches(text: &str, codepage: Codepage) -> Vec<Stretch> {
    let spaces = memmem::find(text.as_bytes(), "\u{A0}".as_bytes()).is_none();
    let mut found = Vec::new();
    let mut contradictions = 0;
    let mut start = 0;
    for (line, content) in text.split_inclusive('\n').enumerate() {
        let mut units = units(content, codepage, spaces);
        if units.iter().all(|unit| matches!(unit.what, What::Foreign)) {
            contradictions += units.len();
            start += content.len();
            continue;
        }
        refuse_lone(content, &mut units);
        let mut stretch = Vec::new();
        let mut end_of = |units: Vec<Unit>, contradictions| {
            if !units.is_empty() {
                let is_certain = is_certain(&units, codepage);
                found.push(Stretch { line, start, units, contradictions, is_certain });
            }
        };
        for unit in units {
            if matches!(unit.what, What::Foreign) {
                end_of(std::mem::take(&mut stretch), contradictions);
                contradictions += 1;
            } else {
                stretch.push(unit);
            }
        }
        end_of(stretch, contradictions);
        start += content.len();
    }
    found
}

/// A single letter that may be what is left of another is taken for what it is, unless it touches damage or stands where
/// no capital does: `Ä` in `Ärger`. `×` is no letter, and is judged by what stands around it.
fn refuse_lone(line: &str, units: &mut [Unit]) {
    for number in 0..units.len() {
        let What::Lossy { candidates, .. } = &units[number].what else { continue };
        let kind = candidates.first().copied().and_then(Kind::of);
        let touches = |other: usize| units.get(other).is_some_and(|other| other.what.kind() == kind);
        let (start, end) = (units[number].start, units[number].end);
        let is_touched = (number > 0 && units[number - 1].end == start && touches(number - 1))
            || (units.get(number + 1).is_some_and(|next| next.start == end) && touches(number + 1));
        let digit = |character: Option<char>| character.is_some_and(|character| character.is_ascii_digit());
        let is_times = digit(line[..start].trim_end().chars().next_back())
            && digit(line[end..].trim_start().chars().next());
        let is_kept = match kind {
            Some(Kind::Hebrew) => is_touched || !is_times,
            Some(Kind::Sign | Kind::Emoji) => true,
            Some(Kind::Latin) => {
                is_touched || line[..start].chars().next_back().is_some_and(char::is_lowercase)
            }
            _ => is_touched,
        };
        if !is_kept {
            units[number].what = What::Foreign;
        }
    }
}

/// Whether units leave no doubt that they are damage.
fn is_certain(units: &[Unit], codepage: Codepage) -> bool {
    let mut run: Option<(Kind, usize, usize)> = None;
    let mut end = usize::MAX;
    for unit in units {
        let (kind, is_whole, is_natural) = match &unit.what {
            What::Whole { kind, is_natural, .. } => (*kind, true, *is_natural),
            What::Lossy { candidates, is_natural } => match candidates.first().copied().and_then(Kind::of) {
                Some(Kind::Sign | Kind::Emoji) if !*is_natural => return true,
                Some(kind) => (kind, false, true),
                None => continue,
            },
            What::Foreign => continue,
        };
        let alone = match kind {
            Kind::Emoji | Kind::Sign | Kind::Latin | Kind::Greek | Kind::Cyrillic => is_whole && !is_natural,
            Kind::Hebrew | Kind::Arabic | Kind::Asian => false,
        };
        if alone && (codepage == Codepage::Western || matches!(kind, Kind::Emoji | Kind::Sign)) {
            return true;
        }
        let (mut whole, mut unnatural) = match run {
            Some((known, whole, unnatural)) if known == kind && end == unit.start => (whole, unnatural),
            _ => (0, 0),
        };
        whole += usize::from(is_whole);
        unnatural += usize::from(is_whole && !is_natural);
        if whole >= 3 || (whole >= 2 && unnatural >= 1) {
            return true;
        }
        run = Some((kind, whole, unnatural));
        end = unit.end;
    }
    false
}

/// Whether a stretch is damaged: by itself, or by what is near with nothing between that contradicts it.
fn is_damaged(stretches: &[Stretch], number: usize) -> bool {
    let stretch = &stretches[number];
    if stretch.is_certain {
        return true;
    }
    let is_near = |other: &&Stretch| {
        other.contradictions == stretch.contradictions && other.line.abs_diff(stretch.line) <= NEAR
    };
    let before = stretches[..number].iter().rev().take_while(is_near).any(|other| other.is_certain);
    let behind = stretches[number + 1..].iter().take_while(is_near).any(|other| other.is_certain);
    let has_whole = stretch.units.iter().any(|unit| matches!(unit.what, What::Whole { .. }));
    if has_whole { before || behind } else { before && behind }
}
