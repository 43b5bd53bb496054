use std::sync::Arc;

use focus_core::{Block, ChannelRange, Fibre};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

/// The fibre as it is now. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LiveFibre {
    fibre: watch::Receiver<Option<Arc<Fibre>>>,
    /// Weak, so that the blocks end with their source and not with the last reader.
    blocks: broadcast::WeakSender<Arc<Block>>,
}

impl LiveFibre {
    pub(crate) fn new(
        fibre: watch::Receiver<Option<Arc<Fibre>>>,
        blocks: broadcast::WeakSender<Arc<Block>>,
    ) -> Self {
        Self { fibre, blocks }
    }

    /// What the fibre is; `None` while none is connected.
    #[must_use]
    pub fn fibre(&self) -> Option<Arc<Fibre>> {
        self.fibre.borrow().clone()
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
        Blocks { receiver, lost: 0 }
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
    LiveFibre::new(watch::channel(None).1, broadcast::channel(1).0.downgrade())
}

/// Blocks of the live fibre in order, from when it was subscribed to.
///
/// The queue is bounded: a reader that falls behind loses the oldest blocks, which it sees as a jump in
/// [`Block::sequence`] and in [`lost`](Self::lost).
#[derive(Debug)]
pub struct Blocks {
    receiver: broadcast::Receiver<Arc<Block>>,
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
        self.lost
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
