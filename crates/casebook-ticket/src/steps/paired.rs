//! Steps and their expectations in two lists, one number for both.

use crate::{Field, Ticket};

use super::{Encoding, Step, Steps, read};

/// A ticket's steps as a reader takes them: where none says what must be seen, but the expected results are numbered as
/// the steps are, each result is the expectation of the step with its number.
#[must_use]
pub fn paired(mut steps: Steps, ticket: &Ticket) -> Steps {
    let is_open = steps.encoding != Encoding::Gherkin
        && steps.steps.len() > 1
        && steps.steps.iter().all(|step| step.expected.is_empty());
    if is_open && let Some(expected) = ticket.section(&Field::ExpectedResult) {
        pair(&mut steps.steps, read(&expected.body).steps);
    }
    steps
}

fn pair(steps: &mut [Step], results: Vec<Step>) {
    let is_result = |(place, result): (usize, &Step)| {
        is_number(result, place)
            && !result.action.is_empty()
            && result.data.is_empty()
            && result.expected.is_empty()
    };
    let is_numbered = |(place, step): (usize, &Step)| step.number.is_none() || is_number(step, place);
    let goes_together = steps.len() == results.len()
        && results.iter().enumerate().all(is_result)
        && steps.iter().enumerate().all(is_numbered);
    if goes_together {
        for (step, result) in steps.iter_mut().zip(results) {
            (step.expected, step.expected_at) = (result.action, result.action_at);
        }
    }
}

fn is_number(step: &Step, place: usize) -> bool {
    let number = step.number.as_deref().map(|number| number.trim_end_matches(['.', ')']).parse());
    number == Some(Ok(place + 1))
}
