//! A whole case.

use std::time::Duration;

use casebook_run::courier::Courier;
use casebook_run::environment::Environment;
use casebook_run::journal::State;
use casebook_run::plan::{Obstacle, Plan, PlannedStep};
use casebook_run::run::{Progress, Setting, run};
use casebook_run::session::Case;
use casebook_run::world::World;
use casebook_run::{FaultState, Outcome, StepRecord, Verdict};
use casebook_ticket::Standard;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams, PostParams};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::lab::{Lab, becomes, pod, seen};

const TICKET: &str = r"---
key: LAB-1
summary: The server is scaled away and back
---

## Pre-Conditions

- There is a server that runs. `use $server` `k8s pods $server` `ready = 1`

## Test Steps

| # | Action | Data | Expected Result |
|---|---|---|---|
| 1 | Note what runs | `k8s snapshot jobs,services as before` | Noted |
| 2 | Scale it away | `scale $server to 0` | `applied` |
| 3 | It is away | `wait until k8s pods $server ready = 0 within 20s` | `ready = 0` |
| 4 | Nothing came of it | `k8s diff before hold 1s` | `added = 0`, `removed = 0` |
| 5 | Scale it back | `undo step 2` | `undone` |
| 6 | It is back | `wait until k8s pods $server ready = 1 within 20s` | `ready = 1` |
| 7 | That was another one | `k8s restarts $server since step 2` | `count = 1` |
| 8 | And stays | `k8s restarts $server since step 7` | `count = 0` |
";

fn planned(text: &str, environment: &Environment) -> Result<Plan, Vec<Obstacle>> {
    Case::read("LAB-1.md", text.as_bytes().to_vec(), &Standard::built_in(), environment, false).plan
}

struct Silent;

impl Progress for Silent {
    fn begins(&mut self, _: &PlannedStep) {}
    fn ended(&mut self, _: &StepRecord) {}
    fn puts_back(&mut self) {}
}

/// Plays controller and kubelet: there is a pod that is ready as long as the deployment wants one.
async fn keep_pods(pods: Api<Pod>, client: kube::Client, namespace: String) {
    let deployments: Api<k8s_openapi::api::apps::v1::Deployment> = Api::namespaced(client, &namespace);
    loop {
        let wanted = deployments.get("server").await.unwrap().spec.unwrap().replicas == Some(1);
        let is_there = pods.get_opt("server-1").await.unwrap().is_some();
        if wanted && !is_there {
            pods.create(&PostParams::default(), &pod("server-1", "server")).await.unwrap();
            becomes(&pods, "server-1", true, 0).await;
        } else if is_there && !wanted {
            pods.delete("server-1", &DeleteParams::default().grace_period(0)).await.unwrap();
        }
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_case_runs_on_a_cluster() {
    let Some(lab) = Lab::start() else { return };
    lab.deployment(1);
    let keeper = tokio::spawn(keep_pods(lab.pods().await, lab.client().await, lab.namespace.clone()));
    let environment = lab.environment();
    let mut world = World::new(&environment, &[], &[]);
    let there = seen("wait until k8s pods $server ready = 1 within 20s", &mut world).await;
    assert_eq!(there.outcome, Outcome::Answered);
    let plan = planned(TICKET, &environment).unwrap_or_else(|obstacles| panic!("{obstacles:?}"));
    let directory = tempfile::tempdir().unwrap();
    let journal = State::lock(&directory.path().join("state")).unwrap().begin("run").unwrap();
    let stop = watch::channel(false).1;
    // Nothing is made.
    let courier = Courier::new(tokio::io::sink(), tokio::io::empty());
    let setting = Setting { environment: &environment, prober: &[], tag: "lab", courier, stop };
    let case = run(&plan, (String::new(), String::new()), journal, setting, &mut Silent).await;
    keeper.abort();
    assert_eq!(case.verdict, Verdict::Passed, "{}: {:#?}", case.reason, case.steps);
    assert_eq!(case.faults[0].state, FaultState::Verified);

    let no_cluster = Environment::parse("lab.toml", "name = \"lab\"\n[targets.server]\n", &|_| None).unwrap();
    let obstacles = planned(TICKET, &no_cluster).unwrap_err();
    let told: Vec<_> = obstacles.iter().map(|obstacle| obstacle.text.as_str()).collect();
    assert_eq!(told.len(), 8, "{told:#?}");
    assert!(
        told.iter()
            .any(|text| text.contains("`k8s diff before hold 1s`: the environment \"lab\" has no cluster"))
    );
    let unknown = planned(&TICKET.replace("jobs,services", "widgets"), &environment).unwrap_err();
    assert!(unknown[0].text.contains("widgets is no kind of object that is known"), "{}", unknown[0].text);
}
