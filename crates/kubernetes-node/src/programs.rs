use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where Kubernetes' programs are on this machine.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    pub(crate) etcd: PathBuf,
    pub(crate) server: PathBuf,
    pub(crate) controllers: PathBuf,
    pub(crate) kubectl: PathBuf,
}

impl Programs {
    /// Each from `KUBEBUILDER_ASSETS`, else from where `./test` puts what it has built, else from the path.
    ///
    /// # Errors
    /// The name of a program that is in none of these.
    pub(crate) fn find() -> Result<Self, String> {
        let mut places: Vec<PathBuf> =
            env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from).into_iter().collect();
        places.extend(newest_built());
        places.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
        // Debian keeps servers where only root looks.
        places.push("/usr/sbin".into());
        let find = |name: &str| {
            let program = places.iter().map(|place| place.join(name)).find(|program| program.is_file());
            program.ok_or_else(|| name.to_owned())
        };
        Ok(Self {
            etcd: find("etcd")?,
            server: find("kube-apiserver")?,
            controllers: find("kube-controller-manager")?,
            kubectl: find("kubectl")?,
        })
    }

    /// The minor version of the API server: 20 of `Kubernetes v1.20.2`.
    ///
    /// # Panics
    /// When it cannot be run, or does not say.
    pub(crate) fn minor_version(&self) -> u32 {
        let server = self.server.display();
        let output = Command::new(&self.server).arg("--version").output();
        let output = output.unwrap_or_else(|error| panic!("{server} cannot be run: {error}"));
        let said = String::from_utf8_lossy(&output.stdout);
        let minor = said.split('.').nth(1).and_then(|minor| minor.parse().ok());
        minor.unwrap_or_else(|| panic!("{server} --version says {said:?}"))
    }
}

/// Of the versions in the cache the newest.
fn newest_built() -> Option<PathBuf> {
    let not_empty = |value: &OsString| !value.is_empty();
    let cache = env::var_os("XDG_CACHE_HOME").filter(not_empty).map(PathBuf::from);
    let cache = cache.or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".cache")))?;
    let built = std::fs::read_dir(cache.join("focus-server")).ok()?;
    let versions = built.flatten().filter_map(|entry| {
        let version = numbers(entry.file_name().to_str()?.strip_prefix("kubernetes-")?)?;
        Some((version, entry.path()))
    });
    versions.max().map(|(_, directory)| directory)
}

/// The numbers of a version such as `1.20.2`, if it is one.
fn numbers(version: &str) -> Option<Vec<u32>> {
    version.split('.').map(|number| number.parse().ok()).collect()
}
