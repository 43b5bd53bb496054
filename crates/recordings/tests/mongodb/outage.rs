//! Nobody waits for a MongoDB that is not there, and everybody finds it again.

use std::time::{Duration, Instant};

use focus_core::{Outage, Upstream};
use focus_mongodb_node::Node;
use focus_recordings::{Catalogue as _, MongoAddress, MongoCatalogue, MongoMetrics};
use focus_stopwatch::Stopwatch;
use mongodb::Client;
use mongodb::bson::doc;

use crate::link::{Link, Mood};
use crate::site::{BACK_WITHIN, seconds};

/// A client is told within 850 ms, or 950 ms of what it wants to find, by a stopwatch; the rest is this machine's.
const TOLD_WITHIN: Duration = Duration::from_millis(1500);

async fn node() -> Node {
    tokio::task::spawn_blocking(Node::start).await.unwrap()
}

/// After it was stopped or killed.
async fn started_again(mut node: Node) -> Node {
    let started = tokio::task::spawn_blocking(move || {
        node.start_again();
        node
    });
    started.await.unwrap()
}

async fn catalogue(url: &str) -> MongoCatalogue {
    let address = MongoAddress::parse(url, "prisma").unwrap();
    MongoCatalogue::start(&address, vec![], MongoMetrics::default()).await.unwrap()
}

/// With one recording in it, which has no file here.
async fn filled(node: &Node) {
    let database = Client::with_uri_str(node.url()).await.unwrap().database("prisma");
    let base_path = doc! { "base_path": "/data", "guid": "g", "is_archive": false };
    database.collection("base_paths").insert_one(base_path).await.unwrap();
    let recording = doc! { "uuid": "a", "start_time": 100, "end_time": 200, "deleted": false };
    database.collection("g").insert_one(recording).await.unwrap();
}

async fn count(catalogue: &MongoCatalogue) -> Result<usize, Outage> {
    Ok(catalogue.extents(seconds(0.0), seconds(1000.0)).await?.len())
}

/// Asks in every way, and twice: that it is known does not make it slower.
async fn told(catalogue: &MongoCatalogue) -> String {
    let mut last = String::new();
    for _ in 0..2 {
        let stopwatch = Stopwatch::start();
        let answers = tokio::join!(
            async { catalogue.find(seconds(0.0), seconds(9.0)).await.map(drop) },
            async { count(catalogue).await.map(drop) },
            catalogue.probe(),
        );
        let took = stopwatch.elapsed();
        assert!(took < TOLD_WITHIN, "{took:?}");
        for outage in [answers.0, answers.1, answers.2].map(Result::unwrap_err) {
            assert!(matches!(outage, Outage::Unavailable { upstream: Upstream::MongoDb, .. }), "{outage}");
            last = outage.to_string();
        }
    }
    last
}

async fn back(catalogue: &MongoCatalogue) {
    let asked = Instant::now();
    loop {
        let answers = (count(catalogue).await, catalogue.probe().await);
        if answers == (Ok(1), Ok(())) {
            return;
        }
        assert!(asked.elapsed() < BACK_WITHIN, "{answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_and_started_again() {
    let mut node = node().await;
    filled(&node).await;
    let catalogue = catalogue(&node.url()).await;
    back(&catalogue).await;
    node.kill();
    let told = told(&catalogue).await;
    assert_eq!(told, format!("MongoDB unavailable: connection refused ({})", node.address()));
    let _node = started_again(node).await;
    back(&catalogue).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_at_the_beginning() {
    let mut node = node().await;
    filled(&node).await;
    node.stop();
    let catalogue = catalogue(&node.url()).await;
    told(&catalogue).await;
    let _node = started_again(node).await;
    back(&catalogue).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_frozen() {
    let node = node().await;
    filled(&node).await;
    let known = catalogue(&node.url()).await;
    back(&known).await;
    node.freeze();
    let told_first = told(&known).await;
    let new = catalogue(&node.url()).await;
    told(&new).await;
    node.thaw();
    back(&known).await;
    back(&new).await;
    assert!(told_first.starts_with("MongoDB unavailable: "), "{told_first}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_is_silent_or_slow_or_not_mongodbs() {
    let node = node().await;
    filled(&node).await;
    let link = Link::to(node.address()).await;
    let catalogue = catalogue(&format!("mongodb://{}", link.address)).await;
    for mood in [Mood::Mute, Mood::Slow(Duration::from_millis(700)), Mood::Babble] {
        link.set(Mood::Well);
        back(&catalogue).await;
        link.set(mood);
        let stopwatch = Stopwatch::start();
        let outage = count(&catalogue).await.unwrap_err();
        let took = stopwatch.elapsed();
        assert!(took < TOLD_WITHIN, "{mood:?}: {took:?}");
        assert_eq!(outage.upstream(), Upstream::MongoDb, "{mood:?}: {outage}");
    }
    // Slower than usual is no outage.
    link.set(Mood::Slow(Duration::from_millis(50)));
    back(&catalogue).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_gives_up_leaves_nothing_in_the_way() {
    let node = node().await;
    filled(&node).await;
    let catalogue = catalogue(&node.url()).await;
    let mut first = Ok(0);
    // A busy machine may be too slow for one answer, and what is in the way is so each time.
    for _ in 0..3 {
        back(&catalogue).await;
        node.freeze();
        // More than the driver has connections.
        let asked = (0..100).map(|_| tokio::time::timeout(Duration::from_millis(50), count(&catalogue)));
        let answers = futures::future::join_all(asked).await;
        assert!(answers.iter().all(Result::is_err));
        node.thaw();
        back(&self::catalogue(&node.url()).await).await;
        first = count(&catalogue).await;
        if first.is_ok() {
            break;
        }
    }
    assert_eq!(first, Ok(1), "the first who asks again has an answer");
}
