//! Whether the steps can be followed: how many there are, and what each says.

use casebook_ticket::Field;
use casebook_ticket::gherkin::{self, Feature};
use casebook_ticket::steps::Encoding;

use super::assertions::is_vague;
use crate::audit::Finding;
use crate::audit::case::{Case, Part, Step};
use crate::audit::words::{excerpt, is_filler, is_none, pattern};

/// Fewer steps are too few: before, what is tested, and after.
pub(crate) const FEWEST_STEPS: usize = 3;

pattern! {
    /// The label of an expectation.
    EXPECTED = r"(?i)\bexpected(?: (?:results?|outcomes?))?\s*:|(?:תוצאה צפויה|צפוי)\s*:"
}

pattern! {
    /// A step that is another test, as readers put it: what must be seen is said there.
    CALLS = r"(?m)^Call test \S+$"
}

pub(super) fn look(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let field = &Field::TestSteps;
    if case.filled(field).is_none() {
        return;
    }
    if case.encoding == Encoding::None || case.steps.is_empty() {
        findings.push(case.finding("steps-as-prose", field, case.at(field)));
        return;
    }
    let is_gherkin = case.encoding == Encoding::Gherkin;
    let count = if is_gherkin { clauses(case) } else { case.steps.len() };
    if count < FEWEST_STEPS {
        let count = count.to_string();
        findings.push(case.finding("steps-too-few", field, case.at(field)).with("count", count));
    }
    // The numbers of Gherkin's are the reader's, and its data stands in its sentences.
    if !is_gherkin {
        numbers(case, findings);
    }
    for step in &case.steps {
        part(case, step, &step.action, "step-without-action", findings);
    }
    expectations(case, findings);
    let without_data = case.steps.iter().filter(|step| step.data.text.trim().is_empty()).count();
    // Where most have none, the author had none to give.
    if !is_gherkin && without_data * 2 <= case.steps.len() {
        for step in &case.steps {
            part(case, step, &step.data, "step-without-data", findings);
        }
    }
}

/// How many sentences of Given, When and Then there are: to Cucumber, each of them is a step.
fn clauses(case: &Case<'_>) -> usize {
    let section = case.number(&Field::TestSteps).map(|number| &case.ticket.sections[number]);
    let features = section.and_then(|section| gherkin::read(&section.body)).unwrap_or_default();
    let of_scenarios =
        |feature: &Feature| feature.scenarios.iter().map(|scenario| scenario.clauses.len()).sum::<usize>();
    features.iter().map(|feature| feature.background.len() + of_scenarios(feature)).sum()
}

fn expectations(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let has_none = case.steps.iter().all(|step| step.expected.text.trim().is_empty());
    match &case.steps[..] {
        // Said once, and not for each.
        [first, .., last] if has_none => {
            let (first, last) = (&first.name, &last.name);
            let rule = without_expectation(&case.steps);
            findings.push(case.finding(rule, &Field::TestSteps, case.at(&Field::TestSteps)).in_words(
                "step",
                format!("steps {first}–{last}"),
                format!("צעדים {first}–{last}"),
            ));
        }
        // In Given, When, Then not each has to have one.
        _ if case.encoding == Encoding::Gherkin => {}
        steps => {
            for step in steps.iter().filter(|step| !CALLS.is_match(&step.action.text)) {
                let empty = without_expectation(std::slice::from_ref(step));
                part(case, step, &step.expected, empty, findings);
            }
        }
    }
    for step in
        case.steps.iter().filter(|step| is_vague(&step.expected.text) && !is_none(&step.expected.text))
    {
        findings.push(
            case.finding("expectation-vague", &Field::TestSteps, step.expected.at)
                .with("step", step.name.as_str())
                .with("text", excerpt(&step.expected.text)),
        );
    }
}

/// What is wrong with steps that expect nothing: there is nothing, or it was not told from the action.
fn without_expectation(steps: &[Step]) -> &'static str {
    if steps.iter().any(|step| EXPECTED.is_match(&step.action.text)) {
        "step-parts-undivided"
    } else {
        "step-without-expectation"
    }
}

/// A part that is empty, or filler.
fn part(case: &Case<'_>, step: &Step, part: &Part, empty: &'static str, findings: &mut Vec<Finding>) {
    if !part.is_filler {
        return;
    }
    let text = part.text.trim();
    findings.push(if text.is_empty() {
        case.finding(empty, &Field::TestSteps, part.at).in_words(
            "step",
            format!("step {}", step.name),
            format!("צעד {}", step.name),
        )
    } else {
        case.finding("filler-cell", &Field::TestSteps, part.at).with("text", excerpt(text))
    });
}

/// Numbers that are not one after the other. Where no step has one, none is missed.
fn numbers(case: &Case<'_>, findings: &mut Vec<Finding>) {
    if case.steps.iter().all(|step| step.number.is_none()) {
        return;
    }
    let mut previous: Option<(u32, &str)> = None;
    for step in &case.steps {
        let text = step.number.as_deref().unwrap_or("").trim().trim_end_matches(['.', ')']);
        let number = ordinal(text);
        let wanted = previous.map_or(1, |(before, _)| before + 1);
        // Numbers such as 2.1 or "Step 4a" are not judged.
        let is_judged = number.is_some() || is_filler(text);
        // The first may have any number.
        if is_judged && number != Some(wanted) && (previous.is_some() || number.is_none()) {
            findings.push(
                case.finding("steps-misnumbered", &Field::TestSteps, step.at)
                    .with("previous", previous.map_or("0", |(_, name)| name))
                    .with("text", text),
            );
        }
        previous = Some((number.unwrap_or(wanted), if text.is_empty() { &step.name } else { text }));
    }
}

/// The place of `4` or `d` in its order.
fn ordinal(text: &str) -> Option<u32> {
    match text.as_bytes() {
        [letter @ b'a'..=b'z'] => Some(u32::from(letter - b'a') + 1),
        [letter @ b'A'..=b'Z'] => Some(u32::from(letter - b'A') + 1),
        _ => text.parse().ok().filter(|number| *number < 1_000_000),
    }
}
