use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where a directory of the site is on this machine, written `/there=/here`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    there: PathBuf,
    here: PathBuf,
}

/// What is wrong with a [`Mount`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be /there=/here, both absolute")]
pub struct InvalidMount;

impl FromStr for Mount {
    type Err = InvalidMount;

    fn from_str(text: &str) -> Result<Self, InvalidMount> {
        let (there, here) = text.split_once('=').ok_or(InvalidMount)?;
        let mount = Self { there: there.trim().into(), here: here.trim().into() };
        if mount.there.is_absolute() && mount.here.is_absolute() { Ok(mount) } else { Err(InvalidMount) }
    }
}

impl Mount {
    /// Where it is on this machine.
    #[must_use]
    pub fn here(&self) -> &Path {
        &self.here
    }
}

impl std::fmt::Display for Mount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}={}", self.there.display(), self.here.display())
    }
}

/// Where `path` of the site is on this machine: by the mount that says most of it, else where it is there.
pub(super) fn here(mounts: &[Mount], path: &Path) -> PathBuf {
    let within = mounts.iter().filter_map(|mount| Some((mount, path.strip_prefix(&mount.there).ok()?)));
    let nearest = within.min_by_key(|(_, rest)| rest.components().count());
    // Joining nothing would end the path with a slash.
    let rest = |here: &Path, rest: &Path| here.components().chain(rest.components()).collect();
    nearest.map_or_else(|| path.to_owned(), |(mount, within)| rest(&mount.here, within))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mount_counts() {
        let mounts = ["/data=/mnt/a", "/data/two=/mnt/b"].map(|text| text.parse().unwrap());
        let at = |path: &str| here(&mounts, Path::new(path)).display().to_string();
        assert_eq!(at("/data"), "/mnt/a");
        assert_eq!(at("/data/one"), "/mnt/a/one");
        assert_eq!(at("/data/two/x/"), "/mnt/b/x");
        assert_eq!(at("/data2"), "/data2");
    }

    #[test]
    fn a_mount_has_two_absolute_ends() {
        for wrong in ["", "/a", "/a=", "=/a", "a=/b", "/a=b"] {
            assert_eq!(wrong.parse::<Mount>(), Err(InvalidMount), "{wrong:?}");
        }
    }
}
