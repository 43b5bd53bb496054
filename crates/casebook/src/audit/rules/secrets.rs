//! Secrets that stand in a ticket.

use crate::audit::Finding;
use crate::audit::case::Case;
use crate::audit::marks::Marks;
use crate::audit::text::Kind;
use crate::audit::words::pattern;

pattern! {
    IN_URL = r"(?i)\b[a-z][a-z0-9+.-]*://[^\s/@:]*:([^\s/@]+)@"
}
pattern! {
    /// A name of a secret with a value: 1 the delimiter, 2 a quoted value, 3 a bare one.
    NAMED = r#"(?i)(?:(?:\b|_)(?:passwords?|passwd|passphrase|pwd|secrets?|(?:auth|access|api|bearer|refresh|id|private|session|client)?[_-]?token|api[ _-]?key|(?:shared[_-]?)?access[ _-]?key(?:[ _-]?id)?|secret[ _-]?(?:access[ _-]?)?key|account[_-]?key|client[_-]?secret)|(?-i:\b[A-Z]{2,10}(?:PASSWORD|PASSWD|PWD))|סיסמה|סיסמא)["'`]?\s*(:=|=>|[:=]|\bis\b|היא|הוא)\s*(?:["'`]([^"'`]{3,})["'`]|([^\s"'`,;)}\]]{3,}))"#
}
pattern! {
    /// A password's name and what may be one behind a blank, 1, or behind a dash or in a variable, 2: less is taken for
    /// a secret there.
    LOOSELY_NAMED = r#"(?i)(?:\b(?:password|passwd|pwd|passphrase)|סיסמה|סיסמא)\s+(?:([^\s"'`,;:=)}\]–-][^\s"'`,;)}\]]{7,})|[–-]\s+([^\s"'`,;)}\]]{8,}))|(?:\b|_)pass ?= ?["']?([^\s"'`,;)}\]]{8,})"#
}
pattern! {
    /// What a cell says that has a secret beside it.
    NAME_OF_ONE = r"(?i)^\W*(?:(?:[\w-]+ )?(?:passwords?|passwd|passphrase|pwd|secret|(?:\w+[ _-])?token|(?:api|access|secret|account)[ _-]?key)|ה?סיסמ[הא])\W*$"
}
pattern! {
    BASIC = r#"(?i)\bauthorization["']?\s*[:=]\s*["']?basic\s+([a-z0-9+/]{8,}={0,2})"#
}
pattern! {
    BEARER = r"(?i)\bbearer\s+([a-z0-9._~+/-]{16,}=*)"
}
pattern! {
    TOKEN = r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[\w-]{16,}|\bxox[abps]-[\w-]{10,}|\bAIza[\w-]{30,}|\bsk_(?:live|test)_\w{10,}|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*"
}
pattern! {
    PRIVATE_KEY = r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
}
pattern! {
    /// A command's argument, or what stands behind a user's name. `-P` is a port, and to `mysql` a `-p` with a blank
    /// behind it says that it will be asked for.
    ARGUMENT = r"(?i)\bcurl\b.*\s(?:-u|--user)[ =]['\x22]?[^\s:'\x22]+:([^\s'\x22]+)|\b(?:sshpass|mongo\w*|docker\s+login)\b.*?\s(?-i:-p)[ =]?['\x22]?([^\s'\x22]+)|\b(?:mysql|mariadb)\w*\b.*?\s(?-i:-p)['\x22]?([^\s'\x22]+)|\bredis-cli\b.*?\s(?-i:-a)[ =]['\x22]?([^\s'\x22]+)|\b(?:credentials?|user(?:name)? ?/ ?pass(?:wd|word)?)\b\W{1,3}[\w.-]+\s*[/:]\s*([^\s,;]+)"
}
pattern! {
    /// `login: name / secret`; where it may be a path or a choice as well, it is a secret that has letters and digits, and enough of them.
    LOGIN = r"(?i)\blog-?in\s*[:=]\s*[\w.@-]+\s*[/:]\s*([^\s,;/]*(?:[a-z][^\s,;/]*\d|\d[^\s,;/]*[a-z])[^\s,;/]*)"
}
pattern! {
    /// Values that stand for one by how they begin, or by what nobody has in a secret.
    STANDS_FOR = r"(?i)^[$%<{\[*•#@]|^x{3,}|\*{3}|^\.\.\.|example|dummy|placeholder|redacted|change[-_]?me|^(?:fake|invalid|expired|wrong|incorrect)|^(?:your|my|some|sample|bad|hidden|masked)[-_]|^(?:null|none|nil|n/a|true|false|required|optional|undefined|not|in|from|see|is|are|and|must|should|stored|set|kept|with|for|per|via)$|^os\.|(?:\b|_)env\b|getenv|\bvault\b|^secrets?/|\w::\w|^[a-z_.]+!?\["
}
pattern! {
    /// Values of nothing but words that stand for one: `valid-token-1`; a number that is not set off is a part of a
    /// secret.
    WORDS = r"(?i)^(?:(?:sample|fake|hidden|masked|my|your|some|the|an?|one|invalid|valid|expired|wrong|incorrect|missing|empty|correct|right|good|bad|old|new|current|secret|passw(?:or)?d|passphrase|pass|pwd|token|key|api|auth|access|refresh|bearer|session|client|user|string|test|abc|foo|bar)s?[-_. ]*)+(?:[-_.]\d{1,3})?$"
}
pattern! {
    /// The name under which a program keeps one: `RABBIT_PASSWORD`, `config.db2.token`, `adminPassword`.
    NAME = r"(?i)^[a-z]+(?:[._-][a-z]+)*?[._-]?(?:passw(?:or)?d|pwd|secret|token|[._-]key|(?-i:Key))s?$|(?-i:^[A-Z][A-Z0-9_]*_(?:PASSW(?:OR)?D|PASS|PWD|SECRET|TOKEN|KEY)$)|^[a-z_]\w*\.(?:\w+\.)*(?:passw(?:or)?d|pwd|secret|\w*token|\w*_?key)$"
}
pattern! {
    /// A ticket's key.
    KEY = r"^[A-Z][A-Z0-9_]*-[0-9]+$"
}
pattern! {
    /// A word of prose, or two with a dash.
    PROSE = r"^\p{L}+(?:-\p{L}+)?[.:?]?$"
}
pub(super) fn look(case: &Case<'_>, findings: &mut Vec<Finding>) {
    for (line, text) in case.text.marked(Marks::SECRET).filter(|(line, _)| line.kind != Kind::Heading) {
        let beside = || {
            let (cell, value) = case.text.behind(line).filter(|_| line.kind == Kind::Cell)?;
            let is_secret =
                NAME_OF_ONE.is_match(text) && !value.contains(char::is_whitespace) && is_mixed(value);
            (is_secret && is_real(value)).then_some((cell.at, (NAMED_ONE.0, NAMED_ONE.1, value)))
        };
        if let Some((at, (en, he, secret))) = secret(text).map(|found| (line.at, found)).or_else(beside) {
            let finding = case.finding_in("secret", line.section, at);
            findings.push(finding.in_words("kind", en, he).with("text", masked(secret)));
        }
    }
}

/// What a secret is that has a name.
const NAMED_ONE: (&str, &str) = ("a password or token", "סיסמה או טוקן");

/// Whether a value is one itself, and does not stand for one.
fn is_real(value: &str) -> bool {
    [&*STANDS_FOR, &*WORDS, &*NAME].iter().all(|stand_in| !stand_in.is_match(value))
}

/// Whether a value has letters and digits, enough of them, and is not the key of a ticket.
fn is_mixed(value: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| value.as_bytes().iter().any(kind);
    value.len() >= 8
        && has(u8::is_ascii_alphabetic)
        && has(u8::is_ascii_digit)
        && !value.contains(['(', '$', '{', '/'])
        && !KEY.is_match(value)
}

/// Whether a value is no word even when nothing says that it is a secret: letters and digits take turns, or a special
/// character stands among them. `sha256sum` is a word.
fn is_random(value: &str) -> bool {
    let is_kind = |byte: &u8| (byte.is_ascii_digit(), byte.is_ascii_alphanumeric());
    let turns = value.as_bytes().chunk_by(|one, other| is_kind(one) == is_kind(other)).count();
    is_mixed(value) && (turns >= 4 || value.chars().skip(1).any(|character| "!@#%^&*+".contains(character)))
}

/// The first secret in a line, and what it is.
fn secret(text: &str) -> Option<(&'static str, &'static str, &str)> {
    let real = |value: &&str| is_real(value);
    if let Some(found) = PRIVATE_KEY.find(text) {
        return Some(("a private key", "מפתח פרטי", found.as_str()));
    }
    let in_url =
        IN_URL.captures_iter(text).filter_map(|found| found.get(1)).map(|found| found.as_str()).find(real);
    if let Some(secret) = in_url {
        return Some(("an address with a password", "כתובת עם סיסמה", secret));
    }
    let token = TOKEN.find_iter(text).map(|found| found.as_str()).find(|token| !token.contains("EXAMPLE"));
    if let Some(secret) = token {
        return Some(("a token or key", "טוקן או מפתח", secret));
    }
    let bearer =
        BEARER.captures(text).and_then(|found| found.get(1)).map(|found| found.as_str()).filter(real);
    if let Some(secret) = bearer {
        return Some(("a token or key", "טוקן או מפתח", secret));
    }
    let basic = BASIC.captures(text).and_then(|found| found.get(1)).map(|found| found.as_str());
    // A word of prose has no capital behind its first letter: `Authorization: Basic credentials`.
    let is_encoded =
        |value: &&str| value.chars().skip(1).any(|c| c.is_ascii_uppercase() || "0123456789=".contains(c));
    if let Some(secret) = basic.filter(is_encoded) {
        return Some(("a password", "סיסמה", secret));
    }
    let arguments = ARGUMENT.captures_iter(text).filter_map(|found| found.iter().skip(1).flatten().next());
    let logins = LOGIN.captures_iter(text).filter_map(|found| found.get(1)).filter(|found| found.len() > 5);
    if let Some(secret) = arguments.chain(logins).map(|found| found.as_str()).find(real) {
        return Some(("a password", "סיסמה", secret));
    }
    let named = NAMED.captures_iter(text).find_map(|found| {
        let (delimiter, value) = (&found[1], found.get(2).or(found.get(3))?.as_str());
        let is_quoted = found.get(2).is_some();
        // In prose, `token: refreshed` is no secret; `token: a8F3-kk2` is.
        let is_word = PROSE.is_match(value) || value.contains(' ');
        let is_secret = if is_quoted || delimiter == "=" { !value.contains(' ') } else { !is_word };
        let is_secret =
            is_secret && value.chars().any(char::is_alphanumeric) && !value.contains(['(', '$', '{']);
        (is_secret && real(&value)).then_some(value)
    });
    let loosely = || {
        LOOSELY_NAMED.captures_iter(text).find_map(|found| {
            let behind_blank = found.get(1).map(|value| value.as_str()).filter(|value| is_random(value));
            let other = found.get(2).or(found.get(3)).map(|value| value.as_str());
            behind_blank.or(other.filter(|value| is_mixed(value))).filter(real)
        })
    };
    named.or_else(loosely).map(|value| (NAMED_ONE.0, NAMED_ONE.1, value))
}

/// As much of a secret as is needed to find it.
fn masked(secret: &str) -> String {
    let shown = if secret.len() > 7 { 2 } else { 1 };
    secret.chars().take(shown).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::marks::{marks_of, promised};

    proptest! {
        #[test]
        fn what_may_be_a_secret_has_the_mark(
            text in prop_oneof![
                promised(&IN_URL),
                promised(&NAMED),
                promised(&LOOSELY_NAMED),
                promised(&NAME_OF_ONE),
                promised(&BASIC),
                promised(&BEARER),
                promised(&TOKEN),
                promised(&PRIVATE_KEY),
                promised(&ARGUMENT),
                promised(&LOGIN),
            ],
        ) {
            prop_assert!(marks_of(&text).has(Marks::SECRET), "{text:?}");
        }
    }

    #[test]
    fn secrets_are_told_from_words_that_speak_of_them() {
        for bad in [
            "amqp://admin:Tr0ub4dor@rabbit:5672",
            "password: Tr0ub4dor&3",
            "\"password\": \"hunter2x\"",
            "RABBIT_PASSWORD=hunter",
            "api_key = 'a8f3kk2Q'",
            "Authorization: Bearer abcdef0123456789abcdef",
            "AKIAIOSFODNN7ABCDEFG",
            "-----BEGIN RSA PRIVATE KEY-----",
            "ghp_0123456789abcdefghij0123",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc",
            "curl -u admin:hunter2 $focus",
            "Credentials: guest/guest1",
            "סיסמה: Abc12345",
            "log in with user admin and password: Passw0rd!23",
            "password: Secret123!",
            "password: hunter2secret",
            "password=Correct7horse",
            "\"token\": \"sevenvalid99\"",
            "API key: 9f8e7d6c5b4a39281706f5e4d3c2b1a0",
            "Secret key = 9f8e7d6c5b4a39281706",
            "user/pass: admin/Xk29fjw02kslw",
            "login: admin / Xk29fjw02kslw",
            "sshpass -p Xk29fjw02kslw ssh root@$host",
            "mysql -uroot -pXk29fjw02kslw shop",
            "mongosh -u root -p Xk29fjw02kslw",
            "passphrase: Xk29fjw02kslw",
            "{\"passphrase\": \"Xk29fjw02kslw\"}",
            "ghu_0123456789abcdefghij0123",
            "xoxs-0123456789-abc",
            "user admin, password Xk29fjw02kslw",
            "log in with password Passw0rd!23",
            "Password - Xk29fjw02kslw",
            "PASS=Xk29fjw02kslw",
            "DB_PASS=Xk29fjw02kslw",
            "PGPASSWORD=Xk29fjw02kslw psql",
            "Authorization: Basic YWRtaW46aHVudGVyMg==",
            "Authorization: Basic dXNlcjpwYXNz",
            "סיסמה - Xk29fjw02kslw",
            "הסיסמה היא Abc12345",
            "sk_test_0123456789abcdef",
            "AccountName=x;AccountKey=a0b1c2d3e4f5a0b1c2d3e4f5a0b1c2d3e4f5a0b1c2d3==;",
        ] {
            assert!(secret(bad).is_some(), "{bad}");
        }
        for good in [
            "The token must be refreshed",
            "password: required",
            "\"password\": \"<your password>\"",
            "PASSWORD=$RABBIT_PASSWORD",
            "amqp://$user:$password@$rabbit",
            "token: expired",
            "an invalid password is refused",
            "\"token\": \"invalid-token-1\"",
            "max_tokens: 1000",
            "the secret is stored in Vault",
            "AKIAIOSFODNN7EXAMPLE",
            "reads the token from the environment",
            "mail to dana@example.com",
            "password = os.environ['X']",
            "password: the right one",
            "password: wrong-password",
            "the password is WrongPass1!",
            "secret: from the vault",
            "token: refreshed.",
            "API key: read-only",
            "API key: N/A",
            "token: valid-token-2",
            "password = RABBIT_PASSWORD",
            "password: config.rabbit2.password",
            "token = accessToken",
            "token: ${TOKEN}, key: process.env.KEY",
            "password=changeme",
            "PASSWORD=********",
            "login: POST /v1/login",
            "login: web / mobile",
            "user/pass: $user/$password",
            "sshpass -p $PASSWORD ssh root@$host",
            "mysql -u root -p -P3306 shop",
            "let token: aes_sha::InitToken",
            "token: Token![:]",
            "the token is args[token.index]",
            "the password sha256sum is compared",
            "Password - required",
            "Password - 8 to 20 characters",
            "the password of PZ-13602 is wrong, password PZ-13602222",
            "PASS=118 FAIL=2",
            "pass = true",
            "Authorization: Basic credentials",
            "Basic authentication is off",
            "הסיסמה היא חובה",
        ] {
            assert!(secret(good).is_none(), "{good}: {:?}", secret(good));
        }
        assert_eq!(masked("Tr0ub4dor"), "Tr…");
    }
}
