//! MongoDB: whether it answers, and how many documents there are.

use std::collections::BTreeMap;
use std::time::Duration;

use casebook_ticket::language::{DataName, Template, TemplatePart, Units};
use mongodb::bson::Document;
use mongodb::error::{Error, ErrorKind};
use mongodb::options::ClientOptions;
use mongodb::{Client, bson::doc};
use tokio::time::timeout;

use super::probe::ProbeError;
use crate::request::of_io;
use crate::world::World;
use crate::{Observation, Outcome};

/// Who we are, for whoever looks at MongoDB's connections.
const NAME: &str = "casebook";
/// Longest that leaving MongoDB may take.
const FAREWELL_DEADLINE: Duration = Duration::from_millis(200);

/// A ping, after the whole handshake with its authentication.
pub(super) async fn ping(url: &str, deadline: Duration) -> Result<Outcome, ProbeError> {
    let client = client(url, deadline).await.map_err(ProbeError::new)?;
    let database = client.database("admin");
    let answer = timeout(deadline, database.run_command(doc! { "ping": 1 })).await;
    leave(client).await;
    Ok(match answer {
        Err(_) => Outcome::TimedOut,
        Ok(Ok(_)) => Outcome::Answered,
        Ok(Err(error)) => outcome(&error),
    })
}

/// Counts the documents of a collection.
pub(super) async fn count(
    target: &Template,
    filter: Option<&DataName>,
    world: &World<'_>,
) -> Result<Observation, String> {
    let (url, collection) = parts(target, world)?;
    let deadline = world.environment.deadline;
    let filter = filter.map(|name| world.data(name.name())).transpose()?;
    let client = client(&url, deadline).await?;
    let database = client.default_database();
    let (database, collection) = match (collection.split_once('/'), database) {
        (Some((database, collection)), _) => (client.database(database), collection),
        (None, Some(database)) => (database, collection.as_str()),
        (None, None) => {
            return Err(format!(
                "which database {collection} is in is not known: the target's url must end with it, as in \"mongodb://host:27017/name\", or the statement says `$name/database/collection`"
            ));
        }
    };
    let query = match &filter {
        Some(text) => serde_json::from_str(text).map_err(|error| format!("the filter is none: {error}"))?,
        None => Document::new(),
    };
    let filter = filter.map(|text| format!("\n\n{text}")).unwrap_or_default();
    let sent = format!("count {}.{collection}{filter}", database.name());
    let documents = database.collection::<Document>(collection);
    let counted = timeout(deadline, documents.count_documents(query).max_time(deadline)).await;
    leave(client).await;
    let counted = counted.map_err(|_| format!("MongoDB has not counted within {}", Units(deadline)))?;
    let count = counted.map_err(|error| told(&error))?;
    Ok(Observation {
        sent,
        numbers: BTreeMap::from([("count".to_owned(), count as f64)]),
        ..Observation::default()
    })
}

/// The URL of the target that a statement begins with, and what stands behind it.
fn parts(target: &Template, world: &World<'_>) -> Result<(String, String), String> {
    let Some((TemplatePart::Reference(first), rest)) = target.0.split_first() else {
        return Err(format!("{target} does not begin with a name"));
    };
    let url = world.target(&first.name)?.url.clone();
    let url = url.ok_or_else(|| format!("the environment does not say where {} is (url)", first.name))?;
    let collection = world.fill(&Template(rest.to_vec()))?;
    let collection = collection.trim_matches('/').to_owned();
    if collection.is_empty() {
        return Err(format!("`{target}` names no collection; write `{target}/collection`"));
    }
    Ok((url, collection))
}

async fn client(url: &str, deadline: Duration) -> Result<Client, String> {
    let options = timeout(deadline, ClientOptions::parse(url)).await;
    let options = options.map_err(|_| format!("MongoDB's url is not resolved within {}", Units(deadline)))?;
    let mut options = options.map_err(|error| told(&error))?;
    options.app_name.get_or_insert_with(|| NAME.to_owned());
    options.server_selection_timeout = Some(deadline);
    options.connect_timeout = Some(deadline);
    // What happens once is to be seen.
    options.retry_reads = Some(false);
    Client::with_options(options).map_err(|error| told(&error))
}

/// Left to itself, a client takes leave of its servers later, and panics when the program ends meanwhile.
async fn leave(client: Client) {
    // One that does not answer is left without.
    let _ = timeout(FAREWELL_DEADLINE, client.shutdown()).await;
}

fn outcome(error: &Error) -> Outcome {
    match &*error.kind {
        ErrorKind::Io(cause) => of_io(cause),
        ErrorKind::ServerSelection { .. } => Outcome::TimedOut,
        ErrorKind::ConnectionPoolCleared { .. } | ErrorKind::InvalidResponse { .. } => Outcome::Cut,
        _ => Outcome::Failed(told(error)),
    }
}

/// What went wrong, and what can be done about it.
fn told(error: &Error) -> String {
    match &*error.kind {
        ErrorKind::Authentication { .. } => {
            "MongoDB does not accept who asks; check user, password and authSource in the target's url"
                .to_owned()
        }
        ErrorKind::InvalidArgument { message, .. } => format!("the target's url cannot be used: {message}"),
        kind => format!("MongoDB: {kind}"),
    }
}
