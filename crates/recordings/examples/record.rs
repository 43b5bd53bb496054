//! Records a made-up fibre: shows how a [`Recorder`] is driven, and how much memory and time it takes.
//!
//! ```sh
//! cargo run -p focus-recordings --example record -- DIRECTORY [SECONDS [CHANNELS [RATE]]]
//! ```

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use focus_core::{Block, ChannelRange, DataType, Fibre, Samples, sample_offset};
use focus_recordings::Recorder;
use jiff::Timestamp;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().ok_or("which directory?")?);
    let mut number = |default| arguments.next().map_or(Ok(default), |text| text.parse::<u32>());
    let (seconds, channels, rate) = (number(10)?, number(100)?, number(500)?);

    let fibre = Fibre {
        pulse_rate: Some(f64::from(rate) * 10.0),
        sampling_rate: f64::from(rate),
        dx: Some(1.25),
        gauge_length: Some(10.0),
        channels,
        start: Some(125.0),
        length: Some(1.25 * f64::from(channels)),
        samples_per_trace: None,
        data_type: DataType::Float32,
        unit: Some("nm/m/s".into()),
        software: Some("example".into()),
        description: Some("a made-up fibre".into()),
    };
    let start: Timestamp = "2024-06-01T11:59:57.001234567Z".parse()?;
    let times = (rate / 10).max(1);
    let mut recorder = Recorder::start(&directory, Duration::from_secs(60), ChannelRange::ALL)?.recorder;

    let began = Instant::now();
    let mut slowest = Duration::ZERO;
    for sequence in 0..u64::from(seconds * rate / times) {
        let first = sequence * u64::from(times);
        let values = (first..first + u64::from(times))
            .flat_map(|time| (1..=channels).map(move |channel| (time % 1000) as f32 + channel as f32 / 1e4))
            .collect::<Arc<[f32]>>();
        let block = Block {
            sequence,
            start: start + sample_offset(first as f64, fibre.sampling_rate),
            sampling_rate: fibre.sampling_rate,
            first_channel: 1,
            channels: channels as usize,
            samples: Samples::Float32(values),
        };
        let before = Instant::now();
        recorder.record(&fibre, &block)?;
        slowest = slowest.max(before.elapsed());
    }
    let progress = recorder.finish()?;
    println!("{progress:?} in {:.1?}, the slowest block in {slowest:.1?}", began.elapsed());
    Ok(())
}
