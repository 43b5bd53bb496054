//! The fibre now, over RabbitMQ.

mod address;
mod connection;
mod socket;

pub use address::{Address, InvalidAddress};
