use focus_core::ChannelRange;

use super::args::{Kind, ViewArgs};
use super::job::Job;
use super::join::Row;
use super::request::Span;
use crate::picture::{Caption, Distance, Grid, GridShape, Lines, draw};

/// A picture in the making: rows in, PNG out.
pub(super) struct Painting {
    shape: GridShape,
    start: Option<f64>,
    grid: Option<Grid>,
    lines: Lines,
    what: What,
    caption: Caption,
}

/// What of a row is drawn.
#[derive(Clone, Copy)]
enum What {
    /// The mean power of each channel's values.
    Channels { values_per_channel: usize },
    /// The power of each value of one channel.
    Frequencies { first_value: usize },
}

impl Painting {
    /// For the rows of this job: as many as `span` has, from its begin on; live, from the first one on.
    ///
    /// # Errors
    /// When the channel that was asked for is not among them.
    pub(super) fn new(job: &Job, args: &ViewArgs, span: &Span) -> anyhow::Result<Self> {
        let channels = job.channels()?;
        let values_per_channel = job.values_per_channel();
        let one = if args.kind == Kind::Single { Some(channels.first()) } else { args.channel };
        let (lines, what, values) = match one {
            Some(channel) => {
                anyhow::ensure!(
                    (channels.first()..=channels.last()).contains(&channel),
                    "--channel {channel} is not one of the channels {}-{} that are shown",
                    channels.first(),
                    channels.last(),
                );
                let first_value = (channel - channels.first()) as usize * values_per_channel;
                (frequencies(job), What::Frequencies { first_value }, values_per_channel)
            }
            None => (channel_lines(job, channels), What::Channels { values_per_channel }, channels.count()),
        };
        let shape =
            GridShape { first_row: 0.0, row_interval: job.lines_dt, rows: span.rows(job.lines_dt), values };
        Ok(Self {
            shape,
            start: span.start(),
            grid: None,
            lines,
            what,
            caption: caption(job, args, channels, one),
        })
    }

    /// Adds one.
    pub(super) fn add(&mut self, row: &Row) {
        let time = row.time_ms as f64 / 1e3;
        let first_row = self.start.map_or(time, |start| start + self.shape.row_interval / 2.0);
        let shape = GridShape { first_row, ..self.shape };
        let grid = self.grid.get_or_insert_with(|| Grid::new(shape));
        match self.what {
            What::Channels { values_per_channel } => {
                grid.add(time, row.values.chunks(values_per_channel).map(mean_power));
            }
            What::Frequencies { first_value } => {
                grid.add(time, row.values[first_value..].iter().map(|amplitude| amplitude * amplitude));
            }
        }
    }

    /// The picture.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub(super) fn into_png(self, args: &ViewArgs) -> anyhow::Result<Vec<u8>> {
        let grid = self.grid.unwrap_or_else(|| Grid::new(self.shape));
        draw(&grid, self.lines, &self.caption, args.size, args.colormap, args.contrast)
    }
}

/// NaN when any of them is: a row of missing samples has no mean.
fn mean_power(amplitudes: &[f32]) -> f32 {
    amplitudes.iter().map(|amplitude| amplitude * amplitude).sum::<f32>() / amplitudes.len() as f32
}

fn frequencies(job: &Job) -> Lines {
    let list = &job.frequencies_list;
    Lines::Frequencies {
        first: list.first().copied().unwrap_or(0.0),
        last: list.last().copied().unwrap_or(0.0),
    }
}

fn channel_lines(job: &Job, channels: ChannelRange) -> Lines {
    let dx = job.metadata.dx.filter(|dx| dx.is_finite() && *dx > 0.0);
    let distance = dx.map(|per_channel| Distance {
        per_channel,
        of_first_channel: job.metadata.fiber_start_meters.filter(|start| start.is_finite()),
    });
    Lines::Channels { first: channels.first(), last: channels.last(), distance }
}

fn caption(job: &Job, args: &ViewArgs, channels: ChannelRange, one: Option<u32>) -> Caption {
    let band = match (job.frequencies_list.first(), job.frequencies_list.last()) {
        (Some(&first), Some(&last)) => Some(format!("{} to {} Hz", short(first), short(last))),
        _ => None,
    };
    let what = match (&band, one) {
        (None, _) => "Energy per channel".to_owned(),
        (Some(_), Some(channel)) => format!("Spectrogram of channel {channel}"),
        (Some(band), None) => format!("Mean power from {band}"),
    };
    let title = match one {
        Some(_) => what,
        None => format!("{what}, channels {}-{}", channels.first(), channels.last()),
    };
    let mut details = Vec::new();
    if let Some(band) = band {
        if one.is_some() {
            details.push(band);
        }
        details.push(format!("nfft {}", args.window()));
    }
    details.push(format!("a row every {} ms", short(job.lines_dt * 1e3)));
    details.push(format!("job {} on {}", job.id, args.at));
    let unit = match &job.metadata.unit {
        Some(unit) if !unit.is_empty() => format!("dB re 1 {unit}"),
        _ => "dB re 1 (unit not given)".to_owned(),
    };
    if let Some(fibre) = job.metadata.fiber_description.as_deref().filter(|text| !text.is_empty()) {
        details.push(fibre.to_owned());
    }
    Caption { title, subtitle: details.join(" \u{b7} "), unit }
}

/// With no more digits than anybody reads.
fn short(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}
