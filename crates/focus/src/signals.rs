//! Being told to stop.

use tokio::signal::unix::{SignalKind, signal};

/// The exit code after a second Ctrl-C.
const INTERRUPTED: i32 = 130;

/// From here on the first signal to stop is told, and a Ctrl-C after it ends the process at once.
///
/// # Errors
/// When the system lets no signal be handled.
pub(crate) fn until_told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
            _ = interrupt.recv() => {}
        }
        tokio::spawn(async move {
            interrupt.recv().await;
            tracing::warn!("ended at once");
            std::process::exit(INTERRUPTED);
        });
    })
}
