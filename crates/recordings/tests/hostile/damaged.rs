//! Honest files to which something has happened.

use std::env;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::allocation::{read, read_frugally};
use crate::damage::{damage, renew};
use crate::files::{Honest, LARGE, SMALL};

/// Bytes at the beginning and at the end of a large file that are damaged: headers are there.
const ENDS: usize = 16 << 10;

fn cases() -> u32 {
    env::var("FOCUS_HOSTILE_CASES").map_or(256, |cases| cases.parse().unwrap())
}

/// With so many cases; a failure says what led to it.
pub(crate) fn config() -> ProptestConfig {
    ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() }
}

/// Numbers below `length`; all of them if there are cases enough.
fn some(length: usize) -> impl Iterator<Item = usize> {
    (0..length).step_by(1 + length / cases() as usize)
}

/// Damages files at random; every other time with right checksums.
fn survive(files: &[Honest], cases: u32) {
    let config = ProptestConfig { cases, ..config() };
    for honest in files {
        let strategy = (damage(), any::<bool>());
        let run = TestRunner::new(config.clone()).run(&strategy, |(damages, sealed)| {
            let mut bytes = honest.bytes.clone();
            for damage in &damages {
                damage.happen(&mut bytes, ENDS);
            }
            if sealed {
                renew(&honest.seals, &mut bytes);
            }
            read_frugally(&bytes, honest.allocated).map(|_| ()).map_err(TestCaseError::fail)
        });
        assert!(run.is_ok(), "{}: {}", honest.name, run.unwrap_err());
    }
}

#[test]
fn small_files_are_read_or_refused_whatever_happened_to_them() {
    survive(&SMALL, cases());
}

#[test]
fn large_files_are_read_or_refused_whatever_happened_to_them() {
    survive(&LARGE, cases() / 2);
}

#[test]
fn every_byte_may_be_another() {
    for honest in SMALL.iter() {
        for position in some(honest.bytes.len()) {
            let mut bytes = honest.bytes.clone();
            bytes[position] ^= [0x01, 0x80, 0xff][position % 3];
            for sealed in [false, true] {
                if sealed {
                    renew(&honest.seals, &mut bytes);
                }
                let read = read_frugally(&bytes, honest.allocated);
                assert!(read.is_ok(), "{}, byte {position}: {read:?}", honest.name);
            }
        }
    }
}

#[test]
fn files_that_are_cut_off_are_refused() {
    for honest in SMALL.iter().filter(|honest| honest.bytes.starts_with(b"\x89HDF")) {
        for length in some(honest.bytes.len()) {
            let (error, _) = read(&honest.bytes[..length]).unwrap();
            assert!(error.is_some(), "{}: {length} of {} bytes", honest.name, honest.bytes.len());
        }
    }
}
