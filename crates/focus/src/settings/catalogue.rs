//! Where recordings are listed, when that is not the data directory.

use std::path::Path;

use focus_recordings::{InvalidMount, MongoAddress, Mount};

use super::layers::Raw;
use super::loader::Loader;
use super::parse::{Refused, Setting, text};

const URL: &str = "catalogue.mongodb_url";
const MOUNTS: &str = "catalogue.mounts";
/// The database that the software of sites uses.
const DATABASE: &str = "prisma";

/// A catalogue in a site's MongoDB.
#[derive(Clone, Debug)]
pub(crate) struct MongoSettings {
    /// Where it is.
    pub(crate) address: MongoAddress,
    /// Where directories of the site are on this machine.
    pub(crate) mounts: Vec<Mount>,
}

impl Loader<'_> {
    /// `volume`: the only directory that jobs see, where they run on a cluster.
    pub(super) fn mongodb(&mut self, volume: Option<&Path>) -> Option<MongoSettings> {
        let address = self.optional::<MongoAddress>(URL);
        let database = self.get("catalogue.mongodb_database", Database(DATABASE.to_owned())).0;
        let mounts = self.get(MOUNTS, Mounts(Vec::new())).0;
        let address = address?.with_database(&database);
        self.show(URL, &address);
        if let Some(volume) = volume
            && let Some(beyond) = mounts.iter().find(|mount| !mount.here().starts_with(volume))
        {
            self.check(MOUNTS, false, || {
                format!(
                    "{beyond} leads out of data_dir, {}: jobs on a cluster see nothing else",
                    volume.display()
                )
            });
        }
        Some(MongoSettings { address, mounts })
    }
}

impl Setting for MongoAddress {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        const EXAMPLE: &str = "For example: mongodb://user:password@host1,host2/?replicaSet=name";
        let url = text(raw).ok_or_else(|| Refused::new("must be a URL", EXAMPLE))?;
        // The error does not repeat the URL, which may contain a password.
        Self::parse(url, DATABASE).map_err(|error| Refused::new(error.to_string(), EXAMPLE))
    }

    fn show(&self) -> toml::Value {
        self.to_string().into()
    }
}

/// The name of a database.
struct Database(String);

impl Setting for Database {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        const LONGEST: usize = 63;
        let name = text(raw).filter(|name| {
            (1..=LONGEST).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        });
        name.map(|name| Self(name.to_owned()))
            .ok_or_else(|| Refused::not(raw, "1 to 63 letters, digits, hyphens and underscores", DATABASE))
    }

    fn show(&self) -> toml::Value {
        self.0.clone().into()
    }
}

/// From the environment or a flag they are separated by commas.
struct Mounts(Vec<Mount>);

impl Setting for Mounts {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        let mounts: Option<Result<Vec<Mount>, InvalidMount>> = match raw {
            Raw::Plain(list) | Raw::Text(list) => {
                let each = list.split(',').map(str::trim).filter(|mount| !mount.is_empty());
                Some(each.map(str::parse).collect())
            }
            Raw::List(items) => items.iter().map(|item| text(item).map(str::parse)).collect(),
            _ => None,
        };
        mounts.and_then(Result::ok).map(Self).ok_or_else(|| {
            Refused::not(raw, "a list of /there=/here, all of them absolute", "[\"/data/prod=/mnt/site\"]")
        })
    }

    fn show(&self) -> toml::Value {
        self.0.iter().map(ToString::to_string).collect::<Vec<_>>().into()
    }
}
