//! Killed at any time.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::{join_all, try_join_all};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::objects::Objects;
use crate::place::Place;
use crate::server::{Answer, Server};

/// In each of these many namespaces at once a server is started and killed. How clients reach its jobs.
const EXPOSURES: [&str; 4] = ["node-port", "cluster-ip", "node-port", "cluster-ip"];
/// Shots in each of them; as many again when nearly all were too early or too late.
const ROUNDS: usize = 50;
/// So many shots of all must leave something.
const ENOUGH: usize = 20;
/// Pictures that are asked for in each round. The last has a key, and is asked for twice.
const PICTURES: u64 = 3;
/// The first of them: heights are at least this.
const FIRST: u64 = 100;
/// Rounds without a shot, to know how long answers take: as long as the quickest.
const UNDISTURBED: usize = 3;
/// When a shot comes, in parts of that time: lists grow, and who has just started is slow.
const WHEN: Range<f64> = 0.3..2.6;

/// What a shot has made of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// Somebody was told of a job.
    Promised,
    /// The machine was too slow for one of the calls, and that was told.
    TooSlow,
    /// Nothing was created.
    Nothing,
    /// There is a Job without a Service.
    Half,
    /// There are both, not committed.
    Uncommitted,
    /// There are both, committed, and nobody was told.
    Untold,
}

/// One namespace after its rounds.
struct Shot {
    namespace: String,
    exposure: &'static str,
    /// Every picture that somebody was told of, with the answer.
    promises: BTreeMap<u64, Value>,
    /// Every picture whose job was committed when its server died.
    committed: Vec<u64>,
    /// All pictures of each round.
    fates: Vec<Vec<Fate>>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_time_it_keeps_what_it_promised_and_what_nobody_asked_for_goes() {
    let Some(place) = Place::new().await.map(Arc::new) else { return };
    let seed = std::env::var("FOCUS_TEST_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    println!("FOCUS_TEST_SEED={seed}");
    let mut seeds = StdRng::seed_from_u64(seed);
    let (began, left) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let shots = EXPOSURES.map(|exposure| {
        let shot = Shot::new(place.namespace(), exposure);
        let random = StdRng::from_rng(&mut seeds);
        tokio::spawn(shot.after_all_rounds(Arc::clone(&place), random, Arc::clone(&left)))
    });
    let shots = try_join_all(shots).await.unwrap();
    let rounds: Vec<_> = shots.iter().flat_map(|shot| &shot.fates).collect();
    let mut tally = BTreeMap::<_, usize>::new();
    for fate in rounds.iter().copied().flatten() {
        *tally.entry(fate).or_default() += 1;
    }
    let left = left.load(Ordering::Relaxed);
    println!("{} shots in {:?}, {left} left something: {tally:?}", rounds.len(), began.elapsed());
    assert!(left > ENOUGH, "nearly all shots were too early or too late");
    join_all(shots.iter().map(|shot| shot.settles(&place))).await;
}

/// The answers to all requests of a round, by picture; all are made at once.
fn ask(server: &Server, first: u64) -> impl Future<Output = Vec<(u64, Answer)>> + Send + use<> {
    let (last, key) = (first + PICTURES - 1, format!("key-{first}"));
    let asked: Vec<_> = (first..=last)
        .chain([last])
        .map(|number| (number, server.configure(number, (number == last).then_some(key.as_str()))))
        .collect();
    join_all(asked.into_iter().map(async |(number, answer)| (number, answer.await)))
}

impl Shot {
    fn new(namespace: String, exposure: &'static str) -> Self {
        let (promises, committed, fates) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { namespace, exposure, promises, committed, fates }
    }

    async fn server(&self, place: &Place) -> Server {
        let settings = [("FOCUS_KUBERNETES_SERVICE", self.exposure), ("FOCUS_KUBERNETES_SWEEP_PERIOD", "1s")];
        place.server(&self.namespace, &settings).await
    }

    /// One server after the other, each killed while it answers.
    async fn after_all_rounds(
        mut self,
        place: Arc<Place>,
        mut random: StdRng,
        left: Arc<AtomicUsize>,
    ) -> Self {
        let mut pictures = (FIRST..).step_by(PICTURES as usize);
        let server = self.server(&place).await;
        let mut whole = Duration::MAX;
        for _ in 0..UNDISTURBED {
            let asked = Instant::now();
            let answers = ask(&server, pictures.next().unwrap()).await;
            whole = whole.min(asked.elapsed());
            self.hear(answers, &place.objects(&self.namespace).await);
        }
        println!("{}: undisturbed answers take {whole:?}", self.namespace);
        tokio::task::block_in_place(|| drop(server));
        self.fates.clear();
        let is_enough = || left.load(Ordering::Relaxed) > ENOUGH;
        while self.fates.len() < ROUNDS || (self.fates.len() < 2 * ROUNDS && !is_enough()) {
            let server = self.server(&place).await;
            let answers = tokio::spawn(ask(&server, pictures.next().unwrap()));
            // When it comes is what this is about.
            sleep(whole.mul_f64(random.random_range(WHEN))).await;
            tokio::task::block_in_place(|| drop(server));
            let objects = place.objects(&self.namespace).await;
            self.hear(answers.await.unwrap(), &objects);
            let leaves = self.fates.last().is_some_and(|round| round.iter().any(|fate| *fate >= Fate::Half));
            left.fetch_add(usize::from(leaves), Ordering::Relaxed);
        }
        self
    }

    /// Notes what was answered in a round, and what was there after it.
    fn hear(&mut self, answers: Vec<(u64, Answer)>, objects: &Objects) {
        let mut pictures: Vec<_> = answers.iter().map(|(number, _)| *number).collect();
        pictures.dedup();
        let mut too_slow = Vec::new();
        for (number, answer) in answers {
            match answer {
                Answer::Promised(answer) => {
                    let told = self.promises.entry(number).or_insert_with(|| answer.clone());
                    assert_eq!(*told, answer, "the same key is the same job");
                }
                Answer::Nothing => {}
                refused @ Answer::Refused(_) => {
                    assert!(refused.is_unavailable(), "nothing was wrong, and yet: {refused:?}");
                    too_slow.push(number);
                }
            }
        }
        let mut fates = Vec::new();
        for number in pictures {
            let jobs = objects.of(number);
            assert!(jobs.len() <= 1, "{jobs:?}");
            let job = jobs.first();
            if job.is_some_and(|job| job.committed) {
                self.committed.push(number);
            }
            fates.push(match job {
                _ if self.promises.contains_key(&number) => Fate::Promised,
                _ if too_slow.contains(&number) => Fate::TooSlow,
                None => Fate::Nothing,
                Some(job) if job.services == 0 => Fate::Half,
                Some(job) if !job.committed => Fate::Uncommitted,
                Some(_) => Fate::Untold,
            });
        }
        self.fates.push(fates);
    }

    /// A server is started once more, and soon all is as it was promised.
    async fn settles(&self, place: &Place) {
        let Self { namespace, promises, committed, .. } = self;
        let left = place.objects(namespace).await.uncommitted();
        let server = self.server(place).await;
        let objects = place.until(namespace, "whole", Objects::are_whole).await;
        for (number, answer) in promises {
            let [job] = objects.of(*number)[..] else {
                panic!("no single job of picture {number}: {objects:?}")
            };
            assert_eq!(answer["job_id"], job.id);
            assert_eq!(server.metadata(&job.id).await, *answer);
        }
        for number in committed {
            let kept = objects.of(*number).len();
            assert_eq!(kept, 1, "the job of picture {number} was committed: {objects:?}");
        }
        let (promised, whole, uncommitted) = (promises.len(), objects.jobs.len(), objects.uncommitted());
        println!(
            "{namespace}: {promised} promised, {whole} whole; uncommitted before {left}, now {uncommitted}"
        );
    }
}
