//! Short fields as YAML before the text.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use crate::markup::{Block, Blocks, Inline, Item, lines, normal, plain};
use crate::message::{Message, message};
use crate::{At, Field, Name, Places, Section, SourceMap, Standard};

/// What front matter says.
#[derive(Debug, Default)]
pub(super) struct FrontMatter {
    pub(super) sections: Vec<Section>,
    /// Whether all keys are the ids of fields that the canonical form has here.
    pub(super) is_canonical: bool,
}

/// Reads the lines between the marks.
pub(super) fn read(
    source: &str,
    places: &dyn Places,
    standard: &Standard,
) -> Result<FrontMatter, (At, Message)> {
    let Pairs(pairs) = serde_saphyr::from_str(source).map_err(|error| refusal(&error, source, places))?;
    let ends: Vec<_> = pairs.iter().skip(1).map(|(key, _)| offset(key.referenced, source)).collect();
    let mut front_matter = FrontMatter { sections: Vec::new(), is_canonical: true };
    for (number, (key, value)) in pairs.iter().enumerate() {
        let end = ends.get(number).copied().unwrap_or(source.len());
        let field = field(&key.value, standard);
        front_matter.is_canonical &= field.as_ref().is_some_and(|field| {
            field.id() == key.value && standard.rule(field).is_some_and(|rule| rule.front_matter)
        });
        let name = field.map_or_else(|| Name::Other(key.value.clone()), Name::Field);
        let at = place(key.referenced, source, places);
        let from = offset(value.referenced, source);
        let body = normal(blocks(value, source, end.max(from), places));
        front_matter.sections.push(Section { name, at, body });
    }
    Ok(front_matter)
}

/// Why front matter cannot be read, and where that shows.
fn refusal(error: &serde_saphyr::Error, source: &str, places: &dyn Places) -> (At, Message) {
    let at = error.location().map_or_else(
        || places.at(0),
        |location| {
            let lines = source.split_inclusive('\n').take((location.line() as usize).saturating_sub(1));
            At::new(places.at(lines.map(str::len).sum()).line, location.column() as u32)
        },
    );
    let message = error.without_snippet().to_string();
    // The library counts lines from the beginning of the front matter.
    let what = message.lines().next().unwrap_or_default().split(" at line ").next().unwrap_or_default();
    (at, message!(no_yaml, error = what))
}

/// The field that a key stands for: by its id or by any of its names.
pub(super) fn field(key: &str, standard: &Standard) -> Option<Field> {
    let by_id = Field::of(key.trim());
    if standard.rule(&by_id).is_some() { Some(by_id) } else { standard.field_of(key).cloned() }
}

/// A value as blocks; `end` is where it ends at the latest.
fn blocks(value: &Spanned<Value>, source: &str, end: usize, places: &dyn Places) -> Blocks {
    let at = place(value.referenced, source, places);
    match &value.value {
        Value::Nothing => Blocks::new(),
        // Lines of a value need not be lines of the file.
        Value::Text(text) => vec![Block::Paragraph { at, text: lines(At::default(), text) }],
        Value::Scalar => vec![Block::paragraph(at, scalar(value, source))],
        Value::List(values) => {
            let item = |value: &Spanned<Value>| {
                let end = offset(value.referenced, source);
                let at = place(value.referenced, source, places);
                Item { at, done: None, blocks: blocks(value, source, end, places) }
            };
            vec![Block::List { at, start: None, items: values.iter().map(item).collect() }]
        }
        Value::Map => {
            let from = offset(value.referenced, source);
            let line = source[..from].rfind('\n').map_or(0, |end| end + 1);
            let is_block = source[line..from].trim().is_empty();
            let from = if is_block { line } else { from };
            let text = source[from..end].trim_end();
            let at = SourceMap::of(text, places, from);
            vec![Block::Code { at, language: Some("yaml".to_owned()), text: text.to_owned() }]
        }
    }
}

/// A number or the like, as it stands.
fn scalar<'a>(value: &Spanned<Value>, source: &'a str) -> &'a str {
    let begins = offset(value.referenced, source);
    let length = value.referenced.span().byte_len().unwrap_or(0) as usize;
    source.get(begins..begins + length).unwrap_or_default().trim()
}

fn offset(location: Location, source: &str) -> usize {
    let offset = location.span().byte_offset().unwrap_or(0) as usize;
    if source.is_char_boundary(offset) { offset } else { source.len() }
}

fn place(location: Location, source: &str, places: &dyn Places) -> At {
    places.at(offset(location, source))
}

/// The pairs of a mapping in their order.
struct Pairs(Vec<(Spanned<String>, Spanned<Value>)>);

/// A value, as far as it matters.
enum Value {
    Nothing,
    Text(String),
    /// What YAML takes for something else than text: it is kept as it is written.
    Scalar,
    List(Vec<Spanned<Value>>),
    /// It is kept as it is written.
    Map,
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Pairs;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("keys with values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Value;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text or a list of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Text(text.to_owned()))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
                Ok(Value::Scalar)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
                Ok(Value::Scalar)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
                Ok(Value::Scalar)
            }

            fn visit_i128<E>(self, _: i128) -> Result<Value, E> {
                Ok(Value::Scalar)
            }

            fn visit_u128<E>(self, _: u128) -> Result<Value, E> {
                Ok(Value::Scalar)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
                Ok(Value::Scalar)
            }

            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Nothing)
            }

            fn visit_none<E>(self) -> Result<Value, E> {
                Ok(Value::Nothing)
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
                Value::deserialize(deserializer)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = seq.next_element()? {
                    values.push(value);
                }
                Ok(Value::List(values))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Value::Map)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// A field's line or lines; none when its body is more than words, or a list of words.
pub(super) fn write(key: &str, body: &[Block]) -> Option<String> {
    let mut out = format!("{key}:");
    match body {
        [] => {}
        [Block::Paragraph { text, .. }] if is_plain(text) => out.extend([" ", &quoted(&plain(text))]),
        [Block::List { start: None, items, .. }] => {
            for item in items {
                match &item.blocks[..] {
                    [Block::Paragraph { text, .. }] if is_plain(text) && item.done.is_none() => {
                        out.extend(["\n  - ", &quoted(&plain(text))]);
                    }
                    _ => return None,
                }
            }
        }
        _ => return None,
    }
    out.push('\n');
    Some(out)
}

fn is_plain(text: &[Inline]) -> bool {
    let round = lines(At::default(), &plain(text));
    text.iter().all(|run| matches!(run, Inline::Text(_) | Inline::Break(_))) && round == text
}

/// A text as YAML: bare where it can only be read as that text.
fn quoted(text: &str) -> String {
    let is_word = |character: char| character.is_alphanumeric() || " -_./,()–@+'&=;%:".contains(character);
    let is_number =
        text.parse::<f64>().is_ok() && !(text.len() < 16 && text.bytes().all(|byte| byte.is_ascii_digit()));
    let is_bare = text.starts_with(char::is_alphanumeric)
        && text.chars().all(is_word)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !is_number
        && !text.eq_ignore_ascii_case("null");
    if is_bare {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(character),
            '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..
                if !"\u{2028}\u{2029}\u{feff}".contains(character) =>
            {
                out.push(character);
            }
            character => out.extend(["\\U", &format!("{:08X}", character as u32)]),
        }
    }
    out.push('"');
    out
}
