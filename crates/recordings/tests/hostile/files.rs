//! Honest files of every format, to be damaged.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use focus_recordings::EXCERPT;

use crate::allocation;
use crate::common::{Prodml, Type};
use crate::damage::{Seal, seals};
use crate::made::febus::Febus;
use crate::made::optodas::Optodas;
use crate::made::segy::{Order, Segy, with_extension};
use crate::made::terra15::Terra15;
use crate::made::{miniseed, silixa};

pub(crate) struct Honest {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// Its parts that have a checksum.
    pub(crate) seals: Vec<Seal>,
    /// What reading it allocates, bytes.
    pub(crate) allocated: usize,
}

impl Honest {
    fn new(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        let name = name.into();
        let (error, allocated) = allocation::read(&bytes).unwrap();
        assert_eq!(error, None, "{name}");
        Self { name, seals: seals(&bytes), bytes, allocated }
    }
}

/// Files that are made for tests, of a few KiB each, and the excerpt that comes with the program.
pub(crate) static SMALL: LazyLock<Vec<Honest>> = LazyLock::new(|| {
    let locus_first = Prodml { kind: Type::I16, locus_first: true, ..Prodml::default() };
    let little = Segy { order: Order::Little, texts: 1, trailers: 1, ..with_extension() };
    let mut files = vec![
        Honest::new("classic.h5", include_bytes!("../fixtures/classic.h5").to_vec()),
        Honest::new("latest.h5", include_bytes!("../fixtures/latest.h5").to_vec()),
        Honest::new("PRODML", Prodml::default().bytes()),
        Honest::new("PRODML, locus first", locus_first.bytes()),
        Honest::new("OptoDAS", Optodas::default().bytes()),
        Honest::new("Febus", Febus::default().bytes()),
        Honest::new("Silixa", silixa::bytes(&[])),
        Honest::new("Terra15", Terra15::default().bytes()),
        Honest::new("SEG-Y", Segy::default().bytes()),
        Honest::new("SEG-Y 2", little.bytes()),
    ];
    let records = miniseed::small_files().into_iter().enumerate();
    files.extend(records.map(|(number, bytes)| Honest::new(format!("miniSEED {number}"), bytes)));
    files
});

/// The excerpt, and real recordings where they are at hand.
pub(crate) static LARGE: LazyLock<Vec<Honest>> = LazyLock::new(|| {
    let mut files = vec![Honest::new("the excerpt", EXCERPT.to_vec())];
    match std::env::var_os("FOCUS_SHARED_DATA") {
        None => eprintln!("SKIPPED: FOCUS_SHARED_DATA is not set, the larger recordings are not damaged"),
        Some(directory) => {
            let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
            let mut paths: Vec<PathBuf> =
                paths.filter(|path| focus_recordings::is_recording_name(path)).collect();
            paths.sort();
            files.extend(
                paths.iter().map(|path| Honest::new(path.display().to_string(), fs::read(path).unwrap())),
            );
        }
    }
    files
});
