use std::sync::Arc;

use focus_core::{Block, ChannelRange, Fibre};
use tokio::sync::{mpsc, watch};

use crate::{Blocks, LiveFibre};

/// A whole fibre for one reader, which passes it on.
#[derive(Debug)]
pub struct Feed {
    pub(crate) fibre: watch::Receiver<Option<Arc<Fibre>>>,
    blocks: Taken,
}

#[derive(Debug)]
enum Taken {
    /// What is not taken in time is lost.
    InTime(Blocks),
    /// What is not taken holds its source up.
    Paced(mpsc::Receiver<Arc<Block>>),
}

impl From<&LiveFibre> for Feed {
    /// All channels from now on.
    fn from(live: &LiveFibre) -> Self {
        Self { fibre: live.changes(), blocks: Taken::InTime(live.subscribe(ChannelRange::ALL)) }
    }
}

impl Feed {
    pub(crate) fn new(
        fibre: watch::Receiver<Option<Arc<Fibre>>>,
        blocks: mpsc::Receiver<Arc<Block>>,
    ) -> Self {
        Self { fibre, blocks: Taken::Paced(blocks) }
    }

    /// What the fibre is; `None` while none is connected.
    #[must_use]
    pub fn fibre(&self) -> Option<Arc<Fibre>> {
        self.fibre.borrow().clone()
    }

    /// The next block; `None` when the source has ended. Cancel safe: no block is lost by dropping the future.
    pub async fn next(&mut self) -> Option<Arc<Block>> {
        match &mut self.blocks {
            Taken::InTime(blocks) => blocks.next().await,
            Taken::Paced(blocks) => blocks.recv().await,
        }
    }

    /// How many blocks were lost so far because they were not taken in time.
    #[must_use]
    pub fn lost(&self) -> u64 {
        match &self.blocks {
            Taken::InTime(blocks) => blocks.lost(),
            Taken::Paced(_) => 0,
        }
    }

    /// Waits until the source has ended.
    pub(crate) fn closed(&self) -> impl Future<Output = ()> + use<> {
        let mut fibre = self.fibre.clone();
        async move { while fibre.changed().await.is_ok() {} }
    }
}
