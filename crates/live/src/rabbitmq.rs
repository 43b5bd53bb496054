//! The fibre now, over RabbitMQ.

mod address;
mod assembly;
mod backoff;
mod bands;
mod broker;
mod connection;
mod consumer;
mod metadata;
mod metrics;
mod publisher;
mod session;
mod socket;
mod topology;
mod wire;

pub use address::{Address, InvalidAddress};
pub use bands::{Band, Bands};
pub use broker::Broker;
pub use consumer::{Subscription, Wanted, consume};
pub use metadata::{InvalidMetadata, Metadata};
pub use metrics::Metrics;
pub use publisher::{Progress, Publication, publish};
pub use wire::{LARGEST, Message, WireError, decode, encode};
