use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use focus_core::{epoch_seconds, from_epoch_seconds};
use jiff::{SignedDuration, Timestamp};
use mongodb::bson::{Bson, DateTime, Document, doc};
use uuid::Uuid;

use super::MongoMetrics;

/// Most malformed documents that are remembered as having been told of.
const MOST_TOLD: usize = 10_000;

/// A document of `base_paths`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BasePath {
    /// Where the site keeps the files.
    pub(super) path: PathBuf,
    /// Name of the collection of recordings.
    pub(super) guid: String,
}

/// A document of a recording.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Listed {
    /// Its `uuid`: what its files are called.
    pub(super) name: String,
    pub(super) start: Timestamp,
    /// `None` while it is still written.
    pub(super) end: Option<Timestamp>,
}

impl Listed {
    pub(super) fn shares_time(&self, start: Timestamp, end: Timestamp) -> bool {
        self.start < end && self.end.is_none_or(|its| its > start)
    }
}

/// What can be read from a document.
pub(super) trait FromDocument: Sized {
    /// `None` when there is nothing in it to show; an error names the field that is wrong.
    fn read(document: &Document) -> Result<Option<Self>, String>;
}

impl FromDocument for BasePath {
    fn read(document: &Document) -> Result<Option<Self>, String> {
        let path = PathBuf::from(document.get_str("base_path").map_err(|error| error.to_string())?);
        let guid = name(document, "guid")?;
        if !path.is_absolute() {
            return Err(format!("base_path: {} is not absolute", path.display()));
        }
        Ok(Some(Self { path, guid }))
    }
}

impl FromDocument for Listed {
    fn read(document: &Document) -> Result<Option<Self>, String> {
        let is_deleted = match document.get("deleted") {
            None | Some(Bson::Null | Bson::Boolean(false)) => false,
            Some(number) => seconds(number) != Some(0.0),
        };
        if is_deleted {
            return Ok(None);
        }
        let name = name(document, "uuid")?;
        let start = time(document, "start_time")?.ok_or("start_time: is missing")?;
        let end = time(document, "end_time")?;
        if end.is_some_and(|end| end <= start) {
            return Err("end_time: is not after start_time".to_owned());
        }
        Ok(Some(Self { name, start, end }))
    }
}

/// Of the recordings that are not deleted, those that share time with the range, and some that only nearly do.
///
/// A date is not compared with a number, so each has its own branches, and each of these can use an index.
pub(super) fn sharing_time(start: Timestamp, end: Timestamp) -> Document {
    let date = |time: Timestamp| Bson::DateTime(DateTime::from_millis(time.as_millisecond()));
    // However a server rounds times and compares them.
    let margin = SignedDuration::from_secs(1);
    let later = end.saturating_add(margin).unwrap_or(Timestamp::MAX);
    let earlier = start.saturating_sub(margin).unwrap_or(Timestamp::MIN);
    let number = |time: Timestamp| Bson::Double(epoch_seconds(time));
    let both = [(date(earlier), date(later)), (number(earlier), number(later))];
    let branches = both.into_iter().flat_map(|(start, end)| {
        // Null is also what is missing.
        let deleted = doc! { "$in": [false, Bson::Null, 0] };
        let branch = |its_end: Document| doc! { "start_time": { "$lt": end.clone() }, "end_time": its_end, "deleted": deleted.clone() };
        [branch(doc! { "$gt": start }), branch(doc! { "$in": [Bson::Null] })]
    });
    doc! { "$or": branches.collect::<Vec<_>>() }
}

/// The order in which an index has recordings that share time with a range.
pub(super) fn in_order() -> Document {
    doc! { "start_time": 1 }
}

/// All that is read of a recording's document.
pub(super) fn fields() -> Document {
    doc! { "uuid": 1, "start_time": 1, "end_time": 1, "deleted": 1 }
}

/// A text or UUID that can name a file or a collection and leads nowhere else.
fn name(document: &Document, field: &str) -> Result<String, String> {
    let name = match document.get(field) {
        Some(Bson::String(text)) => text.clone(),
        // Whatever the binary is marked as: there are several kinds of UUIDs.
        Some(Bson::Binary(binary)) => {
            Uuid::from_slice(&binary.bytes).map_err(|error| format!("{field}: {error}"))?.to_string()
        }
        Some(other) => return Err(format!("{field}: is of type {:?}", other.element_type())),
        None => return Err(format!("{field}: is missing")),
    };
    let is_name = !name.is_empty()
        && !name.starts_with(['.', '$'])
        && name.chars().all(|char| char.is_alphanumeric() || "-_.".contains(char));
    if is_name { Ok(name) } else { Err(format!("{field}: {name:?} is no name")) }
}

/// A date, or epoch seconds in any kind of number.
fn time(document: &Document, field: &str) -> Result<Option<Timestamp>, String> {
    let time = match document.get(field) {
        None | Some(Bson::Null) => return Ok(None),
        Some(Bson::DateTime(date)) => Timestamp::from_millisecond(date.timestamp_millis()).ok(),
        Some(other) => seconds(other).and_then(from_epoch_seconds),
    };
    time.map(Some).ok_or_else(|| format!("{field}: is no time"))
}

fn seconds(value: &Bson) -> Option<f64> {
    match value {
        Bson::Double(number) => Some(*number),
        Bson::Int32(number) => Some((*number).into()),
        Bson::Int64(number) => Some(*number as f64),
        _ => None,
    }
}

/// Documents that are not what they should be: counted each time, told of once.
pub(super) struct Malformed {
    metrics: MongoMetrics,
    told: Mutex<HashSet<String>>,
}

impl Malformed {
    pub(super) fn new(metrics: MongoMetrics) -> Self {
        Self { metrics, told: Mutex::default() }
    }

    /// What a document of `collection` holds, if there is anything to show.
    pub(super) fn sift<T: FromDocument>(&self, collection: &str, document: &Document) -> Option<T> {
        T::read(document).unwrap_or_else(|problem| {
            self.metrics.document_skipped();
            let id = document.get("_id").map(ToString::to_string).unwrap_or_default();
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.len() < MOST_TOLD && told.insert(format!("{collection} {id} {problem}")) {
                tracing::warn!(collection, id, problem, "a document of MongoDB's is malformed and left out");
            }
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{Binary, spec::BinarySubtype};

    use super::*;

    fn read(document: &Document) -> Result<Option<Listed>, String> {
        Listed::read(document)
    }

    #[test]
    fn times_may_be_dates_or_any_numbers() {
        let start = Timestamp::from_second(1_577_836_800).unwrap();
        for its in [
            Bson::DateTime(DateTime::from_millis(1_577_836_800_000)),
            Bson::Int32(1_577_836_800),
            Bson::Int64(1_577_836_800),
            Bson::Double(1_577_836_800.0),
        ] {
            let listed = read(&doc! { "uuid": "a", "start_time": its }).unwrap().unwrap();
            assert_eq!((listed.start, listed.end), (start, None));
        }
        for its in
            [Bson::String("2020-01-01".into()), Bson::Double(f64::NAN), Bson::Int64(i64::MAX), Bson::Null]
        {
            let problem = read(&doc! { "uuid": "a", "start_time": its }).unwrap_err();
            assert!(problem.starts_with("start_time: "), "{problem}");
        }
    }

    #[test]
    fn whatever_is_marked_as_deleted_is() {
        let of = |deleted: Bson| {
            read(&doc! { "uuid": "a", "start_time": 1, "deleted": deleted }).unwrap().is_some()
        };
        assert!(of(Bson::Boolean(false)) && of(Bson::Null) && of(Bson::Int32(0)) && of(Bson::Double(0.0)));
        assert!(!of(Bson::Boolean(true)) && !of(Bson::Int64(1)) && !of(Bson::DateTime(DateTime::now())));
    }

    #[test]
    fn a_name_leads_nowhere_else() {
        for wrong in ["", ".", "..", "../x", "/etc", "a/b", ".hidden", "a\0b", "$cmd"] {
            assert!(read(&doc! { "uuid": wrong, "start_time": 1 }).is_err(), "{wrong:?}");
            assert!(BasePath::read(&doc! { "base_path": "/x", "guid": wrong }).is_err(), "{wrong:?}");
        }
        let uuid = Uuid::parse_str("936da01f-9abd-4d9d-80c7-02af85c822a8").unwrap();
        let binary = Binary { subtype: BinarySubtype::Uuid, bytes: uuid.as_bytes().to_vec() };
        let listed = read(&doc! { "uuid": binary, "start_time": 1 }).unwrap().unwrap();
        assert_eq!(listed.name, "936da01f-9abd-4d9d-80c7-02af85c822a8");
        assert!(BasePath::read(&doc! { "base_path": "relative", "guid": "g" }).is_err());
    }
}
