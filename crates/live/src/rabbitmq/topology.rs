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

/// Makes a queue that only this connection can use and that goes with it; gives its name.
///
/// It holds at most so many messages: when it is full, the oldest goes.
pub(super) async fn declare_queue(channel: &Channel, longest: i32) -> lapin::Result<ShortString> {
    let options =
        QueueDeclareOptions { exclusive: true, auto_delete: true, ..QueueDeclareOptions::default() };
    let mut arguments = FieldTable::default();
    arguments.insert("x-max-length".into(), longest.into());
    arguments.insert("x-overflow".into(), lapin::types::AMQPValue::LongString("drop-head".into()));
    Ok(channel.queue_declare(ShortString::default(), options, arguments).await?.name().clone())
}

/// Lets what is published under this key into the queue, from now on.
pub(super) async fn bind(
    channel: &Channel,
    queue: &ShortString,
    address: &Address,
    key: &str,
) -> lapin::Result<()> {
    let (exchange, key) = (address.exchange().into(), key.into());
    let (options, arguments) = (QueueBindOptions::default(), FieldTable::default());
    channel.queue_bind(queue.clone(), exchange, key, options, arguments).await
}
