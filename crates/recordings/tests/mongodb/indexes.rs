use std::time::{Duration, Instant};

use focus_recordings::Catalogue as _;
use futures::TryStreamExt as _;
use mongodb::bson::{Document, doc};
use mongodb::{Collection, IndexModel};

use crate::site::{Site, date, recording, seconds};

async fn indexes(collection: &Collection<Document>) -> Vec<(String, bool)> {
    let all: Vec<IndexModel> = collection.list_indexes().await.unwrap().try_collect().await.unwrap();
    let named = all.iter().map(|index| {
        let unique = index.options.as_ref().and_then(|options| options.unique).unwrap_or(false);
        (index.keys.keys().cloned().collect::<Vec<_>>().join(" "), unique)
    });
    let mut named: Vec<_> = named.filter(|(field, _)| field != "_id").collect();
    named.sort();
    named
}

async fn until_there(collection: &Collection<Document>, count: usize) -> Vec<(String, bool)> {
    let asked = Instant::now();
    loop {
        let there = indexes(collection).await;
        if there.len() >= count {
            return there;
        }
        assert!(asked.elapsed() < Duration::from_secs(20), "{there:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_indexes_are_made() {
    let site = Site::new().await;
    site.add(
        site.guid,
        (0..500).map(|at| {
            recording(&format!("r{at}"), date(seconds(at.into())), date(seconds(f64::from(at) + 1.0)))
        }),
    )
    .await;
    let collection = site.database.collection::<Document>(site.guid);
    collection.create_index(IndexModel::builder().keys(doc! { "start_time": 1 }).build()).await.unwrap();
    site.catalogue().await.probe().await.unwrap();
    let there = until_there(&collection, 5).await;
    let wanted = [
        ("deleted", false),
        ("end_time", false),
        ("start_time", false),
        ("start_time end_time deleted", false),
        ("uuid", true),
    ];
    assert_eq!(there, wanted.map(|(field, unique)| (field.to_owned(), unique)));
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_cannot_be_made_is_no_obstacle() {
    let site = Site::new().await;
    // The same uuid twice: it cannot be unique.
    site.add(site.guid, [recording("a", 100, 200), recording("a", 300, 400)]).await;
    let catalogue = site.catalogue().await;
    catalogue.probe().await.unwrap();
    let there = until_there(&site.database.collection(site.guid), 4).await;
    assert_eq!(there.len(), 4, "{there:?}");
    assert_eq!(catalogue.extents(seconds(0.0), seconds(500.0)).await.unwrap().len(), 2);
    site.end().await;
}
