//! Whatever becomes of a call, and whenever the server dies: in the end there is a job and its Service, or neither.

use std::time::Instant;

use focus_core::Upstream;
use focus_jobs::{ConfigureError, Configured};
use focus_kubernetes_node::Cluster;
use futures::StreamExt as _;
use futures::stream;

use crate::faults::{Call, Fate};
use crate::objects::is_committed;
use crate::server::{ANSWER_WITHIN, Place, Process};

/// What can become of a call without anybody dying.
const MISFORTUNES: [Fate; 10] = [
    Fate::IsLost,
    Fate::ReplyIsLost,
    Fate::ComesLate,
    Fate::Breaks,
    Fate::ReplyBreaks,
    Fate::IsAnswered(403),
    Fate::IsAnswered(429),
    Fate::IsAnswered(500),
    Fate::IsAnswered(503),
    Fate::IsRepeated,
];
/// The same, without those that look like another from here.
const TELLING: [Fate; 5] =
    [Fate::IsLost, Fate::ReplyIsLost, Fate::ComesLate, Fate::IsAnswered(403), Fate::IsRepeated];
const DEATHS: [Fate; 2] = [Fate::KilledBefore, Fate::KilledAfter];
/// So many tries at once: most of their time they wait.
const AT_ONCE: usize = 12;

type Story = Vec<(Call, Fate)>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_becomes_of_a_call_and_whenever_the_server_dies_there_is_a_whole_job_or_nothing() {
    if !Cluster::available() {
        return;
    }
    let mut cluster = Cluster::start();
    let place = Place::on(&mut cluster).await;

    let calls = configure(&place, Vec::new()).await.calls;
    assert_eq!(calls.len(), 6, "{calls:?}");
    let stories: Vec<_> = each(&[], &calls, &MISFORTUNES).collect();
    let tries = all(stories, |story| configure(&place, story)).await;
    all(each(&[], &calls, &DEATHS).collect(), |story| configure_and_die(&place, story)).await;

    // What is done because of a misfortune meets one too: looking whether it is done all the same, and undoing.
    let (mut second, mut deaths) = (Vec::new(), Vec::new());
    for Try { story, calls: made } in tries.into_iter().filter(|tried| TELLING.contains(&tried.story[0].1)) {
        let consequences: Vec<_> = made.into_iter().filter(|call| !calls.contains(call)).collect();
        second.extend(each(&story, &consequences, &TELLING));
        deaths.extend(each(&story, &consequences, &DEATHS));
    }
    for call in ["get_job", "get_service", "delete_job", "delete_service"] {
        assert!(deaths.iter().any(|story| story[1].0.what == call), "no {call}");
    }
    println!("{} stories of two misfortunes, {} of one and a death", second.len(), deaths.len());
    all(second, |story| configure(&place, story)).await;
    all(deaths, |story| configure_and_die(&place, story)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_becomes_of_a_stop_the_job_is_whole_or_gone() {
    if !Cluster::available() {
        return;
    }
    let mut cluster = Cluster::start();
    let place = Place::on(&mut cluster).await;
    let calls = stop(&place, Vec::new()).await.calls;
    assert_eq!(calls.len(), 4, "{calls:?}");
    all(each(&[], &calls, &MISFORTUNES).collect(), |story| stop(&place, story)).await;
    all(each(&[], &calls, &DEATHS).collect(), |story| stop_and_die(&place, story)).await;
}

/// `before`, and then each of the calls with each of the fates.
fn each(before: &[(Call, Fate)], calls: &[Call], fates: &[Fate]) -> impl Iterator<Item = Story> {
    let ends = calls.iter().flat_map(|call| fates.iter().map(|fate| (*call, *fate)));
    ends.map(|end| before.iter().copied().chain([end]).collect())
}

/// How a request went.
struct Try {
    story: Story,
    calls: Vec<Call>,
}

async fn all<F: Future>(stories: Vec<Story>, attempt: impl Fn(Story) -> F) -> Vec<F::Output> {
    stream::iter(stories).map(attempt).buffer_unordered(AT_ONCE).collect().await
}

async fn configure(place: &Place, story: Story) -> Try {
    let place = place.elsewhere().await;
    let server = place.server().await;
    server.way.tell(&story);
    let start = Instant::now();
    let result = server.configure(None).await;
    let took = start.elapsed();
    let calls = server.way.calls();
    let told = format!("{story:?}, then {result:?} after {took:?} and {calls:?}");
    assert!(took < ANSWER_WITHIN, "{told}");

    let objects = place.objects().await;
    match &result {
        Ok(configured) if story.len() < 2 => {
            assert_eq!(objects.whole(), Ok(vec![id(configured)]), "{told}");
        }
        Err(ConfigureError::Outage(outage)) => {
            assert_eq!(outage.upstream(), Upstream::Kubernetes, "{told}");
            // After one misfortune all is undone at once. After two, and a call that a busy machine does not answer in
            // time is one, something may be left to the sweep.
            let misfortunes = story.len().max(server.unanswered_calls());
            assert!(objects.is_empty() || misfortunes > 1, "{told}: {:?}", objects.names());
        }
        Err(error) => panic!("{told}: {error}"),
        Ok(_) => {}
    }

    server.way.mend();
    server.way.settle().await;
    server.cluster.sweep().await.unwrap_or_else(|error| panic!("{told}: {error}"));
    let jobs = place.objects().await.jobs.len();
    assert_eq!(jobs, result.iter().count(), "{told}");
    // The cluster collects the Services of the Jobs that were swept.
    let ids = place.until(|objects| objects.whole().is_ok()).await.whole();
    assert_eq!(ids, Ok(result.iter().map(id).collect()), "{told}");
    Try { story, calls }
}

fn id(configured: &Configured) -> String {
    configured.job.spec().id.to_string()
}

async fn configure_and_die(place: &Place, story: Story) {
    let place = place.elsewhere().await;
    let mut process = Process::start(&place, |_| ()).await;
    process.server.way.tell(&story);
    let server = process.server.clone();
    let answer = process.ask(async move { server.configure(None).await });
    process.server.way.kills().await;
    process.kill();
    // Its client hears nothing; what is left of it here may say that it shuts down.
    assert!(!matches!(answer.await, Ok(Ok(_))), "{story:?}: a dead server has answered");
    process.server.way.settle().await;

    let ids = swept(&place, &story).await;
    let committed = story.contains(&(Call { what: "commit", nth: 0 }, Fate::KilledAfter));
    let unsure = story.len() > 1 && story[0].0.what == "commit";
    assert!(ids.len() == usize::from(committed) || unsure, "{story:?}: {ids:?}");
}

async fn stop(place: &Place, story: Story) -> Try {
    let (place, server, id) = loop {
        let place = place.elsewhere().await;
        let server = place.server().await;
        if let Some(configured) = unless_busy(server.configure(None).await) {
            break (place, server, configured.job.spec().id);
        }
    };
    server.way.calls();
    server.way.tell(&story);
    let start = Instant::now();
    let result = server.jobs.stop(id).await;
    let took = start.elapsed();
    let calls = server.way.calls();
    let told = format!("{story:?}, then {result:?} after {took:?} and {calls:?}");
    assert!(took < ANSWER_WITHIN, "{told}");
    let objects = place.objects().await;
    match result {
        Ok(stopped) => assert!(stopped && objects.is_empty(), "{told}: {:?}", objects.names()),
        Err(outage) => assert_eq!(outage.upstream(), Upstream::Kubernetes, "{told}"),
    }

    server.way.mend();
    server.way.settle().await;
    swept(&place, &story).await;
    Try { story, calls }
}

async fn stop_and_die(place: &Place, story: Story) {
    let (place, mut process, id) = loop {
        let place = place.elsewhere().await;
        let mut process = Process::start(&place, |_| ()).await;
        let server = process.server.clone();
        let answer = process.ask(async move { server.configure(None).await }).await.unwrap();
        if let Some(configured) = unless_busy(answer) {
            break (place, process, configured.job.spec().id);
        }
        process.kill();
    };
    process.server.way.calls();
    process.server.way.tell(&story);
    let server = process.server.clone();
    let answer = process.ask(async move { server.jobs.stop(id).await });
    process.server.way.kills().await;
    process.kill();
    assert!(!matches!(answer.await, Ok(Ok(_))), "{story:?}: a dead server has answered");
    process.server.way.settle().await;

    let ids = swept(&place, &story).await;
    let untouched = [("get_job", 0), ("delete_job", 0)].map(|(what, nth)| Call { what, nth });
    let (call, fate) = story[0];
    let whole = call == untouched[0] || (call == untouched[1] && fate == Fate::KilledBefore);
    assert_eq!(ids.len(), usize::from(whole), "{story:?}");
}

/// A job before its misfortune; none when the cluster has too much to do for a moment: another place is tried then.
fn unless_busy(answer: Result<Configured, ConfigureError>) -> Option<Configured> {
    match answer {
        Ok(configured) => Some(configured),
        Err(ConfigureError::Outage(_)) => None,
        Err(error) => panic!("no job: {error}"),
    }
}

/// What there is, and what another server says that there is, once that has swept as it does when it starts, and the
/// cluster has collected the Services of the Jobs that were swept.
async fn swept(place: &Place, story: &Story) -> Vec<String> {
    let sweeper = place.sweeper().await;
    let jobs = place.objects().await.jobs;
    assert!(jobs.iter().all(is_committed), "{story:?}: a Job that is not committed is left");
    let ids = place.until(|objects| objects.whole().is_ok()).await.whole().unwrap();
    let listed = sweeper.jobs.list().await.unwrap();
    let mut listed: Vec<_> = listed.iter().map(|job| job.spec().id.to_string()).collect();
    listed.sort();
    assert_eq!(listed, ids, "{story:?}");
    ids
}
