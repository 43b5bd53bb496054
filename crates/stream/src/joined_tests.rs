//! Live jobs that begin before now, on the built-in recording: what the bench is given counts as live, the file as recorded.

use focus_core::{epoch_seconds, sample_offset};
use focus_spectrum::{Spectrograph, Transform};

use super::*;
use crate::Before;

/// Seconds from the beginning of the recording at which the live fibre begins.
const LIVE: usize = 20;

fn with_past(body: Value) -> Value {
    let mut body = body;
    body["withPast"] = json!(true);
    body
}

struct Joining {
    tape: Tape,
    bench: Bench,
    live: Vec<Block>,
}

impl Joining {
    fn new() -> Self {
        let (tape, bench) = (tape(), bench());
        let live = tape.blocks().skip(LIVE).collect();
        Self { tape, bench, live }
    }

    fn at(&self, seconds: f64) -> Timestamp {
        let rate = self.tape.recording.fibre.sampling_rate;
        self.tape.recording.start.checked_add(sample_offset(seconds * rate, rate)).unwrap()
    }

    /// A job that was asked for at `asked`; of what came before, that much was `recorded`.
    fn job(&mut self, body: &Value, asked: f64, recorded: f64) -> Feed {
        let duration = body["displayTimeAxisDuration"].as_f64().unwrap_or(10.0);
        let recordings = [self.tape.recording.clone()].into();
        let before =
            Before { since: self.at(asked - duration), until: self.at(recorded), recordings, unknown: None };
        self.bench.job(&self.tape.spec_of(1, &with_past(body.clone()), Show::Live(Some(before))))
    }

    /// All rows of the recording, counted as those of a live fibre that begins as it does here.
    fn all_rows(&self, feed: &Feed, stream: usize) -> Vec<(i64, f64, Vec<u8>)> {
        let (plan, channels) = (&feed.spec().plan, feed.spec().plan.streams[stream].channels);
        let origin = Some(self.live[0].start);
        let mut spectrograph = Spectrograph::new(Transform::of(plan), plan.hop(), origin);
        spectrograph.want([(plan.channels, plan.bins.clone())]);
        let blocks = self.tape.blocks();
        let rows = blocks.flat_map(|block| spectrograph.push(&block));
        rows.map(|row| {
            let mut values = Vec::new();
            row.copy_to(channels, plan.bins.clone(), &mut values);
            (row.number(), epoch_seconds(row.time()), bytemuck::cast_slice(&values).to_vec())
        })
        .collect()
    }
}

/// Rows until one at or after `until` has come.
async fn rows_until(viewer: &mut Viewer, until: Timestamp) -> Vec<Arc<StreamRow>> {
    let mut rows: Vec<Arc<StreamRow>> = Vec::new();
    while rows.last().is_none_or(|row| row.time < until) {
        let batch = viewer.next().await.unwrap();
        assert_eq!(batch.lost, 0);
        rows.extend(batch.rows);
    }
    rows
}

fn follow_each_other(rows: &[Arc<StreamRow>]) -> bool {
    rows.windows(2).all(|pair| pair[1].index == pair[0].index + 1)
}

#[tokio::test]
async fn no_seam_can_be_seen_between_the_past_and_the_present() {
    for body in [
        spectrogram(35, 70),
        json!({"view_type": 2, "channels": {"min": 1, "max": 500}, "displayInfo": {"height": 33}}),
        json!({"view_type": 0, "channels": {"min": 7, "max": 9}, "displayInfo": {"height": 3}, "nfftSelection": 128}),
        // Windows of 10.24 s: without the past there would be no row before the eleventh second.
        json!({"view_type": 1, "channels": {"min": 7, "max": 9}, "displayInfo": {"height": 77}}),
    ] {
        let mut joining = Joining::new();
        // Recorded up to the middle of the second live block.
        let feed = joining.job(&body, 21.5, 21.5);
        let mut viewer = feed.watch(0).unwrap();
        let mut rows = Vec::new();
        let live = std::mem::take(&mut joining.live);
        joining.live.push(live[0].clone());
        for block in live {
            joining.bench.push(block.clone());
            // A row is complete when half a window and half an interval have come after its centre.
            let plan = &feed.spec().plan;
            let after = f64::from(plan.nfft.unwrap_or(0)) / plan.sampling_rate + plan.row_interval;
            let until = epoch_seconds(block.end()) - after - plan.row_interval;
            while rows.last().is_none_or(|row: &Arc<StreamRow>| epoch_seconds(row.time) < until) {
                let batch = viewer.next().await.unwrap();
                assert_eq!(batch.lost, 0);
                rows.extend(batch.rows);
            }
        }
        let all = joining.all_rows(&feed, 0);
        let first = all.iter().position(|(_, time, _)| (time - epoch_seconds(rows[0].time)).abs() < 1e-6);
        let first = first.expect("rows stand where those of the live fibre stand");
        // 10 s before it was asked for, to the row.
        let begin = epoch_seconds(rows[0].time) - feed.spec().plan.row_interval / 2.0;
        let since = epoch_seconds(joining.at(11.5));
        assert!((0.0..feed.spec().plan.row_interval).contains(&(begin - since)), "{}", begin - since);
        assert_eq!(rows[0].index, 0);
        assert!(follow_each_other(&rows));
        assert!(rows.len() * 3 > all.len() && rows.iter().all(|row| row.complete));
        for (row, (number, _, values)) in rows.iter().zip(&all[first..]) {
            assert_eq!(i64::from(row.index), number - all[first].0);
            assert!(row.values[..] == values[..], "row {} of {body}", row.index);
        }
    }
}

#[tokio::test]
async fn what_was_not_recorded_is_a_gap_with_exact_times() {
    let mut joining = Joining::new();
    let feed = joining.job(&spectrogram(1, 30), 20.0, 15.0);
    let mut viewer = feed.watch(0).unwrap();
    let mut rows = Vec::new();
    for block in joining.live.drain(..).take(6) {
        let until = block.end().checked_sub(sample_offset(3.0, 1.0)).unwrap();
        joining.bench.push(block);
        rows.extend(rows_until(&mut viewer, until).await);
    }
    assert!(follow_each_other(&rows), "each row of the gap is there");
    let interval = feed.spec().plan.row_interval;
    for pair in rows.windows(2) {
        let step = pair[1].time.duration_since(pair[0].time).as_secs_f64();
        assert!((step - interval).abs() < 1e-6, "{step}");
    }
    let complete: Vec<_> = rows.iter().map(|row| row.complete).collect();
    let changes = complete.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(complete[0] && complete[complete.len() - 1] && changes == 2, "past, gap, present: {complete:?}");
    let missing = complete.iter().filter(|complete| !**complete).count() as f64 * interval;
    // Five seconds less what the last rows of the past reach beyond its end, and more by the windows that touch the gap.
    assert!((3.0..6.5).contains(&missing), "{missing}");
}

#[tokio::test]
async fn who_comes_later_gets_the_same_rows_of_the_time_before_that() {
    let mut joining = Joining::new();
    let feed = joining.job(&spectrogram(1, 30), 20.0, 20.0);
    let now = joining.at(38.0);
    let mut live = std::mem::take(&mut joining.live).into_iter();
    let mut first = feed.watch(1).unwrap();
    let (mut before, mut rows) = (Vec::new(), Vec::new());
    for block in live.by_ref().take(18) {
        let until = block.end().checked_sub(sample_offset(3.0, 1.0)).unwrap();
        joining.bench.push(block);
        before.extend(rows_until(&mut first, until).await);
    }
    let mut late = feed.watch(1).unwrap();
    for block in live.take(6) {
        let until = block.end().checked_sub(sample_offset(3.0, 1.0)).unwrap();
        joining.bench.push(block);
        before.extend(rows_until(&mut first, until).await);
        rows.extend(rows_until(&mut late, until).await);
    }
    let age = now.duration_since(rows[0].time).as_secs_f64();
    // It may have come just after the next block.
    assert!((8.5..10.5).contains(&age), "{age} s before it came");
    assert!(follow_each_other(&rows) && follow_each_other(&before));
    assert!(rows[0].index > 0 && rows.iter().all(|row| row.complete));
    assert_eq!(before[0].index, 0);
    let same = &before[rows[0].index as usize..];
    assert!(same.len() > 100);
    for (row, same) in rows.iter().zip(same) {
        assert_eq!((row.index, row.time, &row.values), (same.index, same.time, &same.values));
    }
}

#[tokio::test]
async fn a_row_that_was_given_before_its_live_one_came_is_not_given_again() {
    let mut joining = Joining::new();
    // Somebody shows the fibre in the same way already, so that live rows come with every block.
    let other = joining.tape.spec(2, &spectrogram(1, 30));
    let other = joining.bench.job(&other);
    let mut live = std::mem::take(&mut joining.live).into_iter();
    live.by_ref().take(4).for_each(|block| joining.bench.push(block));
    let feed = joining.job(&spectrogram(1, 30), 24.0, 20.0);
    live.by_ref().take(1).for_each(|block| joining.bench.push(block));
    let mut viewer = feed.watch(0).unwrap();
    let mut rows = rows_until(&mut viewer, joining.at(24.0)).await;
    let block = Arc::new(live.next().unwrap());
    joining.bench.remember(&block);
    rows.extend(rows_until(&mut viewer, joining.at(25.0)).await);
    joining.bench.groups.push(&block);
    live.take(1).for_each(|block| joining.bench.push(block));
    rows.extend(rows_until(&mut viewer, joining.at(26.0)).await);
    assert!(follow_each_other(&rows) && rows[0].index == 0);
    assert!(other.end().is_none());
}

#[tokio::test]
async fn a_past_that_cannot_be_read_is_left_out() {
    let mut joining = Joining::new();
    let feed = joining.job(&spectrogram(1, 30), 20.0, 20.0);
    std::fs::write(&joining.tape.recording.files[0].path, "no recording").unwrap();
    let mut viewer = feed.watch(0).unwrap();
    let (begin, end) = (joining.at(20.0), joining.at(24.0));
    for block in joining.live.drain(..).take(6) {
        joining.bench.push(block);
    }
    let rows = rows_until(&mut viewer, end).await;
    assert!(rows[0].time >= begin && rows.iter().all(|row| row.complete) && follow_each_other(&rows));
    // The row that begins ten seconds before is the first by number.
    assert!(rows[0].index >= 100);
    assert!(feed.end().is_none());
}

#[tokio::test]
async fn a_clock_that_is_far_behind_or_ahead_harms_nothing() {
    for off in [-7200.0, 7200.0] {
        let mut joining = Joining::new();
        // As the server's clock says; the fibre's is off.
        let feed = joining.job(&spectrogram(1, 30), 20.0 + off, 20.0 + off);
        let mut viewer = feed.watch(0).unwrap();
        let end = joining.at(24.0);
        for block in joining.live.drain(..).take(6) {
            joining.bench.push(block);
        }
        let rows = rows_until(&mut viewer, end).await;
        let last = rows.last().unwrap();
        assert!(follow_each_other(&rows) && last.index < 100_000 && rows[0].complete, "{off} {}", last.index);
    }
}

#[tokio::test]
async fn the_end_of_the_job_ends_the_wait_for_the_present() {
    let mut joining = Joining::new();
    let feed = joining.job(&spectrogram(1, 30), 20.0, 20.0);
    let mut viewer = feed.watch(0).unwrap();
    joining.bench.push(joining.live.remove(0));
    assert!(viewer.next().await.is_some(), "the past needs no more than one block");
    feed.finish(End::Stopped("enough".to_owned()));
    joining.bench.obey();
    while viewer.next().await.is_some() {}
    assert_eq!(viewer.end(), End::Stopped("enough".to_owned()));
}
