//! The reading side over real threads and time.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use focus_core::{Block, ChannelRange, DataType, Samples, sample_offset};
use focus_live::{
    Feed, LiveFibre, LiveOptions, Playback, Scene, Simulator, Source, Speed, replay, simulate, waiting,
};
use jiff::{SignedDuration, Timestamp};

const FAST: LiveOptions = LiveOptions { block: Duration::from_millis(10), queue: Duration::from_secs(20) };

fn simulated(options: LiveOptions) -> (LiveFibre, Source) {
    let scene = Scene { channels: 20, sampling_rate: 1000.0, ..Scene::default() };
    simulate(Simulator::new(scene).unwrap(), options).unwrap()
}

fn channels() -> ChannelRange {
    ChannelRange::new(3, 5).unwrap()
}

#[tokio::test]
async fn simulated_blocks_come_in_real_time_with_times_of_now() {
    let began = Timestamp::now();
    let (live, _source) = simulated(FAST);
    assert_eq!(live.fibre().unwrap().channels, 20);
    let mut blocks = live.subscribe(channels());
    let mut last: Option<Arc<Block>> = None;
    for _ in 0..30 {
        let block = blocks.next().await.unwrap();
        assert_eq!((block.times(), block.channels, block.first_channel), (10, 20, 1));
        assert!(block.start >= began, "no block from before");
        assert!(end(&block) <= Timestamp::now(), "no block before its last sample was taken");
        if let Some(last) = last {
            assert_follows(&last, &block);
        }
        last = Some(block);
    }
    assert_eq!(blocks.lost(), 0);
}

#[tokio::test]
async fn a_reader_that_falls_behind_sees_the_jump() {
    let (live, _source) = simulated(LiveOptions { queue: Duration::from_millis(40), ..FAST });
    let mut blocks = live.subscribe(channels());
    let first = blocks.next().await.unwrap().sequence;
    let mut prompt = live.subscribe(channels());
    while prompt.next().await.unwrap().sequence < first + 30 {}
    let next = blocks.next().await.unwrap().sequence;
    assert!(blocks.lost() >= 10, "{}", blocks.lost());
    assert!(next > first + blocks.lost(), "{next} after {first} and {} lost", blocks.lost());
}

#[tokio::test]
async fn dropping_the_source_ends_the_blocks_and_the_fibre() {
    let (live, source) = simulated(LiveOptions { block: Duration::from_secs(60), ..FAST });
    let mut blocks = live.subscribe(channels());
    let thread = std::thread::spawn({
        let mut blocks = live.subscribe(channels());
        move || blocks.blocking_next()
    });
    let mut changes = live.changes();
    assert!(changes.borrow_and_update().is_some());
    let began = Instant::now();
    drop(source);
    assert!(began.elapsed() < Duration::from_secs(30), "it does not wait for the next block");
    assert_eq!(blocks.next().await, None);
    assert_eq!(thread.join().unwrap(), None);
    changes.changed().await.unwrap();
    assert!(changes.borrow_and_update().is_none());
    assert!(changes.changed().await.is_err(), "for good");
    assert_eq!(live.fibre(), None);
    assert_eq!(live.subscribe(channels()).next().await, None);
}

#[tokio::test]
async fn without_a_fibre_there_is_nothing() {
    let live = waiting();
    assert_eq!(live.fibre(), None);
    assert_eq!(live.subscribe(channels()).next().await, None);
}

#[test]
fn a_recording_is_replayed_to_a_thread() {
    let simulator = Simulator::new(Scene { channels: 4, sampling_rate: 500.0, ..Scene::default() }).unwrap();
    let mut fibre = simulator.fibre();
    fibre.data_type = DataType::Int16;
    let recorded = Block {
        sequence: 0,
        start: Timestamp::UNIX_EPOCH,
        sampling_rate: 500.0,
        first_channel: 1,
        channels: 4,
        samples: Samples::Int16((0..4 * 35).collect()),
    };
    let open = move || vec![Ok::<_, Infallible>(recorded.clone())].into_iter();
    let (live, _source) = replay(fibre, FAST, open).unwrap();
    let mut blocks = live.subscribe(channels());
    let mut last: Option<Arc<Block>> = None;
    for _ in 0..32 {
        let block = blocks.blocking_next().unwrap();
        if let Some(last) = last {
            assert_follows(&last, &block);
            let value = values(&last)[values(&last).len() - 1];
            assert_eq!(values(&block)[0], (value + 1) % 140, "the recording goes on, and from its beginning");
        }
        last = Some(block);
    }
}

fn values(block: &Block) -> &[i16] {
    let Samples::Int16(values) = &block.samples else { panic!("{:?}", block.samples.data_type()) };
    values
}

/// When the block's last sample has been taken.
fn end(block: &Block) -> Timestamp {
    block.start + sample_offset(block.times() as f64, block.sampling_rate)
}

/// Without a gap, or with one if the machine was too busy to make blocks for seconds.
fn assert_follows(last: &Block, block: &Block) {
    if block.sequence == last.sequence + 1 {
        assert_eq!(block.start, end(last));
    } else {
        assert!(block.sequence > last.sequence);
        assert!(block.start > end(last) + SignedDuration::from_secs(2), "a gap that need not be");
    }
}

fn fast(speed: Speed) -> (Feed, Source) {
    let scene = Scene { channels: 20, sampling_rate: 1000.0, ..Scene::default() };
    Playback::simulated(Simulator::new(scene).unwrap(), FAST).at(speed).feed().unwrap()
}

#[tokio::test]
async fn one_reader_decides_how_fast_a_playback_goes_and_misses_nothing() {
    for speed in [Speed::Max, Speed::Times(1000.0)] {
        let began = Instant::now();
        let (mut feed, _source) = fast(speed);
        assert!(feed.fibre().is_some());
        let first = feed.next().await.unwrap();
        let mut last = first.clone();
        while last.sequence < 1000 {
            if last.sequence == 500 {
                // Ten seconds of a clock that runs 1000 times as fast.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let block = feed.next().await.unwrap();
            assert_eq!(block.sequence, last.sequence + 1, "{speed:?}");
            assert_eq!(block.start, end(&last), "{speed:?}");
            last = block;
        }
        let played = last.start.duration_since(first.start);
        assert!(began.elapsed() < played.unsigned_abs() / 2, "{speed:?}");
    }
}

#[tokio::test]
async fn a_playback_at_many_times_real_time_is_no_faster() {
    let began = Instant::now();
    let (mut feed, _source) = fast(Speed::Times(20.0));
    let first = feed.next().await.unwrap();
    while feed.next().await.unwrap().sequence < first.sequence + 400 {}
    // 4 s of samples; the clock may begin up to a second ahead.
    assert!(began.elapsed() > Duration::from_millis(140), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_playback_that_nobody_takes_can_be_stopped() {
    for pause in [20, 200, 2000].map(Duration::from_millis) {
        let (mut feed, source) = fast(Speed::Max);
        assert!(feed.next().await.is_some());
        // Time to make the next two, of which only one has room; a busy machine needs more of it.
        tokio::time::sleep(pause).await;
        drop(source);
        let was_there = feed.next().await.is_some();
        assert!(!was_there || feed.next().await.is_none());
        assert_eq!(feed.fibre(), None);
        if was_there {
            return;
        }
    }
    panic!("what was there is not there");
}
