use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use focus_core::Outage;
use futures::StreamExt as _;
use lapin::message::BasicReturnMessage;
use lapin::options::{BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Confirmation, Consumer};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::{Instant, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::Address;
use super::address::{refused, unavailable};
use super::connection::{Connection, State, lost, outage};
use super::metrics::{Metrics, Shown};
use super::topology::{Bound, METADATA_KEY, bind, declare_exchange, declare_queue};

/// Metadata that nobody has taken yet; what is older is of no use.
const METADATA_QUEUE: Bound = Bound { messages: 4, bytes: None };
/// What is sent. It must not be empty: with an alarm on, RabbitMQ takes in the head of one more message and then blocks;
/// a message without a body would be complete by then.
const ECHO: &[u8] = b"round trip";
/// Round trips that are on their way at once.
const ECHO_QUEUE: Bound = Bound { messages: 10_000, bytes: None };

/// What every session of one broker has in common.
#[derive(Clone, Debug)]
pub(super) struct Common {
    pub(super) address: Address,
    /// What the broker's administrator sees.
    pub(super) name: Arc<str>,
    pub(super) metrics: Metrics,
    /// Told of every change.
    pub(super) changed: Arc<Notify>,
    /// Takes the metadata messages.
    pub(super) metadata: mpsc::Sender<Vec<u8>>,
    /// Since when metadata would be heard.
    pub(super) listening: watch::Sender<Option<Instant>>,
}

/// The control plane's use of one connection: round trips over it, and the fibre's metadata from it.
#[derive(Debug)]
pub(super) struct Session {
    connection: Arc<Connection>,
    channel: Channel,
    queue: ShortString,
    echoes: Arc<Echoes>,
    _tasks: [AbortOnDropHandle<()>; 3],
}

impl Session {
    /// Connects and sets everything up within the address's deadline.
    pub(super) async fn open(common: &Common) -> Result<Self, Outage> {
        match timeout(common.address.deadline(), Self::set_up(common)).await {
            Ok(session) => session,
            Err(_) => Err(common.address.silent()),
        }
    }

    async fn set_up(common: &Common) -> Result<Self, Outage> {
        let connection = Arc::new(Connection::open(&common.address, &common.name).await?);
        let (echo, metadata) = tokio::try_join!(
            async { listen_to_echoes(&connection.channel().await?).await.map_err(|error| outage(&error)) },
            async {
                let channel = connection.channel().await?;
                listen_to_metadata(&channel, &common.address).await.map_err(|error| outage(&error))
            },
        )?;
        common.listening.send_replace(Some(Instant::now()));
        let (channel, queue, echo) = echo;
        let echoes = Arc::new(Echoes::default());
        let tasks = [
            tokio::spawn(report(connection.state(), common.metrics.clone(), common.changed.clone())),
            tokio::spawn(take_echoes(echo, echoes.clone(), connection.clone())),
            tokio::spawn(take_metadata(metadata, common.metadata.clone(), connection.clone())),
        ];
        let tasks = tasks.map(AbortOnDropHandle::new);
        Ok(Self { connection, channel, queue, echoes, _tasks: tasks })
    }

    /// Whether the connection is there, as far as is known.
    pub(super) fn is_alive(&self) -> bool {
        self.connection.is_alive()
    }

    /// Ends the connection for this reason.
    pub(super) fn give_up(&self, reason: Outage) {
        self.connection.give_up(reason);
    }

    /// Sends a message to ourselves and waits until the broker has both confirmed and delivered it. Without
    /// deadline; ends at once when the broker blocks publishers or the connection is lost.
    pub(super) async fn round_trip(&self) -> Result<(), Outage> {
        let mut state = self.connection.state();
        tokio::select! {
            biased;
            outage = not_open(&mut state) => Err(outage),
            done = self.echo() => {
                if let Err(outage) = done {
                    let outage = self.connection.given_up().unwrap_or(outage);
                    // Whatever is wrong with the channel or the queue, a new connection has new ones.
                    self.give_up(outage.clone());
                    return Err(outage);
                }
                Ok(())
            }
        }
    }

    async fn echo(&self) -> Result<(), Outage> {
        let (number, heard) = self.echoes.expect();
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let properties = BasicProperties::default().with_correlation_id(number.to_string().into());
        let (exchange, queue) = (ShortString::default(), self.queue.clone());
        let confirm = self.channel.basic_publish(exchange, queue, options, ECHO, properties).await;
        let confirm = match confirm {
            Ok(confirm) => confirm.await,
            Err(error) => Err(error),
        };
        match confirm.map_err(|error| outage(&error))? {
            Confirmation::Ack(None) => {}
            Confirmation::Ack(Some(returned)) => return Err(not_delivered(&returned)),
            Confirmation::Nack(_) | Confirmation::NotRequested => {
                return Err(refused("it did not accept a message".to_owned()));
            }
        }
        heard.await.map_err(|_| unavailable("it deleted a queue that is in use".to_owned()))
    }
}

fn not_delivered(returned: &BasicReturnMessage) -> Outage {
    refused(format!("it returned a message: {}", returned.reply_text))
}

/// Waits until the connection does not serve; says why.
async fn not_open(state: &mut watch::Receiver<State>) -> Outage {
    let state = state.wait_for(|state| state.outage().is_some()).await;
    let outage = state.ok().and_then(|state| state.outage().cloned());
    outage.unwrap_or_else(lost)
}

async fn listen_to_echoes(channel: &Channel) -> lapin::Result<(Channel, ShortString, Consumer)> {
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let queue = declare_queue(channel, ECHO_QUEUE).await?;
    let consumer = consume(channel, &queue).await?;
    Ok((channel.clone(), queue, consumer))
}

async fn listen_to_metadata(channel: &Channel, address: &Address) -> lapin::Result<Consumer> {
    declare_exchange(channel, address).await?;
    let queue = declare_queue(channel, METADATA_QUEUE).await?;
    bind(channel, &queue, address, METADATA_KEY).await?;
    consume(channel, &queue).await
}

async fn consume(channel: &Channel, queue: &ShortString) -> lapin::Result<Consumer> {
    let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
    channel.basic_consume(queue.clone(), ShortString::default(), options, FieldTable::default()).await
}

/// The round trips that wait for their message.
#[derive(Debug, Default)]
struct Echoes {
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<()>>>,
}

/// One of them. Nobody waits for it any more when it is dropped.
struct Expected<'a> {
    echoes: &'a Echoes,
    number: u64,
}

impl Echoes {
    fn waiting(&self) -> MutexGuard<'_, HashMap<u64, oneshot::Sender<()>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of a new message, and what ends when it is heard.
    fn expect(&self) -> (u64, impl Future<Output = Result<(), oneshot::error::RecvError>>) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (tell, heard) = oneshot::channel();
        self.waiting().insert(number, tell);
        let expected = Expected { echoes: self, number };
        (number, async move {
            let _expected = expected;
            heard.await
        })
    }

    fn heard(&self, number: u64) {
        if let Some(tell) = self.waiting().remove(&number) {
            // Fails when nobody waits any more.
            let _ = tell.send(());
        }
    }

    /// Nothing will be heard any more.
    fn end(&self) {
        self.waiting().clear();
    }
}

impl Drop for Expected<'_> {
    fn drop(&mut self) {
        self.echoes.waiting().remove(&self.number);
    }
}

async fn take_echoes(mut consumer: Consumer, echoes: Arc<Echoes>, connection: Arc<Connection>) {
    while let Some(Ok(delivery)) = consumer.next().await {
        let number = delivery.properties.correlation_id().as_ref();
        if let Some(number) = number.and_then(|number| number.as_str().parse().ok()) {
            echoes.heard(number);
        }
    }
    connection.cut();
    echoes.end();
}

async fn take_metadata(mut consumer: Consumer, metadata: mpsc::Sender<Vec<u8>>, connection: Arc<Connection>) {
    while let Some(Ok(delivery)) = consumer.next().await {
        if metadata.send(delivery.data).await.is_err() {
            return;
        }
    }
    // The next round trip makes a new connection, and listens again.
    connection.cut();
}

/// Tells metrics and gate how the connection is.
async fn report(mut state: watch::Receiver<State>, metrics: Metrics, changed: Arc<Notify>) {
    let mut blocked = None;
    while state.changed().await.is_ok() {
        blocked = match *state.borrow_and_update() {
            State::Blocked(_) => blocked.or_else(|| Some(Shown::on(&metrics.blocked))),
            State::Open | State::Closed(_) => None,
        };
        changed.notify_one();
    }
}
