use std::io::{self, Write as _};

use focus_core::ChannelRange;
use jiff::Timestamp;
use serde::Serialize;

use super::job::Job;
use super::join::Row;

/// Rows as lines of JSON on standard output.
pub(super) struct JsonLines {
    channels: Option<ChannelRange>,
    first_channel: u32,
    values_per_channel: usize,
    frequencies: Option<Frequencies>,
}

#[derive(Clone, Copy, Serialize)]
struct Frequencies {
    first: f64,
    last: f64,
    count: usize,
}

#[derive(Serialize)]
struct Line<'a> {
    row_index: i32,
    time: Timestamp,
    start_channel: u32,
    end_channel: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequencies: Option<Frequencies>,
    values: Values<'a>,
}

/// Not-a-number becomes null.
#[derive(Serialize)]
#[serde(untagged)]
enum Values<'a> {
    PerChannel(&'a [f32]),
    PerChannelAndFrequency(Vec<&'a [f32]>),
}

impl JsonLines {
    /// For the rows of this job; of one channel only when that is given.
    pub(super) fn new(job: &Job, channel: Option<u32>) -> Self {
        let all = job.channels().ok();
        let one = channel.and_then(|channel| ChannelRange::new(channel, channel));
        let frequencies = job.frequencies_list.first().zip(job.frequencies_list.last());
        Self {
            channels: one.or(all),
            first_channel: all.map_or(1, ChannelRange::first),
            values_per_channel: job.values_per_channel(),
            frequencies: frequencies.map(|(&first, &last)| Frequencies {
                first,
                last,
                count: job.frequencies_list.len(),
            }),
        }
    }

    /// Writes one; `false` when nobody reads any longer.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub(super) fn write(&self, row: &Row) -> io::Result<bool> {
        let mut out = io::stdout().lock();
        match writeln!(out, "{}", self.line(row)?).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            written => written.map(|()| true),
        }
    }

    fn line(&self, row: &Row) -> io::Result<String> {
        let channels = self.channels.ok_or(io::ErrorKind::InvalidData)?;
        let columns = channels.columns_from(self.first_channel);
        let values =
            &row.values[columns.start * self.values_per_channel..columns.end * self.values_per_channel];
        let values = match self.frequencies {
            None => Values::PerChannel(values),
            Some(_) => Values::PerChannelAndFrequency(values.chunks(self.values_per_channel).collect()),
        };
        let time = Timestamp::from_millisecond(row.time_ms).map_err(io::Error::other)?;
        let line = Line {
            row_index: row.index,
            time,
            start_channel: channels.first(),
            end_channel: channels.last(),
            frequencies: self.frequencies,
            values,
        };
        Ok(serde_json::to_string(&line)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(frequencies: &[f64]) -> Job {
        serde_json::from_value(serde_json::json!({
            "job_id": "0-1", "frequencies_list": frequencies, "lines_dt": 0.5,
            "channel_to_stream_index": {"5": 0, "6": 0}, "stream_amount": 1,
            "stream_url": "http://127.0.0.1", "stream_port": 1, "metadata": {},
        }))
        .unwrap()
    }

    fn row(values: &[f32]) -> Row {
        Row { index: 3, time_ms: 1_458_545_850_532, values: values.to_vec() }
    }

    #[test]
    fn a_waterfall_has_a_value_per_channel() {
        let line = JsonLines::new(&job(&[]), None).line(&row(&[0.5, f32::NAN])).unwrap();
        let expected = "{\"row_index\":3,\"time\":\"2016-03-21T07:37:30.532Z\",\"start_channel\":5,\"end_channel\":6,\
                        \"values\":[0.5,null]}";
        assert_eq!(line, expected);
    }

    #[test]
    fn a_spectrogram_has_a_list_per_channel() {
        let row = row(&[1.0, 2.0, 3.0, 4.0]);
        let both = JsonLines::new(&job(&[2.0, 4.0]), None).line(&row).unwrap();
        assert!(both.contains("\"frequencies\":{\"first\":2.0,\"last\":4.0,\"count\":2}"), "{both}");
        assert!(both.ends_with("\"values\":[[1.0,2.0],[3.0,4.0]]}"), "{both}");
        let one = JsonLines::new(&job(&[2.0, 4.0]), Some(6)).line(&row).unwrap();
        assert!(one.contains("\"start_channel\":6,\"end_channel\":6"), "{one}");
        assert!(one.ends_with("\"values\":[[3.0,4.0]]}"), "{one}");
    }
}
