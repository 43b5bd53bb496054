//! A thousand random stories: several servers, requests at once, any fate for any call, servers that die. Whatever
//! clients were told is true in the end, and there is nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use focus_core::{JobId, Upstream};
use focus_jobs::ConfigureError;
use focus_kubernetes_node::Cluster;
use focus_stopwatch::Stopwatch;
use futures::future::join_all;
use futures::{StreamExt as _, stream};
use k8s_openapi::api::batch::v1::Job;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::faults::{Call, Fate};
use crate::objects::{Objects, is_committed};
use crate::server::{ANSWER_WITHIN, Place, Process, patiently};

const RUNS: u64 = 1000;
/// As chance will have it, something may happen too seldom in so many runs. Then there are more of them, up to this.
const MAX_RUNS: u64 = 2 * RUNS;
/// At once, each in a namespace of its own: most of their time they wait.
const WORLDS: u64 = 6;
/// For one call. So short that what is lost costs little time, and what is slow is lost at times.
const DEADLINE: Duration = Duration::from_millis(250);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_random_runs_leave_what_was_told_and_nothing_else() {
    if !Cluster::available() {
        return;
    }
    let mut cluster = Cluster::start();
    let place = Place::on(&mut cluster).await;
    let tally = Arc::new(Tally::default());
    if let Ok(seed) = std::env::var("FOCUS_TEST_SEED") {
        return run(&place, seed.parse().unwrap(), &tally).await;
    }
    let first: u64 = rand::rng().random_range(0..u64::MAX / 2);
    let next = AtomicU64::new(0);
    let worlds = (0..WORLDS).map(|_| {
        let (place, tally, next) = (&place, &tally, &next);
        async move {
            let place = place.elsewhere().await;
            loop {
                let nth = next.fetch_add(1, Ordering::Relaxed);
                if nth >= MAX_RUNS || (nth >= RUNS && tally.is_worth_something()) {
                    break;
                }
                run(&place, first + nth, tally).await;
            }
        }
    });
    let start = Instant::now();
    stream::iter(worlds).buffer_unordered(WORLDS as usize).collect::<()>().await;
    println!("{tally:?} in {:?}", start.elapsed());
    assert!(tally.is_worth_something(), "{tally:?}");
}

/// What happened in all runs.
#[derive(Debug, Default)]
struct Tally {
    runs: AtomicUsize,
    started: AtomicUsize,
    repeated: AtomicUsize,
    refused: AtomicUsize,
    stopped: AtomicUsize,
    misfortunes: AtomicUsize,
    deaths: AtomicUsize,
}

impl Tally {
    /// Whether enough of everything has happened.
    fn is_worth_something(&self) -> bool {
        let few = [&self.repeated, &self.refused, &self.stopped, &self.deaths];
        let many = [&self.started, &self.misfortunes];
        few.iter().all(|count| count.load(Ordering::Relaxed) > 100)
            && many.iter().all(|count| count.load(Ordering::Relaxed) > 1000)
    }
}

fn count(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// What a client does.
#[derive(Clone, Debug)]
struct Client {
    starts: Duration,
    server: usize,
    key: Option<&'static str>,
    /// After so long it has its job stopped, by this server.
    stops: Option<(Duration, usize)>,
}

/// What it was told, or not.
#[derive(Debug)]
struct Told {
    client: Client,
    /// `None`: its server died.
    answer: Option<Result<(JobId, bool), ConfigureError>>,
    answered: Instant,
    took: Duration,
    /// When it asked to stop, and whether the job is known to be gone.
    stopped: Option<(Instant, bool)>,
}

impl Told {
    fn job(&self) -> Option<JobId> {
        self.answer.as_ref()?.as_ref().ok().map(|(id, _)| *id)
    }
}

/// What there is when all is over.
#[derive(Debug)]
struct End {
    live: BTreeSet<JobId>,
    /// Those of which is noted that a client is told of them for their key.
    kept: BTreeSet<JobId>,
}

impl End {
    fn of(objects: &Objects) -> Self {
        let ids = |jobs: &[&Job]| -> BTreeSet<JobId> {
            let labels = jobs.iter().map(|job| job.metadata.labels.as_ref().unwrap());
            labels.map(|labels| labels["focus-server/job-id"].parse().unwrap()).collect()
        };
        let is_kept =
            |job: &&Job| job.metadata.annotations.as_ref().unwrap().contains_key("focus-server/kept");
        let live: Vec<_> = objects.jobs.iter().collect();
        let kept: Vec<_> = objects.jobs.iter().filter(is_kept).collect();
        Self { live: ids(&live), kept: ids(&kept) }
    }
}

async fn run(place: &Place, seed: u64, tally: &Arc<Tally>) {
    let mut random = StdRng::seed_from_u64(seed);
    let max_jobs = random.random_range(2..=4);
    let trouble = Trouble::random(&mut random);
    let mut processes = Vec::new();
    for _ in 0..2 {
        let process = Process::start(place, move |settings| {
            (settings.max_jobs, settings.deadline) = (max_jobs, DEADLINE);
        });
        processes.push(process.await);
    }
    for process in &processes {
        let mut fates = StdRng::seed_from_u64(random.random());
        let tally = Arc::clone(tally);
        process.server.way.decide(move |call| {
            let fate = trouble.fate(call, &mut fates);
            if !matches!(fate, Fate::Passes | Fate::Dawdles(_)) {
                count(&tally.misfortunes);
            }
            fate
        });
    }

    let clients: Vec<_> = (0..random.random_range(2..=6)).map(|_| Client::random(&mut random)).collect();
    let late = Duration::from_millis(random.random_range(0..400));
    let told = {
        let all = join_all(clients.into_iter().map(|client| live(client, &processes)));
        let late = async {
            tokio::time::sleep(late).await;
            for process in &processes {
                process.server.way.let_late_come();
            }
        };
        futures::future::join(all, late).await.0
    };
    let dead: Vec<_> = processes.iter().map(|process| process.server.way.is_deadly()).collect();
    for (process, is_dead) in processes.iter_mut().zip(&dead) {
        process.server.way.mend();
        if *is_dead {
            process.kill();
            count(&tally.deaths);
        }
        process.server.way.settle().await;
    }

    // One sweep: of each for what it has left in doubt, and of one that is started for the dead.
    for (process, _) in processes.iter().zip(&dead).filter(|(_, dead)| !**dead) {
        patiently(async || process.server.cluster.sweep().await).await;
    }
    let server = if dead.contains(&true) { place.sweeper().await } else { processes[0].server.clone() };

    let history = || {
        let stories = processes.iter().map(|process| format!("{:?}", process.server.way.story()));
        let told = told.iter().map(|told| format!("{told:?}"));
        format!("seed {seed}, dead: {dead:?}:\n{}", told.chain(stories).collect::<Vec<_>>().join("\n"))
    };
    let jobs = place.objects().await.jobs;
    assert!(jobs.iter().all(is_committed), "a Job that is not committed is left. {}", history());
    // The cluster collects what they owned.
    let end = End::of(&place.until(|objects| objects.whole().is_ok()).await);
    let mut errors = check(&told, &dead, &end, max_jobs);
    let listed = patiently(async || server.jobs.list().await).await;
    let listed: BTreeSet<_> = listed.iter().map(|job| job.spec().id).collect();
    if listed != end.live {
        errors.push(format!("{listed:?} are listed"));
    }
    assert!(errors.is_empty(), "{errors:?}, there are {end:?}. {}", history());
    for id in end.live {
        patiently(async || server.jobs.stop(id).await).await;
    }
    place.until(Objects::is_empty).await;

    count(&tally.runs);
    for told in &told {
        match &told.answer {
            Some(Ok((_, false))) => count(&tally.started),
            Some(Ok((_, true))) => count(&tally.repeated),
            Some(Err(_)) => count(&tally.refused),
            None => {}
        }
        if told.stopped.is_some_and(|(_, gone)| gone) {
            count(&tally.stopped);
        }
    }
}

/// How much of it there is.
#[derive(Clone, Copy, Debug)]
struct Trouble {
    misfortune: f64,
    death: f64,
    dawdling: u64,
}

impl Trouble {
    fn random(random: &mut StdRng) -> Self {
        Self {
            misfortune: [0.02, 0.1, 0.3][random.random_range(0..3)],
            death: [0.0, 0.0, 0.02][random.random_range(0..3)],
            dawdling: random.random_range(1..30),
        }
    }

    fn fate(&self, call: &Call, random: &mut StdRng) -> Fate {
        if random.random_bool(self.death) {
            return [Fate::KilledBefore, Fate::KilledAfter][random.random_range(0..2)];
        }
        if random.random_bool(self.misfortune) {
            let fates = [
                Fate::IsLost,
                Fate::ReplyIsLost,
                Fate::ReplyIsLost,
                Fate::ComesLate,
                Fate::ComesLate,
                Fate::Breaks,
                Fate::ReplyBreaks,
                Fate::IsAnswered(403),
                Fate::IsAnswered(429),
                Fate::IsAnswered(500),
                Fate::IsAnswered(503),
                Fate::IsRepeated,
            ];
            return fates[random.random_range(0..fates.len())];
        }
        match call.what {
            "delete_job" | "delete_service" => Fate::Passes,
            _ => Fate::Dawdles(Duration::from_millis(random.random_range(0..self.dawdling))),
        }
    }
}

impl Client {
    fn random(random: &mut StdRng) -> Self {
        let pause = |random: &mut StdRng| Duration::from_millis(random.random_range(0..60));
        Self {
            starts: pause(random),
            server: random.random_range(0..2),
            key: [None, None, Some("one"), Some("two")][random.random_range(0..4)],
            stops: random.random_bool(0.3).then(|| (pause(random), random.random_range(0..2))),
        }
    }
}

async fn live(client: Client, processes: &[Process]) -> Told {
    tokio::time::sleep(client.starts).await;
    let (server, key) = (processes[client.server].server.clone(), client.key);
    let stopwatch = Stopwatch::start();
    let answer = dying(&processes[client.server], async move { server.configure(key).await }).await;
    let (answered, took) = (Instant::now(), stopwatch.elapsed());
    let answer =
        answer.map(|answer| answer.map(|configured| (configured.job.spec().id, configured.repeated)));
    let mut told = Told { client, answer, answered, took, stopped: None };
    if let (Some((pause, server)), Some(id)) = (told.client.stops, told.job()) {
        tokio::time::sleep(pause).await;
        let asked = Instant::now();
        let process = &processes[server];
        let server = process.server.clone();
        let stopped = dying(process, async move { server.jobs.stop(id).await }).await;
        told.stopped = Some((asked, matches!(stopped, Some(Ok(_)))));
    }
    told
}

/// What a server answers; `None` when it dies before.
async fn dying<T: Send + 'static>(
    process: &Process,
    asking: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    if process.server.way.is_deadly() {
        return None;
    }
    tokio::select! {
        biased;
        () = process.server.way.kills_ever() => None,
        answer = process.ask(asking) => Some(answer.unwrap()),
    }
}

/// What of all that clients were told is not true.
fn check(told: &[Told], dead: &[bool], end: &End, max_jobs: u32) -> Vec<String> {
    let End { live, kept } = end;
    let mut wrong = Vec::new();
    let mut wrong_if = |is_wrong: bool, what: String| {
        if is_wrong {
            wrong.push(what);
        }
    };
    for told in told {
        wrong_if(told.took > ANSWER_WITHIN, format!("{told:?} took too long"));
        if let Some(Err(error)) = &told.answer {
            let contracted = match error {
                ConfigureError::Outage(outage) => outage.upstream() == Upstream::Kubernetes,
                ConfigureError::TooManyJobs { max } => *max == max_jobs,
                _ => false,
            };
            wrong_if(!contracted, format!("{error:?} is an answer"));
        }
    }

    // What was told to be there is there, unless somebody asked to stop it; what is known to be stopped is not.
    let started: BTreeSet<_> = told.iter().filter_map(Told::job).collect();
    let of = |id: JobId| told.iter().filter(move |told| told.job() == Some(id));
    for &id in &started {
        let gone = of(id).any(|told| told.stopped.is_some_and(|(_, gone)| gone));
        let kept = of(id).all(|told| told.stopped.is_none());
        wrong_if(kept && !live.contains(&id), format!("{id} is lost"));
        wrong_if(gone && live.contains(&id), format!("{id} is not gone"));
        let first = of(id).filter(|told| matches!(told.answer, Some(Ok((_, false))))).count();
        let keys: BTreeSet<_> = of(id).map(|told| told.client.key).collect();
        wrong_if(first > 1 || keys.len() > 1, format!("{id} is the job of several requests"));
        wrong_if(keys.contains(&None) && of(id).count() > 1, format!("{id} is the job of several requests"));
    }
    // Nobody was told of a job when its server died, or did so before it could look again.
    let unsure = told.iter().filter(|told| told.job().is_none() && dead[told.client.server]).count();
    let untold: Vec<_> = live.difference(&started).filter(|id| !kept.contains(id)).collect();
    wrong_if(untold.len() > unsure, format!("nobody was told of {untold:?}"));
    // Neither the server that started it nor one that has found it for its key can know of the other that it gave up.
    let unsure = told.iter().filter(|told| told.job().is_none() && told.client.key.is_some()).count();
    let untold: Vec<_> = kept.difference(&started).collect();
    wrong_if(2 * untold.len() > unsure, format!("nobody was told of {untold:?}"));

    // One key is one job as long as that lives.
    let mut keys: BTreeMap<_, BTreeSet<JobId>> = BTreeMap::new();
    for told in told {
        if let (Some(key), Some(id)) = (told.client.key, told.job()) {
            keys.entry(key).or_default().insert(id);
        }
    }
    for (key, ids) in keys {
        let kept = ids.iter().filter(|id| of(**id).all(|told| told.stopped.is_none())).count();
        wrong_if(kept > 1, format!("the key {key} stands for {ids:?}"));
    }

    // Each slot once at any time, as far as clients can tell.
    let lives = |id: JobId| {
        let from = of(id).map(|told| told.answered).min().unwrap();
        let to = of(id).filter_map(|told| Some(told.stopped?.0)).min();
        (from, to)
    };
    let overlap = |one: JobId, other: JobId| {
        let ((from, to), (other_from, other_to)) = (lives(one), lives(other));
        to.is_none_or(|to| to > other_from) && other_to.is_none_or(|to| to > from)
    };
    for (nth, &one) in started.iter().enumerate() {
        for &other in started.iter().skip(nth + 1).filter(|other| other.slot == one.slot) {
            wrong_if(overlap(one, other), format!("{one} and {other} at the same time"));
        }
        wrong_if(one.slot > max_jobs, format!("{one} is one too many"));
    }
    let slots: BTreeSet<_> = live.iter().map(|id| id.slot).collect();
    wrong_if(slots.len() < live.len(), "two have the same slot".to_owned());
    wrong
}
