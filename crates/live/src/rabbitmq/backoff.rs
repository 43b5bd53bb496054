use std::time::Duration;

use rand::Rng as _;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(2);

/// How long to wait before one tries to connect again: ever longer, up to 2 s, and not all at the same time.
#[derive(Debug)]
pub(super) struct Backoff {
    /// The longest that the next wait can be.
    ceiling: Duration,
}

impl Backoff {
    pub(super) fn new() -> Self {
        Self { ceiling: FIRST }
    }

    pub(super) fn next(&mut self) -> Duration {
        let wait = rand::rng().random_range(self.ceiling / 2..=self.ceiling);
        self.ceiling = (self.ceiling * 2).min(LONGEST);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_differ() {
        let mut backoff = Backoff::new();
        for ceiling in [100, 200, 400, 800, 1600, 2000, 2000] {
            let wait = backoff.next().as_millis();
            assert!((ceiling / 2..=ceiling).contains(&wait), "{wait} of {ceiling}");
        }
        let waits: std::collections::HashSet<_> = (0..20).map(|_| backoff.next()).collect();
        assert!(waits.len() > 10, "{waits:?}");
    }
}
