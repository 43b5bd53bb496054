//! Where results are written to.

use std::io::{self, BufWriter, ErrorKind, IsTerminal as _, Write};
use std::path::Path;

use anyhow::{Context as _, Result};

/// Columns of lines that go into a file or a pipe.
const WIDTH: usize = 100;
/// Lines longer than this are hard to read, however wide the terminal is.
const WIDEST: usize = 120;

/// Writes a text to standard output, or to a file, which is whole or not there. Colours are taken out where nobody
/// would see them.
pub(super) fn write(text: &str, file: Option<&Path>) -> Result<()> {
    if let Some(file) = file {
        return write_raw(&anstream::adapter::strip_str(text).to_string(), Some(file));
    }
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Writes a text that is for programs: as it is.
pub(super) fn write_raw(text: &str, file: Option<&Path>) -> Result<()> {
    stream(file, |out| out.write_all(text.as_bytes()))
}

/// Writes piece by piece what is too large to be held as a whole.
pub(super) fn stream(
    file: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    if let Some(file) = file {
        return write_whole(file, write).with_context(|| format!("cannot write {}", file.display()));
    }
    let mut out = BufWriter::new(io::stdout().lock());
    write(&mut out)?;
    Ok(out.flush()?)
}

/// Columns of a text that is written.
pub(super) fn width(file: Option<&Path>) -> usize {
    let terminal = terminal_width().filter(|_| file.is_none());
    terminal.map_or(WIDTH, |width| width.min(WIDEST))
}

/// Columns of the terminal that standard output is, if it is one.
pub(super) fn terminal_width() -> Option<usize> {
    let terminal = terminal_size::terminal_size().filter(|_| io::stdout().is_terminal());
    terminal.map(|(width, _)| usize::from(width.0))
}

/// Whether nobody reads any more.
pub(super) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

fn write_whole(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".casebook-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let file = builder.tempfile_in(directory.unwrap_or(Path::new(".")))?;
    let mut out = BufWriter::new(file.as_file());
    write(&mut out)?;
    out.flush()?;
    drop(out);
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_whole_or_not_there() {
        let directory = tempfile::tempdir().unwrap();
        let (file, taken) = (directory.path().join("a.txt"), directory.path().join("b.txt"));
        write("\u{1b}[1mall\u{1b}[0m of it", Some(&file)).unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"all of it");
        std::fs::create_dir(&taken).unwrap();
        assert!(write("no", Some(&taken)).is_err());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2, "nothing else is left");
    }
}
