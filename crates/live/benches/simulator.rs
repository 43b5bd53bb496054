//! How much faster than real time the simulator is. Prints one line for each scene.

use std::hint::black_box;
use std::time::Instant;

use focus_live::{Scene, Simulator};

fn main() {
    for (channels, sampling_rate, dx) in [(500, 100.0, 1.0), (2222, 2000.0, 5.0), (2222, 2000.0, 1.0)] {
        let simulator =
            Simulator::new(Scene { channels, sampling_rate, dx, seed: 1 }).expect("a possible scene");
        let (block, blocks) = ((sampling_rate / 10.0) as usize, 30);
        let begin = Instant::now();
        for number in 0..blocks {
            black_box(simulator.samples((number * block) as u64, block));
        }
        let simulated = blocks as f64 * block as f64 / sampling_rate;
        let share = begin.elapsed().as_secs_f64() / simulated;
        println!(
            "{channels} channels x {sampling_rate} Hz, {dx} m apart: {:.1} times real time, {:.1} % of a core",
            1.0 / share,
            share * 100.0
        );
    }
}
