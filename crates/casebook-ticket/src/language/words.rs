//! The words that statements and predicates begin with.

/// A word of the language, with one example of its use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub word: &'static str,
    /// How it is used, as the reference has it.
    pub usage: &'static str,
    /// One example, which can be parsed.
    pub example: &'static str,
}

macro_rules! words {
    ($($word:literal: $usage:literal, $example:literal;)*) => {
        &[$(Word { word: $word, usage: $usage, example: $example }),*]
    };
}

/// What statements begin with. A statement can also be the name of an earlier result: `$answer`.
pub const VERBS: &[Word] = words! {
    "http": "http METHOD $NAME/path [with \"Header: value\"].. [@data] [deadline D] \
             [undo METHOD $NAME/path [with \"Header: value\"].. [@data] [deadline D] | read-only] [as NAME]",
        "http POST $focus/configure @live undo DELETE $focus/job/$answer.json.job_id as answer";
    "grpc": "grpc $NAME/service/Method [@data] [read N] [pace D] [deadline D] [as NAME]",
        "grpc $stream/pandadatastream.DataStreamService/StreamData @first read 20 as rows";
    "tcp": "tcp $NAME [from $NAME] [deadline D] [as NAME]", "tcp $rabbit from $focus";
    "amqp": "amqp $NAME [from $NAME] [deadline D] [as NAME]", "amqp $rabbit from $focus";
    "mongo": "mongo $NAME [from $NAME] [deadline D] [as NAME] | mongo count $NAME/collection [@filter] [as NAME]",
        "mongo count $mongo/recordings @filter";
    "k8s": "k8s snapshot KIND[,KIND].. as NAME | k8s diff NAME [hold D] | k8s pods $NAME | \
            k8s restarts $NAME [since step N] | k8s get KIND/NAME",
        "k8s snapshot jobs,services as before";
    "process": "process snapshot $NAME as NAME | process diff NAME [hold D] | process state $NAME | \
                process restarts $NAME [since step N]",
        "process snapshot $focus as before";
    "queue": "queue snapshot $NAME as NAME | queue diff NAME [hold D]", "queue snapshot $rabbit as before";
    "logs": "logs $NAME since step N | logs $NAME since start", "logs $focus since step 4";
    "metric": "metric $NAME SERIES [as NAME]", "metric $focus focus_outages_total{upstream=\"rabbitmq\"}";
    "wait": "wait until STATEMENT PREDICATE [and PREDICATE].. within D [every D]",
        "wait until http GET $focus/health status 200 and json $.status = \"healthy\" within 30s";
    "block": "block $NAME from $NAME [for D]", "block $rabbit from $focus";
    "delay": "delay $NAME from $NAME by D", "delay $rabbit from $focus by 2s";
    "freeze": "freeze $NAME", "freeze $rabbit";
    "stop": "stop $NAME", "stop $rabbit";
    "scale": "scale $NAME to N", "scale $rabbit to 0";
    "kill": "kill $NAME", "kill $focus";
    "use": "use $NAME [$NAME]..", "use $focus $rabbit";
    "undo": "undo step N | undo all", "undo step 1";
    "shell": "shell \"command\" read-only | shell \"command\" undo \"command\"",
        "shell \"df -h /var\" read-only";
};

/// What predicates begin with.
pub const PREDICATES: &[Word] = words! {
    "status": "status CODE.., a code being 404 or 4xx", "status 502 503";
    "json": "json PATH exists | absent | = VALUE | != VALUE | < N | N..M | contains \"text\".. | \
             has-any \"text\".. | has-none \"text\".. | matches \"regex\" | count = N",
        "json $.error contains \"RabbitMQ\"";
    "header": "header NAME, then as for json", "header Retry-After exists";
    "elapsed": "elapsed < D | elapsed D..D", "elapsed < 3s";
    "text": "text contains \"text\".. | has-any \"text\".. | has-none \"text\".. | matches \"regex\"",
        "text contains \"waiting for fiber\"";
    "has-any": "has-any \"text\"..", "has-any \"RabbitMQ unavailable\"";
    "has-none": "has-none \"text\"..", "has-none \"panic\" \"Traceback\"";
    "rows": "rows >= N | rows N..M", "rows >= 10";
    "count": "count = N", "count = 0";
    "ready": "ready = N", "ready = 1";
    "added": "added = N", "added = 0";
    "removed": "removed = N", "removed = 0";
    "value": "value > N | value > $NAME.value", "value > $before.value";
    "exit": "exit = N", "exit = 0";
    "open": "open, or several of open refused timeout unreachable", "open";
    "refused": "refused, or several of open refused timeout unreachable", "refused timeout";
    "timeout": "timeout, or several of open refused timeout unreachable", "timeout";
    "unreachable": "unreachable, or several of open refused timeout unreachable", "unreachable";
    "up": "up", "up";
    "down": "down", "down";
    "exists": "exists", "exists";
    "absent": "absent", "absent";
    "applied": "applied", "applied";
    "undone": "undone", "undone";
};

/// The word of a name, among some.
pub(super) fn find(words: &'static [Word], name: &str) -> Option<&'static Word> {
    words.iter().find(|word| word.word == name)
}

/// The word that was probably meant: a few letters away, the fewer the shorter it is.
pub(super) fn nearest(name: &str, words: impl IntoIterator<Item = &'static str>) -> Option<&'static str> {
    // Longer than any word by more than may be wrong; comparing costs the product of the lengths.
    if name.len() > 24 {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let distance =
        |word: &'static str| (strsim::damerau_levenshtein(&name, &word.to_ascii_lowercase()), word);
    let (wrong, word) = words.into_iter().map(distance).min()?;
    let tolerated = match word.len() {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    };
    (wrong <= tolerated).then_some(word)
}

/// Whether a name is a word of the language but for one letter, or for two that have changed places. Asked for each span of each
/// ticket, so it does not compare any letter with any other.
pub(super) fn is_nearly(name: &str, word: &str) -> bool {
    let begins = name.bytes().zip(word.bytes()).take_while(|(one, other)| one == other).count();
    let (name, word) = (&name.as_bytes()[begins..], &word.as_bytes()[begins..]);
    let ends = name.iter().rev().zip(word.iter().rev()).take_while(|(one, other)| one == other).count();
    let (name, word) = (&name[..name.len() - ends], &word[..word.len() - ends]);
    match (name, word) {
        ([one, other], [first, second]) => (one, other) == (second, first),
        (_, [] | [_]) => std::str::from_utf8(name).is_ok_and(|name| name.chars().nth(1).is_none()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::is_nearly;

    proptest! {
        #[test]
        fn one_letter_is_as_far_as_whoever_compares_all_says(name in "[abé]{0,5}", word in "[ab]{0,5}") {
            prop_assert_eq!(is_nearly(&name, &word), strsim::damerau_levenshtein(&name, &word) <= 1);
        }
    }
}
