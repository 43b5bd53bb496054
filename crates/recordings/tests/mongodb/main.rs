//! The catalogue in MongoDB, with documents as real sites have them.
//!
//! Tests that break nothing run on the real MongoDB that `TEST_MONGODB_URL` names, if it does.

mod closing;
#[path = "../common/mod.rs"]
mod common;
mod files;
mod finding;
mod indexes;
mod link;
mod outage;
mod site;
