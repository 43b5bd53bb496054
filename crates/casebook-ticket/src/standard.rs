//! The standard that test cases are held to: its fields, their names, and what is wanted of them. It is data: the one
//! that is built in (`standard.toml`) can be replaced by a team's own.

use std::collections::HashMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Field;

/// The languages that reports and headings are in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Hebrew, written from right to left.
    He,
}

/// How much a field matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Importance {
    /// Without it nobody can say what the test does or whether it passed.
    Critical,
    /// Without it somebody has to ask.
    Important,
    /// It helps.
    NiceToHave,
}

/// A text in each language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Words<T = String> {
    /// In English.
    pub en: T,
    /// In Hebrew.
    pub he: T,
}

impl<T> Words<T> {
    /// In one language.
    pub fn in_language(&self, language: Language) -> &T {
        match language {
            Language::En => &self.en,
            Language::He => &self.he,
        }
    }
}

/// What is wanted of one field.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    /// The field: its id.
    #[schemars(with = "String")]
    pub id: Field,
    /// The number under which reports list it; those without come first, unnumbered.
    #[serde(default)]
    pub number: Option<u32>,
    /// Its heading.
    pub name: Words<Arc<str>>,
    /// Other headings that mean the same; compared without case, marks and spaces around them.
    #[serde(default)]
    pub aliases: Words<Vec<String>>,
    /// How much it matters.
    pub importance: Importance,
    /// Whether it is one of the base fields, which every ticket has, and not one of those that make a test complete.
    #[serde(default)]
    pub base: bool,
    /// Whether it only tells about the ticket: it is read and kept, and never missed.
    #[serde(default)]
    pub metadata: bool,
    /// Whether the canonical form has it in its front matter, and not as a section.
    #[serde(default)]
    pub front_matter: bool,
    /// Where a person puts it in Jira.
    #[serde(default)]
    pub jira: Words,
    /// Its name in Xray, when Xray has one.
    #[serde(default)]
    pub xray: Option<String>,
    /// Why it is wanted.
    #[serde(default)]
    pub why: Words,
    /// What adequate means.
    #[serde(default)]
    pub adequate: Words,
    /// What it can look like, in Markdown; `{...}` is for the author to fill.
    #[serde(default)]
    pub model: String,
}

/// A whole standard.
#[derive(Clone, Debug)]
pub struct Standard {
    /// Its name.
    pub name: Words,
    /// Its fields, in the order in which the canonical form has them.
    pub fields: Vec<FieldRule>,
    by_heading: HashMap<String, usize>,
}

/// A standard that test tickets are held to.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "casebook standard")]
struct File {
    /// Its name.
    name: Words,
    /// Its fields, in the order in which reports number them.
    field: Vec<FieldRule>,
}

/// A standard that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StandardError {
    /// Not the TOML that is expected; the text has line and column.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// Two fields of the same id.
    #[error("the field {0} is there twice; each may be once")]
    Twice(Field),
    /// One heading for two fields.
    #[error("the heading \"{heading}\" stands for {one} and for {other}; it can only mean one of them")]
    Ambiguous {
        /// The heading.
        heading: String,
        /// One of them.
        one: Field,
        /// The other.
        other: Field,
    },
}

impl Standard {
    /// The file of the standard that is built in.
    pub const BUILT_IN: &str = include_str!("standard.toml");

    /// The JSON Schema of a standard's file.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(File).to_value()
    }

    /// The standard that is built in.
    ///
    /// # Panics
    ///
    /// Never: it is tested.
    #[must_use]
    pub fn built_in() -> Self {
        Self::parse(Self::BUILT_IN).expect("the built-in standard is sound")
    }

    /// Reads a standard.
    ///
    /// # Errors
    ///
    /// When the text is not a standard, or contradicts itself.
    pub fn parse(text: &str) -> Result<Self, StandardError> {
        let File { name, field: fields } = toml::from_str(text)?;
        let mut by_heading: HashMap<String, usize> = HashMap::new();
        for (number, rule) in fields.iter().enumerate() {
            if fields[..number].iter().any(|other| other.id == rule.id) {
                return Err(StandardError::Twice(rule.id.clone()));
            }
            let names = [&*rule.name.en, &*rule.name.he];
            let aliases = rule.aliases.en.iter().chain(&rule.aliases.he).map(String::as_str);
            for heading in names.into_iter().chain(aliases) {
                let known = by_heading.insert(simplified(heading), number);
                if let Some(other) = known.filter(|other| *other != number) {
                    return Err(StandardError::Ambiguous {
                        heading: heading.to_owned(),
                        one: fields[other].id.clone(),
                        other: rule.id.clone(),
                    });
                }
            }
        }
        Ok(Self { name, fields, by_heading })
    }

    /// What is wanted of a field, if the standard has it.
    #[must_use]
    pub fn rule(&self, field: &Field) -> Option<&FieldRule> {
        self.fields.iter().find(|rule| rule.id == *field)
    }

    /// The field that a heading stands for: by any of its names, without regard to case, numbering (`3.`), emoji,
    /// punctuation at the ends and what stands in brackets behind it. A heading of several names stands for the first:
    /// `Steps / Expected Results`.
    #[must_use]
    pub fn field_of(&self, heading: &str) -> Option<&Field> {
        let heading = without_brackets(heading);
        self.named(heading).or_else(|| self.first_of(heading))
    }

    fn named(&self, words: &str) -> Option<&Field> {
        self.by_heading.get(&simplified(words)).map(|number| &self.fields[*number].id)
    }

    /// The first of several names. In prose there are words beside names, too: `Data and what it costs`. So each has to
    /// be a name; where marks part them, a first one of several words is enough: `Test Data & Users`.
    fn first_of(&self, heading: &str) -> Option<&Field> {
        const MARKS: [char; 3] = ['/', '&', '+'];
        const WORDS: [&str; 3] = [" and ", " And ", " ו"];
        let is_marked = heading.contains(MARKS);
        if heading.len() > 80 || !(is_marked || WORDS.iter().any(|word| heading.contains(word))) {
            return None;
        }
        let mut parts = heading
            .split(MARKS)
            .flat_map(|part| part.split(WORDS[0]))
            .flat_map(|part| part.split(WORDS[1]))
            .flat_map(|part| part.split(WORDS[2]))
            .filter(|part| part.chars().any(char::is_alphabetic));
        let first = parts.next()?;
        let field = self.named(first)?;
        let is_sure = is_marked
            && first.split_whitespace().filter(|word| word.contains(char::is_alphabetic)).count() > 1;
        (parts.all(|part| self.named(part).is_some()) || is_sure).then_some(field)
    }
}

/// A heading without what stands in brackets behind it.
fn without_brackets(heading: &str) -> &str {
    heading.split(['(', '（']).find(|part| part.chars().any(char::is_alphanumeric)).unwrap_or("")
}

/// A heading as it is compared: lower-case words and nothing else.
fn simplified(heading: &str) -> String {
    let heading = without_brackets(heading);
    let mut out = String::with_capacity(heading.len());
    for word in heading.split(|character: char| !(character.is_alphanumeric() || "'\"״׳".contains(character)))
    {
        let is_number = out.is_empty() && word.chars().all(|character| character.is_ascii_digit());
        if word.is_empty() || is_number {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().flat_map(char::to_lowercase));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_standard_knows_every_field_by_any_writing() {
        let standard = Standard::built_in();
        for field in Field::KNOWN {
            let rule = standard.rule(field).unwrap_or_else(|| panic!("{field} has no rule"));
            assert_eq!(standard.field_of(&rule.name.en), Some(field));
            assert_eq!(standard.field_of(&rule.name.he), Some(field));
        }
        for heading in ["### 3. **Test Steps (detailed)** ⚠️", "test-steps:", "TEST  STEPS", "Test_Steps"]
        {
            assert_eq!(standard.field_of(heading), Some(&Field::TestSteps), "{heading}");
        }
        let mut numbered: Vec<_> =
            standard.fields.iter().filter_map(|rule| Some((rule.number?, rule.id.id()))).collect();
        numbered.sort_unstable();
        assert_eq!(
            numbered.iter().map(|(number, _)| *number).collect::<Vec<_>>(),
            (1..=15).collect::<Vec<_>>()
        );
        assert_eq!(numbered[13].1, "recovery_validation");
        for rule in standard.fields.iter().filter(|rule| !rule.metadata) {
            let texts = [&rule.jira, &rule.why, &rule.adequate].map(|words| [&words.en, &words.he]);
            assert!(texts.iter().flatten().all(|text| !text.is_empty()), "{} has all texts", rule.id);
            assert!(rule.model.contains('{') || rule.id == Field::TestResults, "{} has a model", rule.id);
            assert_ne!(rule.base, rule.number.is_some(), "{} is of the base or numbered", rule.id);
        }
        for (heading, field) in [
            ("Steps / Expected results", Some(Field::TestSteps)),
            ("Test steps & expected results", Some(Field::TestSteps)),
            ("צעדים ותוצאות צפויות", Some(Field::TestSteps)),
            ("Preconditions / Setup", Some(Field::PreConditions)),
            ("3. Setup and Teardown (all)", Some(Field::PreConditions)),
            ("Test Data & Users", Some(Field::TestData)),
            ("Monitoring and Alerting", Some(Field::Monitoring)),
            ("Data and what it costs", None),
            ("Test data and users exist", None),
            ("Data/Control", None),
            ("Users & Test Data", None),
        ] {
            assert_eq!(standard.field_of(heading), field.as_ref(), "{heading}");
        }
        assert_eq!(standard.field_of("Weather"), None);
        assert_eq!(standard.field_of(""), None);
    }
}
