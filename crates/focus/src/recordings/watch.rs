use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use focus_core::Outage;
use focus_recordings::ScanReport;

use super::catalogue;
use crate::settings::Settings;
use crate::signals::until_told_to_stop;

/// Time between two looks.
const LOOK_PERIOD: Duration = Duration::from_secs(1);

/// Shows what changes in the data directory until it is told to stop.
pub(super) async fn run(settings: &Settings) -> Result<ExitCode> {
    let catalogue = catalogue(settings).await?;
    let mut told = std::pin::pin!(until_told_to_stop()?);
    let mut last: Option<Result<usize, Outage>> = None;
    loop {
        let found = catalogue.scan().await;
        if let Ok(report) = &found {
            show(report);
        }
        let state = found.map(|report| report.pending);
        match &state {
            Err(outage) if last.as_ref() != Some(&state) => anstream::eprintln!("{outage}"),
            Ok(pending) if *pending > 0 && last.as_ref() != Some(&state) => {
                anstream::println!("waiting  {pending} files that are still being written");
            }
            _ => {}
        }
        last = Some(state);
        tokio::select! {
            () = &mut told => return Ok(ExitCode::SUCCESS),
            () = tokio::time::sleep(LOOK_PERIOD) => {}
        }
    }
}

fn show(report: &ScanReport) {
    for (what, count) in [("added", report.added), ("gone", report.forgotten)] {
        if count > 0 {
            anstream::println!("{what:<7}  {count} files");
        }
    }
    for refused in &report.refused {
        anstream::println!("refused  {}: {}", refused.path.display(), refused.reason);
    }
}
