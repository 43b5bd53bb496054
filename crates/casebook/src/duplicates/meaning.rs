//! Whether two explanations of one id mean the same.

use std::sync::LazyLock;

use super::words::words;

/// The words of an explanation that tell it from others.
#[derive(Debug)]
pub(super) struct Meaning {
    /// What it is about: the first of them.
    subject: Option<u64>,
    /// All of them, sorted.
    words: Vec<u64>,
}

/// Words that tell nothing apart.
static COMMON: LazyLock<Vec<u64>> =
    LazyLock::new(|| words("the a an is are be was were has have and of to in on at it its must should"));

/// Words that say the opposite of what stands behind them, and what goes with them.
static NEGATIONS: LazyLock<Vec<u64>> = LazyLock::new(|| words("not no never without cannot לא אין ללא"));
static HELPERS: LazyLock<Vec<u64>> = LazyLock::new(|| words("does do did can will"));

/// Words of which each excludes the other.
static OPPOSITES: LazyLock<Vec<u64>> = LazyLock::new(|| {
    words(
        "up down on off running stopped reachable unreachable available unavailable enabled disabled connected \
         disconnected empty full open closed blocked unblocked online offline valid invalid פעיל מושבת זמין חסום",
    )
});

impl Meaning {
    pub(super) fn new(text: &str) -> Self {
        let mut words = words(text);
        words.retain(|word| !COMMON.contains(word));
        let subject = words.first().copied();
        words.sort_unstable();
        words.dedup();
        Self { subject, words }
    }

    /// Whether it says enough; less is a mention of the id.
    pub(super) fn is_explained(&self) -> bool {
        self.words.len() > 1
    }

    /// Whether the two mean something else. The same in other words shares most of them; so does an explanation with
    /// the other inside.
    pub(super) fn differs(&self, other: &Self) -> bool {
        let shared = self.words.iter().filter(|word| other.has(**word)).count();
        let fewer = self.words.len().min(other.words.len());
        let is_short = fewer <= 4;
        shared * 2 < fewer
            || is_short && shared * 2 == fewer && self.has_another_subject(other)
            || self.is_opposite(other)
            || self.is_negated(other)
            || other.is_negated(self)
    }

    fn has(&self, word: u64) -> bool {
        self.words.binary_search(&word).is_ok()
    }

    fn has_another_subject(&self, other: &Self) -> bool {
        let is_missing = |subject: Option<u64>, of: &Self| subject.is_some_and(|subject| !of.has(subject));
        is_missing(self.subject, other) && is_missing(other.subject, self)
    }

    fn is_opposite(&self, other: &Self) -> bool {
        OPPOSITES.chunks_exact(2).any(|pair| {
            let says = |meaning: &Self| (meaning.has(pair[0]), meaning.has(pair[1]));
            matches!(
                (says(self), says(other)),
                ((true, false), (false, true)) | ((false, true), (true, false))
            )
        })
    }

    /// Whether it is the other one with a "not", and hardly anything else.
    fn is_negated(&self, other: &Self) -> bool {
        let has_negation = |meaning: &Self| NEGATIONS.iter().any(|word| meaning.has(*word));
        let is_more = |word: &&u64| !NEGATIONS.contains(word) && !HELPERS.contains(word);
        let more = |one: &Self, than: &Self| {
            one.words.iter().filter(|word| !than.has(**word)).filter(is_more).count()
        };
        // `answers` and `not answer` differ in a word on each side.
        let (here, there) = (more(self, other), more(other, self));
        has_negation(self) && !has_negation(other) && here == there && here <= 1
    }
}

#[cfg(test)]
mod tests {
    use super::Meaning;

    #[test]
    fn another_meaning_is_told_from_other_words() {
        for (one, other) in [
            ("RabbitMQ blocked", "MongoDB blocked"),
            ("the broker is down", "the database is down"),
            ("the server is up and answers", "the server is down and does not answer"),
            ("the server answers", "the server does not answer"),
            ("the queue of orders is empty", "the queue of orders is not empty"),
            ("RabbitMQ blocked", "MongoDB returns an error"),
            (
                "the test customer with a full cart is connected",
                "the test customer with a full cart is disconnected",
            ),
        ] {
            assert!(Meaning::new(one).differs(&Meaning::new(other)), "{one} / {other}");
            assert!(Meaning::new(other).differs(&Meaning::new(one)), "{other} / {one}");
        }
        for (one, other) in [
            ("RabbitMQ blocked", "RabbitMQ is blocked"),
            ("RabbitMQ blocked", "network block on RabbitMQ"),
            ("the server is up", "the server runs"),
            ("the cluster is reachable", "the cluster is reachable and not blocked"),
            ("the shop is up and answers", "the shop is up"),
        ] {
            assert!(!Meaning::new(one).differs(&Meaning::new(other)), "{one} / {other}");
            assert!(!Meaning::new(other).differs(&Meaning::new(one)), "{other} / {one}");
        }
    }
}
