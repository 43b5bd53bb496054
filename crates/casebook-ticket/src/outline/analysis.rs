//! Documents *about* a ticket: which fields it has, which are missing, and what is proposed for those.
//!
//! Such a document is told by a heading over the missing fields. What stands before that heading describes the ticket;
//! what stands under it are proposals, which are not the ticket's until somebody takes them.

use std::sync::LazyLock;

use regex::Regex;

use crate::markup::{Block, Blocks, Inline, plain};
use crate::{Field, Name, Section, Standard};

use super::fence;
use super::group::Signed;
use super::key::Key;
use super::piece::{Body, Piece};
use super::sign::{STRONG, Sign};

static MISSING: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\bmissing\b|חסר"));
static NEEDED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)צריך|needed|required|propos|suggest|recommend|content|should be"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("it is a constant, and tested")
}

/// Where the missing fields begin and end, if a document is such an analysis: below its title there is a heading over
/// them, and two or more of them are headings of their own.
pub(super) fn missing(pieces: &[Signed]) -> Option<(usize, usize)> {
    // The next heading of at most each level, and how many headings of fields follow; found from behind.
    let mut next = [(pieces.len(), 0); STRONG as usize];
    let mut fields = 0;
    let mut found = None;
    for (index, signed) in pieces.iter().enumerate().skip(1).rev() {
        let Some(sign) = signed.sign.as_ref().filter(|sign| sign.rank < STRONG) else { continue };
        let (end, beyond) = next[usize::from(sign.rank)];
        if sign.field.is_none() && MISSING.is_match(&sign.title) && fields - beyond >= 2 {
            found = Some((index, end));
        }
        fields += usize::from(sign.field.is_some());
        for next in &mut next[usize::from(sign.rank)..] {
            *next = (index, fields);
        }
    }
    found
}

/// What is proposed for each field.
pub(super) fn proposals(pieces: Vec<Signed>, standard: &Standard) -> Vec<Section> {
    let mut proposals = Vec::new();
    let mut current: Option<(Field, crate::At, Vec<Piece>)> = None;
    for Signed { piece, sign } in pieces {
        match sign {
            Some(Sign { field: Some(field), rank, .. }) if rank < STRONG => {
                proposals.extend(current.take().map(|current| proposal(current, standard)));
                current = Some((field, piece.at(), Vec::new()));
            }
            _ => {
                if let Some((.., pieces)) = &mut current {
                    pieces.push(piece);
                }
            }
        }
    }
    proposals.extend(current.take().map(|current| proposal(current, standard)));
    proposals
}

/// Leaves out what is said about the proposal: explanations, and where it goes.
fn proposal((field, at, pieces): (Field, crate::At, Vec<Piece>), standard: &Standard) -> Section {
    let mut body = Body::default();
    let mut is_content = true;
    for piece in pieces {
        let key = matches!(piece, Piece::Line { .. }).then(|| Key::of(piece.line())).flatten();
        match key.filter(|key| key.strong && key.marked) {
            Some(key) if NEEDED.is_match(&key.words) => {
                is_content = true;
                if !key.value.is_empty() {
                    body.begin(piece.at(), key.value, piece.block());
                }
            }
            Some(_) => is_content = false,
            None if is_content => body.push(piece),
            None => {}
        }
    }
    let mut blocks = body.blocks;
    blocks.retain(|block| !matches!(block, Block::Rule { .. }));
    introduce_none(&mut blocks);
    let blocks = blocks.into_iter().flat_map(|block| fence::open(block, &field, standard)).collect();
    Section { name: Name::Field(field), at, body: blocks }
}

/// A line that only announces what follows is not proposed: `A detailed table:`.
fn introduce_none(blocks: &mut Blocks) {
    let announces = match &blocks[..] {
        [Block::Paragraph { text, .. }, _, ..] => {
            !text.iter().any(|run| matches!(run, Inline::Break(_))) && plain(text).trim_end().ends_with(':')
        }
        _ => false,
    };
    if announces {
        blocks.remove(0);
    }
}
