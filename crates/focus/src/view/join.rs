//! The streams of a job back to whole rows.

use std::collections::BTreeMap;

use anyhow::ensure;
use focus_core::ChannelRange;
use focus_stream::proto::DataStream;

/// One line of a job's picture.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// Counts from 0; a jump is a gap.
    pub(super) index: i32,
    /// Centre of its interval, epoch milliseconds.
    pub(super) time_ms: i64,
    /// Amplitudes, channel by channel; NaN where samples are missing.
    pub(super) values: Vec<f32>,
}

/// Joins parts of rows by their index. A row is whole when every stream has brought its part or gone past.
#[derive(Debug)]
pub(super) struct Join {
    streams: Vec<Stream>,
    values_per_channel: usize,
    first_channel: u32,
    values: usize,
    pending: BTreeMap<i32, Row>,
}

#[derive(Debug)]
struct Stream {
    channels: ChannelRange,
    /// The lowest index that may still come; `None` when none will.
    next: Option<i32>,
}

impl Join {
    /// For streams of these channels.
    pub(super) fn new(streams: &[ChannelRange], values_per_channel: usize) -> Self {
        let channels = streams.iter().map(|range| range.count()).sum::<usize>();
        Self {
            streams: streams.iter().map(|&channels| Stream { channels, next: Some(0) }).collect(),
            values_per_channel,
            first_channel: streams.iter().map(|range| range.first()).min().unwrap_or(1),
            values: channels * values_per_channel,
            pending: BTreeMap::new(),
        }
    }

    /// The stream that is furthest behind, `None` when all have ended.
    pub(super) fn laggard(&self) -> Option<usize> {
        let running =
            self.streams.iter().enumerate().filter_map(|(index, stream)| Some((stream.next?, index)));
        running.min().map(|(_, index)| index)
    }

    /// Takes what a stream has brought.
    ///
    /// # Errors
    /// When the frame contradicts itself or the server's plan.
    pub(super) fn push(&mut self, stream: usize, frame: &DataStream) -> anyhow::Result<()> {
        let Stream { channels, next } = &mut self.streams[stream];
        let said = (frame.start_channel, frame.end_channel);
        let planned = (channels.first() as i32, channels.last() as i32);
        ensure!(said == planned, "stream {stream} sent channels {said:?} instead of {planned:?}");
        let rows = frame.row_index.len();
        let lists = [frame.timestamp_in_milis.len(), frame.main_data.len()];
        ensure!(
            lists == [rows, rows],
            "stream {stream} sent {rows} row indices with {lists:?} times and rows"
        );
        let width = channels.count() * self.values_per_channel;
        let offset = (channels.first() - self.first_channel) as usize * self.values_per_channel;
        for ((&index, &time_ms), data) in
            frame.row_index.iter().zip(&frame.timestamp_in_milis).zip(&frame.main_data)
        {
            ensure!(data.len() == width * 4, "stream {stream} sent {} bytes for {width} values", data.len());
            let is_next = next.is_some_and(|next| index >= next);
            ensure!(is_next, "stream {stream} sent row {index} after a later one");
            *next = index.checked_add(1);
            let blank = || Row { index, time_ms, values: vec![f32::NAN; self.values] };
            let row = self.pending.entry(index).or_insert_with(blank);
            for (value, bytes) in row.values[offset..].iter_mut().zip(data.as_chunks::<4>().0) {
                *value = f32::from_le_bytes(*bytes);
            }
        }
        Ok(())
    }

    /// A stream will bring no more.
    pub(super) fn end(&mut self, stream: usize) {
        self.streams[stream].next = None;
    }

    /// The next whole row.
    pub(super) fn pop(&mut self) -> Option<Row> {
        let first = self.pending.first_entry()?;
        let passed = self.streams.iter().all(|stream| stream.next.is_none_or(|next| next > *first.key()));
        passed.then(|| first.remove())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: u32, last: u32) -> ChannelRange {
        ChannelRange::new(first, last).unwrap()
    }

    fn frame(channels: (i32, i32), rows: &[(i32, &[f32])]) -> DataStream {
        DataStream {
            start_channel: channels.0,
            end_channel: channels.1,
            row_index: rows.iter().map(|row| row.0).collect(),
            timestamp_in_milis: rows.iter().map(|row| i64::from(row.0) * 40).collect(),
            main_data: rows
                .iter()
                .map(|row| row.1.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>().into())
                .collect(),
            ..DataStream::default()
        }
    }

    #[test]
    fn rows_wait_for_all_their_parts() {
        let mut join = Join::new(&[range(3, 4), range(5, 5)], 1);
        join.push(0, &frame((3, 4), &[(0, &[1.0, 2.0]), (1, &[3.0, 4.0])])).unwrap();
        assert_eq!((join.pop(), join.laggard()), (None, Some(1)));
        join.push(1, &frame((5, 5), &[(0, &[9.0])])).unwrap();
        assert_eq!(join.pop(), Some(Row { index: 0, time_ms: 0, values: vec![1.0, 2.0, 9.0] }));
        assert_eq!(join.pop(), None);
    }

    #[test]
    fn a_part_that_was_lost_is_a_gap() {
        let mut join = Join::new(&[range(1, 1), range(2, 2)], 2);
        join.push(0, &frame((1, 1), &[(0, &[1.0, 2.0]), (1, &[3.0, 4.0])])).unwrap();
        join.push(1, &frame((2, 2), &[(1, &[7.0, 8.0])])).unwrap();
        let row = join.pop().unwrap();
        assert_eq!(row.values[..2], [1.0, 2.0]);
        assert!(row.values[2..].iter().all(|value| value.is_nan()));
        assert_eq!(join.pop().unwrap().values, [3.0, 4.0, 7.0, 8.0]);
        join.push(0, &frame((1, 1), &[(5, &[1.0, 1.0])])).unwrap();
        join.end(1);
        assert_eq!(join.pop().unwrap().index, 5);
        join.end(0);
        assert_eq!(join.laggard(), None);
    }

    #[test]
    fn frames_that_contradict_the_plan_are_refused() {
        let mut join = Join::new(&[range(1, 2)], 1);
        for wrong in [
            frame((1, 3), &[(0, &[1.0, 2.0])]),
            frame((1, 2), &[(0, &[1.0])]),
            frame((1, 2), &[(-1, &[1.0, 2.0])]),
            frame((1, 2), &[(1, &[1.0, 2.0]), (0, &[1.0, 2.0])]),
            DataStream { timestamp_in_milis: vec![], ..frame((1, 2), &[(3, &[1.0, 2.0])]) },
        ] {
            assert!(join.push(0, &wrong).is_err(), "{wrong:?}");
        }
    }
}
