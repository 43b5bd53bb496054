use std::fmt;

use mongodb::options::{ConnectionString, HostInfo};

/// Where a site's MongoDB is, and which of its databases has the recordings.
///
/// `Debug` and `Display` name the hosts and the database only.
#[derive(Clone)]
pub struct MongoAddress {
    pub(super) connection: ConnectionString,
    pub(super) database: String,
}

/// What is wrong with a URL of MongoDB. Does not repeat it, for it may contain a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMongoUrl {
    /// The servers are to be asked from the name service.
    #[error(
        "mongodb+srv:// is not supported: name the servers, as in mongodb://host1,host2/?replicaSet=name"
    )]
    Srv,
    /// User or password are not written as they have to be.
    #[error("the URL's user or password is not valid: percent-encode special characters")]
    Credentials,
    /// Anything else.
    #[error("not a URL such as mongodb://user:password@host:27017: {0}")]
    Other(String),
}

impl MongoAddress {
    /// Reads `mongodb://user:password@host:port,host:port/authentication_database?option=value`.
    ///
    /// # Errors
    /// What is wrong with the URL.
    pub fn parse(url: &str, database: &str) -> Result<Self, InvalidMongoUrl> {
        if url.starts_with("mongodb+srv:") {
            return Err(InvalidMongoUrl::Srv);
        }
        match ConnectionString::parse(url) {
            Ok(connection) => Ok(Self { connection, database: database.to_owned() }),
            // The driver's sentences may repeat what is wrong, so they are asked for again without the secret.
            Err(_) => Err(match ConnectionString::parse(without_credentials(url)) {
                Ok(_) => InvalidMongoUrl::Credentials,
                Err(error) => InvalidMongoUrl::Other(error.kind.to_string()),
            }),
        }
    }

    /// The same servers, with the recordings in another database.
    #[must_use]
    pub fn with_database(self, database: &str) -> Self {
        Self { database: database.to_owned(), ..self }
    }
}

/// All up to the last `@` may belong to a password in which something is not encoded.
fn without_credentials(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://{rest}"),
        (None, Some((_, rest))) => rest.to_owned(),
        (_, None) => url.to_owned(),
    }
}

impl fmt::Display for MongoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = match &self.connection.host_info {
            HostInfo::HostIdentifiers(hosts) => {
                hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
            }
            HostInfo::DnsRecord(name) => name.clone(),
            _ => "..".to_owned(),
        };
        write!(f, "mongodb://{hosts} (database {:?})", self.database)
    }
}

impl fmt::Debug for MongoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MongoAddress({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_secret() {
        let address = MongoAddress::parse("mongodb://u:hunter2@a,b:7/admin?replicaSet=r", "prisma").unwrap();
        assert_eq!(address.to_string(), "mongodb://a:27017,b:7 (database \"prisma\")");
        assert!(!format!("{address:?}").contains("hunter2"));
    }

    #[test]
    fn a_bad_url_is_told_why_and_not_repeated() {
        for (url, part) in [
            ("broker:27017", "scheme"),
            ("http://u:hunter2@host", "scheme"),
            ("mongodb+srv://u:hunter2@host", "name the servers"),
            ("mongodb://u:hunter2/x@host", "percent-encode"),
            ("mongodb://u:hunter2%zz@host:27017", "percent-encode"),
            ("mongodb://u:hunter2@x@host", "percent-encode"),
            ("mongodb://u:hunter2@host:port", "port"),
            ("mongodb://u:hunter2@host/?connectTimeoutMS=soon", "connecttimeoutms"),
            ("hunter2@host", "scheme"),
        ] {
            let error = MongoAddress::parse(url, "prisma").unwrap_err().to_string();
            assert!(error.to_lowercase().contains(part), "{url}: {error}");
            assert!(!error.contains("hunter2"), "{url}: {error}");
        }
    }
}
