//! The fibre now, over RabbitMQ.

mod address;
mod assembly;
mod bands;
mod connection;
mod socket;
mod wire;

pub use address::{Address, InvalidAddress};
pub use bands::{Band, Bands};
pub use wire::{LARGEST, Message, WireError, decode, encode};
