//! Steps in JSON: as Xray Cloud has them, as Xray Server has them, and as its custom field is exported.

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
        ACTION.iter().any(|name| fields.get(name).is_some())
    };
    elements.first().is_some_and(is_step).then_some(elements)
}

const ACTION: &[&str] = &["action", "step", "Action", "Step"];
const DATA: &[&str] = &["data", "Data"];
const EXPECTED: &[&str] = &["result", "expectedResult", "Expected Result", "Expected result", "Result"];

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
    let ((action, action_at), (data, data_at), (expected, expected_at)) =
        (cell(ACTION), cell(DATA), cell(EXPECTED));
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
