use std::path::{Path, PathBuf};

/// Why a recording cannot be read; always names the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The file is absent, truncated, corrupt, or of no known format.
    #[error("{}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A field of the header is missing, impossible, or contradicts the data.
    #[error("{}: {field}: {reason}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// The field, named as the file format names it.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The file shows another fibre than the one read before it.
    #[error("{}: {field} is {found}, but {expected} in {}", path.display(), before.display())]
    Layout {
        /// The file.
        path: PathBuf,
        /// The file that it does not fit to.
        before: PathBuf,
        /// What differs.
        field: &'static str,
        /// Its value in this file.
        found: String,
        /// Its value in the file before.
        expected: String,
    },
}

/// A [`ReadError`] that does not know its file yet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Problem {
    /// The file as such.
    File(String),
    /// One field of its header.
    Field { field: String, reason: String },
}

impl Problem {
    pub(crate) fn field(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Field { field: field.into(), reason: reason.into() }
    }

    pub(crate) fn at(self, path: &Path) -> ReadError {
        let path = path.to_owned();
        match self {
            Self::File(reason) => ReadError::Unreadable { path, reason },
            Self::Field { field, reason } => ReadError::Header { path, field, reason },
        }
    }
}

impl From<hdf5_reader::error::Error> for Problem {
    fn from(error: hdf5_reader::error::Error) -> Self {
        Self::File(error.to_string())
    }
}
