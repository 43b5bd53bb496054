//! What the live fibre needs on the broker: one exchange, and queues that go with their reader's connection.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, ExchangeKind};

use super::Address;

/// What the fibre's metadata is published under.
pub(super) const METADATA_KEY: &str = "fibre";

/// Makes sure that the exchange of the live fibre is there.
pub(super) async fn declare_exchange(channel: &Channel, address: &Address) -> lapin::Result<()> {
    let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    let name = address.exchange().into();
    channel.exchange_declare(name, ExchangeKind::Topic, options, FieldTable::default()).await
}

/// How much a queue holds at most: when it is full, the oldest message goes.
pub(super) struct Bound {
    pub(super) messages: i32,
    pub(super) bytes: Option<u64>,
}

/// Makes a queue that only this connection can use and that goes with it; gives its name.
pub(super) async fn declare_queue(channel: &Channel, bound: Bound) -> lapin::Result<ShortString> {
    let options =
        QueueDeclareOptions { exclusive: true, auto_delete: true, ..QueueDeclareOptions::default() };
    let mut arguments = FieldTable::default();
    arguments.insert("x-max-length".into(), bound.messages.into());
    if let Some(bytes) = bound.bytes {
        arguments.insert("x-max-length-bytes".into(), bytes.cast_signed().into());
    }
    arguments.insert("x-overflow".into(), lapin::types::AMQPValue::LongString("drop-head".into()));
    Ok(channel.queue_declare(ShortString::default(), options, arguments).await?.name().clone())
}

/// Lets what is published under this key into the queue, soon: no answer is awaited. The broker goes by order, so
/// that an answer to what follows is one to this, too.
pub(super) async fn bind(
    channel: &Channel,
    queue: &ShortString,
    address: &Address,
    key: &str,
) -> lapin::Result<()> {
    let (exchange, key) = (address.exchange().into(), key.into());
    let (options, arguments) = (QueueBindOptions { nowait: true }, FieldTable::default());
    channel.queue_bind(queue.clone(), exchange, key, options, arguments).await
}
