//! How much faster than real time recordings are read: the excerpt that comes with the program, or the files that are
//! named (`cargo bench -p focus-recordings --bench reading -- FILE ..`), which follow each other.
//!
//! All channels, a hundred of them, and the same hundred by three readers at once, as the streams of a job are. Prints one
//! line for each, the best of five.

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use focus_core::ChannelRange;
use focus_recordings::{EXCERPT, EXCERPT_NAME, Recording, RecordingReader};

const ROUNDS: usize = 5;

fn main() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut files: Vec<PathBuf> =
        std::env::args_os().skip(1).filter(|argument| argument != "--bench").map(Into::into).collect();
    if files.is_empty() {
        let path = directory.path().join(EXCERPT_NAME);
        std::fs::write(&path, EXCERPT).expect("a file in it");
        files.push(path);
    }
    let recordings: Vec<Recording> =
        files.iter().flat_map(|path| Recording::of_file(path).expect("a recording")).collect();
    let first = recordings.first().expect("at least one recording");
    let end = recordings.last().map_or(first.end, |last| last.end);
    let seconds = end.duration_since(first.start).as_secs_f64();
    let all = first.fibre.all_channels();
    let hundred = ChannelRange::new(101, 200).filter(|some| some.last() <= all.last()).unwrap_or(all);
    for (name, readers) in [
        ("all channels", vec![all]),
        ("100 channels", vec![hundred]),
        ("100 channels, three readers", hundred.split(3)),
    ] {
        let took = (0..ROUNDS).map(|_| read(&recordings, &readers)).fold(f64::INFINITY, f64::min);
        let channels: usize = readers.iter().map(|range| range.count()).sum();
        println!(
            "{name}: {seconds} s in {:.1} ms, {:.0} times real time, {:.1} million samples per second",
            took * 1e3,
            seconds / took,
            channels as f64 * seconds * first.fibre.sampling_rate / took / 1e6
        );
    }
}

/// Seconds until all readers have read all recordings.
fn read(recordings: &[Recording], readers: &[ChannelRange]) -> f64 {
    let (start, end) = (recordings[0].start, recordings[recordings.len() - 1].end);
    let begin = Instant::now();
    std::thread::scope(|threads| {
        for &channels in readers {
            threads.spawn(move || {
                for block in RecordingReader::new(recordings.to_vec(), start, end, channels) {
                    black_box(block.expect("a block"));
                }
            });
        }
    });
    begin.elapsed().as_secs_f64()
}
