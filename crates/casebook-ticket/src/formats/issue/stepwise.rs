//! Steps in JSON: as Xray Cloud has them, as Xray Server has them, and as its custom field is exported.

use super::custom;
use super::properties::rich;
use crate::At;
use crate::json::{Json, Node};
use crate::markup::{Block, Blocks};
use crate::steps::{self, Step};

/// The list of steps in a value, if it is one.
pub(crate) fn steps_in<'n, 'a>(node: &'n Node<'a>) -> Option<&'n [Node<'a>]> {
    let elements = node.get("steps").unwrap_or(node).elements();
    let is_step = |node: &Node<'_>| {
        let fields = node.get("fields").unwrap_or(node);
        ACTION.iter().chain(CALLED).any(|name| fields.get(name).is_some())
    };
    elements.first().is_some_and(is_step).then_some(elements)
}

const ACTION: &[&str] = &["action", "step", "Action", "Step"];
const DATA: &[&str] = &["data", "Data"];
const EXPECTED: &[&str] = &["result", "expectedResult", "Expected Result", "Expected result", "Result"];
/// Another test whose steps are run in the place of this one.
const CALLED: &[&str] = &["callTestKey", "callTestIssueId"];

/// The canonical table of the steps in a value.
pub(crate) fn steps(json: &Json<'_>, node: &Node<'_>) -> Option<Block> {
    let read: Vec<_> = node
        .get("steps")
        .unwrap_or(node)
        .elements()
        .iter()
        .enumerate()
        .map(|(number, node)| step(json, node, number + 1))
        .collect();
    (!read.is_empty()).then(|| steps::write(&read))
}

fn step(json: &Json<'_>, node: &Node<'_>, number: usize) -> Step {
    let fields = node.get("fields").unwrap_or(node);
    let cell = |names: &[&str]| -> (Blocks, At) {
        let Some(value) = names.iter().find_map(|name| fields.get(name)) else {
            return (Blocks::new(), json.at(node));
        };
        let value = value.get("value").unwrap_or(value);
        let value = value.get("raw").unwrap_or(value);
        (rich(json, value), json.at(value))
    };
    let ((mut action, mut action_at), (mut data, mut data_at), (expected, expected_at)) =
        (cell(ACTION), cell(DATA), cell(EXPECTED));
    if let Some((called, key)) =
        CALLED.iter().find_map(|name| node.get(name)).and_then(|called| Some((called, called.text()?)))
    {
        action_at = if action.is_empty() { json.at(called) } else { action_at };
        action.push(Block::paragraph(json.at(called), &format!("Call test {key}")));
    }
    let further = further(json, node);
    if let (true, Some(first)) = (data.is_empty(), further.first()) {
        data_at = first.at();
    }
    data.extend(further);
    Step {
        number: Some(number.to_string()),
        at: json.at(node),
        action,
        action_at,
        data,
        data_at,
        expected,
        expected_at,
    }
}

/// Fields of a step that a project has for itself; they stand with its data.
fn further(json: &Json<'_>, node: &Node<'_>) -> Blocks {
    let own = node.get("customFields").map_or(&[][..], Node::elements).iter().filter_map(|field| {
        let name = field.text_at("name").or_else(|| field.text_at("id"))?;
        custom::named(json, name, field.get("value")?)
    });
    let known = |name: &str| [ACTION, DATA, EXPECTED].iter().any(|names| names.contains(&name));
    let others = node.get("fields").map_or(&[][..], Node::properties);
    let others = others.iter().filter(|(name, _)| !known(name)).filter_map(|(name, value)| {
        let value = value.get("value").unwrap_or(value);
        custom::named(json, name, value.get("raw").unwrap_or(value))
    });
    own.chain(others).collect()
}
