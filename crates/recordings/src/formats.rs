//! Which formats there are, and how a file's own is found.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::Problem;
use crate::febus::FebusFile;
use crate::segy::SegyFile;
use crate::{ReadError, RecordingFile, febus, hdf5, miniseed, optodas, prodml, silixa, terra15};

type Opened = Box<dyn RecordingFile>;

/// A format that is an HDF5 file: whether a file is of it, and how it is then read.
struct Hdf5Format {
    recognises: fn(&hdf5_reader::Hdf5File) -> bool,
    read: fn(&Path, &hdf5_reader::Hdf5File) -> Result<Opened, Problem>,
}

const HDF5_FORMATS: &[Hdf5Format] = &[
    Hdf5Format { recognises: prodml::recognises, read: |path, file| Ok(Box::new(prodml::read(path, file)?)) },
    Hdf5Format {
        recognises: optodas::recognises,
        read: |path, file| Ok(Box::new(optodas::read(path, file)?)),
    },
    Hdf5Format {
        recognises: febus::recognises,
        read: |path, file| Ok(Box::new(FebusFile::read(path, file)?)),
    },
    Hdf5Format { recognises: silixa::recognises, read: |path, file| Ok(Box::new(silixa::read(path, file)?)) },
    Hdf5Format {
        recognises: terra15::recognises,
        read: |path, file| Ok(Box::new(terra15::read(path, file)?)),
    },
];

/// Any other format: whether a file that begins with these bytes is of it, and how it is then read.
struct PlainFormat {
    recognises: fn(&[u8]) -> bool,
    read: fn(&Path) -> Result<Opened, Problem>,
}

const PLAIN_FORMATS: &[PlainFormat] = &[
    PlainFormat { recognises: miniseed::recognises, read: miniseed::read },
    PlainFormat { recognises: SegyFile::recognises, read: |path| Ok(Box::new(SegyFile::read(path)?)) },
];

/// How many bytes at the beginning of a file tell its format.
const HEAD: u64 = 3600;

/// What HDF5 files begin with, unless their writer put something of its own before it.
const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";

/// What is read, for people.
const NAMES: &str = "miniSEED, SEG-Y, PRODML, OptoDAS, Febus A1, Silixa iDAS, Terra15";

/// How names of recordings end.
pub(crate) const EXTENSIONS: [&str; 7] = ["h5", "hdf5", "mseed", "miniseed", "ms3", "sgy", "segy"];

/// Whether a file may be a recording by its name; whether it is one, [`open`] tells.
#[must_use]
pub fn is_recording_name(path: &Path) -> bool {
    let extension = path.extension();
    extension.is_some_and(|extension| EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

/// Opens a recording; its format is known by its content, not by its name.
///
/// # Errors
/// When the file cannot be read, is of no known format, or its header contradicts its data.
pub fn open(path: &Path) -> Result<Box<dyn RecordingFile>, ReadError> {
    recognised(path).map_err(|problem| problem.at(path))
}

fn recognised(path: &Path) -> Result<Opened, Problem> {
    let head = head(path).map_err(|error| Problem::File(error.to_string()))?;
    if head.is_empty() {
        return Err(Problem::File("the file is empty".into()));
    }
    let is_hdf5 = head.starts_with(HDF5);
    let plain = PLAIN_FORMATS.iter().find(|format| !is_hdf5 && (format.recognises)(&head));
    if let Some(format) = plain {
        return (format.read)(path);
    }
    let (file, shared) = hdf5::open(path).map_err(|problem| match problem {
        Problem::File(reason) if !is_hdf5 => {
            Problem::File(format!("is of no format that is known here ({NAMES}): {reason}"))
        }
        problem => problem,
    })?;
    hdf5::guarded(|| {
        let format = HDF5_FORMATS.iter().find(|format| (format.recognises)(&file));
        let format = format.ok_or_else(|| {
            Problem::File(format!("is HDF5, but of no format that is known here ({NAMES})"))
        })?;
        Ok(shared.kept_by((format.read)(path, &file)?))
    })
}

fn head(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}
