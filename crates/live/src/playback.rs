use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use focus_core::{Block, Fibre, sample_offset};
use futures::executor::block_on;
use futures::future::{Either, select};
use jiff::Timestamp;
use tokio::sync::{broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::source::Announced;
use crate::{Feed, LiveFibre, LiveOptions, Source, Speed};

/// What makes blocks.
pub(crate) trait Publisher: Send + 'static {
    /// What to do now.
    fn step(&mut self, now: Timestamp) -> Step;
}

/// What a publisher wants next.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// Publish this.
    Publish(Block),
    /// Ask again after this long.
    Wait(Duration),
    /// No fibre is connected; ask again after this long.
    Absent(Duration),
}

/// A recording or the simulator, ready to be played to those who read in process ([`live`](Self::live)) or to
/// one reader that decides how fast it goes ([`feed`](Self::feed)).
pub struct Playback {
    fibre: Arc<Fibre>,
    options: LiveOptions,
    speed: Speed,
    begin: Box<dyn FnOnce(Timestamp) -> Box<dyn Publisher> + Send>,
}

impl Playback {
    pub(crate) fn new(
        fibre: Fibre,
        options: LiveOptions,
        begin: impl FnOnce(Timestamp) -> Box<dyn Publisher> + Send + 'static,
    ) -> Self {
        Self { fibre: Arc::new(fibre), options, speed: Speed::RealTime, begin: Box::new(begin) }
    }

    /// At another speed than real time.
    #[must_use]
    pub fn at(self, speed: Speed) -> Self {
        Self { speed, ..self }
    }

    /// What is played.
    #[must_use]
    pub fn fibre(&self) -> &Arc<Fibre> {
        &self.fibre
    }

    /// Plays to any number of readers in process. Who is too slow loses blocks.
    ///
    /// # Errors
    /// When its thread cannot be started.
    pub fn live(self) -> io::Result<(LiveFibre, Source)> {
        let capacity = self.options.capacity();
        let blocks = broadcast::channel(capacity).0;
        let readers = blocks.downgrade();
        let (fibre, source) = self.play(move |block, _| {
            // Without readers a block is not kept.
            let _ = blocks.send(block);
            true
        })?;
        Ok((LiveFibre::new(fibre, readers, capacity), source))
    }

    /// Plays to one reader. In real time it is as [`live`](Self::live); at other speeds nothing is lost: what is
    /// not taken holds the playback up.
    ///
    /// # Errors
    /// When its thread cannot be started.
    pub fn feed(self) -> io::Result<(Feed, Source)> {
        if self.speed == Speed::RealTime {
            let (live, source) = self.live()?;
            return Ok((Feed::from(&live), source));
        }
        let (sender, blocks) = mpsc::channel(1);
        let (fibre, source) = self.play(move |block, stop| {
            let room = block_on(async {
                match select(pin!(sender.reserve()), pin!(stop.cancelled())).await {
                    Either::Left((room, _)) => room.ok(),
                    Either::Right(_) => None,
                }
            });
            room.map(|room| room.send(block)).is_some()
        })?;
        Ok((Feed::new(fibre, blocks), source))
    }

    /// Plays on a thread of its own until it is stopped or `take` takes no more.
    fn play(
        self,
        mut take: impl FnMut(Arc<Block>, &CancellationToken) -> bool + Send + 'static,
    ) -> io::Result<(watch::Receiver<Option<Arc<Fibre>>>, Source)> {
        let (announced, shown) = Announced::new(self.fibre);
        let source = Source::start(move |stop| {
            // The last to go, before the blocks end, and even if the publisher panics.
            let announced = announced;
            let mut clock = Clock::new(self.speed);
            let mut publisher = (self.begin)(clock.now());
            while !stop.is_cancelled() {
                match publisher.step(clock.now()) {
                    Step::Publish(block) => {
                        announced.connected(true);
                        clock.reached(end(&block));
                        if !take(Arc::new(block), stop) {
                            return;
                        }
                    }
                    Step::Wait(wait) => clock.wait(wait),
                    Step::Absent(wait) => {
                        announced.connected(false);
                        clock.rest(wait);
                    }
                }
            }
        })?;
        Ok((shown, source))
    }
}

impl std::fmt::Debug for Playback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { fibre, options, speed, begin: _ } = self;
        f.debug_struct("Playback")
            .field("fibre", fibre)
            .field("options", options)
            .field("speed", speed)
            .finish_non_exhaustive()
    }
}

/// When the block's last sample has been taken.
fn end(block: &Block) -> Timestamp {
    let lasts = sample_offset(block.times() as f64, block.sampling_rate);
    block.start.saturating_add(lasts).unwrap_or(Timestamp::MAX)
}
