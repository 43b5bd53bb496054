//! Who gives way, and what is swept: decisions about what was read, without asking anybody.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::manifest::KEEP_FINISHED;
use super::seen::{SeenJob, SeenService};

/// What was created longer ago than this and is not whole, nobody works on any more: a transaction takes 3 s at most,
/// and the clocks of servers in one cluster differ by less than the rest.
pub const GRACE: Duration = Duration::from_secs(10);
/// What has finished is the cluster's to remove for this much longer than it was asked to keep it.
const FORGOTTEN: Duration = Duration::from_secs(30);

/// A kind of object that is swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Object {
    Job,
    Service,
}

impl Object {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Service => "service",
        }
    }
}

/// Why something is swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// A Job that nobody has committed within the grace.
    Uncommitted,
    /// A committed Job without its Service: nobody can read it.
    Half,
    /// A committed Job whose pod does not start.
    Stuck,
    /// A Job that has finished and that the cluster has not removed in time.
    Finished,
    /// A Job whose client was told that there is none, because the API server did not answer.
    Doubtful,
    /// A Service without its Job.
    Orphan,
}

impl Reason {
    pub(super) const ALL: [Self; 6] =
        [Self::Uncommitted, Self::Half, Self::Stuck, Self::Finished, Self::Doubtful, Self::Orphan];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Uncommitted => "uncommitted",
            Self::Half => "half",
            Self::Stuck => "stuck",
            Self::Finished => "finished",
            Self::Doubtful => "doubtful",
            Self::Orphan => "orphan",
        }
    }

    pub(super) fn of(self) -> Object {
        match self {
            Self::Orphan => Object::Service,
            _ => Object::Job,
        }
    }
}

/// Something to be swept.
#[derive(Clone, Debug)]
pub(super) enum Litter {
    Job(SeenJob, Reason),
    Service(SeenService),
}

/// What is known beside what was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Suspects {
    /// The attempts whose clients were told that they have failed.
    pub(super) doubtful: BTreeSet<String>,
    /// The uids of Jobs whose pods have not been ready for too long.
    pub(super) stuck: BTreeSet<String>,
}

/// What is to be swept of all that was read, `services` before `jobs`.
pub(super) fn litter(
    services: Vec<SeenService>,
    jobs: &[SeenJob],
    suspects: &Suspects,
    now: Timestamp,
    grace: Duration,
) -> Vec<Litter> {
    let served: BTreeSet<_> = services.iter().filter_map(|service| service.owner.clone()).collect();
    let owners: BTreeSet<_> = jobs.iter().map(|job| job.uid.clone()).collect();
    let jobs = jobs.iter().filter_map(|job| {
        let has_service = served.contains(&job.uid);
        let reason = why(job, has_service, suspects, now, grace)?;
        Some(Litter::Job(job.clone(), reason))
    });
    // A Job is there before its Service, and was looked for after it: one that was not found is gone.
    let orphans = services
        .into_iter()
        .filter(|service| service.owner.as_ref().is_none_or(|owner| !owners.contains(owner)));
    jobs.chain(orphans.map(Litter::Service)).collect()
}

fn why(
    job: &SeenJob,
    has_service: bool,
    suspects: &Suspects,
    now: Timestamp,
    grace: Duration,
) -> Option<Reason> {
    if job.leaving {
        return None;
    }
    if suspects.doubtful.contains(&job.attempt) && !job.kept {
        return Some(Reason::Doubtful);
    }
    if let Some((_, when)) = job.finished {
        return older(Some(when), KEEP_FINISHED + FORGOTTEN, now).then_some(Reason::Finished);
    }
    if !older(job.created, grace, now) {
        return None;
    }
    if !job.committed {
        return Some(Reason::Uncommitted);
    }
    if !has_service {
        return Some(Reason::Half);
    }
    suspects.stuck.contains(&job.uid).then_some(Reason::Stuck)
}

/// What tells no time is as old as can be.
fn older(since: Option<Timestamp>, age: Duration, now: Timestamp) -> bool {
    since.is_none_or(|since| now.duration_since(since).unsigned_abs() > age && now > since)
}

/// Whether `mine`, which was just created, must make room for `other`, because both have the same slot or stand for
/// the same key.
///
/// Of two that were created at about the same time exactly one goes on: whoever was created later sees the other for
/// certain, and gives way. Which one that is, only the versions tell, as long as nobody has written to the other
/// since; in doubt both give way.
pub(super) fn gives_way(mine: &SeenJob, other: &SeenJob) -> bool {
    let same_key =
        mine.key.as_ref().zip(other.key.as_ref()).is_some_and(|(mine, other)| mine.name() == other.name());
    let rivals = other.uid != mine.uid && other.is_alive() && (other.id.slot == mine.id.slot || same_key);
    let later = matches!((mine.version, other.version), (Some(mine), Some(other)) if other > mine);
    rivals && (other.committed || other.touched || !later)
}

#[cfg(test)]
mod tests;
