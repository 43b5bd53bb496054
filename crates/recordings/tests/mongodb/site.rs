//! A site: a database with documents, and a directory with files.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use focus_core::{Outage, Upstream};
use focus_mongodb_node::Somewhere;
use focus_recordings::{Catalogue, Extent, MongoAddress, MongoCatalogue, MongoMetrics, Recording};
use futures::future::BoxFuture;
use jiff::Timestamp;
use mongodb::bson::{Bson, DateTime, Document, doc};
use mongodb::{Client, Database};
use uuid::Uuid;

use crate::common::Prodml;

/// The collection of recordings, as sites name them.
const GUID: &str = "5f0e9d3c-7e49-4c1c-8d1e-0d8f1c3a7b52";
/// The same for the stand-in, which takes letters, digits and underscores only.
const PLAIN_GUID: &str = "g5f0e9d3c_7e49_4c1c_8d1e_0d8f1c3a7b52";
/// Where the site says that its files are.
pub(crate) const BASE_PATH: &str = "/data/prod";

/// A server that is back is found within this time, on a busy machine.
pub(crate) const BACK_WITHIN: Duration = Duration::from_secs(20);

pub(crate) struct Site {
    pub(crate) database: Database,
    pub(crate) server: Somewhere,
    /// The collection of recordings.
    pub(crate) guid: &'static str,
    pub(crate) metrics: MongoMetrics,
    directory: tempfile::TempDir,
}

impl Site {
    /// With one base path and nothing in it.
    pub(crate) async fn new() -> Self {
        let server = tokio::task::spawn_blocking(Somewhere::find).await.unwrap();
        let client = Client::with_uri_str(server.url()).await.unwrap();
        // A real server is there for others, too.
        let database = client.database(&format!("focus_test_{}", Uuid::new_v4().simple()));
        let directory = tempfile::tempdir().unwrap();
        let guid = if server.is_real() { GUID } else { PLAIN_GUID };
        let site = Self { database, server, guid, metrics: MongoMetrics::default(), directory };
        site.add("base_paths", [doc! { "base_path": BASE_PATH, "guid": guid, "is_archive": false }]).await;
        site
    }

    pub(crate) async fn add(&self, collection: &str, documents: impl IntoIterator<Item = Document>) {
        self.database.collection::<Document>(collection).insert_many(documents).await.unwrap();
    }

    /// The collection beside that of recordings.
    pub(crate) fn unrecognized(&self) -> String {
        let between = if self.server.is_real() { '-' } else { '_' };
        format!("{}{between}unrecognized_recordings", self.guid)
    }

    pub(crate) async fn catalogue(&self) -> Patient {
        let address = MongoAddress::parse(self.server.url(), self.database.name()).unwrap();
        let mount = format!("{BASE_PATH}={}", self.directory().display()).parse().unwrap();
        Patient(MongoCatalogue::start(&address, vec![mount], self.metrics.clone()).await.unwrap())
    }

    /// Where the files of [`BASE_PATH`] are.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file of a recording into its directory.
    pub(crate) fn write(&self, uuid: &str, name: &str, file: &Prodml) -> PathBuf {
        let directory = self.directory().join(uuid);
        std::fs::create_dir_all(&directory).unwrap();
        file.write(&directory.join(name));
        directory.join(name)
    }

    /// For those that are real.
    pub(crate) async fn end(self) {
        self.database.drop().await.unwrap();
    }
}

/// A catalogue that is asked again when the machine, or the stand-in, was too slow to answer it.
pub(crate) struct Patient(MongoCatalogue);

impl Patient {
    pub(crate) async fn answer<T>(
        &self,
        mut ask: impl AsyncFnMut(&MongoCatalogue) -> Result<T, Outage>,
    ) -> Result<T, Outage> {
        let asked = Instant::now();
        loop {
            match ask(&self.0).await {
                Err(Outage::Unavailable { upstream: Upstream::MongoDb, reason }) => {
                    assert!(asked.elapsed() < BACK_WITHIN, "{reason}");
                }
                answer => return answer,
            }
        }
    }
}

impl Catalogue for Patient {
    fn find(&self, start: Timestamp, end: Timestamp) -> BoxFuture<'_, Result<Vec<Recording>, Outage>> {
        Box::pin(self.answer(async move |catalogue| catalogue.find(start, end).await))
    }

    fn extents(&self, start: Timestamp, end: Timestamp) -> BoxFuture<'_, Result<Vec<Extent>, Outage>> {
        Box::pin(self.answer(async move |catalogue| catalogue.extents(start, end).await))
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Outage>> {
        Box::pin(self.answer(async |catalogue| catalogue.probe().await))
    }
}

/// A recording as sites' software writes it.
pub(crate) fn recording(uuid: &str, start: impl Into<Bson>, end: impl Into<Bson>) -> Document {
    doc! {
        "uuid": uuid, "start_time": start, "end_time": end, "deleted": false,
        "fiber_metadata": { "dx": 1.02, "prr": 2000, "num_samples_per_trace": 4096_i64, "sw_version": "4.1.0" },
    }
}

/// A date as MongoDB has them: milliseconds.
pub(crate) fn date(time: Timestamp) -> DateTime {
    DateTime::from_millis(time.as_millisecond())
}

pub(crate) fn seconds(seconds: f64) -> Timestamp {
    focus_core::from_epoch_seconds(seconds).unwrap()
}
