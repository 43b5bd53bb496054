//! The rules: what each is called, how bad its findings are, and what is said about them. They are data: `rules.toml`.

use std::collections::HashMap;
use std::sync::LazyLock;

use casebook_ticket::Words;
use serde::Deserialize;

use super::{Gate, Severity};

/// One rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its id, e.g. `steps-too-few`.
    pub id: String,
    /// How bad its findings are, unless a finding says otherwise.
    pub severity: Severity,
    /// The gate that its findings hold shut, if any.
    #[serde(default)]
    pub gate: Option<Gate>,
    /// A few words.
    pub title: Words,
    /// What is wrong; `{..}` are the finding's arguments.
    pub wrong: Words,
    /// How to mend it; `{..}` are the finding's arguments.
    pub mend: Words,
    /// Why it matters.
    pub explain: Words,
    /// What is found.
    pub bad: String,
    /// What is not.
    pub good: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<Rule>,
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let File { rule } = toml::from_str(include_str!("rules.toml")).expect("the rules are sound");
    rule
});

static BY_ID: LazyLock<HashMap<&'static str, &'static Rule>> =
    LazyLock::new(|| RULES.iter().map(|rule| (rule.id.as_str(), rule)).collect());

/// All rules, in the order in which they are listed.
#[must_use]
pub fn rules() -> &'static [Rule] {
    &RULES
}

/// The rule of an id.
#[must_use]
pub fn rule(id: &str) -> Option<&'static Rule> {
    BY_ID.get(id).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names in braces of a text.
    fn names(text: &str) -> Vec<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
    }

    #[test]
    fn every_rule_says_everything_in_both_languages() {
        assert_eq!(BY_ID.len(), RULES.len(), "no id is there twice");
        for rule in rules() {
            for words in [&rule.title, &rule.wrong, &rule.mend, &rule.explain] {
                assert!(!words.en.trim().is_empty() && !words.he.trim().is_empty(), "{}", rule.id);
            }
            for words in [&rule.wrong, &rule.mend] {
                let (mut en, mut he) = (names(&words.en), names(&words.he));
                en.sort_unstable();
                he.sort_unstable();
                assert_eq!(en, he, "{}: both languages say the same", rule.id);
            }
            assert!(!rule.bad.is_empty() && !rule.good.is_empty(), "{}", rule.id);
        }
    }
}
