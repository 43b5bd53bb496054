use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use serde_json::json;
use uuid::Uuid;

/// What the API server is known as: to us, and to what would run inside the cluster.
const SERVER_NAMES: [&str; 3] = ["127.0.0.1", "localhost", "kubernetes.default.svc"];

/// What the parts of one cluster and its users know each other by. The constants are names of files in its home.
#[derive(Debug)]
pub(crate) struct Credentials {
    home: PathBuf,
    url: String,
    /// The token of a user who may do everything.
    pub(crate) admin: String,
}

impl Credentials {
    /// The certificate of the authority that the API server's is signed by.
    pub(crate) const CA: &str = "ca.pem";
    /// The API server's certificate and key.
    pub(crate) const SERVER: [&str; 2] = ["server.pem", "server.key"];
    /// The key that the tokens of service accounts are signed with, and the one that they are verified with.
    pub(crate) const ACCOUNTS: [&str; 2] = ["accounts.key", "accounts.pub"];
    /// Whose which token is.
    pub(crate) const TOKENS: &str = "tokens.csv";
    /// How the controllers reach the API server.
    pub(crate) const CONTROLLERS: &str = "controllers.kubeconfig";

    /// Makes all of them, for an API server at a URL.
    ///
    /// # Panics
    /// When files cannot be written.
    pub(crate) fn write(home: &Path, url: &str) -> Self {
        let [admin, controllers] = [(); 2].map(|()| Uuid::new_v4().simple().to_string());
        let tokens = format!(
            "{admin},admin,admin,system:masters\n\
             {controllers},controllers,controllers,system:masters\n"
        );
        let (ca, certificate, key) = certificates().expect("certificates can be made of constants");
        let accounts = KeyPair::generate().expect("a key can be made");
        for (name, content) in [
            (Self::TOKENS, tokens),
            (Self::CA, ca),
            (Self::SERVER[0], certificate),
            (Self::SERVER[1], key),
            (Self::ACCOUNTS[0], accounts.serialize_pem()),
            (Self::ACCOUNTS[1], accounts.public_key_pem()),
        ] {
            fs::write(home.join(name), content).expect("a file can be written");
        }
        let credentials = Self { home: home.to_owned(), url: url.to_owned(), admin };
        credentials.write_kubeconfig(Self::CONTROLLERS, &controllers);
        credentials
    }

    /// Where the certificate of the authority is, PEM.
    pub(crate) fn ca(&self) -> PathBuf {
        self.home.join(Self::CA)
    }

    /// Writes how to reach the API server as the owner of a token.
    ///
    /// # Panics
    /// When it cannot be written.
    pub(crate) fn write_kubeconfig(&self, name: &str, token: &str) -> PathBuf {
        // JSON is YAML too.
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": {"server": self.url, "certificate-authority": self.ca()}}],
            "users": [{"name": "test", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "current-context": "test",
        });
        let path = self.home.join(name);
        fs::write(&path, config.to_string()).expect("a file can be written");
        path
    }
}

/// An authority's certificate, and one that it has signed with its key, all PEM.
fn certificates() -> Result<(String, String, String), rcgen::Error> {
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "Focus Server's tests");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority_key = KeyPair::generate()?;
    let ca = authority.self_signed(&authority_key)?;

    let key = KeyPair::generate()?;
    let server = CertificateParams::new(SERVER_NAMES.map(str::to_owned))?;
    let certificate = server.signed_by(&key, &Issuer::new(authority, authority_key))?;
    Ok((ca.pem(), certificate.pem(), key.serialize_pem()))
}
