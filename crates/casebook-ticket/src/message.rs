//! Sentences in the language of whoever reads them. They are data: `messages.toml`.

use std::fmt;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use crate::{Language, Words};

/// A sentence, or a part of one, with what is filled into it. What is displayed is English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    text: &'static Words,
    arguments: Vec<(&'static str, Words<Arc<str>>)>,
}

impl Message {
    pub(crate) fn new(text: &'static Words) -> Self {
        Self { text, arguments: Vec::new() }
    }

    /// With what stands in the place of `{name}`.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Argument>) -> Self {
        self.arguments.push((name, value.into().0));
        self
    }

    /// In one language.
    #[must_use]
    pub fn in_language(&self, language: Language) -> String {
        let value = |name: &str| {
            let (_, value) = self.arguments.iter().find(|(known, _)| *known == name)?;
            Some(&**value.in_language(language))
        };
        fill(self.text.in_language(language), value)
    }
}

impl fmt::Display for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.in_language(Language::En))
    }
}

/// What is filled in: quoted text, or words of the message's own.
#[derive(Debug)]
pub(crate) struct Argument(Words<Arc<str>>);

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        let text: Arc<str> = text.into();
        Self(Words { en: text.clone(), he: text })
    }
}

impl From<String> for Argument {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<&String> for Argument {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<usize> for Argument {
    fn from(number: usize) -> Self {
        number.to_string().into()
    }
}

impl From<Message> for Argument {
    fn from(message: Message) -> Self {
        let text = |language| message.in_language(language).into();
        Self(Words { en: text(Language::En), he: text(Language::He) })
    }
}

/// Several, with commas between them.
impl FromIterator<Message> for Argument {
    fn from_iter<I: IntoIterator<Item = Message>>(messages: I) -> Self {
        let messages: Vec<_> = messages.into_iter().collect();
        let text = |language| {
            let told: Vec<_> = messages.iter().map(|message| message.in_language(language)).collect();
            told.join(", ").into()
        };
        Self(Words { en: text(Language::En), he: text(Language::He) })
    }
}

/// A text with values in the places of `{name}`; other braces stay. What stands in a value is not looked at again.
#[must_use]
pub fn fill<'v>(text: &str, value: impl Fn(&str) -> Option<&'v str>) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        out.push_str(before);
        let named = behind.split_once('}').and_then(|(name, after)| Some((value(name)?, after)));
        if let Some((value, after)) = named {
            out.push_str(value);
            rest = after;
        } else {
            out.push('{');
            rest = behind;
        }
    }
    out + rest
}

/// A message by its id, with its arguments: `message!(no_name, word = "$Focus")`.
macro_rules! message {
    ($id:ident $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::message::Message::new(&$crate::message::TEXTS.$id)$(.with(stringify!($name), $value))*
    };
}
pub(crate) use message;

macro_rules! texts {
    ($($id:ident)*) => {
        /// The file: each text in each language. None can be missing, and none can be there in vain.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct Texts {
            $(pub(crate) $id: Words,)*
        }

        #[cfg(test)]
        fn each() -> Vec<(&'static str, &'static Words)> {
            vec![$((stringify!($id), &TEXTS.$id)),*]
        }
    };
}

pub(crate) static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    toml::from_str(include_str!("messages.toml")).expect("messages.toml is sound: it is tested")
});

texts! {
    not_utf8 line_not_utf8 lines_not_utf8 one_character characters word_in_line wrong_encoding_repaired
    latin1_repaired unseen_taken_out lost_put_back lost_guessed lost one_line each_in_its_own_span quote_open
    end_with_quote missing not_quoted unexpected end_before_predicate end_before_statement leave_it_out usage is_no
    write_nearest write_one_of expected_instead in_word beginning assertion_shape no_step_with_colon a_statement
    a_predicate begin_with_verb write_what_must_hold word_itself the_step a_name a_bare_name what_to_talk_to
    the_method method the_header the_headers_name what_is_looked_at the_kinds the_object the_metric the_command
    the_undoing_command duration_behind number_behind the_status_code the_path the_text what_text_must_be
    what_value_must_be compared_with behind_sign the_value verb predicate_word test_of_text test_of_value part_of
    no_name bare_name_shape name_shape address_into_environment template_shape quote_inside quote_encoded no_data_name
    data_shape dollar_begins_name brace_open bracket_open bracket_quote_open no_element with_unit duration_shape
    no_unit no_duration longer_than_a_day write_whole_number no_whole_number write_one no_number number_shape no_value
    value_shape no_step step_shape no_header no_header_name header_shape no_status_code no_path path_shape
    text_in_quotes empty_text write_words_looked_for no_regex mend_regex is_a_verb verb_into_data is_a_predicate
    predicate_into_expected no_result_name write_name_alone no_result_to_name leave_as_out fault_has_no_name
    undo_names_step no_kind kinds_shape no_object object_shape no_metric metric_shape cannot_be_repeated
    wait_for_a_look wait_for_itself predicate_in_data into_expected expected_is_prose predicate_or_nothing statement_in_expected into_data statement_in_action result_in_expected result_into_data not_checked
    predicate_or_no_code no_time_at_all longer_than_nothing no_whole_seconds none_at_all looks_once shorter_every
    known_before compare_with_more range_backwards smaller_first undoes_nothing request_that_undoes undone_elsewhere
    undo_there assertion_in_steps
    into_assertions statement_in_assertions assert_of_step which_step write_step_before before_any_statement
    statement_first use_in_the_middle use_first expects_without_statement statement_or_earlier_result two_steps
    number_steps breaks_nothing name_step_with_fault name_taken take_new_name no_such_data write_data data_twice
    rename_one data_not_json mend_json step_not_begun step_with_statement no_such_step step_meant which_part
    write_part captured_later move_capture nothing_says declare nearest_or_declare secret_in_header secret_in_query query_into_environment
    secret_into_environment nothing_to_hold_against leave_out_or_result says_nothing_about the_answer messages
    a_connection health a_number pods difference one_object log_lines a_metric output a_fault end_of_fault
    snapshot_of_other no_snapshot snapshot_k8s snapshot_other command_without_undo write_undo may_make undo_or_read_only broken_after_steps
    break_in_step no_proof prove_block prove_delay prove_command prove_down no_baseline request_before no_recovery
    request_after nothing_before look_first nothing_after look_after not_permitted cannot_read binary empty_csv
    row_too_long cell_open no_jira_csv no_xray_csv no_xray_test no_issue no_adf no_yaml no_json too_deep key_expected
    colon_missing value_missing value_expected behind_the_end ends_in_the_middle ends_without missing_before comma_or
    string_open double_quotes json_error nothing_in_it before_the_first beside_rows issue_type only_a_template
    neither_key_nor_heading titled has_heading tells_a_story analysis a_ticket macro_open_empty macro_open and_more
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<&str> {
        let names = text.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0));
        let is_name = |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let mut names: Vec<_> = names.filter(is_name).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn every_text_is_there_in_both_languages_with_the_same_places() {
        let hebrew = |character: char| ('א'..='ת').contains(&character);
        for (id, words) in each() {
            assert_eq!(places(&words.en), places(&words.he), "{id}");
            assert!(!words.en.is_empty() && !words.en.contains(hebrew), "{id} is not English");
            assert!(words.he.contains(hebrew), "{id} is not Hebrew");
        }
    }

    #[test]
    fn no_hebrew_text_has_english_in_it_that_is_neither_code_nor_quoted() {
        let apart = regex::Regex::new("`[^`]*`|\"[^\"]*\"").unwrap();
        let words = regex::Regex::new("[A-Za-z]+(?:[ ,]+[A-Za-z]+){3}").unwrap();
        for (id, text) in each() {
            let without = apart.replace_all(&text.he, "…");
            assert!(!words.is_match(&without), "{id}: {without}");
        }
    }

    #[test]
    fn values_are_filled_in_once_and_parts_in_the_language_of_the_whole() {
        let message = message!(missing, what = message!(word_itself, word = "{what}"));
        assert_eq!(message.to_string(), "`{what}` is missing");
        assert_eq!(message.in_language(Language::He), "חסר: המילה `{what}`");
        assert_eq!(fill("{unknown} { } {x", |_| None), "{unknown} { } {x");
    }
}
