//! The fibre now: blocks as they are measured, in process.
//!
//! [`LiveFibre`] is the reading side: what the fibre is, and its [`Blocks`] from now on. A publisher behind it
//! makes the blocks in real time on a thread of its own until its [`Source`] is dropped: [`replay`] loops a
//! recording, [`simulate`] invents a fibre with traffic.

mod fibre;
mod options;
mod pace;
pub mod rabbitmq;
mod replay;
mod simulator;
mod source;

pub use fibre::{Blocks, LiveFibre, waiting};
pub use options::LiveOptions;
pub use replay::replay;
pub use simulator::{InvalidScene, Scene, Simulator, simulate};
pub use source::Source;
