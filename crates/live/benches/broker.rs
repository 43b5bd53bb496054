//! A whole fibre of 2222 channels x 2000 Hz float32 through a broker of its own on this machine, to one reader of
//! all of it and to three readers of a third each. Prints how many times real time that is, and at real time
//! how long after its last sample was taken a block is there.

use std::convert::Infallible;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use focus_core::{Block, ChannelRange, Fibre, Samples, sample_offset};
use focus_live::rabbitmq::{Address, Metadata, Metrics, Wanted, consume, publish};
use focus_live::{Blocks, LiveOptions, Playback, Scene, Simulator, Speed};
use focus_rabbitmq_node::Node;
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Runtime;
use tokio::time::timeout_at;

const SCENE: Scene = Scene { channels: 2222, sampling_rate: 2000.0, dx: 1.0, seed: 1 };
const BAND_CHANNELS: NonZeroU32 = NonZeroU32::new(128).unwrap();
/// How long each line is measured.
const MEASURED: Duration = Duration::from_secs(8);

fn main() {
    let node = Node::start();
    let runtime = Runtime::new().expect("a runtime starts");
    let (fibre, recorded) = recording();
    println!(
        "2222 channels x 2000 Hz float32 = 17.8 MB/s, blocks of 100 ms, bands of {BAND_CHANNELS} channels"
    );
    for readers in [1, 3] {
        for speed in [Speed::RealTime, Speed::Times(2.0), Speed::Times(4.0), Speed::Times(8.0), Speed::Max] {
            let played = recorded.clone();
            let open = move || vec![Ok::<_, Infallible>(played.clone())].into_iter();
            let playback = Playback::replayed(fibre.clone(), LiveOptions::default(), open).at(speed);
            runtime.block_on(measure(&node, playback, speed, readers));
        }
    }
}

/// A second of the simulated fibre: simulating all of it would be what is measured.
fn recording() -> (Fibre, Block) {
    let simulator = Simulator::new(SCENE).expect("a possible scene");
    let samples: Samples = simulator.samples(0, SCENE.sampling_rate as usize);
    let block = Block {
        sequence: 0,
        start: Timestamp::UNIX_EPOCH,
        sampling_rate: SCENE.sampling_rate,
        first_channel: 1,
        channels: SCENE.channels as usize,
        samples,
    };
    (simulator.fibre(), block)
}

async fn measure(node: &Node, playback: Playback, speed: Speed, readers: usize) {
    let address =
        Address::parse(&node.url()).expect("a node has a URL").with_deadline(Duration::from_secs(10));
    let fibre = playback.fibre().clone();
    let metadata = Some(Metadata { fibre: Fibre::clone(&fibre), band_channels: BAND_CHANNELS });
    let mut reading = Vec::new();
    let end = Instant::now() + MEASURED;
    for channels in fibre.all_channels().split(readers) {
        let wanted = Wanted { channels, options: LiveOptions::default(), metadata: metadata.clone() };
        let metrics = Metrics::default();
        let (live, subscription) =
            consume(address.clone(), "bench reader", wanted, metrics).await.expect("the broker serves");
        let blocks = live.subscribe(ChannelRange::ALL);
        reading.push(tokio::spawn(async move {
            let _subscription = subscription;
            read(blocks, end).await
        }));
    }
    let (began, processor) = (Instant::now(), processor_seconds());
    let (feed, source) = playback.feed().expect("a thread starts");
    let publication = publish(address, "bench feed", feed, BAND_CHANNELS);
    let mut heard = Vec::new();
    for reader in reading {
        heard.push(reader.await.expect("it reads"));
    }
    let (elapsed, processor) = (began.elapsed().as_secs_f64(), processor_seconds() - processor);
    let published = publication.progress().borrow().blocks as f64 / 10.0 / elapsed;
    drop(source);
    let lost = publication.ended().await.lost;
    let received = heard.iter().map(|heard| heard.blocks).min().unwrap_or(0) as f64 / 10.0 / elapsed;
    let missed: u64 = heard.iter().map(|heard| heard.missed).sum();
    println!(
        "{readers} reader(s), {speed:?}: published {published:.2}, received {received:.2} times real time; \
         {lost} blocks lost before the broker, {missed} behind it; {:.0} % of a core without the broker",
        100.0 * processor / elapsed
    );
    if speed == Speed::RealTime {
        let mut latencies: Vec<_> = heard.into_iter().flat_map(|heard| heard.latencies).collect();
        latencies.sort_unstable();
        let at = |part: f64| latencies[((latencies.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
        println!("    a block is there p50 {:.1} ms, p99 {:.1} ms after its last sample", at(0.5), at(0.99));
    }
}

#[derive(Default)]
struct Heard {
    blocks: u64,
    missed: u64,
    /// From a block's last sample to its arrival.
    latencies: Vec<SignedDuration>,
}

async fn read(mut blocks: Blocks, end: Instant) -> Heard {
    let (mut heard, mut last): (Heard, Option<Arc<Block>>) = Default::default();
    while let Ok(Some(block)) = timeout_at(end.into(), blocks.next()).await {
        let taken = block.start + sample_offset(block.times() as f64, block.sampling_rate);
        heard.latencies.push(Timestamp::now().duration_since(taken));
        heard.blocks += 1;
        heard.missed += last.map_or(0, |last| block.sequence - last.sequence - 1);
        last = Some(block);
    }
    heard
}

/// Processor time of this process, in seconds; 0 where the system does not say.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(11).take(2);
    // Linux counts hundredths of a second here, on every machine.
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
