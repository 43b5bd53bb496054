//! Whatever becomes of a call, and whenever the server dies: in the end there is a job and its Service, or neither.

use focus_core::Upstream;
use focus_jobs::{ConfigureError, Configured};
use focus_kubernetes_node::Cluster;
use focus_stopwatch::Stopwatch;
use futures::StreamExt as _;
use futures::stream;
use tokio::task::JoinHandle;

use crate::faults::{Call, Fate};
use crate::objects::is_committed;
use crate::server::{ANSWER_WITHIN, PROMPT, Place, Process, Server, patiently};

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
/// A busy machine adds misfortunes of its own: then the same is tried elsewhere, so often.
const TRIES: usize = 5;

type Story = Vec<(Call, Fate)>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_becomes_of_a_call_and_whenever_the_server_dies_there_is_a_whole_job_or_nothing() {
    if !Cluster::available() {
        return;
    }
    let mut cluster = Cluster::start();
    let place = Place::on(&mut cluster).await;

    let calls = undisturbed(async || configure(&place, Vec::new()).await).await.calls;
    assert_eq!(calls.len(), 6, "{calls:?}");
    let stories: Vec<_> = each(&[], &calls, &MISFORTUNES).collect();
    let place = &place;
    let tries = all(stories, |story| undisturbed(async move || configure(place, story.clone()).await)).await;
    all(each(&[], &calls, &DEATHS).collect(), |story| configure_and_die(place, story)).await;

    // What is done because of a misfortune meets one too: looking whether it is done all the same, and undoing.
    let (mut second, mut deaths) = (Vec::new(), Vec::new());
    for Try { story, calls: made, .. } in
        tries.into_iter().filter(|tried| TELLING.contains(&tried.story[0].1))
    {
        let consequences: Vec<_> = made.into_iter().filter(|call| !calls.contains(call)).collect();
        second.extend(each(&story, &consequences, &TELLING));
        deaths.extend(each(&story, &consequences, &DEATHS));
    }
    for call in ["get_job", "get_service", "delete_job", "delete_service"] {
        assert!(deaths.iter().any(|story| story[1].0.what == call), "no {call}");
    }
    println!("{} stories of two misfortunes, {} of one and a death", second.len(), deaths.len());
    all(second, |story| configure(place, story)).await;
    all(deaths, |story| configure_and_die(place, story)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_becomes_of_a_stop_the_job_is_whole_or_gone() {
    if !Cluster::available() {
        return;
    }
    let mut cluster = Cluster::start();
    let place = Place::on(&mut cluster).await;
    let calls = undisturbed(async || stop(&place, Vec::new()).await).await.calls;
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
    /// Those of its story, or more.
    misfortunes: usize,
}

async fn all<F: Future>(stories: Vec<Story>, attempt: impl Fn(Story) -> F) -> Vec<F::Output> {
    stream::iter(stories).map(attempt).buffer_unordered(AT_ONCE).collect().await
}

/// A try with no other misfortunes than those of its story.
async fn undisturbed(attempt: impl AsyncFn() -> Try) -> Try {
    for _ in 0..TRIES {
        let tried = attempt().await;
        if tried.misfortunes == tried.story.len() {
            return tried;
        }
    }
    panic!("the machine is too slow");
}

async fn prompt_server(place: &Place) -> Server {
    place.server_with(|settings| settings.deadline = PROMPT).await
}

/// Those that it has met, or was to meet.
fn misfortunes(server: &Server, story: &Story) -> usize {
    let is_an_answer = |fate: &Fate| matches!(fate, Fate::IsAnswered(403) | Fate::IsRepeated);
    let answered = story.iter().filter(|(_, fate)| is_an_answer(fate)).count();
    story.len().max(answered + server.unanswered_calls())
}

async fn configure(place: &Place, story: Story) -> Try {
    let place = place.elsewhere().await;
    let server = prompt_server(&place).await;
    server.way.tell(&story);
    let stopwatch = Stopwatch::start();
    let result = server.configure(None).await;
    let took = stopwatch.elapsed();
    let misfortunes = misfortunes(&server, &story);
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
            assert!(objects.is_empty() || misfortunes > 1, "{told}: {:?}", objects.names());
        }
        Err(error) => panic!("{told}: {error}"),
        Ok(_) => {}
    }

    server.way.mend();
    server.way.settle().await;
    patiently(async || server.cluster.sweep().await).await;
    let jobs = place.objects().await.jobs.len();
    assert_eq!(jobs, result.iter().count(), "{told}");
    // The cluster collects the Services of the Jobs that were swept.
    let ids = place.until(|objects| objects.whole().is_ok()).await.whole();
    assert_eq!(ids, Ok(result.iter().map(id).collect()), "{told}");
    Try { story, calls, misfortunes }
}

fn id(configured: &Configured) -> String {
    configured.job.spec().id.to_string()
}

async fn configure_and_die(place: &Place, story: Story) {
    let place = dead(&story, async || {
        let place = place.elsewhere().await;
        let mut process = prompt_process(&place).await;
        process.server.way.tell(&story);
        let server = process.server.clone();
        let answer = process.ask(async move { server.configure(None).await });
        dies(&mut process, answer).await.then_some(place)
    })
    .await;

    let ids = swept(&place, &story).await;
    let committed = story.contains(&(Call { what: "commit", nth: 0 }, Fate::KilledAfter));
    let unsure = story.len() > 1 && story[0].0.what == "commit";
    assert!(ids.len() == usize::from(committed) || unsure, "{story:?}: {ids:?}");
}

async fn prompt_process(place: &Place) -> Process {
    Process::start(place, |settings| settings.deadline = PROMPT).await
}

/// What is left of a server that was killed as its story says.
async fn dead<T>(story: &Story, attempt: impl AsyncFn() -> Option<T>) -> T {
    for _ in 0..TRIES {
        if let Some(left) = attempt().await {
            return left;
        }
    }
    panic!("{story:?}: nobody is killed");
}

/// Kills a server when its story says so; `false` when it answers before with an outage.
async fn dies<T, E: Into<ConfigureError>>(process: &mut Process, answer: JoinHandle<Result<T, E>>) -> bool {
    let mut answer = answer;
    tokio::select! {
        biased;
        () = process.server.way.kills() => {}
        early = &mut answer => {
            let error = early.unwrap().err().expect("it dies before it has an answer").into();
            assert!(matches!(error, ConfigureError::Outage(_)), "{error}");
            return false;
        }
    }
    process.kill();
    // Its client hears nothing; what is left of it here may say that it shuts down.
    assert!(!matches!(answer.await, Ok(Ok(_))), "a dead server has answered");
    process.server.way.settle().await;
    true
}

async fn stop(place: &Place, story: Story) -> Try {
    let (place, server, id) = loop {
        let place = place.elsewhere().await;
        let server = prompt_server(&place).await;
        if let Some(configured) = unless_busy(server.configure(None).await) {
            break (place, server, configured.job.spec().id);
        }
    };
    server.way.calls();
    server.way.tell(&story);
    let stopwatch = Stopwatch::start();
    let result = server.jobs.stop(id).await;
    let took = stopwatch.elapsed();
    let misfortunes = misfortunes(&server, &story);
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
    Try { story, calls, misfortunes }
}

async fn stop_and_die(place: &Place, story: Story) {
    let place = dead(&story, async || {
        let place = place.elsewhere().await;
        let mut process = prompt_process(&place).await;
        let server = process.server.clone();
        let answer = process.ask(async move { server.configure(None).await }).await.unwrap();
        let id = unless_busy(answer)?.job.spec().id;
        process.server.way.calls();
        process.server.way.tell(&story);
        let server = process.server.clone();
        let answer = process.ask(async move { server.jobs.stop(id).await });
        dies(&mut process, answer).await.then_some(place)
    })
    .await;

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
