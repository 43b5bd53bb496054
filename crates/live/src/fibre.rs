use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use focus_core::{Block, ChannelRange, Fibre};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, timeout_at};

/// A fibre that is announced every second has been heard of after this long.
const ANNOUNCED_WITHIN: Duration = Duration::from_millis(1500);

/// The fibre as it is now. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LiveFibre {
    fibre: watch::Receiver<Option<Arc<Fibre>>>,
    /// Weak, so that the blocks end with their source and not with the last reader.
    blocks: broadcast::WeakSender<Arc<Block>>,
    /// How many of them are kept for a reader that falls behind.
    kept: usize,
    announced: Option<Announced>,
}

/// What is known of a fibre that somebody else announces.
#[derive(Clone, Debug)]
pub(crate) struct Announced {
    /// Since when it would be heard.
    pub(crate) listening: watch::Receiver<Option<Instant>>,
    /// Into bands of how many channels it was cut when it was last heard.
    pub(crate) band_channels: watch::Receiver<Option<NonZeroU32>>,
}

impl LiveFibre {
    /// A fibre, and a queue of this capacity that its blocks come through.
    pub(crate) fn new(
        fibre: watch::Receiver<Option<Arc<Fibre>>>,
        blocks: broadcast::WeakSender<Arc<Block>>,
        capacity: usize,
    ) -> Self {
        // The queue rounds up.
        Self { fibre, blocks, kept: capacity.next_power_of_two(), announced: None }
    }

    /// The same, of a fibre that is announced every second.
    pub(crate) fn announced(self, announced: Announced) -> Self {
        Self { announced: Some(announced), ..self }
    }

    /// What the fibre is; `None` while none is connected.
    #[must_use]
    pub fn fibre(&self) -> Option<Arc<Fibre>> {
        self.fibre.borrow().clone()
    }

    /// What the fibre is. While it is announced by somebody else and has been listened to for less than 1.5 s,
    /// `None` only means that it was not heard of yet: then this waits.
    pub async fn arriving(&self) -> Option<Arc<Fibre>> {
        let since = self.announced.as_ref().and_then(|announced| *announced.listening.borrow());
        if let Some(since) = since {
            let mut shown = self.fibre.clone();
            // Whether it was heard of, or too late, or its source has ended, is seen below.
            drop(timeout_at(since + ANNOUNCED_WITHIN, shown.wait_for(Option::is_some)).await);
        }
        self.fibre()
    }

    /// Into bands of how many channels the fibre is cut where it travels in bands, as far as its publisher has said.
    #[must_use]
    pub fn band_channels(&self) -> Option<NonZeroU32> {
        self.announced.as_ref().and_then(|announced| *announced.band_channels.borrow())
    }

    /// The blocks from now on. Each holds at least these channels, as far as the fibre has them; here, in
    /// process, it holds all of them.
    #[must_use]
    pub fn subscribe(&self, _channels: ChannelRange) -> Blocks {
        let receiver = match self.blocks.upgrade() {
            Some(sender) => sender.subscribe(),
            // Of an ended source: a channel without sender, which ends at once.
            None => broadcast::channel(1).1,
        };
        Blocks { receiver, kept: self.kept, lost: 0 }
    }

    /// Tells when the fibre appears, changes or goes. Closed when its source has ended for good.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<Option<Arc<Fibre>>> {
        self.fibre.clone()
    }
}

/// No fibre is connected, and none will be.
#[must_use]
pub fn waiting() -> LiveFibre {
    LiveFibre::new(watch::channel(None).1, broadcast::channel(1).0.downgrade(), 1)
}

/// Blocks of the live fibre in order, from when it was subscribed to.
///
/// The queue is bounded: a reader that falls behind loses the oldest blocks, which it sees as a jump in
/// [`Block::sequence`] and in [`lost`](Self::lost).
#[derive(Debug)]
pub struct Blocks {
    receiver: broadcast::Receiver<Arc<Block>>,
    kept: usize,
    /// As far as [`next`](Self::next) has noticed.
    lost: u64,
}

impl Blocks {
    /// The next block; `None` when the source has ended. Cancel safe: no block is lost by dropping the future.
    pub async fn next(&mut self) -> Option<Arc<Block>> {
        loop {
            let received = self.receiver.recv().await;
            if let Some(end) = self.take(received) {
                return end;
            }
        }
    }

    /// The next block, for threads outside the async runtime; `None` when the source has ended.
    ///
    /// # Panics
    /// When it is called from within an async runtime.
    pub fn blocking_next(&mut self) -> Option<Arc<Block>> {
        loop {
            let received = self.receiver.blocking_recv();
            if let Some(end) = self.take(received) {
                return end;
            }
        }
    }

    /// How many blocks were lost so far because this reader fell behind.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost + self.receiver.len().saturating_sub(self.kept) as u64
    }

    /// What to return for this, or `None` to go on receiving.
    #[expect(
        clippy::option_option,
        reason = "the outer one is the loop's, the inner one the end of the blocks"
    )]
    fn take(&mut self, received: Result<Arc<Block>, RecvError>) -> Option<Option<Arc<Block>>> {
        match received {
            Ok(block) => Some(Some(block)),
            Err(RecvError::Closed) => Some(None),
            Err(RecvError::Lagged(blocks)) => {
                self.lost += blocks;
                None
            }
        }
    }
}
