//! What can happen to a file.

use hdf5_reader::checksum::jenkins_lookup3;
use miniseed_rs::crc::compute_v3_crc;
use proptest::prelude::*;
use proptest::sample::Index;

/// One thing that happens to the bytes of a file.
#[derive(Clone, Debug)]
pub(crate) enum Damage {
    /// Some bits change.
    Flip(Index, u8),
    /// A number is another one, in so many bytes and one of the two orders.
    Number(Index, usize, bool, u64),
    /// A part is where another was, of so many bytes.
    Copy(Index, Index, usize),
    /// It ends early.
    Cut(Index),
    /// Bytes are missing in between, or are there twice.
    Shift(Index, usize, bool),
}

/// Numbers that code forgets about.
fn numbers() -> impl Strategy<Value = u64> {
    let powers =
        (0..64_u32, -1..=1_i64).prop_map(|(power, beside)| (1_u64 << power).wrapping_add_signed(beside));
    let floats =
        prop::sample::select(vec![0.0, -1.0, 1e-300, 1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
    prop_oneof![
        3 => powers,
        1 => 0..9_u64,
        1 => floats.prop_map(f64::to_bits),
        1 => any::<u64>(),
    ]
}

/// Anything, and less often that which changes the length: most such files are refused at once.
pub(crate) fn damage() -> impl Strategy<Value = Vec<Damage>> {
    let index = any::<Index>;
    let width = prop::sample::select(vec![1_usize, 2, 4, 8]);
    let one = prop_oneof![
        6 => (index(), any::<u8>()).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        8 => (index(), width, any::<bool>(), numbers()).prop_map(|(at, width, big, number)| Damage::Number(at, width, big, number)),
        4 => (index(), index(), 1..64_usize).prop_map(|(from, to, length)| Damage::Copy(from, to, length)),
        1 => index().prop_map(Damage::Cut),
        1 => (index(), 1..600_usize, any::<bool>()).prop_map(|(at, length, twice)| Damage::Shift(at, length, twice)),
    ];
    prop::collection::vec(one, 1..6)
}

impl Damage {
    /// `whole` is how many of the bytes, at the beginning and as many at the end, it happens to.
    pub(crate) fn happen(&self, bytes: &mut Vec<u8>, whole: usize) {
        let total = bytes.len();
        if total == 0 {
            return;
        }
        let place = |index: &Index| match index.index(total.min(2 * whole)) {
            near if near < whole => near,
            far => total - 1 - (far - whole).min(total - 1),
        };
        match self {
            Self::Flip(at, bits) => bytes[place(at)] ^= bits,
            Self::Number(at, width, big, number) => {
                let mut field = number.to_le_bytes()[..*width].to_vec();
                if *big {
                    field.reverse();
                }
                put(bytes, place(at), &field);
            }
            Self::Copy(from, to, length) => {
                let from = place(from);
                let part = bytes[from..(from + length).min(total)].to_vec();
                put(bytes, place(to), &part);
            }
            Self::Cut(at) => bytes.truncate(place(at)),
            Self::Shift(at, length, twice) => {
                let at = place(at);
                let part = at..(at + length).min(total);
                if *twice {
                    let again = bytes[part].to_vec();
                    bytes.splice(at..at, again);
                } else {
                    bytes.drain(part);
                }
            }
        }
    }
}

/// Writes what has room there.
fn put(bytes: &mut [u8], at: usize, field: &[u8]) {
    bytes[at..].iter_mut().zip(field).for_each(|(byte, with)| *byte = *with);
}

/// A part of a file whose checksum is in its last four bytes, or its header.
#[derive(Clone, Debug)]
pub(crate) enum Seal {
    Hdf5(std::ops::Range<usize>),
    Miniseed3(std::ops::Range<usize>),
}

/// Names at the beginning of what HDF5 seals; a superblock has its own.
const SEALED: [&[u8; 4]; 14] = [
    b"OHDR", b"OCHK", b"FRHP", b"FHDB", b"FHIB", b"BTHD", b"BTLF", b"BTIN", b"EAHD", b"EAIB", b"EADB",
    b"FAHD", b"FADB", b"\x89HDF",
];

/// Longest part that is looked for.
const LONGEST: usize = 4096;

/// The parts of an honest file that have a checksum.
pub(crate) fn seals(bytes: &[u8]) -> Vec<Seal> {
    let mut found = Vec::new();
    // Those of large files are not worth the time.
    if bytes.starts_with(b"\x89HDF") && bytes.len() < 4 << 20 {
        for begin in (0..bytes.len().saturating_sub(4))
            .filter(|&at| SEALED.iter().any(|name| bytes[at..].starts_with(*name)))
        {
            let ends = (begin + 8)..bytes.len().min(begin + LONGEST).saturating_sub(3);
            let sealed = |end: &usize| {
                let sum = jenkins_lookup3(&bytes[begin..*end]).to_le_bytes();
                bytes[*end..*end + 4] == sum
            };
            found.extend(ends.into_iter().find(sealed).map(|end| Seal::Hdf5(begin..end + 4)));
        }
    }
    let mut begin = 0;
    while bytes[begin..].starts_with(b"MS\x03") {
        let head = &bytes[begin..];
        let length = |at: usize, width: usize| {
            head[at..at + width].iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte))
        };
        let end = begin + 40 + length(33, 1) + length(34, 2) + length(36, 4);
        found.push(Seal::Miniseed3(begin..end));
        begin = end;
    }
    found
}

/// Makes all checksums right again: so what lies behind their check is reached.
pub(crate) fn renew(seals: &[Seal], bytes: &mut [u8]) {
    for seal in seals {
        seal.renew(bytes);
    }
}

impl Seal {
    fn renew(&self, bytes: &mut [u8]) {
        match self {
            Self::Hdf5(part) => {
                if let Some(part) = bytes.get_mut(part.clone()) {
                    let (sealed, sum) = part.split_at_mut(part.len() - 4);
                    sum.copy_from_slice(&jenkins_lookup3(sealed).to_le_bytes());
                }
            }
            Self::Miniseed3(part) => {
                if let Some(part) = bytes.get_mut(part.clone()) {
                    compute_v3_crc(part);
                }
            }
        }
    }
}
