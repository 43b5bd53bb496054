//! How fast spectra are made, against two peers in the same run: `scipy.signal.ShortTimeFFT` and a plain
//! `realfft` loop, both fed channel-major as they like it.
//!
//! `FOCUS_BENCH_PYTHON` names a Python that has numpy and scipy (default `python3`).

use std::hint::black_box;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use focus_core::{Block, ChannelRange, Samples};
use focus_spectrum::{Spectrograph, Transform};
use jiff::{SignedDuration, Timestamp};
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

fn main() {
    println!(
        "{CHANNELS} channels x {SECONDS} s x {RATE} Hz, nfft {NFFT}, hop {HOP}, 0-500 Hz, blocks of {BLOCK} \
         samples; million input samples per second, best of {ROUNDS}\n"
    );
    let scipy = scipy();
    let realfft = realfft();
    print_rate("realfft, channel-major, 1 thread", realfft, scipy, realfft);
    match scipy {
        Some(rate) => print_rate("scipy ShortTimeFFT, channel-major, 1 thread", rate, scipy, realfft),
        None => println!("scipy ShortTimeFFT: not measured, no Python with numpy and scipy (set FOCUS_BENCH_PYTHON)"),
    }
    let sources: [(&str, fn(&[i16]) -> Samples); 3] = [
        ("f32", |noise| Samples::Float32(noise.iter().map(|&value| f32::from(value)).collect())),
        ("i16", |noise| Samples::Int16(noise.into())),
        ("i32", |noise| Samples::Int32(noise.iter().map(|&value| i32::from(value)).collect())),
    ];
    for (name, samples) in sources {
        let blocks = blocks(samples);
        let amplitude = Transform::Amplitude { nfft: NFFT, windows_per_row: 1 };
        for threads in [1, 2] {
            let label = format!("focus spectrogram, {name}, {threads} thread(s)");
            print_rate(&label, spectrograph(amplitude, &blocks, threads), scipy, realfft);
        }
        let label = format!("focus waterfall, {name}, 1 thread");
        print_rate(&label, spectrograph(Transform::Rms, &blocks, 1), scipy, realfft);
    }
    if let Some(peak) = peak_memory() {
        println!("\npeak memory of this process, the input included: {peak}");
    }
}

fn print_rate(label: &str, rate: f64, scipy: Option<f64>, realfft: f64) {
    let scipy = scipy.map_or_else(String::new, |scipy| format!("{:6.1} x scipy", rate / scipy));
    println!("{label:45}{rate:8.0}{:8.1} x realfft{scipy}", rate / realfft);
}

/// The best rate of `ROUNDS` runs, in million input samples per second of processor time: what other
/// processes take of the machine does not count.
fn best(mut run: impl FnMut()) -> f64 {
    let seconds = (0..ROUNDS).map(|_| {
        let (start, processor) = (Instant::now(), processor_seconds());
        run();
        match (processor, processor_seconds()) {
            (Some(begin), Some(end)) => end - begin,
            _ => start.elapsed().as_secs_f64(),
        }
    });
    (CHANNELS * RATE * SECONDS) as f64 / 1e6 / seconds.fold(f64::MAX, f64::min)
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

fn spectrograph(transform: Transform, blocks: &[Block], threads: usize) -> f64 {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a thread pool");
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

fn blocks(samples: fn(&[i16]) -> Samples) -> Vec<Block> {
    (0..SECONDS * RATE / BLOCK)
        .map(|sequence| Block {
            sequence: sequence as u64,
            start: Timestamp::UNIX_EPOCH + SignedDuration::from_millis((sequence * BLOCK * 1000 / RATE) as i64),
            sampling_rate: RATE as f64,
            first_channel: 1,
            channels: CHANNELS,
            samples: samples(&noise(BLOCK)),
        })
        .collect()
}

fn realfft() -> f64 {
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

fn scipy() -> Option<f64> {
    let python = std::env::var_os("FOCUS_BENCH_PYTHON").unwrap_or_else(|| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/short_time_fft.py");
    let arguments = [CHANNELS, RATE, SECONDS, NFFT, HOP, BINS].map(|number| number.to_string());
    let output = Command::new(python).arg(script).args(arguments).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// What Linux says; nothing elsewhere.
fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    Some(status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().to_owned())
}
