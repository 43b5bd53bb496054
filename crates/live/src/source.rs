use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use focus_core::{Block, Fibre};
use jiff::Timestamp;
use tokio::sync::{broadcast, watch};

use crate::{LiveFibre, LiveOptions};

/// Longest sleep in one piece, so that a jump of the wall clock is noticed soon.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// What makes blocks.
pub(crate) trait Publisher: Send + 'static {
    /// What to do now; `now` is the wall clock.
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

/// Keeps a live fibre going: when it is dropped the publisher stops, the fibre goes, and its blocks end.
#[derive(Debug)]
pub struct Source {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Source {
    /// Runs a publisher on a thread of its own.
    pub(crate) fn start(
        fibre: Fibre,
        options: LiveOptions,
        publisher: impl FnOnce(Timestamp) -> Box<dyn Publisher> + Send + 'static,
    ) -> std::io::Result<(LiveFibre, Self)> {
        let fibre = Arc::new(fibre);
        let (announce, shown) = watch::channel(Some(fibre.clone()));
        let announced = Announced { announce, fibre };
        let blocks = broadcast::channel(options.capacity()).0;
        let live = LiveFibre::new(shown, blocks.downgrade());
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::Builder::new().name("live fibre".into()).spawn(move || {
            // The last to go, before the blocks end, and even if the publisher panics.
            let announced = announced;
            let mut publisher = publisher(Timestamp::now());
            publish(&mut *publisher, &announced, &blocks, &stopped);
        })?;
        Ok((live, Self { stop: Some(stop), thread: Some(thread) }))
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It only fails if the publisher panicked, and then the thread is gone as well.
            let _ = thread.join();
        }
    }
}

/// The fibre as readers see it; when this is dropped it goes for good.
struct Announced {
    announce: watch::Sender<Option<Arc<Fibre>>>,
    fibre: Arc<Fibre>,
}

impl Announced {
    fn connected(&self, connected: bool) {
        self.announce.send_if_modified(|shown| {
            let changed = shown.is_some() != connected;
            if changed {
                *shown = connected.then(|| self.fibre.clone());
            }
            changed
        });
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        self.connected(false);
        if std::thread::panicking() {
            tracing::error!("the live fibre has ended: its publisher panicked");
        } else {
            tracing::info!("the live fibre has ended");
        }
    }
}

fn publish(
    publisher: &mut dyn Publisher,
    announced: &Announced,
    blocks: &broadcast::Sender<Arc<Block>>,
    stopped: &mpsc::Receiver<()>,
) {
    loop {
        let wait = match publisher.step(Timestamp::now()) {
            Step::Publish(block) => {
                announced.connected(true);
                // Without readers a block is not kept.
                let _ = blocks.send(Arc::new(block));
                Duration::ZERO
            }
            Step::Wait(wait) => wait.min(LONGEST_SLEEP),
            Step::Absent(wait) => {
                announced.connected(false);
                wait.min(LONGEST_SLEEP)
            }
        };
        if stopped.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use focus_core::ChannelRange;

    use super::*;
    use crate::Simulator;

    /// Takes one step after the other, then waits.
    struct Script(Vec<Line>);

    type Line = Box<dyn FnOnce(Block) -> Step + Send>;

    impl Publisher for Script {
        fn step(&mut self, now: Timestamp) -> Step {
            let simulator = Simulator::new(crate::Scene::default()).unwrap();
            let fibre = simulator.fibre();
            let block = Block {
                sequence: 0,
                start: now,
                sampling_rate: fibre.sampling_rate,
                first_channel: 1,
                channels: fibre.channels as usize,
                samples: simulator.samples(0, 1),
            };
            if self.0.is_empty() { Step::Wait(LONGEST_SLEEP) } else { self.0.remove(0)(block) }
        }
    }

    fn start(steps: Vec<Line>) -> (LiveFibre, Source) {
        let fibre = Simulator::new(crate::Scene::default()).unwrap().fibre();
        Source::start(fibre, LiveOptions::default(), move |_| Box::new(Script(steps))).unwrap()
    }

    #[tokio::test]
    async fn a_publisher_that_panics_takes_the_fibre_with_it() {
        let (live, source) = start(vec![Box::new(|_| panic!("a bug"))]);
        let mut changes = live.changes();
        while changes.changed().await.is_ok() {}
        assert_eq!(live.fibre(), None);
        assert_eq!(live.subscribe(ChannelRange::ALL).next().await, None);
        drop(source);
    }

    #[tokio::test]
    async fn an_absent_fibre_comes_back_with_its_next_block() {
        let (go_on, gone_on) = mpsc::channel();
        let (live, _source) = start(vec![
            Box::new(|_| Step::Absent(Duration::from_millis(1))),
            Box::new(move |block| {
                gone_on.recv_timeout(Duration::from_secs(60)).unwrap();
                Step::Publish(block)
            }),
        ]);
        let (mut changes, mut blocks) = (live.changes(), live.subscribe(ChannelRange::ALL));
        changes.wait_for(Option::is_none).await.unwrap();
        go_on.send(()).unwrap();
        assert!(blocks.next().await.is_some());
        let fibre = changes.wait_for(Option::is_some).await.unwrap().clone();
        assert_eq!(fibre, live.fibre());
    }
}
