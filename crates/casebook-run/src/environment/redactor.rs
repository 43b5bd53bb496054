//! Hides secrets and addresses in whatever is written.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use super::Address;

/// Texts that are shorter are not hidden: they would be found everywhere.
const SHORTEST: usize = 4;

/// Hides secrets, and the addresses of targets, before anything is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Redactor {
    /// What is hidden, the longest first, with what is put in its place.
    hidden: Vec<(String, String)>,
}

impl Redactor {
    /// Hides a secret from now on, also as it stands in JSON.
    pub fn hide(&mut self, secret: &str, instead: &str) {
        let in_json = serde_json::Value::from(secret).to_string();
        self.hide_text(secret, instead);
        self.hide_text(&in_json[1..in_json.len() - 1], instead);
    }

    fn hide_text(&mut self, secret: &str, instead: &str) {
        if secret.len() < SHORTEST || self.hidden.iter().any(|(known, _)| known == secret) {
            return;
        }
        self.hidden.push((secret.to_owned(), instead.to_owned()));
        self.hidden.sort_by_key(|(known, _)| std::cmp::Reverse(known.len()));
    }

    /// Hides the credentials in a target's URL, and writes the target's name for its host and port.
    pub(super) fn hide_address(&mut self, name: &str, address: &Address) {
        let url = &address.url;
        if let Some(password) = url.password() {
            let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
            self.hide(password, "***");
            self.hide(&decoded(password), "***");
            let basic = format!("{}:{}", decoded(url.username()), decoded(password));
            self.hide(&STANDARD.encode(basic), "***");
        }
        if let Some(userinfo) = url.as_str().split_once("://").and_then(|(_, rest)| rest.split_once('@')) {
            self.hide(&format!("{}@", userinfo.0), "");
        }
        let host = url.host_str().unwrap_or(&address.host);
        self.hide(&format!("{host}:{}", address.port), &format!("${name}"));
        if is_telling(&address.host) {
            self.hide(&address.host, &format!("${name}"));
        }
    }

    /// The text without what is hidden.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for (secret, instead) in &self.hidden {
            if out.contains(secret.as_str()) {
                out = out.replace(secret.as_str(), instead);
            }
        }
        out
    }

    /// Whether something that is hidden is in a text.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        self.hidden.iter().any(|(secret, _)| text.contains(secret.as_str()))
    }
}

/// Whether a host tells something without its port. This machine does not, and a name without a dot is a word like others.
fn is_telling(host: &str) -> bool {
    host.parse().map_or_else(|_| host.contains('.'), |address: IpAddr| !address.is_loopback())
}
