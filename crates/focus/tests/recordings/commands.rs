use std::fs::{self, File};
use std::time::{Duration, Instant};

use focus_guarded::{Guarded, Signal};
use focus_recordings::{EXCERPT, EXCERPT_NAME};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{PATIENCE, age, focus, miniseed, names, record, told};

#[test]
fn a_recording_comes_is_looked_at_and_goes() {
    let (outside, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let data = data.path();
    let file = outside.path().join(EXCERPT_NAME);
    fs::write(&file, EXCERPT).unwrap();
    fs::write(outside.path().join("broken.h5"), &EXCERPT[..5000]).unwrap();
    let outside = outside.path().to_str().unwrap();

    let (out, error, ok) = told(data, &["add", outside]);
    assert!(!ok && out.contains("added") && error.contains("broken.h5"), "{out}{error}");
    let (out, _, ok) = told(data, &["add", file.to_str().unwrap()]);
    assert!(ok && out.starts_with("there  "), "{out}");

    let (out, ..) = told(data, &["list"]);
    let lines: Vec<Vec<&str>> = out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines.len(), 2, "{out}");
    let expected = ["2016-03-21T07:37:30.532309Z", "50", "s", "500", "100", "Hz", "1", EXCERPT_NAME];
    assert_eq!(lines[1], expected);
    let (out, ..) = told(data, &["list", "--json", "--from", "2016-03-21T07:38:00Z"]);
    let listed: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&listed["end"], &listed["files"][0]),
        (&"2016-03-21T07:38:20.532309Z".into(), &EXCERPT_NAME.into())
    );
    assert_eq!(told(data, &["list", "--to", "2016-03-21T07:37:00Z"]).0, "nothing is recorded there\n");

    let (out, error, ok) = told(data, &["show", "--json", file.to_str().unwrap(), "/dev/null"]);
    let shown: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&shown["format"], &shown["segments"][0]["samples"]), (&"PRODML 2.1".into(), &5000.into()));
    assert!(!ok && error.contains("/dev/null"), "{error}");

    let (out, error, ok) = told(data, &["verify"]);
    assert!(
        ok && out.starts_with("ok ") && error.contains("1 files, 5.0 MB, 0 of them broken"),
        "{out}{error}"
    );
    let there = data.join(EXCERPT_NAME);
    let mut damaged = EXCERPT.to_vec();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 4096].fill(0x5a);
    fs::write(&there, damaged).unwrap();
    let (out, _, ok) = told(data, &["verify"]);
    assert!(!ok && out.starts_with("broken ") && out.contains(EXCERPT_NAME), "{out}");

    let (_, error, ok) = told(data, &["remove", "../elsewhere.h5"]);
    assert!(!ok && error.contains("not the name of a file in the data directory"), "{error}");
    let (out, _, ok) = told(data, &["remove", "--whole", EXCERPT_NAME]);
    assert!(ok && out.contains(".removed"), "{out}");
    assert_eq!(told(data, &["list"]).0, "nothing is recorded there\n");
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_made() {
    let data = TempDir::new().unwrap();
    let absent = data.path().join("absent");
    let (_, error, ok) = told(&absent, &["list"]);
    assert!(!ok && error.contains("name one with --data-dir"), "{error}");
    assert!(!absent.exists());
    let (_, error, ok) = told(data.path(), &["list", "--from", "yesterday"]);
    assert!(!ok && error.contains("RFC 3339"), "{error}");
    let (_, error, ok) = told(data.path(), &["verify"]);
    assert!(!ok && error.contains("no recordings to verify"), "{error}");
}

#[test]
fn a_list_is_of_the_wanted_time_and_counts_files() {
    let data = TempDir::new().unwrap();
    let data = data.path();
    record(data, 3.0, 30);
    fs::write(data.join(EXCERPT_NAME), EXCERPT).unwrap();
    let begins = |arguments: &[&str]| {
        let (out, error, ok) = told(data, &[&["list"], arguments].concat());
        assert!(ok, "{error}");
        let lines = out.lines().skip(1);
        lines.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (quake, recorded) = ("2016-03-21T07:37:30.532309Z", "2020-01-01T00:00:00Z");
    assert_eq!(begins(&[]), [quake, recorded]);
    assert_eq!(begins(&["--from", "2017-01-01T00:00:00Z"]), [recorded]);
    assert_eq!(begins(&["--to", "2017-01-01T00:00:00Z"]), [quake]);
    // It ends when the other begins to be of interest, and that is not both.
    assert_eq!(begins(&["--from", "2016-03-21T07:38:20.532309Z"]), [recorded]);
    let (out, ..) = told(data, &["list", "--from", recorded]);
    let line: Vec<_> = out.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(line[..8], [recorded, "30", "s", "2", "10", "Hz", "30", "20200101T000000.000000000Z.h5"]);
}

#[test]
fn what_a_file_says_is_shown_to_people() {
    let data = TempDir::new().unwrap();
    let name = record(data.path(), 3.0, 1).remove(0);
    let file = data.path().join(name);
    let shown = |files: &[&str]| told(data.path(), &[&["show"], files].concat()).0;
    let file = file.to_str().unwrap();
    let text = "
  format          PRODML 2.1
  channels        2, 1.021 m apart, from -4 m on
  gauge length    10 m
  sampling rate   10 Hz
  samples         Float32, unit nm/m/s
  software        unknown
  description     a short one
  recorded        2020-01-01T00:00:00Z for 1 s (10 samples)
";
    assert_eq!(shown(&[file]), format!("{file}{text}"));
    assert_eq!(shown(&[file, file]), format!("{file}{text}\n{file}{text}"));
}

#[test]
fn samples_that_are_no_numbers_are_told_and_are_not_broken() {
    let data = TempDir::new().unwrap();
    record(data.path(), f32::NAN, 1);
    let (out, _, ok) = told(data.path(), &["verify"]);
    assert!(ok && out.ends_with(" (20 samples are no numbers)\n"), "{out}");
    let (out, ..) = told(data.path(), &["verify", "--json"]);
    let verified: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&verified["not_finite"], &verified["segments"][0]["samples"]), (&20.into(), &10.into()));
}

#[test]
fn what_is_no_recording_is_told_by_who_looks() {
    let data = TempDir::new().unwrap();
    let data = data.path();
    fs::write(data.join("broken.h5"), &EXCERPT[..5000]).unwrap();
    // One that was written just now may still be written.
    age(&data.join("broken.h5"));
    let (out, error, ok) = told(data, &["list"]);
    assert!(ok && out == "nothing is recorded there\n", "{out}");
    assert!(error.starts_with("broken.h5: "), "{error}");
}

#[test]
fn a_whole_recording_goes_whose_file_has_a_gap_that_another_fills() {
    let data = TempDir::new().unwrap();
    let data = data.path();
    fs::write(data.join("a.mseed"), [miniseed(0), miniseed(2)].concat()).unwrap();
    fs::write(data.join("b.mseed"), miniseed(1)).unwrap();
    let (out, ..) = told(data, &["list", "--json"]);
    let listed: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(listed["files"], json!(["a.mseed", "b.mseed", "a.mseed"]));
    let (out, error, ok) = told(data, &["remove", "--whole", "a.mseed"]);
    assert!(ok && out.lines().count() == 2, "{out}{error}");
    assert_eq!(names(data), [".removed"]);
}

#[test]
fn who_watches_is_told_what_comes_and_goes() {
    let data = TempDir::new().unwrap();
    let data = data.path();
    fs::write(data.join("old.h5"), EXCERPT).unwrap();
    let scratch = TempDir::new().unwrap();
    let output = scratch.path().join("output");
    let mut command = focus(data, &["watch"]);
    command
        .stdout(File::create(&output).unwrap())
        .stderr(File::create(scratch.path().join("errors")).unwrap());
    let watching = Guarded::spawn(&mut command, scratch.path());
    let until_told = |line: &str| {
        let asked = Instant::now();
        while !fs::read_to_string(&output).unwrap().lines().any(|told| told.starts_with(line)) {
            assert!(asked.elapsed() < PATIENCE && !watching.has_ended(), "{line} is not told");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let half = data.join("half.h5");
    fs::write(&half, &EXCERPT[..5000]).unwrap();
    until_told("waiting  1 files that are still being written");
    fs::write(data.join("new.h5"), EXCERPT).unwrap();
    until_told("added    1 files");
    for name in ["old.h5", "new.h5"] {
        fs::rename(data.join(name), scratch.path().join(name)).unwrap();
    }
    until_told("gone     ");
    age(&half);
    until_told("refused  half.h5: ");
    watching.send(Signal::TERM);
    assert!(watching.ends_within(PATIENCE), "it does not stop");
    let told = fs::read_to_string(&output).unwrap();
    assert!(!told.contains("added    2"), "what was there before is not new: {told}");
    assert_eq!(fs::read_to_string(scratch.path().join("errors")).unwrap(), "");
}
