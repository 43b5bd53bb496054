//! Credentials that are written out in requests, told by the names of their headers and parameters.

use super::super::{Template, TemplatePart};

/// Words of which one in a name says that a credential is behind it.
const CREDENTIAL: &[&str] = &[
    "apikey",
    "auth",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "jwt",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "pwd",
    "secret",
    "token",
];
/// Words before `key` that make it one.
const OF_KEY: &[&str] = &["access", "account", "api", "auth", "client", "private", "secret", "subscription"];
/// Words before `token` that make it a place in a list.
const OF_PAGE: &[&str] = &["continuation", "continue", "cursor", "next", "page", "sync"];
/// How credentials are written in headers, before themselves.
const SCHEMES: &[&str] = &[
    "apikey",
    "api-key",
    "basic",
    "bearer",
    "digest",
    "genieKey",
    "hmac",
    "jwt",
    "key",
    "negotiate",
    "ntlm",
    "oauth",
    "splunk",
    "token",
];
/// What a value begins with that is no credential, and says so.
const NONE: &[&str] = &[
    "bad",
    "dummy",
    "expired",
    "fake",
    "garbage",
    "incorrect",
    "invalid",
    "malformed",
    "missing",
    "no-",
    "none",
    "not-",
    "unknown",
    "wrong",
];

/// The headers whose value is a credential that is not, but for its scheme, made of names.
pub(super) fn in_headers(headers: &[(String, Template)]) -> impl Iterator<Item = &str> {
    let written = headers.iter().filter(|(name, value)| is_credential(name) && is_written(value));
    written.map(|(name, _)| name.as_str())
}

/// The parameters of a URL's query whose value is one.
pub(super) fn in_query(target: &Template) -> Vec<String> {
    // A name stands for itself as a sign that no value has.
    let text = marked(target);
    let Some((_, query)) = text.split_once('?') else { return Vec::new() };
    let query = query.split('#').next().unwrap_or_default();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let written = pairs.filter(|(name, value)| {
        is_credential(name) && !is_none(value) && value.contains(|it: char| it != REFERENCE)
    });
    written.map(|(name, _)| name.to_owned()).collect()
}

/// What stands for a reference; no text of a ticket has it.
const REFERENCE: char = '\0';

fn marked(template: &Template) -> String {
    let part = |part: &TemplatePart| match part {
        TemplatePart::Text(text) => text.clone(),
        TemplatePart::Reference(_) => REFERENCE.to_string(),
    };
    template.0.iter().map(part).collect()
}

/// Whether a value has letters or digits of its own that are neither its scheme nor the name of what follows, as in
/// `Bearer $token` and `session=$session`.
fn is_written(value: &Template) -> bool {
    let text = marked(value);
    let text = text.trim();
    let rest = match text.split_once(' ') {
        Some((scheme, rest)) if SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme)) => rest,
        _ => text,
    };
    let own = rest.split([' ', ';', ',']).map(|pair| {
        pair.rsplit_once('=').map_or(pair, |(name, value)| if value.is_empty() { name } else { value })
    });
    let mut own = own.filter(|value| value.contains(char::is_alphanumeric));
    own.any(|value| !is_none(value))
}

/// Whether a value says that it is no credential, as a test of refusals has it.
fn is_none(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    value.is_empty() || NONE.iter().any(|word| value.starts_with(word))
}

/// Whether what has such a name is a credential: `X-Auth-Token`, `accessToken`, `api_key`.
fn is_credential(name: &str) -> bool {
    let mut words: Vec<String> = Vec::new();
    let mut before = '-';
    for character in name.chars() {
        let begins = character.is_ascii_uppercase() && before.is_ascii_lowercase();
        if character.is_alphanumeric() {
            match words.last_mut() {
                Some(word) if before.is_alphanumeric() && !begins => {
                    word.push(character.to_ascii_lowercase());
                }
                _ => words.push(character.to_ascii_lowercase().to_string()),
            }
        }
        before = character;
    }
    let is_before = |number: usize, known: &[&str]| {
        number.checked_sub(1).is_some_and(|number| known.contains(&words[number].as_str()))
    };
    words.iter().enumerate().any(|(number, word)| match word.as_str() {
        "key" => is_before(number, OF_KEY),
        "token" => !is_before(number, OF_PAGE),
        word => CREDENTIAL.contains(&word),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_known_by_their_names_and_take_nothing_but_names() {
        for (header, is_told) in [
            ("Authorization: Bearer abc", true),
            ("Authorization: Bearer hunter2secret$p.json.ok", true),
            ("Authorization: hunter2 $p.json.ok", true),
            ("Authorization: Bearer $token", false),
            ("Authorization: Basic ${user}:${password}", false),
            ("Authorization: $token", false),
            ("Authorization: Bearer invalid-token", false),
            ("Private-Token: abcdef", true),
            ("X-Token: abcdef", true),
            ("X-Api-Key: abcdef", true),
            ("apikey: abcdef", true),
            ("Cookie: session=abc", true),
            ("Cookie: session=$session; other=$other", false),
            ("Set-Cookie: a=b", true),
            ("X-Author: Ann", false),
            ("Idempotency-Key: 12", false),
            ("Sec-WebSocket-Key: dGhl", false),
            ("X-Page-Token: 12", false),
            ("Accept: text/html", false),
        ] {
            let (name, value) = header.split_once(": ").unwrap();
            let headers = [(name.to_owned(), Template::read(value).unwrap())];
            assert_eq!(in_headers(&headers).count() == 1, is_told, "{header}");
        }
    }

    #[test]
    fn parameters_are_known_by_their_names() {
        for (target, names) in [
            ("$focus/x?token=hunter2", vec!["token"]),
            ("$focus/x?a=1&accessToken=ab$token&api_key=b", vec!["accessToken", "api_key"]),
            ("$focus/x?token=$token&page_token=4&key=name&author=ann", vec![]),
            ("$focus/token=hunter2", vec![]),
            ("$focus/x?token=invalid", vec![]),
            ("$focus/x?token=", vec![]),
        ] {
            assert_eq!(in_query(&Template::read(target).unwrap()), names, "{target}");
        }
    }
}
