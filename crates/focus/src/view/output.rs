//! Where rows and pictures are written to.

use std::io::{self, Write as _};
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

/// Writes all of a file, or none of it.
pub(super) fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let file = whole_or_not(path)?;
    file.as_file().write_all(content)?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_written_is_not_there() {
        let directory = tempfile::tempdir().unwrap();
        let (file, taken) = (directory.path().join("a.png"), directory.path().join("b.png"));
        write_whole(&file, b"all of it").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"all of it");
        std::fs::create_dir(&taken).unwrap();
        assert!(write_whole(&taken, b"no").is_err());
        let names = std::fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(names, 2, "nothing else is left");
    }

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
