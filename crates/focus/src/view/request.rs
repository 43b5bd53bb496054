use serde_json::{Map, Value, json};

use super::args::{Kind, ViewArgs};

/// Which time is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Span {
    /// From now on.
    Live {
        /// For so long.
        seconds: f64,
    },
    /// What was recorded; epoch seconds.
    Historic {
        /// First instant.
        start: f64,
        /// First instant that is no longer shown.
        end: f64,
    },
}

impl Span {
    /// How long it lasts.
    pub(super) fn seconds(self) -> f64 {
        match self {
            Self::Live { seconds } => seconds,
            Self::Historic { start, end } => end - start,
        }
    }

    /// When it begins, epoch seconds; live, with the first row.
    pub(super) fn start(self) -> Option<f64> {
        match self {
            Self::Live { .. } => None,
            Self::Historic { start, .. } => Some(start),
        }
    }

    /// Whether it is of now.
    pub(super) fn is_live(self) -> bool {
        matches!(self, Self::Live { .. })
    }

    /// How many rows it has at this interval; at least 1.
    pub(super) fn rows(self, interval: f64) -> usize {
        // The last row may cover only part of its interval.
        ((self.seconds() / interval - 1e-6).ceil()).max(1.0) as usize
    }
}

/// Rows that a picture shows well.
const ROWS: f64 = 1200.0;
/// More rows than these show nothing more to people, seconds.
const SHORTEST_INTERVAL: f64 = 0.04;
/// The server's `displayTimeAxisDuration` of a waterfall, which cannot be set.
const WATERFALL_DURATION: f64 = 10.0;

/// The body of `POST /configure`.
pub(super) fn body(args: &ViewArgs, span: &Span, highest_channel: u32) -> Value {
    let mut body = Map::new();
    let (view_type, channels) = match args.kind {
        Kind::Spectrogram => (0, args.channels),
        Kind::Single => (1, args.channel.and_then(|channel| focus_core::ChannelRange::new(channel, channel))),
        Kind::Waterfall => (2, args.channels),
    };
    let (first, last) = channels.map_or((1, highest_channel), |range| (range.first(), range.last()));
    body.insert("view_type".into(), json!(view_type));
    body.insert("channels".into(), json!({"min": first, "max": last}));

    let interval = (span.seconds() / ROWS).max(SHORTEST_INTERVAL);
    let duration = args.duration.unwrap_or(span.seconds());
    let height = args.height.map_or_else(|| duration / interval, f64::from);
    if args.kind == Kind::Waterfall {
        body.insert("displayInfo".into(), json!({"height": rows(height / duration * WATERFALL_DURATION)}));
    } else {
        body.insert("displayInfo".into(), json!({"height": rows(height)}));
        body.insert("displayTimeAxisDuration".into(), json!(duration));
        if let Some(nfft) = args.nfft {
            body.insert("nfftSelection".into(), json!(nfft));
        }
        if let Some(band) = args.band {
            body.insert("frequencyRange".into(), json!(band));
        }
    }
    if let Span::Historic { start, end } = span {
        body.insert("start_time".into(), json!(start));
        body.insert("end_time".into(), json!(end));
    }
    if args.with_past {
        body.insert("withPast".into(), json!(true));
    }
    Value::Object(body)
}

fn rows(height: f64) -> u32 {
    height.round().clamp(1.0, f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: ViewArgs,
    }

    fn body_of(arguments: &[&str]) -> Value {
        let args = Line::parse_from([&["view"], arguments].concat()).args;
        args.check().unwrap();
        body(&args, &args.span(), 500)
    }

    #[test]
    fn a_waterfall_has_no_fields_of_spectra() {
        assert_eq!(
            body_of(&["--live", "20"]),
            json!({"view_type": 2, "channels": {"min": 1, "max": 500}, "displayInfo": {"height": 250}})
        );
        assert_eq!(body_of(&["--height", "5", "--duration", "1"])["displayInfo"]["height"], 50);
    }

    #[test]
    fn a_spectrogram_of_a_recording() {
        let arguments =
            ["--type", "spectrogram", "--from", "100", "--to", "220", "--band", "2-15", "--nfft", "256"];
        assert_eq!(
            body_of(&arguments),
            json!({
                "view_type": 0, "channels": {"min": 1, "max": 500}, "displayInfo": {"height": 1200},
                "displayTimeAxisDuration": 120.0, "nfftSelection": 256,
                "frequencyRange": {"min": 2.0, "max": 15.0}, "start_time": 100.0, "end_time": 220.0,
            })
        );
    }

    #[test]
    fn a_single_channel() {
        let body = body_of(&["--type", "single", "--channel", "7", "--height", "30", "--duration", "10"]);
        assert_eq!((&body["view_type"], &body["channels"]), (&json!(1), &json!({"min": 7, "max": 7})));
        assert_eq!(
            (&body["displayInfo"]["height"], &body["displayTimeAxisDuration"]),
            (&json!(30), &json!(10.0))
        );
    }

    #[test]
    fn contradictions_are_told_before_anything_is_asked() {
        for arguments in [
            &["--band", "2-15"] as &[_],
            &["--nfft", "256"],
            &["--channel", "3"],
            &["--type", "single", "--channels", "1-3"],
            &["--type", "spectrogram", "--channels", "1-3", "--channel", "4"],
            &["--from", "5", "--to", "5"],
            &["--output", "/nowhere/at/all.png"],
            &["--output", "quake.jpg"],
        ] {
            let args = Line::parse_from([&["view"], arguments].concat()).args;
            assert!(args.check().is_err(), "{arguments:?}");
        }
    }
}
