//! How fast the past is shown, and in how much memory.
//!
//! `cargo bench -p focus --bench historic` starts the real binary over recordings, runs jobs from `POST /configure` to
//! the last row of all their streams, and prints how many times faster than real time that was, beside a person's
//! h5py and scipy over the same files (bytes in, amplitudes in memory, nothing sent), and the processor time that the
//! server took. `BENCH_PYTHON` names a Python that has them (default `python3`); it also writes the files.
//! `FOCUS_SHARED_DATA` names a directory with the whole recording of the earthquake that the built-in one is an excerpt
//! of. `HISTORIC_ARCHIVE_GB` is the size of the archive (default 10; 0 leaves it out), which needs that room on the
//! disk of temporary files.

mod server;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use server::{Memory, Seen, Server, View};

const ROUNDS: usize = 15;
/// The whole recording of the earthquake.
const EARTHQUAKE: &str = "porotomo_hawthorne_500ch_100Hz_50s.h5";
const EARTHQUAKE_CHANNELS: u32 = 500;
/// Seconds in a file of the made recordings, and how many files a view reads.
const FILE_SECONDS: u32 = 10;
const FILES: u32 = 6;
/// The views of 100 channels: a third of them in each of three streams.
const SPECTROGRAM: View = View { channels: (1001, 100), spectrum: Some((1024, 500.0)), rows_per_second: 25 };
const LOW: View = View { spectrum: Some((1024, 50.0)), ..SPECTROGRAM };
const WATERFALL: View = View { spectrum: None, ..SPECTROGRAM };

fn main() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<()> {
    println!(
        "{:<56} {:>10} {:>10} {:>10} {:>7} {:>10} {:>6} {:>9} {:>6}",
        "", "best", "median", "real time", "x peer", "server CPU", "x peer", "memory", "load"
    );
    let built_in = tempfile::tempdir()?;
    earthquake("the built-in earthquake", built_in.path()).await?;
    if let Some(shared) = std::env::var_os("FOCUS_SHARED_DATA") {
        let whole = tempfile::tempdir()?;
        std::fs::copy(Path::new(&shared).join(EARTHQUAKE), whole.path().join("earthquake.h5"))?;
        earthquake("the whole earthquake", whole.path()).await?;
    }
    for (name, kind, chunk) in [
        ("int16", "i2", (0, 0)),
        ("float32", "f4", (0, 0)),
        ("int16", "i2", (2000, 128)),
        ("int16", "i2", (400, 2222)),
    ] {
        made(name, kind, chunk).await?;
    }
    let gigabytes = std::env::var("HISTORIC_ARCHIVE_GB").map_or(Ok(10), |text| text.parse::<u64>())?;
    if gigabytes > 0 {
        archive(gigabytes).await?;
    }
    Ok(())
}

/// The 50 s of the earthquake, all channels.
async fn earthquake(name: &str, directory: &Path) -> Result<()> {
    let server = Server::start(directory).await?;
    let span = server.recorded(49.0).await?;
    let all = View { channels: (1, EARTHQUAKE_CHANNELS), spectrum: None, rows_per_second: 25 };
    let spectrogram = |highest| View { spectrum: Some((128, highest)), ..all };
    for (kind, view) in
        [("waterfall", all), ("0 to 15 Hz", spectrogram(15.0)), ("0 to 50 Hz", spectrogram(50.0))]
    {
        let files = files_of(directory)?;
        measure(&format!("{name}, 500 channels, {kind}"), &server, view, span, &files).await?;
    }
    Ok(())
}

/// A made recording of 2222 channels at 2000 Hz.
async fn made(name: &str, kind: &str, chunk: (u32, u32)) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let made = make(directory.path(), kind, chunk, FILES)?;
    let server = Server::start(directory.path()).await?;
    let span = server.recorded(f64::from(FILE_SECONDS * FILES) - 1.0).await?;
    let files = files_of(directory.path())?;
    for (what, view) in [("0 to 500 Hz", SPECTROGRAM), ("0 to 50 Hz", LOW), ("waterfall", WATERFALL)] {
        let name = format!("{name}, chunks of {} x {}, 100 channels, {what}", made.chunk.0, made.chunk.1);
        measure(&name, &server, view, span, &files).await?;
    }
    Ok(())
}

/// Memory while a view goes through very many files.
async fn archive(gigabytes: u64) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let one = make(directory.path(), "i2", (0, 0), 1)?;
    let files = (gigabytes * 1_000_000_000).div_ceil(one.stored) as u32;
    make(directory.path(), "i2", (0, 0), files)?;
    let server = Server::start(directory.path()).await?;
    let span = server.recorded(f64::from(FILE_SECONDS * files) - 1.0).await?;
    let idle = server.memory()?.0;
    println!();
    println!(
        "{files} files, {:.1} GB stored, {:.1} GB of samples",
        f64::from(files) * one.stored as f64 / 1e9,
        f64::from(files) * one.samples as f64 / 1e9
    );
    println!("{:<56} {:>10} {:>10} {:>10}", "", "own", "resident", "most");
    let tell = |at: &str, (now, most): (Memory, u64)| {
        println!("{at:<56} {:>7} MB {:>7} MB {most:>7} MB", now.own, now.resident);
    };
    tell("idle", (idle, server.memory()?.1));
    let mut marks = [0.1, 0.5, 1.0].into_iter().peekable();
    let seen = server
        .run(SPECTROGRAM, span, |done| {
            if let Some(mark) = marks.next_if(|mark| done >= mark - 1e-3) {
                tell(&format!("spectrogram of 100 channels, at {:.0} %", mark * 100.0), server.memory()?);
            }
            Ok(())
        })
        .await?;
    println!(
        "{:.0} s in {:.1} s: {:.0} times real time",
        span.1 - span.0,
        seen.seconds,
        (span.1 - span.0) / seen.seconds
    );
    Ok(())
}

/// What a made recording is.
struct Made {
    /// Bytes of the samples of one file, and as they are stored.
    samples: u64,
    stored: u64,
    /// Samples and channels in a chunk.
    chunk: (u64, u64),
}

fn make(directory: &Path, kind: &str, chunk: (u32, u32), files: u32) -> Result<Made> {
    let numbers = [chunk.0, chunk.1, FILE_SECONDS, files].map(|number| number.to_string());
    let told = python(
        "files.py",
        [directory.as_os_str().to_owned(), kind.into()].into_iter().chain(numbers.map(Into::into)),
    )
    .context("the recordings cannot be made: BENCH_PYTHON needs h5py")?;
    let numbers: Vec<u64> = told.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let &[samples, stored, rows, columns] = &numbers[..] else { anyhow::bail!("files.py said {told}") };
    Ok(Made { samples, stored, chunk: (rows, columns) })
}

async fn measure(name: &str, server: &Server, view: View, span: (f64, f64), files: &[PathBuf]) -> Result<()> {
    let length = span.1 - span.0;
    let processor = server.processor()?;
    let mut rounds: Vec<Seen> = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push(server.run(view, span, |_| Ok(())).await?);
    }
    let processor = (server.processor()? - processor) / ROUNDS as f64;
    let expected = length * f64::from(view.rows_per_second);
    let rows = rounds[0].rows;
    ensure!((rows as f64 - expected).abs() < 0.1 * expected, "{name}: {rows} rows instead of {expected:.0}");
    rounds.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    let (best, median) = (rounds[0].seconds, rounds[ROUNDS / 2].seconds);
    let (first, channels) = view.channels;
    let numbers = [
        first,
        channels,
        view.spectrum.map_or(0, |spectrum| spectrum.0),
        view.rows_per_second,
        rounds[0].bins as u32,
    ];
    let arguments = files.iter().map(|file| file.as_os_str().to_owned());
    let peer = python("peer.py", arguments.chain(numbers.map(|number| number.to_string().into())));
    let ratios = match peer.ok().as_deref().and_then(|told| told.trim().split_once(' ')) {
        Some((wall, own)) => [wall.parse::<f64>()? / best, own.parse::<f64>()? / processor],
        None => [f64::NAN; 2],
    };
    let load = std::fs::read_to_string("/proc/loadavg")?;
    println!(
        "{name:<56} {:>7.0} ms {:>7.0} ms {:>8.0} x {:>7.1} {:>7.0} ms {:>6.1} {:>6} MB {:>6}",
        best * 1e3,
        median * 1e3,
        length / best,
        ratios[0],
        processor * 1e3,
        ratios[1],
        server.memory()?.0.own,
        load.split(' ').next().unwrap_or_default(),
    );
    Ok(())
}

/// What a script beside this file prints.
fn python(script: &str, arguments: impl Iterator<Item = std::ffi::OsString>) -> Result<String> {
    let python = std::env::var_os("BENCH_PYTHON").unwrap_or_else(|| "python3".into());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/historic").join(script);
    let output = Command::new(python).arg(script).args(arguments).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

fn files_of(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory)?
        .map(|entry| Ok(entry?.path()))
        .filter(|path| {
            path.as_ref().is_ok_and(|path: &PathBuf| path.extension().is_some_and(|ending| ending == "h5"))
        })
        .collect::<Result<_>>()?;
    files.sort();
    Ok(files)
}
