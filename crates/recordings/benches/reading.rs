//! How much faster than real time a recording is read: the excerpt that comes with the program, all channels
//! and some. Prints one line for each.

use std::hint::black_box;
use std::time::Instant;

use focus_core::ChannelRange;
use focus_recordings::{EXCERPT, EXCERPT_NAME, Recording, RecordingReader, open};

fn main() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join(EXCERPT_NAME);
    std::fs::write(&path, EXCERPT).expect("a file in it");
    let file = open(&path).expect("the excerpt");
    let header = file.header();
    let (start, end) = (header.start, header.end().expect("an end"));
    let seconds = end.duration_since(start).as_secs_f64();
    for (first, last) in [(1, 500), (101, 200)] {
        let recording = Recording {
            id: EXCERPT_NAME.into(),
            fibre: header.fibre.clone(),
            start,
            end,
            ongoing: false,
            files: vec![path.clone()],
        };
        let channels = ChannelRange::new(first, last).expect("a range");
        let begin = Instant::now();
        for block in RecordingReader::new(vec![recording], start, end, channels) {
            black_box(block.expect("a block"));
        }
        let took = begin.elapsed().as_secs_f64();
        println!(
            "channels {first} to {last}: {seconds} s in {:.1} ms, {:.0} times real time, {:.1} million samples per second",
            took * 1e3,
            seconds / took,
            channels.count() as f64 * header.samples as f64 / took / 1e6
        );
    }
}
