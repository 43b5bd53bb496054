use jiff::ToSpan as _;
use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_800_000_000;

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

/// A whole job of this age, seconds, with what `change` says.
fn job(age: i64, change: Value) -> SeenJob {
    let mut job = json!({
        "metadata": {
            "name": "grpc-job-1-7", "uid": "job", "resourceVersion": "9",
            "creationTimestamp": (now() - age.seconds()).to_string(),
            "labels": {"focus-server/job-id": "1-7"},
            "annotations": {"focus-server/attempt": "attempt"},
            "managedFields": [{"manager": "focus-server"}],
        },
        "spec": {"parallelism": 1, "template": {}},
    });
    merge(&mut job, change);
    SeenJob::of(serde_json::from_value(job).unwrap()).unwrap()
}

fn service(owner: &Value) -> SeenService {
    let service = json!({
        "metadata": {
            "name": "grpc-service-1-7", "uid": "service", "labels": {"focus-server/job-id": "1-7"},
            "ownerReferences": owner,
        },
    });
    SeenService::of(serde_json::from_value(service).unwrap()).unwrap()
}

fn owned_by(uid: &str) -> SeenService {
    service(&json!([{"apiVersion": "batch/v1", "kind": "Job", "name": "grpc-job-1-7", "uid": uid}]))
}

fn merge(into: &mut Value, change: Value) {
    match (into, change) {
        (Value::Object(into), Value::Object(change)) => {
            for (name, change) in change {
                merge(into.entry(name).or_insert(Value::Null), change);
            }
        }
        (into, change) => *into = change,
    }
}

fn finished(ago: i64) -> Value {
    let when = (now() - ago.seconds()).to_string();
    json!({"status": {"conditions": [{"type": "Complete", "status": "True", "lastTransitionTime": when}]}})
}

fn suspects(doubtful: bool, stuck: bool) -> Suspects {
    let set = |is_one: bool, name: &str| is_one.then(|| name.to_owned()).into_iter().collect();
    Suspects { doubtful: set(doubtful, "attempt"), stuck: set(stuck, "job") }
}

/// Why the only job is swept.
fn reason(job: SeenJob, services: Vec<SeenService>, suspects: &Suspects) -> Option<Reason> {
    match litter(services, &[job], suspects, now(), GRACE).as_slice() {
        [] => None,
        [Litter::Job(_, reason)] => Some(*reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_reason_has_its_time() {
    let inert = json!({"spec": {"parallelism": 0}});
    let none = suspects(false, false);
    let cases = [
        (job(10, inert.clone()), Vec::new(), &none, None),
        (job(11, inert.clone()), Vec::new(), &none, Some(Reason::Uncommitted)),
        // With or without the Service that it may have by then.
        (job(11, inert.clone()), vec![owned_by("job")], &none, Some(Reason::Uncommitted)),
        (job(10, json!({})), Vec::new(), &none, None),
        (job(11, json!({})), Vec::new(), &none, Some(Reason::Half)),
        (job(1_000_000, json!({})), vec![owned_by("job")], &none, None),
        (job(1_000_000, json!({})), vec![owned_by("job")], &suspects(false, true), Some(Reason::Stuck)),
        (job(5, json!({})), vec![owned_by("job")], &suspects(false, true), None),
        (job(1000, finished(150)), vec![owned_by("job")], &none, None),
        (job(1000, finished(151)), vec![owned_by("job")], &none, Some(Reason::Finished)),
        (job(1000, finished(10)), Vec::new(), &none, None),
        // In doubt it is swept at once, committed or not, whole or not ..
        (job(0, inert.clone()), Vec::new(), &suspects(true, false), Some(Reason::Doubtful)),
        (job(0, json!({})), vec![owned_by("job")], &suspects(true, false), Some(Reason::Doubtful)),
        // .. unless there is nobody in doubt about it.
        (
            job(1000, json!({"metadata": {"annotations": {"focus-server/kept": "true"}}})),
            vec![owned_by("job")],
            &suspects(true, false),
            None,
        ),
        (
            job(0, json!({"metadata": {"annotations": {"focus-server/attempt": "another"}}})),
            Vec::new(),
            &suspects(true, false),
            None,
        ),
        // The server's clock is behind, or the cluster says nothing.
        (job(-1000, inert.clone()), Vec::new(), &none, None),
        (
            job(0, json!({"metadata": {"creationTimestamp": null}, "spec": {"parallelism": 0}})),
            Vec::new(),
            &none,
            Some(Reason::Uncommitted),
        ),
    ];
    for (nth, (job, services, suspects, expected)) in cases.into_iter().enumerate() {
        assert_eq!(reason(job, services, suspects), expected, "case {nth}");
    }
}

#[test]
fn what_goes_already_is_let_go_and_what_is_whole_is_left_alone_whatever_else_there_is() {
    for flags in 0..1_u32 << 7 {
        let is = |flag: u32| flags & 1 << flag != 0;
        let (committed, served, done, leaving, doubtful, stuck, old) =
            (is(0), is(1), is(2), is(3), is(4), is(5), is(6));
        let mut change = json!({"spec": {"parallelism": i32::from(committed)}});
        if done {
            merge(&mut change, finished(if old { 1000 } else { 1 }));
        }
        if leaving {
            merge(&mut change, json!({"metadata": {"deletionTimestamp": now().to_string()}}));
        }
        let services = if served { vec![owned_by("job")] } else { Vec::new() };
        let job = job(if old { 2000 } else { 2 }, change);
        let reason = reason(job, services, &suspects(doubtful, stuck));
        let whole = committed && served && !stuck && !done;
        if leaving || (!doubtful && (whole || !old)) {
            assert_eq!(reason, None, "{flags:b}");
        } else {
            assert!(reason.is_some(), "{flags:b}");
        }
    }
}

#[test]
fn a_service_is_swept_without_its_job_however_young() {
    let none = suspects(false, false);
    let swept = |services: Vec<SeenService>, jobs: Vec<SeenJob>| {
        let litter = litter(services, &jobs, &none, now(), GRACE);
        litter.iter().filter(|litter| matches!(litter, Litter::Service(_))).count()
    };
    assert_eq!(swept(vec![owned_by("another")], vec![job(0, json!({}))]), 1);
    assert_eq!(swept(vec![service(&Value::Null)], vec![job(0, json!({}))]), 1);
    assert_eq!(swept(vec![owned_by("job")], Vec::new()), 1);
    for change in [json!({}), json!({"spec": {"parallelism": 0}}), finished(1000)] {
        assert_eq!(swept(vec![owned_by("job")], vec![job(1000, change)]), 0);
    }
}

#[test]
fn jobs_go_before_services() {
    let inert = job(1000, json!({"spec": {"parallelism": 0}}));
    let found = litter(
        vec![owned_by("a"), owned_by("b")],
        &[inert.clone(), inert],
        &Suspects::default(),
        now(),
        GRACE,
    );
    let kinds: Vec<_> = found.iter().map(|litter| matches!(litter, Litter::Job(..))).collect();
    assert_eq!(kinds, [true, true, false, false]);
}

/// Servers that want the same slot, or have the same key, and somebody who writes to their Jobs: every way in which
/// their steps can follow each other is tried.
mod rivals {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Next {
        Look,
        Create,
        LookAgain,
        Commit,
        Undo,
        Done,
    }

    #[derive(Clone)]
    struct Server {
        next: Next,
        /// As it was when it was created, or looked at.
        mine: Option<SeenJob>,
    }

    #[derive(Clone)]
    struct World {
        servers: Vec<Server>,
        jobs: Vec<SeenJob>,
        version: u64,
        /// Writes that are still to come.
        touches: usize,
        /// A job of its own for each, or the same slot for all.
        share: Share,
    }

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Share {
        Slot,
        Key,
    }

    /// Where it came to, each only once however many ways lead there.
    #[derive(Debug, Default)]
    struct Reached {
        worlds: BTreeSet<String>,
        ends_with_a_job: usize,
        ends_without: usize,
    }

    impl World {
        fn new(servers: usize, touches: usize, share: Share) -> Self {
            let servers = vec![Server { next: Next::Look, mine: None }; servers];
            Self { servers, jobs: Vec::new(), version: 0, touches, share }
        }

        fn created(&mut self, nth: usize) -> SeenJob {
            self.version += 1;
            let slot = if self.share == Share::Slot { 1 } else { nth + 1 };
            let id = format!("{slot}-{}", nth + 100);
            let mut change = json!({
                "metadata": {
                    "name": format!("grpc-job-{id}"), "uid": format!("{nth}"),
                    "resourceVersion": self.version.to_string(), "labels": {"focus-server/job-id": id},
                },
                "spec": {"parallelism": 0},
            });
            if self.share == Share::Key {
                let key = json!({
                    "labels": {"focus-server/key": "k"}, "annotations": {"focus-server/request": "r"},
                });
                merge(&mut change, json!({"metadata": key}));
            }
            job(0, change)
        }

        fn step(&mut self, nth: usize) {
            let server = self.servers[nth].clone();
            let is_mine = |job: &SeenJob| server.mine.as_ref().is_some_and(|mine| mine.uid == job.uid);
            let next = match server.next {
                // One that is there already is not fought with.
                Next::Look if !self.jobs.is_empty() => Next::Done,
                Next::Look => Next::Create,
                Next::Create => {
                    let mine = self.created(nth);
                    self.jobs.push(mine.clone());
                    self.servers[nth].mine = Some(mine);
                    Next::LookAgain
                }
                Next::LookAgain => {
                    let mine = server.mine.as_ref().unwrap();
                    if self.jobs.iter().any(|other| gives_way(mine, other)) {
                        Next::Undo
                    } else {
                        Next::Commit
                    }
                }
                Next::Commit => {
                    self.version += 1;
                    let job = self.jobs.iter_mut().find(|job| is_mine(job)).unwrap();
                    (job.committed, job.version) = (true, Some(self.version));
                    Next::Done
                }
                Next::Undo => {
                    self.jobs.retain(|job| !is_mine(job));
                    Next::Done
                }
                Next::Done => unreachable!(),
            };
            self.servers[nth].next = next;
        }

        fn touch(&mut self, nth: usize) {
            self.version += 1;
            self.touches -= 1;
            let job = &mut self.jobs[nth];
            (job.touched, job.version) = (true, Some(self.version));
        }

        /// One server creates its Job without hearing of it, and reads it afterwards.
        fn read(&mut self, nth: usize) {
            let uid = self.servers[nth].mine.as_ref().map(|mine| mine.uid.clone());
            let there = self.jobs.iter().find(|job| Some(&job.uid) == uid.as_ref()).cloned();
            self.servers[nth].mine = there;
        }

        fn summary(&self) -> String {
            let servers = self.servers.iter().map(|server| {
                format!("{:?} {:?}", server.next, server.mine.as_ref().and_then(|mine| mine.version))
            });
            let jobs = self
                .jobs
                .iter()
                .map(|job| format!("{} {:?} {} {}", job.uid, job.version, job.touched, job.committed));
            servers.chain(jobs).chain([self.touches.to_string()]).collect::<Vec<_>>().join("/")
        }

        fn every_way(&self, reached: &mut Reached) {
            if !reached.worlds.insert(self.summary()) {
                return;
            }
            let committed = self.jobs.iter().filter(|job| job.committed).count();
            assert!(committed <= 1, "{:?}: {:?}", self.share, self.jobs);
            let mut is_over = true;
            for (nth, server) in self.servers.iter().enumerate() {
                if server.next != Next::Done {
                    is_over = false;
                    let mut world = self.clone();
                    world.step(nth);
                    world.every_way(reached);
                }
            }
            if is_over {
                reached.ends_with_a_job += committed;
                reached.ends_without += 1 - committed;
                return;
            }
            if self.touches == 0 {
                return;
            }
            for nth in 0..self.jobs.len() {
                let mut world = self.clone();
                world.touch(nth);
                world.every_way(reached);
                // Of this write the server may know, when it reads what it has created.
                for nth in 0..world.servers.len() {
                    if world.servers[nth].next == Next::LookAgain {
                        let mut world = world.clone();
                        world.read(nth);
                        world.every_way(reached);
                    }
                }
            }
        }
    }

    #[test]
    fn never_go_on_together_and_one_always_does() {
        for share in [Share::Slot, Share::Key] {
            for servers in [2, 3] {
                let mut reached = Reached::default();
                World::new(servers, 0, share).every_way(&mut reached);
                assert!(reached.ends_with_a_job > 1 && reached.ends_without == 0, "{servers}: {reached:?}");
            }
        }
    }

    #[test]
    fn never_go_on_together_even_when_somebody_else_writes_to_their_jobs() {
        for share in [Share::Slot, Share::Key] {
            for (servers, touches) in [(2, 2), (3, 1)] {
                let mut reached = Reached::default();
                World::new(servers, touches, share).every_way(&mut reached);
                // In doubt both give way, and try again.
                assert!(reached.ends_with_a_job > reached.ends_without, "{servers}: {reached:?}");
                assert!(reached.ends_without > 0, "{servers}: {reached:?}");
            }
        }
    }

    #[test]
    fn are_those_of_the_same_slot_or_key_that_live() {
        let mine = World::new(1, 0, Share::Slot).created(0);
        let rival = |change: Value| {
            let mut rival =
                json!({"metadata": {"uid": "rival", "resourceVersion": "1"}, "spec": {"parallelism": 0}});
            merge(&mut rival, change);
            gives_way(&mine, &job(0, rival))
        };
        let version = |version: &str| json!({"metadata": {"resourceVersion": version}});
        assert!(rival(json!({})) && rival(version("0")) && rival(version("opaque")));
        assert!(!rival(version("2")) && !rival(version("10")), "it was created later, and gives way itself");
        assert!(rival(json!({"metadata": {"resourceVersion": "2"}, "spec": {"parallelism": 1}})));
        let writers = json!([{"manager": "focus-server"}, {"manager": "kubectl"}]);
        assert!(rival(json!({"metadata": {"resourceVersion": "2", "managedFields": writers}})));
        assert!(!rival(
            json!({"metadata": {"name": "grpc-job-2-7", "labels": {"focus-server/job-id": "2-7"}}})
        ));
        assert!(!rival(json!({"metadata": {"deletionTimestamp": now().to_string()}})));
        assert!(!rival(finished(0)));
        assert!(!gives_way(&mine, &mine));
    }
}
