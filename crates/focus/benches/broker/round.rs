//! What one round has shown.

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::reading::Arrival;
use crate::view::{ROW_INTERVAL, View};

/// The parts that take processor time.
pub(crate) const PARTS: [&str; 5] = ["feed", "broker", "3 workers", "server", "readers (this bench)"];

/// What was measured in it.
#[derive(Default)]
pub(crate) struct Round {
    /// Times real time, at the slowest stream.
    pub(crate) speed: f64,
    /// In real time: rows that came of those whose middle lies in the time that was measured.
    rows: usize,
    due: usize,
    pub(crate) lost: Lost,
    /// Milliseconds from the last sample of a row, and from the end of the block that brings it, to the row; sorted.
    pub(crate) from_last_sample: Vec<f64>,
    pub(crate) from_full_block: Vec<f64>,
    /// Of each part: cores, MB.
    pub(crate) cores: [f64; PARTS.len()],
    pub(crate) memory: [f64; PARTS.len()],
    /// Cores that others have used meanwhile.
    pub(crate) others: f64,
}

/// All that can be lost on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Lost {
    /// Before the broker.
    pub(crate) blocks_of_feed: f64,
    /// Behind it.
    pub(crate) blocks_of_jobs: f64,
    /// Instants that are missing in spectra.
    pub(crate) instants: f64,
    /// Rows that never came to their readers.
    pub(crate) rows: f64,
}

impl Round {
    /// Takes in what came to the reader of one stream, all of it, in a time that began at `begin` (milliseconds since
    /// 1970).
    pub(crate) fn add(&mut self, view: View, all: &[Arrival], begin: f64, lasted: Duration) -> Result<()> {
        let end = begin + lasted.as_secs_f64() * 1e3;
        let seen: Vec<_> = all.iter().filter(|row| (begin..end).contains(&row.at)).collect();
        let (first, last) = seen.first().zip(seen.last()).context("a stream gave no rows")?;
        let passed = f64::from(last.index - first.index);
        let speed = passed * ROW_INTERVAL / (last.at - first.at) * 1e3;
        self.speed = if self.due == 0 { speed } else { self.speed.min(speed) };
        self.lost.rows += passed + 1.0 - seen.len() as f64;
        let middles = begin as i64..begin as i64 + lasted.as_millis() as i64;
        self.rows += all.iter().filter(|row| middles.contains(&row.middle)).count();
        self.due += (lasted.as_secs_f64() / ROW_INTERVAL).round() as usize;
        for row in seen {
            let (last_sample, full_block) = view.waits(row.index);
            let since_middle = row.at - row.middle as f64;
            self.from_last_sample.push(since_middle - last_sample);
            self.from_full_block.push(since_middle - full_block);
        }
        self.from_last_sample.sort_by(f64::total_cmp);
        self.from_full_block.sort_by(f64::total_cmp);
        Ok(())
    }

    pub(crate) fn print_in_real_time(&self) {
        print!("rows {} of {} due, {:?};", self.rows, self.due, self.lost);
        for (name, values) in [("last sample", &self.from_last_sample), ("full block", &self.from_full_block)]
        {
            print!(" from {name} p50 {:.1} p99 {:.1} ms;", percentile(values, 0.5), percentile(values, 0.99));
        }
        self.print_parts();
    }

    pub(crate) fn print_at(&self, speed: f64) {
        print!("at {speed}: {:.2} times real time, {:?};", self.speed, self.lost);
        self.print_parts();
    }

    fn print_parts(&self) {
        for ((name, cores), memory) in PARTS.iter().zip(self.cores).zip(self.memory) {
            print!(" {name} {cores:.2} cores {memory:.0} MB;");
        }
        println!(" others {:.2} cores", self.others);
    }
}

/// Least and median over all rounds, of everything that is measured in real time.
pub(crate) fn print_summary(rounds: &[Round]) {
    let print = |what: &str, of: &dyn Fn(&Round) -> f64| {
        let mut all: Vec<_> = rounds.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        println!("{what:>28}: least {:.2}, median {:.2}", all[0], percentile(&all, 0.5));
    };
    print("p50 from full block, ms", &|round| percentile(&round.from_full_block, 0.5));
    print("p99 from full block, ms", &|round| percentile(&round.from_full_block, 0.99));
    print("p50 from last sample, ms", &|round| percentile(&round.from_last_sample, 0.5));
    print("p99 from last sample, ms", &|round| percentile(&round.from_last_sample, 0.99));
    for (number, name) in PARTS.iter().enumerate() {
        print(&format!("{name}, cores"), &|round| round.cores[number]);
        print(&format!("{name}, MB"), &|round| round.memory[number]);
    }
}

/// Of sorted values.
pub(crate) fn percentile(values: &[f64], part: f64) -> f64 {
    values[((values.len() - 1) as f64 * part) as usize]
}
