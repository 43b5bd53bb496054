//! Files that are damaged or lie, in every format: each is read or refused, at once, and without much memory.
//!
//! `FOCUS_HOSTILE_CASES` says how many damaged files of each kind are tried (256 if it does not), and with
//! `FOCUS_SHARED_DATA` the larger real recordings are among them.

mod allocation;
mod bombs;
#[path = "../common/mod.rs"]
mod common;
mod damage;
mod damaged;
mod files;
mod lies;
#[path = "../made/mod.rs"]
#[expect(dead_code, reason = "some of it is for tests of what is read")]
mod made;
