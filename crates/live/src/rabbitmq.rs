//! The fibre now, over RabbitMQ.

mod address;
mod assembly;
mod backoff;
mod bands;
mod broker;
mod complaint;
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
use bands::Bands;
pub use broker::Broker;
pub use consumer::{Subscription, Wanted, consume, consume_patiently};
pub use metadata::{InvalidMetadata, Metadata};
pub use metrics::{Counts, Metrics};
pub use publisher::{Progress, Publication, publish};
