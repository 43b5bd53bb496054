//! The data directory as a place that recordings are put into and taken out of.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};

use tempfile::NamedTempFile;

use crate::{EXCERPT, EXCERPT_NAME, ReadError, open, unfinished};

/// Where removed recordings stay: hidden, so that no catalogue looks there.
const REMOVED: &str = ".removed";
/// Bytes that are copied at once.
const PIECE: usize = 1 << 20;

/// Why a recording is not put in, or not taken out.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It is no recording.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// There is another file of that name.
    #[error("{}: is there already, and is another file; rename one of the two", .0.display())]
    Taken(PathBuf),
    /// It is not in the data directory.
    #[error("{}: is not the name of a file in the data directory", .0.display())]
    Elsewhere(PathBuf),
    /// Something cannot be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl StoreError {
    fn at(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |error| Self::Io { path: path.to_owned(), error }
    }
}

impl From<unfinished::Failure> for StoreError {
    fn from((path, error): unfinished::Failure) -> Self {
        Self::Io { path, error }
    }
}

/// Copies a recording into a data directory, where it appears whole and under its own name; `copied` is told of bytes. Where
/// it is, and whether it was not there before.
///
/// # Errors
/// When it is no recording, there is another file of its name, or it cannot be copied. Then nothing is left of it.
pub fn add(
    directory: &Path,
    file: &Path,
    mut copied: impl FnMut(u64),
) -> Result<(PathBuf, bool), StoreError> {
    open(file)?;
    let name = file.file_name().ok_or_else(|| StoreError::Elsewhere(file.to_owned()))?;
    let target = directory.join(name);
    if target.try_exists().map_err(StoreError::at(&target))? {
        return same(file, &target).map(|()| (target, false));
    }
    let mut original = File::open(file).map_err(StoreError::at(file))?;
    let mut piece = vec![0; PIECE];
    let copy = |copy: &mut NamedTempFile| {
        loop {
            let length = original.read(&mut piece).map_err(StoreError::at(file))?;
            if length == 0 {
                return Ok(());
            }
            copy.write_all(&piece[..length]).map_err(StoreError::at(&target))?;
            copied(length as u64);
        }
    };
    put(directory, &target, copy)?;
    Ok((target, true))
}

/// Puts the built-in recording into a data directory that has no file of its name.
///
/// # Errors
/// When it cannot be written. Then nothing is left of it.
pub fn add_excerpt(directory: &Path) -> Result<(), StoreError> {
    let target = directory.join(EXCERPT_NAME);
    put(directory, &target, |file| file.write_all(EXCERPT).map_err(StoreError::at(&target)))
}

/// Makes a file that appears at once and whole, on disk.
fn put(
    directory: &Path,
    target: &Path,
    write: impl FnOnce(&mut NamedTempFile) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut file = unfinished::file(directory).map_err(StoreError::at(directory))?;
    write(&mut file)?;
    file.as_file().sync_all().map_err(StoreError::at(target))?;
    match file.persist_noclobber(target) {
        Ok(_) => unfinished::sync(directory).map_err(StoreError::at(directory)),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
            Err(StoreError::Taken(target.to_owned()))
        }
        Err(error) => Err(StoreError::at(target)(error.error)),
    }
}

/// What is left in a data directory of files that somebody began to write, and does not write any more.
///
/// # Errors
/// When the directory or such a file cannot be read.
pub fn left_behind(directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let left = unfinished::left(directory)?;
    Ok(left.into_iter().map(|(path, _)| path).collect())
}

/// Removes what is [left behind](left_behind) in a data directory.
///
/// # Errors
/// When the directory cannot be read, or such a file cannot be removed.
pub fn clear_left_behind(directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    Ok(unfinished::clear(directory)?)
}

/// Whether two files hold the same.
fn same(file: &Path, target: &Path) -> Result<(), StoreError> {
    let (mut left, mut right) = (
        io::BufReader::with_capacity(PIECE, File::open(file).map_err(StoreError::at(file))?),
        io::BufReader::with_capacity(PIECE, File::open(target).map_err(StoreError::at(target))?),
    );
    let length =
        |file: &Path| fs::metadata(file).map(|metadata| metadata.len()).map_err(StoreError::at(file));
    let mut rest = length(file)?;
    let mut equal = rest == length(target)?;
    let (mut one, mut other) = (vec![0; PIECE], vec![0; PIECE]);
    while equal && rest > 0 {
        let next = rest.min(PIECE as u64) as usize;
        left.read_exact(&mut one[..next]).map_err(StoreError::at(file))?;
        right.read_exact(&mut other[..next]).map_err(StoreError::at(target))?;
        equal = one[..next] == other[..next];
        rest -= next as u64;
    }
    if equal { Ok(()) } else { Err(StoreError::Taken(target.to_owned())) }
}

/// Takes a file, told by its path in the data directory, out of it: where it stays until somebody deletes it.
///
/// # Errors
/// When there is no such file, or it cannot be moved.
pub fn remove(directory: &Path, file: &Path) -> Result<PathBuf, StoreError> {
    let elsewhere = || StoreError::Elsewhere(file.to_owned());
    let inside = file.strip_prefix(directory).unwrap_or(file);
    let is_plain = inside.components().all(|part| matches!(part, Component::Normal(_)));
    let there = directory.join(inside);
    if !is_plain || inside.starts_with(REMOVED) || !there.is_file() {
        return Err(elsewhere());
    }
    let kept = directory.join(REMOVED).join(inside);
    let parent = kept.parent().ok_or_else(elsewhere)?;
    fs::create_dir_all(parent).map_err(StoreError::at(parent))?;
    if kept.try_exists().map_err(StoreError::at(&kept))? {
        return Err(StoreError::Taken(kept));
    }
    fs::rename(&there, &kept).map_err(StoreError::at(&there))?;
    for directory in [Some(parent), there.parent()].into_iter().flatten() {
        unfinished::sync(directory).map_err(StoreError::at(directory))?;
    }
    Ok(kept)
}
