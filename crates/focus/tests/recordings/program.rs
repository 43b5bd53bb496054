use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use focus_core::{Block, ChannelRange, DataType, Fibre, Samples};
use focus_recordings::Recorder;
use jiff::Timestamp;

/// How long anything may take to come true, on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// `focus recordings` with these arguments, about the data directory.
pub(crate) fn focus(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_focus"));
    command.arg("recordings").args(arguments).env("HOME", data).env_remove("FOCUS_CONFIG");
    if arguments[0] != "show" {
        command.arg("--data-dir").arg(data);
    }
    command
}

/// What it prints, and whether it succeeds.
pub(crate) fn told(data: &Path, arguments: &[&str]) -> (String, String, bool) {
    let Output { status, stdout, stderr } = focus(data, arguments).output().unwrap();
    (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap(), status.success())
}

/// Sorted names of what is directly in a directory, if there is one; without those of the index.
pub(crate) fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| !name.starts_with("catalogue.sqlite")).collect();
    names.sort();
    names
}

/// Records so many seconds, each in a file of its own, of two channels at 10 Hz whose samples are all `value`; the files' names.
pub(crate) fn record(directory: &Path, value: f32, seconds: usize) -> Vec<String> {
    let fibre = Fibre {
        pulse_rate: None,
        sampling_rate: 10.0,
        dx: Some(1.021),
        gauge_length: Some(10.0),
        channels: 2,
        start: Some(-4.0),
        length: Some(2.042),
        samples_per_trace: None,
        data_type: DataType::Float32,
        unit: Some("nm/m/s".to_owned()),
        software: None,
        description: Some("a short one".to_owned()),
    };
    let second = Duration::from_secs(1);
    let mut recorder = Recorder::start(directory, second, ChannelRange::ALL).unwrap().recorder;
    let block = Block {
        sequence: 0,
        start: Timestamp::from_second(1_577_836_800).unwrap(),
        sampling_rate: fibre.sampling_rate,
        first_channel: 1,
        channels: 2,
        samples: Samples::Float32(vec![value; 2 * 10 * seconds].into()),
    };
    recorder.record(&fibre, &block).unwrap();
    recorder.finish().unwrap();
    let files = names(directory);
    assert_eq!(files.len(), seconds);
    files
}

/// One record of miniSEED 2: a second of 10 samples, so many seconds after 2020 began.
pub(crate) fn miniseed(second: u8) -> Vec<u8> {
    let mut record = b"000001D STATN  HSFXX".to_vec();
    record.extend([0x07, 0xe4, 0, 1, 0, 0, second, 0, 0, 0]);
    // Samples, rate, and that the samples begin at 64 and one blockette at 48.
    record.extend([0, 10, 0, 10, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 64, 0, 48]);
    // That one: they are big-endian 16-bit integers, and the record has 2^8 bytes.
    record.extend([0x03, 0xe8, 0, 0, 1, 1, 8, 0]);
    record.resize(256, 0);
    record
}

/// As if it had been written a while ago.
pub(crate) fn age(file: &Path) {
    let file = File::options().write(true).open(file).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
}
