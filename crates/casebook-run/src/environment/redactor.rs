//! Hides secrets and addresses in whatever is written.

use percent_encoding::percent_decode_str;

use super::Address;

/// Texts that are shorter are not hidden: they would be found everywhere.
const SHORTEST: usize = 4;

/// Hides secrets, and the addresses of targets, before anything is written.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    /// What is hidden, the longest first, with what is put in its place.
    hidden: Vec<(String, String)>,
}

impl Redactor {
    /// Hides a secret from now on.
    pub fn hide(&mut self, secret: &str, instead: &str) {
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
            self.hide(password, "***");
            self.hide(&percent_decode_str(password).decode_utf8_lossy(), "***");
        }
        if let Some(userinfo) = url.as_str().split_once("://").and_then(|(_, rest)| rest.split_once('@')) {
            self.hide(&format!("{}@", userinfo.0), "");
        }
        let host = url.host_str().unwrap_or(&address.host);
        self.hide(&format!("{host}:{}", address.port), &format!("${name}"));
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
