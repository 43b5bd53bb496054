//! Texts that are nearly the same, by the smallest of their shingles' hashes (`MinHash`), found by equal bands of them.

use std::collections::HashMap;

use super::words::mixed;

/// How many smallest hashes stand for a text; estimates are within a tenth of what is true.
const SLOTS: usize = 128;
/// Equal in all of a band are 17 % of texts that are 80 % the same, and one band in 16 is enough.
const BAND: usize = 8;
/// How much has to be the same, in slots.
const ALIKE: f32 = 0.8;
/// Words in a row that make a shingle.
const SHINGLE: usize = 3;
/// Fewer shingles say nothing.
const LEAST: usize = 24;
/// A band that more texts have in common is a phrase that everybody uses; no more are kept.
const CROWD: usize = 8;

/// The smallest hashes of a text's shingles.
#[derive(Clone, Debug)]
pub(super) struct Sketch {
    slots: Box<[u32; SLOTS]>,
    last: [u64; SHINGLE],
    words: usize,
}

impl Sketch {
    pub(super) fn new() -> Self {
        Self { slots: Box::new([u32::MAX; SLOTS]), last: [0; SHINGLE], words: 0 }
    }

    /// Adds the next word.
    pub(super) fn word(&mut self, word: u64) {
        self.last.rotate_left(1);
        self.last[SHINGLE - 1] = word;
        self.words += 1;
        if self.words >= SHINGLE {
            let [one, two, three] = self.last;
            let shingle = mixed(one ^ two.rotate_left(23) ^ three.rotate_left(47));
            let slot = &mut self.slots[(shingle >> 57) as usize];
            *slot = (*slot).min(shingle as u32);
        }
    }

    /// How much two texts have in common, 0 to 1.
    fn similarity(&self, other: &Self) -> f32 {
        let pairs = self
            .slots
            .iter()
            .zip(other.slots.iter())
            .filter(|(one, other)| **one != u32::MAX || **other != u32::MAX);
        let (all, same) =
            pairs.fold((0, 0), |(all, same), (one, other)| (all + 1, same + usize::from(one == other)));
        if all == 0 { 0.0 } else { same as f32 / all as f32 }
    }

    /// A hash for each band. Empty slots take what the next has, so that short texts have bands too.
    fn bands(&self) -> impl Iterator<Item = u64> {
        let mut filled = *self.slots;
        let mut next = self.slots.iter().copied().find(|slot| *slot != u32::MAX).unwrap_or(0);
        for slot in filled.iter_mut().rev() {
            if *slot == u32::MAX {
                *slot = next;
            }
            next = *slot;
        }
        (0..SLOTS / BAND).map(move |band| {
            let slots = &filled[band * BAND..(band + 1) * BAND];
            slots.iter().fold(band as u64, |hash, slot| mixed(hash ^ u64::from(*slot)))
        })
    }
}

/// Texts that are compared.
#[derive(Debug, Default)]
pub(super) struct Near {
    /// Those that are like none before, with the number of their ticket.
    kept: Vec<(usize, Sketch)>,
    /// Which of them have a band.
    by_band: HashMap<u64, Vec<u32>>,
}

impl Near {
    /// The ticket that is most like this one, and how much; a text that is like none is kept to compare others with.
    pub(super) fn add(&mut self, number: usize, sketch: Sketch) -> Option<(usize, f32)> {
        if sketch.words < LEAST + SHINGLE {
            return None;
        }
        let bands: Vec<_> = sketch.bands().collect();
        let mut candidates: Vec<_> =
            bands.iter().filter_map(|band| self.by_band.get(band)).flatten().copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        let alike = candidates.into_iter().map(|place| {
            let (number, other) = &self.kept[place as usize];
            (*number, sketch.similarity(other))
        });
        let best = alike.filter(|(_, same)| *same >= ALIKE).max_by(|one, other| one.1.total_cmp(&other.1));
        if best.is_none() {
            let place = self.kept.len() as u32;
            for band in bands {
                let crowd = self.by_band.entry(band).or_default();
                if crowd.len() < CROWD {
                    crowd.push(place);
                }
            }
            self.kept.push((number, sketch));
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(words: impl Iterator<Item = u64>) -> Sketch {
        let mut sketch = Sketch::new();
        words.for_each(|word| sketch.word(mixed(word)));
        sketch
    }

    #[test]
    fn what_is_estimated_is_near_what_is_true() {
        for changed in [0, 30, 100, 300] {
            let one = sketch(0..1000);
            let other = sketch((0..1000).map(|word| if word < changed { word + 10_000 } else { word }));
            let same = 1.0 - changed as f32 / 1000.0;
            let truth = same / (2.0 - same);
            assert!((one.similarity(&other) - truth).abs() < 0.13, "{changed}: {}", one.similarity(&other));
        }
    }

    #[test]
    fn what_is_nearly_the_same_is_found_among_many_and_what_is_not_is_not() {
        let mut near = Near::default();
        for number in 0..500_u64 {
            let words = (0..200).map(|word| if word < 80 { word } else { word + number * 1000 });
            assert_eq!(near.add(number as usize, sketch(words)), None, "{number}: a common beginning");
        }
        for number in 0..100_u64 {
            let words = (0..200).map(|word| if word < 80 { word } else { word + number * 1000 });
            let changed = words.map(|word| if word % 1000 == 190 { 7 } else { word });
            let (found, same) =
                near.add(600, sketch(changed)).unwrap_or_else(|| panic!("{number} is not found"));
            assert_eq!(found, number as usize);
            assert!(same > 0.9, "{same}");
        }
        assert_eq!(near.add(700, sketch(0..20)), None, "too short");
    }
}
