use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use focus_core::{Draft, Faults, Fibre, JobId, Limits};
use focus_recordings::Recording;
use focus_stream::{Before, JobSpec, Show};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest order, bytes: Linux gives a process no longer variable than 128 KiB.
const LONGEST: usize = 120 << 10;

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
        /// What came before, if that is shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Before>,
    },
    /// These recordings.
    Historic(Arc<[Recording]>),
}

/// A text is not the order of a job. What it says instead is not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the order of a job: it cannot be read at line {line}, column {column}")]
pub struct InvalidOrder {
    line: usize,
    column: usize,
}

/// An order is too long for the environment of a process.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the recordings have {files} files in this time, more than a job on a cluster can be told of; ask for less time"
)]
pub struct OrderTooLong {
    files: usize,
}

impl JobOrder {
    /// For a job that shows `spec`; `band_channels` is how a live fibre travels, if that is known.
    #[must_use]
    pub fn new(spec: &JobSpec, limits: &Limits, band_channels: Option<NonZeroU32>) -> Self {
        Self {
            job: spec.id,
            request: spec.view.to_request(),
            fibre: spec.fibre.as_ref().clone(),
            limits: limits.clone(),
            source: match spec.show.clone() {
                Show::Live(before) => Source::Live { band_channels, before },
                Show::Historic(recordings) => Source::Historic(recordings),
            },
        }
    }

    /// Reads what [`to_json`](Self::to_json) has written.
    ///
    /// # Errors
    /// When it was not.
    pub fn from_json(text: &str) -> Result<Self, InvalidOrder> {
        serde_json::from_str(text)
            .map_err(|error| InvalidOrder { line: error.line(), column: error.column() })
    }

    /// As a text that fits the environment of a process: a bounded number of bytes, without line breaks.
    ///
    /// # Errors
    /// When the recordings have too many files for that.
    ///
    /// # Panics
    /// Never: it is plain data.
    pub fn to_json(&self) -> Result<String, OrderTooLong> {
        let text = serde_json::to_string(self).expect("plain data serialises");
        if text.len() <= LONGEST { Ok(text) } else { Err(OrderTooLong { files: self.files() }) }
    }

    fn files(&self) -> usize {
        self.source.recordings().iter().map(|recording| recording.files.len()).sum()
    }

    /// The same for a place where `directory` is another one: files in it are told by their names there.
    #[must_use]
    pub fn relative_to(self, directory: &Path) -> Self {
        self.with_files(|file| file.strip_prefix(directory).unwrap_or(file).to_owned())
    }

    /// The same where files that are told by their names in a directory lie in this one.
    #[must_use]
    pub(crate) fn within(self, directory: &Path) -> Self {
        self.with_files(|file| directory.join(file))
    }

    fn with_files(mut self, change: impl Fn(&Path) -> PathBuf) -> Self {
        if let Source::Historic(recordings) | Source::Live { before: Some(Before { recordings, .. }), .. } =
            &mut self.source
        {
            let mut changed = recordings.to_vec();
            for file in changed.iter_mut().flat_map(|recording| &mut recording.files) {
                file.path = change(&file.path);
            }
            *recordings = changed.into();
        }
        self
    }

    /// What the job shows, the same as where the order was written.
    ///
    /// # Errors
    /// When it was written by somebody who knows other rules.
    pub fn spec(&self) -> Result<JobSpec, Faults> {
        // The server has compared the view with its own clock.
        let draft = Draft::parse(self.request.to_string().as_bytes(), Timestamp::MAX)?;
        let (view, plan) = draft.resolve(&self.fibre, &self.limits)?;
        let show = self.source.show();
        Ok(JobSpec { id: self.job, view, plan, fibre: Arc::new(self.fibre.clone()), show })
    }
}

impl Source {
    fn show(&self) -> Show {
        match self {
            Self::Live { before, .. } => Show::Live(before.clone()),
            Self::Historic(recordings) => Show::Historic(Arc::clone(recordings)),
        }
    }

    fn recordings(&self) -> &[Recording] {
        match self {
            Self::Live { before, .. } => before.as_ref().map_or(&[], |before| &before.recordings),
            Self::Historic(recordings) => recordings,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    /// A job over a recording, in numbers that rounding would change.
    pub(crate) fn spec(show: Show) -> JobSpec {
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
        JobSpec { id: JobId { slot: 2, sequence: 77 }, view, plan, fibre: Arc::new(fibre), show }
    }

    fn recordings() -> Arc<[Recording]> {
        let spec = spec(Show::Live(None));
        let second = |second| Timestamp::from_second(second).unwrap();
        let recording = |number: i64| Recording {
            id: format!("day/{number}"),
            fibre: spec.fibre.as_ref().clone(),
            start: second(1_458_545_800 + 100 * number),
            end: second(1_458_545_900 + 100 * number),
            ongoing: number == 1,
            files: vec![PathBuf::from(format!("/data/day/{number}.h5")).into()],
        };
        [recording(0), recording(1)].into()
    }

    #[test]
    fn a_job_is_the_same_on_both_sides() {
        let spec = spec(Show::Historic(recordings()));
        let order = JobOrder::new(&spec, &Limits::default(), None);
        let received = JobOrder::from_json(&order.to_json().unwrap()).unwrap();
        let other = received.spec().unwrap();
        assert_eq!(
            (other.id, &other.view, &other.plan, &other.fibre, &other.show),
            (spec.id, &spec.view, &spec.plan, &spec.fibre, &spec.show)
        );
        assert_eq!(received.limits, Limits::default());
        assert_eq!(received.source, Source::Historic(recordings()));

        let bands = NonZeroU32::new(128);
        let live = JobOrder::new(&self::spec(Show::Live(None)), &Limits::default(), bands);
        let json = serde_json::to_value(&live).unwrap();
        assert_eq!(json["source"], json!({"live": {"band_channels": 128}}));
        let received: JobOrder = serde_json::from_value(json).unwrap();
        assert_eq!(received.source, Source::Live { band_channels: bands, before: None });

        let (before, bands) = (Some(before()), None);
        let joined = JobOrder::new(&self::spec(Show::Live(before.clone())), &Limits::default(), bands);
        let received = JobOrder::from_json(&joined.to_json().unwrap()).unwrap();
        assert_eq!(received.spec().unwrap().show, Show::Live(before.clone()));
        assert_eq!(received.source, Source::Live { band_channels: bands, before });
    }

    fn before() -> Before {
        let recordings = recordings();
        Before { since: recordings[0].start, until: recordings[1].end, recordings, unknown: None }
    }

    #[test]
    fn recordings_are_found_where_the_same_directory_has_another_name() {
        let files = |order: JobOrder| {
            let recordings = order.source.recordings();
            let parts = recordings.iter().flat_map(|recording| &recording.files);
            parts.map(|part| part.path.clone()).collect::<Vec<_>>()
        };
        for show in [Show::Historic(recordings()), Show::Live(Some(before()))] {
            let order = JobOrder::new(&spec(show), &Limits::default(), None);
            let told = order.clone().relative_to(Path::new("/data"));
            assert_eq!(files(told.clone()), [Path::new("day/0.h5"), Path::new("day/1.h5")]);
            assert_eq!(files(told.within(Path::new("/mnt")))[1], Path::new("/mnt/day/1.h5"));
            let elsewhere = order.clone().relative_to(Path::new("/da"));
            assert_eq!(files(elsewhere.within(Path::new("/mnt"))), files(order));
        }
    }

    #[test]
    fn an_order_fits_the_environment_of_a_process_or_says_why_not() {
        let with_files = |count: usize| {
            let mut recordings = recordings().to_vec();
            recordings[0].files = vec![PathBuf::from("/data/2016-03-21/07-37-30.h5").into(); count];
            JobOrder::new(&spec(Show::Historic(recordings.into())), &Limits::default(), None)
        };
        let longest = with_files(3800).to_json().unwrap();
        let status = std::process::Command::new("true").env("JOB_ORDER", &longest).status();
        assert!(status.unwrap().success() && longest.len() > 110_000);
        let error = with_files(4800).to_json().unwrap_err().to_string();
        assert!(error.contains("4801 files") && error.ends_with("ask for less time"), "{error}");
    }

    #[test]
    fn what_is_no_order_is_not_repeated() {
        for text in ["", "hush", r#"{"job": "hush"}"#, r#"{"job": "1-1", "request": 1, "fibre": "hush"}"#] {
            let error = JobOrder::from_json(text).unwrap_err().to_string();
            assert!(error.contains("column") && !error.contains("hush"), "{error}");
        }
    }
}
