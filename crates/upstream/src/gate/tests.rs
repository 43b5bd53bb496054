use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use prometheus_client::registry::Registry;
use tokio::time::Instant;

use super::*;

const DEADLINE: Duration = Duration::from_millis(600);
const UP: u8 = 0;
const REFUSES: u8 = 1;
const SILENT: u8 = 2;
const PANICS: u8 = 3;

/// An upstream that does as it is told: stands in for any, of which each adapter is tested with the real one.
#[derive(Clone)]
struct Fake {
    mode: Arc<AtomicU8>,
    asked: Arc<AtomicUsize>,
    deadline: Duration,
}

impl Default for Fake {
    fn default() -> Self {
        Self { mode: Arc::default(), asked: Arc::default(), deadline: DEADLINE }
    }
}

impl Fake {
    fn turn(&self, mode: u8) {
        self.mode.store(mode, Ordering::Relaxed);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    fn probe(&self) -> Probe {
        let fake = self.clone();
        Probe::new(Upstream::RabbitMq, self.deadline, move || {
            fake.asked.fetch_add(1, Ordering::Relaxed);
            let mode = fake.mode.load(Ordering::Relaxed);
            Box::pin(async move {
                tokio::time::sleep(Duration::from_millis(1)).await;
                match mode {
                    UP => Ok(()),
                    REFUSES => Err(refused()),
                    SILENT => std::future::pending().await,
                    _ => panic!("a bug of the client"),
                }
            })
        })
    }
}

fn refused() -> Outage {
    Outage::Unavailable { upstream: Upstream::RabbitMq, reason: "connection refused".to_owned() }
}

async fn gate(fake: &Fake, wake: Option<Wake>) -> (Gate, Registry) {
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry);
    (Gate::start(fake.probe(), &metrics, wake).await, registry)
}

fn text(registry: &Registry) -> String {
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, registry).unwrap();
    text
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_any_kind_is_seen_and_so_is_its_end() {
    let fake = Fake::default();
    let (gate, registry) = gate(&fake, None).await;
    assert!(gate.state().up, "the first probe is done when the gate is there");
    for (kind, reason) in
        [(REFUSES, "connection refused"), (SILENT, "no answer within 600 ms"), (PANICS, "its client failed")]
    {
        fake.turn(kind);
        tokio::time::sleep(Duration::from_millis(1700)).await;
        let state = gate.state();
        assert!(!state.up && state.last_error.unwrap().to_string().contains(reason), "{reason}");
        assert!(text(&registry).contains("focus_upstream_up{upstream=\"rabbitmq\"} 0\n"));
        fake.turn(UP);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(gate.state().up);
        assert!(text(&registry).contains("focus_upstream_up{upstream=\"rabbitmq\"} 1\n"));
    }
    let before = fake.asked();
    drop(gate);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(fake.asked(), before, "a gate that is gone probes no more");
}

#[tokio::test(start_paused = true)]
async fn what_was_ended_asks_no_more() {
    let fake = Fake::default();
    let (gate, _registry) = gate(&fake, None).await;
    tokio::time::sleep(3 * PERIOD_UP).await;
    let asked = fake.asked();
    assert!(asked > 2, "it asks by itself");
    // In the middle of a call.
    fake.turn(SILENT);
    while fake.asked() == asked {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    gate.end().await;
    tokio::time::sleep(3 * PERIOD_UP).await;
    assert_eq!(fake.asked(), asked + 1);
}

#[tokio::test(start_paused = true)]
async fn up_is_never_trusted() {
    let fake = Fake::default();
    let (gate, _registry) = gate(&fake, None).await;
    let before = fake.asked();
    assert_eq!(gate.require().await, Ok(()));
    assert_eq!(fake.asked(), before + 1, "each request makes a round trip of its own");
    fake.turn(REFUSES);
    assert_eq!(gate.require().await, Err(refused()));
    assert!(!gate.state().up, "what a request finds is known to all");
}

#[tokio::test(start_paused = true)]
async fn a_known_outage_is_answered_at_once_however_long_it_lasts() {
    // An upstream that takes its time is known to be down while it is probed again, too.
    for (kind, deadline) in [(REFUSES, 600), (SILENT, 600), (SILENT, 900), (SILENT, 3000)] {
        let fake = Fake { deadline: Duration::from_millis(deadline), ..Fake::default() };
        let (gate, _registry) = gate(&fake, None).await;
        fake.turn(kind);
        assert!(gate.require().await.is_err());
        for _ in 0..2000 {
            tokio::time::sleep(Duration::from_millis(7)).await;
            let asked = Instant::now();
            assert!(gate.require().await.is_err());
            assert_eq!(asked.elapsed(), Duration::ZERO, "kind {kind}, {deadline} ms");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_old_outage_is_not_used_and_all_who_ask_share_one_probe() {
    let fake = Fake::default();
    let (gate, _registry) = gate(&fake, None).await;
    fake.turn(REFUSES);
    assert!(gate.require().await.is_err());
    // As after a suspension of the machine: the monitor has not run meanwhile.
    gate.shared.newest.send_modify(|newest| newest.known -= gate.shared.fresh() * 2);
    fake.turn(UP);
    let before = fake.asked();
    let all = futures::future::join_all((0..100).map(|_| gate.require())).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert!(fake.asked() <= before + 2, "{} probes", fake.asked() - before);
}

#[tokio::test(start_paused = true)]
async fn whoever_knows_of_a_change_can_tell() {
    let (fake, wake) = (Fake::default(), Wake::default());
    let (gate, _registry) = gate(&fake, Some(Arc::clone(&wake))).await;
    for (mode, up) in [(REFUSES, false), (UP, true)] {
        fake.turn(mode);
        wake.notify_one();
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(gate.state().up, up);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_earlier_does_not_undo_what_was_asked_later() {
    let fake = Fake::default();
    let (gate, _registry) = gate(&fake, None).await;
    fake.turn(SILENT);
    let early = tokio::spawn({
        let gate = gate.clone();
        async move { gate.require().await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    fake.turn(UP);
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(gate.require().await, Ok(()));
    assert!(early.await.unwrap().is_err());
    assert!(gate.state().up, "the later answer stands");
}

#[tokio::test(start_paused = true)]
async fn a_call_can_be_the_round_trip() {
    let fake = Fake::default();
    let (gate, _registry) = gate(&fake, None).await;
    let before = fake.asked();
    assert_eq!(gate.pass(async { Ok(7) }).await, Ok(7));
    assert_eq!(fake.asked(), before, "nothing is asked twice");

    let reason = "not for you".to_owned();
    let denied = Outage::Refused { upstream: Upstream::RabbitMq, reason };
    assert_eq!(gate.pass(async { Err::<(), _>(denied.clone()) }).await, Err(denied));
    assert!(gate.state().up, "what one may not do tells nothing of others");

    fake.turn(REFUSES);
    assert_eq!(gate.pass(async { Err::<(), _>(refused()) }).await, Err(refused()));
    assert!(!gate.state().up, "what a call finds is known to all");
    let called = gate.pass(async { panic!("in a known outage nothing is called") });
    assert_eq!(called.await, Err::<(), _>(refused()));

    fake.turn(UP);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(gate.pass(async { Ok(()) }).await, Ok(()));
}
