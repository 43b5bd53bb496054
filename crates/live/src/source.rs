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
    /// There is nothing more.
    End,
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
        let (announce, fibre) = watch::channel(Some(Arc::new(fibre)));
        let blocks = broadcast::channel(options.capacity()).0;
        let live = LiveFibre::new(fibre, blocks.downgrade());
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::Builder::new().name("live fibre".into()).spawn(move || {
            let mut publisher = publisher(Timestamp::now());
            publish(&mut *publisher, &blocks, &stopped);
            announce.send_replace(None);
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

fn publish(
    publisher: &mut dyn Publisher,
    blocks: &broadcast::Sender<Arc<Block>>,
    stopped: &mpsc::Receiver<()>,
) {
    loop {
        let wait = match publisher.step(Timestamp::now()) {
            Step::Publish(block) => {
                // Without readers a block is not kept.
                let _ = blocks.send(Arc::new(block));
                Duration::ZERO
            }
            Step::Wait(wait) => wait.min(LONGEST_SLEEP),
            Step::End => return,
        };
        if stopped.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}
