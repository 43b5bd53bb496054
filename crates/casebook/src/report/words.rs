//! What reports say besides the texts of rules and of the standard, in each language (`words.toml`).

use std::sync::LazyLock;

use casebook_ticket::{Importance, Language, Words};
use serde::Deserialize;

use crate::audit::{Gate, Grade, Severity, State};

macro_rules! phrases {
    ($($name:ident)*) => {
        /// The phrases of one language.
        #[derive(Debug)]
        pub(crate) struct Phrases {
            $(pub(crate) $name: String,)*
        }

        /// The file: each phrase in each language. None can be missing, and none can be there in vain.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            $($name: Words,)*
        }

        impl File {
            fn in_language(&self, language: Language) -> Phrases {
                Phrases { $($name: self.$name.in_language(language).clone(),)* }
            }

            #[cfg(test)]
            fn each(&self) -> Vec<(&'static str, &Words)> {
                vec![$((stringify!($name), &self.$name)),*]
            }
        }
    };
}

phrases! {
    report_of unnamed verdict grade points points_of gate gate_passed gate_next gate_shut gate_none gate_parses gate_complete
    gate_safe gate_falsifiable gate_executable meaning_parses meaning_complete meaning_safe meaning_falsifiable
    meaning_executable blocked present nothing_present lacking nothing_lacking where_to_put what_is_wanted why model
    findings other_findings mend overview number field importance status lacking_in_all critical important
    nice_to_have state_absent state_placeholder state_inadequate state_adequate state_executable priorities now soon
    some_day checklist severity blocker major minor hint summary_of_many held_to in_all average tickets ticket
    summary grades gates defects and_more fields_lacking poor rule defect in_tickets blockers place duplicates alike_key alike_text alike_nearly
    alike_data alike_pre_condition alike_summary no_tests no_tests_hint kind_epic kind_bug kind_guide kind_template kind_empty notes unreadable
    filter all_grades sort_by shown details_left_off nothing_found complete_hint explain_hint stdin
}

static FILE: LazyLock<File> =
    LazyLock::new(|| toml::from_str(include_str!("words.toml")).expect("words.toml is sound: it is tested"));
static ENGLISH: LazyLock<Phrases> = LazyLock::new(|| FILE.in_language(Language::En));
static HEBREW: LazyLock<Phrases> = LazyLock::new(|| FILE.in_language(Language::He));

impl Phrases {
    /// The phrases of a language.
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &ENGLISH,
            Language::He => &HEBREW,
        }
    }

    /// What a gate is called.
    pub(crate) fn gate(&self, gate: Option<Gate>) -> &str {
        match gate {
            None => &self.gate_none,
            Some(Gate::Parses) => &self.gate_parses,
            Some(Gate::Complete) => &self.gate_complete,
            Some(Gate::Safe) => &self.gate_safe,
            Some(Gate::Falsifiable) => &self.gate_falsifiable,
            Some(Gate::Executable) => &self.gate_executable,
        }
    }

    /// What a ticket must be to pass a gate.
    pub(crate) fn meaning(&self, gate: Gate) -> &str {
        match gate {
            Gate::Parses => &self.meaning_parses,
            Gate::Complete => &self.meaning_complete,
            Gate::Safe => &self.meaning_safe,
            Gate::Falsifiable => &self.meaning_falsifiable,
            Gate::Executable => &self.meaning_executable,
        }
    }

    /// How much a field matters.
    pub(crate) fn importance(&self, importance: Importance) -> &str {
        match importance {
            Importance::Critical => &self.critical,
            Importance::Important => &self.important,
            Importance::NiceToHave => &self.nice_to_have,
        }
    }

    /// When a field of this importance is to be mended.
    pub(crate) fn when(&self, importance: Importance) -> &str {
        match importance {
            Importance::Critical => &self.now,
            Importance::Important => &self.soon,
            Importance::NiceToHave => &self.some_day,
        }
    }

    /// How good a field is.
    pub(crate) fn state(&self, state: State) -> &str {
        match state {
            State::Absent => &self.state_absent,
            State::Placeholder => &self.state_placeholder,
            State::Inadequate => &self.state_inadequate,
            State::Adequate => &self.state_adequate,
            State::Executable => &self.state_executable,
        }
    }

    /// How bad a finding is.
    pub(crate) fn severity(&self, severity: Severity) -> &str {
        match severity {
            Severity::Blocker => &self.blocker,
            Severity::Major => &self.major,
            Severity::Minor => &self.minor,
            Severity::Hint => &self.hint,
        }
    }

    /// What a document is that is no test.
    pub(crate) fn kind(&self, kind: casebook_ticket::NoTestKind) -> &str {
        use casebook_ticket::NoTestKind as Kind;
        match kind {
            Kind::Epic => &self.kind_epic,
            Kind::Bug => &self.kind_bug,
            Kind::Guide => &self.kind_guide,
            Kind::Template => &self.kind_template,
            Kind::Empty => &self.kind_empty,
        }
    }
}

/// A phrase with values in the places of `{name}`. What stands in a value is not looked at again.
pub(crate) fn fill(phrase: &str, values: &[(&str, &str)]) -> String {
    casebook_ticket::fill(phrase, |name| {
        let (_, value) = values.iter().find(|(known, _)| *known == name)?;
        Some(value)
    })
}

/// The sign of an importance.
pub(crate) fn sign(importance: Importance) -> &'static str {
    match importance {
        Importance::Critical => "🔴",
        Importance::Important => "🟡",
        Importance::NiceToHave => "🟢",
    }
}

/// The sign of a field's state.
pub(crate) fn mark(state: State) -> &'static str {
    match state {
        State::Absent => "❌",
        State::Placeholder | State::Inadequate => "⚠️",
        State::Adequate | State::Executable => "✅",
    }
}

/// A grade's letter.
pub(crate) fn letter(grade: Grade) -> &'static str {
    match grade {
        Grade::A => "A",
        Grade::B => "B",
        Grade::C => "C",
        Grade::D => "D",
        Grade::F => "F",
    }
}

/// The words that programs read; they are the same in every language.
pub(crate) mod words_of {
    use casebook_ticket::{Importance, NoTestKind};

    use crate::audit::{Gate, Severity, State};
    use crate::duplicates::Kind;

    pub(crate) fn gate(gate: Option<Gate>) -> &'static str {
        match gate {
            None => "none",
            Some(Gate::Parses) => "parses",
            Some(Gate::Complete) => "complete",
            Some(Gate::Safe) => "safe",
            Some(Gate::Falsifiable) => "falsifiable",
            Some(Gate::Executable) => "executable",
        }
    }

    pub(crate) fn severity(severity: Severity) -> &'static str {
        match severity {
            Severity::Blocker => "blocker",
            Severity::Major => "major",
            Severity::Minor => "minor",
            Severity::Hint => "hint",
        }
    }

    pub(crate) fn importance(importance: Importance) -> &'static str {
        match importance {
            Importance::Critical => "critical",
            Importance::Important => "important",
            Importance::NiceToHave => "nice-to-have",
        }
    }

    pub(crate) fn state(state: State) -> &'static str {
        match state {
            State::Absent => "absent",
            State::Placeholder => "placeholder",
            State::Inadequate => "inadequate",
            State::Adequate => "adequate",
            State::Executable => "executable",
        }
    }

    pub(crate) fn alike(kind: Kind) -> &'static str {
        match kind {
            Kind::Key => "key",
            Kind::Text => "text",
            Kind::NearText => "near-text",
            Kind::TestData => "test-data",
            Kind::PreCondition => "pre-condition",
            Kind::Summary => "summary",
        }
    }

    pub(crate) fn kind(kind: NoTestKind) -> &'static str {
        match kind {
            NoTestKind::Epic => "epic",
            NoTestKind::Bug => "bug",
            NoTestKind::Guide => "guide",
            NoTestKind::Template => "template",
            NoTestKind::Empty => "empty",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(phrase: &str) -> Vec<&str> {
        let mut names: Vec<_> =
            phrase.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0)).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn every_phrase_is_there_in_both_languages_with_the_same_places() {
        let hebrew = |character: char| ('א'..='ת').contains(&character);
        for (name, words) in FILE.each() {
            assert!(!words.en.trim().is_empty() && !words.he.trim().is_empty(), "{name} is empty");
            assert_eq!(places(&words.en), places(&words.he), "{name}");
            assert!(!words.en.contains(hebrew), "{name} is not English");
            assert!(words.he.contains(hebrew) || words.he == "#", "{name} is not Hebrew");
        }
    }

    #[test]
    fn values_are_filled_in_once() {
        assert_eq!(fill("a {x} b {y}", &[("x", "{y}"), ("y", "1")]), "a {y} b 1");
        assert_eq!(fill("{unknown} { }", &[]), "{unknown} { }");
    }
}
