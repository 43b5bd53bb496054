//! Which formats there are, and how a file's own is found.

use std::path::Path;

use crate::error::Problem;
use crate::febus::FebusFile;
use crate::prodml::ProdmlFile;
use crate::{ReadError, RecordingFile, febus, hdf5, optodas, silixa, terra15};

type Opened = Box<dyn RecordingFile>;

/// A format that is an HDF5 file: whether a file is of it, and how it is then read.
struct Hdf5Format {
    recognises: fn(&hdf5_reader::Hdf5File) -> bool,
    read: fn(&Path, &hdf5_reader::Hdf5File) -> Result<Opened, Problem>,
}

const HDF5_FORMATS: &[Hdf5Format] = &[
    Hdf5Format {
        recognises: ProdmlFile::recognises,
        read: |path, file| Ok(Box::new(ProdmlFile::read(path, file)?)),
    },
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

/// What is read, for people.
const NAMES: &str = "PRODML, OptoDAS, Febus A1, Silixa iDAS, Terra15";

/// Opens a recording; its format is known by its content, not by its name.
///
/// # Errors
/// When the file cannot be read, is of no known format, or its header contradicts its data.
pub fn open(path: &Path) -> Result<Box<dyn RecordingFile>, ReadError> {
    recognised(path).map_err(|problem| problem.at(path))
}

fn recognised(path: &Path) -> Result<Opened, Problem> {
    let length = std::fs::metadata(path).map_err(|error| Problem::File(error.to_string()))?.len();
    if length == 0 {
        return Err(Problem::File("the file is empty".into()));
    }
    let file = hdf5::open(path)?;
    hdf5::guarded(|| {
        let format = HDF5_FORMATS.iter().find(|format| (format.recognises)(&file));
        let format = format.ok_or_else(|| {
            Problem::File(format!("is HDF5, but of no format that is known here ({NAMES})"))
        })?;
        (format.read)(path, &file)
    })
}
