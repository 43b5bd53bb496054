use std::num::NonZeroU32;
use std::sync::Arc;

use focus_core::{Draft, Faults, Fibre, JobId, Limits};
use focus_recordings::Recording;
use focus_stream::JobSpec;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Show;

/// What one job shows, for whoever runs it elsewhere. Holds no secrets.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobOrder {
    /// Its name.
    pub job: JobId,
    /// The view, as the request that makes it, with all defaults.
    pub request: Value,
    /// The fibre or the recording that is shown.
    pub fibre: Fibre,
    /// What one view may cost.
    pub limits: Limits,
    /// Where its samples come from.
    pub source: Source,
}

/// Where the samples come from, as far as that is no secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The fibre from now on.
    Live {
        /// Into bands of how many channels the fibre is cut, if that is known.
        band_channels: Option<NonZeroU32>,
    },
    /// These recordings.
    Historic(Arc<[Recording]>),
}

impl JobOrder {
    /// For a job that shows `spec`; `band_channels` is how a live fibre travels, if that is known.
    #[must_use]
    pub fn new(spec: &JobSpec, show: &Show, limits: &Limits, band_channels: Option<NonZeroU32>) -> Self {
        Self {
            job: spec.id,
            request: spec.view.to_request(),
            fibre: spec.fibre.as_ref().clone(),
            limits: limits.clone(),
            source: match show {
                Show::Live => Source::Live { band_channels },
                Show::Historic(recordings) => Source::Historic(Arc::clone(recordings)),
            },
        }
    }

    /// What the job shows, the same as where the order was written.
    ///
    /// # Errors
    /// When it was written by somebody who knows other rules.
    pub fn spec(&self) -> Result<JobSpec, Faults> {
        // The server has compared the view with its own clock.
        let draft = Draft::parse(self.request.to_string().as_bytes(), Timestamp::MAX)?;
        let (view, plan) = draft.resolve(&self.fibre, &self.limits)?;
        Ok(JobSpec { id: self.job, view, plan, fibre: Arc::new(self.fibre.clone()) })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    /// A job over a recording, in numbers that rounding would change.
    pub(crate) fn spec() -> JobSpec {
        let fibre: Fibre = serde_json::from_value(json!({
            "sampling_rate": 1_999.999_999_7, "number_of_channels": 100, "dtype": "float32", "dx": 1.021_366_7,
        }))
        .unwrap();
        let request = json!({
            "view_type": "0", "channels": {"min": 3, "max": 33}, "displayInfo": {"height": 333},
            "displayTimeAxisDuration": 10.1, "frequencyRange": {"min": 0.1, "max": 333.333_333_333_3},
            "start_time": 1_458_545_850.532_309, "end_time": 1_458_545_870.1,
        });
        let draft = Draft::parse(request.to_string().as_bytes(), Timestamp::MAX).unwrap();
        let (view, plan) = draft.resolve(&fibre, &Limits::default()).unwrap();
        JobSpec { id: JobId { slot: 2, sequence: 77 }, view, plan, fibre: Arc::new(fibre) }
    }

    fn recordings(spec: &JobSpec) -> Arc<[Recording]> {
        let second = |second| Timestamp::from_second(second).unwrap();
        let recording = |number: i64| Recording {
            id: format!("day/{number}"),
            fibre: spec.fibre.as_ref().clone(),
            start: second(1_458_545_800 + 100 * number),
            end: second(1_458_545_900 + 100 * number),
            ongoing: number == 1,
            files: vec![format!("/data/day/{number}.h5").into()],
        };
        [recording(0), recording(1)].into()
    }

    #[test]
    fn a_job_is_the_same_on_both_sides() {
        let spec = spec();
        let show = Show::Historic(recordings(&spec));
        let order = JobOrder::new(&spec, &show, &Limits::default(), None);
        let received: JobOrder = serde_json::from_str(&serde_json::to_string(&order).unwrap()).unwrap();
        let other = received.spec().unwrap();
        assert_eq!(
            (other.id, &other.view, &other.plan, &other.fibre),
            (spec.id, &spec.view, &spec.plan, &spec.fibre)
        );
        assert_eq!(received.limits, Limits::default());
        assert_eq!(received.source, Source::Historic(recordings(&spec)));

        let bands = NonZeroU32::new(128);
        let live = JobOrder::new(&spec, &Show::Live, &Limits::default(), bands);
        let json = serde_json::to_value(&live).unwrap();
        assert_eq!(json["source"], json!({"live": {"band_channels": 128}}));
        let received: JobOrder = serde_json::from_value(json).unwrap();
        assert_eq!(received.source, Source::Live { band_channels: bands });
    }
}
