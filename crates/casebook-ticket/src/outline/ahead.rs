//! What lies ahead of each piece, and how often and how strongly each field is written.

use std::collections::{HashMap, HashSet};

use crate::markup::Block;
use crate::steps::{Role, is_step_title};
use crate::{Field, Standard};

use super::fields_table;
use super::group::{Signed, number_of};
use super::piece::Piece;
use super::sign::{ROW, STRONG};

/// What lies ahead of each piece; found once, so that nothing is looked through twice.
pub(super) struct Ahead {
    pub(super) next_step: Vec<usize>,
    /// The next piece with a number, and its number.
    pub(super) next_number: Vec<(usize, u32)>,
    pub(super) next_other: Vec<usize>,
    /// Whether the piece stands beside a known key of the same block.
    pub(super) in_run: Vec<bool>,
    /// How many pieces before this one are known fields, headings among them, and anything else.
    pub(super) known: Vec<usize>,
    pub(super) known_headings: Vec<usize>,
    /// The next piece that is a sign of at most a rank.
    pub(super) next_of_rank: Vec<[usize; STRONG as usize + 1]>,
    /// The strongest way in which a field is written.
    pub(super) strongest: HashMap<Field, u8>,
    /// How often a field is written.
    pub(super) times: HashMap<Field, usize>,
    /// Fields by the way in which they are written.
    pub(super) counts: [HashSet<Field>; ROW as usize + 1],
}

impl Ahead {
    pub(super) fn new(pieces: &[Signed], standard: &Standard) -> Self {
        let count = pieces.len();
        let mut ahead = Self {
            next_step: vec![count; count],
            next_number: vec![(count, 0); count],
            next_other: vec![count; count],
            in_run: vec![false; count],
            known: vec![0; count + 1],
            known_headings: vec![0; count + 1],
            next_of_rank: vec![[count; STRONG as usize + 1]; count + 1],
            strongest: HashMap::new(),
            times: HashMap::new(),
            counts: Default::default(),
        };
        let (mut step, mut other, mut numbered) = (count, count, (count, 0));
        for (index, Signed { piece, sign }) in pieces.iter().enumerate().rev() {
            (ahead.next_step[index], ahead.next_other[index]) = (step, other);
            ahead.next_number[index] = numbered;
            if let Some(number) = number_of(piece) {
                numbered = (index, number);
            }
            ahead.next_of_rank[index] = ahead.next_of_rank[index + 1];
            let Some(sign) = sign else { continue };
            match Role::of(&sign.title) {
                Some(Role::Action) => step = index,
                _ if is_step_title(&sign.title) => step = index,
                None if sign.field.is_some() || sign.rank < STRONG => other = index,
                _ => {}
            }
            if sign.field.is_some() || (sign.rank <= STRONG && sign.value.is_empty()) {
                for rank in usize::from(sign.rank)..=usize::from(STRONG) {
                    ahead.next_of_rank[index][rank] = index;
                }
            }
            let beside = |other: Option<&Signed>| {
                let other = other.filter(|other| other.piece.block().is_some());
                other.is_some_and(|other| {
                    other.piece.block() == piece.block()
                        && other
                            .sign
                            .as_ref()
                            .is_some_and(|sign| sign.field.is_some() && !sign.value.is_empty())
                })
            };
            let before = index.checked_sub(1).and_then(|before| pieces.get(before));
            ahead.in_run[index] = beside(before) || beside(pieces.get(index + 1));
        }
        for (index, Signed { sign, .. }) in pieces.iter().enumerate() {
            let field = sign.as_ref().and_then(|sign| Some((sign.field.clone()?, sign.rank)));
            let is_heading = field.as_ref().is_some_and(|(_, rank)| *rank < STRONG);
            ahead.known[index + 1] = ahead.known[index] + usize::from(field.is_some());
            ahead.known_headings[index + 1] = ahead.known_headings[index] + usize::from(is_heading);
            if let Some((field, rank)) = field {
                ahead.counts[usize::from(rank)].insert(field.clone());
                *ahead.times.entry(field.clone()).or_default() += 1;
                let strongest = ahead.strongest.entry(field).or_insert(rank);
                *strongest = rank.min(*strongest);
            } else if let Piece::Block(Block::Table { header, rows, .. }) = &pieces[index].piece
                && fields_table::rows(header, rows, standard).is_some()
            {
                ahead.known[index + 1] += 2;
            }
        }
        ahead
    }

    pub(super) fn count(&self, rank: u8) -> usize {
        self.counts.get(usize::from(rank)).map_or(0, HashSet::len)
    }

    /// Whether what stands under an unknown heading are fields.
    pub(super) fn is_group(&self, index: usize, rank: u8) -> bool {
        let begin = index + 1;
        let end = self.next_of_rank[begin][usize::from(rank.min(STRONG))];
        let known = self.known[end] - self.known[begin];
        let headings = self.known_headings[end] - self.known_headings[begin];
        headings > 0 || (known >= 2 && known * 2 >= end - begin)
    }
}
