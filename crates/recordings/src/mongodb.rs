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

/// The catalogue in a site's MongoDB. Cloning shares it.
#[derive(Clone)]
pub struct MongoCatalogue(Arc<Inner>);

struct Inner {
    server: Server,
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
            server: Server::start(address).await?,
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
}

impl Inner {
    /// The documents of recordings that share time with the range, in no order.
    async fn listed(&self, start: Timestamp, end: Timestamp) -> Result<Vec<(BasePath, Listed)>, Outage> {
        let ask = async |database: &Database| {
            let base_paths = self.base_paths(database).await?;
            let collections = base_paths.iter().map(|base_path| database.collection(&base_path.guid));
            let collections: Vec<_> = collections.collect();
            let found = collections.iter().map(|collection| self.listed_in(collection, start, end));
            let found = try_join_all(found).await?;
            for collection in &collections {
                self.indexes.look_after(collection);
            }
            let each = base_paths.into_iter().zip(found);
            Ok(each.flat_map(|(at, found)| found.into_iter().map(move |one| (at.clone(), one))).collect())
        };
        self.server.answer(ANSWER_DEADLINE, ask).await
    }

    async fn base_paths(&self, database: &Database) -> mongodb::error::Result<Vec<BasePath>> {
        let collection = database.collection::<Document>(BASE_PATHS);
        let documents: Vec<_> = collection.find(doc! {}).max_time(MAX_TIME).await?.try_collect().await?;
        Ok(documents.iter().filter_map(|document| self.malformed.sift(BASE_PATHS, document)).collect())
    }

    async fn listed_in(
        &self,
        collection: &Collection<Document>,
        start: Timestamp,
        end: Timestamp,
    ) -> mongodb::error::Result<Vec<Listed>> {
        let query = collection.find(documents::sharing_time(start, end)).projection(documents::fields());
        let mut found = query.batch_size(BATCH).max_time(MAX_TIME).await?;
        let mut listed = Vec::new();
        while let Some(document) = found.try_next().await? {
            // What the query means is decided here: it may have found a little more.
            let one = self.malformed.sift::<Listed>(collection.name(), &document);
            listed.extend(one.filter(|one| one.shares_time(start, end)));
        }
        Ok(listed)
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
