//! How fast spectra are made, against two peers in the same run: `scipy.signal.ShortTimeFFT` and a plain
//! `realfft` loop, both fed channel-major as they like it.
//!
//! `BENCH_PYTHON` names a Python that has numpy and scipy (default `python3`).

use std::hint::black_box;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use focus_core::{Block, ChannelRange, Samples};
use focus_spectrum::{Spectrograph, Transform};
use jiff::{SignedDuration, Timestamp};
use rayon::ThreadPool;
use realfft::RealFftPlanner;

const CHANNELS: usize = 2222;
const RATE: usize = 2000;
const SECONDS: usize = 10;
const NFFT: usize = 1024;
const HOP: usize = 512;
/// 0 to 500 Hz.
const BINS: usize = NFFT / 4 + 1;
/// Instants in a block: 100 ms, as an interrogator sends them.
const BLOCK: usize = RATE / 10;
const ROUNDS: usize = 7;

/// Million input samples per second.
#[derive(Clone, Copy)]
struct Rate {
    /// By the clock on the wall.
    wall: f64,
    /// Of processor time, all threads together: what other processes take of the machine does not count.
    processor: f64,
}

type Convert = fn(&[i16]) -> Samples;

fn main() {
    println!(
        "{CHANNELS} channels x {SECONDS} s x {RATE} Hz, nfft {NFFT}, hop {HOP}, 0-500 Hz, blocks of {BLOCK} samples.\n\
         Million input samples per second, by the clock and of processor time, best of {ROUNDS}.\n\
         Ratios: one thread by processor time, two threads by the clock.\n"
    );
    let pools = [1, 2].map(|threads| {
        let builder = rayon::ThreadPoolBuilder::new().num_threads(threads);
        builder.build().expect("a thread pool")
    });
    let table = Table { scipy: scipy(), realfft: realfft() };
    table.print("realfft, channel-major", 1, table.realfft);
    match table.scipy {
        Some(rate) => table.print("scipy ShortTimeFFT, channel-major", 1, rate),
        None => {
            println!("scipy ShortTimeFFT: not measured, no Python with numpy and scipy (set BENCH_PYTHON)");
        }
    }
    let sources: [(&str, Convert); 3] = [
        ("f32", |noise| Samples::Float32(noise.iter().map(|&value| f32::from(value)).collect())),
        ("i16", |noise| Samples::Int16(noise.into())),
        ("i32", |noise| Samples::Int32(noise.iter().map(|&value| i32::from(value)).collect())),
    ];
    let amplitude = Transform::Amplitude { nfft: NFFT, windows_per_row: 1 };
    for (name, samples) in sources {
        let blocks = blocks(samples);
        for (picture, transform) in [("spectrogram", amplitude), ("waterfall", Transform::Rms)] {
            for pool in &pools {
                let rate = spectrograph(transform, &blocks, pool);
                table.print(&format!("focus {picture}, {name}"), pool.current_num_threads(), rate);
            }
        }
    }
    if let Some(peak) = peak_memory() {
        println!("\npeak memory of this process, the input included: {peak}");
    }
}

struct Table {
    scipy: Option<Rate>,
    realfft: Rate,
}

impl Table {
    fn print(&self, label: &str, threads: usize, rate: Rate) {
        let ratio = |peer: Rate| match threads {
            1 => rate.processor / peer.processor,
            _ => rate.wall / peer.wall,
        };
        let scipy = self.scipy.map_or_else(String::new, |scipy| format!("{:6.1} x scipy", ratio(scipy)));
        println!(
            "{label:34}{threads:2} thread(s){:7.0}{:7.0}{:7.1} x realfft{scipy}",
            rate.wall,
            rate.processor,
            ratio(self.realfft)
        );
    }
}

/// The best of `ROUNDS` runs.
fn best(mut run: impl FnMut()) -> Rate {
    let samples = (CHANNELS * RATE * SECONDS) as f64 / 1e6;
    let rates = (0..ROUNDS).map(|_| {
        let (start, processor) = (Instant::now(), processor_seconds());
        run();
        let wall = start.elapsed().as_secs_f64();
        let processor = processor.zip(processor_seconds()).map_or(wall, |(begin, end)| end - begin);
        Rate { wall: samples / wall, processor: samples / processor }
    });
    let none = Rate { wall: 0.0, processor: 0.0 };
    rates.fold(none, |a, b| Rate { wall: a.wall.max(b.wall), processor: a.processor.max(b.processor) })
}

/// What all threads of this process have used, as Linux says; nothing elsewhere.
fn processor_seconds() -> Option<f64> {
    let threads = std::fs::read_dir("/proc/self/task").ok()?;
    let nanos = threads.map(|thread| {
        let statistics = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        statistics.split(' ').next()?.parse::<u64>().ok()
    });
    nanos.sum::<Option<u64>>().map(|nanos| nanos as f64 / 1e9)
}

fn spectrograph(transform: Transform, blocks: &[Block], pool: &ThreadPool) -> Rate {
    let channels = ChannelRange::new(1, CHANNELS as u32).expect("a range of channels");
    best(|| {
        pool.install(|| {
            let mut spectrograph = Spectrograph::new(transform, HOP as f64, None);
            spectrograph.want([(channels, 0..BINS as u32)]);
            for block in blocks {
                black_box(spectrograph.push(block));
            }
        });
    })
}

/// The same noise throughout; its values do not matter to any of the three.
fn noise(instants: usize) -> Vec<i16> {
    let mut state = 1_u32;
    (0..instants * CHANNELS)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 20) as i16
        })
        .collect()
}

fn blocks(samples: Convert) -> Vec<Block> {
    (0..SECONDS * RATE / BLOCK)
        .map(|sequence| Block {
            sequence: sequence as u64,
            start: Timestamp::UNIX_EPOCH
                + SignedDuration::from_millis((sequence * BLOCK * 1000 / RATE) as i64),
            sampling_rate: RATE as f64,
            first_channel: 1,
            channels: CHANNELS,
            samples: samples(&noise(BLOCK)),
        })
        .collect()
}

fn realfft() -> Rate {
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(NFFT);
    let window: Vec<f32> = (0..NFFT)
        .map(|n| (0.5 - 0.5 * (std::f64::consts::TAU * n as f64 / NFFT as f64).cos()) as f32)
        .collect();
    let channel: Arc<[f32]> = (0..RATE * SECONDS).map(|n| (n * n % 101) as f32).collect();
    let (mut input, mut output) = (fft.make_input_vec(), fft.make_output_vec());
    let mut scratch = fft.make_scratch_vec();
    let mut amplitudes = vec![0.0; BINS];
    best(|| {
        for _ in 0..CHANNELS {
            for samples in black_box(&channel).windows(NFFT).step_by(HOP) {
                for ((input, sample), window) in input.iter_mut().zip(samples).zip(&window) {
                    *input = sample * window;
                }
                fft.process_with_scratch(&mut input, &mut output, &mut scratch).expect("lengths fit");
                for (amplitude, value) in amplitudes.iter_mut().zip(&output) {
                    *amplitude = value.norm_sqr().sqrt() / (NFFT / 4) as f32;
                }
                black_box(&mut amplitudes);
            }
        }
    })
}

fn scipy() -> Option<Rate> {
    let python = std::env::var_os("BENCH_PYTHON").unwrap_or_else(|| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/short_time_fft.py");
    let arguments = [CHANNELS, RATE, SECONDS, NFFT, HOP, BINS].map(|number| number.to_string());
    let output = Command::new(python).arg(script).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (wall, processor) = text.trim().split_once(' ')?;
    Some(Rate { wall: wall.parse().ok()?, processor: processor.parse().ok()? })
}

/// What Linux says; nothing elsewhere.
fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    Some(status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().to_owned())
}
