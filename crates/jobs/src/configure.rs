//! `POST /configure` as one transaction: nothing is created before everything that the view needs has
//! answered, and what is created is undone before the answer unless the whole succeeds.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use focus_core::{Draft, Faults, Fibre, Limits, Outage, Period, Plan, View};
use focus_recordings::Recording;
use focus_stream::{Before, Show};
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::{ConfigureError, Job, Jobs, Key, Wanted};

/// A job is started within this time, or not at all; half a second more is for undoing what was created.
const DEADLINE: Duration = Duration::from_millis(2500);
/// The catalogue has this long to answer one question.
const CATALOGUE_DEADLINE: Duration = Duration::from_secs(1);

/// What came before a live view is known within this time, or is not shown ..
const BEFORE_DEADLINE: Duration = Duration::from_millis(700);
/// .. and sooner where the launch would else have less time than this.
const LAUNCH: Duration = Duration::from_secs(1);
/// In no more files than this: a job on a cluster must be told of each.
const MOST_FILES: usize = 500;

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
        match self.shared.transactions.spawn(transaction.in_current_span()).await {
            Ok(result) => result,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(ConfigureError::Draining),
        }
    }

    async fn transaction(&self, request: ConfigureRequest) -> Result<Configured, ConfigureError> {
        let key = request.idempotency_key.as_deref().map(|name| Key::new(name, &request.body));
        let Some(key) = key else { return self.start(&request, None, Instant::now() + DEADLINE).await };
        let mut held = self.shared.keys.hold(&key).await;
        if let Some(answer) = held.told() {
            return answer;
        }
        let answer = self.find_or_start(&request, key).await;
        held.tell(&answer);
        answer
    }

    async fn find_or_start(
        &self,
        request: &ConfigureRequest,
        key: Key,
    ) -> Result<Configured, ConfigureError> {
        let by = Instant::now() + DEADLINE;
        if let Some(job) = self.shared.home.find(&key).await? {
            return Ok(Configured { job, repeated: true });
        }
        self.start(request, Some(key), by).await
    }

    async fn start(
        &self,
        request: &ConfigureRequest,
        key: Option<Key>,
        by: Instant,
    ) -> Result<Configured, ConfigureError> {
        let home = &self.shared.home;
        if home.is_draining() {
            return Err(ConfigureError::Draining);
        }
        let draft = Draft::parse(&request.body, Timestamp::now())?;
        let period = self.validate(&draft)?;
        // Those who then wait for an upstream take no place: in an outage everybody is to hear of the outage.
        home.admit().await?;
        let Prepared { view, plan, fibre, show } = match period {
            Period::Live => self.prepare_live(draft, by).await?,
            Period::Historic { start, end } => self.prepare_historic(draft, start, end, by).await?,
        };
        let host = self.shared.settings.public_host.as_ref().unwrap_or(&request.host).clone();
        let configured = home.start(Wanted { view, plan, fibre, show, key, host }, by).await?;
        if !configured.repeated {
            let (spec, port) = (configured.job.spec(), configured.job.stream_port());
            tracing::info!(job = %spec.id, view = %spec.view.to_request(), port, "job started");
        }
        Ok(configured)
    }

    /// Whatever can be known to be wrong before anybody is asked.
    fn validate(&self, draft: &Draft) -> Result<Period, Faults> {
        let live = self.shared.upstreams.fibre.fibre().filter(|_| draft.is_live());
        match live {
            Some(fibre) => Ok(draft.clone().resolve(&fibre, self.limits())?.0.period()),
            None => draft.check(),
        }
    }

    async fn prepare_live(&self, draft: Draft, by: Instant) -> Result<Prepared, ConfigureError> {
        self.require_broker().await?;
        let fibre = self.shared.upstreams.fibre.arriving().await.ok_or(ConfigureError::WaitingForFibre)?;
        let (view, plan) = draft.resolve(&fibre, self.limits())?;
        let before = if view.with_past() { Some(self.before(&view, &plan, &fibre, by).await) } else { None };
        Ok(Prepared { view, plan, fibre, show: Show::Live(before) })
    }

    /// What was recorded of the fibre just before now. Where that cannot be known in time, the view goes without: the
    /// present is worth more than the past.
    async fn before(&self, view: &View, plan: &Plan, fibre: &Fibre, by: Instant) -> Before {
        let until = Timestamp::now();
        let duration = SignedDuration::try_from_secs_f64(view.duration()).unwrap_or(SignedDuration::MAX);
        let since = until.saturating_sub(duration).unwrap_or(Timestamp::MIN);
        let (from, to) = focus_stream::reach(plan, since, until);
        let left = by.saturating_duration_since(Instant::now()).saturating_sub(LAUNCH);
        let within = BEFORE_DEADLINE.min(left);
        let asked = tokio::time::timeout(within, async {
            self.shared.upstreams.catalogue.gate().require().await?;
            self.find(from, to, by).await
        });
        let found = match asked.await {
            Ok(found) => found.map_err(|outage| outage.to_string()),
            Err(_) => Err(format!("no answer within {} ms", within.as_millis())),
        };
        let found = found.and_then(|mut recordings| {
            recordings.retain(|recording| fibre.difference(&recording.fibre).is_none());
            let files: usize = recordings.iter().map(|recording| recording.files.len()).sum();
            if files <= MOST_FILES { Ok(recordings) } else { Err(format!("it lies in {files} files")) }
        });
        let (recordings, unknown) = found.map_or_else(|why| (Vec::new(), Some(why)), |found| (found, None));
        if let Some(why) = &unknown {
            tracing::warn!(why, "a live view begins without what was recorded before it");
        }
        Before { since, until, recordings: recordings.into(), unknown }
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

    async fn require_broker(&self) -> Result<(), Outage> {
        match &self.shared.upstreams.broker {
            Some(gate) => gate.require().await,
            None => Ok(()),
        }
    }

    /// Asks both at once; when both are out, it is the broker that is told of.
    async fn require_broker_and_catalogue(&self) -> Result<(), Outage> {
        let mut broker = pin!(self.require_broker());
        let mut catalogue = pin!(self.shared.upstreams.catalogue.gate().require());
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
        self.shared.upstreams.catalogue.find(start, end, deadline).await
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
