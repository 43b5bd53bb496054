use std::fs::{self, File};
use std::time::SystemTime;

use focus_core::{ChannelRange, Outage, Upstream};
use focus_recordings::{Catalogue as _, Recording, RecordingReader};
use mongodb::bson::{Bson, doc};

use crate::common::{Prodml, START_US, numbers, time, value};
use crate::site::{Site, date, recording};

/// Seconds after the start of the first file.
fn after(seconds: f64) -> jiff::Timestamp {
    time(START_US + (seconds * 1e6) as i64)
}

fn spans(found: &[Recording]) -> Vec<(jiff::Timestamp, jiff::Timestamp, usize)> {
    found.iter().map(|found| (found.start, found.end, found.files.len())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_is_its_files_cut_at_gaps() {
    let site = Site::new().await;
    let first = Prodml::default();
    let second = first.next(0);
    let third = second.next(30);
    for (name, file) in [("1.h5", &first), ("2.h5", &second), ("3.HDF5", &third)] {
        site.write("a", name, file);
    }
    fs::write(site.directory().join("a/notes.txt"), "not a recording").unwrap();
    fs::write(site.directory().join("a/.4.h5"), "half written").unwrap();
    site.add(site.guid, [recording("a", date(after(0.0)), date(after(9.0)))]).await;
    let catalogue = site.catalogue().await;

    let all = catalogue.find(after(-5.0), after(60.0)).await.unwrap();
    // Two files of 2 s without a gap, 3 s of nothing, one more.
    assert_eq!(spans(&all), [(after(0.0), after(4.0), 2), (after(7.0), after(9.0), 1)]);
    assert!(all.iter().all(|found| found.id == "a" && !found.ongoing));
    assert_eq!(all[0].fibre.channels, 3);

    let part = catalogue.find(after(2.5), after(3.0)).await.unwrap();
    assert_eq!(spans(&part), [(after(0.0), after(4.0), 1)], "its whole extent, and the file that is wanted");
    let block = RecordingReader::new(part, after(2.5), after(3.0), ChannelRange::new(2, 3).unwrap());
    let blocks: Vec<_> = block.map(|block| numbers(&block.unwrap().samples)).collect();
    let wanted: Vec<_> = (25..30).flat_map(|at| [value(at, 1), value(at, 2)]).collect();
    assert_eq!(blocks.concat(), wanted);

    assert_eq!(catalogue.find(after(4.5), after(6.5)).await.unwrap(), [], "a gap has no recording");
    assert_eq!(site.metrics.files_skipped(), 0);
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_may_be_one_file() {
    let site = Site::new().await;
    Prodml::default().write(&site.directory().join("a.h5"));
    site.add(site.guid, [recording("a", date(after(0.0)), Bson::Null)]).await;
    let found = site.catalogue().await.find(after(0.0), after(60.0)).await.unwrap();
    assert_eq!(spans(&found), [(after(0.0), after(2.0), 1)]);
    assert!(found[0].ongoing);
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_are_read_again_only_when_a_file_has_changed() {
    let site = Site::new().await;
    let path = site.write("a", "1.h5", &Prodml::default());
    site.add(site.guid, [recording("a", date(after(0.0)), date(after(2.0)))]).await;
    let catalogue = site.catalogue().await;
    let before = catalogue.find(after(0.0), after(1.0)).await.unwrap();
    assert_eq!(before.len(), 1);

    let metadata = fs::metadata(&path).unwrap();
    fs::write(&path, vec![0; metadata.len() as usize]).unwrap();
    let set_time =
        |time: SystemTime| File::options().append(true).open(&path).unwrap().set_modified(time).unwrap();
    set_time(metadata.modified().unwrap());
    assert_eq!(catalogue.find(after(0.0), after(1.0)).await.unwrap(), before, "as it was remembered");

    set_time(SystemTime::UNIX_EPOCH);
    assert_eq!(catalogue.find(after(0.0), after(1.0)).await.unwrap(), []);
    assert_eq!(site.metrics.files_skipped(), 1, "it is unreadable now");
    catalogue.find(after(0.0), after(1.0)).await.unwrap();
    assert_eq!(site.metrics.files_skipped(), 1, "which is remembered, too");
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_not_there_are_not_a_time_without_recordings() {
    let site = Site::new().await;
    site.write("there", "1.h5", &Prodml::default());
    let (start, end) = (date(after(0.0)), date(after(2.0)));
    site.add(
        site.guid,
        [
            recording("there", start, end),
            recording("lost", start, end),
            recording("alone", date(after(10.0)), date(after(20.0))),
            // Nothing may have been written yet.
            recording("new", date(after(30.0)), Bson::Null),
        ],
    )
    .await;
    let catalogue = site.catalogue().await;
    assert_eq!(catalogue.find(after(0.0), after(1.0)).await.unwrap().len(), 1, "one of two is enough");
    assert_eq!(site.metrics.files_skipped(), 1);

    let lost = catalogue.find(after(12.0), after(13.0)).await.unwrap_err();
    assert!(matches!(lost, Outage::Unavailable { upstream: Upstream::Catalogue, .. }), "{lost}");
    assert!(lost.to_string().contains("alone"), "{lost}");

    assert_eq!(catalogue.find(after(31.0), after(32.0)).await, Ok(vec![]));

    // An archive that is not mounted here.
    site.add("base_paths", [doc! { "base_path": "/nowhere", "guid": "old", "is_archive": true }]).await;
    site.add("old", [recording("there", start, end), recording("far", date(after(40.0)), date(after(50.0)))])
        .await;
    assert_eq!(catalogue.find(after(0.0), after(1.0)).await.unwrap().len(), 1);
    let far = catalogue.find(after(41.0), after(42.0)).await.unwrap_err();
    assert!(far.to_string().starts_with("Catalogue unavailable: /nowhere: "), "{far}");

    fs::remove_dir_all(site.directory()).unwrap();
    let unmounted = catalogue.find(after(0.0), after(1.0)).await.unwrap_err();
    assert!(matches!(unmounted, Outage::Unavailable { upstream: Upstream::Catalogue, .. }), "{unmounted}");
    fs::create_dir(site.directory()).unwrap();
    site.end().await;
}
