//! Several servers and many requests at once: every slot once, every key once, every id once.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use focus_core::{JobId, Outage, Upstream};
use focus_jobs::{ConfigureError, Configured};
use focus_kubernetes_node::Cluster;
use focus_stopwatch::Stopwatch;
use futures::future::join_all;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::faults::{Call, Fate};
use crate::server::{ANSWER_WITHIN, DEADLINE, Place, Process, Server, historic, patiently, request};

type Answer = Result<Configured, ConfigureError>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_share_slots_keys_and_ids() {
    if !Cluster::available() {
        return;
    }
    let mut cluster = Cluster::start();
    let place = Place::on(&mut cluster).await;
    let servers = [place.server().await, place.server().await];
    the_lowest_free_slot_and_no_more_than_allowed(&servers).await;
    an_id_is_never_given_again(&servers).await;
    two_at_once_in_one_slot_become_two(&place, &servers).await;
    two_at_once_with_one_key_become_one(&place, &servers).await;
    a_name_that_is_taken_is_left_alone(&place, &servers).await;
    a_key_stands_for_one_request(&servers).await;
    who_gives_up_leaves_what_another_has_told_of(&place, &servers[1]).await;
    what_is_in_doubt_stays_when_it_is_told_of(&place, &servers).await;
    without_the_broker_there_is_nothing(&place, &servers[0]).await;
    who_asks_meanwhile_shares_the_next_list(&place).await;
    equal_requests_make_one_job(&place, &servers[..1], 1000).await;
    equal_requests_make_one_job(&place, &servers, 100).await;
}

async fn the_lowest_free_slot_and_no_more_than_allowed(servers: &[Server; 2]) {
    let [first, second] = servers;
    let mut ids = vec![id(&first.configure(Some("the first")).await)];
    for server in [second, first, second] {
        ids.push(id(&server.configure(None).await));
    }
    assert_eq!(slots(&ids), [1, 2, 3, 4]);
    // What is there already needs no place.
    assert_eq!(id(&second.configure(Some("the first")).await), ids[0]);
    for server in servers {
        let error = server.configure(None).await.unwrap_err();
        assert!(matches!(error, ConfigureError::TooManyJobs { max: 4 }), "{error}");
        assert_eq!(server.jobs.list().await.unwrap().len(), 4);
    }
    assert!(second.jobs.stop(ids[1]).await.unwrap() && second.jobs.stop(ids[2]).await.unwrap());
    // As many at once as there are places, and more.
    let all =
        async || join_all([first, second, first, second, first].map(|server| server.configure(None))).await;
    let (given, refused): (Vec<_>, Vec<_>) = in_time(servers, all).await.into_iter().partition(Result::is_ok);
    let given: Vec<_> = given.iter().map(id).collect();
    assert_eq!(slots(&given), [2, 3]);
    for error in refused {
        let error = error.unwrap_err();
        assert!(matches!(error, ConfigureError::TooManyJobs { max: 4 }), "{error}");
    }
    for id in [ids[0], ids[3], given[0], given[1]] {
        assert!(first.jobs.stop(id).await.unwrap());
    }
}

/// Clients may still ask for the job that it was.
async fn who_asks_meanwhile_shares_the_next_list(place: &Place) {
    let (server, other) = (place.server().await, place.server().await);
    server.way.first("list_jobs", Fate::IsHeld);
    let list = || {
        let jobs = server.jobs.clone();
        tokio::spawn(async move { jobs.list().await.unwrap().len() })
    };
    let early = list();
    server.way.holds().await;
    let late = list();
    // Whoever asks after this is told of it, though a list that began before is still under way.
    let job = id(&other.configure(None).await);
    let latest: Vec<_> = (0..20).map(|_| list()).collect();
    server.way.release();
    for listed in latest {
        assert_eq!(listed.await.unwrap(), 1);
    }
    early.await.unwrap();
    late.await.unwrap();
    let lists = server.way.calls().into_iter().filter(|call| call.what == "list_jobs").count();
    assert!(lists <= 3, "{lists}");
    assert!(other.jobs.stop(job).await.unwrap());
}

async fn an_id_is_never_given_again(servers: &[Server; 2]) {
    let mut known = BTreeSet::new();
    for server in servers.iter().cycle().take(20) {
        let id = id(&server.configure(None).await);
        assert!(known.insert(id), "{id} is given twice");
        assert!(server.jobs.stop(id).await.unwrap());
    }
}

async fn two_at_once_in_one_slot_become_two(place: &Place, servers: &[Server; 2]) {
    let [first, second] = both_create(servers, None).await;
    let ids = [id(&first), id(&second)];
    assert_eq!(slots(&ids), [1, 2]);
    assert_eq!(place.objects().await.whole().unwrap().len(), 2);
    for id in ids {
        assert!(servers[0].jobs.stop(id).await.unwrap());
    }
}

async fn two_at_once_with_one_key_become_one(place: &Place, servers: &[Server; 2]) {
    let [first, second] = both_create(servers, Some("one")).await;
    let one = id(&first);
    assert_eq!(id(&second), one);
    assert_eq!(place.objects().await.whole(), Ok(vec![one.to_string()]));
    assert!(first.unwrap().repeated != second.unwrap().repeated);
    assert!(servers[0].jobs.stop(one).await.unwrap());
}

/// Both find the same and create their Jobs; only then both go on.
async fn both_create(servers: &[Server; 2], key: Option<&'static str>) -> [Answer; 2] {
    let both = async || {
        let asked = servers.each_ref().map(|server| {
            server.way.first("create_job", Fate::IsHeld);
            start(server, key)
        });
        for server in servers {
            server.way.holds().await;
            server.way.mend();
        }
        for server in servers {
            server.way.release();
        }
        join_all(asked).await.into_iter().map(Result::unwrap).collect()
    };
    in_time(servers, both).await.try_into().unwrap()
}

/// What all are answered who ask at once. When one has given way to others until its time was up, on a busy machine,
/// what was given is stopped and all ask once more.
async fn in_time(servers: &[Server; 2], asking: impl AsyncFn() -> Vec<Answer>) -> Vec<Answer> {
    let began = Instant::now();
    loop {
        let answers = asking().await;
        if !answers.iter().any(|answer| matches!(answer, Err(ConfigureError::Outage(_)))) {
            return answers;
        }
        assert!(began.elapsed() < DEADLINE, "{answers:?}");
        for server in servers {
            server.way.settle().await;
            patiently(async || server.cluster.sweep().await).await;
        }
        for given in answers.iter().flatten() {
            patiently(async || servers[0].jobs.stop(given.job.spec().id).await).await;
        }
    }
}

async fn a_name_that_is_taken_is_left_alone(place: &Place, servers: &[Server; 2]) {
    servers[0].way.first("create_job", Fate::IsForestalled);
    let id = id(&servers[0].configure(None).await);
    servers[0].way.mend();
    let objects = place.objects().await;
    let attempt = |job: &k8s_openapi::api::batch::v1::Job| {
        job.metadata.annotations.as_ref().unwrap()["focus-server/attempt"].clone()
    };
    let theirs: Vec<_> = objects.jobs.iter().filter(|job| attempt(job) == "somebody else's").collect();
    assert_eq!((objects.jobs.len(), theirs.len(), objects.services.len()), (2, 1, 1));
    let name = theirs[0].metadata.name.as_ref().unwrap();
    assert!(name.starts_with("grpc-job-1-") && id.slot == 2, "{name} {id}");
    place.jobs().delete(name, &kube::api::DeleteParams::background()).await.unwrap();
    assert!(servers[0].jobs.stop(id).await.unwrap());
}

async fn a_key_stands_for_one_request(servers: &[Server; 2]) {
    let id = id(&servers[0].configure(Some("one")).await);
    let mut other = historic();
    other["channels"] = json!({"min": 2, "max": 30});
    for server in servers {
        let error = server.jobs.configure(request(&other, Some("one"))).await.unwrap_err();
        assert!(matches!(error, ConfigureError::KeyReused), "{error}");
    }
    assert!(servers[1].jobs.stop(id).await.unwrap());
    // As long as its job lives.
    let configured = servers[1].jobs.configure(request(&other, Some("one"))).await.unwrap();
    assert!(!configured.repeated);
    assert!(servers[0].jobs.stop(configured.job.spec().id).await.unwrap());
}

/// One server does not hear that its commit was carried out; before it undoes that, the other answers with the job.
async fn who_gives_up_leaves_what_another_has_told_of(place: &Place, second: &Server) {
    // It finds out in time to look, and while its look is held the other has all the time that is left.
    let first = place.server_with(|settings| settings.deadline = Duration::from_millis(1200)).await;
    first.way.tell(&[
        (Call { what: "commit", nth: 0 }, Fate::ReplyIsLost),
        (Call { what: "get_job", nth: 0 }, Fate::IsHeld),
    ]);
    let given_up = start(&first, Some("one"));
    first.way.holds().await;
    let told = second.configure(Some("one")).await;
    assert!(told.as_ref().unwrap().repeated);
    let error = given_up.await.unwrap().unwrap_err();
    assert!(error.to_string().starts_with("Kubernetes unavailable"), "{error}");
    first.way.mend();
    first.way.release();
    patiently(async || first.cluster.sweep().await).await;
    assert_eq!(place.objects().await.whole(), Ok(vec![id(&told).to_string()]), "the job is undone");
    assert!(second.jobs.stop(id(&told)).await.unwrap());
}

/// A commit comes late and its Job cannot be deleted; then its client asks again.
async fn what_is_in_doubt_stays_when_it_is_told_of(place: &Place, servers: &[Server; 2]) {
    for server in servers {
        let first = &servers[0];
        first.way.tell(&[
            (Call { what: "commit", nth: 0 }, Fate::ComesLate),
            (Call { what: "delete_job", nth: 0 }, Fate::IsAnswered(500)),
        ]);
        first.configure(Some("one")).await.unwrap_err();
        first.way.mend();
        first.way.settle().await;
        let told = server.configure(Some("one")).await;
        first.cluster.sweep().await.unwrap();
        assert_eq!(place.objects().await.whole(), Ok(vec![id(&told).to_string()]), "the job is swept");
        assert!(server.jobs.stop(id(&told)).await.unwrap());
    }
}

/// It fails when everything is made, and is asked once more before anything runs.
async fn without_the_broker_there_is_nothing(place: &Place, server: &Server) {
    server.way.first("create_service", Fate::IsHeld);
    let configuring = start(server, None);
    server.way.holds().await;
    server.broker_is_up.store(false, Ordering::Relaxed);
    server.way.calls();
    server.way.release();
    let error = configuring.await.unwrap().unwrap_err();
    let ConfigureError::Outage(outage @ Outage::Unavailable { .. }) = error else { panic!("{error}") };
    assert_eq!(outage.to_string(), "RabbitMQ unavailable: connection refused");
    assert_eq!(outage.upstream(), Upstream::RabbitMq);
    assert!(server.way.calls().iter().all(|call| call.what != "commit"), "it was committed");
    server.tidy().await;
    assert!(place.objects().await.is_empty());

    // While it is known to be down nothing is even tried.
    let error = server.configure(None).await.unwrap_err();
    assert_eq!(error.to_string(), "RabbitMQ unavailable: connection refused");
    // The sweep may look meanwhile, too.
    assert!(server.way.calls().iter().all(|call| call.what.starts_with("list_")));
    server.broker_is_up.store(true, Ordering::Relaxed);
    server.way.mend();
    let answered = async {
        loop {
            if let Ok(configured) = server.configure(None).await {
                return configured;
            }
        }
    };
    let configured = tokio::time::timeout(DEADLINE, answered).await.unwrap();
    assert!(server.jobs.stop(configured.job.spec().id).await.unwrap());
}

async fn equal_requests_make_one_job(place: &Place, servers: &[Server], each: usize) {
    let stopwatch = Stopwatch::start();
    let asked = servers.iter().flat_map(|server| (0..each).map(|_| self::start(server, Some("equal"))));
    let answers = join_all(asked.collect::<Vec<_>>()).await;
    let took = stopwatch.elapsed();
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    let ids: BTreeSet<_> = answers.iter().map(id).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let one = ids.into_iter().next().unwrap();
    assert_eq!(place.objects().await.whole(), Ok(vec![one.to_string()]));
    assert_eq!(answers.iter().filter(|answer| !answer.as_ref().unwrap().repeated).count(), 1);
    println!("{} equal requests: {took:?}", answers.len());
    assert!(took < ANSWER_WITHIN, "{took:?} for {} equal requests", answers.len());
    assert!(servers[0].jobs.stop(one).await.unwrap());
}

fn start(server: &Server, key: Option<&'static str>) -> JoinHandle<Answer> {
    let server = server.clone();
    tokio::spawn(async move { server.configure(key).await })
}

fn id(answer: &Answer) -> JobId {
    answer.as_ref().unwrap_or_else(|error| panic!("{error}")).job.spec().id
}

fn slots(ids: &[JobId]) -> Vec<u32> {
    let mut slots: Vec<_> = ids.iter().map(|id| id.slot).collect();
    slots.sort_unstable();
    slots
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_cluster_is_not_blamed_for_an_earlier_request_that_is_not_done() {
    if !Cluster::available() {
        return;
    }
    let mut cluster = Cluster::start();
    let place = Place::on(&mut cluster).await;
    let mut dead = Process::start(&place, |_| {}).await;
    dead.server.way.first("create_service", Fate::IsHeld);
    let jobs = dead.server.jobs.clone();
    let asked = dead.ask(async move { jobs.configure(request(&historic(), Some("key"))).await });
    dead.server.way.holds().await;
    dead.kill();
    drop(asked);

    let server = place.server().await;
    server.way.decide(|_| Fate::Dawdles(Duration::from_millis(300)));
    for _ in 0..3 {
        let error = server.configure(Some("key")).await.unwrap_err().to_string();
        assert!(error.contains("an earlier request with the same key is not done"), "{error}");
    }
}
