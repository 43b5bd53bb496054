//! Where one ticket ends and the next begins, in a document with several.

use std::collections::{HashMap, HashSet};

use crate::Field;
use crate::markup::{Block, Inline, plain};

use super::group::Signed;
use super::piece::Piece;
use super::sign::{STRONG, Sign};
use super::title::{Title, key_in};

/// The pieces at which tickets begin; none when there is only one ticket.
///
/// By the first of these that is there at least twice: headings with a key or `Ticket 2`; keys as fields; headings of
/// one level over the same fields; rules behind which the fields begin anew.
pub(super) fn begins(pieces: &[Signed]) -> Vec<usize> {
    let found = titles(pieces)
        .or_else(|| keys(pieces))
        .or_else(|| over_same_fields(pieces))
        .or_else(|| behind_rules(pieces));
    found.unwrap_or_default()
}

fn titles(pieces: &[Signed]) -> Option<Vec<usize>> {
    let mut by_rank: HashMap<u8, Vec<usize>> = HashMap::new();
    for (index, signed) in pieces.iter().enumerate() {
        let rank = match (&signed.piece, &signed.sign) {
            (
                Piece::Heading { .. } | Piece::Line { first: true, .. },
                Some(Sign { field: None, rank, .. }),
            ) => *rank,
            (Piece::Line { first: true, .. }, None) => STRONG + 1,
            _ => continue,
        };
        if may_be_title(signed.piece.line()) && title(signed).is_ticket {
            by_rank.entry(rank).or_default().push(index);
        }
    }
    let mut ranks: Vec<_> = by_rank.into_iter().filter(|(_, found)| found.len() > 1).collect();
    ranks.sort_unstable();
    ranks.into_iter().find_map(|(rank, found)| {
        let keys: HashSet<_> = found.iter().filter_map(|index| title(&pieces[*index]).key).collect();
        let distinct = keys.is_empty() || keys.len() > 1;
        // Titles inside a section, e.g. of the related issues, begin no tickets.
        let outside = !pieces[..found[0]].iter().any(|signed| {
            signed.sign.as_ref().is_some_and(|sign| sign.field.is_some() && sign.rank < rank.min(STRONG))
        });
        (distinct && outside && most_have_fields(pieces, &found)).then_some(found)
    })
}

/// A ticket's title has a number in it, and is no long text. Most lines are none, and this is told in no time.
fn may_be_title(line: &[Inline]) -> bool {
    let words = |text: &str| text.len() < 250 && text.bytes().any(|byte| byte.is_ascii_digit());
    match line {
        [Inline::Text(text)] => words(text),
        line => words(&plain(line)),
    }
}

fn title(signed: &Signed) -> Title {
    Title::of(&plain(signed.piece.line()))
}

fn parts<'a>(pieces: &'a [Signed], begins: &'a [usize]) -> impl Iterator<Item = &'a [Signed]> {
    let ends = begins.iter().skip(1).copied().chain([pieces.len()]);
    begins.iter().zip(ends).map(|(begin, end)| &pieces[*begin..end])
}

fn most_have_fields(pieces: &[Signed], begins: &[usize]) -> bool {
    let with = parts(pieces, begins).filter(|part| fields(part).next().is_some()).count();
    with * 2 >= begins.len()
}

fn fields(pieces: &[Signed]) -> impl Iterator<Item = &Field> {
    pieces.iter().filter_map(|signed| signed.sign.as_ref()?.field.as_ref())
}

/// Keys as fields: `Test ID: PZ-7`, each with what stands right above it.
fn keys(pieces: &[Signed]) -> Option<Vec<usize>> {
    let key = |signed: &Signed| {
        let sign = signed.sign.as_ref().filter(|sign| sign.field == Some(Field::Key))?;
        key_in(&plain(&sign.value)).map(|key| (sign.rank, key.to_owned()))
    };
    let first = pieces.iter().position(|signed| key(signed).is_some())?;
    let (rank, _) = key(&pieces[first])?;
    let same = |signed: &Signed| key(signed).is_some_and(|(other, _)| other == rank);
    let found: Vec<_> = (first..pieces.len()).filter(|index| same(&pieces[*index])).collect();
    let distinct: HashSet<_> = found.iter().filter_map(|index| key(&pieces[*index])).collect();
    if found.len() < 2 || distinct.len() < found.len() {
        return None;
    }
    let mut floor = 0;
    let begins = found.into_iter().map(|index| {
        let mut begin = index;
        while begin > floor && is_above_key(&pieces[begin - 1]) {
            begin -= 1;
        }
        floor = index + 1;
        begin
    });
    Some(begins.collect())
}

/// A title, a summary or another short field above the key.
fn is_above_key(signed: &Signed) -> bool {
    match (&signed.piece, &signed.sign) {
        (Piece::Heading { .. }, Some(sign)) => sign.field.is_none(),
        (_, Some(sign)) => {
            let title = matches!(sign.field, Some(Field::Summary | Field::Priority | Field::TestType));
            (title && !sign.value.is_empty()) || sign.names_test()
        }
        (Piece::Block(Block::Rule { .. }), None) => true,
        _ => false,
    }
}

/// Whether the text before a piece is a ticket's own.
fn is_owned(pieces: &[Signed]) -> bool {
    let title = pieces.iter().find(|signed| !matches!(signed.piece, Piece::Block(_)));
    fields(pieces).any(|field| *field == Field::Key)
        || title.is_some_and(|signed| self::title(signed).key.is_some())
}

/// Unknown headings of one level with the same fields under them.
fn over_same_fields(pieces: &[Signed]) -> Option<Vec<usize>> {
    for rank in 1..STRONG {
        let found: Vec<_> = (0..pieces.len())
            .filter(|index| {
                let sign = pieces[*index].sign.as_ref();
                sign.is_some_and(|sign| sign.rank == rank && sign.field.is_none())
            })
            .collect();
        let Some(first) = found.first() else { continue };
        if found.len() < 2 || is_owned(&pieces[..*first]) || fields(&pieces[..*first]).next().is_some() {
            continue;
        }
        let has_steps = |part: &&[Signed]| fields(part).any(|field| *field == Field::TestSteps);
        let with_steps: Vec<_> =
            found.iter().zip(parts(pieces, &found)).filter(|(_, part)| has_steps(part)).collect();
        // A heading of the fields' own level is no title over them.
        let level = |part: &[Signed]| {
            part.iter()
                .skip(1)
                .filter_map(|signed| signed.sign.as_ref())
                .any(|sign| sign.field.is_some() && sign.rank <= rank)
        };
        if with_steps.len() > 1 && !with_steps.iter().any(|(_, part)| level(part)) {
            return Some(with_steps.into_iter().map(|(index, _)| *index).collect());
        }
    }
    None
}

/// Rules behind which the field comes again that the ticket began with.
fn behind_rules(pieces: &[Signed]) -> Option<Vec<usize>> {
    let mut begins = Vec::new();
    let mut first: Option<&Field> = None;
    let mut begin = 0;
    let mut seen: HashSet<&Field> = HashSet::new();
    for (index, signed) in pieces.iter().enumerate() {
        if matches!(signed.piece, Piece::Block(Block::Rule { .. })) {
            begin = index + 1;
            continue;
        }
        let Some(field) = signed.sign.as_ref().and_then(|sign| sign.field.as_ref()) else { continue };
        match first {
            None => {
                first = Some(field);
                begins.push(begin);
            }
            Some(first) if field == first && begins.last() != Some(&begin) && seen.len() > 1 => {
                begins.push(begin);
                seen.clear();
            }
            Some(_) => {}
        }
        seen.insert(field);
    }
    (begins.len() > 1).then_some(begins)
}
