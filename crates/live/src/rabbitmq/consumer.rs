use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use focus_core::{Block, ChannelRange, DataType, Fibre, Outage};
use futures::StreamExt as _;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, Consumer};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::Instrument as _;

use super::address::unavailable;
use super::assembly::Assembly;
use super::backoff::Backoff;
use super::complaint::Complaint;
use super::connection::{Connection, outage};
use super::metadata::follow;
use super::topology::{Bound, METADATA_KEY, bind, declare_exchange, declare_queue};
use super::wire::decode;
use super::{Address, Bands, Metadata, Metrics};
use crate::{LiveFibre, LiveOptions};

/// Metadata comes once a second: after this long without any message something is wrong, or no fibre is
/// connected.
const SILENCE: Duration = Duration::from_secs(5);
/// How much time of samples the broker keeps for a reader that falls behind.
const QUEUED: f64 = 2.0;
/// Room in the queue for what is no sample.
const OVERHEAD: u64 = 64 * 1024;
/// Most messages in the queue, however small they are.
const LONGEST_QUEUE: i32 = 10_000;
/// Blocks' bands that are on their way to us unacknowledged: the broker sends no more, so that what we
/// have not taken waits there, where it is bounded, and not in our memory.
const PREFETCHED_BLOCKS: usize = 8;
const FEWEST_PREFETCHED: u16 = 16;
/// Metadata messages that are on their way within this process.
const METADATA_QUEUE: usize = 4;

/// What to read of the live fibre.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The channels; blocks hold all of the bands that these are in.
    pub channels: ChannelRange,
    /// How far readers in this process may fall behind.
    pub options: LiveOptions,
    /// What is known of the fibre. Without it blocks only come after its next metadata, up to a second later.
    pub metadata: Option<Metadata>,
}

/// Keeps the live fibre coming from RabbitMQ: when it is dropped the blocks end, and queue and connection go.
#[derive(Debug)]
pub struct Subscription {
    _stop: DropGuard,
}

/// Reads some channels of the live fibre from RabbitMQ until the subscription is dropped; `name` is how the
/// broker's administrator sees us. Returns once the broker delivers what is published from now on.
///
/// The queue is exclusive to our connection, so it cannot outlive us, and keeps about 2 s of samples: what is
/// older is dropped. When the connection is lost it is made again, without end. Whatever was missed is a
/// jump in the blocks' sequence and time, and is counted.
///
/// # Errors
/// Why the broker cannot serve now.
pub async fn consume(
    address: Address,
    name: &str,
    wanted: Wanted,
    metrics: Metrics,
) -> Result<(LiveFibre, Subscription), Outage> {
    let (reader, live, announcements) = prepare(address, name, wanted, metrics);
    let connected = reader.connect().await?;
    Ok((live, begin(reader, Some(connected), announcements)))
}

/// The same from a broker that may not serve yet: returns at once, and connects in the background, as often as it
/// takes.
#[must_use = "without its subscription the fibre ends"]
pub fn consume_patiently(
    address: Address,
    name: &str,
    wanted: Wanted,
    metrics: Metrics,
) -> (LiveFibre, Subscription) {
    let (reader, live, announcements) = prepare(address, name, wanted, metrics);
    (live, begin(reader, None, announcements))
}

/// The fibre's metadata on its way from the reader to whoever shows the fibre.
struct Announcements {
    messages: mpsc::Receiver<Vec<u8>>,
    shown: watch::Sender<Option<Arc<Fibre>>>,
}

fn prepare(
    address: Address,
    name: &str,
    wanted: Wanted,
    metrics: Metrics,
) -> (Reader, LiveFibre, Announcements) {
    let Wanted { channels, options, metadata: known } = wanted;
    let (metadata, messages) = mpsc::channel(METADATA_QUEUE);
    if let Some(known) = &known {
        // It has room: nothing was sent yet.
        let _ = metadata.try_send(known.to_json());
    }
    let (shown, fibre) = watch::channel(known.as_ref().map(|known| Arc::new(known.fibre.clone())));
    let (blocks, _) = broadcast::channel(options.capacity());
    let live = LiveFibre::new(fibre, blocks.downgrade(), options.capacity());
    let mut reader = Reader {
        address,
        name: name.to_owned(),
        channels,
        metrics,
        metadata,
        blocks,
        layout: None,
        ignored: Complaint::default(),
    };
    if let Some(known) = &known {
        reader.learn(known);
    }
    (reader, live, Announcements { messages, shown })
}

/// Reads from now on, over this connection or over the first that can be made.
fn begin(
    reader: Reader,
    connected: Option<(Connection, Queue)>,
    announcements: Announcements,
) -> Subscription {
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let metrics = reader.metrics.clone();
    let reading = async move {
        let reading = reader.run(connected, &stopped);
        let Announcements { messages, shown } = announcements;
        // With the messages their follower ends, and with it the fibre.
        tokio::join!(reading, follow(messages, shown, metrics, |_| {}));
    };
    // Its log belongs to whoever reads.
    tokio::spawn(reading.in_current_span());
    Subscription { _stop: stop.drop_guard() }
}

/// Takes messages and makes blocks of them.
struct Reader {
    address: Address,
    name: String,
    channels: ChannelRange,
    metrics: Metrics,
    metadata: mpsc::Sender<Vec<u8>>,
    blocks: broadcast::Sender<Arc<Block>>,
    /// None until the fibre is known.
    layout: Option<Layout>,
    ignored: Complaint,
}

/// How blocks come in.
struct Layout {
    shape: Shape,
    assembly: Assembly,
    keys: Vec<String>,
    /// How many bytes the samples of one second have.
    bytes_per_second: f64,
}

/// What decides how messages look; all of it is in the metadata.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Shape {
    bands: Bands,
    sampling_rate: f64,
    data_type: DataType,
}

/// A queue that is being read.
struct Queue {
    channel: Channel,
    consumer: Consumer,
    /// So many messages are acknowledged at once.
    batch: u16,
    unacknowledged: u16,
}

impl Reader {
    async fn run(mut self, connected: Option<(Connection, Queue)>, stop: &CancellationToken) {
        let first = async {
            match connected {
                Some(connected) => connected,
                None => self.connect_first().await,
            }
        };
        let (mut connection, mut queue) = tokio::select! {
            connected = first => connected,
            () = stop.cancelled() => return,
        };
        loop {
            let outage = tokio::select! {
                outage = self.read(&connection, queue) => connection.explain(outage).await,
                () = stop.cancelled() => return connection.close().await,
            };
            connection.cut();
            tracing::warn!("{outage}; the live fibre is interrupted");
            (connection, queue) = tokio::select! {
                connected = self.connect_again() => connected,
                () = stop.cancelled() => return,
            };
            self.metrics.reconnects.inc();
            tracing::info!("the live fibre is connected to RabbitMQ again");
        }
    }

    async fn connect_first(&self) -> (Connection, Queue) {
        match self.connect().await {
            Ok(connected) => connected,
            Err(outage) => {
                tracing::warn!("{outage}; the live fibre has to wait");
                let connected = self.connect_again().await;
                tracing::info!("the live fibre is connected to RabbitMQ");
                connected
            }
        }
    }

    async fn connect_again(&self) -> (Connection, Queue) {
        let mut backoff = Backoff::new();
        loop {
            sleep(backoff.next()).await;
            match self.connect().await {
                Ok(connected) => return connected,
                Err(outage) => tracing::debug!("{outage}"),
            }
        }
    }

    async fn connect(&self) -> Result<(Connection, Queue), Outage> {
        let connection = Connection::open(&self.address, &self.name).await?;
        let queue = self.listen(&connection).await?;
        Ok((connection, queue))
    }

    /// Reads until the connection is of no use any more; says why.
    async fn read(&mut self, connection: &Connection, mut queue: Queue) -> Outage {
        loop {
            let heard = match timeout(SILENCE, queue.consumer.next()).await {
                // Perhaps nobody publishes; perhaps somebody deleted the exchange, and with it what leads
                // to our queue. A new one is either as good, or shows what is wrong with the connection.
                Err(_) => Ok(false),
                Ok(Some(Ok(delivery))) => self.take(delivery, &mut queue).await,
                Ok(Some(Err(error))) => Err(outage(&error)),
                Ok(None) => Err(unavailable("it deleted a queue that is in use".to_owned())),
            };
            match heard {
                Ok(true) => {}
                Ok(false) => match self.listen(connection).await {
                    Ok(next) => std::mem::replace(&mut queue, next).close(&self.address).await,
                    Err(outage) => return outage,
                },
                Err(outage) => return outage,
            }
        }
    }

    /// Takes a message; whether the queue is still the right one.
    async fn take(&mut self, delivery: Delivery, queue: &mut Queue) -> Result<bool, Outage> {
        queue.unacknowledged += 1;
        if queue.unacknowledged >= queue.batch {
            queue.unacknowledged = 0;
            let all = BasicAckOptions { multiple: true };
            match timeout(self.address.deadline(), delivery.acker.ack(all)).await {
                Ok(done) => done.map_err(|error| outage(&error))?,
                Err(_) => return Err(self.address.silent()),
            };
        }
        if delivery.routing_key.as_str() == METADATA_KEY {
            // What cannot be used is logged by who follows the metadata.
            let changed = Metadata::from_json(&delivery.data).is_ok_and(|metadata| self.learn(&metadata));
            // It only fails when the follower has ended, and then so have we.
            let _ = self.metadata.send(delivery.data).await;
            return Ok(!changed);
        }
        match self.assemble(delivery.data) {
            Ok(Some(block)) => {
                // Without readers a block is not kept.
                let _ = self.blocks.send(Arc::new(block));
            }
            Ok(None) => {}
            Err(why) => {
                if let Some(others) = self.ignored.due() {
                    tracing::warn!(others, "blocks of the live fibre are ignored: {why}");
                }
            }
        }
        Ok(true)
    }

    fn assemble(&mut self, message: Vec<u8>) -> Result<Option<Block>, String> {
        let Some(layout) = &mut self.layout else { return Ok(None) };
        let message = decode(&Bytes::from(message)).map_err(|error| error.to_string())?;
        let block = layout.assembly.push(message).map_err(|error| error.to_string());
        let lost = layout.assembly.take_losses();
        self.metrics.gaps.inc_by(lost.gaps);
        self.metrics.blocks_lost.inc_by(lost.blocks);
        block
    }

    /// Takes note of what blocks look like; whether that has changed.
    fn learn(&mut self, metadata: &Metadata) -> bool {
        let fibre = &metadata.fibre;
        let shape = Shape {
            bands: Bands::new(fibre.channels, metadata.band_channels),
            sampling_rate: fibre.sampling_rate,
            data_type: fibre.data_type,
        };
        if self.layout.as_ref().is_some_and(|layout| layout.shape == shape) {
            return false;
        }
        let bands: Vec<_> = shape.bands.holding(self.channels).collect();
        let keys = bands.iter().map(|band| band.routing_key()).collect();
        let bands: Vec<_> = bands.into_iter().map(|band| band.channels).collect();
        let channels: usize = bands.iter().map(|band| band.count()).sum();
        let bytes_per_second = (channels * fibre.data_type.bytes()) as f64 * fibre.sampling_rate;
        let assembly = Assembly::new(fibre, bands);
        self.layout = Some(Layout { shape, assembly, keys, bytes_per_second });
        true
    }

    /// Makes a queue for what is wanted, as far as it is known, and begins to read it.
    async fn listen(&self, connection: &Connection) -> Result<Queue, Outage> {
        match timeout(self.address.deadline(), self.open_queue(connection)).await {
            Ok(queue) => queue,
            Err(_) => Err(self.address.silent()),
        }
    }

    async fn open_queue(&self, connection: &Connection) -> Result<Queue, Outage> {
        let channel = connection.channel().await?;
        let keys = self.layout.as_ref().map_or(&[][..], |layout| &layout.keys);
        let bytes_per_second = self.layout.as_ref().map_or(0.0, |layout| layout.bytes_per_second);
        let prefetch =
            (keys.len() * PREFETCHED_BLOCKS).clamp(FEWEST_PREFETCHED.into(), u16::MAX.into()) as u16;
        let set_up = async {
            declare_exchange(&channel, &self.address).await?;
            channel.basic_qos(prefetch, BasicQosOptions::default()).await?;
            let bytes = (bytes_per_second * QUEUED) as u64 + OVERHEAD;
            let queue =
                declare_queue(&channel, Bound { messages: LONGEST_QUEUE, bytes: Some(bytes) }).await?;
            for key in std::iter::once(METADATA_KEY).chain(keys.iter().map(String::as_str)) {
                bind(&channel, &queue, &self.address, key).await?;
            }
            let options = BasicConsumeOptions { exclusive: true, ..BasicConsumeOptions::default() };
            channel.basic_consume(queue, ShortString::default(), options, FieldTable::default()).await
        };
        let consumer = set_up.await.map_err(|error| outage(&error))?;
        Ok(Queue { channel, consumer, batch: prefetch / 4, unacknowledged: 0 })
    }
}

impl Queue {
    /// Ends it; with its last reader the broker deletes it.
    async fn close(self, address: &Address) {
        // If it fails, the connection is about to end, and the queue goes with that.
        let _ = timeout(address.deadline(), self.channel.close(200, "OK".into())).await;
    }
}
