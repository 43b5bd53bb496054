//! `focus record`: writes the live fibre to recordings.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use clap::{Args, ValueHint};
use focus_core::{ChannelRange, Outage};
use focus_live::rabbitmq::{self, Address, Subscription, Wanted};
use focus_live::{Blocks, LiveFibre, LiveOptions};
use focus_recordings::{Progress as RecordingProgress, Recorder};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

use crate::cli::SettingsArgs;
use crate::progress::{Progress, bytes};
use crate::settings::{Settings, duration};
use crate::signals::until_told_to_stop;

/// How often progress is shown.
const SHOW_PERIOD: Duration = Duration::from_millis(250);
/// Time between two attempts to reach a broker that is down.
const RETRY_PERIOD: Duration = Duration::from_secs(1);
/// How far the disk may fall behind before samples are lost.
const QUEUE: Duration = Duration::from_secs(10);
/// Longer than anything is recorded.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 86_400);

/// Shown below `--help`.
pub(crate) const EXAMPLES: &str = "\
Examples:
  export FOCUS_RABBITMQ_URL=amqp://user:password@broker:5672/vhost
  focus record                                   into the data directory, where servers find new files within seconds
  focus record --output /data/fibre --roll 10m
  focus record --channels 100-299 --for 1h       a stretch of the fibre, for an hour

Files are PRODML 2.1 HDF5. They appear whole, so the newest samples can be seen as a recording when their file is over: with
--roll 5s at most that late. Where samples are missing a new file begins. Ctrl-C finishes the last one.";

/// What `focus record` can be told.
#[derive(Args, Debug)]
pub(crate) struct RecordArgs {
    /// Directory for the files [default: the data directory].
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) output: Option<PathBuf>,
    /// How much time one file holds; files begin at multiples of it, UTC.
    #[arg(long, default_value = "60s", value_name = "DURATION", value_parser = duration)]
    pub(crate) roll: Duration,
    /// Which channels, FIRST-LAST [default: all].
    #[arg(long, value_name = "CHANNELS", value_parser = channels)]
    pub(crate) channels: Option<ChannelRange>,
    /// Stop this long after the first sample, e.g. `1h` [default: go on until Ctrl-C].
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(crate) time: Option<Duration>,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
}

fn channels(text: &str) -> Result<ChannelRange, String> {
    let range = text
        .split_once('-')
        .and_then(|(first, last)| ChannelRange::new(first.trim().parse().ok()?, last.trim().parse().ok()?));
    range.ok_or_else(|| "must be FIRST-LAST, counted from 1, for example 100-299".to_owned())
}

/// Records until it is told to stop or the time is over.
///
/// # Errors
/// When the directory cannot be used, or some samples could not be written.
pub(crate) async fn run(settings: Settings, address: Address, args: RecordArgs) -> Result<()> {
    let directory = args.output.unwrap_or(settings.data_dir);
    let channels = args.channels.unwrap_or(ChannelRange::ALL);
    let started = Recorder::start(&directory, args.roll, channels)?;
    for file in &started.removed {
        tracing::warn!(file = %file.display(), "removed: unfinished, left by a crash");
    }
    tracing::info!(broker = %address, directory = %directory.display(), "recording");
    let mut told = std::pin::pin!(until_told_to_stop()?);
    let (fibre, subscription) = tokio::select! {
        () = &mut told => return Ok(()),
        subscribed = subscribe(&address, channels) => subscribed,
    };

    let writer = Writer::start(started.recorder, fibre)?;
    let mut shows = interval(SHOW_PERIOD);
    shows.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut progress, mut end) = (Progress::start(), None);
    loop {
        tokio::select! {
            () = &mut told => break,
            () = sleep_until(end.unwrap_or_else(|| Instant::now() + FOR_EVER)) => break,
            _ = shows.tick() => if writer.has_ended() { break },
        }
        let seen = writer.seen();
        if seen.samples > 0 && end.is_none() {
            end = args.time.map(|time| Instant::now() + time);
        }
        progress.show(&line(&seen));
    }
    // With the subscription the blocks end, and with them the writer.
    drop(subscription);
    let all = tokio::task::spawn_blocking(|| writer.finish()).await??;
    progress.end(&line(&all));
    Ok(())
}

/// Tries until the broker serves; one line of the log for each reason why it does not.
async fn subscribe(address: &Address, channels: ChannelRange) -> (LiveFibre, Subscription) {
    let options = LiveOptions { queue: QUEUE, ..LiveOptions::default() };
    let mut known: Option<Outage> = None;
    loop {
        let wanted = Wanted { channels, options, metadata: None };
        let metrics = rabbitmq::Metrics::default();
        match rabbitmq::consume(address.clone(), "focus record", wanted, metrics).await {
            Ok(subscribed) => return subscribed,
            Err(outage) if known.as_ref() == Some(&outage) => {}
            Err(outage) => {
                tracing::warn!("{outage}");
                known = Some(outage);
            }
        }
        sleep(RETRY_PERIOD).await;
    }
}

/// The thread that writes.
struct Writer {
    seen: Arc<Mutex<RecordingProgress>>,
    thread: thread::JoinHandle<Result<RecordingProgress>>,
}

impl Writer {
    fn start(mut recorder: Recorder, fibre: LiveFibre) -> Result<Self> {
        let seen = Arc::<Mutex<RecordingProgress>>::default();
        let shown = Arc::clone(&seen);
        let mut blocks = fibre.subscribe(ChannelRange::ALL);
        let write = move || {
            let failed = record(&mut recorder, &fibre, &mut blocks, &shown);
            let all = recorder.finish()?;
            match failed {
                Some(error) => bail!("some samples were not recorded: {error}"),
                None => Ok(all),
            }
        };
        let thread = thread::Builder::new().name("recorder".to_owned()).spawn(write)?;
        Ok(Self { seen, thread })
    }

    fn seen(&self) -> RecordingProgress {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it writes no more, which nobody has asked for.
    fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    fn finish(self) -> Result<RecordingProgress> {
        self.thread.join().map_err(|_| anyhow!("the recorder failed; the log says why"))?
    }
}

/// Writes until the blocks end. What cannot be written is told once for each reason; it goes on, for somebody may
/// make room. Returns the first reason.
fn record(
    recorder: &mut Recorder,
    fibre: &LiveFibre,
    blocks: &mut Blocks,
    shown: &Mutex<RecordingProgress>,
) -> Option<String> {
    let (mut first, mut failing, mut lost) = (None, None, 0);
    let mut known = None;
    while let Some(block) = blocks.blocking_next() {
        // What is still in the queue when the fibre goes was measured on it all the same.
        known = fibre.fibre().or(known);
        let Some(fibre) = &known else { continue };
        let failed = recorder.record(fibre, &block).err().map(|error| error.to_string());
        if let Some(error) = failed.as_ref().filter(|error| failing.as_ref() != Some(*error)) {
            tracing::error!("{error}");
            first.get_or_insert_with(|| error.clone());
        }
        failing = failed;
        if blocks.lost() > lost {
            lost = blocks.lost();
            tracing::warn!(lost, "blocks lost: the disk is too slow");
        }
        *shown.lock().unwrap_or_else(PoisonError::into_inner) = recorder.progress();
    }
    first
}

fn line(progress: &RecordingProgress) -> String {
    let RecordingProgress { files, samples, bytes: size, gaps } = progress;
    format!("{files} files, {samples} samples per channel, {} recorded, {gaps} gaps", bytes(*size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_a_range_counted_from_one() {
        assert_eq!(channels("100-299"), Ok(ChannelRange::new(100, 299).unwrap()));
        for wrong in ["", "7", "0-3", "9-8", "a-b", "1-2-3"] {
            assert!(channels(wrong).is_err(), "{wrong}");
        }
    }
}
