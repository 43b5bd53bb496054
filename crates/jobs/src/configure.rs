//! `POST /configure` as one transaction: nothing is created before everything that the view needs has
//! answered, and what is created is undone before the answer unless the whole succeeds.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use focus_core::{Draft, Faults, Fibre, Limits, Outage, Period, Plan, Upstream, View};
use focus_recordings::Recording;
use focus_stream::JobSpec;
use futures::FutureExt as _;
use jiff::Timestamp;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::idempotency::Known;
use crate::launcher::gone;
use crate::slots::Slot;
use crate::{ConfigureError, Job, Jobs, Show, Worker};

/// A job is launched within this time, or not at all ..
const DEADLINE: Duration = Duration::from_millis(2500);
/// .. and what was created is undone in twice this time: 3 s for the whole.
const UNDO_DEADLINE: Duration = Duration::from_millis(250);
/// The catalogue has this long to answer one question.
const CATALOGUE_DEADLINE: Duration = Duration::from_secs(1);

/// What a client sends.
#[derive(Clone, Debug)]
pub struct ConfigureRequest {
    /// The body, as it came.
    pub body: Bytes,
    /// The same key with the same body gives the same job.
    pub idempotency_key: Option<String>,
    /// Host by which the client reached this server, without a port.
    pub host: String,
}

/// A request's job.
#[derive(Clone, Debug)]
pub struct Configured {
    /// The job, running.
    pub job: Arc<Job>,
    /// Whether an earlier request with the same key started it.
    pub repeated: bool,
}

/// What an attempt has created and nobody knows of yet.
#[derive(Default)]
struct Attempt {
    slot: Option<Slot>,
    worker: Option<Arc<dyn Worker>>,
}

/// What is known once nothing is left to ask: all that a launch needs.
struct Prepared {
    view: View,
    plan: Plan,
    fibre: Arc<Fibre>,
    show: Show,
}

impl Jobs {
    /// Starts the job that `request` describes.
    ///
    /// Runs in a task of its own: a caller that goes away cannot cut it in half.
    ///
    /// # Errors
    /// Why there is no job; then nothing is left of the attempt.
    ///
    /// # Panics
    /// Passes on a panic of the transaction; nothing is left of it either.
    pub async fn configure(&self, request: ConfigureRequest) -> Result<Configured, ConfigureError> {
        let jobs = self.clone();
        let transaction = async move { jobs.transaction(request).await };
        match tokio::spawn(transaction.in_current_span()).await {
            Ok(result) => result,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(ConfigureError::Draining),
        }
    }

    async fn transaction(&self, request: ConfigureRequest) -> Result<Configured, ConfigureError> {
        let Some(name) = request.idempotency_key.clone() else {
            let job = self.start_or_undo(&request).await?;
            return Ok(Configured { job, repeated: false });
        };
        let mut key = self.shared.keys.hold(name).await;
        match key.known(&request.body) {
            Known::Other => return Err(ConfigureError::KeyReused),
            Known::Same(id) => {
                if let Some(job) = self.get(id) {
                    return Ok(Configured { job, repeated: true });
                }
            }
            Known::New => {}
        }
        let job = self.start_or_undo(&request).await?;
        key.remember(request.body, job.spec().id);
        Ok(Configured { job, repeated: false })
    }

    async fn start_or_undo(&self, request: &ConfigureRequest) -> Result<Arc<Job>, ConfigureError> {
        let mut attempt = Attempt::default();
        let started = AssertUnwindSafe(self.start(request, &mut attempt)).catch_unwind().await;
        if !matches!(started, Ok(Ok(_))) {
            attempt.undo().await;
        }
        started.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    async fn start(
        &self,
        request: &ConfigureRequest,
        attempt: &mut Attempt,
    ) -> Result<Arc<Job>, ConfigureError> {
        let by = Instant::now() + DEADLINE;
        if self.is_draining() {
            return Err(ConfigureError::Draining);
        }
        let draft = Draft::parse(&request.body, Timestamp::now())?;
        let period = self.validate(&draft)?;
        self.admit()?;
        let prepared = match period {
            Period::Live => self.prepare_live(draft).await?,
            Period::Historic { start, end } => self.prepare_historic(draft, start, end, by).await?,
        };
        let Prepared { view, plan, fibre, show } = prepared;

        let id = attempt.slot.insert(self.take_slot()?).id();
        let spec = Arc::new(JobSpec { id, view, plan, fibre });
        let worker = self.shared.launcher.launch(Arc::clone(&spec), show, by).await?;
        let worker = attempt.worker.insert(worker);
        let host = self.shared.settings.public_host.as_deref().unwrap_or(&request.host);
        let job = self.commit(Arc::clone(&spec), &mut attempt.slot, worker, host)?;
        tracing::info!(job = %spec.id, view = %spec.view.to_request(), port = job.stream_port(), "job started");
        Ok(job)
    }

    /// Whatever can be known to be wrong before anybody is asked.
    fn validate(&self, draft: &Draft) -> Result<Period, Faults> {
        let live = self.shared.upstreams.fibre.fibre().filter(|_| draft.is_live());
        match live {
            Some(fibre) => Ok(draft.clone().resolve(&fibre, self.limits())?.0.period()),
            None => draft.check(),
        }
    }

    async fn prepare_live(&self, draft: Draft) -> Result<Prepared, ConfigureError> {
        self.require_broker().await?;
        let fibre = self.shared.upstreams.fibre.arriving().await.ok_or(ConfigureError::WaitingForFibre)?;
        let (view, plan) = draft.resolve(&fibre, self.limits())?;
        Ok(Prepared { view, plan, fibre, show: Show::Live })
    }

    async fn prepare_historic(
        &self,
        draft: Draft,
        start: Timestamp,
        end: Timestamp,
        by: Instant,
    ) -> Result<Prepared, ConfigureError> {
        self.require_broker_and_catalogue().await?;
        let recordings = self.find(start, end, by).await?;
        let Some(first) = recordings.first() else { return Err(ConfigureError::NoRecording { start, end }) };
        one_layout(&recordings)?;
        let fibre = Arc::new(first.fibre.clone());
        let (view, plan) = draft.resolve(&fibre, self.limits())?;
        // The first and last windows reach beyond the range: into the same recordings, where they go on.
        let (from, to) = focus_stream::reach(&plan, start, end);
        let mut recordings = self.find(from, to, by).await?;
        recordings.retain(|recording| recording.start < end && recording.end > start);
        window_fits(&plan, &recordings, from, to)?;
        Ok(Prepared { view, plan, fibre, show: Show::Historic(recordings.into()) })
    }

    /// Whether there is room for one more job now. Those who wait for an upstream take none of it: in an outage
    /// everybody is to hear of the outage.
    fn admit(&self) -> Result<(), ConfigureError> {
        let slots = &self.shared.slots;
        if slots.is_full() { Err(ConfigureError::TooManyJobs { max: slots.max() }) } else { Ok(()) }
    }

    fn take_slot(&self) -> Result<Slot, ConfigureError> {
        let slots = &self.shared.slots;
        slots.take().ok_or(ConfigureError::TooManyJobs { max: slots.max() })
    }

    async fn require_broker(&self) -> Result<(), Outage> {
        match &self.shared.upstreams.broker {
            Some(gate) => gate.require().await,
            None => Ok(()),
        }
    }

    /// Asks both at once; when both are out, it is the broker that is told of.
    async fn require_broker_and_catalogue(&self) -> Result<(), Outage> {
        let mut broker = pin!(self.require_broker());
        let mut catalogue = pin!(self.shared.upstreams.catalogue_gate.require());
        tokio::select! {
            biased;
            broker = &mut broker => {
                broker?;
                catalogue.await
            }
            catalogue = &mut catalogue => {
                broker.await?;
                catalogue
            }
        }
    }

    async fn find(&self, start: Timestamp, end: Timestamp, by: Instant) -> Result<Vec<Recording>, Outage> {
        let deadline = CATALOGUE_DEADLINE.min(by.saturating_duration_since(Instant::now()));
        let answer = self.shared.upstreams.catalogue.find(start, end);
        tokio::time::timeout(deadline, answer).await.unwrap_or_else(|_| {
            let reason = format!("no answer within {} ms", deadline.as_millis());
            Err(Outage::Unavailable { upstream: Upstream::Catalogue, reason })
        })
    }

    fn limits(&self) -> &Limits {
        &self.shared.settings.limits
    }
}

impl Attempt {
    /// Frees everything, what was created last first.
    async fn undo(mut self) {
        if let Some(worker) = self.worker.take() {
            let gone = gone(worker.report());
            worker.stop("it could not be started");
            let mut gone = pin!(gone);
            if tokio::time::timeout(UNDO_DEADLINE, &mut gone).await.is_err() {
                // Without a farewell, then.
                drop(worker);
                if tokio::time::timeout(UNDO_DEADLINE, gone).await.is_err() {
                    tracing::error!(job = ?self.slot, "a job that could not be started does not end");
                }
            }
        }
        drop(self.slot.take());
    }
}

/// One view shows one fibre: recordings that were made otherwise cannot stand in the same picture.
fn one_layout(recordings: &[Recording]) -> Result<(), Faults> {
    let mut faults = Faults::default();
    if let [first, rest @ ..] = recordings {
        let other = rest.iter().find_map(|other| Some((other, first.fibre.difference(&other.fibre)?)));
        if let Some((other, (what, before, after))) = other {
            let rule = format!(
                "{what} changes at {} from {before} to {after}: end before, or start there",
                other.start
            );
            faults.view("$.end_time", rule);
        }
    }
    faults.check(())
}

/// A window that is longer than what was recorded in one piece between `from` and `to` would show nothing.
fn window_fits(plan: &Plan, recordings: &[Recording], from: Timestamp, to: Timestamp) -> Result<(), Faults> {
    let mut faults = Faults::default();
    let piece = |recording: &Recording| recording.end.min(to).duration_since(recording.start.max(from));
    let longest = recordings.iter().map(piece).max().unwrap_or_default().as_secs_f64();
    let window = f64::from(plan.nfft.unwrap_or(1)) / plan.sampling_rate;
    // Recordings' ends are rounded to the nanosecond.
    if window > longest + 1e-6 {
        let rule =
            format!("a window of {window} s is longer than what was recorded here in one piece, {longest} s");
        faults.view("$.nfftSelection", rule);
    }
    faults.check(())
}
