use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use focus_core::Block;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// Most bytes of samples that are kept.
const MOST_BYTES: usize = 64 << 20;

/// The newest blocks of the live fibre, for views that begin before now. Cloning shares them.
#[derive(Clone, Debug)]
pub(crate) struct Recent {
    kept: Arc<Mutex<Kept>>,
    /// How many blocks have come.
    count: watch::Sender<u64>,
}

#[derive(Debug)]
struct Kept {
    longest: SignedDuration,
    bytes: usize,
    /// In the order in which they came.
    blocks: VecDeque<Arc<Block>>,
}

impl Recent {
    /// Keeps blocks for this long, by their own times, as long as they take no more than 64 MiB.
    pub(crate) fn new(longest: Duration) -> Self {
        let longest = SignedDuration::try_from(longest).unwrap_or(SignedDuration::MAX);
        let kept = Kept { longest, bytes: 0, blocks: VecDeque::new() };
        Self { kept: Arc::new(Mutex::new(kept)), count: watch::Sender::new(0) }
    }

    pub(crate) fn push(&self, block: &Arc<Block>) {
        self.kept().push(block);
        self.count.send_modify(|count| *count += 1);
    }

    /// Tells when another block has come.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }

    /// Those with samples after `end`, oldest first.
    pub(crate) fn after(&self, end: Timestamp) -> Vec<Arc<Block>> {
        let kept = self.kept();
        kept.blocks.iter().filter(|block| block.end() > end).cloned().collect()
    }

    /// When the newest ends.
    pub(crate) fn end(&self) -> Option<Timestamp> {
        self.kept().blocks.back().map(|block| block.end())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn push(&mut self, block: &Arc<Block>) {
        if self.longest.is_zero() {
            return;
        }
        self.bytes += bytes(block);
        self.blocks.push_back(Arc::clone(block));
        let oldest = block.end().saturating_sub(self.longest).unwrap_or(Timestamp::MIN);
        // One that is ahead of its time, because a clock was set back, must not stay for ever: the bytes are bounded.
        while self.bytes > MOST_BYTES || self.blocks.front().is_some_and(|block| block.end() <= oldest) {
            let Some(block) = self.blocks.pop_front() else { break };
            self.bytes -= bytes(&block);
        }
    }
}

fn bytes(block: &Block) -> usize {
    block.samples.len() * block.samples.data_type().bytes()
}
