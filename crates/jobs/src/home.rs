use std::sync::Arc;

use focus_core::{Fibre, JobId, Outage, Plan, View};
use focus_stream::Show;
use futures::future::BoxFuture;
use tokio::time::Instant;

use crate::{ConfigureError, Configured, Job, Key};

/// A view that was found right, with all that it shows: what a job is to be made of.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What is to be seen ..
    pub view: View,
    /// .. and what it yields.
    pub plan: Plan,
    /// The fibre that is shown.
    pub fibre: Arc<Fibre>,
    /// Where its samples come from.
    pub show: Show,
    /// Stands for the job as long as that lives.
    pub key: Option<Key>,
    /// Host that clients are told to reach the job by, where the home does not know better.
    pub host: String,
}

/// Where jobs live, and who knows of them: the memory of this process, or a cluster.
pub trait Home: Send + Sync {
    /// The job that `key` stands for.
    ///
    /// # Errors
    /// When the key was used for another request, or whoever knows the jobs does not answer.
    fn find<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Arc<Job>>, ConfigureError>>;

    /// Whether there is room for one more job now; nothing is taken.
    ///
    /// # Errors
    /// When there is none, or whoever knows the jobs does not answer.
    fn admit(&self) -> BoxFuture<'_, Result<(), ConfigureError>>;

    /// A job that shows what is wanted, running or about to; or the one that its key has come to stand for meanwhile.
    /// Resolves by `by`, or shortly after when something must be undone.
    ///
    /// # Errors
    /// Why there is none; then nothing is left of the attempt.
    fn start(&self, wanted: Wanted, by: Instant) -> BoxFuture<'_, Result<Configured, ConfigureError>>;

    /// The running job of this name.
    ///
    /// # Errors
    /// When whoever knows the jobs does not answer.
    fn get(&self, id: JobId) -> BoxFuture<'_, Result<Option<Arc<Job>>, Outage>>;

    /// All running jobs, the longest-running first.
    ///
    /// # Errors
    /// When whoever knows the jobs does not answer.
    fn list(&self) -> BoxFuture<'_, Result<Vec<Arc<Job>>, Outage>>;

    /// Stops a job and waits until everything it owned is gone. `false`: there is no such job.
    ///
    /// # Errors
    /// When whoever runs the jobs does not answer.
    fn stop(&self, id: JobId) -> BoxFuture<'_, Result<bool, Outage>>;

    /// Takes no new jobs from now on, and ends those that cannot live without this process.
    fn drain(&self) -> BoxFuture<'_, ()>;

    /// Whether it takes no new jobs.
    fn is_draining(&self) -> bool;
}
