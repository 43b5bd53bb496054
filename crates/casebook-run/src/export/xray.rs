//! Xray's own JSON, for Cloud and for Server. They are alike but in their words.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::material::{About, Attached, actual, attachments, bounded, comment, project};
use super::{ExportError, Options, Results};
use crate::{CaseRecord, StepState, Verdict};

/// The words in which the two differ.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    passed: &'static str,
    failed: &'static str,
    evidence: &'static str,
    test_type: &'static str,
}

pub(super) const CLOUD: Words =
    Words { passed: "PASSED", failed: "FAILED", evidence: "evidence", test_type: "type" };
pub(super) const SERVER: Words =
    Words { passed: "PASS", failed: "FAIL", evidence: "evidences", test_type: "testType" };
/// What says nothing, in both.
const TODO: &str = "TODO";

/// Xray's status for a verdict. It has no word for a run that says nothing about what was tested: that is still to be
/// done. What is broken still fails, because nobody may pass it over.
#[must_use]
pub fn status(verdict: Verdict, is_cloud: bool) -> &'static str {
    let words = if is_cloud { CLOUD } else { SERVER };
    words.of_verdict(verdict)
}

impl Words {
    fn of_verdict(self, verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Passed => self.passed,
            Verdict::Failed | Verdict::Dirty => self.failed,
            Verdict::Inconclusive | Verdict::Error => TODO,
        }
    }

    fn of_step(self, state: StepState) -> &'static str {
        match state {
            StepState::Holds => self.passed,
            StepState::DoesNotHold => self.failed,
            StepState::Untold | StepState::NotReached | StepState::Manual => TODO,
        }
    }
}

pub(super) fn write(results: &Results, words: Words, options: &Options) -> Result<String, ExportError> {
    let record = &results.record;
    let files = attachments(results, options);
    let mut tests = Vec::new();
    for ((case, about), files) in record.cases.iter().zip(&results.about).zip(files) {
        let status = words.of_verdict(case.verdict);
        let mut test = Map::new();
        if project(&case.key).is_some() {
            test.insert("testKey".to_owned(), json!(case.key));
        } else if let Some(project) = &options.project {
            test.insert("testInfo".to_owned(), info(case, about, project, words));
        } else {
            return Err(ExportError::NoKey(case.key.clone()));
        }
        test.insert("start".to_owned(), json!(time(case.began)));
        test.insert("finish".to_owned(), json!(time(case.ended)));
        test.insert("status".to_owned(), json!(status));
        test.insert("comment".to_owned(), json!(comment(record, case, status, files.left_out)));
        put(&mut test, words.evidence, evidence(&files.test));
        // Xray takes them for its own, by their order.
        let steps = case.steps.iter().zip(files.steps).filter(|(step, _)| step.is_test_step());
        let steps = steps.map(|(step, files)| {
            let state = step.came_to();
            let mut result = Map::new();
            result.insert("status".to_owned(), json!(words.of_step(state)));
            result.insert("actualResult".to_owned(), json!(actual(step)));
            if state != StepState::Holds {
                result.insert("comment".to_owned(), json!(state.words()));
            }
            put(&mut result, words.evidence, evidence(&files));
            Value::Object(result)
        });
        put(&mut test, "steps", steps.collect());
        tests.push(Value::Object(test));
    }
    let mut whole = Map::new();
    if let Some(execution) = &options.execution {
        whole.insert("testExecutionKey".to_owned(), json!(execution));
    } else {
        whole.insert("info".to_owned(), execution(results, options));
    }
    whole.insert("tests".to_owned(), Value::Array(tests));
    Ok(format!("{:#}\n", Value::Object(whole)))
}

/// A test execution that Xray shall make.
fn execution(results: &Results, options: &Options) -> Value {
    let record = &results.record;
    let first = record.cases.first().and_then(|case| project(&case.key));
    let mut info = Map::new();
    if let Some(project) = options.project.as_deref().or(first) {
        info.insert("project".to_owned(), json!(project));
    }
    let cases = match record.cases.as_slice() {
        [case] => case.key.clone(),
        cases => format!("{} cases", cases.len()),
    };
    let summary = format!("{}: {cases} on {}", record.verdict, record.environment);
    info.insert("summary".to_owned(), json!(title(&summary)));
    let lines = record.cases.iter().map(|case| format!("{}: {}: {}", case.key, case.verdict, case.reason));
    let lines: Vec<_> = std::iter::once(format!("Run {} of casebook.", record.id)).chain(lines).collect();
    info.insert("description".to_owned(), json!(bounded(&lines.join("\n"))));
    info.insert("startDate".to_owned(), json!(time(record.began)));
    info.insert("finishDate".to_owned(), json!(time(record.ended)));
    if let Some(plan) = &options.test_plan {
        info.insert("testPlanKey".to_owned(), json!(plan));
    }
    // A name of an environment is one word there.
    info.insert("testEnvironments".to_owned(), json!([record.environment.replace(char::is_whitespace, "_")]));
    Value::Object(info)
}

/// A test that Jira does not have yet.
fn info(case: &CaseRecord, about: &About, project: &str, words: Words) -> Value {
    let summary = if case.summary.is_empty() { &case.key } else { &case.summary };
    let steps = about
        .steps
        .iter()
        .map(|[action, data, result]| json!({ "action": action, "data": data, "result": result }));
    let mut info = Map::new();
    info.insert("projectKey".to_owned(), json!(project));
    info.insert("summary".to_owned(), json!(title(summary)));
    info.insert(words.test_type.to_owned(), json!("Manual"));
    put(&mut info, "requirementKeys", about.requirements.iter().map(|key| json!(key)).collect());
    put(&mut info, "labels", about.labels.iter().map(|label| json!(label)).collect());
    put(&mut info, "steps", steps.collect());
    Value::Object(info)
}

fn evidence(files: &[Attached]) -> Vec<Value> {
    let item = |file: &Attached| json!({ "data": file.data, "filename": file.name, "contentType": file.content_type });
    files.iter().map(item).collect()
}

/// A title as Jira takes it: one line that is not too long.
fn title(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).take(255).collect()
}

/// Puts an array that is not empty.
fn put(object: &mut Map<String, Value>, name: &str, values: Vec<Value>) {
    if !values.is_empty() {
        object.insert(name.to_owned(), Value::Array(values));
    }
}

/// A time as in Xray's own examples: seconds, with an offset.
fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}
