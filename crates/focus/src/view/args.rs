use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use focus_core::{Band, ChannelRange, epoch_seconds};
use jiff::Timestamp;

use super::output::Format;
use super::request::Span;
use crate::cli::WrongUsage;
use crate::picture::{Colormap, Contrast, Size};
use crate::time::time;

/// Shown below `--help`.
pub(crate) const EXAMPLES: &str = "\
Examples:
  focus view                                                  ten seconds of the fibre as it is now
  focus view --last --output quake.png                        the newest recording
  focus view --last --type spectrogram --band 2-15            mean power from 2 to 15 Hz of every channel
  focus view --last --type single --channel 45 --nfft 256     frequency over time of one channel
  focus view --from 2016-03-21T07:37:31Z --to 2016-03-21T07:38:20Z --channels 1-200
  focus view --last --type spectrogram --output quake.npz     the values themselves, for numpy.load
  focus view --last --type spectrogram --output quake.h5      the same as PRODML 2.1, for other programs
  focus view --at http://das.example.org:5000/focus-server --live 30 --json | jq .values[0]

The server is reached by plain HTTP; for HTTPS put a tunnel or a proxy in front of it.
The picture's path is printed on standard output; with --json one line per row and nothing else.";

/// What `focus view` can be told.
#[derive(Args, Clone, Debug)]
pub(crate) struct ViewArgs {
    /// The server, with the prefix under which it is served, if any.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:5000")]
    pub(super) at: String,
    /// What to show.
    #[arg(long = "type", value_enum, value_name = "TYPE", default_value_t = Kind::Waterfall)]
    pub(super) kind: Kind,
    /// Channels, counted from 1, e.g. 1-200 [default: all].
    #[arg(long, value_name = "FIRST-LAST", value_parser = channels)]
    pub(super) channels: Option<ChannelRange>,
    /// One channel: the one of --type single, or the one of a spectrogram to draw frequency over time of.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) channel: Option<u32>,
    /// Frequencies in Hz, e.g. 2-15 [default: all that there are].
    #[arg(long, value_name = "MIN-MAX", value_parser = band)]
    pub(super) band: Option<Band>,
    /// Samples in a window, a power of two: more is finer in frequency, less is finer in time
    /// [default: 1024].
    #[arg(long, value_name = "SAMPLES")]
    pub(super) nfft: Option<u32>,
    /// Rows for --duration seconds [default: as many as the picture can show, at most 25 a second].
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) height: Option<u32>,
    /// Seconds that --height rows cover [default: all that is shown].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(super) duration: Option<f64>,

    /// Begin of what to show: RFC 3339 or epoch seconds.
    #[arg(long, value_name = "TIME", value_parser = time, requires = "to", help_heading = "Time")]
    pub(super) from: Option<Timestamp>,
    /// End of what to show.
    #[arg(long, value_name = "TIME", value_parser = time, requires = "from", help_heading = "Time")]
    pub(super) to: Option<Timestamp>,
    /// The newest recording, whole.
    #[arg(long, conflicts_with_all = ["from", "live"], help_heading = "Time")]
    pub(super) last: bool,
    /// The fibre as it is now, for so long [default: 10 when no other time is given].
    #[arg(long, value_name = "SECONDS", value_parser = seconds, conflicts_with = "from", help_heading = "Time")]
    pub(super) live: Option<f64>,
    /// Begin with the seconds before now, as far as they were recorded or are remembered: there is less to wait for.
    #[arg(long, conflicts_with_all = ["from", "last"], help_heading = "Time")]
    pub(super) with_past: bool,

    /// Where to write the picture; NAME.npz gets the rows' values instead, as arrays for `numpy.load`, and NAME.h5 as
    /// PRODML 2.1 [default: focus-JOB.png].
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub(super) output: Option<PathBuf>,
    /// Print the rows instead of drawing them: one JSON object per line, null where samples are missing.
    #[arg(long, conflicts_with_all = ["output", "size", "colormap", "contrast"], help_heading = "Output")]
    pub(super) json: bool,
    /// Pixels of the picture.
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "1600x900", help_heading = "Output")]
    pub(super) size: Size,
    /// Colours of the picture.
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub(super) colormap: Colormap,
    /// Values in dB of the darkest and the brightest colour [default: what shows most].
    #[arg(long, value_name = "LOW:HIGH", allow_hyphen_values = true, help_heading = "Output")]
    pub(super) contrast: Option<Contrast>,
}

/// What to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Energy of each channel over time.
    Waterfall,
    /// Power in a band of each channel over time.
    Spectrogram,
    /// Frequency over time of one channel.
    Single,
}

impl ViewArgs {
    /// What no single argument shows.
    ///
    /// # Errors
    /// When arguments contradict each other.
    pub(super) fn check(&self) -> Result<(), WrongUsage> {
        let problem = match self {
            Self { kind: Kind::Waterfall, band: Some(_), .. } => {
                "a waterfall shows all frequencies together: leave --band out, or take --type spectrogram"
            }
            Self { kind: Kind::Waterfall, nfft: Some(_), .. } => {
                "a waterfall has no windows: leave --nfft out, or take --type spectrogram"
            }
            Self { kind: Kind::Waterfall, channel: Some(_), .. } => {
                "a waterfall shows a range: take --channels, or --type single with --channel"
            }
            Self { kind: Kind::Single, channels: Some(_), .. } => {
                "--type single shows one --channel, no --channels"
            }
            Self { kind: Kind::Spectrogram, channels: Some(range), channel: Some(channel), .. }
                if !(range.first()..=range.last()).contains(channel) =>
            {
                "--channel is not one of --channels"
            }
            Self { from: Some(from), to: Some(to), .. } if from >= to => "--from must be before --to",
            Self { output: Some(path), .. }
                if path.parent().is_some_and(|dir| !dir.as_os_str().is_empty() && !dir.is_dir()) =>
            {
                "there is no such directory for --output"
            }
            Self { output: Some(path), .. } if Format::of(path).is_none() => {
                "--output ends in something that is not written: take .png, .npz or .h5"
            }
            _ => return Ok(()),
        };
        Err(WrongUsage(problem.to_owned()))
    }

    /// What is to be written.
    pub(super) fn format(&self) -> Format {
        self.output.as_deref().and_then(Format::of).unwrap_or(Format::Png)
    }

    /// Samples in a window.
    pub(super) fn window(&self) -> u32 {
        self.nfft.unwrap_or(1024)
    }

    /// The time that is named, or ten seconds of now.
    pub(super) fn span(&self) -> Span {
        match (self.from, self.to) {
            (Some(from), Some(to)) => Span::Historic { start: epoch_seconds(from), end: epoch_seconds(to) },
            _ => Span::Live { seconds: self.live.unwrap_or(10.0) },
        }
    }

    /// Whether the view is of all channels, however many that are.
    pub(super) fn needs_highest_channel(&self) -> bool {
        self.kind != Kind::Single && self.channels.is_none()
    }
}

fn channels(text: &str) -> Result<ChannelRange, &'static str> {
    const RULE: &str = "must be FIRST-LAST with 1 <= FIRST <= LAST, for example 1-200";
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| text.trim().parse().map_err(|_| RULE);
    ChannelRange::new(number(first)?, number(last)?).ok_or(RULE)
}

fn band(text: &str) -> Result<Band, &'static str> {
    const RULE: &str = "must be MIN-MAX in Hz with 0 <= MIN < MAX, for example 2-15";
    let (min, max) = text.split_once('-').ok_or(RULE)?;
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|hertz| hertz.is_finite()).ok_or(RULE);
    let band = Band { min: number(min)?, max: number(max)? };
    if 0.0 <= band.min && band.min < band.max { Ok(band) } else { Err(RULE) }
}

fn seconds(text: &str) -> Result<f64, &'static str> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.is_finite() && *seconds > 0.0);
    seconds.ok_or("must be seconds above 0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!(channels("1-200"), Ok(ChannelRange::new(1, 200).unwrap()));
        assert_eq!(channels("7"), Ok(ChannelRange::new(7, 7).unwrap()));
        assert_eq!(band("2-15"), Ok(Band { min: 2.0, max: 15.0 }));
        for text in ["", "0-3", "5-3", "a-b", "1-"] {
            assert!(channels(text).is_err(), "{text}");
        }
        for text in ["", "5", "5-3", "-1-3", "1-inf", "nan-3"] {
            assert!(band(text).is_err(), "{text}");
        }
    }
}
