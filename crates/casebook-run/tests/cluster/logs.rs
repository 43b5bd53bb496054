//! What pods have logged.

use std::time::Duration;

use casebook_run::Outcome;
use casebook_run::world::World;
use casebook_ticket::language::{StepId, Variable};
use jiff::Timestamp;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use crate::kubelet::{Kubelet, NODE};
use crate::lab::{Lab, number, pod, seen, why};

/// A time from now, as kubelets write it.
fn at(milliseconds: u64) -> Timestamp {
    Timestamp::now() + Duration::from_millis(milliseconds)
}

async fn status(pods: &Api<k8s_openapi::api::core::v1::Pod>, name: &str, state: &Value, last: &Value) {
    let status = json!({ "status": { "phase": "Running", "containerStatuses": [{
        "name": "main", "image": "none", "imageID": "", "ready": true, "restartCount": 0,
        "state": state, "lastState": last,
    }]}});
    pods.patch_status(name, &PatchParams::default(), &Patch::Merge(&status)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_of_pods_are_read_from_the_step_on_also_of_what_ended_since() {
    let Some(lab) = Lab::start() else { return };
    let kubelet = Kubelet::start(lab.client().await).await;
    let environment = lab.environment();
    let (pods, running) = (lab.pods().await, json!({ "running": {} }));
    for name in ["broker-1", "broker-2", "broker-3"] {
        let mut wanted = pod(name, "broker");
        wanted.spec.as_mut().unwrap().node_name = Some(NODE.into());
        pods.create(&PostParams::default(), &wanted).await.unwrap();
        status(&pods, name, &running, &json!({})).await;
    }
    // One that waits for its image has no log, and is no reason to fail.
    status(&pods, "broker-3", &json!({ "waiting": { "reason": "ContainerCreating" } }), &json!({})).await;

    let mut world = World::new(&environment, &[], &[]);
    let (broker, old) = (Variable::new("broker").unwrap(), Timestamp::now());
    world.begin(Some(&StepId("4".into())));
    world.note_pods(&[&broker]).await;
    kubelet.log("broker-1/main", format!("{old} before\n{} first\n{} third\n", at(0), at(200)));
    kubelet.log("broker-2/main", format!("{} second\n", at(100)));
    let logs = "logs $broker since step 4";
    let told = seen(logs, &mut world).await;
    assert_eq!((told.text.as_str(), number(&told, "count"), told.left_out), ("first\nsecond\nthird\n", 3, 0));

    // Its container was started again: what it said before is what matters most.
    kubelet.log("broker-2/main before", format!("{} panic: out of luck\n", at(50)));
    let ended =
        json!({ "terminated": { "exitCode": 101, "finishedAt": Timestamp::now() + Duration::from_secs(1) } });
    status(&pods, "broker-2", &running, &ended).await;
    let told = seen(logs, &mut world).await;
    assert!(told.text.contains("panic: out of luck\n"), "{}", told.text);

    // What a pod logged that is gone is not known.
    pods.delete("broker-2", &DeleteParams::default().grace_period(0)).await.unwrap();
    let told = seen(logs, &mut world).await;
    assert_eq!((told.text.as_str(), told.left_out), ("first\nthird\n", 1));

    kubelet.stop();
    let unknown = seen(logs, &mut world).await;
    assert!(why(&unknown).contains("the log of pod/broker-1"), "{}", why(&unknown));
    let outcome = seen("logs $server since step 4", &mut world).await.outcome;
    assert_eq!(outcome, Outcome::Failed("the environment does not say where $server logs".into()));
}
