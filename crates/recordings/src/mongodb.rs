//! The catalogue that sites already have: their MongoDB.
//!
//! Each document of the collection `base_paths` leads to a collection of recordings, one document each, and to the
//! directory of their files. Which recordings there are and when is MongoDB's to say; what is in them, and exactly when,
//! their files say.

mod address;
mod documents;
mod files;
mod indexes;
mod metrics;
mod mounts;
mod server;

use std::sync::Arc;
use std::time::Duration;

use focus_core::{Outage, Upstream};
use futures::TryStreamExt as _;
use futures::future::{BoxFuture, try_join_all};
use jiff::{SignedDuration, Timestamp};
use mongodb::bson::{Document, doc};
use mongodb::{Collection, Database};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::{Catalogue, Extent, Recording};
use documents::{BasePath, Listed, Malformed};
use files::{Files, Place};
use indexes::Indexes;
use server::Server;

pub use address::{InvalidMongoUrl, MongoAddress};
pub use metrics::MongoMetrics;
pub use mounts::{InvalidMount, Mount};

/// Longest that one question to MongoDB takes, whatever happens: a little more than the driver has to find a server,
/// whose reason tells more.
const ANSWER_DEADLINE: Duration = Duration::from_millis(850);
/// MongoDB itself gives up a query that takes longer.
const MAX_TIME: Duration = Duration::from_millis(750);
/// Longest that finding recordings takes, reading the headers of their files included.
const FIND_DEADLINE: Duration = Duration::from_millis(950);
/// Where the documents lie that lead to all others.
const BASE_PATHS: &str = "base_paths";
/// Documents that come at once; they are small.
const BATCH: u32 = 10_000;
/// Most recordings of one base path that share time with a range: to list more would take longer than anybody waits.
const MOST: usize = 100_000;

/// The catalogue in a site's MongoDB. Cloning shares it.
#[derive(Clone)]
pub struct MongoCatalogue(Arc<Inner>);

struct Inner {
    server: Arc<Server>,
    mounts: Vec<Mount>,
    files: Files,
    indexes: Indexes,
    malformed: Malformed,
}

impl MongoCatalogue {
    /// A catalogue that connects by itself, now or as soon as MongoDB is there. `mounts` say where directories of the
    /// site are on this machine.
    ///
    /// # Errors
    /// When what the address asks for cannot be, such as a certificate file that is not there.
    pub async fn start(
        address: &MongoAddress,
        mounts: Vec<Mount>,
        metrics: MongoMetrics,
    ) -> Result<Self, Outage> {
        Ok(Self(Arc::new(Inner {
            server: Arc::new(Server::start(address).await?),
            mounts,
            files: Files::new(metrics.clone()),
            indexes: Indexes::default(),
            malformed: Malformed::new(metrics),
        })))
    }

    /// Longest that a [`probe`](Catalogue::probe) takes.
    pub const DEADLINE: Duration = ANSWER_DEADLINE;

    /// Told whenever the driver sees that a server has come or gone.
    #[must_use]
    pub fn changed(&self) -> Arc<Notify> {
        self.0.server.changed()
    }

    /// Leaves MongoDB, within a second; nothing that the driver does by itself goes on. Whoever asks after that is told that
    /// the catalogue is closed. A process that ends without it may see the driver panic.
    pub async fn close(&self) {
        self.0.indexes.end().await;
        self.0.server.close().await;
    }
}

impl Inner {
    /// The documents of recordings that share time with the range, in no order.
    async fn listed(&self, start: Timestamp, end: Timestamp) -> Result<Vec<(BasePath, Listed)>, Outage> {
        let ask = async |database: &Database| {
            let base_paths = self.base_paths(database).await?;
            let collections = base_paths.iter().map(|base_path| database.collection(&base_path.guid));
            let collections: Vec<_> = collections.collect();
            let found = collections.iter().map(|collection| self.listed_in(collection, start, end, MOST));
            let found = try_join_all(found).await?;
            Ok(base_paths.into_iter().zip(found).collect::<Vec<_>>())
        };
        let by_collection = self.server.answer(ANSWER_DEADLINE, ask).await?;
        for (base_path, _) in &by_collection {
            self.indexes.look_after(&self.server, base_path.guid.clone());
        }
        let mut listed = Vec::new();
        for (base_path, found) in by_collection {
            let found = found.ok_or_else(|| too_many(&base_path))?;
            listed.extend(found.into_iter().map(|one| (base_path.clone(), one)));
        }
        Ok(listed)
    }

    async fn base_paths(&self, database: &Database) -> mongodb::error::Result<Vec<BasePath>> {
        let collection = database.collection::<Document>(BASE_PATHS);
        let documents: Vec<_> = collection.find(doc! {}).max_time(MAX_TIME).await?.try_collect().await?;
        Ok(documents.iter().filter_map(|document| self.malformed.sift(BASE_PATHS, document)).collect())
    }

    /// The same of one collection; `None` when there are more than `most`.
    async fn listed_in(
        &self,
        collection: &Collection<Document>,
        start: Timestamp,
        end: Timestamp,
        most: usize,
    ) -> mongodb::error::Result<Option<Vec<Listed>>> {
        let query = collection.find(documents::sharing_time(start, end)).projection(documents::fields());
        let query = query.sort(documents::in_order()).limit(most as i64 + 1);
        let mut found = query.batch_size(BATCH).max_time(MAX_TIME).await?;
        let (mut listed, mut count) = (Vec::new(), 0);
        while let Some(document) = found.try_next().await? {
            count += 1;
            if count > most {
                return Ok(None);
            }
            // What the query means is decided here: it may have found a little more.
            let one = self.malformed.sift::<Listed>(collection.name(), &document);
            listed.extend(one.filter(|one| one.shares_time(start, end)));
        }
        Ok(Some(listed))
    }

    async fn find(&self, start: Timestamp, end: Timestamp) -> Result<Vec<Recording>, Outage> {
        let by = Instant::now() + FIND_DEADLINE;
        let listed = self.listed(start, end).await?;
        let places = listed.into_iter().map(|(base_path, listed)| Place {
            base: mounts::here(&self.mounts, &base_path.path),
            name: listed.name,
            ongoing: listed.end.is_none(),
        });
        let reading = self.files.recordings(places.collect(), start, end);
        timeout_at(by, reading).await.unwrap_or_else(|_| {
            let reason =
                "the headers of so many files cannot be read in time; they go on being read, so try again"
                    .to_owned();
            Err(Outage::Unavailable { upstream: Upstream::Catalogue, reason })
        })
    }

    async fn extents(&self, start: Timestamp, end: Timestamp) -> Result<Vec<Extent>, Outage> {
        let listed = self.listed(start, end).await?;
        let extent = |(_, listed): (_, Listed)| Extent {
            start: listed.start,
            end: listed.end.unwrap_or(end),
            ongoing: listed.end.is_none(),
        };
        let mut extents: Vec<_> = listed.into_iter().map(extent).collect();
        extents.sort_by_key(|extent| (extent.start, extent.end));
        Ok(extents)
    }
}

fn too_many(base_path: &BasePath) -> Outage {
    let path = base_path.path.display();
    let reason =
        format!("{path}: more than {MOST} recordings share time with the range; ask for a shorter one");
    Outage::Unavailable { upstream: Upstream::Catalogue, reason }
}

impl Catalogue for MongoCatalogue {
    fn find(&self, start: Timestamp, end: Timestamp) -> BoxFuture<'_, Result<Vec<Recording>, Outage>> {
        Box::pin(self.0.find(start, end))
    }

    /// As the documents say, without a look at the files.
    fn extents(&self, start: Timestamp, end: Timestamp) -> BoxFuture<'_, Result<Vec<Extent>, Outage>> {
        Box::pin(self.0.extents(start, end))
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Outage>> {
        Box::pin(async {
            // The same questions that a find asks, about a range in which there is next to nothing.
            let now = Timestamp::now();
            self.0.listed(now, now.saturating_add(SignedDuration::from_millis(1)).unwrap_or(now)).await?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use focus_core::from_epoch_seconds;
    use focus_mongodb_node::Somewhere;

    use super::*;

    #[tokio::test]
    async fn more_recordings_than_can_be_listed_are_not_some_of_them() {
        let server = tokio::task::spawn_blocking(Somewhere::find).await.unwrap();
        let name = format!("focus_test_{}", uuid::Uuid::new_v4().simple());
        let address = MongoAddress::parse(server.url(), &name).unwrap();
        let catalogue = MongoCatalogue::start(&address, vec![], MongoMetrics::default()).await.unwrap();
        let database = mongodb::Client::with_uri_str(server.url()).await.unwrap().database(&name);
        let collection = database.collection::<Document>("recordings");
        // The last of those that share time with the range is malformed, and counts.
        let documents = (0..9).rev().map(|at| {
            let uuid = if at == 4 { "../5".to_owned() } else { at.to_string() };
            doc! { "uuid": uuid, "start_time": 10 * at, "end_time": 10 * at + 5 }
        });
        collection.insert_many(documents).await.unwrap();
        let [start, end] = [0.0, 48.0].map(|seconds| from_epoch_seconds(seconds).unwrap());
        let listed = async |most| catalogue.0.listed_in(&collection, start, end, most).await.unwrap();
        assert_eq!(listed(4).await, None);
        let names = listed(5).await.unwrap().into_iter().map(|one| one.name);
        assert_eq!(names.collect::<Vec<_>>(), ["0", "1", "2", "3"]);
        database.drop().await.unwrap();
    }
}
