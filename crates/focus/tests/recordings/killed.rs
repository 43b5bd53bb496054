//! Whenever the program is killed, no recording is lost, half of one is never shown, and nothing stays for ever.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use focus_guarded::Guarded;
use focus_recordings::{EXCERPT, EXCERPT_NAME};
use tempfile::TempDir;

use crate::program::{PATIENCE, focus, names, record, told};

/// Bytes of a recording that takes a while to copy.
const LARGE: u64 = 256 << 20;
/// Moments at which a program is killed, from its beginning to its end.
const MOMENTS: u32 = 24;
/// All of them so often at most, for a busy machine may let none be half way.
const TRIES: u32 = 4;

/// Those of the names that are of unfinished files.
fn parts(directory: &Path) -> Vec<String> {
    names(directory)
        .into_iter()
        .filter(|name| name.starts_with(".focus-") && name != ".focus-notes.txt")
        .collect()
}

/// Runs `focus recordings`, without output, until it ends or it is time; then it is killed (SIGKILL).
fn killed_when(is_time: impl Fn() -> bool, data: &Path, arguments: &[&str]) {
    let mut command = focus(data, arguments);
    let scratch = TempDir::new().unwrap();
    let output = File::create(scratch.path().join("output")).unwrap();
    command.stdout(output.try_clone().unwrap()).stderr(output);
    let process = Guarded::spawn(&mut command, scratch.path());
    while !is_time() && !process.has_ended() {
        std::thread::sleep(Duration::from_micros(100));
    }
}

/// The same when some time is over.
fn killed_after(time: Duration, data: &Path, arguments: &[&str]) {
    let started = Instant::now();
    killed_when(|| started.elapsed() >= time, data, arguments);
}

/// Those of the names that are not hidden.
fn shown(directory: &Path) -> Vec<String> {
    names(directory).into_iter().filter(|name| !name.starts_with('.')).collect()
}

/// How long it takes when nobody kills it.
fn duration(data: &Path, arguments: &[&str]) -> Duration {
    let started = Instant::now();
    let (_, error, ok) = told(data, arguments);
    assert!(ok, "{error}");
    started.elapsed()
}

/// `add` of a large file, halted in the middle of it.
fn halted_half_way(data: &Path, file: &Path) -> Guarded {
    let added = data.join(file.file_name().unwrap());
    let began = Instant::now();
    loop {
        let mut command = focus(data, &["add", file.to_str().unwrap()]);
        command.stdout(File::create(data.join(".output")).unwrap());
        let process = Guarded::spawn(&mut command, data);
        // One that has bytes is locked.
        let has_bytes = |part: &String| fs::metadata(data.join(part)).is_ok_and(|part| part.len() > 0);
        while !parts(data).iter().any(has_bytes) && !process.has_ended() {
            std::thread::sleep(Duration::from_millis(1));
        }
        process.freeze();
        if !added.exists() && !process.has_ended() {
            return process;
        }
        // It was faster than we are.
        assert!(began.elapsed() < PATIENCE, "it is never half way");
        drop(process);
        let _ = fs::remove_file(&added);
    }
}

#[test]
fn an_add_that_is_killed_half_way_leaves_nothing_in_the_way() {
    let (outside, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let data = data.path();
    let [large, small] = ["large.h5", EXCERPT_NAME].map(|name| outside.path().join(name));
    for file in [&large, &small] {
        fs::write(file, EXCERPT).unwrap();
    }
    File::options().write(true).open(&large).unwrap().set_len(LARGE).unwrap();
    let [large, small] = [large, small].map(|file| file.to_str().unwrap().to_owned());

    let adding = halted_half_way(data, large.as_ref());
    let part = parts(data);
    assert_eq!(part.len(), 1);
    let (_, error, ok) = told(data, &["verify"]);
    assert!(!ok && error.contains("no recordings to verify"), "it is still being written: {error}");
    let (_, error, ok) = told(data, &["add", &small]);
    assert!(ok && error.is_empty() && parts(data) == part, "it is somebody's: {error}");
    assert_eq!(told(data, &["list"]).0.lines().count(), 2, "a head and the small one");

    drop(adding);
    let (out, error, ok) = told(data, &["verify"]);
    assert!(ok && error.contains("1 files") && error.contains("0 of them broken"), "{error}");
    let left = format!("left    {}: unfinished", data.join(&part[0]).display());
    assert!(out.starts_with("ok ") && out.contains(&left), "{out}");
    let (out, ..) = told(data, &["verify", "--json"]);
    assert!(out.contains("\"unfinished\":true") && out.contains(&part[0]), "{out}");
    assert_eq!(parts(data), part, "looking changes nothing");

    let (out, error, ok) = told(data, &["add", &large]);
    assert!(ok && out.starts_with("added  "), "{error}");
    assert!(error.contains(&part[0]) && error.contains("left by a crash"), "{error}");
    assert_eq!(names(data), [".output", "large.h5", EXCERPT_NAME]);
    assert_eq!(fs::metadata(data.join("large.h5")).unwrap().len(), LARGE);
    let (out, error, ok) = told(data, &["verify"]);
    assert!(ok && out.lines().count() == 2 && error.contains("2 files"), "{out}{error}");
}

#[test]
fn whatever_looks_at_the_directory_clears_it_unless_it_is_only_read() {
    let (data, index) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let data = data.path();
    fs::write(data.join(EXCERPT_NAME), EXCERPT).unwrap();
    let left = |name: &str| fs::write(data.join(name), "half").unwrap();
    left(".focus-notes.txt");
    for arguments in [&["list"][..], &["remove", "none.h5"]] {
        left(".focus-abc123.part");
        let (_, error, _) = told(data, arguments);
        assert!(error.contains(".focus-abc123.part: unfinished, left by a crash"), "{error}");
        assert_eq!(names(data), [".focus-notes.txt", EXCERPT_NAME]);
    }
    left(".focus-abc123.part");
    let (out, error, ok) = told(data, &["list", "--index-dir", index.path().to_str().unwrap()]);
    assert!(ok && out.contains(EXCERPT_NAME) && error.is_empty(), "{error}");
    assert_eq!(parts(data), [".focus-abc123.part"]);
}

#[test]
fn an_add_that_is_killed_at_any_moment_is_done_by_the_next() {
    let outside = TempDir::new().unwrap();
    let all: Vec<String> = (0..6).map(|number| format!("{number}.h5")).collect();
    for name in &all {
        fs::write(outside.path().join(name), EXCERPT).unwrap();
    }
    let add = ["add", outside.path().to_str().unwrap()];
    let whole = duration(outside.path(), &["list"]);
    let mut half_way = 0;
    for moment in (0..TRIES).flat_map(|_| 0..MOMENTS) {
        if moment == 0 && half_way > 0 {
            break;
        }
        let data = TempDir::new().unwrap();
        let data = data.path();
        // An index that knows nothing of what comes.
        told(data, &["list"]);
        // By turns in the middle of a file, and when it is there.
        let is_time = || match moment % 2 {
            0 => shown(data).len() * 2 >= moment as usize / 2,
            _ => shown(data).len() * 2 >= moment as usize / 2 && !parts(data).is_empty(),
        };
        killed_when(is_time, data, &add);
        let there = shown(data);
        assert!(there.iter().all(|name| fs::read(data.join(name)).unwrap() == EXCERPT), "{there:?}");
        half_way += usize::from(!there.is_empty() && there.len() < all.len() || !parts(data).is_empty());
        assert_eq!(listed(data), there.iter().cloned().collect(), "and nothing else");
        assert_eq!(names(data), there, "nothing is left unfinished");
        assert!(told(data, &add).2);
        assert_eq!(names(data), all);
        // The index is made or written by this.
        killed_after(whole * moment / MOMENTS, data, &["list"]);
        assert_eq!(listed(data), all.iter().cloned().collect());
    }
    assert!(half_way > 0, "it was never half way");
}

#[test]
fn a_remove_that_is_killed_at_any_moment_can_be_said_again() {
    let original = TempDir::new().unwrap();
    let all = record(original.path(), 3.0, 30);
    let fill = || {
        let data = TempDir::new().unwrap();
        for name in &all {
            fs::copy(original.path().join(name), data.path().join(name)).unwrap();
        }
        data
    };
    let remove = ["remove", "--whole", &all[0]];
    let mut half_way = 0;
    for moment in (0..TRIES).flat_map(|_| 0..MOMENTS) {
        if moment == 0 && half_way > 0 {
            break;
        }
        let data = fill();
        let data = data.path();
        killed_when(|| names(&data.join(".removed")).len() >= moment as usize, data, &remove);
        let (there, removed) = (shown(data), names(&data.join(".removed")));
        half_way += usize::from(!there.is_empty() && !removed.is_empty());
        let mut both = [there.clone(), removed].concat();
        both.sort();
        assert_eq!(both, all, "nothing is lost, and nothing is there twice");
        assert_eq!(listed(data), there.iter().cloned().collect(), "what is there is shown");
        if !there.is_empty() {
            let (_, error, ok) = told(data, &["verify"]);
            assert!(ok && error.contains(&format!("{} files", there.len())), "{error}");
            let (_, error, ok) = told(data, &remove);
            assert!(ok, "{error}");
        }
        assert_eq!((names(data), names(&data.join(".removed"))), (vec![".removed".to_owned()], all.clone()));
    }
    assert!(half_way > 0, "it was never half way");
}

/// The names of the files that `list` tells of.
fn listed(data: &Path) -> BTreeSet<String> {
    let (out, error, ok) = told(data, &["list", "--json"]);
    assert!(ok, "{error}");
    let lines = out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let files = lines.flat_map(|recording| recording["files"].as_array().unwrap().clone());
    files.map(|file| file.as_str().unwrap().to_owned()).collect()
}
