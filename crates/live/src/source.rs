use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use focus_core::Fibre;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Keeps a playback going: when it is dropped the publisher stops, the fibre goes, and its blocks end.
#[derive(Debug)]
pub struct Source {
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Source {
    /// Runs this on a thread of its own. It shall end soon when the token is cancelled, which unparks it.
    pub(crate) fn start(run: impl FnOnce(&CancellationToken) + Send + 'static) -> io::Result<Self> {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let thread = thread::Builder::new().name("live fibre".into()).spawn(move || run(&stopped))?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It only fails if the publisher panicked, and then the thread is gone as well.
            let _ = thread.join();
        }
    }
}

/// The fibre as readers see it; when this is dropped it goes for good.
pub(crate) struct Announced {
    announce: watch::Sender<Option<Arc<Fibre>>>,
    fibre: Arc<Fibre>,
}

impl Announced {
    /// Announces this fibre.
    pub(crate) fn new(fibre: Arc<Fibre>) -> (Self, watch::Receiver<Option<Arc<Fibre>>>) {
        let (announce, shown) = watch::channel(Some(fibre.clone()));
        (Self { announce, fibre }, shown)
    }

    pub(crate) fn connected(&self, connected: bool) {
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use focus_core::{Block, ChannelRange};
    use jiff::Timestamp;

    use super::*;
    use crate::playback::{Playback, Publisher, Step};
    use crate::{LiveFibre, LiveOptions, Simulator};

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
            if self.0.is_empty() { Step::Wait(Duration::from_secs(1)) } else { self.0.remove(0)(block) }
        }
    }

    fn start(steps: Vec<Line>) -> (LiveFibre, Source) {
        let fibre = Simulator::new(crate::Scene::default()).unwrap().fibre();
        Playback::new(fibre, LiveOptions::default(), move |_| Box::new(Script(steps))).live().unwrap()
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
