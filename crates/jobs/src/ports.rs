use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpListener;

/// Hands out the ports of a range, one after the other: a port rests as long as possible, so that a client
/// which comes back late finds nobody there rather than another job.
#[derive(Debug)]
pub(crate) struct Ports {
    range: RangeInclusive<u16>,
    next: AtomicUsize,
}

impl Ports {
    /// Begins with the port at `offset` in the range.
    pub(crate) fn new(range: RangeInclusive<u16>, offset: usize) -> Self {
        Self { range, next: AtomicUsize::new(offset) }
    }

    /// Where the next search begins.
    pub(crate) fn next_offset(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed) % self.range.len().max(1)
    }

    /// Listens on a free port of the range; without one the reason is that of the last port tried.
    pub(crate) async fn bind(&self, address: IpAddr) -> io::Result<(TcpListener, u16)> {
        let mut last = io::Error::other("the port range is empty");
        for _ in self.range.clone() {
            let port = self.range.start() + self.next_offset() as u16;
            match TcpListener::bind(SocketAddr::new(address, port)).await {
                Ok(listener) => return Ok((listener, port)),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}
