//! The fibre now: blocks as they are measured, in process or over RabbitMQ.
//!
//! [`LiveFibre`] is the reading side: what the fibre is, and its [`Blocks`] from now on. Behind it is a
//! [`Playback`], which loops a recording ([`replay`]) or invents a fibre with traffic ([`simulate`]) on a thread
//! of its own until its [`Source`] is dropped; or [`rabbitmq`], into which a [`Feed`] of a playback goes elsewhere.

mod clock;
mod feed;
mod fibre;
mod options;
mod pace;
mod playback;
pub mod rabbitmq;
mod replay;
mod simulator;
mod source;

pub use clock::{InvalidSpeed, Speed};
pub use feed::Feed;
pub use fibre::{Blocks, LiveFibre, waiting};
pub use options::LiveOptions;
pub use playback::Playback;
pub use replay::replay;
pub use simulator::{InvalidScene, Scene, Simulator, simulate};
pub use source::Source;
