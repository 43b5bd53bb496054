//! Killed at every call that it makes for one request, before it arrives and after it was carried out.

use std::ops::RangeFrom;
use std::time::Duration;

use futures::future::join_all;
use tokio::time::{Instant, sleep};

use crate::objects::Objects;
use crate::place::{PATIENCE, Place};
use crate::proxy::{Moment, Proxy, Stop};
use crate::server::{Answer, Server};

/// Before a server is asked again that a busy machine was too slow for: for a while it says so without asking anybody.
const ASK_AGAIN: Duration = Duration::from_millis(500);
/// What one request with a key asks the API server when all goes well.
const CALLS: [&str; 7] = [
    // Is there a job of this key already, is there room, which slot is free: each from what is there then.
    "GET jobs",
    "GET jobs",
    "GET jobs",
    "POST jobs",
    // Both at once: has anybody else the slot, and the Service.
    "GET jobs",
    "POST services",
    // The commit.
    "PATCH jobs/",
];

/// What goes wrong before the server dies.
struct Misfortune {
    /// The call that is answered 500.
    refused: Option<&'static str>,
    /// What one request then asks after all that it would have asked anyway.
    more: &'static [&'static str],
    /// What it would have asked, and does not.
    less: &'static [&'static str],
}

const MISFORTUNES: [Misfortune; 3] = [
    Misfortune { refused: None, more: &[], less: &[] },
    Misfortune {
        refused: Some("POST services"),
        more: &["GET services/", "DELETE services/", "DELETE jobs/"],
        less: &["PATCH jobs/"],
    },
    Misfortune {
        refused: Some("PATCH jobs/"),
        // Whether it was committed all the same, whether anybody was told of it.
        more: &["GET jobs/", "GET jobs/", "DELETE jobs/", "DELETE services/"],
        less: &[],
    },
];

/// One request that was cut off.
struct Point {
    number: u64,
    key: String,
    call: String,
    stop: Stop,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_call_one_sweep_later_nothing_is_left() {
    let Some(place) = Place::new().await else { return };
    let namespaces = MISFORTUNES.each_ref().map(|_| place.namespace());
    let all = MISFORTUNES.iter().zip(namespaces).map(async |(misfortune, namespace)| {
        let proxy = Proxy::start(&place, &place.home(&namespace)).await;
        misfortune.strikes(&Way { place: &place, namespace, proxy }).await;
    });
    join_all(all).await;
}

/// A deployment whose calls can be stopped.
struct Way<'a> {
    place: &'a Place,
    namespace: String,
    proxy: Proxy,
}

impl Way<'_> {
    /// A server that has swept and will not again.
    async fn server(&self) -> Server {
        drop(self.proxy.plan(None, None));
        let kubeconfig = self.proxy.kubeconfig.to_str().unwrap();
        let settings =
            [("FOCUS_KUBERNETES_KUBECONFIG", kubeconfig), ("FOCUS_KUBERNETES_SWEEP_PERIOD", "60s")];
        let server = self.place.server(&self.namespace, &settings).await;
        server.swept().await;
        server
    }
}

impl Misfortune {
    async fn strikes(&self, way: &Way<'_>) {
        let calls = self.calls(way).await;
        // What comes before was cut off where all went well.
        let first = if self.refused.is_some() { calls.len() - self.more.len() } else { 0 };
        let mut points: Vec<Point> = Vec::new();
        let mut numbers = 200..;
        for call in first..calls.len() {
            for moment in [Moment::Before, Moment::After] {
                let point = self.cut(way, &mut numbers, Stop { call, moment }).await;
                if self.refused.is_none() && point.is_at("PATCH jobs/", Moment::Before) {
                    point.is_not_repeated_yet(way).await;
                }
                points.push(point);
            }
        }
        let left = way.place.until(&way.namespace, "old", Objects::are_old).await;
        assert!(left.uncommitted() <= 10, "more than one pass of the sweep removes");

        let server = way.server().await;
        let objects = way.place.objects(&way.namespace).await;
        assert_eq!(objects.uncommitted(), 0, "{objects:?}");
        let objects = way.place.until(&way.namespace, "whole", Objects::are_whole).await;
        let (deaths, uncommitted) = (points.len(), left.uncommitted());
        println!("refused {:?}: {deaths} deaths left {uncommitted} Jobs uncommitted, now none", self.refused);
        for point in points {
            point.is_as_it_should_be(&objects, &server, way).await;
        }
    }

    /// What a request asks that nobody cuts off.
    async fn calls(&self, way: &Way<'_>) -> Vec<String> {
        let calls = self.calls_in_time(way).await;
        let mut expected: Vec<_> = CALLS.iter().copied().filter(|call| !self.less.contains(call)).collect();
        expected.extend(self.more);
        expected.sort_unstable();
        let mut sorted = calls.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, expected, "{calls:?}");
        calls
    }

    async fn calls_in_time(&self, way: &Way<'_>) -> Vec<String> {
        let began = Instant::now();
        for number in (100..200).take_while(|_| began.elapsed() < PATIENCE) {
            // One that a busy machine was too slow for sweeps again.
            let server = way.server().await;
            drop(way.proxy.plan(self.refused, None));
            let answer = server.configure(number, Some(&format!("key-{number}"))).await;
            match (self.refused, answer) {
                (_, answer) if answer.is_unavailable() => {}
                (None, Answer::Promised(_)) => return way.proxy.calls(),
                (Some(_), Answer::Refused(why)) if why.contains("kubernetes_error") => {
                    return way.proxy.calls();
                }
                (_, answer) => panic!("{answer:?}"),
            }
        }
        panic!("the machine is too slow for {:?}", self.refused);
    }

    /// Kills a server at this call of a request.
    async fn cut(&self, way: &Way<'_>, numbers: &mut RangeFrom<u64>, stop: Stop) -> Point {
        let began = Instant::now();
        for number in numbers.take_while(|_| began.elapsed() < PATIENCE) {
            let server = way.server().await;
            let mut stopped = way.proxy.plan(self.refused, Some(stop));
            let key = format!("key-{number}");
            let mut answer = tokio::spawn(server.configure(number, Some(&key)));
            let early = tokio::select! {
                stopped = &mut stopped => { stopped.unwrap(); None }
                answer = &mut answer => Some(answer.unwrap()),
            };
            let Some(early) = early else {
                tokio::task::block_in_place(|| drop(server));
                if matches!(answer.await.unwrap(), Answer::Nothing) {
                    return Point { number, key, call: way.proxy.calls()[stop.call].clone(), stop };
                }
                // It has lived long enough to give the call up.
                continue;
            };
            assert!(early.is_unavailable(), "{early:?}");
        }
        panic!("the machine is too slow for {stop:?} of {:?}", self.refused);
    }
}

impl Point {
    fn is_at(&self, call: &str, moment: Moment) -> bool {
        self.call == call && self.stop.moment == moment
    }

    /// What it answers to the same request with the same key.
    async fn asked_again(&self, server: &Server) -> Answer {
        let began = Instant::now();
        loop {
            let answer = server.configure(self.number, Some(&self.key)).await;
            if !answer.is_unavailable() || began.elapsed() > PATIENCE {
                return answer;
            }
            sleep(ASK_AGAIN).await;
        }
    }

    /// Its Job has its key until it is swept.
    async fn is_not_repeated_yet(&self, way: &Way<'_>) {
        let server = way.server().await;
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let answer = server.configure(self.number, Some(&self.key)).await;
            assert!(answer.is_unavailable(), "{answer:?}");
            if matches!(answer, Answer::Refused(why) if why.contains("an earlier request with the same key"))
            {
                return;
            }
            sleep(ASK_AGAIN).await;
        }
        panic!("the machine is too slow to be told that {} is not done", self.key);
    }

    /// Its job is there if it was committed, and else can be had with the same key.
    async fn is_as_it_should_be(&self, objects: &Objects, server: &Server, way: &Way<'_>) {
        let Self { number, call, stop, .. } = self;
        let was_committed = self.is_at("PATCH jobs/", Moment::After);
        let kept = objects.of(*number);
        assert_eq!(kept.len(), usize::from(was_committed), "{:?} {call}: {kept:?}", stop.moment);
        let answer = match self.asked_again(server).await {
            Answer::Promised(answer) => answer,
            answer => panic!("{:?} {call}: {answer:?}", stop.moment),
        };
        let objects = way.place.objects(&way.namespace).await;
        let [job] = objects.of(*number)[..] else { panic!("{:?} {call}: {objects:?}", stop.moment) };
        assert_eq!(answer["job_id"], job.id);
        assert!(kept.iter().all(|kept| kept.id == job.id));
    }
}
