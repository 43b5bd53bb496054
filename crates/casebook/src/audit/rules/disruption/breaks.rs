//! What breaks something: a command that does, or a verb with a part of the infrastructure as its object. What a user
//! stops, disables or deletes on a page is broken for nobody else.

use crate::audit::case::Step;
use crate::audit::words::pattern;

pattern! {
    /// What breaks something stands at the beginning of a step, or as a purpose: `use iptables to block ..`. 1 is a verb
    /// whose object says whether it does; where there is none, the words themselves say so.
    BREAKS = r"(?ix)(?:^\W*(?:\d+[.)]\s*)?(?:(?:setup|set\ up|prepare|preparation|precondition|pre-condition|action|step|fault|inject|injection|outage|now|then|and|manually|temporarily|forcibly|abruptly|gracefully|please|disruption|disrupt|failure)\b[\s:,\d–-]*)*|\bto\s+|\band\s+|[;.]\s+)
        (?:(?:cut(?:ting)?|tak(?:e|ing)|bring(?:ing)?)\s+(?:off\s+)?(?:the\s+|down\s+)*link\b
          |(?P<verb>block(?:ing)?|stop(?:ping)?|kill(?:ing)?|shut(?:ting)?\s?down|terminat(?:e|ing)|disconnect(?:ing)?|unplug(?:ging)?
            |cut(?:ting)?|delet(?:e|ing)|crash(?:ing)?|freez(?:e|ing)|paus(?:e|ing)|suspend(?:ing)?|disabl(?:e|ing)|power(?:ing)?\s+off
            |re-?boot(?:ing)?|isolat(?:e|ing)|partition(?:ing)?|corrupt(?:ing)?|evict(?:ing)?|drain(?:ing)?|revok(?:e|ing)|throttl(?:e|ing))\s+\S
          |(?P<down>tak(?:e|ing)|bring(?:ing)?|tear(?:ing)?)\s+(?:\S+\s+){0,4}down\b
          |(?P<off>turn(?:ing)?|switch(?:ing)?|power(?:ing)?)\s+(?:(?:the|all|\$?[\w-]+)\s+(?:\S+\s+){0,3})?off\b
          |(?P<scale>scal(?:e|ing))\s+(?:down\s+\S|(?:\S+\s+){1,5}(?:down\s+)?to\s+(?:0|zero)(?:$|[^.\w]))
          |(?P<make>mak(?:e|ing))\s+(?:\S+\s+){1,4}unavailable
          |drop(?:ping)?\s+(?:all\s+|the\s+)?(?:packets?|connections?|traffic|network|database|collection|queue|index|tables?(?:\W*$|\s+(?:of|in|from)\b))
          |pull(?:ing)?\s+(?:out\s+)?(?:\S+\s+){0,3}(?:plug|cable|cord|wire|fibre|fiber)\b|cordon\s
          |simulat(?:e|ing)\s+(?:an?\s+|the\s+)?(?:[\w-]+\s+){0,3}(?:outage|failure|disconnect\w*|crash|partition|loss)
          |mak(?:e|ing)\s+(?:\S+\s+){1,4}unreachable|fill(?:ing)?\s+(?:up\s+)?the\s+disk)
        |^\W*(?:הכנה:\s*)?(?P<hebrew>חסום|חסמו|חסימת|חוסמים|לחסום|עצור|עצרו|עצירת|לעצור|עוצרים|הפל|הפילו|הפלת|להפיל|מפילים|כבה|כבו|כיבוי|לכבות|מכבים|נתק|נתקו|ניתוק|לנתק|מנתקים|מחק|מחקו|מחיקת|למחוק|מוחקים|השבת|השביתו|השבתת|להשבית|משביתים|הרוג|הרגו|להרוג|הורגים)(?:\s|$)"
}
pattern! {
    /// A command that breaks something.
    BREAKS_BY_COMMAND = r"(?i)\bkubectl\b.*\b(?:delete|cordon|drain)\b|--replicas[= ]0\b|\biptables\b.*\s(?:-A|-I|--append|--insert)\b.*\b(?:DROP|REJECT)\b|\bnft\s+(?:add|insert)\b|\bDROP\s+(?:packets|TABLE|DATABASE|COLLECTION|traffic)\b|\bdocker\b.*\s(?:stop|kill|pause|rm)\b|\bsystemctl\s+(?:stop|kill|disable)\b|\bservice\s+\S+\s+stop\b|\bkill\s+-\w+|\bpkill\b|\brabbitmqctl\s+(?:stop\w*|close\w*|delete\w*)|\brm\s+-\w*r|\btc\s+qdisc\s+(?:add|replace)\b|\bip\s+link\s+set\s+\S+\s+down\b|\bdropDatabase\b|^(?:block|stop|freeze|delay)\s+\$|^scale\s+\S+\s+(?:to\s+)?0\b"
}
pattern! {
    /// What belongs to the test, and may be stopped.
    OWN = r"(?i)^\W*(?:(?:setup|then|and|now)\b[\s:,]*)*(?:stop|pause|kill|terminate|suspend|shut ?down|disconnect|disable|freeze|block)(?:ping|ing)?\s+(?:the\s+|a\s+|all\s+)?(?:\w+\s+){0,2}(?:stream|streaming|client|viewer|view|timer|recording|measur\w*|test|tests|monitoring|watch\w*|capture|script|playback|logging|log|tail|clock|stopwatch|load|size|length|header|number|id|count|browser|player)s?\b|^\W*kill(?:ing)?\s+(?:some\s+)?time\b|^\W*(?:stop|pause)(?:ping|ing)?\s+(?:the\s+)?(?:video|audio|music|song|movie|animation)\W*$"
}
pattern! {
    /// A part of the infrastructure: what it is, a product, or a name of the environment's.
    INFRASTRUCTURE = r"(?i)\b(?:(?:micro-?)?services?|servers?|brokers?|databases?|db|nodes?|pods?|networks?|internet|ports?|cables?|cords?|plugs?|fib(?:re|er)s?|(?:up|down)links?|(?:network|wan|lan|serial|radio|satellite|data)\s+links?|ups|psu|power\s+(?:suppl\w+|to|of|off|cables?|cords?)|power\W*$|disks?|drives?|volumes|storage|process(?:es)?|daemons?|containers?|deployments?|statefulsets?|sts|daemonsets?|replicas?|replicasets?|namespaces?|clusters?|queues?|topics?|exchanges?|vhosts?|hosts?|machines?|vms?|gateways?|routers?|firewalls?|prox(?:y|ies)|load\s?balancers?|back-?ends?|upstreams?|instances?|systems?|sensors?|traffic|packets?|connections?|connectivity|tcp|udp|nic|eth\d+|rabbit\w*|mongo\w*|kafka|redis|postgres\w*|mysql|mariadb|nginx|haproxy|apache|tomcat|elastic\w*|opensearch|zookeeper|etcd|consul|vault|prometheus|kubernetes|k8s|kubelet|docker\w*|cassandra|memcached|minio|activemq|nats|mosquitto|envoy|istio|traefik|keycloak|influx\w*|clickhouse|dns|coredns|dhcp|ntp|vpn)\b|\$\{?\w|(?:^(?:off\s+)?(?:the\s+)?|\b(?:network|core|ethernet|lan)\s+)switch(?:es)?(?:\s+off)?\W*$|(?:^|[^\u{5d0}-\u{5ea}])[הבלמו]{0,2}(?:שרת|שירות|מסד|בסיס הנתונים|רשת|כבל|חשמל|דיסק|תהליך|קונטיינר|תור|תורים|פורט|תעבורה|חיבור|ברוקר|חיישן|סיב|נתב|מתג|אשכול|צומת|מערכת)"
}
pattern! {
    /// A part of a page. Where it stands behind one of the infrastructure's, that one only says what it is for: `the
    /// server checkbox`, but `the checkbox service`.
    OF_A_PAGE = r"(?i)\b(?:check ?box|button|toggle|slider|option|setting|tab|filter|menu|dialog|modal|pop-?up|notification|alert|field|icon|row|column|cell|mode|page|window|banner|tooltip|list|label|widget|card|tile|form|text|link|view|chart|map|message|saving)(?:s|es)?\b"
}
pattern! {
    /// What ends the object of a verb.
    BEHIND_OBJECT = r"(?i)\s(?:in|on|from|at|with|by|for|onto|into|via|under|during|using|while|when|until|before|after|so|through|as|and)\s|[,;:.(](?:\s|$)"
}
pattern! {
    QUOTED = r#""[^"]*"|“[^”]*”|«[^»]*»"#
}
pattern! {
    /// An object that the data names.
    IS_NAMED_BY_DATA = r"(?i)^\W*(?:it|them|this|these|the following)\W*$"
}
pattern! {
    DELETES = r"(?i)^(?:delet|מחק|מחיק|למחוק|מוחק)"
}
pattern! {
    /// What no test makes for itself.
    NEVER_OWN = r"(?i)\b(?:databases?|db|deployments?|services?|nodes?)\b|מסד|בסיס הנתונים|שירות|צומת"
}

/// Whether the action of a step breaks something, by its words or by a command.
pub(super) fn breaks_by_words_of_action(step: &Step) -> bool {
    breaks_by_words(&step.action.text, &step.data.text) || breaks_by_command(&step.action.text)
}

/// Whether a text has a command that breaks something.
pub(super) fn breaks_by_command(text: &str) -> bool {
    text.lines().any(|line| BREAKS_BY_COMMAND.is_match(line.trim()))
}

/// Whether an action with this data breaks something.
pub(super) fn breaks_by_words(action: &str, data: &str) -> bool {
    !OWN.is_match(action)
        && broken(action).any(|(verb, object)| verb.is_empty() || is_infrastructure(object, data))
}

/// What a step deletes that the test may have made itself: one word.
pub(super) fn deleted(step: &Step) -> Option<String> {
    let (action, data) = (&step.action.text, &step.data.text);
    if breaks_by_command(action) || breaks_by_command(data) {
        return None;
    }
    let mut all = broken(action).filter(|(verb, object)| verb.is_empty() || is_infrastructure(object, data));
    let (Some((verb, object)), None) = (all.next(), all.next()) else { return None };
    if !DELETES.is_match(verb) || NEVER_OWN.is_match(object) {
        return None;
    }
    let what = INFRASTRUCTURE.find(object)?.as_str().to_lowercase();
    let what = what.trim_matches(|character: char| !character.is_alphanumeric());
    Some(what.trim_start_matches('ה').trim_end_matches('s').to_owned())
}

/// Each verb that breaks something if its object is one that can be broken, with the object; without a verb, words that
/// name both.
fn broken(action: &str) -> impl Iterator<Item = (&str, &str)> {
    BREAKS.captures_iter(action).map(|found| {
        let verb =
            ["verb", "down", "off", "scale", "make", "hebrew"].iter().find_map(|name| found.name(name));
        let Some(verb) = verb else { return ("", "") };
        let behind = &action[verb.end()..];
        let end = BEHIND_OBJECT.find(behind).map_or(behind.len(), |found| found.start());
        (verb.as_str(), behind[..end].trim())
    })
}

fn is_infrastructure(object: &str, data: &str) -> bool {
    if IS_NAMED_BY_DATA.is_match(object) {
        return data.split_whitespace().count() <= 4 && is_infrastructure_itself(data);
    }
    is_infrastructure_itself(object)
}

fn is_infrastructure_itself(object: &str) -> bool {
    // A name in quotes may be any, unless there is nothing beside it: `stop the "rabbit"`.
    let bare = QUOTED.replace_all(object, "…");
    let says_more = bare.split_whitespace().any(|word| !["…", "the", "off", "down"].contains(&word));
    let object = if says_more { &*bare } else { object };
    let last = |pattern: &regex::Regex| pattern.find_iter(object).last().map(|found| found.end());
    last(&INFRASTRUCTURE).is_some_and(|end| last(&OF_A_PAGE).is_none_or(|page| page <= end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::marks::{Marks, marks_of, promised};

    proptest! {
        #[test]
        fn what_breaks_something_has_the_mark(by_word in promised(&BREAKS), by_command in promised(&BREAKS_BY_COMMAND)) {
            prop_assert!(marks_of(&by_word).has(Marks::BREAKS), "{by_word:?}");
            prop_assert!(marks_of(&by_command).has(Marks::BREAKS), "{by_command:?}");
        }
    }

    #[test]
    fn what_breaks_something_for_others_is_told_from_what_a_user_does_on_a_page() {
        for bad in [
            "Block RabbitMQ",
            "Setup: Block RabbitMQ",
            "Block the network to the provider",
            "Block all outgoing traffic",
            "Use iptables to block port 5672",
            "Stop the video service",
            "Stop the \"rabbit\" service",
            "Stop the \"rabbit\"",
            "Stop one of the brokers",
            "Stop Focus Server",
            "Log in and delete cookies; stop the broker",
            "Bring the database down",
            "Take node 3 down",
            "Take the link down",
            "Cut the power",
            "Turn the power off",
            "Disable the network interface",
            "Disable the notification service",
            "Suspend the VM",
            "Isolate node 2",
            "Partition the cluster",
            "Corrupt the database file",
            "Scale rabbitmq to 0",
            "Pause $rabbit",
            "Drop the table of orders",
            "Delete the production database",
            "Reboot the server",
            "חסימת RabbitMQ",
            "מוחקים את מסד הנתונים",
        ] {
            assert!(breaks_by_words(bad, ""), "{bad}");
        }
        assert!(breaks_by_words("Stop it", "the broker"));
        for good in [
            "Disable the checkbox \"Remember me\"",
            "Disable the checkbox \"Server\"",
            "Disable server notifications",
            "Disable JavaScript",
            "Disable power saving",
            "Turn off dark mode",
            "Turn off the \"Dark mode\" switch",
            "Turn on the switch",
            "Turn the volume down, then turn it off",
            "Switch off the filter",
            "Switch to the other tab",
            "Pull the latest image",
            "Pause the download",
            "Terminate the call",
            "Block the user in the chat",
            "Block 3 seats in row 5",
            "Stop typing",
            "Stop the video",
            "Stop the video player",
            "Kill time for a minute",
            "Kill the modal with Esc",
            "Drop the table row onto the other",
            "Disconnect the headphones",
            "Unplug the headphones",
            "Bring the price down to 10",
            "Take the item down to the basket",
            "Make the article unavailable",
            "Partition the list by name",
            "Revoke the invitation",
            "Log in and delete cookies",
            "Delete the order from the database",
            "Corrupt the JSON: remove the last brace",
            "Scale down the picture",
            "Freeze the top row",
            "Cut the line of text",
            "חסימת המשתמש",
            "מחיקת ההזמנה",
            "כיבוי ההתראות",
        ] {
            assert!(!breaks_by_words(good, ""), "{good}");
        }
        assert!(!breaks_by_words("Pause the download", "GET $shop/file"));
    }
}
