use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::TryStreamExt as _;
use mongodb::bson::{Document, doc};
use mongodb::error::{Error, ErrorKind};
use mongodb::options::IndexOptions;
use mongodb::{Collection, IndexModel};
use tokio::time::timeout;

/// The fields that queries go by, and whether each value is there once only.
const WANTED: [(&str, bool); 4] =
    [("uuid", true), ("start_time", false), ("end_time", false), ("deleted", false)];
/// Longest that looking after one collection may take: an index over millions of documents takes its time.
const DEADLINE: Duration = Duration::from_secs(600);
/// What MongoDB calls a collection that is not there.
const NAMESPACE_NOT_FOUND: i32 = 26;

/// Sees to it, in the background and once, that collections of recordings have the indexes that queries need.
#[derive(Default)]
pub(super) struct Indexes(Arc<Mutex<HashSet<String>>>);

impl Indexes {
    /// Checks the collection's indexes and makes what is missing, unless that has been done.
    pub(super) fn look_after(&self, collection: &Collection<Document>) {
        let looked_after = |seen: &Mutex<HashSet<String>>| {
            seen.lock().unwrap_or_else(PoisonError::into_inner).insert(collection.name().to_owned())
        };
        if !looked_after(&self.0) {
            return;
        }
        let (seen, collection) = (self.0.clone(), collection.clone());
        tokio::spawn(async move {
            if !timeout(DEADLINE, check(&collection)).await.unwrap_or(false) {
                seen.lock().unwrap_or_else(PoisonError::into_inner).remove(collection.name());
            }
        });
    }
}

/// Whether there is nothing left to do, or nothing that can be done.
async fn check(collection: &Collection<Document>) -> bool {
    let name = collection.name();
    let present = match present(collection).await {
        Ok(present) => present,
        Err(error) => return is_final(name, "indexes cannot be listed", &error),
    };
    for (field, unique) in WANTED {
        if present.iter().any(|index| serves(index, field, unique)) {
            continue;
        }
        let options = IndexOptions::builder().unique(unique.then_some(true)).build();
        let index = IndexModel::builder().keys(doc! { field: 1 }).options(options).build();
        match collection.create_index(index).await {
            Ok(_) => tracing::info!(collection = name, field, "an index was missing in MongoDB and is made"),
            Err(error) => {
                if !is_final(name, &format!("there is no index on {field}, and it cannot be made"), &error) {
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

fn serves(index: &IndexModel, field: &str, unique: bool) -> bool {
    let is_unique = index.options.as_ref().and_then(|options| options.unique).unwrap_or(false);
    let mut keys = index.keys.keys();
    let leads = keys.next().is_some_and(|first| first == field);
    leads && (!unique || is_unique && keys.next().is_none())
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
    use mongodb::bson::Bson;
    use mongodb::{Client, Database};

    use super::*;
    use crate::mongodb::documents::sharing_time;

    async fn plan(database: &Database, filter: &Document) -> String {
        let explain =
            doc! { "explain": { "find": "recordings", "filter": filter }, "verbosity": "queryPlanner" };
        let plan = database.run_command(explain).await.unwrap();
        plan.get_document("queryPlanner").unwrap().get("winningPlan").unwrap().to_string()
    }

    #[tokio::test]
    async fn queries_use_an_index() {
        let server = tokio::task::spawn_blocking(Somewhere::find).await.unwrap();
        let name = format!("focus_test_{}", uuid::Uuid::new_v4().simple());
        let database = Client::with_uri_str(server.url()).await.unwrap().database(&name);
        let collection = database.collection::<Document>("recordings");
        let documents =
            (0..100).map(|at| doc! { "uuid": format!("r{at}"), "start_time": at, "end_time": at + 1 });
        collection.insert_many(documents).await.unwrap();
        assert!(check(&collection).await);

        let [from, to] = [50.0, 51.0].map(|seconds| from_epoch_seconds(seconds).unwrap());
        let query = sharing_time(from, to);
        let branches = query.get_array("$or").unwrap().iter().filter_map(Bson::as_document);
        // The stand-in plans an index for each branch, but not for all of them together.
        let asked: Vec<_> = if server.is_real() { vec![&query] } else { branches.collect() };
        assert!(!asked.is_empty());
        for filter in asked {
            let plan = plan(&database, filter).await;
            assert!(plan.contains("IXSCAN") || plan.contains("USING INDEX"), "{filter}: {plan}");
            assert!(!plan.contains("COLLSCAN"), "{filter}: {plan}");
        }
        database.drop().await.unwrap();
    }
}
