//! Hides secrets and addresses in whatever is written.

mod forms;

use std::net::IpAddr;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::Address;

/// Texts that are shorter are not hidden: they would be found everywhere.
pub(super) const SHORTEST: usize = 4;
/// A secret of so many characters that is no word does not stand anywhere by chance.
const UNMISTAKABLE: usize = 8;

/// Hides secrets, and the addresses of targets, before anything is written.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<(String, String)>", into = "Vec<(String, String)>")]
pub struct Redactor {
    /// What is hidden, with what is put in its place.
    hidden: Vec<(String, String)>,
    /// Finds all forms of it; made when it is first looked for.
    search: OnceLock<Search>,
}

/// Finds many texts at once.
#[derive(Clone, Debug)]
struct Search {
    forms: Vec<(String, String)>,
    /// None when there are more than can be looked for, which no environment has.
    automaton: Option<AhoCorasick>,
}

impl Search {
    fn of<'a>(hidden: impl Iterator<Item = &'a (String, String)>) -> Self {
        let mut forms: Vec<(String, String)> = Vec::new();
        for (secret, instead) in hidden {
            forms.extend(forms::of(secret).into_iter().map(|form| (form, instead.clone())));
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            // Names of headers become small, digits of encodings are of either kind.
            .ascii_case_insensitive(true)
            .build(forms.iter().map(|(form, _)| form));
        Self { forms, automaton: automaton.ok() }
    }

    fn first(&self, text: &str) -> Option<&str> {
        let found = self.automaton.as_ref()?.find(text)?;
        Some(&self.forms[found.pattern()].1)
    }

    fn replaced(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = 0;
        for found in self.automaton.iter().flat_map(|automaton| automaton.find_iter(text)) {
            out.push_str(&text[rest..found.start()]);
            out.push_str(&self.forms[found.pattern()].1);
            rest = found.end();
        }
        out + &text[rest..]
    }

    /// The longest end of a text that is the beginning of something hidden, but not all of it.
    fn begun(&self, text: &str) -> Option<(usize, &str)> {
        self.part(|form, length| {
            let end = text.len().checked_sub(length).and_then(|from| text.get(from..));
            form.get(..length).zip(end).is_some_and(|(part, end)| part.eq_ignore_ascii_case(end))
        })
    }

    /// The longest beginning of a text that is the end of something hidden, but not all of it.
    fn ended(&self, text: &str) -> Option<(usize, &str)> {
        self.part(|form, length| {
            let part = form.get(form.len() - length..);
            part.zip(text.get(..length)).is_some_and(|(part, beginning)| part.eq_ignore_ascii_case(beginning))
        })
    }

    fn part(&self, is_there: impl Fn(&str, usize) -> bool) -> Option<(usize, &str)> {
        let longest = |form: &str| (SHORTEST..form.len()).rev().find(|length| is_there(form, *length));
        let parts = self.forms.iter().filter_map(|(form, instead)| Some((longest(form)?, instead.as_str())));
        parts.max_by_key(|(length, _)| *length)
    }
}

impl From<Vec<(String, String)>> for Redactor {
    fn from(hidden: Vec<(String, String)>) -> Self {
        Self { hidden, search: OnceLock::new() }
    }
}

impl From<Redactor> for Vec<(String, String)> {
    fn from(redactor: Redactor) -> Self {
        redactor.hidden
    }
}

impl PartialEq for Redactor {
    fn eq(&self, other: &Self) -> bool {
        self.hidden == other.hidden
    }
}

impl Eq for Redactor {}

impl Redactor {
    /// Hides a secret from now on, also in the forms that it has in JSON, URLs, HTML and base64.
    pub fn hide(&mut self, secret: &str, instead: &str) {
        if secret.len() < SHORTEST || self.hidden.iter().any(|(known, _)| known == secret) {
            return;
        }
        self.hidden.push((secret.to_owned(), instead.to_owned()));
        self.search = OnceLock::new();
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
        self.search().replaced(text)
    }

    /// A text that was cut wherever `cut` stands and at its end, also without the halves of what is hidden.
    #[must_use]
    pub(crate) fn redact_cut(&self, text: &str, cut: &str) -> String {
        let search = self.search();
        let mut out = String::with_capacity(text.len());
        for (number, piece) in text.split(cut).enumerate() {
            // What is whole is not taken for a half.
            let whole = search.replaced(piece);
            let mut piece = whole.as_str();
            if number > 0 {
                out.push_str(cut);
                if let Some((length, instead)) = search.ended(piece) {
                    out.push_str(instead);
                    piece = &piece[length..];
                }
            }
            let (length, instead) = search.begun(piece).unwrap_or((0, ""));
            out.push_str(&piece[..piece.len() - length]);
            out.push_str(instead);
        }
        out
    }

    /// Hides what is hidden in a JSON: in its texts, in the names of its fields, and numbers that are nothing else.
    pub(crate) fn redact_json(&self, value: &mut Json) {
        match value {
            Json::String(text) if self.is_in(text) => *text = self.redact(text),
            Json::Number(number) => {
                let text = number.to_string();
                if let Some((_, instead)) = self.hidden.iter().find(|(secret, _)| *secret == text) {
                    *value = instead.as_str().into();
                }
            }
            Json::Array(elements) => elements.iter_mut().for_each(|element| self.redact_json(element)),
            Json::Object(fields) => {
                if fields.keys().any(|name| self.is_in(name)) {
                    let named = std::mem::take(fields).into_iter();
                    *fields = named.map(|(name, value)| (self.redact(&name), value)).collect();
                }
                fields.values_mut().for_each(|field| self.redact_json(field));
            }
            _ => {}
        }
    }

    /// Whether something that is hidden is in a text.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        self.search().first(text).is_some()
    }

    /// Only the secrets that cannot be taken for anything else: a password that is a word may be that word, and what a
    /// variable holds may be a host or a file.
    #[must_use]
    pub(crate) fn unmistakable(&self) -> Self {
        let is_address = |instead: &str| instead.starts_with('$') && !instead.starts_with("${");
        let is_word = |secret: &str| secret.chars().all(char::is_alphabetic);
        let hidden = self.hidden.iter().filter(|(secret, instead)| {
            let is_long = secret.chars().count() >= UNMISTAKABLE;
            is_long && !is_word(secret) && !is_place(secret) && !is_address(instead) && !instead.is_empty()
        });
        hidden.cloned().collect::<Vec<_>>().into()
    }

    /// The first that is hidden in a text: what stands in its place.
    #[must_use]
    pub(crate) fn first_in(&self, text: &str) -> Option<&str> {
        self.search().first(text)
    }

    fn search(&self) -> &Search {
        self.search.get_or_init(|| Search::of(self.hidden.iter()))
    }
}

/// Whether a host tells something without its port. This machine does not, and a name without a dot is a word like others.
fn is_telling(host: &str) -> bool {
    host.parse().map_or_else(|_| host.contains('.'), |address: IpAddr| !address.is_loopback())
}

/// Whether a text is a host's name or address, with a port or without, or a file's path.
fn is_place(text: &str) -> bool {
    let host = text.rsplit_once(':').map_or(text, |(host, _)| host);
    let is_plain = text
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._:/-".contains(&byte));
    text.parse::<IpAddr>().is_ok() || is_plain && (text.starts_with('/') || host.contains('.'))
}
