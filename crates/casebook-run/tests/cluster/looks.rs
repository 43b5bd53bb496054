//! The verbs of `k8s`.

use std::collections::BTreeSet;

use casebook_run::Outcome;
use casebook_run::world::World;
use casebook_ticket::language::{StepId, Variable};
use focus_kubernetes_node::Part;
use kube::api::{DeleteParams, ListParams, PostParams};
use serde_json::json;
use tokio::time::Instant;

use crate::lab::{DEADLINE, Lab, becomes, changes, job, number, pod, seen, why};

#[tokio::test(flavor = "multi_thread")]
async fn what_came_and_went_is_told_also_when_it_was_there_for_a_moment() {
    let Some(lab) = Lab::start() else { return };
    let environment = lab.environment();
    let mut world = World::new(&environment, &[], &[]);
    let (jobs, services) = (lab.jobs().await, lab.services().await);
    let (create, delete) = (PostParams::default(), DeleteParams::background());
    lab.service("old");
    jobs.create(&create, &job("old")).await.unwrap();

    let before = seen("k8s snapshot jobs,services as before", &mut world).await;
    assert_eq!((before.text.as_str(), before.numbers["count"]), ("job/old\nservice/old", 2.0));
    assert_eq!(changes(&seen("k8s diff before", &mut world).await), (0, 0));
    let quiet = seen("k8s diff before hold 1s", &mut world).await;
    assert_eq!(changes(&quiet), (0, 0));
    assert!(quiet.elapsed >= 1.0);

    // There for a moment, again and again, as long as it is looked at.
    let before = lab.lists_of_jobs().await;
    let moments = async {
        lab.asked_for_jobs(before).await;
        for number in 0.. {
            let name = format!("flash-{number}");
            jobs.create(&create, &job(&name)).await.unwrap();
            jobs.delete(&name, &delete).await.unwrap();
            while jobs.get_opt(&name).await.unwrap().is_some() {}
        }
    };
    let flashed = tokio::select! {
        flashed = seen("k8s diff before hold 5s", &mut world) => flashed,
        () = moments => unreachable!("they do not end"),
    };
    // Of the last ones it may not have been told in time; of those before none is missing.
    let added = number(&flashed, "added");
    let all: BTreeSet<_> = (0..added).map(|number| format!("+ job/flash-{number}")).collect();
    let told: BTreeSet<_> = flashed.text.lines().map(str::to_owned).collect();
    assert!(added > 1 && told == all, "{}", flashed.text);
    assert_eq!(number(&flashed, "removed"), 0, "{}", flashed.text);
    // The last one may have been cut off half-way.
    jobs.delete_collection(&delete, &ListParams::default().fields("metadata.name!=old")).await.unwrap();
    let nothing = seen("wait until k8s diff before added = 0 within 20s", &mut world).await;
    assert_eq!(changes(&nothing), (0, 0), "nothing is left of them");

    // Within the hold, to stay; and what was there goes.
    let before = lab.lists_of_jobs().await;
    let lasting = async {
        lab.asked_for_jobs(before).await;
        jobs.create(&create, &job("new")).await.unwrap();
        services.delete("old", &delete).await.unwrap();
    };
    let (changed, ()) = tokio::join!(seen("k8s diff before hold 5s", &mut world), lasting);
    assert_eq!(changed.text, "+ job/new\n- service/old");
    assert_eq!(changes(&changed), (1, 1));
    assert_eq!(seen("k8s diff before", &mut world).await.text, "+ job/new\n- service/old");

    // Another one of the same name is not the same.
    jobs.delete("old", &delete).await.unwrap();
    while jobs.get_opt("old").await.unwrap().is_some() {}
    jobs.create(&create, &job("old")).await.unwrap();
    let again = seen("k8s diff before", &mut world).await;
    assert_eq!(again.text, "+ job/new\n+ job/old\n- job/old\n- service/old");
    let other = seen("k8s diff never_made", &mut world).await;
    assert_eq!(why(&other), "$never_made was not taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn pods_and_their_restarts_are_counted_and_secrets_kept() {
    let Some(lab) = Lab::start() else { return };
    let environment = lab.environment_by(&format!(
        "url = {:?}\ntoken = \"${{TOKEN}}\"\nca = {:?}",
        lab.cluster.url(),
        lab.cluster.ca()
    ));
    let mut world = World::new(&environment, &[], &[]);
    let (server, broker) = (Variable::new("server").unwrap(), Variable::new("broker").unwrap());
    let missing = seen("k8s pods $server", &mut world).await;
    assert!(why(&missing).contains("Kubernetes refuses deployment/server (404)"), "{}", why(&missing));

    world.begin(Some(&StepId("1".into())));
    world.note_pods(&[&broker]).await;
    let nobody = seen("k8s restarts $broker since step 1", &mut world).await;
    assert!(why(&nobody).contains("$broker had no pod at step 1 and has none now"), "{}", why(&nobody));

    lab.deployment(2);
    let (pods, create) = (lab.pods().await, PostParams::default());
    for (name, app) in [("server-1", "server"), ("server-2", "server"), ("broker-1", "broker")] {
        pods.create(&create, &pod(name, app)).await.unwrap();
    }
    becomes(&pods, "server-1", true, 3).await;
    let two = seen("k8s pods $server", &mut world).await;
    assert_eq!((two.numbers["count"], two.numbers["ready"]), (2.0, 1.0));
    assert_eq!(two.text, "server-1 Running, ready, 3 restarts\nserver-2 Pending, not ready, 0 restarts");
    let one = seen("wait until k8s pods $broker count = 1 within 5s", &mut world).await;
    assert_eq!((one.outcome, one.numbers["ready"]), (Outcome::Answered, 0.0));

    world.begin(Some(&StepId("4".into())));
    world.note_pods(&[&server, &broker]).await;
    let restarts = "k8s restarts $server since step 4";
    assert_eq!(number(&seen(restarts, &mut world).await, "count"), 0);
    becomes(&pods, "server-1", false, 5).await;
    assert_eq!(number(&seen(restarts, &mut world).await, "count"), 2);
    pods.delete("server-2", &DeleteParams::default().grace_period(0)).await.unwrap();
    assert_eq!(number(&seen(restarts, &mut world).await, "count"), 3, "one is gone");
    assert_eq!(number(&seen("k8s restarts $broker since step 4", &mut world).await, "count"), 0);
    let unknown = seen("k8s restarts $broker since start", &mut world).await;
    assert!(why(&unknown).contains("was not looked at then"), "{}", why(&unknown));

    lab.cluster.kubectl(&[
        "create",
        "secret",
        "generic",
        "keys",
        "-n",
        &lab.namespace,
        "--from-literal=a=s3cret",
    ]);
    let secret = seen("k8s get secret/keys as keys", &mut world).await;
    assert_eq!((secret.numbers["exists"], &secret.json["data"]), (1.0, &json!({ "a": "***" })));
    assert!(!secret.text.contains("czNjcmV0"), "{}", secret.text);
    let deployment = seen("k8s get deployment/server", &mut world).await;
    assert_eq!(deployment.json["spec"]["replicas"], 2);
    let none = seen("k8s get job/never", &mut world).await;
    assert_eq!((none.outcome, none.numbers["exists"]), (Outcome::Answered, 0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_cannot_be_asked_is_told_in_time() {
    let Some(mut lab) = Lab::start() else { return };
    let kubeconfig = lab.cluster.service_account_kubeconfig(&lab.namespace, "default");
    let rightless = lab.environment_by(&format!("kubeconfig = {kubeconfig:?}"));
    let forbidden = seen("k8s snapshot jobs as before", &mut World::new(&rightless, &[], &[])).await;
    assert!(
        why(&forbidden).contains("Kubernetes forbids jobs") && why(&forbidden).contains("give that right")
    );

    let environment = lab.environment();
    let mut world = World::new(&environment, &[], &[]);
    seen("k8s snapshot jobs as before", &mut world).await;
    lab.cluster.freeze(Part::Server);
    let began = Instant::now();
    let silent = seen("k8s pods $broker", &mut world).await;
    assert!(began.elapsed() < DEADLINE * 2, "{:?}", began.elapsed());
    assert_eq!(why(&silent), "Kubernetes has not answered within 5s (pods)");
    lab.cluster.thaw(Part::Server);

    // Away at the end of the hold: what came meanwhile is not known.
    let before = lab.lists_of_jobs().await;
    let stop = async {
        lab.asked_for_jobs(before).await;
        lab.cluster.stop(Part::Server);
    };
    let (unknown, ()) = tokio::join!(seen("k8s diff before hold 2s", &mut world), stop);
    assert!(!why(&unknown).is_empty());
    let refused = seen("k8s get job/any", &mut world).await;
    assert!(why(&refused).starts_with("Kubernetes cannot be asked for job/any"), "{}", why(&refused));
    let written = environment.redactor.redact(why(&refused));
    assert!(!written.contains(lab.cluster.url().trim_start_matches("https://")), "{written}");
}
