//! Spectra of the live fibre, computed once for all jobs that show it with the same window and interval.

use std::collections::HashMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::thread;

use focus_core::{Block, ChannelRange, Fibre, JobId};
use focus_live::LiveFibre;
use focus_spectrum::{Row, Spectrograph, Transform};
use rayon::ThreadPool;
use rayon::prelude::*;
use tokio::sync::{broadcast, watch};

use crate::status::Status;
use crate::viewer::Rows;
use crate::{End, JobSpec, Metrics, StreamRow};

/// The thread that turns the live fibre's blocks into the rows of every live job.
#[derive(Clone, Debug)]
pub struct LiveSpectra {
    orders: mpsc::Sender<Order>,
    fibre: LiveFibre,
}

enum Order {
    Join(Box<LiveJob>),
    Leave(JobId),
}

impl LiveSpectra {
    /// Starts the thread; it lives as long as the fibre's source. The spectra themselves are computed on
    /// `workers`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(fibre: &LiveFibre, workers: Arc<ThreadPool>, metrics: Metrics) -> io::Result<Self> {
        let (orders, inbox) = mpsc::channel();
        let mut blocks = fibre.subscribe(ChannelRange::ALL);
        thread::Builder::new().name("live-spectra".to_owned()).spawn(move || {
            let mut groups = Groups { groups: HashMap::new(), metrics };
            while let Some(block) = blocks.blocking_next() {
                for order in inbox.try_iter() {
                    groups.obey(order);
                }
                workers.install(|| groups.push(&block));
            }
        })?;
        Ok(Self { orders, fibre: fibre.clone() })
    }

    /// Adds a job: from now on its rows go to the queues that are returned, one per stream. `None` when the
    /// thread has ended with its source.
    pub(crate) fn join(&self, spec: &Arc<JobSpec>, status: &Arc<Status>) -> Option<Membership> {
        let capacity = spec.plan.queued_rows();
        let queues: Vec<_> = spec.plan.streams.iter().map(|_| broadcast::Sender::new(capacity)).collect();
        // The thread alone keeps the queues open: when it ends, so do their readers.
        let weak = queues.iter().map(broadcast::Sender::downgrade).collect();
        let job = LiveJob { spec: Arc::clone(spec), status: Arc::clone(status), first_row: None, queues };
        self.orders.send(Order::Join(Box::new(job))).ok()?;
        let fibre = self.fibre.changes();
        Some(Membership { job: spec.id, orders: self.orders.clone(), queues: weak, fibre })
    }
}

/// A job's place among the live spectra; dropping it ends its rows.
#[derive(Debug)]
pub(crate) struct Membership {
    job: JobId,
    orders: mpsc::Sender<Order>,
    queues: Vec<broadcast::WeakSender<Arc<StreamRow>>>,
    fibre: watch::Receiver<Option<Arc<Fibre>>>,
}

impl Membership {
    /// The fibre that the rows are made of, as it is now and will be.
    pub(crate) fn fibre(&self) -> watch::Receiver<Option<Arc<Fibre>>> {
        self.fibre.clone()
    }

    /// The rows of one stream from now on; none when the source has ended.
    pub(crate) fn read(&self, stream: usize) -> Rows {
        let queue = self.queues.get(stream).and_then(broadcast::WeakSender::upgrade);
        let queue = queue.map_or_else(closed_queue, |queue| queue.subscribe());
        Rows::Live { queue, lost: 0 }
    }

    /// Stops computing this job's rows. Fails only when the thread has ended and computes nothing anyway.
    pub(crate) fn leave(&self) {
        drop(self.orders.send(Order::Leave(self.job)));
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
        for row in self.spectrograph.push(block) {
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
    /// Number of the spectrograph's row that is this job's row 0.
    first_row: Option<i64>,
    queues: Vec<broadcast::Sender<Arc<StreamRow>>>,
}

impl LiveJob {
    fn take(&mut self, row: &Row) {
        let plan = &self.spec.plan;
        if !row.covers_bins(plan.channels, plan.bins.clone()) {
            return;
        }
        let first = *self.first_row.get_or_insert(row.number());
        let index = u32::try_from(row.number() - first).unwrap_or(u32::MAX);
        let streams: Vec<Vec<f32>> = plan
            .streams
            .iter()
            .map(|stream| {
                let mut values = Vec::with_capacity(stream.channels.count() * plan.values_per_channel());
                row.copy_to(stream.channels, plan.bins.clone(), &mut values);
                values
            })
            .collect();
        let extremes = self.status.row_made(row.time(), streams.iter().flatten());
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
