use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use focus_core::{Outage, Upstream};
use mongodb::error::{Error, ErrorKind};
use mongodb::event::EventHandler;
use mongodb::event::sdam::SdamEvent;
use mongodb::options::{ClientOptions, ReadConcern, ReadPreference, SelectionCriteria};
use mongodb::{Client, Database};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::MongoAddress;

/// A server that can answer is found within this time, or there is none.
const SELECTION_DEADLINE: Duration = Duration::from_millis(800);
/// Longest that making a connection may take.
const CONNECT_DEADLINE: Duration = Duration::from_millis(500);
/// Time between two looks of the driver at each server.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// Longest that closing waits for drivers to leave their servers.
const FAREWELL_DEADLINE: Duration = Duration::from_millis(500);
/// Who we are, unless the URL says otherwise.
const APP_NAME: &str = "focus-server";

/// What a server says when it, or the one it asked, is no longer or not yet able to answer; MongoDB's numbers.
const CANNOT_NOW: [i32; 15] =
    [6, 7, 50, 89, 91, 134, 189, 262, 9001, 10058, 10107, 11600, 11602, 13435, 13436];

/// A site's MongoDB: one server, or several that stand in for each other.
pub(super) struct Server {
    options: ClientOptions,
    database: String,
    /// None once it is closed.
    driver: Mutex<Option<Arc<Driver>>>,
    changed: Arc<Notify>,
    farewells: TaskTracker,
}

/// The driver's own view of the servers, and its connections to them.
struct Driver {
    database: Database,
    failures: Arc<Failures>,
    farewells: TaskTracker,
}

/// Why the last look at a server failed, of those where it did.
#[derive(Default)]
struct Failures(Mutex<BTreeMap<String, String>>);

impl Server {
    pub(super) async fn start(address: &MongoAddress) -> Result<Self, Outage> {
        let options = ClientOptions::parse(address.connection.clone()).await;
        let mut options = options.map_err(|error| refused(words(&error)))?;
        options.app_name.get_or_insert_with(|| APP_NAME.to_owned());
        options.server_selection_timeout = Some(SELECTION_DEADLINE);
        options.connect_timeout = Some(CONNECT_DEADLINE);
        options.heartbeat_freq = Some(HEARTBEAT);
        options.read_concern = Some(ReadConcern::majority());
        // The past is there to see also while the site's servers have no primary.
        let preferred =
            || SelectionCriteria::ReadPreference(ReadPreference::PrimaryPreferred { options: None });
        options.selection_criteria.get_or_insert_with(preferred);
        let server = Self {
            options,
            database: address.database.clone(),
            driver: Mutex::default(),
            changed: Arc::default(),
            farewells: TaskTracker::new(),
        };
        let driver = server.driver_anew().map_err(|error| refused(words(&error)))?;
        *server.driver() = Some(Arc::new(driver));
        Ok(server)
    }

    pub(super) fn changed(&self) -> Arc<Notify> {
        self.changed.clone()
    }

    /// Leaves MongoDB: when this returns, nothing of any driver is at work any more, unless a server has not let one go in
    /// time. Whoever asks from now on is told so.
    pub(super) async fn close(&self) {
        self.driver().take();
        self.farewells.close();
        // What still waits for a server then has nothing left to do.
        let _ = timeout(FAREWELL_DEADLINE, self.farewells.wait()).await;
    }

    /// What `ask` finds out, or that MongoDB cannot serve. The driver may try again on its own, but not for longer.
    pub(super) async fn answer<T>(
        &self,
        deadline: Duration,
        ask: impl AsyncFnOnce(&Database) -> Result<T, Error>,
    ) -> Result<T, Outage> {
        let driver = self.driver().clone();
        let driver = driver.ok_or_else(|| unavailable("the catalogue is closed".to_owned()))?;
        let mut whole = WholeCall { server: self, driver: &driver, is_whole: false };
        let answer = timeout(deadline, ask(&driver.database)).await;
        whole.is_whole = answer.is_ok();
        match answer {
            Ok(answer) => answer.map_err(|error| driver.failures.outage(&error)),
            Err(_) => Err(unavailable(format!("no answer within {} ms", deadline.as_millis()))),
        }
    }

    fn driver(&self) -> MutexGuard<'_, Option<Arc<Driver>>> {
        self.driver.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace(&self, driver: &Arc<Driver>) {
        let mut current = self.driver();
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, driver))
            && let Ok(fresh) = self.driver_anew()
        {
            *current = Some(Arc::new(fresh));
        }
    }

    fn driver_anew(&self) -> Result<Driver, Error> {
        let (failures, mut options) = (Arc::<Failures>::default(), self.options.clone());
        let (seen, told) = (failures.clone(), self.changed.clone());
        options.sdam_event_handler = Some(EventHandler::callback(move |event| match event {
            SdamEvent::ServerHeartbeatFailed(event) => {
                seen.note(event.server_address.to_string(), Some(words(&event.failure)));
            }
            SdamEvent::ServerHeartbeatSucceeded(event) => seen.note(event.server_address.to_string(), None),
            SdamEvent::ServerClosed(event) => seen.note(event.address.to_string(), None),
            SdamEvent::ServerDescriptionChanged(_) => told.notify_one(),
            _ => {}
        }));
        let database = Client::with_options(options)?.database(&self.database);
        Ok(Driver { database, failures, farewells: self.farewells.clone() })
    }
}

/// A call that may be cut off, by its deadline or by a caller who goes away. Places of the driver's pool can be lost with
/// it for ever, so the next call gets a driver of its own.
struct WholeCall<'a> {
    server: &'a Server,
    driver: &'a Arc<Driver>,
    is_whole: bool,
}

impl Drop for WholeCall<'_> {
    fn drop(&mut self) {
        if !self.is_whole {
            self.server.replace(self.driver);
        }
    }
}

/// Left to itself, a driver takes leave of its servers on a task that nobody waits for, and panics when the runtime ends
/// meanwhile. That nobody asks through it any more is certain here, and here only.
impl Drop for Driver {
    fn drop(&mut self) {
        if let Ok(runtime) = Handle::try_current() {
            let client = self.database.client().clone();
            self.farewells.spawn_on(async move { client.shutdown().await }, &runtime);
        }
    }
}

impl Failures {
    /// What an error of the driver's means to whoever has asked.
    fn outage(&self, error: &Error) -> Outage {
        match &*error.kind {
            ErrorKind::ServerSelection { .. } => unavailable(self.reasons()),
            ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. } | ErrorKind::DnsResolve { .. } => {
                unavailable(words(error))
            }
            ErrorKind::Command(command) if CANNOT_NOW.contains(&command.code) => unavailable(words(error)),
            _ => refused(words(error)),
        }
    }

    fn note(&self, server: String, failure: Option<String>) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match failure {
            Some(failure) => failures.insert(server, failure),
            None => failures.remove(&server),
        };
    }

    /// Why no server can be asked.
    fn reasons(&self) -> String {
        let failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.is_empty() {
            return "none of its servers is one to read from".to_owned();
        }
        let each = failures.iter().map(|(server, failure)| format!("{failure} ({server})"));
        each.collect::<Vec<_>>().join(", ")
    }
}

/// An error of the driver's in few words, without labels and sources.
fn words(error: &Error) -> String {
    match &*error.kind {
        ErrorKind::Io(error) if error.kind() == io::ErrorKind::Other => error.to_string(),
        ErrorKind::Io(error) => error.kind().to_string(),
        ErrorKind::Command(command) => {
            format!("{} ({} {})", command.message, command.code, command.code_name)
        }
        ErrorKind::ConnectionPoolCleared { .. } => "the connection was lost".to_owned(),
        other => other.to_string(),
    }
}

fn unavailable(reason: String) -> Outage {
    Outage::Unavailable { upstream: Upstream::MongoDb, reason }
}

fn refused(reason: String) -> Outage {
    Outage::Refused { upstream: Upstream::MongoDb, reason }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{deserialize_from_document, doc};
    use mongodb::error::CommandError;

    use super::*;

    fn told(error: ErrorKind) -> String {
        Failures::default().outage(&error.into()).to_string()
    }

    #[test]
    fn a_server_that_cannot_now_is_unavailable_and_one_that_will_not_refuses() {
        let answered = |code: i32, name: &str| {
            let answer = doc! { "code": code, "codeName": name, "errmsg": "told so" };
            told(ErrorKind::Command(deserialize_from_document::<CommandError>(answer).unwrap()))
        };
        assert_eq!(answered(50, "MaxTimeMSExpired"), "MongoDB unavailable: told so (50 MaxTimeMSExpired)");
        assert_eq!(answered(11600, "InterruptedAtShutdown").split(':').next(), Some("MongoDB unavailable"));
        assert_eq!(answered(13, "Unauthorized"), "MongoDB error: told so (13 Unauthorized)");
    }

    #[test]
    fn what_is_wrong_with_the_network_is_told_in_few_words() {
        let refused = io::Error::from_raw_os_error(111);
        assert_eq!(told(ErrorKind::Io(Arc::new(refused))), "MongoDB unavailable: connection refused");
        let other = io::Error::other("invalid peer certificate");
        assert_eq!(told(ErrorKind::Io(Arc::new(other))), "MongoDB unavailable: invalid peer certificate");
    }

    #[test]
    fn servers_are_told_with_what_is_wrong_with_each() {
        let failures = Failures::default();
        assert_eq!(failures.reasons(), "none of its servers is one to read from");
        failures.note("b:1".to_owned(), Some("timed out".to_owned()));
        failures.note("a:1".to_owned(), Some("connection refused".to_owned()));
        failures.note("c:1".to_owned(), Some("timed out".to_owned()));
        failures.note("c:1".to_owned(), None);
        assert_eq!(failures.reasons(), "connection refused (a:1), timed out (b:1)");
    }
}
