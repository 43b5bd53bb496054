//! Where rows and pictures are written to.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::NamedTempFile;

/// What can be written; the ending of the path says which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// A picture.
    Png,
    /// Arrays for `NumPy`.
    Npz,
    /// PRODML.
    Prodml,
}

impl Format {
    /// The one of this path, a picture if it has no ending; `None` for an ending of something else.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let Some(ending) = path.extension() else { return Some(Self::Png) };
        match ending.to_ascii_lowercase().to_str()? {
            "png" => Some(Self::Png),
            "npz" => Some(Self::Npz),
            "h5" | "hdf5" => Some(Self::Prodml),
            _ => None,
        }
    }
}

/// A file that gets its name only when it is whole; dropping it before removes it.
pub(super) fn whole_or_not(path: &Path) -> io::Result<NamedTempFile> {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    tempfile::Builder::new()
        .prefix(".focus-")
        .suffix(".part")
        .permissions(std::fs::Permissions::from_mode(0o666))
        .tempfile_in(directory.unwrap_or(Path::new(".")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_what_is_written() {
        for (path, format) in [
            ("quake", Some(Format::Png)),
            ("a.b/quake.PNG", Some(Format::Png)),
            ("quake.npz", Some(Format::Npz)),
            ("quake.h5", Some(Format::Prodml)),
            ("quake.HDF5", Some(Format::Prodml)),
            ("quake.jpg", None),
            ("quake.", None),
        ] {
            assert_eq!(Format::of(Path::new(path)), format, "{path}");
        }
    }
}
