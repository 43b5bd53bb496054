//! One job is created: every step with what undoes it.
//!
//! Job (inert), Service, a last round trip to the broker, commit. Up to the commit the Job has no pod, so that a server
//! that dies between any two steps leaves only what the sweep finds by its labels and its age.

use std::sync::Arc;
use std::time::Duration;

use focus_core::{Faults, Outage, Upstream};
use focus_stream::JobSpec;
use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job as JobObject;
use rand::Rng as _;
use tokio::time::Instant;

use super::Shared;
use super::failure::{Failure, Kind};
use super::manifest::{self, Description};
use super::rules::gives_way;
use super::seen::{SeenJob, SeenService};
use crate::{ConfigureError, Configured, Job, JobOrder, Key, OrderTooLong, Wanted};

/// What was created and nobody wants is undone in this time, or by the sweep.
const UNDO_DEADLINE: Duration = Duration::from_millis(450);
/// Whoever gave way to another server tries again after up to this long, milliseconds.
const GIVES_WAY_FOR: std::ops::Range<u64> = 5..40;
/// Why it came to nothing.
const OVERTAKEN: &str = "other servers took every slot that was tried";
const UNFINISHED: &str =
    "an earlier request with the same key is not done; if its server died, the key is free within seconds";

/// How one attempt went.
enum Ended {
    /// The job runs, or is about to.
    Started(Arc<Job>),
    /// Another server has started the job that the key stands for.
    Known(Arc<Job>),
    /// Another server has taken the slot, or is about to start what the key stands for: what to say when that does not
    /// change in time.
    GaveWay(&'static str),
}

/// What one attempt creates.
struct Attempt<'a> {
    shared: &'a Shared,
    wanted: &'a Wanted,
    spec: Arc<JobSpec>,
    order: JobOrder,
    /// No other attempt has the same.
    nonce: String,
    by: Instant,
    /// The Job, once it is known to be there.
    job: Option<SeenJob>,
    /// Whether a Job, or its commit once there is one, may be there or may still come, for all that is known.
    doubtful: bool,
}

fn not_in_time(why: &str) -> ConfigureError {
    Outage::Unavailable { upstream: Upstream::Kubernetes, reason: why.to_owned() }.into()
}

impl Shared {
    /// Starts a job that shows what is wanted, or finds the one that its key stands for.
    pub(super) async fn start(&self, wanted: &Wanted, by: Instant) -> Result<Configured, ConfigureError> {
        let mut gave_way = None;
        loop {
            match (self.attempt(wanted, by).await, gave_way) {
                (Ok(Ended::Started(job)), _) => return Ok(Configured { job, repeated: false }),
                (Ok(Ended::Known(job)), _) => return Ok(Configured { job, repeated: true }),
                (Ok(Ended::GaveWay(why)), _) => {
                    let pause = Duration::from_millis(rand::rng().random_range(GIVES_WAY_FOR));
                    if Instant::now() + pause >= by {
                        return Err(not_in_time(why));
                    }
                    tokio::time::sleep(pause).await;
                    gave_way = Some(why);
                }
                // That a call had only what was left of the time says nothing of Kubernetes.
                (Err(ConfigureError::Outage(Outage::Unavailable { .. })), Some(why))
                    if Instant::now() >= by =>
                {
                    return Err(not_in_time(why));
                }
                (Err(error), _) => return Err(error),
            }
        }
    }

    async fn attempt(&self, wanted: &Wanted, by: Instant) -> Result<Ended, ConfigureError> {
        let jobs = self.listing.jobs(by).await?;
        if let Some(key) = &wanted.key
            && let Some(job) = holder(&jobs, key)?
        {
            // As long as it is not committed it may come to nothing.
            let job = if job.committed { self.read(job, by).await? } else { None };
            return Ok(job.map_or(Ended::GaveWay(UNFINISHED), Ended::Known));
        }
        let max = self.settings.max_jobs;
        let claim = self.claims.claim(&jobs, max);
        let claim = claim.ok_or(ConfigureError::TooManyJobs { max })?;

        let Wanted { view, plan, fibre, show, .. } = wanted;
        let (view, plan, fibre, show) = (view.clone(), plan.clone(), Arc::clone(fibre), show.clone());
        let spec = Arc::new(JobSpec { id: claim.id, view, plan, fibre, show });
        let order = JobOrder::new(&spec, &self.settings.limits, self.fibre.band_channels());
        let order = order.relative_to(&self.settings.data_dir);
        let nonce = format!("{:032x}", rand::rng().random::<u128>());
        let mut attempt =
            Attempt { shared: self, wanted, spec, order, nonce, by, job: None, doubtful: false };
        let made = attempt.make().await;
        if !matches!(made, Ok(Ended::Started(_))) {
            attempt.undo().await;
        }
        made
    }

    /// Deletes a Job that may be committed although its client was told that there is none; `false` when it stays,
    /// because another client was told of it.
    pub(super) async fn withdraw(&self, job: &SeenJob, by: Instant) -> Result<bool, Failure> {
        loop {
            let there = self.calls.get_job(&job.name, by).await?.and_then(SeenJob::of);
            let Some(there) = there.filter(|there| there.uid == job.uid) else { return Ok(true) };
            if there.kept {
                return Ok(false);
            }
            match self.calls.delete_job(&job.name, &job.uid, Some(there.resource_version), by).await {
                // Somebody has written to it just now: that client's server, or one of the cluster's controllers.
                Err(Failure { kind: Kind::Conflict, .. }) => {}
                done => return done.map(|()| true),
            }
        }
    }
}

impl Attempt<'_> {
    async fn make(&mut self) -> Result<Ended, ConfigureError> {
        let calls = &self.shared.calls;
        let by = self.by;
        let Some(job) = self.create_job().await? else { return Ok(Ended::GaveWay(OVERTAKEN)) };
        self.job = Some(job.clone());
        let (free, service) = tokio::join!(self.is_free(&job), self.create_service(&job));
        if !free? {
            return Ok(Ended::GaveWay(OVERTAKEN));
        }
        let service = service?;
        // So much time may have passed since it was asked that the answer is worth nothing any more.
        let broker = tokio::time::timeout_at(by, self.shared.broker.require()).await;
        broker.unwrap_or_else(|_| Err(silent_broker()))?;
        let started = self.shared.describe(&job, &service, Arc::clone(&self.spec)).ok_or_else(no_port)?.0;
        let life = self.shared.settings.max_job_life;
        if let Err(failure) = calls.commit(&job.name, &job.uid, life, by).await {
            self.doubtful = failure.may_be_done;
            if !failure.may_be_done || !self.is_committed(&job).await {
                return Err(failure.into());
            }
            self.doubtful = false;
        }
        Ok(Ended::Started(started))
    }

    /// The inert Job; `None` when another server was faster with this very name.
    async fn create_job(&mut self) -> Result<Option<SeenJob>, ConfigureError> {
        let job = self
            .description()
            .job(&self.shared.settings.template, Timestamp::now())
            .map_err(|error| too_long(&error))?;
        let failure = match self.shared.calls.create_job(&job, self.by).await {
            Ok(job) => return seen(job).map(Some),
            Err(failure) => failure,
        };
        let exists = failure.kind == Kind::Conflict;
        if !exists && !failure.may_be_done {
            return Err(failure.into());
        }
        let there = self.shared.calls.get_job(&manifest::job_name(self.spec.id), self.by).await;
        let is_known = there.is_ok();
        let ours = there.ok().flatten().and_then(SeenJob::of).filter(|job| job.attempt == self.nonce);
        // Of this name there is one, and so none will come; but whose it is only a look can tell.
        self.doubtful = ours.is_none() && !(exists && is_known);
        match ours {
            Some(job) => Ok(Some(job)),
            None if exists => Ok(None),
            None => Err(failure.into()),
        }
    }

    async fn create_service(&self, job: &SeenJob) -> Result<SeenService, ConfigureError> {
        let service = self.description().service(self.shared.settings.exposure, &job.uid);
        let failure = match self.shared.calls.create_service(&service, self.by).await {
            Ok(service) => return SeenService::of(service).ok_or_else(|| unreadable().into()),
            Err(failure) => failure,
        };
        if failure.kind != Kind::Conflict && !failure.may_be_done {
            return Err(failure.into());
        }
        let there = self.shared.calls.get_service(&manifest::service_name(self.spec.id), self.by).await;
        let ours = there.ok().flatten().and_then(SeenService::of);
        // What comes too late is owned by a Job that is gone by then, and goes with it.
        ours.filter(|service| service.owner.as_ref() == Some(&job.uid)).ok_or_else(|| failure.into())
    }

    /// Whether no other Job has this one's slot or key, or those that have will give way.
    async fn is_free(&self, job: &SeenJob) -> Result<bool, ConfigureError> {
        let jobs = self.shared.listing.jobs(self.by).await?;
        Ok(!jobs.iter().any(|other| gives_way(job, other)))
    }

    /// After a commit without an answer.
    async fn is_committed(&self, job: &SeenJob) -> bool {
        let there = self.shared.calls.get_job(&job.name, self.by).await;
        let there = there.ok().flatten().and_then(SeenJob::of);
        there.is_some_and(|there| there.uid == job.uid && there.committed)
    }

    /// Removes what was created. What cannot be removed now is the sweep's.
    async fn undo(&self) {
        let by = Instant::now() + UNDO_DEADLINE;
        // With the Job's uid gone, nothing that was asked for before can come true any more.
        let doubtful = match &self.job {
            None => self.doubtful,
            Some(job) if self.doubtful => self.undo_commit(job, by).await.is_err(),
            Some(job) => self.undo_creation(job, by).await.is_err(),
        };
        if doubtful {
            tracing::warn!(job = %self.spec.id, "not known to be undone: the sweep will look for it");
            self.shared.doubts.raise(&self.nonce);
        }
    }

    async fn undo_creation(&self, job: &SeenJob, by: Instant) -> Result<(), Failure> {
        let calls = &self.shared.calls;
        let service = manifest::service_name(job.id);
        let (service, job) = tokio::join!(
            calls.delete_service(&service, None, by),
            calls.delete_job(&job.name, &job.uid, None, by),
        );
        service.and(job)
    }

    /// The same for what may be committed: by then another server may have told a client of it, and so it stays.
    async fn undo_commit(&self, job: &SeenJob, by: Instant) -> Result<(), Failure> {
        if self.shared.withdraw(job, by).await? {
            self.shared.calls.delete_service(&manifest::service_name(job.id), None, by).await?;
        }
        Ok(())
    }

    fn description(&self) -> Description<'_> {
        Description {
            order: &self.order,
            instance: &self.shared.settings.instance,
            attempt: &self.nonce,
            key: self.wanted.key.as_ref(),
            host: &self.wanted.host,
        }
    }
}

/// The job that `key` stands for, or is about to.
pub(super) fn holder<'a>(jobs: &'a [SeenJob], key: &Key) -> Result<Option<&'a SeenJob>, ConfigureError> {
    let holds =
        |job: &&SeenJob| job.is_alive() && job.key.as_ref().is_some_and(|held| held.name() == key.name());
    // Of two, the one that has won.
    let job = jobs.iter().filter(holds).max_by_key(|job| job.committed);
    match job {
        Some(job) if job.key.as_ref() != Some(key) => Err(ConfigureError::KeyReused),
        job => Ok(job),
    }
}

fn seen(job: JobObject) -> Result<SeenJob, ConfigureError> {
    SeenJob::of(job).ok_or_else(|| unreadable().into())
}

fn unreadable() -> Outage {
    let reason = "it answered with an object other than it was given".to_owned();
    Outage::Refused { upstream: Upstream::Kubernetes, reason }
}

fn no_port() -> Outage {
    let reason = "it gave the job's Service no port that clients can reach".to_owned();
    Outage::Refused { upstream: Upstream::Kubernetes, reason }
}

fn silent_broker() -> Outage {
    let reason = "no answer while there was time to start the job".to_owned();
    Outage::Unavailable { upstream: Upstream::RabbitMq, reason }
}

fn too_long(error: &OrderTooLong) -> ConfigureError {
    let mut faults = Faults::default();
    faults.view("$.end_time", error.to_string());
    ConfigureError::Invalid(faults)
}
