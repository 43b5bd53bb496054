use std::num::NonZeroU32;
use std::time::Duration;

use focus_core::{Block, Fibre, Outage};
use futures::StreamExt as _;
use futures::future::{BoxFuture, try_join_all};
use futures::stream::FuturesUnordered;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel, PublisherConfirm};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::address::unavailable;
use super::backoff::Backoff;
use super::connection::{Connection, State, lost, outage};
use super::topology::{METADATA_KEY, declare_exchange};
use super::wire::{WireError, encode};
use super::{Address, Bands, Metadata};
use crate::Feed;

/// What may be on its way without the broker's confirmation; one block more is begun.
const WINDOW_BYTES: usize = 8 << 20;
const WINDOW_MESSAGES: usize = 256;
/// How often the fibre's metadata is published.
const METADATA_EVERY: Duration = Duration::from_secs(1);
/// How often it is counted what is lost while nothing can be published.
const COUNT_EVERY: Duration = Duration::from_secs(1);
/// How long the broker may leave everything unconfirmed while it does not say that it blocks publishers.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long to wait for the last confirmations.
const FAREWELL: Duration = Duration::from_secs(2);

/// How publishing goes, so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Blocks that the broker has confirmed.
    pub blocks: u64,
    /// Their size as messages, bytes.
    pub bytes: u64,
    /// Blocks that were sent and are not confirmed yet.
    pub unconfirmed: u64,
    /// Blocks that were dropped because the broker was away, blocked or too slow, or of which it is not known
    /// whether they arrived.
    pub lost: u64,
    /// Why nothing is published at present; `None` while all is well.
    pub outage: Option<Outage>,
}

/// A fibre that is being published; dropping it ends that at once.
#[derive(Debug)]
pub struct Publication {
    progress: watch::Receiver<Progress>,
    task: AbortOnDropHandle<()>,
}

impl Publication {
    /// How it goes, and every change of it.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// Waits until the feed has ended and what it gave is confirmed, or given up after 2 s.
    pub async fn ended(self) -> Progress {
        // It fails when the task panicked; then it has ended as well.
        let _ = self.task.await;
        self.progress.borrow().clone()
    }
}

/// Publishes a fibre on RabbitMQ, cut into bands of this many channels, until its feed ends; `name` is how the
/// broker's administrator sees us.
///
/// Whenever the broker cannot be reached it tries again, without end. What the feed gives meanwhile waits there.
///
/// # Panics
/// Outside of a tokio runtime.
#[must_use]
pub fn publish(address: Address, name: &str, feed: Feed, band_channels: NonZeroU32) -> Publication {
    let (tell, progress) = watch::channel(Progress::default());
    let writer =
        Writer { address, name: name.to_owned(), feed, band_channels, tell, given_up: 0, refused: None };
    Publication { progress, task: AbortOnDropHandle::new(tokio::spawn(writer.run())) }
}

struct Writer {
    address: Address,
    name: String,
    feed: Feed,
    band_channels: NonZeroU32,
    tell: watch::Sender<Progress>,
    /// Blocks that were lost after the feed had given them.
    given_up: u64,
    /// Why the last block could not be published, if it could not.
    refused: Option<WireError>,
}

/// What was sent over one connection and is not confirmed yet.
#[derive(Default)]
struct Window {
    sent: FuturesUnordered<BoxFuture<'static, Sent>>,
    messages: usize,
    bytes: usize,
    blocks: u64,
    /// When the broker last confirmed something, or had nothing to confirm.
    alive: Option<Instant>,
    /// Whether it has taken anything. A broker that lets us log in may still refuse all that we publish.
    served: bool,
}

/// Messages of which the broker has told what became of them.
struct Sent {
    messages: usize,
    bytes: usize,
    /// 1, or 0 for metadata.
    blocks: u64,
    /// Whether it has taken them all.
    taken: lapin::Result<bool>,
}

impl Window {
    fn has_room(&self) -> bool {
        self.bytes < WINDOW_BYTES && self.messages < WINDOW_MESSAGES
    }

    fn add(&mut self, confirms: Vec<PublisherConfirm>, bytes: usize, blocks: u64) {
        if self.sent.is_empty() {
            self.alive = None;
        }
        self.alive.get_or_insert_with(Instant::now);
        let messages = confirms.len();
        self.messages += messages;
        self.bytes += bytes;
        self.blocks += blocks;
        self.sent.push(Box::pin(async move {
            let taken = try_join_all(confirms).await;
            let taken = taken.map(|all| all.iter().all(lapin::Confirmation::is_ack));
            Sent { messages, bytes, blocks, taken }
        }));
    }

    fn remove(&mut self, sent: &Sent) {
        self.messages -= sent.messages;
        self.bytes -= sent.bytes;
        self.blocks -= sent.blocks;
        self.alive = Some(Instant::now());
    }

    /// When the broker should have confirmed something.
    fn patience_ends(&self) -> Instant {
        self.alive.unwrap_or_else(Instant::now) + PATIENCE
    }
}

impl Writer {
    async fn run(mut self) {
        let mut backoff = Backoff::new();
        loop {
            let mut window = Window::default();
            let ended = match self.connect().await {
                Ok((connection, channel)) => match self.write(&connection, &channel, &mut window).await {
                    Ok(()) => {
                        connection.close().await;
                        Ok(())
                    }
                    Err(outage) => Err(connection.explain(outage).await),
                },
                Err(outage) => Err(outage),
            };
            self.given_up += window.blocks;
            self.report(&Window::default());
            let Err(outage) = ended else { return };
            self.show(Some(outage));
            if window.served {
                backoff = Backoff::new();
            }
            tokio::select! {
                () = sleep(backoff.next()) => {}
                () = self.feed.closed() => return self.give_up_the_rest().await,
            }
        }
    }

    /// Counts what an ended feed still holds.
    async fn give_up_the_rest(&mut self) {
        while self.feed.next().await.is_some() {
            self.given_up += 1;
        }
        self.report(&Window::default());
    }

    async fn connect(&self) -> Result<(Connection, Channel), Outage> {
        let connection = Connection::open(&self.address, &self.name).await?;
        let set_up = async {
            let channel = connection.channel().await?;
            let declared = async {
                declare_exchange(&channel, &self.address).await?;
                channel.confirm_select(ConfirmSelectOptions::default()).await
            };
            declared.await.map_err(|error| outage(&error))?;
            Ok(channel)
        };
        let channel = match timeout(self.address.deadline(), set_up).await {
            Ok(channel) => channel?,
            Err(_) => return Err(self.address.silent()),
        };
        Ok((connection, channel))
    }

    /// Publishes until the feed ends or the connection is of no use any more.
    async fn write(
        &mut self,
        connection: &Connection,
        channel: &Channel,
        window: &mut Window,
    ) -> Result<(), Outage> {
        let mut metadata = interval(METADATA_EVERY);
        metadata.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut state = connection.state();
        loop {
            let blocked = match &*state.borrow_and_update() {
                State::Open => None,
                State::Blocked(outage) => Some(outage.clone()),
                State::Closed(outage) => return Err(outage.clone()),
            };
            let serves = blocked.is_none();
            if !serves {
                window.alive = Some(Instant::now());
            }
            self.report(window);
            if !serves || window.served || self.feed.fibre().is_none() {
                self.show(blocked.clone());
            }
            let closed = self.feed.closed();
            let patience_ends = window.patience_ends();
            let (has_room, waits) = (window.has_room(), !window.sent.is_empty());
            tokio::select! {
                biased;
                changed = state.changed() => changed.map_err(|_| lost())?,
                Some(sent) = window.sent.next() => self.confirmed(window, sent)?,
                () = sleep_until(patience_ends), if serves && waits => {
                    return Err(silent());
                }
                _ = metadata.tick() => if serves {
                    self.write_metadata(connection, channel, window).await?;
                },
                () = closed, if !serves => return Err(blocked.unwrap_or_else(lost)),
                block = self.feed.next(), if serves && has_room => {
                    let Some(block) = block else { break };
                    if self.feed.fibre.has_changed().unwrap_or(false) {
                        self.write_metadata(connection, channel, window).await?;
                    }
                    self.write_block(connection, channel, window, &block).await?;
                }
            }
        }
        let rest = async {
            while let Some(sent) = window.sent.next().await {
                self.confirmed(window, sent)?;
            }
            Ok(())
        };
        // What is not confirmed even then counts as lost.
        timeout(FAREWELL, rest).await.unwrap_or(Ok(()))
    }

    async fn write_metadata(
        &mut self,
        connection: &Connection,
        channel: &Channel,
        window: &mut Window,
    ) -> Result<(), Outage> {
        let Some(fibre) = self.feed.fibre.borrow_and_update().clone() else { return Ok(()) };
        let metadata = Metadata { fibre: Fibre::clone(&fibre), band_channels: self.band_channels };
        let confirm = self.send(connection, channel, METADATA_KEY, &metadata.to_json()).await?;
        window.add(vec![confirm], 0, 0);
        Ok(())
    }

    /// Sends the bands of a block, one after the other.
    async fn write_block(
        &mut self,
        connection: &Connection,
        channel: &Channel,
        window: &mut Window,
        block: &Block,
    ) -> Result<(), Outage> {
        // Lost unless all of it is sent.
        self.given_up += 1;
        let bands = Bands::new(block.channels as u32, self.band_channels).all();
        let messages = bands.map(|band| Ok((band.routing_key(), encode(block, band.channels)?)));
        let messages = match messages.collect::<Result<Vec<_>, WireError>>() {
            Ok(messages) => messages,
            Err(why) => {
                self.refuse(why);
                return Ok(());
            }
        };
        let (mut confirms, mut bytes) = (Vec::with_capacity(messages.len()), 0);
        for (key, message) in messages {
            confirms.push(self.send(connection, channel, &key, &message).await?);
            bytes += message.len();
        }
        window.add(confirms, bytes, 1);
        self.given_up -= 1;
        Ok(())
    }

    /// One line for each kind of block that cannot be published.
    fn refuse(&mut self, why: WireError) {
        if self.refused != Some(why) {
            tracing::error!("blocks cannot be published: {why}");
            self.refused = Some(why);
        }
    }

    /// Hands a message to the connection; takes as long as that is busy.
    async fn send(
        &self,
        connection: &Connection,
        channel: &Channel,
        key: &str,
        message: &[u8],
    ) -> Result<PublisherConfirm, Outage> {
        let (exchange, key) = (ShortString::from(self.address.exchange()), ShortString::from(key));
        let options = BasicPublishOptions::default();
        let sending = channel.basic_publish(exchange, key, options, message, BasicProperties::default());
        tokio::select! {
            confirm = sending => confirm.map_err(|error| outage(&error)),
            outage = self.out_of_patience(connection) => Err(outage),
        }
    }

    fn confirmed(&mut self, window: &mut Window, sent: Sent) -> Result<(), Outage> {
        window.remove(&sent);
        let taken = match sent.taken {
            Ok(taken) => taken,
            Err(error) => {
                self.given_up += sent.blocks;
                return Err(outage(&error));
            }
        };
        window.served |= taken;
        if taken {
            self.tell.send_modify(|progress| {
                progress.blocks += sent.blocks;
                progress.bytes += sent.bytes as u64;
            });
        } else {
            self.given_up += sent.blocks;
        }
        Ok(())
    }

    fn lost(&self) -> u64 {
        self.feed.lost() + self.given_up
    }

    fn report(&self, window: &Window) {
        let lost = self.lost();
        let unconfirmed = window.blocks;
        self.tell.send_if_modified(|progress| {
            let changed = (progress.lost, progress.unconfirmed) != (lost, unconfirmed);
            (progress.lost, progress.unconfirmed) = (lost, unconfirmed);
            changed
        });
    }

    /// Tells whether anything is published; logs when that changes.
    fn show(&self, outage: Option<Outage>) {
        self.tell.send_if_modified(|progress| {
            match (&progress.outage, &outage) {
                (None, Some(outage)) => tracing::warn!("{outage}; the live fibre is not published"),
                (Some(_), None) => tracing::info!("the live fibre is published on RabbitMQ again"),
                _ => {}
            }
            let changed = progress.outage != outage;
            progress.outage = outage;
            changed
        });
    }

    /// Waits until the connection has ended, or is blocked when the feed ends, or has been silent for too long without
    /// saying that it is blocked.
    async fn out_of_patience(&self, connection: &Connection) -> Outage {
        let mut state = connection.state();
        loop {
            let blocked = match &*state.borrow_and_update() {
                State::Open => None,
                State::Blocked(outage) => Some(outage.clone()),
                State::Closed(outage) => return outage.clone(),
            };
            let serves = blocked.is_none();
            if !serves {
                self.show(blocked.clone());
                self.tell.send_modify(|progress| progress.lost = self.lost());
            }
            tokio::select! {
                () = sleep(COUNT_EVERY), if !serves => {}
                changed = state.changed() => if changed.is_err() { return connection.closed().await },
                () = sleep(PATIENCE), if serves => return silent(),
                () = self.feed.closed(), if !serves => return blocked.unwrap_or_else(lost),
            }
        }
    }
}

fn silent() -> Outage {
    unavailable(format!("it confirmed nothing for {} s", PATIENCE.as_secs()))
}
