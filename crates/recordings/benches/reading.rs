//! How much faster than real time a recording is read: the excerpt that comes with the program, all channels
//! and some. Prints one line for each.

use std::hint::black_box;
use std::time::Instant;

use focus_core::ChannelRange;
use focus_recordings::{EXCERPT, EXCERPT_NAME, Recording, RecordingReader};

fn main() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join(EXCERPT_NAME);
    std::fs::write(&path, EXCERPT).expect("a file in it");
    let recording = Recording::of_file(&path).expect("the excerpt").remove(0);
    let (start, end, rate) = (recording.start, recording.end, recording.fibre.sampling_rate);
    let seconds = end.duration_since(start).as_secs_f64();
    for (first, last) in [(1, 500), (101, 200)] {
        let channels = ChannelRange::new(first, last).expect("a range");
        let begin = Instant::now();
        for block in RecordingReader::new(vec![recording.clone()], start, end, channels) {
            black_box(block.expect("a block"));
        }
        let took = begin.elapsed().as_secs_f64();
        println!(
            "channels {first} to {last}: {seconds} s in {:.1} ms, {:.0} times real time, {:.1} million samples per second",
            took * 1e3,
            seconds / took,
            channels.count() as f64 * (seconds * rate) / took / 1e6
        );
    }
}
