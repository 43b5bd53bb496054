//! `focus serve` is killed while it starts jobs on a real cluster, at any time and at every call: what was promised stays,
//! and what nobody was told of goes.

mod objects;
mod place;
mod points;
mod proxy;
mod server;
mod shots;
