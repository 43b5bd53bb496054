//! The fibre before: recording files and the catalogue that finds them.
//!
//! A [`Catalogue`] knows which [`Recording`]s there are and answers for a range of time; the embedded one is
//! [`SqliteCatalogue`], an index of a data directory; [`MongoCatalogue`] is the one that sites have.
//! A [`RecordingReader`] turns recordings into the [`Block`](focus_core::Block)s of the wanted time and channels. Behind it, each file format implements
//! [`RecordingFile`]; [`open`] picks the format by the file's content.
//!
//! A [`Recorder`] makes recordings of blocks, as PRODML files.

mod catalogue;
mod coverage;
mod error;
mod excerpt;
mod febus;
mod file;
mod formats;
mod hdf5;
mod miniseed;
mod mongodb;
mod optodas;
mod part;
mod prodml;
mod reader;
mod recorder;
mod segy;
mod seismic;
mod silixa;
mod sqlite;
mod store;
mod terra15;
mod unfinished;
mod verify;
mod walk;

pub use self::mongodb::{InvalidMongoUrl, InvalidMount, MongoAddress, MongoCatalogue, MongoMetrics, Mount};
pub use catalogue::{Catalogue, Extent, Recording};
pub use coverage::Coverage;
pub use error::ReadError;
pub use excerpt::{EXCERPT, EXCERPT_NAME};
pub use file::{Header, RecordingFile, Segment};
pub use formats::{is_recording_name, open};
pub use part::FilePart;
pub use prodml::{Rows, RowsWriter, Spectrum};
pub use reader::RecordingReader;
pub use recorder::{Progress, RecordError, Recorder, Started};
pub use sqlite::{Refused, ScanReport, SqliteCatalogue};
pub use store::{StoreError, add, add_excerpt, clear_left_behind, left_behind, remove};
pub use verify::{Verified, verify};
pub use walk::recording_files;
