//! The SQLite catalogue of a data directory.

mod common;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use common::{Prodml, START_US, time};
use focus_core::{Outage, Upstream};
use focus_recordings::{Catalogue, EXCERPT, EXCERPT_NAME, Extent, Recording, ScanReport, SqliteCatalogue};
use jiff::Timestamp;
use proptest::prelude::*;

struct Site {
    _directory: tempfile::TempDir,
    data: PathBuf,
    index: PathBuf,
}

impl Site {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (data, index) = (directory.path().join("data"), directory.path().join("state/index.sqlite"));
        fs::create_dir(&data).unwrap();
        Self { _directory: directory, data, index }
    }

    fn write(&self, name: &str, file: &Prodml) {
        file.write(&self.data.join(name));
    }

    /// Writes anything, as if that had been a while ago.
    fn write_old(&self, name: &str, bytes: &[u8]) {
        fs::write(self.data.join(name), bytes).unwrap();
        age(&self.data.join(name), 60);
    }

    async fn open(&self) -> SqliteCatalogue {
        SqliteCatalogue::open(&self.index, &self.data).await.unwrap()
    }

    async fn scanned(&self) -> SqliteCatalogue {
        let catalogue = self.open().await;
        catalogue.scan().await.unwrap();
        catalogue
    }
}

fn age(path: &Path, seconds: u64) {
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(seconds)).unwrap();
}

async fn all(catalogue: &SqliteCatalogue) -> Vec<Recording> {
    catalogue.find(Timestamp::MIN, Timestamp::MAX).await.unwrap()
}

fn names(recording: &Recording) -> Vec<&str> {
    recording.files.iter().map(|part| part.path.file_name().unwrap().to_str().unwrap()).collect()
}

#[tokio::test]
async fn the_excerpt_is_found_by_its_time() {
    let site = Site::new();
    site.write_old(EXCERPT_NAME, EXCERPT);
    let catalogue = site.open().await;
    assert_eq!(all(&catalogue).await, [], "nothing before the first scan");
    let report = catalogue.scan().await.unwrap();
    assert_eq!(report, ScanReport { added: 1, ..ScanReport::default() });
    let found = all(&catalogue).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].id, EXCERPT_NAME);
    assert_eq!(found[0].start.to_string(), "2016-03-21T07:37:30.532309Z");
    assert_eq!(found[0].end.to_string(), "2016-03-21T07:38:20.532309Z");
    assert_eq!((found[0].fibre.channels, found[0].ongoing), (500, false));
    assert_eq!(found[0].files, [site.data.join(EXCERPT_NAME).into()]);
    assert_eq!(catalogue.scan().await.unwrap(), ScanReport::default(), "nothing new");
    catalogue.probe().await.unwrap();
}

#[tokio::test]
async fn files_that_touch_are_one_recording_and_a_gap_separates() {
    let site = Site::new();
    let first = Prodml::default();
    let second = first.next(0);
    // Late by less than half a sample (50 ms): still touches.
    let third = Prodml { start_us: second.next(0).start_us + 49_000, ..second.next(0) };
    let after_gap = Prodml { start_us: third.next(0).start_us + 51_000, ..third.next(0) };
    let other_rate = Prodml { rate: 20.0, start_us: after_gap.next(0).start_us, ..Prodml::default() };
    // Names in another order than times; in subdirectories too.
    fs::create_dir(site.data.join("sub")).unwrap();
    for (name, file) in [
        ("e.h5", &first),
        ("sub/d.HDF5", &second),
        ("c.h5", &third),
        ("b.h5", &after_gap),
        ("a.h5", &other_rate),
    ] {
        site.write(name, file);
    }
    site.write(".hidden.h5", &first);
    site.write("e.txt", &first);
    let catalogue = site.scanned().await;
    let found = all(&catalogue).await;
    let files: Vec<_> = found.iter().map(names).collect();
    assert_eq!(files, [vec!["e.h5", "d.HDF5", "c.h5"], vec!["b.h5"], vec!["a.h5"]]);
    assert_eq!((found[0].start, found[0].end), (time(START_US), time(START_US + 6_049_000)));
    assert_eq!(found[0].id, "e.h5");

    let inside = catalogue.find(time(START_US + 2_500_000), time(START_US + 3_000_000)).await.unwrap();
    assert_eq!(inside.len(), 1);
    assert_eq!(names(&inside[0]), ["d.HDF5"], "only the file that is needed");
    assert_eq!((inside[0].start, inside[0].end), (found[0].start, found[0].end), "but the whole extent");

    fs::remove_file(site.data.join("sub/d.HDF5")).unwrap();
    assert_eq!(catalogue.scan().await.unwrap(), ScanReport { forgotten: 1, ..ScanReport::default() });
    assert_eq!(all(&catalogue).await.len(), 4, "what it joined is apart again");
}

#[tokio::test]
async fn a_refused_file_is_reported_once_and_tried_again_when_it_has_changed() {
    let site = Site::new();
    let good = Prodml::default();
    site.write_old("broken.h5", &good.bytes()[..1000]);
    site.write_old("wrong.h5", &Prodml { numbers: vec![("NumberOfLoci", 7.0)], ..good.clone() }.bytes());
    let catalogue = site.open().await;
    let report = catalogue.scan().await.unwrap();
    let refused: Vec<_> = report.refused.iter().map(|refused| refused.path.to_str().unwrap()).collect();
    assert_eq!((report.added, &refused[..]), (0, &["broken.h5", "wrong.h5"][..]));
    assert!(report.refused[1].reason.starts_with("NumberOfLoci: "), "{report:?}");
    assert_eq!(catalogue.scan().await.unwrap(), ScanReport::default(), "no second report");
    assert_eq!(all(&catalogue).await, []);

    site.write("broken.h5", &good);
    assert_eq!(catalogue.scan().await.unwrap(), ScanReport { added: 1, ..ScanReport::default() });
    assert_eq!(all(&catalogue).await.len(), 1);
}

#[tokio::test]
async fn a_file_that_is_still_written_waits() {
    let site = Site::new();
    let bytes = Prodml::default().bytes();
    fs::write(site.data.join("new.h5"), &bytes[..bytes.len() / 2]).unwrap();
    let catalogue = site.open().await;
    let waiting = ScanReport { pending: 1, ..ScanReport::default() };
    assert_eq!(catalogue.scan().await.unwrap(), waiting);
    assert_eq!(catalogue.scan().await.unwrap(), waiting);
    fs::write(site.data.join("new.h5"), &bytes).unwrap();
    assert_eq!(catalogue.scan().await.unwrap(), ScanReport { added: 1, ..ScanReport::default() });
    // Written anew: until it can be read, the old content is not there either.
    fs::write(site.data.join("new.h5"), &bytes[..bytes.len() / 2]).unwrap();
    catalogue.scan().await.unwrap();
    assert_eq!(all(&catalogue).await, []);
}

#[tokio::test]
async fn the_index_survives_and_a_ruined_one_is_made_anew() {
    let site = Site::new();
    site.write("a.h5", &Prodml::default());
    drop(site.scanned().await);
    let catalogue = site.open().await;
    assert_eq!(all(&catalogue).await.len(), 1, "known without a scan");

    for ruin in [
        &b"this is no database, and longer than a page header would be ......................"[..],
        &[7; 9000],
    ] {
        let site = Site::new();
        site.write("a.h5", &Prodml::default());
        fs::create_dir(site.index.parent().unwrap()).unwrap();
        fs::write(&site.index, ruin).unwrap();
        let catalogue = site.scanned().await;
        assert_eq!(all(&catalogue).await.len(), 1, "read from the files again");
    }
}

#[tokio::test]
async fn files_of_another_name_or_program_are_still_one_recording() {
    let site = Site::new();
    let first = Prodml::default();
    let texts = vec![("AcquisitionDescription", "renamed"), ("VendorCode", "2")];
    site.write("a.h5", &first);
    site.write("b.h5", &Prodml { texts, ..first.next(0) });
    site.write("c.h5", &Prodml { unit: "rad", ..first.next(20) });
    let found = all(&site.scanned().await).await;
    assert_eq!(found.iter().map(names).collect::<Vec<_>>(), [vec!["a.h5", "b.h5"], vec!["c.h5"]]);
    assert_eq!(found[0].fibre.description.as_deref(), Some("a test"), "the first file's");
}

#[tokio::test]
async fn an_index_that_is_ruined_while_it_is_open_heals_with_the_next_scan() {
    let site = Site::new();
    site.write("a.h5", &Prodml::default());
    let catalogue = site.scanned().await;
    for suffix in ["", "-wal"] {
        let path = PathBuf::from(format!("{}{suffix}", site.index.display()));
        let length = fs::metadata(&path).map_or(0, |metadata| metadata.len()) as usize;
        fs::write(&path, vec![0x5a; length.max(8192)]).unwrap();
    }
    let outage = catalogue.find(Timestamp::MIN, Timestamp::MAX).await;
    assert!(matches!(outage, Err(Outage::Refused { upstream: Upstream::Catalogue, .. })), "{outage:?}");
    assert!(catalogue.probe().await.is_err());
    catalogue.scan().await.unwrap();
    assert_eq!(all(&catalogue).await.len(), 1);
    catalogue.probe().await.unwrap();
}

#[tokio::test]
async fn an_index_that_is_deleted_while_it_is_open_is_an_outage_until_the_next_scan() {
    let site = Site::new();
    site.write("a.h5", &Prodml::default());
    let catalogue = site.scanned().await;
    fs::remove_file(&site.index).unwrap();
    let outage = catalogue.find(Timestamp::MIN, Timestamp::MAX).await.unwrap_err();
    assert!(matches!(outage, Outage::Unavailable { upstream: Upstream::Catalogue, .. }), "{outage:?}");
    assert!(
        catalogue.extents(Timestamp::MIN, Timestamp::MAX).await.is_err() && catalogue.probe().await.is_err()
    );
    assert_eq!(catalogue.scan().await.unwrap().added, 1);
    assert_eq!(all(&catalogue).await.len(), 1);
    catalogue.probe().await.unwrap();
}

#[tokio::test]
async fn a_data_directory_that_is_gone_is_an_outage_and_nothing_is_forgotten() {
    let site = Site::new();
    site.write("a.h5", &Prodml::default());
    let catalogue = site.scanned().await;
    let away = site.data.with_file_name("away");
    fs::rename(&site.data, &away).unwrap();
    let found = catalogue.find(Timestamp::MIN, Timestamp::MAX).await.map(|_| ());
    for outage in [catalogue.scan().await.map(|_| ()), catalogue.probe().await, found] {
        let outage = outage.unwrap_err();
        assert!(matches!(outage, Outage::Unavailable { upstream: Upstream::Catalogue, .. }), "{outage:?}");
        assert!(outage.to_string().contains("data: No such file"), "{outage}");
    }
    fs::rename(&away, &site.data).unwrap();
    assert_eq!(catalogue.scan().await.unwrap(), ScanReport::default());
    assert_eq!(all(&catalogue).await.len(), 1);

    let nowhere = SqliteCatalogue::open(Path::new("/dev/null/index"), &site.data).await;
    assert!(matches!(nowhere.map(|_| ()), Err(Outage::Unavailable { .. })));
}

/// What the index should answer, from the files alone: grouped and filtered in the most obvious way.
fn naive(files: &[(String, &Prodml)], start: i64, end: i64) -> Vec<(i64, i64, Vec<String>)> {
    let span = |file: &Prodml| (file.start_us, file.start_us + (file.times as f64 / file.rate * 1e6) as i64);
    let mut parts: Vec<(i64, i64, f64, String)> =
        files.iter().map(|(name, file)| (span(file).0, span(file).1, file.rate, name.clone())).collect();
    parts.sort_by(|a, b| (a.2, a.0, &a.3).partial_cmp(&(b.2, b.0, &b.3)).unwrap());
    let mut groups: Vec<Vec<(i64, i64, f64, String)>> = Vec::new();
    for part in parts {
        match groups.last_mut().filter(|group| {
            let last = &group[group.len() - 1];
            last.2.total_cmp(&part.2).is_eq() && ((part.0 - last.1).abs() as f64) <= 0.5e6 / part.2
        }) {
            Some(group) => group.push(part),
            None => groups.push(vec![part]),
        }
    }
    let mut found: Vec<_> = groups
        .into_iter()
        .map(|group| {
            let (from, to) = (group[0].0, group.iter().map(|part| part.1).max().unwrap());
            let inside = group.iter().filter(|part| part.0 < end && part.1 > start);
            (from, to, inside.map(|part| part.3.clone()).collect::<Vec<_>>(), group[0].3.clone())
        })
        .filter(|(from, to, ..)| *from < end && *to > start)
        .collect();
    found.sort_by(|a, b| (a.0, a.1, &a.3).cmp(&(b.0, b.1, &b.3)));
    found.into_iter().map(|(from, to, files, _)| (from, to, files)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn queries_answer_as_a_naive_search_would(
        // Tenths of seconds, so that files often touch, overlap, or leave gaps.
        files in prop::collection::vec((0..60_i64, 1..20_u64, prop::bool::weighted(0.2)), 0..12),
        // In which scan each comes, and whether it goes with the last.
        fates in prop::collection::vec((0..3, prop::bool::weighted(0.3)), 12),
        queries in prop::collection::vec((-20..100_i64, -20..100_i64), 1..20),
    ) {
        let site = Site::new();
        let files: Vec<Prodml> = files
            .into_iter()
            .map(|(start, times, faster)| Prodml {
                start_us: START_US + start * 100_000,
                times: times * if faster { 2 } else { 1 },
                rate: if faster { 20.0 } else { 10.0 },
                channels: 1,
                ..Prodml::default()
            })
            .collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let catalogue = runtime.block_on(site.open());
        let name = |number: usize| format!("{number:02}.h5");
        for scan in 0..3 {
            for (number, (file, _)) in files.iter().zip(&fates).enumerate().filter(|(_, (_, fate))| fate.0 == scan) {
                site.write(&name(number), file);
            }
            runtime.block_on(catalogue.scan()).unwrap();
        }
        let mut left = Vec::new();
        for (number, (file, (_, goes))) in files.iter().zip(&fates).enumerate() {
            if *goes {
                fs::remove_file(site.data.join(name(number))).unwrap();
            } else {
                left.push((name(number), file));
            }
        }
        runtime.block_on(catalogue.scan()).unwrap();
        for (start, end) in queries {
            let (start, end) = (START_US + start * 100_000, START_US + end * 100_000);
            let found = runtime.block_on(catalogue.find(time(start), time(end))).unwrap();
            let extents = runtime.block_on(catalogue.extents(time(start), time(end))).unwrap();
            prop_assert_eq!(extents, found.iter().map(Extent::from).collect::<Vec<_>>());
            let found: Vec<_> = found
                .iter()
                .map(|recording| {
                    let files = names(recording).into_iter().map(str::to_owned).collect::<Vec<_>>();
                    (recording.start.as_microsecond(), recording.end.as_microsecond(), files)
                })
                .collect();
            prop_assert_eq!(found, naive(&left, start, end), "{} to {}", start, end);
        }
    }
}
