//! Live jobs fed by hand with the blocks of the built-in recording.

use std::path::PathBuf;

use focus_core::{Draft, JobId, Limits};
use focus_recordings::{EXCERPT, EXCERPT_NAME, Recording, RecordingReader};
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::{Feed, Viewer, WatchError};

#[path = "joined_tests.rs"]
mod joined;

struct Tape {
    recording: Recording,
    _directory: TempDir,
}

fn tape() -> Tape {
    let directory = TempDir::new().unwrap();
    let path: PathBuf = directory.path().join(EXCERPT_NAME);
    std::fs::write(&path, EXCERPT).unwrap();
    let recording = Recording::of_file(&path).unwrap().remove(0);
    Tape { recording, _directory: directory }
}

impl Tape {
    fn blocks(&self) -> impl Iterator<Item = Block> {
        let Recording { start, end, ref fibre, .. } = self.recording;
        RecordingReader::new(vec![self.recording.clone()], start, end, fibre.all_channels())
            .map(Result::unwrap)
    }

    fn spec(&self, sequence: u32, body: &Value) -> Arc<JobSpec> {
        self.spec_of(sequence, body, Show::Live(None))
    }

    fn spec_of(&self, sequence: u32, body: &Value, show: Show) -> Arc<JobSpec> {
        let draft = Draft::parse(body.to_string().as_bytes(), Timestamp::now()).unwrap();
        let (view, plan) = draft.resolve(&self.recording.fibre, &Limits::default()).unwrap();
        let id = JobId { slot: sequence, sequence };
        Arc::new(JobSpec { id, view, plan, fibre: Arc::new(self.recording.fibre.clone()), show })
    }
}

fn spectrogram(min: u32, max: u32) -> Value {
    json!({"view_type": 0, "channels": {"min": min, "max": max}, "displayInfo": {"height": 100}, "nfftSelection": 128})
}

/// Live spectra without their thread: orders are obeyed and blocks pushed by hand.
struct Bench {
    spectra: LiveSpectra,
    inbox: mpsc::Receiver<Order>,
    groups: Groups,
    past: Arc<ThreadPool>,
}

fn workers() -> Arc<ThreadPool> {
    Arc::new(rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap())
}

fn bench() -> Bench {
    let (orders, inbox) = mpsc::channel();
    let groups = Groups { groups: HashMap::new(), metrics: Metrics::default() };
    let (fibre, recent) = (focus_live::waiting(), Recent::new(Duration::from_secs(30)));
    Bench { spectra: LiveSpectra { orders, fibre, recent }, inbox, groups, past: workers() }
}

impl Bench {
    fn job(&mut self, spec: &Arc<JobSpec>) -> Feed {
        let past = Arc::clone(&self.past);
        let feed = Feed::new(Arc::clone(spec), &self.spectra, past, Metrics::default()).unwrap();
        self.obey();
        feed
    }

    /// What the thread does with a block.
    fn push(&mut self, block: Block) {
        let block = Arc::new(block);
        self.remember(&block);
        self.groups.push(&block);
    }

    /// The first half of it.
    fn remember(&self, block: &Arc<Block>) {
        self.spectra.recent.push(block);
    }

    fn obey(&mut self) {
        for order in self.inbox.try_iter() {
            self.groups.obey(order);
        }
    }
}

/// Everything that waits for this viewer.
async fn waiting(viewer: &mut Viewer) -> (Vec<Arc<StreamRow>>, u64) {
    let (mut rows, mut lost) = (Vec::new(), 0);
    while let Ok(Some(batch)) = tokio::time::timeout(std::time::Duration::ZERO, viewer.next()).await {
        lost += batch.lost;
        rows.extend(batch.rows);
    }
    (rows, lost)
}

#[tokio::test]
async fn live_rows_are_the_historic_rows_of_the_same_samples() {
    for body in [
        spectrogram(35, 70),
        json!({"view_type": 2, "channels": {"min": 1, "max": 500}, "displayInfo": {"height": 33}}),
        // Rows longer than a window: powers of several windows are averaged.
        json!({"view_type": 0, "channels": {"min": 7, "max": 9}, "displayInfo": {"height": 3}, "nfftSelection": 128}),
    ] {
        let tape = tape();
        let mut bench = bench();
        let live = bench.job(&tape.spec(1, &body));
        let mut viewers: Vec<_> = (0..3).map(|stream| live.watch(stream).unwrap()).collect();

        let mut past = body.clone();
        past["start_time"] = json!(focus_core::epoch_seconds(tape.recording.start));
        past["end_time"] = json!(focus_core::epoch_seconds(tape.recording.end));
        let show = Show::Historic([tape.recording.clone()].into());
        let historic = bench.job(&tape.spec_of(2, &past, show));

        let mut live_rows = vec![Vec::new(); 3];
        for block in tape.blocks() {
            bench.push(block);
            for (viewer, rows) in viewers.iter_mut().zip(&mut live_rows) {
                let (new, lost) = waiting(viewer).await;
                assert_eq!(lost, 0);
                rows.extend(new);
            }
        }
        for (stream, live_rows) in live_rows.iter().enumerate() {
            let mut viewer = historic.watch(stream).unwrap();
            let mut rows = Vec::new();
            while let Some(batch) = viewer.next().await {
                rows.extend(batch.rows);
            }
            assert_eq!(viewer.end(), End::Completed);
            assert!(rows.len() > 10);
            assert!(rows.len() <= live_rows.len() && live_rows.len() <= rows.len() + 1);
            for (index, (live, historic)) in live_rows.iter().zip(&rows).enumerate() {
                assert_eq!((live.index, historic.index), (index as u32, index as u32));
                // The request carries the start as a double of seconds: exact to a quarter of a microsecond.
                assert!(live.time.duration_since(historic.time).as_nanos().abs() < 250);
                assert_eq!(live.values, historic.values, "row {index} of stream {stream}");
            }
        }
        assert!(historic.is_read() && !live.is_read());
    }
}

#[tokio::test]
async fn jobs_that_show_the_fibre_in_the_same_way_share_the_work() {
    let tape = tape();
    let mut bench = bench();
    let specs = [tape.spec(1, &spectrogram(1, 40)), tape.spec(2, &spectrogram(30, 60))];
    let feeds = specs.each_ref().map(|spec| bench.job(spec));
    let mut other = spectrogram(30, 60);
    other["nfftSelection"] = json!(256);
    let other = bench.job(&tape.spec(3, &other));
    assert_eq!(bench.groups.groups.len(), 2);

    let mut viewers = feeds.each_ref().map(|feed| feed.watch(0).unwrap());
    tape.blocks().take(5).for_each(|block| bench.push(block));
    for viewer in &mut viewers {
        assert!(!waiting(viewer).await.0.is_empty());
    }
    drop((feeds, other));
    bench.obey();
    assert!(bench.groups.groups.is_empty(), "nothing is computed for jobs that are gone");
}

#[tokio::test]
async fn a_slow_viewer_loses_rows_and_knows_and_harms_nobody() {
    let tape = tape();
    let mut bench = bench();
    let spec = tape.spec(1, &spectrogram(1, 30));
    let feed = bench.job(&spec);
    let (mut slow, mut quick) = (feed.watch(0).unwrap(), feed.watch(0).unwrap());
    let mut seen = Vec::new();
    for block in tape.blocks() {
        bench.push(block);
        seen.extend(waiting(&mut quick).await.0);
    }
    assert_eq!(
        seen.iter().map(|row| row.index).collect::<Vec<_>>(),
        (0..seen.len() as u32).collect::<Vec<_>>()
    );
    let (rows, lost) = waiting(&mut slow).await;
    assert!(lost > 0 && rows.len() >= spec.plan.queued_rows());
    assert_eq!(rows.len() as u64 + lost, seen.len() as u64, "every row was seen or counted as lost");
    assert_eq!(u64::from(rows[0].index), lost, "the jump says how many");
    for (slow, quick) in rows.iter().zip(&seen[lost as usize..]) {
        assert!(Arc::ptr_eq(slow, quick), "the same rows for all, encoded once");
    }
}

#[tokio::test]
async fn lost_blocks_are_a_gap_and_then_rows_again() {
    let tape = tape();
    let mut bench = bench();
    let feed = bench.job(&tape.spec(1, &spectrogram(1, 3)));
    let mut viewer = feed.watch(0).unwrap();
    let mut rows = Vec::new();
    for (number, block) in tape.blocks().enumerate() {
        if !(10..13).contains(&number) {
            bench.push(block);
            rows.extend(waiting(&mut viewer).await.0);
        }
    }
    let (gap, good): (Vec<_>, Vec<_>) = rows.iter().partition(|row| !row.complete);
    assert!(!gap.is_empty() && good.len() > gap.len());
    for row in &gap {
        assert!(
            row.values.chunks_exact(4).all(|value| f32::from_le_bytes(value.try_into().unwrap()).is_nan())
        );
    }
    assert!(rows.last().unwrap().complete);
    // Three seconds are missing, and the rows of the windows that reach into them.
    let seconds = gap.last().unwrap().time.duration_since(gap[0].time).as_secs_f64();
    assert!((3.0..6.0).contains(&seconds), "{seconds} s");
    assert_eq!(bench.groups.metrics.missing_samples.get(), 300);
}

#[tokio::test]
async fn the_end_of_the_source_ends_the_rows_with_a_reason() {
    let tape = tape();
    let mut bench = bench();
    let feed = bench.job(&tape.spec(1, &spectrogram(1, 3)));
    let mut viewer = feed.watch(0).unwrap();
    let Bench { spectra, inbox, groups, past } = bench;
    drop((inbox, groups));
    assert!(
        Feed::new(Arc::clone(feed.spec()), &spectra, past, Metrics::default()).is_none(),
        "no job without a source"
    );
    assert!(viewer.next().await.is_none());
    assert_eq!(viewer.end(), End::Failed("the live source ended".to_owned()));
    assert_eq!(feed.ended().await, viewer.end());
    assert!(feed.watch(0).unwrap().next().await.is_none());
}

#[tokio::test]
async fn a_job_has_places_for_so_many_readers_and_no_more() {
    let tape = tape();
    let mut bench = bench();
    let feed = bench.job(&tape.spec(1, &spectrogram(1, 3)));
    let mut viewers = Vec::new();
    let refused = loop {
        match feed.watch(viewers.len() % 3) {
            Ok(viewer) => viewers.push(viewer),
            Err(refused) => break refused,
        }
    };
    assert_eq!(refused, WatchError::TooManyViewers { places: viewers.len() });
    assert_eq!(feed.audience().borrow().viewers, viewers.len());
    viewers.pop();
    assert!(feed.watch(0).is_ok());
    assert_eq!(feed.watch(3).unwrap_err(), WatchError::NoSuchStream { last: 2 });
}

#[tokio::test]
async fn a_job_that_joins_in_the_middle_of_a_row_begins_with_a_whole_one() {
    // A row of 3.33 s is the average of several windows; blocks end in the middle of rows.
    let averaged = |min: f64, max: f64| {
        json!({
            "view_type": 0, "channels": {"min": 1, "max": 3}, "displayInfo": {"height": 3}, "nfftSelection": 128,
            "frequencyRange": {"min": min, "max": max},
        })
    };
    let tape = tape();
    let mut bench = bench();
    let first = bench.job(&tape.spec(1, &averaged(2.0, 5.0)));
    let mut late = None;
    let mut rows = Vec::new();
    for (number, block) in tape.blocks().enumerate() {
        if number == 8 {
            let feed = bench.job(&tape.spec(2, &averaged(2.0, 40.0)));
            let viewer = feed.watch(0).unwrap();
            late = Some((feed, viewer));
        }
        bench.push(block);
        if let Some((_, viewer)) = &mut late {
            rows.extend(waiting(viewer).await.0);
        }
    }
    assert!(rows.len() > 5);
    assert!(rows.iter().all(|row| row.complete), "no sample is missing, so no value is");
    assert!(first.last_row().is_some());
}

#[tokio::test]
async fn a_failed_group_takes_no_other_with_it() {
    let tape = tape();
    let mut bench = bench();
    let (bad, good) = (bench.job(&tape.spec(1, &spectrogram(1, 3))), {
        let mut other = spectrogram(1, 3);
        other["nfftSelection"] = json!(256);
        bench.job(&tape.spec(2, &other))
    });
    let mut viewer = good.watch(0).unwrap();
    for group in bench.groups.groups.values_mut().filter(|group| group.jobs[0].spec.id.slot == 1) {
        group.fail();
    }
    tape.blocks().take(6).for_each(|block| bench.push(block));
    assert_eq!(bench.groups.groups.len(), 1);
    assert!(matches!(bad.ended().await, End::Failed(reason) if reason.contains("spectra failed")));
    assert!(!waiting(&mut viewer).await.0.is_empty());
}

#[tokio::test]
async fn who_waits_for_rows_watches_even_when_none_come() {
    let tape = tape();
    let mut bench = bench();
    let feed = bench.job(&tape.spec(1, &spectrogram(1, 3)));
    let mut viewer = feed.watch(0).unwrap();
    let pause = std::time::Duration::from_millis(20);
    {
        let mut next = std::pin::pin!(viewer.next());
        assert!(tokio::time::timeout(pause, &mut next).await.is_err());
        assert!(feed.unattended_for().is_zero());
    }
    tokio::time::sleep(pause).await;
    assert!(feed.unattended_for() >= pause, "connected, but asks for nothing");
}
