//! What a ticket points at: other issues, pre-conditions, files.

use super::draft::Draft;
use super::properties::rich;
use crate::Field;
use crate::json::{Json, Node};
use crate::markup::{Block, Blocks, Inline, Inlines, Item};

/// Links as Jira answers them, with the other issue's summary.
pub(super) fn issue_links(json: &Json<'_>, node: &Node<'_>, draft: &mut Draft<'_>) {
    for link in node.elements() {
        let outward = link.get("outwardIssue");
        if let Some(issue) = outward.or_else(|| link.get("inwardIssue")) {
            let kind = link.path(&["type", "name"]).and_then(Node::text).unwrap_or_default();
            let field = field_of(kind, outward.is_some());
            let summary = issue.path(&["fields", "summary"]).and_then(Node::text);
            linked(json, issue, summary, field, draft);
        }
    }
}

/// Links as they are given to be made.
pub(super) fn update(json: &Json<'_>, node: &Node<'_>, draft: &mut Draft<'_>) {
    let links = node.get("issuelinks").map_or(&[][..], Node::elements);
    for link in links.iter().filter_map(|link| link.get("add")) {
        let outward = link.get("outwardIssue");
        if let Some(issue) = outward.or_else(|| link.get("inwardIssue")) {
            let kind = link.path(&["type", "name"]).and_then(Node::text).unwrap_or_default();
            linked(json, issue, None, field_of(kind, outward.is_some()), draft);
        }
    }
}

/// The field that a kind of link belongs to: what a test tests is its requirement.
pub(crate) fn field_of(kind: &str, is_outward: bool) -> Field {
    match kind.to_lowercase().as_str() {
        "test" | "tests" if is_outward => Field::Requirements,
        _ => Field::RelatedIssues,
    }
}

fn linked(json: &Json<'_>, issue: &Node<'_>, summary: Option<&str>, field: Field, draft: &mut Draft<'_>) {
    if let Some(key) = issue.get("key")
        && let Some(text) = key.text()
    {
        draft.list(field, json.at(key), vec![(json.at(key), title(text, summary))]);
    }
}

/// A key and the title behind it.
pub(crate) fn title(key: &str, summary: Option<&str>) -> Inlines {
    let key = Inline::Strong(vec![Inline::Text(key.to_owned())]);
    let summary = summary.map(|summary| Inline::Text(format!(": {summary}")));
    std::iter::once(key).chain(summary).collect()
}

/// Xray's pre-conditions: keys, or issues with a definition.
pub(super) fn pre_conditions(json: &Json<'_>, node: &Node<'_>, draft: &mut Draft<'_>) {
    let all = node.get("results").unwrap_or(node).elements();
    let items: Vec<_> = all.iter().filter_map(|node| pre_condition(json, node)).collect();
    if !items.is_empty() {
        let at = json.at(node);
        draft.add(Field::PreConditions, at, vec![Block::List { at, start: None, items }]);
    }
}

fn pre_condition(json: &Json<'_>, node: &Node<'_>) -> Option<Item> {
    let at = json.at(node);
    let issue = node.get("jira").or_else(|| node.get("fields")).unwrap_or(node);
    let key = node.text().or_else(|| issue.text_at("key")).or_else(|| node.text_at("key"));
    let summary = issue.text_at("summary");
    let text = match key {
        Some(key) => title(key, summary),
        None => summary.map(|summary| Inline::Text(summary.to_owned())).into_iter().collect(),
    };
    let mut blocks: Blocks = Vec::new();
    if !text.is_empty() {
        blocks.push(Block::Paragraph { at, text });
    }
    blocks.extend(
        ["definition", "condition"]
            .into_iter()
            .filter_map(|name| node.get(name))
            .flat_map(|node| rich(json, node)),
    );
    (!blocks.is_empty()).then_some(Item { at, done: None, blocks })
}

/// The names of files.
pub(super) fn attachments(json: &Json<'_>, node: &Node<'_>, draft: &mut Draft<'_>) {
    let names =
        node.elements().iter().filter_map(|file| file.get("filename").or_else(|| file.get("fileName")));
    let items: Vec<_> =
        names.filter_map(|name| Some((json.at(name), vec![Inline::Text(name.text()?.to_owned())]))).collect();
    draft.list(Field::Attachments, json.at(node), items);
}
