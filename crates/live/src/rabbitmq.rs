//! The fibre now, over RabbitMQ.

mod address;
mod assembly;
mod bands;
mod connection;
mod metadata;
mod metrics;
mod socket;
mod topology;
mod wire;

pub use address::{Address, InvalidAddress};
pub use bands::{Band, Bands};
pub use metadata::{InvalidMetadata, Metadata};
pub use metrics::Metrics;
pub use wire::{LARGEST, Message, WireError, decode, encode};
