//! Every format but PRODML: files that are made here in the layout of real ones, and what is read of them.

#[path = "../common/mod.rs"]
mod common;
mod febus;
mod impossible;
mod joins;
#[path = "../made/mod.rs"]
mod made;
mod miniseed;
mod optodas;
mod segy;
mod silixa;
mod terra15;
