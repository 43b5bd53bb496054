use std::ops::Range;

use focus_core::sample_offset;
use jiff::{SignedDuration, Timestamp};

use crate::Recording;

/// What of a range of time was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// The range.
    pub range: Range<Timestamp>,
    /// From the first recorded sample in it to the end of the last one; `None` when there is none.
    pub extent: Option<Range<Timestamp>>,
    /// How much time was recorded in it; what was recorded twice counts once.
    pub recorded: SignedDuration,
    /// How often recording was interrupted, between the first sample and the last.
    pub gaps: usize,
    /// Whether the last of it is still being written, so that there is more by now.
    pub ongoing: bool,
    /// Less than half a sample counts as nothing: ends of recordings are rounded.
    tolerance: SignedDuration,
}

impl Coverage {
    /// What `recordings` hold of `range`.
    #[must_use]
    pub fn of(range: Range<Timestamp>, recordings: &[Recording]) -> Self {
        let mut within: Vec<_> = recordings
            .iter()
            .map(|recording| (recording.start.max(range.start), recording.end.min(range.end), recording))
            .filter(|(start, end, _)| start < end)
            .collect();
        within.sort_by_key(|(start, end, _)| (*start, *end));
        let rate = within.first().map(|(_, _, recording)| recording.fibre.sampling_rate);
        let tolerance = rate.map_or(SignedDuration::ZERO, |rate| sample_offset(0.5, rate));
        let (mut extent, mut recorded, mut gaps, mut ongoing) =
            (None::<Range<Timestamp>>, SignedDuration::ZERO, 0, false);
        for (start, end, recording) in within {
            let seen = extent.as_ref().map(|extent| extent.end);
            gaps += usize::from(seen.is_some_and(|seen| start.duration_since(seen) > tolerance));
            let new = seen.map_or(start, |seen| seen.max(start));
            if end > new {
                recorded += end.duration_since(new);
                ongoing = recording.ongoing;
            }
            let first = extent.map_or(start, |extent| extent.start);
            extent = Some(first..seen.map_or(end, |seen| seen.max(end)));
        }
        Self { range, extent, recorded, gaps, ongoing, tolerance }
    }

    /// What is missing, for people; `None` when nothing is.
    #[must_use]
    pub fn missing(&self) -> Option<String> {
        let Some(extent) = &self.extent else { return Some("nothing was recorded".to_owned()) };
        let mut missing = Vec::new();
        if extent.start.duration_since(self.range.start) > self.tolerance {
            missing.push(format!("nothing was recorded before {:.3}", extent.start));
        }
        if self.gaps > 0 {
            let lost = extent.end.duration_since(extent.start) - self.recorded;
            let gaps = if self.gaps == 1 { "gap" } else { "gaps" };
            missing.push(format!("{} {gaps}, {:.3} s in all", self.gaps, lost.as_secs_f64()));
        }
        if self.range.end.duration_since(extent.end) > self.tolerance {
            let more = if self.ongoing { ", and recording goes on" } else { "" };
            missing.push(format!("nothing was recorded after {:.3}{more}", extent.end));
        }
        (!missing.is_empty()).then(|| missing.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use focus_core::Fibre;
    use serde_json::json;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_458_545_850_000 + millis).unwrap()
    }

    fn recorded(start: i64, end: i64, ongoing: bool) -> Recording {
        let fibre = json!({"sampling_rate": 100.0, "number_of_channels": 1, "dtype": "int16"});
        let fibre: Fibre = serde_json::from_value(fibre).unwrap();
        Recording { id: String::new(), fibre, start: at(start), end: at(end), ongoing, files: Vec::new() }
    }

    fn coverage(recordings: &[Recording]) -> Coverage {
        Coverage::of(at(0)..at(10_000), recordings)
    }

    #[test]
    fn all_of_it() {
        // In two pieces that are less than half a sample apart, in any order, and twice in the middle.
        let pieces = [recorded(4004, 20_000, false), recorded(-500, 4000, false), recorded(3000, 3500, true)];
        let all = coverage(&pieces);
        assert_eq!((all.extent.clone(), all.gaps, all.ongoing), (Some(at(0)..at(10_000)), 0, false));
        assert_eq!(all.recorded, SignedDuration::from_millis(9996));
        assert_eq!(all.missing(), None);
        assert_eq!(coverage(&[recorded(4, 9996, false)]).missing(), None);
    }

    #[test]
    fn what_is_missing_is_told() {
        let parts = [recorded(1000, 2000, false), recorded(2500, 3000, false), recorded(7000, 9000, true)];
        let parts = coverage(&parts);
        assert_eq!(parts.extent, Some(at(1000)..at(9000)));
        assert_eq!((parts.recorded.as_millis(), parts.gaps), (3500, 2));
        assert_eq!(
            parts.missing().unwrap(),
            "nothing was recorded before 2016-03-21T07:37:31.000Z; 2 gaps, 4.500 s in all; \
             nothing was recorded after 2016-03-21T07:37:39.000Z, and recording goes on"
        );
        let nothing = coverage(&[recorded(-5, 0, false), recorded(10_000, 10_001, false)]);
        assert_eq!((nothing.extent.clone(), nothing.recorded.as_millis()), (None, 0));
        assert_eq!(nothing.missing().unwrap(), "nothing was recorded");
    }
}
