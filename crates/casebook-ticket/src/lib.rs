//! A test case as data.
//!
//! [`Ticket`] is what a test case says, whichever way it was written: sections with structured text ([`markup`]),
//! each the field of a [`Standard`] or a heading of the author's own.

pub mod adf;
#[cfg(any(test, feature = "arbitrary"))]
pub mod arbitrary;
mod at;
pub mod encoding;
mod field;
mod format;
pub mod formats;
pub mod gherkin;
mod json;
pub mod language;
pub mod markdown;
pub mod markup;
mod message;
pub mod outline;
mod reading;
mod source_map;
mod standard;
pub mod steps;
mod ticket;
mod unpacked;
pub mod wiki;

pub use at::{At, Lines, Places};
pub use field::Field;
pub use format::Format;
pub use message::{Message, fill};
pub use reading::{Found, NoTest, NoTestKind, Note, ReadError, Source};
pub use source_map::SourceMap;
pub use standard::{FieldRule, Importance, Language, Standard, StandardError, Words};
pub use ticket::{Name, Origin, Section, Ticket};
