use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::TryStreamExt as _;
use mongodb::bson::{Bson, Document};
use mongodb::error::{Error, ErrorKind};
use mongodb::options::IndexOptions;
use mongodb::{Collection, IndexModel};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::server::Server;

/// The indexes that queries go by, each by its fields, and whether each value is there once only. With the last one, recordings
/// that share no time with a range are never fetched, and those that do come in the order of time.
const WANTED: [(&[&str], bool); 5] = [
    (&["uuid"], true),
    (&["start_time"], false),
    (&["end_time"], false),
    (&["deleted"], false),
    (&["start_time", "end_time", "deleted"], false),
];
/// Longest that looking after one collection may take: an index over millions of documents takes its time.
const DEADLINE: Duration = Duration::from_secs(600);
/// What MongoDB calls a collection that is not there.
const NAMESPACE_NOT_FOUND: i32 = 26;

/// Sees to it, in the background and once, that collections of recordings have the indexes that queries need.
#[derive(Default)]
pub(super) struct Indexes {
    seen: Arc<Mutex<HashSet<String>>>,
    at_work: TaskTracker,
    end: CancellationToken,
}

impl Indexes {
    /// Checks the collection's indexes and makes what is missing, unless that has been done.
    pub(super) fn look_after(&self, server: &Arc<Server>, collection: String) {
        let looked_after = |seen: &Mutex<HashSet<String>>| {
            seen.lock().unwrap_or_else(PoisonError::into_inner).insert(collection.clone())
        };
        if self.end.is_cancelled() || !looked_after(&self.seen) {
            return;
        }
        let (seen, server) = (self.seen.clone(), server.clone());
        let looking = async move {
            let done =
                server.answer(DEADLINE, async |database| Ok(check(&database.collection(&collection)).await));
            if !done.await.unwrap_or(false) {
                seen.lock().unwrap_or_else(PoisonError::into_inner).remove(&collection);
            }
        };
        self.at_work.spawn(self.end.clone().run_until_cancelled_owned(looking));
    }

    /// Ends what is at work in the background; what MongoDB has begun, it ends by itself.
    pub(super) async fn end(&self) {
        self.end.cancel();
        self.at_work.close();
        self.at_work.wait().await;
    }
}

/// Whether there is nothing left to do, or nothing that can be done.
async fn check(collection: &Collection<Document>) -> bool {
    let name = collection.name();
    let present = match present(collection).await {
        Ok(present) => present,
        Err(error) => return is_final(name, "indexes cannot be listed", &error),
    };
    for (fields, unique) in WANTED {
        if present.iter().any(|index| serves(index, fields, unique)) {
            continue;
        }
        let options = IndexOptions::builder().unique(unique.then_some(true)).build();
        let keys: Document = fields.iter().map(|&field| (field.to_owned(), Bson::Int32(1))).collect();
        let fields = fields.join(", ");
        match collection.create_index(IndexModel::builder().keys(keys).options(options).build()).await {
            Ok(_) => tracing::info!(collection = name, fields, "an index was missing in MongoDB and is made"),
            Err(error) => {
                if !is_final(name, &format!("there is no index on {fields}, and it cannot be made"), &error) {
                    return false;
                }
            }
        }
    }
    true
}

async fn present(collection: &Collection<Document>) -> Result<Vec<IndexModel>, Error> {
    collection.list_indexes().await?.try_collect().await
}

/// Whether the index begins with these fields; one whose values are there once only has no others.
fn serves(index: &IndexModel, fields: &[&str], unique: bool) -> bool {
    let is_unique = index.options.as_ref().and_then(|options| options.unique).unwrap_or(false);
    let begins = index.keys.keys().take(fields.len()).eq(fields);
    begins && (!unique || is_unique && index.keys.len() == fields.len())
}

/// Whether it is no use to try again soon. A refusal is told of: queries go on, but may be slow.
fn is_final(collection: &str, what: &str, error: &Error) -> bool {
    let passes = match &*error.kind {
        ErrorKind::Io(_) | ErrorKind::ServerSelection { .. } | ErrorKind::ConnectionPoolCleared { .. } => {
            true
        }
        ErrorKind::Command(command) => command.code == NAMESPACE_NOT_FOUND,
        _ => false,
    };
    if !passes {
        tracing::warn!(collection, error = %error.kind, "{what} in MongoDB: queries may be slow");
    }
    !passes
}

#[cfg(test)]
mod tests {
    use focus_core::from_epoch_seconds;
    use focus_mongodb_node::Somewhere;
    use mongodb::bson::doc;
    use mongodb::{Client, Database};

    use super::*;
    use crate::mongodb::documents::{in_order, sharing_time};

    /// A private database with a collection `recordings`.
    async fn filled() -> (Somewhere, Database, Collection<Document>) {
        let server = tokio::task::spawn_blocking(Somewhere::find).await.unwrap();
        let name = format!("focus_test_{}", uuid::Uuid::new_v4().simple());
        let database = Client::with_uri_str(server.url()).await.unwrap().database(&name);
        let collection = database.collection::<Document>("recordings");
        let documents =
            (0..100).map(|at| doc! { "uuid": format!("r{at}"), "start_time": at, "end_time": at + 1 });
        collection.insert_many(documents).await.unwrap();
        (server, database, collection)
    }

    /// How the server goes about each part of the query that it plans by itself: a real one plans it as it is sent, the stand-in
    /// each branch alone.
    async fn plans(server: &Somewhere, database: &Database) -> Vec<String> {
        let [from, to] = [50.0, 51.0].map(|seconds| from_epoch_seconds(seconds).unwrap());
        let query = sharing_time(from, to);
        let branches = query.get_array("$or").unwrap().iter().filter_map(Bson::as_document);
        let asked: Vec<_> = if server.is_real() { vec![&query] } else { branches.collect() };
        let mut plans = Vec::new();
        for filter in asked {
            let find = doc! { "find": "recordings", "filter": filter, "sort": in_order(), "limit": 100 };
            let plan = database.run_command(doc! { "explain": find, "verbosity": "queryPlanner" }).await;
            let plan = plan.unwrap();
            plans.push(plan.get_document("queryPlanner").unwrap().get("winningPlan").unwrap().to_string());
        }
        assert!(!plans.is_empty());
        plans
    }

    #[tokio::test]
    async fn queries_use_an_index() {
        let (server, database, collection) = filled().await;
        assert!(check(&collection).await);
        for plan in plans(&server, &database).await {
            assert!(plan.contains("IXSCAN") || plan.contains("USING INDEX"), "{plan}");
            assert!(!plan.contains("COLLSCAN"), "{plan}");
        }
        database.drop().await.unwrap();
    }

    #[tokio::test]
    async fn the_last_index_is_enough_for_a_range_of_time() {
        let (server, database, collection) = filled().await;
        let keys = doc! { "start_time": 1, "end_time": 1, "deleted": 1 };
        collection.create_index(IndexModel::builder().keys(keys).build()).await.unwrap();
        for plan in plans(&server, &database).await {
            // What it is called by a real server, and by the stand-in.
            let name = ["start_time_1_end_time_1_deleted_1", "start_time_end_time_deleted"];
            assert!(name.iter().any(|name| plan.contains(name)), "{plan}");
            assert!(!plan.contains("COLLSCAN"), "{plan}");
            // A real server has nothing left to sort.
            assert!(!server.is_real() || !plan.contains("\"SORT\""), "{plan}");
        }
        database.drop().await.unwrap();
    }

    #[test]
    fn an_index_that_begins_with_the_fields_serves() {
        let index = |keys: Document, unique: bool| {
            let options = IndexOptions::builder().unique(unique).build();
            IndexModel::builder().keys(keys).options(options).build()
        };
        let all = index(doc! { "start_time": 1, "end_time": -1, "deleted": 1 }, false);
        let uuid = doc! { "uuid": 1 };
        assert!(serves(&all, &["start_time"], false) && serves(&all, &["start_time", "end_time"], false));
        assert!(!serves(&all, &["end_time"], false));
        assert!(!serves(&index(doc! { "start_time": 1 }, false), &["start_time", "end_time"], false));
        assert!(serves(&index(uuid.clone(), true), &["uuid"], true));
        assert!(!serves(&index(uuid, false), &["uuid"], true));
        assert!(!serves(&index(doc! { "uuid": 1, "deleted": 1 }, true), &["uuid"], true));
    }
}
