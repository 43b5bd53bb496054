//! Secrets, and addresses of hosts, that stand in a ticket.

use std::net::Ipv4Addr;

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
    NAMED = r#"(?i)(?:(?:\b|_)(?:passwords?|passwd|passphrase|pwd|secrets?|(?:auth|access|api|bearer|refresh|id|private|session|client)?[_-]?token|api[ _-]?key|access[ _-]?key(?:[ _-]?id)?|secret[ _-]?(?:access[ _-]?)?key|client[_-]?secret)|סיסמה|סיסמא)["'`]?\s*(:=|=>|[:=]|\bis\b)\s*(?:["'`]([^"'`]{3,})["'`]|([^\s"'`,;)}\]]{3,}))"#
}
pattern! {
    BEARER = r"(?i)\bbearer\s+([a-z0-9._~+/-]{16,}=*)"
}
pattern! {
    TOKEN = r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[\w-]{16,}|\bxox[abps]-[\w-]{10,}|\bAIza[\w-]{30,}|\bsk_live_\w{10,}|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*"
}
pattern! {
    PRIVATE_KEY = r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
}
pattern! {
    /// A command's argument, or what stands behind a user's name. `-P` is a port, and to `mysql` a `-p` with a blank
    /// behind it says that it will be asked for.
    ARGUMENT = r"(?i)\bcurl\b.*\s(?:-u|--user)[ =]['\x22]?[^\s:'\x22]+:([^\s'\x22]+)|\b(?:sshpass|mongo\w*|docker\s+login)\b.*?\s(?-i:-p)[ =]?['\x22]?([^\s'\x22]+)|\b(?:mysql|mariadb)\w*\b.*?\s(?-i:-p)['\x22]?([^\s'\x22]+)|\bredis-cli\b.*?\s(?-i:-a)[ =]['\x22]?([^\s'\x22]+)|\b(?:credentials?|user(?:name)?\s*/\s*pass(?:wd|word)?)\b\W{1,3}[\w.-]+\s*[/:]\s*([^\s,;]+)"
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
    /// A word of prose, or two with a dash.
    PROSE = r"^\p{L}+(?:-\p{L}+)?[.:?]?$"
}
pattern! {
    ADDRESS = r"(?:^|[^\d.\w])((\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3}))(?:[^\d.\w]|\.(?:\D|$)|$)"
}
pattern! {
    VERSION = r"(?i)(?:\bv|version|release|build|section|§)\W*$"
}
pattern! {
    INTERNAL = r"(?i)\b((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:local|internal|lan|corp|intra|intranet|svc|priv))\b(?::\d+)?"
}
pattern! {
    URL_WITH_PORT = r"(?i)://(?:[^\s/@]*@)?([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?):\d{2,5}\b"
}
pattern! {
    /// A host's name with the port of a known service.
    WITH_PORT = r"(?i)(?:^|[\s(`'\x22=,])([a-z](?:[a-z0-9.-]*[a-z0-9]))[:](?:22|80|443|1883|2181|2375|3000|3306|4369|5000|5432|5671|5672|6379|6443|8000|8080|8081|8443|8888|9000|9090|9092|9093|9100|9200|9300|11211|15672|25672|27017|27018|50051)\b"
}
pattern! {
    /// Hosts that are no one's, or the reader's own.
    NO_HOST = r"(?i)^(?:localhost|port|host|hostname|ports?|server|tcp|udp|http|https|amqp|line|step|time|target|address|endpoint|listen\w*)$|(?:^|\.)(?:example|test|invalid|localhost|localdomain)$|(?:^|\.)example\.(?:com|org|net)$|\.(?:py|rs|js|ts|java|go|md|json|ya?ml|log|txt)$|(?:^|\.)docker\.internal$"
}

pub(super) fn look(case: &Case<'_>, findings: &mut Vec<Finding>) {
    for (line, text) in case.text.marked(Marks::SECRET).filter(|(line, _)| line.kind != Kind::Heading) {
        if let Some((en, he, secret)) = secret(text) {
            let finding = case.finding_in("secret", line.section, line.at);
            findings.push(finding.in_words("kind", en, he).with("text", masked(secret)));
        }
    }
    let mut known: Vec<&str> = Vec::new();
    for (line, text) in case.text.marked(Marks::HOST) {
        for host in addresses(text) {
            // Said once for each host, where it is first.
            if !known.contains(&host) {
                known.push(host);
                findings.push(case.finding_in("host-address", line.section, line.at).with("text", host));
            }
        }
    }
}

/// The first secret in a line, and what it is.
fn secret(text: &str) -> Option<(&'static str, &'static str, &str)> {
    let real =
        |value: &&str| [&*STANDS_FOR, &*WORDS, &*NAME].iter().all(|stand_in| !stand_in.is_match(value));
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
    let arguments = ARGUMENT.captures_iter(text).filter_map(|found| found.iter().skip(1).flatten().next());
    let logins = LOGIN.captures_iter(text).filter_map(|found| found.get(1)).filter(|found| found.len() > 5);
    if let Some(secret) = arguments.chain(logins).map(|found| found.as_str()).find(real) {
        return Some(("a password", "סיסמה", secret));
    }
    NAMED.captures_iter(text).find_map(|found| {
        let (delimiter, value) = (&found[1], found.get(2).or(found.get(3))?.as_str());
        let is_quoted = found.get(2).is_some();
        // In prose, `token: refreshed` is no secret; `token: a8F3-kk2` is.
        let is_word = PROSE.is_match(value) || value.contains(' ');
        let is_secret = if is_quoted || delimiter == "=" { !value.contains(' ') } else { !is_word };
        let is_secret =
            is_secret && value.chars().any(char::is_alphanumeric) && !value.contains(['(', '$', '{']);
        (is_secret && real(&value)).then_some(("a password or token", "סיסמה או טוקן", value))
    })
}

/// As much of a secret as is needed to find it.
fn masked(secret: &str) -> String {
    let shown = if secret.len() > 7 { 2 } else { 1 };
    secret.chars().take(shown).chain(['…']).collect()
}

/// The hosts that are named in a line.
fn addresses(text: &str) -> Vec<&str> {
    let mut hosts = Vec::new();
    let mut from = 0;
    while let Some(found) = ADDRESS.captures_at(text, from) {
        let Some(address) = found.get(1) else { break };
        if is_host(text, address.start(), address.as_str()) {
            hosts.push(address.as_str());
        }
        from = address.end();
    }
    for pattern in [&*INTERNAL, &*URL_WITH_PORT, &*WITH_PORT] {
        let names = pattern.captures_iter(text).filter_map(|found| found.get(1)).map(|found| found.as_str());
        for name in names {
            let is_address = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            if !is_address && !NO_HOST.is_match(name) && !hosts.contains(&name) {
                hosts.push(name);
            }
        }
    }
    hosts
}

/// Whether four numbers with dots are the address of a host, and not one that is set aside, a mask or a version.
fn is_host(text: &str, start: usize, address: &str) -> bool {
    let Ok(address) = address.parse::<Ipv4Addr>() else { return false };
    let [first, ..] = address.octets();
    let is_set_aside = address.is_loopback() || address.is_unspecified() || address.is_documentation();
    // "1.2.3.4 Title" numbers a section.
    let is_number =
        text[..start].trim().is_empty() && address.octets().iter().all(|octet| *octet < 20) && first < 10;
    !is_set_aside && first < 240 && !is_number && !VERSION.is_match(&text[..start])
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            assert!(secret(good).is_none(), "{good}: {:?}", secret(good));
        }
        assert_eq!(masked("Tr0ub4dor"), "Tr…");
    }

    #[test]
    fn addresses_of_hosts_are_told_from_other_numbers() {
        for (text, hosts) in [
            ("DROP packets to 10.10.100.107:5672", vec!["10.10.100.107"]),
            ("https://10.1.2.3/focus, 10.1.2.4.", vec!["10.1.2.3", "10.1.2.4"]),
            ("ssh db1.corp", vec!["db1.corp"]),
            ("http://focus-server:8080/configure", vec!["focus-server"]),
            ("connect to rabbitmq:5672", vec!["rabbitmq"]),
            ("rabbit.panda.svc.cluster.local", vec!["rabbit.panda.svc.cluster.local"]),
        ] {
            assert_eq!(addresses(text), hosts, "{text}");
        }
        for text in [
            "127.0.0.1:80",
            "0.0.0.0",
            "192.0.2.7 and 198.51.100.1",
            "255.255.255.0",
            "version 1.2.3.4",
            "v10.2.3.4",
            "1.2.3.4 Title of a section",
            "300.1.2.3",
            "1.2.3.4.5",
            "at 12:30",
            "localhost:8080",
            "port:5672",
            "https://example.com:8443/x",
            "main.rs:443",
            "min:10",
            "https://github.com/a/b",
            "$rabbit:5672",
        ] {
            assert_eq!(addresses(text), Vec::<&str>::new(), "{text}");
        }
    }
}
