//! `POST /configure` as one transaction: nothing is created before everything that the view needs has
//! answered, and what is created is undone by being dropped unless the whole succeeds.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use focus_core::{Draft, Faults, Fibre, Limits, Outage, Period, Plan, Upstream, View};
use focus_recordings::Recording;
use focus_stream::JobSpec;
use jiff::Timestamp;
use tracing::Instrument as _;

use crate::idempotency::Known;
use crate::launcher::Show;
use crate::slots::Slot;
use crate::{ConfigureError, Job, Jobs};

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

/// What is known once nothing is left to ask: all that a launch needs.
struct Prepared {
    slot: Slot,
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
    /// Passes on a panic of the transaction.
    pub async fn configure(&self, request: ConfigureRequest) -> Result<Arc<Job>, ConfigureError> {
        let jobs = self.clone();
        let transaction = async move { jobs.transaction(request).await };
        match tokio::spawn(transaction.in_current_span()).await {
            Ok(result) => result,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(ConfigureError::Draining),
        }
    }

    async fn transaction(&self, request: ConfigureRequest) -> Result<Arc<Job>, ConfigureError> {
        let Some(name) = request.idempotency_key.clone() else { return self.start(&request).await };
        let mut key = self.shared.keys.hold(name).await;
        match key.known(&request.body) {
            Known::Other => return Err(ConfigureError::KeyReused),
            Known::Same(id) => {
                if let Some(job) = self.get(id) {
                    return Ok(job);
                }
            }
            Known::New => {}
        }
        let job = self.start(&request).await?;
        key.remember(request.body, job.spec().id);
        Ok(job)
    }

    async fn start(&self, request: &ConfigureRequest) -> Result<Arc<Job>, ConfigureError> {
        if self.is_draining() {
            return Err(ConfigureError::Draining);
        }
        let draft = Draft::parse(&request.body, Timestamp::now())?;
        let Prepared { slot, view, plan, fibre, show } =
            if draft.is_live() { self.prepare_live(draft)? } else { self.prepare_historic(draft).await? };

        let spec = Arc::new(JobSpec { id: slot.id(), view, plan, fibre });
        let launched = self.shared.launcher.launch(Arc::clone(&spec), show).await?;
        let host = self.shared.settings.public_host.as_deref().unwrap_or(&request.host);
        let job = self.commit(launched, slot, host)?;
        tracing::info!(job = %spec.id, view = %spec.view.to_request(), port = job.stream_port(), "job started");
        Ok(job)
    }

    fn prepare_live(&self, draft: Draft) -> Result<Prepared, ConfigureError> {
        let Some(fibre) = self.shared.upstreams.fibre.fibre() else {
            draft.check()?;
            return Err(ConfigureError::WaitingForFibre);
        };
        let (view, plan) = draft.resolve(&fibre, self.limits())?;
        Ok(Prepared { slot: self.admit()?, view, plan, fibre, show: Show::Live })
    }

    async fn prepare_historic(&self, draft: Draft) -> Result<Prepared, ConfigureError> {
        let Period::Historic { start, end } = draft.check()? else { return self.prepare_live(draft) };
        let slot = self.admit()?;
        let recordings = self.find(start, end).await?;
        let Some(first) = recordings.first() else { return Err(ConfigureError::NoRecording { start, end }) };
        one_layout(&recordings)?;
        let fibre = Arc::new(first.fibre.clone());
        let (view, plan) = draft.resolve(&fibre, self.limits())?;
        // The first and last windows reach beyond the range: into the same recordings, where they go on.
        let (from, to) = focus_stream::reach(&plan, start, end);
        let mut recordings = self.find(from, to).await?;
        recordings.retain(|recording| recording.start < end && recording.end > start);
        window_fits(&plan, &recordings, from, to)?;
        Ok(Prepared { slot, view, plan, fibre, show: Show::Historic(recordings.into()) })
    }

    fn admit(&self) -> Result<Slot, ConfigureError> {
        let slots = &self.shared.slots;
        slots.take().ok_or(ConfigureError::TooManyJobs { max: slots.max() })
    }

    async fn find(&self, start: Timestamp, end: Timestamp) -> Result<Vec<Recording>, Outage> {
        let answer = self.shared.upstreams.catalogue.find(start, end);
        tokio::time::timeout(CATALOGUE_DEADLINE, answer).await.unwrap_or_else(|_| {
            let reason = format!("no answer within {} ms", CATALOGUE_DEADLINE.as_millis());
            Err(Outage::Unavailable { upstream: Upstream::Catalogue, reason })
        })
    }

    fn limits(&self) -> &Limits {
        &self.shared.settings.limits
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
