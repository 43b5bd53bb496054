//! Spectra of the live fibre, computed once for all jobs that show it with the same window and interval.

use std::collections::HashMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use focus_core::{Block, ChannelRange, Fibre, JobId};
use focus_live::LiveFibre;
use focus_spectrum::{Row, Spectrograph, Transform};
use jiff::Timestamp;
use rayon::ThreadPool;
use rayon::prelude::*;
use tokio::sync::{SetOnce, broadcast, watch};

use crate::joined::{Join, Seam};
use crate::pass::index;
use crate::recent::Recent;
use crate::status::{Status, StreamPlace};
use crate::viewer::{LiveRows, Rows};
use crate::{End, JobSpec, Metrics, Show, StreamRow};

/// The thread that turns the live fibre's blocks into the rows of every live job.
#[derive(Clone, Debug)]
pub struct LiveSpectra {
    orders: mpsc::Sender<Order>,
    fibre: LiveFibre,
    recent: Recent,
}

enum Order {
    Join(Box<LiveJob>),
    Leave(JobId),
}

impl LiveSpectra {
    /// Starts the thread; it lives as long as the fibre's source. The spectra themselves are computed on
    /// `workers`. The samples of the last `remembered` are kept for views that begin before now, 64 MiB of them at most.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        fibre: &LiveFibre,
        workers: Arc<ThreadPool>,
        metrics: Metrics,
        remembered: Duration,
    ) -> io::Result<Self> {
        let (orders, inbox) = mpsc::channel();
        let (mut blocks, recent) = (fibre.subscribe(ChannelRange::ALL), Recent::new(remembered));
        let remembering = recent.clone();
        thread::Builder::new().name("live-spectra".to_owned()).spawn(move || {
            let mut groups = Groups { groups: HashMap::new(), metrics };
            while let Some(block) = blocks.blocking_next() {
                for order in inbox.try_iter() {
                    groups.obey(order);
                }
                // Before its rows are there: who has one of them finds its samples.
                remembering.push(&block);
                workers.install(|| groups.push(&block));
            }
        })?;
        Ok(Self { orders, fibre: fibre.clone(), recent })
    }

    /// Adds a job: from now on its rows go to the queues that are returned, one per stream. What came before them is
    /// computed on `past`. `None` when the thread has ended with its source.
    pub(crate) fn join(
        &self,
        spec: &Arc<JobSpec>,
        status: &Arc<Status>,
        past: &Arc<ThreadPool>,
    ) -> Option<Membership> {
        let capacity = spec.plan.queued_rows();
        let queues: Vec<_> = spec.plan.streams.iter().map(|_| broadcast::Sender::new(capacity)).collect();
        // The thread alone keeps the queues open: when it ends, so do their readers.
        let weak = queues.iter().map(broadcast::Sender::downgrade).collect();
        let before = if let Show::Live(before) = &spec.show { before.clone() } else { None };
        let join = before.map(|before| Join::new(before, self.recent.clone(), Arc::clone(past)));
        let joins = join.as_ref().map(|join| (join.before.since, Arc::clone(&join.seam)));
        let (spec, status) = (Arc::clone(spec), Arc::clone(status));
        let job =
            LiveJob { spec: Arc::clone(&spec), status: Arc::clone(&status), joins, first_row: None, queues };
        self.orders.send(Order::Join(Box::new(job))).ok()?;
        let (orders, fibre) = (self.orders.clone(), self.fibre.changes());
        Some(Membership { spec, status, orders, queues: weak, fibre, join })
    }
}

/// A job's place among the live spectra; dropping it ends its rows.
#[derive(Debug)]
pub(crate) struct Membership {
    spec: Arc<JobSpec>,
    status: Arc<Status>,
    orders: mpsc::Sender<Order>,
    queues: Vec<broadcast::WeakSender<Arc<StreamRow>>>,
    fibre: watch::Receiver<Option<Arc<Fibre>>>,
    /// For a job that begins before now.
    join: Option<Join>,
}

impl Membership {
    /// The fibre that the rows are made of, as it is now and will be.
    pub(crate) fn fibre(&self) -> watch::Receiver<Option<Arc<Fibre>>> {
        self.fibre.clone()
    }

    /// The rows of one stream from now on, and what came before if the job shows that; none when the source has ended.
    pub(crate) fn read(&self, place: StreamPlace) -> Rows {
        let queue = self.queues.get(place.index);
        let joined = self.join.as_ref().zip(queue);
        let joined =
            joined.and_then(|(join, queue)| join.read(&self.spec, place, &self.status, queue.clone()));
        joined.unwrap_or_else(|| {
            let queue = queue.and_then(broadcast::WeakSender::upgrade);
            Rows::Live(LiveRows::new(queue.map_or_else(closed_queue, |queue| queue.subscribe())))
        })
    }

    /// Stops computing this job's rows. Fails only when the thread has ended and computes nothing anyway.
    pub(crate) fn leave(&self) {
        drop(self.orders.send(Order::Leave(self.spec.id)));
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.leave();
    }
}

fn closed_queue() -> broadcast::Receiver<Arc<StreamRow>> {
    broadcast::channel(1).1
}

/// Jobs by what they have computed: those with the same key share one spectrograph.
struct Groups {
    groups: HashMap<Key, Group>,
    metrics: Metrics,
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    nfft: Option<u32>,
    windows_per_row: u32,
    hop_bits: u64,
}

struct Group {
    spectrograph: Spectrograph,
    jobs: Vec<LiveJob>,
    missing_samples: u64,
}

impl Groups {
    fn obey(&mut self, order: Order) {
        match order {
            Order::Join(job) => {
                let plan = &job.spec.plan;
                let hop = plan.hop();
                let key =
                    Key { nfft: plan.nfft, windows_per_row: plan.windows_per_row, hop_bits: hop.to_bits() };
                let group = self.groups.entry(key).or_insert_with(|| Group {
                    spectrograph: Spectrograph::new(Transform::of(plan), hop, None),
                    jobs: Vec::new(),
                    missing_samples: 0,
                });
                group.jobs.push(*job);
                group.want();
            }
            Order::Leave(id) => self.groups.retain(|_, group| {
                let before = group.jobs.len();
                group.jobs.retain(|job| job.spec.id != id);
                if group.jobs.len() < before {
                    group.want();
                }
                !group.jobs.is_empty()
            }),
        }
    }

    fn push(&mut self, block: &Block) {
        let metrics = &self.metrics;
        self.groups.par_iter_mut().for_each(|(_, group)| {
            // A mistake in one group's spectra must not take the others with it.
            if catch_unwind(AssertUnwindSafe(|| group.push(block, metrics))).is_err() {
                group.fail();
            }
        });
        self.groups.retain(|_, group| !group.jobs.is_empty());
    }
}

impl Group {
    fn push(&mut self, block: &Block, metrics: &Metrics) {
        let rows = self.spectrograph.push(block);
        if let Some(origin) = self.spectrograph.origin() {
            self.jobs.iter_mut().for_each(|job| job.join(origin, block.start));
        }
        for row in rows {
            self.jobs.par_iter_mut().for_each(|job| job.take(&row));
        }
        let missing = self.spectrograph.missing_samples();
        metrics.missing_samples.inc_by(missing - self.missing_samples);
        self.missing_samples = missing;
    }

    /// Ends all its jobs.
    fn fail(&mut self) {
        for job in self.jobs.drain(..) {
            tracing::error!(job = %job.spec.id, "its spectra failed");
            job.status.finish(End::Failed("its spectra failed; the log says why".to_owned()));
        }
    }

    fn want(&mut self) {
        let wanted = self.jobs.iter().map(|job| (job.spec.plan.channels, job.spec.plan.bins.clone()));
        self.spectrograph.want(wanted);
    }
}

/// One job's share: its channels and bins of each row, cut into streams.
struct LiveJob {
    spec: Arc<JobSpec>,
    status: Arc<Status>,
    /// For a job that begins before now: since when, and where to tell how its rows are counted.
    joins: Option<(Timestamp, Arc<SetOnce<Seam>>)>,
    /// Number of the spectrograph's row that is this job's row 0.
    first_row: Option<i64>,
    queues: Vec<broadcast::Sender<Arc<StreamRow>>>,
}

impl LiveJob {
    /// Settles how its rows are counted; `now` is when the newest block begins.
    fn join(&mut self, origin: Timestamp, now: Timestamp) {
        if let Some((since, told)) = self.joins.take() {
            let seam = Seam::new(&self.spec.plan, origin, since, now);
            self.first_row = Some(seam.first_row);
            // Nobody else tells it.
            drop(told.set(seam));
        }
    }

    fn take(&mut self, row: &Row) {
        let plan = &self.spec.plan;
        if !row.covers_bins(plan.channels, plan.bins.clone()) {
            return;
        }
        let first = *self.first_row.get_or_insert(row.number());
        if row.number() < first {
            return;
        }
        let index = index(row.number(), first);
        let streams: Vec<Vec<f32>> = plan
            .streams
            .iter()
            .map(|stream| {
                let mut values = Vec::with_capacity(stream.channels.count() * plan.values_per_channel());
                row.copy_to(stream.channels, plan.bins.clone(), &mut values);
                values
            })
            .collect();
        let extremes = self.status.row_made(row.time(), streams.iter().map(Vec::as_slice));
        for (queue, values) in self.queues.iter().zip(streams) {
            // No reader is no error: rows go on for those who come later.
            drop(queue.send(Arc::new(StreamRow::new(index, row.time(), values, extremes))));
        }
    }
}

impl Drop for LiveJob {
    fn drop(&mut self) {
        // A job that was stopped has its reason already; otherwise the source has ended under it.
        self.status.finish(End::Failed("the live source ended".to_owned()));
    }
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
