//! The properties of an issue or a test in JSON, under any of the names that Jira and Xray have for them.

use std::collections::HashMap;

use super::draft::Draft;
use super::stepwise::{steps, steps_in};
use super::{custom, links};
use crate::json::{Json, Node, Value};
use crate::markup::{Block, Blocks, Inline, lines, normal};
use crate::message::message;
use crate::unpacked::without_returns;
use crate::{At, Field, Found, NoTest, NoTestKind, Origin, SourceMap, Standard, adf, wiki};

/// The names of custom fields, by their ids.
pub(super) type Names = HashMap<String, String>;

/// Reads one issue or test.
pub(super) fn read(
    json: &Json<'_>,
    node: &Node<'_>,
    names: &Names,
    standard: &Standard,
    origin: Origin,
) -> Found {
    let at = origin.at;
    let mut reader = Reader { json, names, standard, draft: Draft::new(standard, origin), kind: None };
    reader.object(node);
    let Reader { draft, kind: issue_type, .. } = reader;
    match issue_type.as_deref().and_then(|name| Some((name, kind(name)?))) {
        Some((name, kind)) => {
            let reason = message!(issue_type, name = name);
            Found::NoTest(NoTest { at, title: draft.title(), kind, reason })
        }
        None => Found::Ticket(Box::new(draft.finish())),
    }
}

/// What an issue of a type is, when it is no test.
pub(crate) fn kind(issue_type: &str) -> Option<NoTestKind> {
    match issue_type.trim().to_lowercase().as_str() {
        "epic" | "story" | "user story" | "feature" | "new feature" | "improvement" | "initiative"
        | "requirement" => Some(NoTestKind::Epic),
        "bug" | "defect" | "incident" | "problem" => Some(NoTestKind::Bug),
        "test execution" | "sub test execution" | "test plan" | "test set" | "testset" | "test_set"
        | "precondition" | "pre-condition" => Some(NoTestKind::Guide),
        _ => None,
    }
}

struct Reader<'r, 'a> {
    json: &'r Json<'a>,
    names: &'r Names,
    standard: &'r Standard,
    draft: Draft<'r>,
    /// The issue's type.
    kind: Option<String>,
}

impl Reader<'_, '_> {
    fn object(&mut self, node: &Node<'_>) {
        for (name, node) in node.properties() {
            if !matches!(node.value, Value::Null) {
                self.property(name, node);
            }
        }
    }

    fn property(&mut self, name: &str, node: &Node<'_>) {
        match name {
            "fields" | "jira" => self.object(node),
            "key" => self.line(Field::Key, node),
            "summary" => self.line(Field::Summary, node),
            "priority" => self.line(Field::Priority, node),
            "status" => self.line(Field::Status, node),
            "reporter" => self.line(Field::Reporter, node),
            "assignee" => self.line(Field::Assignee, node),
            "created" => self.line(Field::Created, node),
            "updated" => self.line(Field::Updated, node),
            "testtype" | "xray_testtype" | "testType" => self.line(Field::TestType, node),
            "type" if node.text().is_some() => self.line(Field::TestType, node),
            "issuetype" | "xray_issue_type" => self.kind = shown(node).map(|(_, text)| text.to_owned()),
            "labels" | "components" => self.labels(node),
            "description" => {
                let blocks = self.rich(node);
                self.draft.describe(blocks, At::default());
            }
            "environment" => self.add(Field::TestConfiguration, node),
            "issuelinks" => links::issue_links(self.json, node, &mut self.draft),
            "update" => links::update(self.json, node, &mut self.draft),
            "precondition" | "preconditions" | "xray_preconditions" => {
                links::pre_conditions(self.json, node, &mut self.draft);
            }
            "attachment" => links::attachments(self.json, node, &mut self.draft),
            "steps" | "xray_steps" => self.steps(node),
            "definition" if node.text().is_none() => self.steps(node.get("steps").unwrap_or(node)),
            "gherkin" | "gherkin_def" | "xray_gherkin_def" => self.gherkin(node),
            "unstructured" | "unstructured_def" | "xray_unstructured_def" => self.unstructured(node),
            "definition" => match self.draft.text(&Field::TestType).as_deref() {
                Some("Cucumber") => self.gherkin(node),
                _ => self.unstructured(node),
            },
            name => self.custom(name, node),
        }
    }

    /// A custom field: known by its name, or by what is in it.
    fn custom(&mut self, id: &str, node: &Node<'_>) {
        let name = self.names.get(id).map_or(id, String::as_str);
        if steps_in(node).is_some() {
            self.steps(node);
        } else if let Some(text) = node.text().filter(|_| definition(name).is_some()) {
            let (field, language) = definition(name).unwrap_or((Field::TestSteps, None));
            self.code(field, language, text, node);
        } else if let Some(field) = self.standard.field_of(name).cloned() {
            match field {
                Field::Labels => self.labels(node),
                field if self.standard.rule(&field).is_some_and(|rule| rule.front_matter) => {
                    self.line(field, node);
                }
                field => self.add(field, node),
            }
        } else if id.starts_with("customfield_") {
            let body = custom::said(self.json, node);
            self.draft.other(name, self.json.at(node), body);
        }
    }

    fn line(&mut self, field: Field, node: &Node<'_>) {
        if let Some((node, text)) = shown(node) {
            let at = self.json.at(node);
            // Lines of a string are no lines of the file.
            let text = lines(At::default(), text);
            self.draft.add(field, at, normal(vec![Block::Paragraph { at, text }]));
        }
    }

    fn labels(&mut self, node: &Node<'_>) {
        let items = node.elements().iter().filter_map(shown);
        let items =
            items.map(|(node, text)| (self.json.at(node), vec![Inline::Text(text.to_owned())])).collect();
        self.draft.list(Field::Labels, self.json.at(node), items);
    }

    fn add(&mut self, field: Field, node: &Node<'_>) {
        let blocks = self.rich(node);
        self.draft.add(field, self.json.at(node), blocks);
    }

    fn rich(&self, node: &Node<'_>) -> Blocks {
        rich(self.json, node)
    }

    fn steps(&mut self, node: &Node<'_>) {
        if let Some(table) = steps(self.json, node) {
            self.draft.add(Field::TestSteps, self.json.at(node), vec![table]);
        }
        for step in node.get("steps").unwrap_or(node).elements() {
            if let Some(files) = step.get("attachments") {
                links::attachments(self.json, files, &mut self.draft);
            }
        }
    }

    fn gherkin(&mut self, node: &Node<'_>) {
        self.code(Field::TestSteps, Some("gherkin"), node.text().unwrap_or_default(), node);
    }

    fn unstructured(&mut self, node: &Node<'_>) {
        self.code(Field::ExecutionCommand, None, node.text().unwrap_or_default(), node);
    }

    fn code(&mut self, field: Field, language: Option<&str>, text: &str, node: &Node<'_>) {
        if !text.trim().is_empty() {
            let places = self.json.places(node);
            let (text, places) = without_returns(text, &places);
            let at = SourceMap::of(&text, &places, 0);
            let language = language.map(str::to_owned);
            let code = Block::Code { at, language, text: text.into_owned() };
            self.draft.add(field, self.json.at(node), vec![code]);
        }
    }
}

/// The field of what Xray runs instead of steps, and the language of its text, by the name of its custom field.
pub(crate) fn definition(name: &str) -> Option<(Field, Option<&'static str>)> {
    match name.to_lowercase().as_str() {
        "cucumber scenario" | "cucumber test scenario" | "gherkin definition" => {
            Some((Field::TestSteps, Some("gherkin")))
        }
        "generic test definition" | "unstructured definition" => Some((Field::ExecutionCommand, None)),
        _ => None,
    }
}

/// What Jira shows of a value: of users, options and the like their names.
fn shown<'n, 'a>(node: &'n Node<'a>) -> Option<(&'n Node<'a>, &'n str)> {
    let names = ["name", "displayName", "value", "emailAddress", "key"];
    let node = match &node.value {
        Value::Object(_) if node.get("displayName").is_some() => node.get("displayName")?,
        Value::Object(_) => names.into_iter().find_map(|name| node.get(name))?,
        Value::Array(elements) => return elements.first().and_then(shown),
        _ => node,
    };
    Some((node, node.text()?))
}

/// Structured text: wiki markup in a string, or a document; of lists and options what is shown of each.
pub(super) fn rich(json: &Json<'_>, node: &Node<'_>) -> Blocks {
    match &node.value {
        Value::String(text) => {
            let places = json.places(node);
            let (text, places) = without_returns(text, &places);
            wiki::read(&text, &places)
        }
        Value::Object(_) if adf::is_document(node) => adf::document(json, node),
        Value::Object(_) => shown(node).map_or_else(Blocks::new, |(node, _)| rich(json, node)),
        Value::Array(elements) => elements.iter().flat_map(|node| rich(json, node)).collect(),
        _ => Blocks::new(),
    }
}
