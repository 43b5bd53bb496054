//! Being told to stop.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The exit code after a second Ctrl-C.
const INTERRUPTED: i32 = 130;

/// From here on Ctrl-C, a request to end, or the end of the terminal is told; none is lost before it is awaited.
///
/// # Errors
/// When the system lets no signal be handled.
pub(crate) fn until_interrupted() -> io::Result<impl Future<Output = ()>> {
    let mut signals = Signals::listen()?;
    Ok(async move { signals.any().await })
}

/// From here on the first signal to stop is told, and a Ctrl-C after it ends the process at once.
///
/// # Errors
/// When the system lets no signal be handled.
pub(crate) fn until_told_to_stop() -> io::Result<impl Future<Output = ()>> {
    let mut signals = Signals::listen()?;
    Ok(async move {
        signals.any().await;
        tokio::spawn(async move {
            signals.interrupt.recv().await;
            tracing::warn!("ended at once");
            std::process::exit(INTERRUPTED);
        });
    })
}

struct Signals {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn any(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
