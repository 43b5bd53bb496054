//! Files that were made to be larger when they are read, or to have no end.

use hdf5_writer::{AttributeBuilder, FILTER_DEFLATE, FilterDescription, Hdf5Builder};

use crate::allocation::{read, read_frugally};
use crate::common::{encoded, typed};
use crate::damage::{renew, seals};

const CLASSIC: &[u8] = include_bytes!("../fixtures/classic.h5");
const LATEST: &[u8] = include_bytes!("../fixtures/latest.h5");

/// Where a number is in a file.
fn places(bytes: &[u8], number: &[u8]) -> Vec<usize> {
    (0..bytes.len()).filter(|&at| bytes[at..].starts_with(number)).collect()
}

fn replaced(file: &[u8], number: &[u8], with: &[u8]) -> Vec<u8> {
    let mut bytes = file.to_vec();
    let places = places(file, number);
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + with.len()].copy_from_slice(with);
    }
    renew(&seals(file), &mut bytes);
    bytes
}

fn refused(bytes: &[u8]) -> String {
    read_frugally(bytes, 0).unwrap().expect("it is no honest file")
}

#[test]
fn an_array_that_claims_to_be_huge_takes_no_memory() {
    // 200 times x 4 channels.
    let shape: Vec<u8> = [200_u64, 4].map(u64::to_le_bytes).concat();
    for (file, huge) in [(CLASSIC, 1_u64 << 40), (LATEST, 1 << 40), (CLASSIC, u64::MAX), (LATEST, 1 << 62)] {
        let with: Vec<u8> = [huge, 4].map(u64::to_le_bytes).concat();
        let reason = refused(&replaced(file, &shape, &with));
        assert!(reason.contains("RawData"), "{reason}");
    }
}

#[test]
fn a_chunk_that_claims_to_be_huge_takes_no_memory() {
    // Of 5 times x 2 channels x 2 bytes.
    let chunk: Vec<u8> = [5_u32, 2, 2].map(u32::to_le_bytes).concat();
    for sides in [[1 << 31, 1 << 31, 2], [u32::MAX; 3], [1 << 26, 2, 2], [1 << 14, 1 << 12, 2]] {
        refused(&replaced(CLASSIC, &chunk, &sides.map(u32::to_le_bytes).concat()));
    }
}

/// A zlib stream of nearly `length` bytes, each 13 bits of which are 258 zeros.
fn zeros(length: usize) -> Vec<u8> {
    let mut bits = vec![true, true, false];
    let mut code = |code: u32, width: u32| bits.extend((0..width).rev().map(|bit| code >> bit & 1 == 1));
    code(0b0011_0000, 8);
    for _ in 0..length * 8 / 13 - 8 {
        code(0b1100_0101, 8);
        code(0, 5);
    }
    code(0, 7);
    let mut stream = vec![0x78, 0x01];
    stream.extend(bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |sum, &bit| sum << 1 | u8::from(bit))));
    stream
}

#[test]
fn a_chunk_that_unpacks_to_more_than_it_is_takes_no_memory() {
    const SIDE: u64 = 1000;
    // What cannot be packed, so that there is room for the other stream.
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as i16
    };
    let values: Vec<i16> = (0..SIDE * SIDE).map(|_| noise()).collect();
    let data = typed("Acquisition/Raw[0]/RawData", &[SIDE, SIDE], &values)
        .chunked([SIDE, SIDE])
        .filter(FilterDescription { id: FILTER_DEFLATE, name: None, client_data: vec![4] })
        .attribute(AttributeBuilder::fixed_string_vector("Dimensions", &["time", "locus"]).unwrap())
        .attribute(AttributeBuilder::fixed_string("PartStartTime", "2020-01-01T00:00:00Z"));
    let file = Hdf5Builder::new()
        .group_attribute("Acquisition", AttributeBuilder::fixed_string("schemaVersion", "2.1"))
        .group_attribute("Acquisition", AttributeBuilder::scalar("NumberOfLoci", SIDE as f64).unwrap())
        .group_attribute("Acquisition/Raw[0]", AttributeBuilder::scalar("OutputDataRate", 100.0).unwrap())
        .dataset(data);
    let mut bytes = encoded(file);
    let (error, honest) = read(&bytes).unwrap();
    assert_eq!(error, None);

    // The one entry of the tree of chunks: its size, a mask, three offsets, its address.
    let tree = places(&bytes, b"TREE\x01\0")[0];
    let number = |at: usize, width: usize| {
        bytes[at..at + width].iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte))
    };
    let (size, address) = (number(tree + 24, 4), number(tree + 56, 8));
    assert!(size > 1_900_000 && bytes[address] == 0x78, "{size} bytes at {address}");
    let bomb = zeros(size);
    bytes[address..address + bomb.len()].copy_from_slice(&bomb);
    // 300 MB, if it were unpacked.
    let result = read_frugally(&bytes, honest);
    assert!(result.is_ok(), "{result:?}");
    // The same, if the chunk says that it is nearly so large.
    let sides = |side: u32| [side, side, 2].map(u32::to_le_bytes).concat();
    refused(&replaced(&bytes, &sides(SIDE as u32), &sides(12_000)));
}

#[test]
fn a_tree_of_chunks_without_an_end_is_refused() {
    let mut bytes = CLASSIC.to_vec();
    for tree in places(CLASSIC, b"TREE\x01") {
        // Each node is the parent of itself: keys of 32 bytes, addresses of 8.
        bytes[tree + 5] = 1;
        let entries = u16::from_le_bytes([bytes[tree + 6], bytes[tree + 7]]);
        for entry in 0..usize::from(entries) {
            let at = tree + 24 + entry * 40 + 32;
            bytes[at..at + 8].copy_from_slice(&(tree as u64).to_le_bytes());
        }
    }
    refused(&bytes);
}

#[test]
fn a_tree_that_claims_to_be_deep_is_refused() {
    let mut bytes = LATEST.to_vec();
    let trees = places(LATEST, b"BTHD");
    assert!(!trees.is_empty());
    for tree in trees {
        // The depth.
        bytes[tree + 12..tree + 14].fill(0xff);
    }
    renew(&seals(LATEST), &mut bytes);
    let result = read_frugally(&bytes, 0);
    assert!(result.is_ok(), "{result:?}");
}

#[test]
fn links_in_a_circle_are_refused() {
    refused(include_bytes!("../fixtures/circle.h5"));
}
