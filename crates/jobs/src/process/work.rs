//! What the process of one job does.

use std::io::{self, BufRead as _};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use tokio::io::{AsyncWriteExt as _, Stdout};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::Instrument as _;

use super::order::{Asked, Counts, Order, Told, line};
use crate::alone::{Means, Metrics, launch};
use crate::keeper::REPORT_PERIOD;
use crate::launcher::gone;

/// When the server has gone, so has this process after this long, whatever hangs in it.
const ORPHANED_FOR: Duration = Duration::from_secs(5);

/// Runs the job of `order` to its end and tells on standard output how it is. Ends the job when the server asks
/// for it, when standard input closes because the server has gone, and on a signal to terminate; ends this process
/// when the job survives the server.
///
/// # Errors
/// When nobody listens any more.
pub async fn work(order: Order) -> anyhow::Result<()> {
    let mut asked = listen()?;
    let mut terminate = signal(SignalKind::terminate())?;
    let metrics = Metrics::default();
    let mut output = tokio::io::stdout();

    let job = tracing::info_span!("job", id = %order.job.job);
    let Order { job: order, broker, serving, port_offset, threads, log: _ } = order;
    let means = Means { broker: Some(broker), waits_for_broker: false, serving, port_offset, threads };
    let (worker, _subscription) = match launch(order, means, metrics.clone()).instrument(job).await {
        Ok(launched) => launched,
        // The server tells of it, in its answer and in its log.
        Err(error) => return tell(&mut output, &Told::Failed(error)).await,
    };
    tell(&mut output, &Told::Ready(worker.port())).await?;

    let mut report = worker.report();
    loop {
        let now = report.borrow_and_update().clone();
        if tell(&mut output, &Told::Report(now, counts(&metrics))).await.is_err() {
            worker.stop("the server is gone");
            gone(report).await;
            return Ok(());
        }
        tokio::select! {
            changed = timeout(REPORT_PERIOD, report.changed()) => if let Ok(Err(_)) = changed { break },
            Some(Asked::Stop(reason)) = asked.recv() => worker.stop(&reason),
            _ = terminate.recv() => worker.stop("its process was told to stop"),
        }
    }
    let last = report.borrow().clone();
    tell(&mut output, &Told::Report(last, counts(&metrics))).await?;
    Ok(())
}

fn counts(metrics: &Metrics) -> Counts {
    Counts { stream: metrics.stream.counts(), live: metrics.live.counts() }
}

/// What the server asks for, read on a thread that nothing else can hold up.
fn listen() -> io::Result<mpsc::UnboundedReceiver<Asked>> {
    let (asked, receiver) = mpsc::unbounded_channel();
    thread::Builder::new().name("orders".to_owned()).spawn(move || {
        let lines = io::stdin().lock().lines().map_while(Result::ok);
        for line in lines {
            if let Ok(order) = serde_json::from_str(&line) {
                drop(asked.send(order));
            }
        }
        drop(asked.send(Asked::Stop("the server is gone".to_owned())));
        thread::sleep(ORPHANED_FOR);
        std::process::exit(1);
    })?;
    Ok(receiver)
}

async fn tell(output: &mut Stdout, told: &impl Serialize) -> anyhow::Result<()> {
    output.write_all(&line(told)?).await?;
    output.flush().await?;
    Ok(())
}
