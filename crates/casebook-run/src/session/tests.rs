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
    watchdog: &'static str,
}

impl Place {
    fn new(environment: &str) -> Self {
        let text = format!("name = \"lab\"\nshell = true\n{environment}");
        let variable = |name: &str| (name == "API_TOKEN").then(|| "s3cr\"3t".to_owned());
        Self {
            directory: tempfile::tempdir().unwrap(),
            environment: Environment::parse("lab.toml", &text, &variable).unwrap(),
            watchdog: "echo w; cat",
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
            watchdog: ["sh", "-c", self.watchdog, "sh"].map(str::to_owned).to_vec(),
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
    assert!(matches!(&refused, SessionError::Unrecovered(pending) if pending.len() == 1), "{refused}");
}
