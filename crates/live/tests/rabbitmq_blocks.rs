//! Blocks through a real broker: from a playback to readers.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use focus_core::{Block, ChannelRange, Samples};
use focus_live::rabbitmq::{
    Address, Metadata, Metrics, Progress, Publication, Subscription, Wanted, consume, consume_patiently,
    publish,
};
use focus_live::{Feed, LiveFibre, LiveOptions, Playback, Scene, Simulator, Source, Speed};
use focus_rabbitmq_node::{Node, Server};
use prometheus_client::registry::Registry;
use tokio::time::timeout;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the broker may take to answer: more than it ever takes, on a busy machine too.
const DEADLINE: Duration = Duration::from_secs(10);
const OPTIONS: LiveOptions = LiveOptions { block: Duration::from_millis(20), queue: Duration::from_secs(60) };
const ALL: ChannelRange = ChannelRange::ALL;

fn address(node: &Node) -> Address {
    Address::parse(&node.url()).unwrap().with_deadline(DEADLINE)
}

fn band_channels() -> NonZeroU32 {
    NonZeroU32::new(64).unwrap()
}

fn playback(channels: u32, sampling_rate: f64, options: LiveOptions) -> Playback {
    let scene = Scene { channels, sampling_rate, ..Scene::default() };
    Playback::simulated(Simulator::new(scene).unwrap(), options)
}

/// A fibre in process, and the same on the broker.
fn publish_live(node: &Node, options: LiveOptions) -> (LiveFibre, Source, Publication) {
    let (live, source) = playback(300, 500.0, options).live().unwrap();
    let publication = publish(address(node), "test feed", Feed::from(&live), band_channels());
    (live, source, publication)
}

async fn read(node: &Node, channels: ChannelRange) -> (LiveFibre, Subscription, Metrics) {
    read_with(node, channels, None).await
}

async fn read_with(
    node: &Node,
    channels: ChannelRange,
    metadata: Option<Metadata>,
) -> (LiveFibre, Subscription, Metrics) {
    let metrics = Metrics::default();
    let wanted = Wanted { channels, options: OPTIONS, metadata };
    let (live, subscription) = consume(address(node), "test reader", wanted, metrics.clone()).await.unwrap();
    (live, subscription, metrics)
}

fn range(first: u32, last: u32) -> ChannelRange {
    ChannelRange::new(first, last).unwrap()
}

async fn next(blocks: &mut focus_live::Blocks) -> Arc<Block> {
    timeout(PATIENCE, blocks.next()).await.expect("blocks come").expect("the source goes on")
}

/// The samples of some channels, as bits.
fn bits(block: &Block, channels: ChannelRange) -> Vec<u32> {
    let Samples::Float32(values) = &block.samples else { panic!("{:?}", block.samples.data_type()) };
    let columns = channels.columns_from(block.first_channel);
    values
        .chunks(block.channels)
        .flat_map(|row| row[columns.clone()].iter().map(|value| value.to_bits()))
        .collect()
}

fn count(metrics: &Registry, name: &str) -> u64 {
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, metrics).unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_get_the_bands_that_they_want_as_they_were_published() {
    let node = Node::start();
    let (live, _source, _publication) = publish_live(&node, OPTIONS);
    let mut here = live.subscribe(ALL);
    let mut readers = Vec::new();
    for (wanted, held) in [
        (range(1, 300), range(1, 300)),
        (ALL, range(1, 300)),
        (range(64, 64), range(1, 64)),
        (range(64, 65), range(1, 128)),
        (range(65, 128), range(65, 128)),
        (range(257, 400), range(257, 300)),
    ] {
        let (there, subscription, _) = read(&node, wanted).await;
        let mut fibre = there.changes();
        timeout(PATIENCE, fibre.wait_for(Option::is_some)).await.expect("metadata comes").unwrap();
        assert_eq!(there.fibre(), live.fibre());
        readers.push((held, there.subscribe(wanted), subscription));
    }
    let (outside, _subscription, _) = read(&node, range(301, 400)).await;
    let mut nothing = outside.subscribe(range(301, 400));
    let mut published = HashMap::new();
    for (held, blocks, _) in &mut readers {
        let mut expected = None;
        for _ in 0..20 {
            let block = next(blocks).await;
            assert_eq!(block.sequence, *expected.get_or_insert(block.sequence), "{held:?}");
            expected = Some(block.sequence + 1);
            while !published.contains_key(&block.sequence) {
                let block = next(&mut here).await;
                published.insert(block.sequence, block);
            }
            let whole = &published[&block.sequence];
            assert_eq!((block.first_channel, block.channels), (held.first(), held.count()));
            assert_eq!((block.start, block.sampling_rate), (whole.start, whole.sampling_rate));
            assert!(bits(&block, *held) == bits(whole, *held), "{held:?}");
        }
    }
    assert!(timeout(Duration::ZERO, nothing.next()).await.is_err(), "channels that the fibre does not have");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_known_of_the_fibre_saves_waiting_for_it() {
    let node = Node::start();
    let playback = playback(300, 500.0, OPTIONS).at(Speed::Times(2.0));
    let fibre = playback.fibre().clone();
    let known = Metadata { fibre: focus_core::Fibre::clone(&fibre), band_channels: band_channels() };
    let (there, _subscription, _) = read_with(&node, ALL, Some(known)).await;
    assert_eq!(there.fibre(), Some(fibre), "at once");
    let mut blocks = there.subscribe(ALL);
    let (feed, source) = playback.feed().unwrap();
    let publication = publish(address(&node), "test feed", feed, band_channels());
    assert_eq!(next(&mut blocks).await.sequence, 0, "from the very first block on");

    let mut progress = publication.progress();
    timeout(PATIENCE, progress.wait_for(|progress| progress.blocks >= 50)).await.unwrap().unwrap();
    drop(source);
    let progress = timeout(PATIENCE, publication.ended()).await.unwrap();
    assert_eq!((progress.lost, progress.unconfirmed, &progress.outage), (0, 0, &None));
    // 10 instants of 300 channels, and 5 headers.
    assert_eq!(progress.bytes, progress.blocks * (10 * 300 * 4 + 5 * 48));
    while next(&mut blocks).await.sequence + 1 < progress.blocks {}

    let mut fibre = there.changes();
    timeout(PATIENCE, fibre.wait_for(Option::is_none)).await.expect("it goes").unwrap();
    // Nothing was published for so long that the reader has made itself a new queue.
    let (live, _source) = playback_of_another_fibre();
    let _publication = publish(address(&node), "test feed", Feed::from(&live), band_channels());
    timeout(PATIENCE, fibre.wait_for(|fibre| *fibre == live.fibre())).await.expect("it comes").unwrap();
    let block = next(&mut blocks).await;
    assert_eq!((block.first_channel, block.channels, block.times()), (1, 40, 4));
}

fn playback_of_another_fibre() -> (LiveFibre, Source) {
    playback(40, 200.0, OPTIONS).live().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_restarts_is_a_gap_and_nothing_more() {
    let mut node = Node::start();
    // More than a busy machine keeps it from publishing, less than a broker is away.
    let queue = Duration::from_secs(1);
    let (_live, _source, publication) = publish_live(&node, LiveOptions { queue, ..OPTIONS });
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry);
    let wanted = Wanted { channels: range(60, 70), options: OPTIONS, metadata: None };
    let (there, _subscription) = consume(address(&node), "test reader", wanted, metrics).await.unwrap();
    let mut blocks = there.subscribe(ALL);
    let mut last = next(&mut blocks).await;
    let mut gaps = Vec::new();
    for stop in [Server::stop, Server::kill] {
        let before = count(&registry, "focus_live_gaps_total");
        tokio::task::block_in_place(|| {
            stop(&mut node);
            node.start_again();
        });
        // The broker is away for longer than the publisher keeps blocks; then it is whole again.
        let back = Instant::now();
        let (mut seen, mut whole) = (0, 0);
        while seen == 0 || whole < 20 {
            let block = next(&mut blocks).await;
            let (jump, passed) = (block.sequence - last.sequence, block.start.duration_since(last.start));
            assert_eq!(passed.as_millis(), 20 * i128::from(jump), "time and sequence tell the same");
            last = block;
            (seen, whole) = if jump > 1 { (seen + 1, 0) } else { (seen, whole + 1) };
            assert!(back.elapsed() < PATIENCE, "{seen} gaps, and then {whole} whole blocks");
        }
        assert_eq!(count(&registry, "focus_live_gaps_total"), before + seen);
        gaps.push(seen);
    }
    // A busy machine may lose the broker's fresh node once more; not each time.
    assert!(gaps.contains(&1), "{gaps:?}");
    assert!((2..=4).contains(&count(&registry, "focus_live_reconnects_total")));
    // Brokers take seconds to start.
    assert!(count(&registry, "focus_live_blocks_lost_total") > 100);
    let mut progress = publication.progress();
    timeout(PATIENCE, progress.wait_for(|progress| progress.outage.is_none())).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_blocked_or_frozen_costs_blocks_and_no_memory() {
    let node = Node::start();
    let (live, source) =
        playback(300, 500.0, LiveOptions { queue: Duration::from_millis(200), ..OPTIONS }).live().unwrap();
    // Short, for what is frozen is found out by it.
    let address = address(&node).with_deadline(Duration::from_secs(1));
    let publication = publish(address.clone(), "test feed", Feed::from(&live), band_channels());
    let wanted = Wanted { channels: ALL, options: OPTIONS, metadata: None };
    let (there, _subscription) = consume_patiently(address, "test reader", wanted, Metrics::default());
    let mut blocks = there.subscribe(ALL);
    next(&mut blocks).await;

    let mut progress = publication.progress();
    let faults: [(Deed, Deed, &str); 2] = [
        (|node| node.alarm(true), |node| node.alarm(false), "blocks publishers"),
        (|node| node.freeze(), |node| node.thaw(), "confirmed nothing for 3 s"),
    ];
    for (fault, mend, words) in faults {
        tokio::task::block_in_place(|| fault(&node));
        let is_told = |progress: &Progress| {
            let outage = progress.outage.as_ref().map(ToString::to_string);
            // A busy broker may be found too slow before.
            outage.is_some_and(|told| told.starts_with("RabbitMQ unavailable: ") && told.contains(words))
        };
        let told = timeout(PATIENCE, progress.wait_for(is_told)).await.expect(words).unwrap().clone();
        let losing = progress.wait_for(|progress| progress.lost > told.lost + 20);
        let lost =
            timeout(PATIENCE, losing).await.expect("what is lost is counted meanwhile").unwrap().clone();
        assert!(lost.outage.is_some(), "{lost:?}");
        tokio::task::block_in_place(|| mend(&node));
        let served = |progress: &Progress| progress.outage.is_none() && progress.blocks > told.blocks;
        timeout(PATIENCE, progress.wait_for(served)).await.expect("it goes on").unwrap();
        let sequence = next(&mut blocks).await.sequence;
        while next(&mut blocks).await.sequence < sequence + 100 {}
    }

    tokio::task::block_in_place(|| node.alarm(true));
    timeout(PATIENCE, progress.wait_for(|progress| progress.outage.is_some())).await.unwrap().unwrap();
    drop(source);
    let last =
        timeout(PATIENCE, publication.ended()).await.expect("it ends although the broker takes nothing");
    assert!(last.outage.is_some() && last.unconfirmed == 0, "{last:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_takes_no_message_is_an_outage_until_it_takes_one() {
    let node = Node::start();
    let may_write = |what: &str| node.ctl(&["set_permissions", "reader", ".*", what, ".*"]);
    tokio::task::block_in_place(|| {
        node.ctl(&["add_user", "reader", "hunter2"]);
        may_write("^$");
    });
    let (live, _source) = playback(300, 500.0, OPTIONS).live().unwrap();
    let address = Address::parse(&format!("amqp://reader:hunter2@{}", node.address())).unwrap();
    let address = address.with_deadline(DEADLINE);
    let publication = publish(address, "test feed", Feed::from(&live), band_channels());
    let mut progress = publication.progress();
    let told = timeout(PATIENCE, progress.wait_for(|progress| progress.outage.is_some())).await.unwrap();
    let outage = told.unwrap().outage.clone().unwrap().to_string();
    assert!(outage.starts_with("RabbitMQ error: ACCESS_REFUSED"), "{outage}");
    // It logs in again and again, and that is no end of the outage.
    let served = progress.wait_for(|progress| progress.outage.is_none());
    assert!(timeout(Duration::from_secs(3), served).await.is_err());
    tokio::task::block_in_place(|| may_write(".*"));
    let served = progress.wait_for(|progress| progress.outage.is_none() && progress.blocks > 0);
    timeout(PATIENCE, served).await.expect("it goes on").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_fills_its_queue_to_its_bound_and_sees_a_gap() {
    let node = Node::start();
    // 2 s of it are 1.6 MB: more comes while the reader sleeps.
    let (feed, _source) = playback(200, 1000.0, OPTIONS).at(Speed::Times(20.0)).feed().unwrap();
    let publication = publish(address(&node), "test feed", feed, band_channels());
    let (go_on, gone_on) = mpsc::channel::<()>();
    let (tell, told) = tokio::sync::oneshot::channel();
    let address = address(&node);
    // A runtime that does not run while its thread waits: nothing takes what arrives.
    let reader = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        let wanted = Wanted { channels: ALL, options: OPTIONS, metadata: None };
        let (there, _subscription) =
            runtime.block_on(consume(address, "slow reader", wanted, metrics)).unwrap();
        let mut blocks = there.subscribe(ALL);
        let mut last = runtime.block_on(next(&mut blocks)).sequence;
        tell.send(()).unwrap();
        gone_on.recv_timeout(PATIENCE).unwrap();
        loop {
            let sequence = runtime.block_on(next(&mut blocks)).sequence;
            if sequence > last + 1 {
                assert_eq!(blocks.lost(), 0, "it was the broker that dropped them");
                return (sequence - last - 1, count(&registry, "focus_live_blocks_lost_total"));
            }
            last = sequence;
        }
    });
    timeout(PATIENCE, told).await.unwrap().unwrap();
    let mut progress = publication.progress();
    let begun = progress.borrow_and_update().bytes;
    let enough = |progress: &Progress| progress.bytes > begun + 40_000_000;
    timeout(PATIENCE, progress.wait_for(enough)).await.unwrap().unwrap();
    let queue = node.ask(&["list_queues", "--no-table-headers", "message_bytes_ready", "messages_ready"]);
    let numbers: Vec<u64> = queue.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let bound = 2 * 200 * 1000 * 4 + 64 * 1024;
    assert!((bound / 2..=bound).contains(&numbers[0]), "{queue}");
    assert_eq!(progress.borrow().lost, 0, "the publisher does not notice");
    go_on.send(()).unwrap();
    let (jump, lost) = reader.join().unwrap();
    assert!(jump > 100, "{jump}");
    assert!(lost >= jump, "{lost} counted, {jump} missing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_leaves_no_queue_behind() {
    let node = Node::start();
    let (there, subscription, _) = read(&node, ALL).await;
    let mut blocks = there.subscribe(ALL);
    assert_eq!(node.queues().len(), 1);
    drop(subscription);
    assert_eq!(timeout(PATIENCE, blocks.next()).await.unwrap(), None);
    assert_eq!(there.fibre(), None);
    until_no_queues(&node);

    let mut reader = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_reader_that_is_killed", "--ignored", "--nocapture"])
        .env(BROKER, node.url())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while node.queues().is_empty() {
        assert!(began.elapsed() < PATIENCE, "no queue");
    }
    reader.kill().unwrap();
    reader.wait().unwrap();
    until_no_queues(&node);
}

fn until_no_queues(node: &Node) {
    let began = Instant::now();
    while let queues @ [_, ..] = &node.queues()[..] {
        assert!(began.elapsed() < PATIENCE, "{queues:?}");
    }
}

/// What is done to a broker.
type Deed = fn(&Node);

/// Where the broker is, for the process that is killed.
const BROKER: &str = "FOCUS_TEST_BROKER";

#[tokio::test]
#[ignore = "a process for another test to kill"]
async fn a_reader_that_is_killed() {
    let Ok(url) = std::env::var(BROKER) else { return };
    let wanted = Wanted { channels: ALL, options: OPTIONS, metadata: None };
    let address = Address::parse(&url).unwrap().with_deadline(DEADLINE);
    let reading = consume(address, "test reader", wanted, Metrics::default()).await;
    let _reading = reading.unwrap();
    tokio::time::sleep(PATIENCE).await;
}
