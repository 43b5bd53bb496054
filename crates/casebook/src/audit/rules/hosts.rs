//! Addresses of hosts that stand in a ticket.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::audit::Finding;
use crate::audit::case::Case;
use crate::audit::marks::Marks;
use crate::audit::words::pattern;

pattern! {
    ADDRESS = r"(?:^|[^\d.\w])([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})(?:[^\d.\w]|\.(?:\D|$)|$)"
}
pattern! {
    /// What may be an address of IPv6: shortened, or whole.
    ADDRESS_6 = r"(?i)(?:^|[^\w:.])([0-9a-f]{3,4}(?::[0-9a-f]{1,4}){0,6}::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?|[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){7})(?:[^\w:]|:\s|:$|$)"
}
pattern! {
    /// What stands before a number that is no address.
    VERSION = r"(?i)(?:\b(?:v|ver|fw|firmware|software|driver|bios|bootloader|kernel|macos|ios|android|safari|sdk|rev|revision|patch)|version|release|build|section|§|גרסה|גירסה|קושחה)\W*$"
}
pattern! {
    /// What stands between two that are the same: addresses, or versions.
    AND = r"(?i)^\W*(?:(?:to|and|or|through|עד|ל)\W*)?$"
}
pattern! {
    /// What stands before an image of a container, whose tag is no port.
    IMAGE = r"(?i)\b(?:image|tag)\W*$"
}
pattern! {
    /// The name of a host that is known inside only. A service of Kubernetes stands in a namespace; `page.svc` is a file.
    INTERNAL = r"(?i)\b((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:local|internal|lan|corp|intra|intranet|priv|[a-z0-9-]*[a-z0-9]\.svc))\b"
}
pattern! {
    URL_WITH_PORT = r"(?i)://(?:[^\s/@]*@)?([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?):[1-9][0-9]{1,4}\b"
}
pattern! {
    /// A host's name with the port of a known service.
    WITH_PORT = r"(?i)(?:^|[\s(`'\x22=,])([a-z](?:[a-z0-9.-]*[a-z0-9]))[:](?:22|80|443|1883|2181|2375|2379|3000|3100|3306|4222|4369|5000|5044|5432|5671|5672|6379|6443|7000|7001|7070|7077|7443|7474|7687|8000|8080|8081|8086|8088|8200|8443|8500|8888|9000|9042|9090|9092|9093|9100|9200|9300|11211|15672|25672|27017|27018|50051|61616)\b"
}
pattern! {
    /// Hosts that are no one's, or the reader's own.
    NO_HOST = r"(?i)^(?:localhost|port|host|hostname|ports?|server|tcp|udp|http|https|amqp|line|step|time|target|address|endpoint|listen\w*)$|(?:^|\.)(?:example|test|invalid|localhost|localdomain)$|(?:^|\.)example\.(?:com|org|net)$|\.(?:py|rs|js|ts|java|go|md|json|ya?ml|log|txt)$|(?:^|\.)docker\.internal$"
}

pub(super) fn look(case: &Case<'_>, findings: &mut Vec<Finding>) {
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

/// The hosts that are named in a line.
fn addresses(text: &str) -> Vec<&str> {
    let mut hosts = Vec::new();
    let (mut from, mut is_version) = (0, false);
    while let Some(address) = ADDRESS.captures_at(text, from).and_then(|found| found.get(1)) {
        // "from version 2.1.0.15 to 2.1.0.16"
        is_version &= AND.is_match(&text[from..address.start()]);
        is_version |= VERSION.is_match(before(text, address.start()));
        if !is_version && is_host(text, address.start(), address.as_str()) {
            hosts.push(address.as_str());
        }
        from = address.end();
    }
    let mut from = 0;
    while let Some(address) = ADDRESS_6.captures_at(text, from).and_then(|found| found.get(1)) {
        if is_host_6(address.as_str()) {
            hosts.push(address.as_str());
        }
        from = address.end();
    }
    for pattern in [&*INTERNAL, &*URL_WITH_PORT, &*WITH_PORT] {
        for name in pattern.captures_iter(text).filter_map(|found| found.get(1)) {
            let is_image = IMAGE.is_match(before(text, name.start()));
            let name = name.as_str();
            let is_address = is_image || name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            if !is_address && !NO_HOST.is_match(name) && !hosts.contains(&name) {
                hosts.push(name);
            }
        }
    }
    hosts
}

/// The end of what stands before an offset.
fn before(text: &str, offset: usize) -> &str {
    let start = text[..offset].char_indices().rev().nth(23).map_or(0, |(start, _)| start);
    &text[start..offset]
}

/// Whether a text is the address of a host in IPv6, and not one that is set aside, or names of a program: `abc::def`.
fn is_host_6(address: &str) -> bool {
    let Ok(parsed) = address.parse::<Ipv6Addr>() else { return false };
    let is_documentation = parsed.segments()[..2] == [0x2001, 0x0db8];
    let is_set_aside = parsed.is_loopback() || parsed.is_unspecified() || parsed.is_multicast();
    !is_documentation && !is_set_aside && address.contains(|c: char| c.is_ascii_digit())
}

/// Whether four numbers with dots are the address of a host, and not one that is set aside, a mask or a section's.
fn is_host(text: &str, start: usize, address: &str) -> bool {
    let Ok(address) = address.parse::<Ipv4Addr>() else { return false };
    let [first, ..] = address.octets();
    let is_set_aside = address.is_loopback() || address.is_unspecified() || address.is_documentation();
    // "1.2.3.4 Title" numbers a section.
    let is_number =
        text[..start].trim().is_empty() && address.octets().iter().all(|octet| *octet < 20) && first < 10;
    !is_set_aside && first < 240 && !is_number
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::marks::{has_dotted_number, marks_of, promised};

    proptest! {
        #[test]
        fn what_may_be_a_host_has_the_mark(
            name in prop_oneof![promised(&INTERNAL), promised(&URL_WITH_PORT), promised(&WITH_PORT)],
            address in promised(&ADDRESS),
        ) {
            prop_assert!(marks_of(&name).has(Marks::HOST), "{name:?}");
            prop_assert!(has_dotted_number(&address), "{address:?}");
        }
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
            ("rabbit.panda.svc:5672", vec!["rabbit.panda.svc"]),
            ("http://focus:7000/x", vec!["focus"]),
            ("broker:7070", vec!["broker"]),
            ("db1.priv", vec!["db1.priv"]),
            ("from 10.1.2.3 to 10.1.2.4", vec!["10.1.2.3", "10.1.2.4"]),
            ("ping fe80::1ff:fe23:4567:890a", vec!["fe80::1ff:fe23:4567:890a"]),
            ("http://[fd12:3456::7]:8080/x", vec!["fd12:3456::7"]),
            ("2a00:1450:4001:82a:0:0:0:200e.", vec!["2a00:1450:4001:82a:0:0:0:200e"]),
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
            "firmware 2.1.0.15",
            "FW: 3.2.10.55",
            "macOS 14.2.1.0",
            "upgrade from version 12.1.0.15 to 12.1.0.16",
            "image: nginx:8080",
            "the page.svc file",
            "2001:db8::7 and ::1",
            "abc::def, Cafe::add, a::b1",
            "12:30:45 and aa:bb:cc:dd:ee:01",
        ] {
            assert_eq!(addresses(text), Vec::<&str>::new(), "{text}");
        }
    }
}
