//! Removes what no job owns: the last resort, when whoever created it is gone or could not undo it.

use std::sync::{PoisonError, Weak};
use std::time::Duration;

use jiff::Timestamp;
use rand::Rng as _;
use tokio::time::sleep;

use super::Shared;
use super::failure::Failure;
use super::rules::{Litter, Object, Reason, Suspects, litter};
use super::seen::SeenService;

/// Most that one pass removes: whatever goes wrong goes wrong slowly.
const PER_PASS: usize = 10;
/// After something was left in doubt, the sweep looks this often.
const IN_DOUBT: Duration = Duration::from_secs(1);

/// Sweeps for ever: at once, and then in every period, as long as anybody else has use for `shared`.
pub(super) async fn keep(shared: Weak<Shared>) {
    while let Some(shared) = shared.upgrade() {
        let pause = match pass(&shared).await {
            Ok(()) if shared.doubts.attempts().is_empty() => shared.settings.sweep_period,
            _ => shared.settings.sweep_period.min(IN_DOUBT),
        };
        // Several servers that were started together sweep one after the other.
        let pause = pause.mul_f64(rand::rng().random_range(0.9..1.0));
        tokio::select! {
            () = sleep(pause) => {}
            () = shared.doubts.raised.notified() => sleep(IN_DOUBT.min(pause)).await,
        }
    }
}

/// One pass.
pub(super) async fn pass(shared: &Shared) -> Result<(), Failure> {
    let found = look(shared).await;
    let result = match found {
        Ok(found) => {
            let overdue = found.len().saturating_sub(PER_PASS);
            let mut result = Ok(());
            for litter in found.into_iter().take(PER_PASS) {
                result = remove(shared, litter).await.and(result);
            }
            shared.kubernetes_metrics.passed(result.is_ok(), overdue);
            result
        }
        Err(failure) => {
            shared.kubernetes_metrics.passed(false, 0);
            Err(failure)
        }
    };
    if let Err(failure) = &result {
        // The gate tells of outages; what is left is there for the next pass.
        tracing::debug!(error = %failure.clone().outage(), "a pass of the sweep failed");
    }
    result
}

async fn look(shared: &Shared) -> Result<Vec<Litter>, Failure> {
    // Before anything is read, so that an attempt which is noted from now on is looked for by the next pass.
    let doubtful = shared.doubts.attempts();
    let calls = &shared.calls;
    let services = calls.list_services(calls.by()).await?;
    let services: Vec<_> = services.into_iter().filter_map(SeenService::of).collect();
    let jobs = shared.listing.jobs(calls.by()).await?;
    let running = jobs.iter().filter(|job| job.committed && job.is_alive()).count();
    shared.metrics.set_active(running);
    let stuck = shared.unready.lock().unwrap_or_else(PoisonError::into_inner).note(&jobs);
    let suspects = Suspects { doubtful, stuck };
    Ok(litter(services, &jobs, &suspects, Timestamp::now(), shared.settings.grace))
}

async fn remove(shared: &Shared, litter: Litter) -> Result<(), Failure> {
    let calls = &shared.calls;
    let (object, reason, name, result) = match litter {
        Litter::Job(job, reason) => {
            let result = if reason == Reason::Doubtful {
                shared.withdraw(&job, calls.by()).await
            } else {
                // Whoever has changed it since it was read may have had a reason.
                let version = Some(job.resource_version);
                calls.delete_job(&job.name, &job.uid, version, calls.by()).await.map(|()| true)
            };
            (Object::Job, reason, job.name, result)
        }
        Litter::Service(service) => {
            let result = calls.delete_service(&service.name, Some(service.uid), calls.by()).await;
            (Object::Service, Reason::Orphan, service.name, result.map(|()| true))
        }
    };
    let (kind, reason_name) = (object.name(), reason.name());
    match result {
        Ok(true) => {
            shared.kubernetes_metrics.removed(object, reason);
            tracing::warn!(kind, name, reason = reason_name, "swept");
            Ok(())
        }
        Ok(false) => Ok(()),
        Err(failure) => {
            let error = failure.clone().outage();
            tracing::warn!(kind, name, reason = reason_name, %error, "cannot be swept");
            Err(failure)
        }
    }
}
