//! `focus feed`: publishes a recording or the simulator as the live fibre.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use focus_live::Speed;
use focus_live::rabbitmq::{self, Address};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::cli::SettingsArgs;
use crate::playback::playback;
use crate::progress::{Progress, bytes};
use crate::settings::{Settings, duration};
use crate::signals::until_told_to_stop;

/// How often progress is shown.
const SHOW_PERIOD: Duration = Duration::from_millis(250);
/// Longer than anything is fed.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 86_400);

/// Shown below `--help`.
pub(crate) const EXAMPLES: &str = "\
Examples:
  export FOCUS_RABBITMQ_URL=amqp://user:password@broker:5672/vhost
  focus feed                                     a real earthquake in a loop, with the times of now
  focus feed --replay /data/recording.h5         a recording of your own
  focus feed --live simulator --set live.simulator.channels=2222 --set live.simulator.sampling_rate=2000
  focus feed --speed max --for 30s               how much the broker takes

It goes on when the broker comes back after an outage; what could not be published meanwhile is a gap.";

/// What `focus feed` can be told.
#[derive(Args, Debug)]
pub(crate) struct FeedArgs {
    /// How many times real time, or `max`: as fast as the broker takes it. Times of samples begin now.
    #[arg(long, default_value = "1", value_name = "TIMES")]
    pub(crate) speed: Speed,
    /// Stop after this long, e.g. `30s` [default: go on until Ctrl-C].
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(crate) time: Option<Duration>,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
}

/// Publishes until it is told to stop or the time is over.
///
/// # Errors
/// When there is nothing to publish.
pub(crate) async fn run(
    settings: Settings,
    address: Address,
    speed: Speed,
    time: Option<Duration>,
) -> Result<()> {
    let Some(playback) = playback(&settings.live, settings.own_dir())? else {
        bail!("there is nothing to feed: live.source is none; take --live replay or --live simulator");
    };
    let fibre = playback.fibre().clone();
    let (feed, source) = playback.at(speed).feed().context("cannot start the source")?;
    tracing::info!(
        broker = %address,
        exchange = address.exchange(),
        channels = fibre.channels,
        sampling_rate = fibre.sampling_rate,
        "publishing"
    );
    let publication = rabbitmq::publish(address, "focus feed", feed, settings.band_channels);
    let seen = publication.progress();
    let mut told = std::pin::pin!(until_told_to_stop()?);
    let end = Instant::now() + time.unwrap_or(FOR_EVER);
    let mut shows = interval(SHOW_PERIOD);
    shows.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut progress = Progress::start();
    loop {
        tokio::select! {
            () = &mut told => break,
            () = sleep_until(end) => break,
            _ = shows.tick() => {}
        }
        // What the broker does is logged by the publication.
        let now = seen.borrow().clone();
        progress.show(&line(&now));
    }
    drop(source);
    let all = publication.ended().await;
    progress.end(&line(&all));
    Ok(())
}

fn line(progress: &rabbitmq::Progress) -> String {
    let rabbitmq::Progress { blocks, bytes: size, unconfirmed, lost, outage } = progress;
    let state = outage.as_ref().map_or_else(String::new, |outage| format!("; {outage}"));
    format!("{blocks} blocks, {} published, {unconfirmed} unconfirmed, {lost} lost{state}", bytes(*size))
}
