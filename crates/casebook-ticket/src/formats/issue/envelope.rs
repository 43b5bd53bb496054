//! Finds issues and tests in what Jira and Xray answer, one after the other.

use std::borrow::Cow;

use super::properties::{self, Names};
use crate::formats::File;
use crate::json::{Json, Node, Reader};
use crate::message::{Message, message};
use crate::{Format, Found, Lines, Origin, ReadError, Standard};

/// Below these keys there are issues or tests, or more keys like these.
const AROUND: [&str; 9] = [
    "issues",
    "data",
    "results",
    "getTests",
    "getTest",
    "getExpandedTests",
    "getExpandedTest",
    "tests",
    "values",
];

/// What tells an issue or a test from other objects.
const TELLING: [&str; 9] = [
    "fields",
    "jira",
    "testtype",
    "xray_testtype",
    "testType",
    "steps",
    "summary",
    "definition",
    "xray_issue_type",
];

/// Reads all issues and tests of a file.
pub(crate) fn read_each(
    file: File<'_>,
    format: Format,
    standard: &Standard,
    each: &mut dyn FnMut(Found),
) -> Result<(), ReadError> {
    let lines = Lines::new(file.text);
    let json = Json::new(file.name, file.text, &lines);
    let names = names(&json)?;
    let mut search = Search { file, format, json: &json, names, standard, each };
    let mut reader = json.reader();
    search.value(&mut reader, &mut "$".to_owned(), 0)?;
    reader.end()
}

/// The names of custom fields, which may stand behind all issues.
fn names(json: &Json<'_>) -> Result<Names, ReadError> {
    let mut names = Names::new();
    if !json.text.contains("\"names\"") {
        return Ok(names);
    }
    let mut reader = json.reader();
    if reader.is_object()? {
        reader.object(|reader, key| {
            if key == "names" {
                add_names(&reader.value()?, &mut names);
            } else {
                reader.skip()?;
            }
            Ok(())
        })?;
    }
    Ok(names)
}

fn add_names(node: &Node<'_>, names: &mut Names) {
    names.extend(
        node.properties().iter().filter_map(|(id, name)| Some((id.to_string(), name.text()?.to_owned()))),
    );
}

struct Search<'s, 'a> {
    file: File<'a>,
    format: Format,
    json: &'a Json<'a>,
    names: Names,
    standard: &'s Standard,
    each: &'s mut dyn FnMut(Found),
}

impl<'a> Search<'_, 'a> {
    /// Reads what comes next: issues, or what is around them.
    fn value(&mut self, reader: &mut Reader<'a>, place: &mut String, depth: usize) -> Result<(), ReadError> {
        if reader.is_array()? {
            return reader.array(|reader, number| {
                let length = place.len();
                place.extend(["[", &number.to_string(), "]"]);
                let node = reader.value()?;
                self.issue(&node, place)?;
                place.truncate(length);
                Ok(())
            });
        }
        if !reader.is_object()? {
            let node = reader.value()?;
            return Err(self.json.error(&node, self.nothing()));
        }
        let start = reader.offset()?;
        let mut properties: Vec<(Cow<'a, str>, Node<'a>)> = Vec::new();
        let mut found = false;
        reader.object(|reader, key| {
            let is_around = AROUND.contains(&&*key) && depth < AROUND.len();
            if is_around && (reader.is_array()? || reader.is_object()?) {
                found = true;
                let length = place.len();
                place.push('.');
                place.push_str(&key);
                self.value(reader, place, depth + 1)?;
                place.truncate(length);
            } else {
                properties.push((key, reader.value()?));
            }
            Ok(())
        })?;
        if found {
            return Ok(());
        }
        let node = reader.object_from(start, properties);
        self.issue(&node, place)
    }

    fn issue(&mut self, node: &Node<'a>, place: &str) -> Result<(), ReadError> {
        if !TELLING.iter().any(|key| node.get(key).is_some()) {
            return Err(self.json.error(node, self.nothing()));
        }
        if let Some(names) = node.get("names") {
            add_names(names, &mut self.names);
        }
        let origin = Origin {
            file: self.file.name.to_owned(),
            format: self.format,
            at: self.json.at(node),
            place: Some(place.to_owned()),
        };
        (self.each)(properties::read(self.json, node, &self.names, self.standard, origin));
        Ok(())
    }

    fn nothing(&self) -> Message {
        match self.format {
            Format::XrayJson => message!(no_xray_test),
            _ => message!(no_issue),
        }
    }
}
