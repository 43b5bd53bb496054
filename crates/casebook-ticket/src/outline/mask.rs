//! What looks like a heading and is none, because it is a part of something larger: Gherkin, or a table that a paste
//! flattened.

use std::borrow::Cow;

use crate::SourceMap;
use crate::gherkin::{self, Line, is_gherkin};
use crate::markup::{Block, Inline, plain, plain_with_map};
use crate::steps::{Flattened, Role, Unit};

use super::group::Signed;
use super::piece::Piece;
use super::sign::STRONG;

/// Makes one piece of code of lines of Gherkin that follow each other.
pub(super) fn gather_gherkin(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut gathered = Vec::with_capacity(pieces.len());
    let mut run: Vec<Piece> = Vec::new();
    for piece in pieces {
        if goes_on(&run, &piece) {
            run.push(piece);
            continue;
        }
        gathered.extend(whole(std::mem::take(&mut run)));
        if goes_on(&[], &piece) {
            run.push(piece);
        } else {
            gathered.push(piece);
        }
    }
    gathered.extend(whole(run));
    gathered
}

fn goes_on(run: &[Piece], piece: &Piece) -> bool {
    match piece {
        Piece::Line { text, first, .. } => match Line::of(&head(text)) {
            Line::Text(_) => !run.is_empty() && !first,
            Line::Nothing | Line::Row(_) => !run.is_empty(),
            Line::Tags(_) | Line::Heading(..) | Line::Clause(..) => true,
        },
        Piece::Block(Block::Table { .. } | Block::Code { .. }) => !run.is_empty(),
        _ => false,
    }
}

/// The text of a line, which mostly is one run.
fn head(text: &[Inline]) -> Cow<'_, str> {
    match text {
        [Inline::Text(text)] => Cow::Borrowed(text),
        _ => Cow::Owned(plain(text)),
    }
}

fn whole(run: Vec<Piece>) -> Vec<Piece> {
    // Code or a table behind the last clause may be no part of it: it is, if a clause or examples came before.
    let mut out = String::new();
    let Some(first) = run.first().map(Piece::at) else { return run };
    let mut line = first.line;
    let mut places = SourceMap::from(first);
    let mut number = 0;
    for piece in &run {
        let at = piece.at();
        if !out.is_empty() {
            // Empty lines stay.
            let missing = at.line.saturating_sub(line).clamp(1, 50);
            out.extend(std::iter::repeat_n('\n', missing as usize));
            line += missing;
            number += missing;
        }
        let begin = out.len();
        match piece {
            Piece::Line { at, text, .. } => {
                let (text, map) = plain_with_map(*at, text);
                places.put(number, &map);
                out.push_str(&text);
            }
            Piece::Block(Block::Table { header, rows, .. }) => {
                let all = std::iter::once(header).chain(rows).filter(|row| !row.is_empty());
                for (row, number) in all.zip(number..) {
                    places.put(number, &row[0].at.into());
                    out.push_str(if out.len() > begin { "\n|" } else { "|" });
                    for cell in row {
                        let text =
                            crate::markup::plain_blocks(&cell.blocks).replace('\n', " ").replace('|', "\\|");
                        out.extend([" ", &text, " |"]);
                    }
                }
            }
            Piece::Block(Block::Code { at, text, .. }) => {
                places.put(number, &at.start().into());
                places.put(number + 1, at);
                // Behind the last line the file may end.
                let last = text.matches('\n').count() as u32;
                places.put(number + 2 + last, &at.at(last, 0).into());
                out.extend(["\"\"\"\n", text, "\n\"\"\""]);
            }
            _ => {}
        }
        let added = out[begin..].matches('\n').count() as u32;
        line += added;
        number += added;
    }
    if !is_gherkin(&out) {
        return run;
    }
    vec![Piece::Block(Block::Code { at: places, language: Some(gherkin::LANGUAGE.to_owned()), text: out })]
}

/// Takes the signs off the cells of flattened tables.
pub(super) fn mask_flattened(pieces: &mut [Signed]) {
    let role = |signed: &Signed| match &signed.piece {
        Piece::Line { text, .. } if text.len() == 1 => Role::of(&plain(text)),
        _ => None,
    };
    let candidates: Vec<usize> = pieces
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| role(&pair[0]).is_some_and(|r| r != Role::Expected) && role(&pair[1]).is_some())
        .map(|(index, _)| index)
        .collect();
    if candidates.is_empty() {
        return;
    }
    let texts: Vec<String> = pieces.iter().map(|signed| plain(signed.piece.line())).collect();
    let units: Vec<Unit<'_>> = pieces.iter().zip(&texts).map(|(signed, text)| unit(signed, text)).collect();
    let mut masked = Vec::new();
    let mut after = 0;
    for begin in candidates {
        // The number's title may have become an empty heading.
        let begin = begin - usize::from(begin > 0 && matches!(units[begin - 1], Unit::Line("#")));
        if begin >= after
            && let Some(table) = Flattened::at(&units[begin..])
        {
            after = begin + table.len();
            masked.push(begin..after);
        }
    }
    for index in masked.into_iter().flatten() {
        pieces[index].sign = None;
    }
}

fn unit<'a>(signed: &Signed, text: &'a str) -> Unit<'a> {
    match (&signed.piece, &signed.sign) {
        (Piece::Block(Block::Heading { .. }), _) => Unit::Line("#"),
        (Piece::Heading { .. } | Piece::Block(Block::Rule { .. }), _) => Unit::End,
        (Piece::Block(_) | Piece::Item { .. }, _) => Unit::Block,
        (Piece::Line { .. }, Some(sign)) if sign.field.is_some() && sign.value.is_empty() => {
            if sign.rank == STRONG { Unit::End } else { Unit::Heading(text) }
        }
        (Piece::Line { .. }, _) => Unit::Line(text),
    }
}
