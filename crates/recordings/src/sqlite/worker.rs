use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use focus_core::{Outage, Upstream};
use rusqlite::{Connection, ErrorCode};
use tokio::sync::oneshot;

/// After how many instructions of SQLite's machine a call asks whether its caller still waits: well below 1 ms.
const INSTRUCTIONS: i32 = 1000;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// Why a call to the index failed.
#[derive(Debug)]
pub(super) enum CallError {
    /// The index file is damaged or not ours, and has to be made anew.
    Broken(String),
    /// Anything else.
    Outage(Outage),
}

impl From<rusqlite::Error> for CallError {
    fn from(error: rusqlite::Error) -> Self {
        let (upstream, reason) = (Upstream::Catalogue, error.to_string());
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Broken(reason),
            Some(
                ErrorCode::CannotOpen
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::PermissionDenied
                | ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure,
            ) => Self::Outage(Outage::Unavailable { upstream, reason }),
            _ => Self::Outage(Outage::Refused { upstream, reason }),
        }
    }
}

impl From<std::io::Error> for CallError {
    fn from(error: std::io::Error) -> Self {
        Self::Outage(Outage::Unavailable { upstream: Upstream::Catalogue, reason: error.to_string() })
    }
}

impl From<CallError> for Outage {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Broken(reason) => Self::Refused { upstream: Upstream::Catalogue, reason },
            CallError::Outage(outage) => outage,
        }
    }
}

/// A thread that owns one SQLite connection; it ends with its last handle.
pub(super) struct Worker(mpsc::Sender<Job>);

impl Worker {
    pub(super) fn start(mut connection: Connection) -> std::io::Result<Self> {
        let (sender, jobs) = mpsc::channel::<Job>();
        std::thread::Builder::new().name("catalogue".into()).spawn(move || {
            for job in jobs {
                job(&mut connection);
            }
        })?;
        Ok(Self(sender))
    }

    /// Runs `work` on the connection. Work whose caller no longer waits, because of the deadline or because it
    /// has gone itself, is not begun, or interrupted: the connection is there for the next call.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        deadline: Duration,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, CallError> {
        let (reply, answer) = oneshot::channel();
        let waiting = Waiting::default();
        let given_up = waiting.0.clone();
        let job: Job = Box::new(move |connection| {
            if !given_up.load(Ordering::Relaxed) {
                // Nobody waits any more if this fails.
                let _ = reply.send(interruptible(connection, given_up, work));
            }
        });
        let unavailable =
            |reason: String| CallError::Outage(Outage::Unavailable { upstream: Upstream::Catalogue, reason });
        self.0.send(job).map_err(|_| unavailable("its thread has ended".into()))?;
        match tokio::time::timeout(deadline, answer).await {
            Ok(Ok(result)) => Ok(result?),
            Ok(Err(_)) => Err(unavailable("its thread has ended".into())),
            Err(_) => Err(unavailable(format!("no answer within {} ms", deadline.as_millis()))),
        }
    }
}

/// Of a caller: when it is dropped, its work is given up.
#[derive(Default)]
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn interruptible<T>(
    connection: &mut Connection,
    given_up: Arc<AtomicBool>,
    work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    connection.progress_handler(INSTRUCTIONS, Some(move || given_up.load(Ordering::Relaxed)))?;
    let result = work(connection);
    connection.progress_handler(0, None::<fn() -> bool>)?;
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_that_takes_too_long_is_an_outage() {
        let worker = Worker::start(Connection::open_in_memory().unwrap()).unwrap();
        let (release, wait) = mpsc::channel::<()>();
        let stuck = worker.call(Duration::from_millis(20), move |_| {
            let _ = wait.recv();
            Ok(())
        });
        let error = Outage::from(stuck.await.unwrap_err());
        assert_eq!(error.to_string(), "Catalogue unavailable: no answer within 20 ms");

        // What was given up on while it queued is never run.
        let (ran, was_run) = mpsc::channel();
        let queued = worker.call(Duration::from_millis(20), move |_| {
            let _ = ran.send(());
            Ok(())
        });
        assert!(queued.await.is_err());
        drop(release);
        assert_eq!(worker.call(Duration::from_secs(5), |_| Ok(7)).await.unwrap(), 7);
        assert!(was_run.recv().is_err());
    }

    #[tokio::test]
    async fn a_query_that_takes_too_long_does_not_keep_the_connection() {
        let endless =
            "WITH RECURSIVE n (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
        let worker = Worker::start(Connection::open_in_memory().unwrap()).unwrap();
        let run = |db: &mut Connection| {
            let transaction = db.transaction()?;
            let found: i64 = transaction.query_row(endless, [], |row| row.get(0))?;
            transaction.commit()?;
            Ok(found)
        };
        let stuck = worker.call(Duration::from_millis(50), run).await;
        assert!(matches!(stuck, Err(CallError::Outage(Outage::Unavailable { .. }))), "{stuck:?}");
        // Nor does one whose caller has gone.
        let gone = tokio::time::timeout(Duration::from_millis(50), worker.call(Duration::MAX, run)).await;
        assert!(gone.is_err());
        let next = worker.call(Duration::from_secs(60), |db| {
            db.transaction()?.query_row("SELECT 7", [], |row| row.get::<_, i64>(0))
        });
        assert_eq!(next.await.unwrap(), 7);
    }
}
