//! Runs of several cases, with a watchdog that only watches.

use tempfile::TempDir;

use super::*;
use crate::run::Progress;
use crate::{StepRecord, verify};

struct Silent;

impl Progress for Silent {
    fn begins(&mut self, _: &crate::plan::PlannedStep) {}
    fn ended(&mut self, _: &StepRecord) {}
    fn puts_back(&mut self) {}
}

/// A ticket that breaks and puts back by these commands, and claims that both went well.
fn ticket(key: &str, breaks: &str, mends: &str) -> String {
    format!(
        "---\nkey: {key}\nsummary: A command breaks something\n---\n\n## Test Steps\n\n\
         | # | Action | Data | Expected Result |\n|---|---|---|---|\n\
         | 1 | Look | `shell \"true\" read-only` | `exit = 0` |\n\
         | 2 | Break | `shell \"{breaks}\" undo \"{mends}\"` | `applied` |\n\
         | 3 | Look | `shell \"true\" read-only` | `exit = 0` |\n\
         | 4 | Put back | `undo step 2` | `undone` |\n\
         | 5 | Look | `shell \"true\" read-only` | `exit = 0` |\n"
    )
}

struct Place {
    directory: TempDir,
    environment: Environment,
    watchdog: String,
}

impl Place {
    fn new(environment: &str) -> Self {
        let text = format!("name = \"lab\"\nshell = true\n{environment}");
        let variable = |name: &str| match name {
            "API_TOKEN" => Some("s3cr\"3t".to_owned()),
            "LONG_TOKEN" => Some("hunter2secretXYZ".to_owned()),
            _ => None,
        };
        Self {
            directory: tempfile::tempdir().unwrap(),
            environment: Environment::parse("lab.toml", &text, &variable).unwrap(),
            watchdog: "echo w; cat".to_owned(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    async fn run(&self, tickets: &[String]) -> Result<(RunRecord, PathBuf), SessionError> {
        let read = |text: &String| {
            let bytes = text.as_bytes().to_vec();
            Case::read("LAB.md", bytes, &Standard::built_in(), &self.environment, true)
        };
        let cases: Vec<_> = tickets.iter().map(read).collect();
        let options = Options {
            state: self.path("state"),
            evidence: self.path("evidence"),
            standard: None,
            watchdog: ["sh", "-c", &self.watchdog, "sh"].map(str::to_owned).to_vec(),
            prober: Vec::new(),
            stop: watch::channel(false).1,
        };
        run_all(&cases, (&self.environment, ""), &options, &mut |_| Box::new(Silent)).await
    }
}

fn verdicts(record: &RunRecord) -> Vec<(Verdict, &str)> {
    record.cases.iter().map(|case| (case.verdict, case.reason.as_str())).collect()
}

#[tokio::test]
async fn nothing_is_run_any_more_once_something_stays_broken() {
    let place = Place::new("");
    let broken = place.path("broken");
    let cases = [
        ticket("LAB-1", "true", "true"),
        ticket("LAB-2", "true", "false"),
        ticket("LAB-3", &format!(": > {}", broken.display()), "true"),
    ];
    let (record, evidence) = place.run(&cases).await.unwrap();
    assert_eq!(record.verdict, Verdict::Dirty);
    let told = verdicts(&record);
    assert_eq!(told[0], (Verdict::Passed, "all that the ticket claims was seen"));
    assert_eq!(told[1].0, Verdict::Dirty);
    assert_eq!(told[2], (Verdict::Error, "an earlier case left something broken"));
    assert!(!broken.exists());
    assert_eq!(verify::verify(&evidence).unwrap().contradictions, [""; 0]);
    let refused = place.run(&cases[..1]).await.unwrap_err();
    assert!(
        matches!(&refused, SessionError::Unrecovered(left) if left[0].intended.case == "LAB-2"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_run_that_has_lost_its_watchdog_puts_back_and_ends() {
    let mut place = Place::new("[limits]\ndeadline = 60\n");
    let (broken, more) = (place.path("broken"), place.path("more"));
    let watchdog = place.path("watchdog");
    place.watchdog = format!("echo $$ > '{}'; echo w; exec cat", watchdog.display());
    let is_killed = format!("kill -9 $(cat '{}'); sleep 60", watchdog.display());
    let lost = ticket("LAB-1", &format!(": > {}", broken.display()), &format!("rm {}", broken.display()))
        .replacen("| 3 | Look | `shell \"true\"", &format!("| 3 | Look | `shell \"{is_killed}\""), 1);
    let next = ticket("LAB-2", &format!(": > {}", more.display()), "true");
    let began = std::time::Instant::now();
    let (record, evidence) = place.run(&[lost, next]).await.unwrap();
    assert!(began.elapsed() < std::time::Duration::from_secs(30), "it was not noticed");
    let told = verdicts(&record);
    assert_eq!(told[0], (Verdict::Error, "its watchdog has ended, without which nothing may be broken"));
    assert_eq!(told[1], (Verdict::Error, "an earlier case lost its watchdog"));
    assert_eq!(record.cases[0].faults[0].state, crate::FaultState::Verified);
    assert!(!broken.exists() && !more.exists());
    assert!(record.cases[0].steps[2..].iter().all(|step| step.statements.is_empty()), "nothing else is done");
    assert_eq!(verify::verify(&evidence).unwrap().contradictions, [""; 0]);
}

#[tokio::test]
async fn nothing_is_broken_in_a_step_during_which_the_watchdog_was_lost() {
    let mut place = Place::new("[limits]\ndeadline = 60\n");
    let (broken, watchdog) = (place.path("broken"), place.path("watchdog"));
    place.watchdog = format!("echo $$ > '{}'; echo w; exec cat", watchdog.display());
    let kill = format!("`shell \"kill -9 $(cat '{}'); sleep 60\" read-only`, `shell", watchdog.display());
    let lost = ticket("LAB-1", &format!(": > {}", broken.display()), "true").replacen(
        "| 2 | Break | `shell",
        &format!("| 2 | Break | {kill}"),
        1,
    );
    let (record, _) = place.run(&[lost]).await.unwrap();
    let told = verdicts(&record);
    assert_eq!(told, [(Verdict::Error, "its watchdog has ended, without which nothing may be broken")]);
    assert!(!broken.exists() && record.cases[0].faults.is_empty());
}

#[tokio::test]
async fn what_is_broken_is_told_also_when_no_evidence_can_be_written() {
    for (mends, is_dirty) in [("true", false), ("false", true)] {
        let place = Place::new("");
        let evidence = place.path("evidence").display().to_string();
        // Where it was is no directory any more.
        let breaks = format!("rm -r {evidence} && : > {evidence}");
        let error = place.run(&[ticket("LAB-1", &breaks, mends)]).await.unwrap_err();
        assert_eq!(error.is_dirty(), is_dirty, "{error}");
        let told = error.to_string();
        assert!(told.contains("evidence cannot be written to"), "{told}");
        assert_eq!(told.starts_with("DIRTY: `shell"), is_dirty, "{told}");
        assert_eq!(told.contains("`casebook recover`"), is_dirty, "{told}");
    }
}

#[tokio::test]
async fn no_secret_and_no_address_is_in_the_evidence() {
    let place = Place::new(
        "[targets.focus]\nurl = \"http://ann:pass%22word@focus.site.example\"\n[values]\ntoken = \"${API_TOKEN}\"\n",
    );
    let said = place.path("said");
    std::fs::write(
        &said,
        "s3cr\"3t pass\"word {\"p\": \"pass\\\"word\"} YW5uOnBhc3Mid29yZA== focus.site.example",
    )
    .unwrap();
    let mends = format!("cat {} >&2; false", said.display());
    let answer = place.path("answer");
    std::fs::write(&answer, "{\"token\": \"s3cr\\\"3t\"}").unwrap();
    let looks =
        format!("| 5 | Look | `shell \"cat {}\" read-only` | `json $.token = $token` |\n", answer.display());
    let case = ticket("LAB-1", "true", &mends).replacen(
        "| 5 | Look | `shell \"true\" read-only` | `exit = 0` |\n",
        &looks,
        1,
    );
    let case =
        case.replace("## Test Steps", "## Pre-Conditions\n\n- It is known: `use $token`\n\n## Test Steps");
    let (record, evidence) = place.run(&[case]).await.unwrap();
    assert_eq!(record.verdict, Verdict::Dirty, "{}", record.cases[0].reason);
    assert_eq!(record.cases[0].steps[5].statements[0].judged[0].holds, Some(true));
    let error = record.cases[0].error.as_deref().unwrap();
    assert!(error.contains("${API_TOKEN} *** "), "{error}");
    for file in crate::evidence::files(&evidence).unwrap() {
        let text = std::fs::read_to_string(evidence.join(&file)).unwrap();
        for secret in
            ["s3cr", "pass\"word", "pass\\\"word", "pass&quot;word", "YW5uOnBhc3Mid29yZA==", "site.example"]
        {
            assert!(!text.contains(secret), "{secret} is in {file}:\n{text}");
        }
    }
    assert_eq!(verify::verify(&evidence).unwrap().contradictions, [""; 0]);
}

#[tokio::test]
async fn a_ticket_that_tells_a_secret_is_not_run_and_is_kept_without_it() {
    let place = Place::new("[values]\ntoken = \"${LONG_TOKEN}\"\n");
    let cases =
        [ticket("LAB-1", "echo hunter2secretXYZ", "true"), ticket("LAB-2", "echo unavailable", "true")];
    let (record, evidence) = place.run(&cases).await.unwrap();
    assert_eq!(record.cases[0].verdict, Verdict::Error);
    let reason = &record.cases[0].reason;
    assert!(reason.contains("LAB.md:11:1: what ${LONG_TOKEN} stands for is written out here"), "{reason}");
    assert_eq!(record.cases[1].verdict, Verdict::Passed);
    for file in crate::evidence::files(&evidence).unwrap() {
        let text = std::fs::read_to_string(evidence.join(&file)).unwrap();
        assert!(!text.contains("hunter2secretXYZ"), "{file}");
    }
    assert_eq!(verify::verify(&evidence).unwrap().contradictions, [""; 0]);
}
