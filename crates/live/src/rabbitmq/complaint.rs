use std::time::Duration;

use tokio::time::Instant;

/// Time between two lines of the log about the same trouble.
const PERIOD: Duration = Duration::from_secs(60);

/// What others send and nobody can use, ten times a second perhaps: it is told now and then.
#[derive(Debug, Default)]
pub(super) struct Complaint {
    told: Option<Instant>,
    kept_back: u64,
}

impl Complaint {
    /// Whether to tell of it this time; then how often nothing was told since the last time.
    pub(super) fn due(&mut self) -> Option<u64> {
        if self.told.is_some_and(|told| told.elapsed() < PERIOD) {
            self.kept_back += 1;
            return None;
        }
        self.told = Some(Instant::now());
        Some(std::mem::take(&mut self.kept_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_goes_on_and_on_is_told_once_a_minute() {
        let (mut complaint, mut told) = (Complaint::default(), Vec::new());
        for _ in 0..1300 {
            told.extend(complaint.due());
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        assert_eq!(told, [0, 599, 599]);
    }
}
