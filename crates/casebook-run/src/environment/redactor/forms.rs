//! What a secret looks like once programs have written it into something else.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::names::{PATH_PART, QUERY_PART};

/// A piece of base64 that is shorter may stand in any other.
const SHORTEST_BASE64: usize = 8;

/// As servers and libraries encode parts of a URL: RFC 3986, `encodeURIComponent`, and the three of WHATWG's.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const COMPONENT: &AsciiSet = &UNRESERVED.remove(b'!').remove(b'*').remove(b'\'').remove(b'(').remove(b')');
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');
const SPECIAL_QUERY: &AsciiSet = &QUERY.add(b'\'');
const PATH: &AsciiSet = &QUERY.add(b'?').add(b'^').add(b'`').add(b'{').add(b'}');
const USERINFO: &AsciiSet = &PATH
    .add(b'/')
    .add(b':')
    .add(b';')
    .add(b'=')
    .add(b'@')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'|')
    .add(b'\'');
/// But for letters and digits, what Python's `quote` leaves.
const QUOTE: &AsciiSet = &UNRESERVED.remove(b'/');

/// All forms of a secret, itself first. Whether letters are capitals is left to whoever looks for them.
pub(super) fn of(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_owned()];
    forms.extend(in_json(secret));
    forms.extend(in_urls(secret));
    forms.extend(in_html(secret));
    forms.extend(in_base64(secret));
    let mut known = std::collections::HashSet::new();
    forms.retain(|form| known.insert(form.clone()));
    forms
}

/// Which characters beside those that must be a serializer escapes.
#[derive(Clone, Copy)]
struct Escapes {
    /// All that could end a script or an attribute: those of HTML, or quotation marks and `+` as well.
    html: &'static str,
    /// All that is no ASCII.
    foreign: bool,
    slash: bool,
}

fn in_json(secret: &str) -> impl Iterator<Item = String> {
    let choices = ["", "<>&", "<>&'\"+`"].into_iter().flat_map(|html| {
        (0..4).map(move |bits| Escapes { html, foreign: bits & 1 > 0, slash: bits & 2 > 0 })
    });
    choices.map(|escapes| json(secret, escapes))
}

fn json(secret: &str, escapes: Escapes) -> String {
    let mut out = String::with_capacity(secret.len() + 8);
    for character in secret.chars() {
        let is_escaped = escapes.html.contains(character) || escapes.foreign && !character.is_ascii();
        match character {
            '/' if escapes.slash => out.push_str("\\/"),
            '\\' => out.push_str("\\\\"),
            '"' if !is_escaped => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if is_escaped || character.is_control() => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            _ => out.push(character),
        }
    }
    out
}

fn in_urls(secret: &str) -> impl Iterator<Item = String> {
    let sets = [
        UNRESERVED,
        COMPONENT,
        QUERY,
        SPECIAL_QUERY,
        PATH,
        USERINFO,
        QUOTE,
        PATH_PART,
        QUERY_PART,
        super::super::secrets::IN_URL,
        NON_ALPHANUMERIC,
    ];
    sets.into_iter().flat_map(move |set| {
        let encoded = utf8_percent_encode(secret, set).to_string();
        // A form's blanks.
        [encoded.replace("%20", "+"), encoded]
    })
}

fn in_html(secret: &str) -> impl Iterator<Item = String> {
    let bare = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let quotes = [
        ("\"", "'"),
        ("&quot;", "'"),
        ("&quot;", "&#39;"),
        ("&quot;", "&#x27;"),
        ("&#34;", "&#39;"),
        ("&quot;", "&apos;"),
    ];
    quotes.into_iter().map(move |(double, single)| bare.replace('"', double).replace('\'', single))
}

/// As a whole and as a part of something longer, which can begin at each of three places.
fn in_base64(secret: &str) -> impl Iterator<Item = String> {
    [STANDARD, URL_SAFE].into_iter().flat_map(move |engine| {
        (0..3).filter_map(move |before| {
            let bytes = [&[0; 2][..before.min(2)], secret.as_bytes()].concat();
            let encoded = engine.encode(&bytes);
            // Six bits each: those that are of the secret alone.
            let (from, to) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
            encoded.get(from..to).filter(|part| part.len() >= SHORTEST_BASE64).map(str::to_owned)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_writes_a_secret_is_known() {
        const SECRET: &str = "tok&en<9>zq7/Xvöö K'\"";
        let forms = of(SECRET);
        for form in [
            r#"tok&en<9>zq7/Xvöö K'\""#,
            r#"tok\u0026en\u003c9\u003ezq7/Xvöö K'\""#,
            r#"tok&en<9>zq7/Xv\u00f6\u00f6 K'\""#,
            r#"tok&en<9>zq7\/Xv\u00f6\u00f6 K'\""#,
            r"tok\u0026en\u003C9\u003Ezq7/Xv\u00F6\u00F6 K\u0027\u0022",
            "tok&en%3C9%3Ezq7/Xv%C3%B6%C3%B6%20K%27%22",
            "tok%26en%3C9%3Ezq7%2FXv%C3%B6%C3%B6%20K%27%22",
            "tok%26en%3c9%3ezq7%2fXv%c3%b6%c3%b6+K%27%22",
            "tok&amp;en&lt;9&gt;zq7/Xvöö K&#39;&#34;",
        ] {
            assert!(
                forms.iter().any(|known| known.eq_ignore_ascii_case(form)),
                "{form} is not among {forms:#?}"
            );
        }
        for before in ["", "a", "ab", "abc"] {
            for behind in ["", "x", "xy"] {
                for engine in [STANDARD, URL_SAFE] {
                    let whole = engine.encode(format!("{before}{SECRET}{behind}"));
                    assert!(
                        forms.iter().any(|form| form.len() > 25 && whole.contains(form.as_str())),
                        "{whole}"
                    );
                }
            }
        }
        assert_eq!(of("plain1").len(), 2, "{:?}", of("plain1"));
    }
}
