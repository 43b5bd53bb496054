//! Killed at any time.

use std::collections::BTreeMap;
use std::ops::Range;

use futures::future::join_all;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::objects::Objects;
use crate::place::Place;
use crate::server::{Answer, Server, timed};

/// Rounds in each namespace. Few enough that a list of its Jobs stays short, and node ports suffice.
const ROUNDS: u64 = 50;
/// How the clients of each namespace reach their jobs.
const NAMESPACES: [&str; 4] = ["node-port", "cluster-ip", "node-port", "cluster-ip"];
/// Pictures that are asked for in each round. The last has a key, and is asked for twice.
const PICTURES: u64 = 3;
/// The first of them: heights are more than this.
const FIRST: u64 = 100;
/// When a shot comes, in parts of the time that undisturbed answers take: lists grow, and who has just started is slow.
const WHEN: Range<f64> = 0.3..2.0;

/// What all the shots have hit, pictures.
#[derive(Debug, Default)]
struct Tally {
    /// Somebody was told of a job.
    promised: usize,
    /// The machine was too slow for one of the calls.
    refused: usize,
    /// Nothing was created.
    nothing: usize,
    /// A Job without a Service.
    half: usize,
    /// Both, not committed.
    uncommitted: usize,
    /// Both, committed, and nobody was told.
    untold: usize,
    /// Rounds in which any of the last three was left behind.
    struck: usize,
}

/// One namespace after its rounds.
struct Shot {
    namespace: String,
    exposure: &'static str,
    /// Every picture that somebody was told of, with the answer.
    promises: BTreeMap<u64, Value>,
    /// Every picture whose job was committed when its server died.
    committed: Vec<u64>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_time_it_keeps_what_it_promised_and_what_nobody_asked_for_goes() {
    let Some(place) = Place::new().await else { return };
    let seed = std::env::var("FOCUS_TEST_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    println!("FOCUS_TEST_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let (began, mut tally, mut shots) = (Instant::now(), Tally::default(), Vec::new());
    for exposure in NAMESPACES {
        let namespace = place.namespace();
        shots.push(shoot(&place, namespace, exposure, &mut random, &mut tally).await);
    }
    println!("{} shots in {:?}: {tally:?}", ROUNDS * NAMESPACES.len() as u64, began.elapsed());
    assert!(tally.struck > 20, "nearly all shots were too early or too late");
    join_all(shots.iter().map(|shot| settled(&place, shot))).await;
}

/// One server after the other, each killed while it answers.
async fn shoot(
    place: &Place,
    namespace: String,
    exposure: &'static str,
    random: &mut StdRng,
    tally: &mut Tally,
) -> Shot {
    let mut shot = Shot { namespace, exposure, promises: BTreeMap::new(), committed: Vec::new() };
    let mut numbers = (FIRST..).step_by(PICTURES as usize);
    let server = shot.server(place).await;
    let (answers, whole) = timed(ask(&server, numbers.next().unwrap())).await;
    println!("{}: undisturbed answers take {whole:?}", shot.exposure);
    shot.heard(answers, &place.objects(&shot.namespace).await, &mut Tally::default());
    drop(server);
    for _ in 0..ROUNDS {
        let server = shot.server(place).await;
        let answers = tokio::spawn(ask(&server, numbers.next().unwrap()));
        // When it comes is what this is about.
        sleep(whole.mul_f64(random.random_range(WHEN))).await;
        tokio::task::block_in_place(|| drop(server));
        let objects = place.objects(&shot.namespace).await;
        shot.heard(answers.await.unwrap(), &objects, tally);
    }
    shot
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
    async fn server(&self, place: &Place) -> Server {
        let settings = [("FOCUS_KUBERNETES_SERVICE", self.exposure), ("FOCUS_KUBERNETES_SWEEP_PERIOD", "1s")];
        place.server(&self.namespace, &settings).await
    }

    /// Notes what was answered, and what was there when that was over.
    fn heard(&mut self, answers: Vec<(u64, Answer)>, objects: &Objects, tally: &mut Tally) {
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
                refused => {
                    assert!(refused.is_unavailable(), "nothing was wrong, and yet: {refused:?}");
                    too_slow.push(number);
                }
            }
        }
        let mut struck = false;
        for number in pictures {
            let jobs = objects.of(number);
            assert!(jobs.len() <= 1, "{jobs:?}");
            let job = jobs.first();
            if job.is_some_and(|job| job.committed) {
                self.committed.push(number);
            }
            let count = match job {
                _ if self.promises.contains_key(&number) => &mut tally.promised,
                _ if too_slow.contains(&number) => &mut tally.refused,
                None => &mut tally.nothing,
                Some(job) => {
                    struck = true;
                    match (job.services, job.committed) {
                        (0, _) => &mut tally.half,
                        (_, false) => &mut tally.uncommitted,
                        (_, true) => &mut tally.untold,
                    }
                }
            };
            *count += 1;
        }
        tally.struck += usize::from(struck);
    }
}

/// A server is started once more, and soon all is as it was promised.
async fn settled(place: &Place, shot: &Shot) {
    let Shot { namespace, promises, committed, .. } = shot;
    let left = place.objects(namespace).await.uncommitted();
    let server = shot.server(place).await;
    let objects = place.until(namespace, "whole", Objects::are_whole).await;
    for (number, answer) in promises {
        let [job] = objects.of(*number)[..] else { panic!("no single job of picture {number}: {objects:?}") };
        assert_eq!(answer["job_id"], job.id);
        assert_eq!(server.metadata(&job.id).await, *answer);
    }
    for number in committed {
        assert_eq!(objects.of(*number).len(), 1, "the job of picture {number} was committed, and is gone");
    }
    let swept = server.metric("focus_sweep_removed_total{kind=\"job\",reason=\"uncommitted\"}").await;
    let passes = server.metric("focus_sweep_passes_total{result=\"ok\"}").await;
    println!(
        "{namespace}: {} promised, {} whole; {left} were uncommitted, the last server swept {swept} in {passes} passes, left are {}",
        promises.len(),
        objects.jobs.len(),
        objects.uncommitted(),
    );
}
