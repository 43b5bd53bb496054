//! A catalogue that is closed leaves nothing at work that the end of its runtime could surprise.

use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use focus_mongodb_node::Node;
use focus_recordings::{Catalogue as _, MongoAddress, MongoCatalogue, MongoMetrics};
use futures::future::join_all;
use mongodb::Client;
use mongodb::bson::doc;
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;

use crate::site::seconds;

/// Longest that closing may take on a busy machine; in fact half a second.
const CLOSED_WITHIN: Duration = Duration::from_secs(10);

/// Counts the panics of this process, on whatever thread and task.
fn panics() -> Arc<AtomicUsize> {
    let (count, told) = (Arc::<AtomicUsize>::default(), panic::take_hook());
    let counter = count.clone();
    panic::set_hook(Box::new(move |panic| {
        counter.fetch_add(1, Ordering::SeqCst);
        told(panic);
    }));
    count
}

/// With one collection of recordings that has no indexes, so that whoever lists it begins to make them.
fn filled(node: &Node, database: &str) {
    Runtime::new().unwrap().block_on(async {
        let client = Client::with_uri_str(node.url()).await.unwrap();
        let base_path = doc! { "base_path": "/data", "guid": "g", "is_archive": false };
        client.database(database).collection("base_paths").insert_one(base_path).await.unwrap();
        client.shutdown().await;
    });
}

async fn catalogue(node: &Node, database: &str) -> MongoCatalogue {
    let address = MongoAddress::parse(&node.url(), database).unwrap();
    MongoCatalogue::start(&address, vec![], MongoMetrics::default()).await.unwrap()
}

async fn asked(catalogue: &MongoCatalogue) {
    let begun = Instant::now();
    while let Err(outage) = catalogue.extents(seconds(0.0), seconds(9.0)).await {
        assert!(begun.elapsed() < CLOSED_WITHIN, "{outage}");
    }
}

async fn closed(catalogue: &MongoCatalogue) {
    tokio::time::timeout(CLOSED_WITHIN, catalogue.close()).await.unwrap();
}

#[test]
fn nothing_is_left_at_work_though_indexes_were_being_made() {
    let (node, panics) = (Node::start(), panics());
    for round in 0..20 {
        let database = format!("prisma{round}");
        filled(&node, &database);
        let runtime = Runtime::new().unwrap();
        runtime.block_on(async {
            let catalogue = catalogue(&node, &database).await;
            asked(&catalogue).await;
            closed(&catalogue).await;
            let begun = Instant::now();
            // What was told to end is gone when its thread comes to it.
            while runtime.metrics().num_alive_tasks() > 0 {
                assert!(begun.elapsed() < CLOSED_WITHIN, "{}", runtime.metrics().num_alive_tasks());
                sleep(Duration::from_millis(1)).await;
            }
            let told = catalogue.probe().await.unwrap_err().to_string();
            assert_eq!(told, "MongoDB unavailable: the catalogue is closed");
        });
    }
    assert_eq!(panics.load(Ordering::SeqCst), 0);
}

#[test]
fn the_runtime_may_end_at_once() {
    let (node, panics) = (Node::start(), panics());
    filled(&node, "prisma");
    for _ in 0..30 {
        // Each catalogue that is only dropped panics in one of a hundred ends of so many threads.
        let runtime = Builder::new_multi_thread().worker_threads(8).enable_all().build().unwrap();
        runtime.block_on(async {
            let used = async || {
                let catalogue = catalogue(&node, "prisma").await;
                asked(&catalogue).await;
                catalogue
            };
            let catalogues = join_all((0..16).map(|_| used())).await;
            join_all(catalogues.iter().map(closed)).await;
        });
    }
    assert_eq!(panics.load(Ordering::SeqCst), 0);
}

#[test]
fn a_frozen_server_keeps_nobody() {
    let (node, panics) = (Node::start(), panics());
    filled(&node, "prisma");
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let catalogue = catalogue(&node, "prisma").await;
        asked(&catalogue).await;
        node.freeze();
        catalogue.probe().await.unwrap_err();
        closed(&catalogue).await;
    });
    drop(runtime);
    node.thaw();
    assert_eq!(panics.load(Ordering::SeqCst), 0);
}
