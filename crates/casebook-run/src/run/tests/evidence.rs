//! Evidence of a run, and what becomes of it when somebody changes it.

use std::path::{Path, PathBuf};

use super::super::*;
use super::lab::{Lab, Server, TICKET, never};
use crate::evidence::Evidence;
use crate::verify::verify;
use crate::{FaultState, RunRecord, run_verdict};

/// A run of the lab's ticket, of which evidence can be written.
struct Kept {
    lab: Lab,
    text: String,
    journal: PathBuf,
    record: RunRecord,
}

impl Kept {
    async fn start() -> Self {
        let lab = Lab::start(Server::Honest).await;
        let text = TICKET
            .replace("\n## Assertions", "| 9 | Look again | `$answer` | `status 502 503` |\n\n## Assertions");
        let ticket_sha256 = crate::evidence::sum(text.as_bytes());
        let case = CaseRecord { ticket_sha256, ..lab.run(&text, never()).await };
        let record = RunRecord {
            id: "run".into(),
            version: RunRecord::VERSION,
            environment: "lab".into(),
            environment_sha256: String::new(),
            values: BTreeMap::new(),
            tools: Vec::new(),
            began: case.began,
            ended: case.ended,
            verdict: run_verdict(std::slice::from_ref(&case)),
            cases: vec![case],
        };
        Self { journal: lab.journal("run-1"), lab, text, record }
    }

    /// Evidence with these tickets, and its journal if there is one.
    fn written(&self, name: &str, record: &RunRecord, tickets: &[&str]) -> PathBuf {
        let evidence = Evidence::begin(&self.lab.path("evidence"), name).unwrap();
        for ticket in tickets {
            evidence.ticket(ticket, self.text.as_bytes()).unwrap();
        }
        if self.journal.exists() {
            evidence.journal(&self.journal, str::to_owned).unwrap();
        }
        evidence.finish(record).unwrap()
    }

    /// What contradicts a record that somebody has changed, the sums too.
    fn changed(&self, change: &dyn Fn(&mut RunRecord)) -> String {
        let mut record = self.record.clone();
        change(&mut record);
        let directory = self.written("changed", &record, &["LAB-1"]);
        let told = contradictions(&directory).join("\n");
        std::fs::remove_dir_all(directory).unwrap();
        told
    }
}

fn contradictions(directory: &Path) -> Vec<String> {
    verify(directory).unwrap().contradictions
}

#[tokio::test]
async fn evidence_can_be_judged_again_and_tells_when_it_was_changed() {
    let kept = Kept::start().await;
    let directory = kept.written("run", &kept.record, &["LAB-1"]);
    let changed = |change: &dyn Fn(&mut RunRecord)| kept.changed(change);
    assert_eq!(contradictions(&directory), [""; 0]);
    let page = std::fs::read_to_string(directory.join("report.html")).unwrap();
    assert!(
        page.contains("PASSED") && page.contains("kill $broker") && page.contains("broker unavailable: gone")
    );

    // Whoever changes what was seen has to change the sums too, and is found out by the verdicts.
    let status = changed(&|record| {
        let step = record.cases[0].steps.iter_mut().find(|step| step.number == "4").unwrap();
        step.statements[0].seen.status = Some(200);
    });
    assert!(status.contains("LAB-1 step 4: `status 502 503` is not what is claimed of it"), "{status}");
    assert!(status.contains("assertion on step 4"), "{status}");
    let recalled = changed(&|record| {
        let step = record.cases[0].steps.iter_mut().find(|step| step.number == "9").unwrap();
        step.statements[0].seen.status = Some(502);
    });
    assert!(recalled.contains("LAB-1 step 9: $answer is not what was seen then"), "{recalled}");
    let other = changed(&|record| record.cases[0].ticket_sha256 = "00".repeat(32));
    assert!(other.contains("LAB-1: the ticket is not the one that was run"), "{other}");
    std::fs::write(directory.join("steps/LAB-1/extra.txt"), "").unwrap();
    assert_eq!(contradictions(&directory), ["steps/LAB-1/extra.txt was added after the run"]);
    std::fs::remove_file(directory.join("steps/LAB-1/extra.txt")).unwrap();
    let unheld = changed(&|record| {
        let step = record.cases[0].steps.iter_mut().find(|step| step.number == "4").unwrap();
        step.statements[0].judged.pop();
    });
    assert!(unheld.contains("LAB-1: step 4 is not as the ticket has it"), "{unheld}");
    let earlier = changed(&|record| record.cases[0].steps[4].began -= Duration::from_secs(60));
    assert!(earlier.contains("LAB-1: step 3 is earlier than what came before"), "{earlier}");
    let undone = changed(&|record| record.cases[0].steps.retain(|step| step.number != "6"));
    assert!(undone.contains("LAB-1: the number of steps is not as the ticket has it"), "{undone}");
    let other_kind = changed(&|record| record.cases[0].steps[4].kind = StepKind::Check);
    assert!(other_kind.contains("LAB-1: step 3 is not as the ticket has it"), "{other_kind}");
    let unasserted = changed(&|record| drop(record.cases[0].assertions.pop()));
    assert!(unasserted.contains("LAB-1: what it asserts is not as the ticket has it"), "{unasserted}");
    let painted = {
        let directory = kept.written("painted", &kept.record, &["LAB-1"]);
        let page = std::fs::read_to_string(directory.join("report.html")).unwrap();
        std::fs::write(directory.join("report.html"), page.replace("PASSED", "FAILED")).unwrap();
        contradictions(&directory)
    };
    assert!(painted.contains(&"report.html is not what run.json says".to_owned()), "{painted:?}");
    let verdict = changed(&|record| record.cases[0].verdict = Verdict::Failed);
    assert!(verdict.contains("comes to PASSED, not FAILED"), "{verdict}");
    let dirty = changed(&|record| record.cases[0].faults[0].state = FaultState::Applied);
    assert!(dirty.contains("comes to DIRTY, not PASSED"), "{dirty}");

    std::fs::write(directory.join("tickets/LAB-1.md"), "another").unwrap();
    std::fs::write(directory.join("more"), "").unwrap();
    let told = contradictions(&directory);
    assert_eq!(
        told,
        [
            "tickets/LAB-1.md was changed after the run",
            "more was added after the run",
            "tickets/LAB-1.md: it holds no test ticket: it has neither a ticket's key nor a heading of a test, such as Test Steps or Expected Result"
        ]
    );
}

#[tokio::test]
async fn what_is_said_of_what_was_seen_is_what_it_comes_to() {
    let kept = Kept::start().await;
    let changed = |change: &dyn Fn(&mut RunRecord)| kept.changed(change);
    let why = changed(&|record| {
        let step = record.cases[0].steps.iter_mut().find(|step| step.number == "4").unwrap();
        step.before = Vec::new();
        step.statements[0].judged[0].why = "as it should be".into();
    });
    assert_eq!(why, "LAB-1 step 4: `status 502 503` is not what is claimed of it");
    let hidden = changed(&|record| {
        let step = record.cases[0].steps.iter_mut().find(|step| step.number == "6").unwrap();
        step.statements[0].judged[1].holds = None;
        step.statements[0].judged[1].why = DECIDED_BY_HIDDEN.into();
    });
    assert!(hidden.contains("LAB-1 step 6: `has-none \"panic\"` is not what is claimed of it"), "{hidden}");
    let unseen = changed(&|record| record.cases[0].steps[3].before.clear());
    assert!(unseen.contains("LAB-1: step 2 is not as the ticket has it"), "{unseen}");
    let prose = changed(&|record| record.cases[0].steps[3].action = "Do no harm".into());
    assert!(prose.contains("LAB-1: step 2 is not as the ticket has it"), "{prose}");
    let called = changed(&|record| record.cases[0].summary = "Another".into());
    assert!(called.contains("LAB-1: what it is called is not as the ticket has it"), "{called}");
}

#[tokio::test]
async fn what_was_broken_is_what_the_journal_says() {
    let kept = Kept::start().await;
    let changed = |change: &dyn Fn(&mut RunRecord)| kept.changed(change);
    let unbroken = changed(&|record| record.cases[0].faults.clear());
    assert!(unbroken.contains("LAB-1 step 2: `kill $broker` stands in its journal only"), "{unbroken}");
    assert!(unbroken.contains("LAB-1 step 2: what it broke is told otherwise"), "{unbroken}");
    let unmade = changed(&|record| drop(record.cases[0].made.pop()));
    assert!(unmade.contains("stands in its journal only"), "{unmade}");
    let whole = std::fs::read_to_string(&kept.journal).unwrap();
    let cut = whole.lines().filter(|line| !line.contains("verified")).map(|line| format!("{line}\n"));
    std::fs::write(&kept.journal, cut.collect::<String>()).unwrap();
    let unverified = changed(&|_| {});
    assert!(
        unverified.contains("LAB-1 step 2: `kill $broker` is not what its journal says of it"),
        "{unverified}"
    );
    std::fs::remove_file(&kept.journal).unwrap();
    let directory = kept.written("dropped", &kept.record, &["LAB-1", "LAB-2"]);
    assert_eq!(
        contradictions(&directory)[..2],
        ["LAB-1: journals/run-1.journal is missing", "tickets/LAB-2.md belongs to no case of run.json"]
    );
}
