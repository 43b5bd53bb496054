use std::sync::{Arc, Mutex, PoisonError};

use focus_core::Outage;
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use tokio::sync::{Notify, broadcast, mpsc, watch};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::address::unavailable;
use super::metadata;
use super::session::{Common, Session};
use super::{Address, Metadata, Metrics};
use crate::LiveFibre;
use crate::fibre::Announced;

/// Metadata messages that are on their way within this process.
const METADATA_QUEUE: usize = 4;

/// The control plane's one connection to RabbitMQ: it knows whether the broker serves, and which fibre is live.
///
/// It connects when a round trip is asked for and there is no connection: whoever needs the fibre's metadata
/// must see to it that somebody asks again and again, as a gate does. Cheap to clone; with the last clone
/// the connection ends, and what it had on the broker with it.
#[derive(Clone, Debug)]
pub struct Broker {
    shared: Arc<Parts>,
}

#[derive(Debug)]
struct Parts {
    common: Common,
    latest: Mutex<Option<Attempt>>,
    _metadata: AbortOnDropHandle<()>,
}

/// A connection, perhaps still being made; shared by all who need one meanwhile.
type Attempt = Shared<BoxFuture<'static, Result<Arc<Session>, Outage>>>;

impl Broker {
    /// Nothing is connected yet. `name` is how the broker's administrator sees us.
    ///
    /// The [`LiveFibre`] knows the fibre from its metadata. It has no blocks: of them it is as if the source had
    /// ended, at once.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn start(address: Address, name: &str, metrics: Metrics) -> (Self, LiveFibre) {
        let (metadata, messages) = mpsc::channel(METADATA_QUEUE);
        let (tell, fibre) = watch::channel(None);
        let (heard, band_channels) = watch::channel(None);
        let hear = move |metadata: &Metadata| {
            heard.send_replace(Some(metadata.band_channels));
        };
        let follow = tokio::spawn(metadata::follow(messages, tell, metrics.clone(), hear));
        let changed = Arc::new(Notify::new());
        let (listening, since) = watch::channel(None);
        let common = Common { address, name: name.into(), metrics, changed, metadata, listening };
        let announced = Announced { listening: since, band_channels };
        let live = LiveFibre::new(fibre, broadcast::channel(1).0.downgrade(), 1).announced(announced);
        let follow = AbortOnDropHandle::new(follow);
        let parts = Parts { common, latest: Mutex::new(None), _metadata: follow };
        (Self { shared: Arc::new(parts) }, live)
    }

    /// Notified when the broker blocks or unblocks publishers and when the connection is lost.
    #[must_use]
    pub fn changed(&self) -> Arc<Notify> {
        self.shared.common.changed.clone()
    }

    /// Succeeds when the broker has taken, confirmed and delivered a message just now, over the connection that
    /// is there; connects when there is none.
    ///
    /// All of it within the address's deadline: a broker that does not answer in time is an outage, and the
    /// connection is given up. Any number of round trips can be under way at once. Dropping the
    /// future makes no difference: the round trip is completed in the background.
    ///
    /// # Errors
    /// Why the broker cannot serve.
    #[must_use]
    pub fn round_trip(&self) -> BoxFuture<'static, Result<(), Outage>> {
        let task = tokio::spawn(round_trip(self.shared.clone()));
        async {
            let ended = task.await;
            ended.unwrap_or_else(|_| Err(unavailable("its client failed; the log says why".to_owned())))
        }
        .boxed()
    }
}

async fn round_trip(parts: Arc<Parts>) -> Result<(), Outage> {
    let address = &parts.common.address;
    let mut used = None;
    let trip = async {
        let attempt = parts.attempt();
        let fresh = attempt.peek().is_none();
        let session = attempt.await?;
        used = (!fresh).then(|| session.clone());
        session.round_trip().await
    };
    let result = timeout(address.deadline(), trip).await;
    if let (Err(_), Some(session)) = (&result, used) {
        // It had all the time. One that was only just made is judged by the next round trip.
        session.give_up(address.silent());
    }
    result.unwrap_or_else(|_| Err(address.silent()))
}

impl Parts {
    /// The connection that is there or being made, or else a new attempt.
    fn attempt(&self) -> Attempt {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(attempt) = &*latest {
            match attempt.peek() {
                None => return attempt.clone(),
                Some(Ok(session)) if session.is_alive() => return attempt.clone(),
                Some(_) => {}
            }
        }
        let common = self.common.clone();
        // A task of its own, for it serves others than the one who asked first.
        let task =
            AbortOnDropHandle::new(tokio::spawn(async move { Session::open(&common).await.map(Arc::new) }));
        let attempt = async {
            let ended = task.await;
            ended.unwrap_or_else(|_| Err(unavailable("its client failed; the log says why".to_owned())))
        };
        latest.insert(attempt.boxed().shared()).clone()
    }
}
