//! Words by which lines are marked: one search for all of them says which rules have to look at a line.

use std::sync::LazyLock;

use aho_corasick::Anchored;
use aho_corasick::automaton::Automaton as _;
use aho_corasick::dfa::DFA;

/// What stands in a line, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks(u16);

impl Marks {
    /// Perhaps a secret, or an address with one.
    pub(super) const SECRET: Self = Self(1);
    /// Perhaps a host's address.
    pub(super) const HOST: Self = Self(2);
    /// Perhaps unfinished.
    pub(super) const UNFINISHED: Self = Self(4);
    /// Perhaps a promise of a file.
    pub(super) const FILE: Self = Self(8);
    /// Says how important something is.
    pub(super) const WEIGHT: Self = Self(16);
    /// Says something of automation.
    pub(super) const AUTOMATION: Self = Self(32);
    /// Characters that were lost.
    pub(super) const DAMAGED: Self = Self(64);
    /// Perhaps an expectation that any status fulfils.
    pub(super) const ANY_STATUS: Self = Self(128);
    /// Perhaps an expectation that is always true.
    pub(super) const ALWAYS_TRUE: Self = Self(256);
    /// Perhaps a number of things that must not be negative.
    pub(super) const NEVER_NEGATIVE: Self = Self(512);
    /// Perhaps a failure that is caught.
    pub(super) const SWALLOWED: Self = Self(1024);
    /// Perhaps something that breaks something.
    pub(super) const BREAKS: Self = Self(2048);
    /// Says something of a log.
    pub(super) const LOG: Self = Self(4096);
    /// Compares two things.
    pub(super) const COMPARES: Self = Self(8192);
    /// Perhaps a choice between success and failure.
    pub(super) const EITHER: Self = Self(16384);
    /// Perhaps something to be filled.
    pub(super) const BRACE: Self = Self(32768);

    /// Whether any of these is there.
    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// These as well.
    pub(super) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// What each mark is told by; letters' case does not matter.
const TOLD_BY: &[(Marks, &[&str])] = &[
    (
        Marks::SECRET,
        &[
            "password",
            "passwd",
            "passphrase",
            "pwd",
            "pass=",
            "pass =",
            "secret",
            "token",
            "api_key",
            "apikey",
            "api-key",
            "api key",
            "access_key",
            "access-key",
            "access key",
            "accesskey",
            "account key",
            "account_key",
            "account-key",
            "accountkey",
            "bearer ",
            "basic ",
            "akia",
            "asia",
            "private key",
            "ghp_",
            "gho_",
            "ghu_",
            "ghs_",
            "ghr_",
            "github_pat_",
            "glpat-",
            "xoxa-",
            "xoxb-",
            "xoxp-",
            "xoxs-",
            "aiza",
            "sk_live_",
            "sk_test_",
            "eyj",
            "credential",
            "/pass",
            "/ pass",
            "login",
            "log-in",
            "curl",
            "-p",
            "redis-cli",
            "סיסמ",
            "@",
        ],
    ),
    (
        Marks::HOST,
        &[
            ".local",
            ".internal",
            ".lan",
            ".corp",
            ".intra",
            ".svc",
            ".priv",
            "::",
            ":1",
            ":2",
            ":3",
            ":4",
            ":5",
            ":6",
            ":7",
            ":8",
            ":9",
        ],
    ),
    (
        Marks::UNFINISHED,
        &[
            "tbd",
            "tba",
            "tbc",
            "todo",
            "fixme",
            "[xxx]",
            "???",
            "[...]",
            "lorem ipsum",
            "<insert",
            "<your",
            "<fill",
            "<add",
            "<placeholder>",
            "[insert",
            "[your",
            "[fill",
            "as an ai",
            "language model",
            "let me know",
            "hope this helps",
            "feel free",
            "would you like",
            "i can ",
            "certainly",
            "sure,",
            "sure!",
            "sure.",
            "of course",
            "here is",
            "here's",
            "רק תגיד",
            "אם תרצה",
            "אני יכול",
            "להשלים",
            "יושלם",
        ],
    ),
    (Marks::FILE, &["attach", "screenshot:", "מצור", "צרופ"]),
    (
        Marks::WEIGHT,
        &[
            "critical",
            "nice to have",
            "nice-to-have",
            "nice-to have",
            "nice to-have",
            "cosmetic",
            "low priority",
            "קריטי",
        ],
    ),
    (Marks::EITHER, &[" or ", " או "]),
    (Marks::BRACE, &["{"]),
    (Marks::AUTOMATION, &["automat", "אוטומ"]),
    (Marks::DAMAGED, &["\u{fffd}"]),
    (Marks::LOG, &["log", "stdout", "stderr", "journal", "לוג"]),
    (Marks::ANY_STATUS, &["599", "600", "5xx", ">", "not none", "!=", "any", "is returned", "is received"]),
    (
        Marks::ALWAYS_TRUE,
        &["true", "or 1", "||", "assert 1", "assert(1", "assert (1", "not false", "!false", "1 == 1", "1==1"],
    ),
    (Marks::COMPARES, &["==", ">=", "<="]),
    (Marks::NEVER_NEGATIVE, &[">", "≥", "&gt;", "at least", "greater than", "or more", "any number of"]),
    (
        Marks::SWALLOWED,
        &[
            "except",
            "catch",
            "caught",
            "swallowed",
            "ignored",
            "logged",
            "warning",
            "regardless",
            "either way",
            "in any case",
            "anyway",
            "נתפס",
            "נרשם",
            "נרשמת",
            "בכל מקרה",
        ],
    ),
    (
        Marks::BREAKS,
        &[
            "block",
            "stop",
            "kill",
            "shut",
            "take",
            "taking",
            "bring",
            "tear",
            "terminat",
            "disconnect",
            "unplug",
            "cut",
            "drop",
            "delet",
            "crash",
            "freez",
            "paus",
            "suspend",
            "disabl",
            "power",
            "turn",
            "switch",
            "pull",
            "boot",
            "isolat",
            "partition",
            "corrupt",
            "evict",
            "drain",
            "cordon",
            "revok",
            "throttl",
            "simulat",
            "make",
            "making",
            "fill",
            "scal",
            "--replicas",
            "iptables",
            "nft",
            "docker",
            "rabbitmqctl",
            "rm ",
            "tc ",
            "ip ",
            "delay",
            "חס",
            "חוסמ",
            "עצ",
            "עוצר",
            "הפ",
            "להפ",
            "מפיל",
            "כב",
            "כיבו",
            "נת",
            "ניתוק",
            "מנתק",
            "מח",
            "מוחק",
            "השב",
            "להשב",
            "משבית",
            "הרוג",
            "הורג",
            "הרג",
        ],
    ),
];

/// The search for all of them, and what each of them marks.
static SEARCH: LazyLock<(DFA, Vec<Marks>)> = LazyLock::new(|| {
    let words = TOLD_BY.iter().flat_map(|(mark, words)| words.iter().map(move |word| (*mark, *word)));
    let (marks, words): (Vec<_>, Vec<_>) = words.unzip();
    let search = DFA::builder().ascii_case_insensitive(true).build(words).expect("the words are few");
    (search, marks)
});

/// Finds what stands in a text: `each` takes the offset of the byte that it ends with, in the order of these, and what
/// it marks.
pub(super) fn mark(text: &str, mut each: impl FnMut(usize, Marks)) {
    let (search, marks) = &*SEARCH;
    // Matches are many, and an iterator over those that overlap begins its search again at each.
    let start = search.start_state(Anchored::No).expect("it searches anywhere");
    text.bytes().enumerate().fold(start, |state, (at, byte)| {
        let state = search.next_state(Anchored::No, state, byte);
        if search.is_special(state) && search.is_match(state) {
            for number in 0..search.match_len(state) {
                each(at, marks[search.match_pattern(state, number).as_usize()]);
            }
        }
        state
    });
}

/// What stands in a text of its own.
pub(super) fn marks_of(text: &str) -> Marks {
    let mut all = Marks::default();
    mark(text, |_, mark| all.add(mark));
    all
}

/// Whether a number with three dots in it, such as 10.1.2.3, may be in a line.
pub(super) fn has_dotted_number(line: &str) -> bool {
    let mut dots = 0;
    for three in line.as_bytes().windows(3) {
        if three[1] == b'.' && three[0].is_ascii_digit() && three[2].is_ascii_digit() {
            dots += 1;
        }
    }
    dots >= 3
}

/// Texts that a pattern matches, for tests that what it is told by is there.
#[cfg(test)]
pub(super) fn promised(pattern: &regex::Regex) -> impl proptest::strategy::Strategy<Value = String> + use<> {
    use proptest::strategy::Strategy as _;
    let parsed = regex_syntax::ParserBuilder::new().utf8(false).build().parse(pattern.as_str());
    let parsed = parsed.unwrap_or_else(|error| panic!("{pattern}: {error}"));
    proptest::string::string_regex_parsed(&without_edges(&parsed))
        .unwrap_or_else(|error| panic!("{pattern}: {error}"))
        // Nobody writes the letters that are equal to `s` and `k` only when case does not matter, or other blanks.
        .prop_map(|text| {
            text.replace('\u{17f}', "s").replace('\u{212a}', "k").replace(char::is_whitespace, " ")
        })
}

/// A pattern without edges of words, lines and texts: what is generated knows none.
#[cfg(test)]
fn without_edges(pattern: &regex_syntax::hir::Hir) -> regex_syntax::hir::Hir {
    use regex_syntax::hir::{Capture, Hir, HirKind, Repetition};
    let all = |parts: &[Hir]| parts.iter().map(without_edges).collect();
    match pattern.kind() {
        HirKind::Look(_) => Hir::empty(),
        HirKind::Repetition(Repetition { min, max, greedy, sub }) => {
            let sub = Box::new(without_edges(sub));
            Hir::repetition(Repetition { min: *min, max: *max, greedy: *greedy, sub })
        }
        HirKind::Capture(Capture { sub, .. }) => without_edges(sub),
        HirKind::Concat(parts) => Hir::concat(all(parts)),
        HirKind::Alternation(parts) => Hir::alternation(all(parts)),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) => pattern.clone(),
    }
}
