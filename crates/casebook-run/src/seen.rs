//! What was sent and what was seen, each as a file: for people, and for Xray. The files say nothing that the record does
//! not: whoever has the record can write them again.

use casebook_ticket::At;
use casebook_ticket::language::{Action, parse_statement};

use crate::{CaseRecord, Observation, StatementRecord};

/// So many bytes of a text are in a file; all of it is in the record.
const MOST: usize = 256 << 10;

/// A file about one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SeenFile {
    /// Its path in the evidence.
    pub(crate) path: String,
    /// The step that it is about: its place among the case's steps.
    pub(crate) step: usize,
    /// All of it.
    pub(crate) text: String,
}

impl SeenFile {
    /// Its name, without directories.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// The files about a case, in the order in which things were done.
pub(crate) fn files(case: &CaseRecord) -> Vec<SeenFile> {
    let directory = directory(case);
    let mut files = Vec::new();
    for (place, step) in case.steps.iter().enumerate() {
        for (number, done) in step.statements.iter().enumerate() {
            let statement = match step.statements.len() {
                1 => String::new(),
                _ => format!(".{}", number + 1),
            };
            let before = format!("{directory}/{:02}-{}{statement}", place + 1, plain(&step.number));
            for (what, text) in texts(done) {
                files.push(SeenFile { path: format!("{before}-{what}.txt"), step: place, text });
            }
        }
    }
    files
}

/// The directory of a case's files, named as its ticket's file is.
fn directory(case: &CaseRecord) -> String {
    let ticket = case.ticket.rsplit('/').next().unwrap_or_default();
    format!("steps/{}", plain(ticket.strip_suffix(".md").unwrap_or(ticket)))
}

/// Text as it may be in a file's name.
pub(crate) fn plain(text: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || character == '-';
    text.chars().map(|character| if is_plain(character) { character } else { '_' }).collect()
}

/// The files about a statement: what each is, and its text.
fn texts(done: &StatementRecord) -> Vec<(&'static str, String)> {
    let seen = &done.seen;
    let Ok(statement) = parse_statement(&done.statement, At::default()) else { return Vec::new() };
    let what = match statement.action.inner() {
        // It was shown where it was seen.
        Action::Recall(_) => return Vec::new(),
        Action::Http(_) | Action::Grpc(_) => {
            let request = (!seen.sent.is_empty()).then(|| ("request", capped(&seen.sent, 0)));
            let response = ("response", capped(&told(seen), seen.left_out));
            return request.into_iter().chain([response]).collect();
        }
        _ if seen.text.is_empty() && seen.sent.is_empty() => return Vec::new(),
        Action::Logs { .. } => "log",
        Action::Diff { .. } => "diff",
        Action::Snapshot(_) => "snapshot",
        Action::Metric { .. } => "metric",
        Action::Shell { .. } => "output",
        _ => "seen",
    };
    let sent = if seen.sent.is_empty() { String::new() } else { format!("{}\n\n", seen.sent) };
    vec![(what, capped(&format!("{sent}{}", told(seen)), seen.left_out))]
}

fn told(seen: &Observation) -> String {
    let mut text = format!("{} in {:.3} s\n", seen.in_short(), seen.elapsed);
    for (name, value) in &seen.headers {
        text.extend([name, ": ", value, "\n"]);
    }
    format!("{text}\n{}", seen.text)
}

/// A text of a size that can be read, which says what it lacks.
fn capped(text: &str, left_out: u64) -> String {
    let (kept, more) = cut(text, MOST);
    let more = match more {
        0 => String::new(),
        more => format!("\n[{more} bytes more are in run.json]\n"),
    };
    let lost = match left_out {
        0 => String::new(),
        lost => format!("\n[{lost} bytes more, or an unknown number, were not kept by the run]\n"),
    };
    format!("{kept}{more}{lost}")
}

/// At most so many bytes of a text, and how many more there are.
pub(crate) fn cut(text: &str, most: usize) -> (&str, usize) {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (&text[..end], text.len() - end)
}

/// The files about one step, by its place among the case's.
pub(crate) fn of_step(files: &[SeenFile], step: usize) -> impl Iterator<Item = &SeenFile> {
    files.iter().filter(move |file| file.step == step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StepRecord;
    use crate::tests::{case, http_step};

    #[test]
    fn what_was_sent_and_seen_are_files_named_by_step() {
        let names: Vec<_> = files(&case()).into_iter().map(|file| file.path).collect();
        assert_eq!(
            names,
            [
                "steps/LAB-1/01-pre-conditions_1-request.txt",
                "steps/LAB-1/01-pre-conditions_1-response.txt",
                "steps/LAB-1/03-2-seen.txt",
                "steps/LAB-1/04-3-request.txt",
                "steps/LAB-1/04-3-response.txt",
                "steps/LAB-1/05-4-log.txt",
            ]
        );
        let response = &files(&case())[1].text;
        assert_eq!(
            response,
            "status 200 in 0.250 s\ncontent-type: application/json\n\n{\"job_id\": \"1-1\"}"
        );
    }

    #[test]
    fn what_is_too_long_says_what_it_lacks() {
        let mut step: StepRecord = http_step("3", "é".repeat(MOST));
        step.statements[0].seen.left_out = 7;
        let case = CaseRecord { steps: vec![step], ..case() };
        let file = files(&case).pop().unwrap();
        assert!(file.text.len() < MOST + 200);
        assert!(file.text.contains("bytes more are in run.json]"), "{}", &file.text[MOST - 10..]);
        assert!(file.text.ends_with("[7 bytes more, or an unknown number, were not kept by the run]\n"));
    }
}
