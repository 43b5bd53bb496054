use std::collections::BTreeSet;

use focus_recordings::{Catalogue as _, Extent};
use jiff::{SignedDuration, Timestamp};
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, doc};

use crate::site::{Site, date, recording, seconds};

fn extent(start: f64, end: f64, ongoing: bool) -> Extent {
    Extent { start: seconds(start), end: seconds(end), ongoing }
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_of_all_base_paths_are_found_as_sites_write_them() {
    let site = Site::new().await;
    site.add("base_paths", [doc! { "base_path": "/data/archive", "guid": "old", "is_archive": true }]).await;
    let start = 1_600_000_000.0;
    let at = |offset: f64| date(seconds(start + offset));
    let as_binary = Binary { subtype: BinarySubtype::Uuid, bytes: vec![7; 16] };
    site.add(
        site.guid,
        [
            recording("a", at(0.0), at(60.0)),
            recording("b", start + 60.25, Bson::Int64(start as i64 + 120)),
            recording("c", Bson::Int32(start as i32 + 120), start + 180.5),
            doc! { "uuid": as_binary, "start_time": at(200.0) },
            recording("d", at(210.0), Bson::Null),
            doc! { "uuid": "gone", "start_time": at(0.0), "end_time": at(300.0), "deleted": true },
        ],
    )
    .await;
    site.add("old", [recording("e", at(-600.0), at(-300.0))]).await;
    site.add(&site.unrecognized(), [recording("x", at(0.0), at(300.0))]).await;

    let catalogue = site.catalogue().await;
    let found = catalogue.extents(seconds(start - 1000.0), seconds(start + 1000.0)).await.unwrap();
    let until = start + 1000.0;
    assert_eq!(
        found,
        [
            extent(start - 600.0, start - 300.0, false),
            extent(start, start + 60.0, false),
            extent(start + 60.25, start + 120.0, false),
            extent(start + 120.0, start + 180.5, false),
            extent(start + 200.0, until, true),
            extent(start + 210.0, until, true),
        ]
    );
    assert_eq!(site.metrics.documents_skipped(), 0);
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn to_touch_is_not_to_share_time() {
    let site = Site::new().await;
    site.add(
        site.guid,
        [recording("a", date(seconds(100.0)), date(seconds(200.0))), recording("b", 300.5, 400.5)],
    )
    .await;
    let catalogue = site.catalogue().await;
    let count = async |from: f64, to: f64| catalogue.extents(seconds(from), seconds(to)).await.unwrap().len();
    assert_eq!(count(0.0, 100.0).await, 0);
    assert_eq!(count(0.0, 100.000_001).await, 1);
    assert_eq!(count(200.0, 300.5).await, 0);
    assert_eq!(count(199.999_999, 300.500_001).await, 2);
    assert_eq!(count(150.0, 160.0).await, 1);
    assert_eq!(count(400.5, 1e9).await, 0);
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_range_finds_what_shares_time_with_it_and_nothing_else() {
    let site = Site::new().await;
    // Dates and numbers, finished and not, deleted and not, in every combination and all lengths.
    let mut expected = Vec::new();
    let documents = (0..120_i32).map(|number| {
        let (start, end) = (1000 + number * 37 % 500, 1000 + number * 37 % 500 + 1 + number * 13 % 90);
        let time = |seconds: i32| match number % 4 {
            0 => Bson::DateTime(date(Timestamp::from_second(seconds.into()).unwrap())),
            1 => Bson::Int32(seconds),
            2 => Bson::Int64(seconds.into()),
            _ => Bson::Double(seconds.into()),
        };
        let (ongoing, deleted) = (number % 10 == 9, number % 7 == 6);
        let mut document = recording(&format!("r{number}"), time(start), time(end));
        document.insert("deleted", deleted);
        if ongoing {
            document.remove("end_time");
        }
        if !deleted {
            expected.push((start, if ongoing { i32::MAX } else { end }));
        }
        document
    });
    let documents: Vec<_> = documents.collect();
    site.add(site.guid, documents).await;
    let catalogue = site.catalogue().await;
    for from in (980..1600).step_by(11) {
        let to = from + 1 + from % 60;
        let found = catalogue.extents(seconds(from.into()), seconds(to.into())).await.unwrap();
        let mut found: Vec<_> = found.iter().map(|found| found.start.as_second() as i32).collect();
        let shares = expected.iter().filter(|(start, end)| *start < to && *end > from);
        let mut wanted: Vec<_> = shares.map(|(start, _)| *start).collect();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{from} to {to}");
    }
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_documents_are_counted_and_left_out() {
    let site = Site::new().await;
    site.add("base_paths", [doc! { "guid": "without-a-path" }, doc! { "base_path": 7, "guid": "x" }]).await;
    site.add(
        site.guid,
        [
            recording("good", 100, 200),
            recording("../../etc", 100, 200),
            recording("text", "yesterday", 200),
            recording("reversed", 150, 120),
            doc! { "start_time": 100, "end_time": 200 },
        ],
    )
    .await;
    let catalogue = site.catalogue().await;
    let mut before = 0;
    let found = catalogue.answer(async |catalogue| {
        before = site.metrics.documents_skipped();
        catalogue.extents(seconds(110.0), seconds(130.0)).await
    });
    assert_eq!(found.await, Ok(vec![extent(100.0, 200.0, false)]));
    let skipped = site.metrics.documents_skipped() - before;
    // Of the text and the reversed one it depends on the server whether it finds them at all.
    assert!((4..=6).contains(&skipped), "{skipped}");
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_found_where_there_is_nothing() {
    let site = Site::new().await;
    let catalogue = site.catalogue().await;
    assert_eq!(catalogue.find(seconds(0.0), seconds(1e9)).await, Ok(vec![]));
    site.database.collection::<mongodb::bson::Document>("base_paths").drop().await.unwrap();
    assert_eq!(catalogue.find(seconds(0.0), seconds(1e9)).await, Ok(vec![]));
    assert_eq!(catalogue.probe().await, Ok(()));
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_recordings_are_all_found_and_in_order() {
    let site = Site::new().await;
    // The stand-in is too slow for more than one batch.
    let wanted = if site.server.is_real() { 25_000 } else { 1000 };
    site.add(site.guid, (0..wanted).map(|number| recording(&format!("r{number}"), number, number + 1))).await;
    let catalogue = site.catalogue().await;
    let found = catalogue.extents(seconds(0.0), seconds(wanted.into())).await.unwrap();
    let starts: BTreeSet<_> = found.iter().map(|found| found.start).collect();
    assert_eq!((found.len(), starts.len()), (wanted as usize, wanted as usize));
    assert!(found.windows(2).all(|pair| pair[0].start <= pair[1].start));
    assert_eq!(found[0].end.duration_since(found[0].start), SignedDuration::from_secs(1));
    site.end().await;
}
