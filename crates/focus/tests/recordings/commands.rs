use std::fs;

use focus_recordings::{EXCERPT, EXCERPT_NAME};
use serde_json::Value;
use tempfile::TempDir;

use crate::program::told;

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
