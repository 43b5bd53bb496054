//! What the simulator invents, and that it always invents the same.

use focus_core::Samples;
use focus_live::{Scene, Simulator};
use proptest::prelude::*;

fn values(samples: &Samples) -> &[f32] {
    match samples {
        Samples::Float32(values) => values,
        other => panic!("{:?}", other.data_type()),
    }
}

fn column(samples: &[f32], channels: usize, column: usize) -> Vec<f64> {
    samples.chunks_exact(channels).map(|row| row[column].into()).collect()
}

fn power(signal: &[f64]) -> f64 {
    signal.iter().map(|value| value * value).sum::<f64>() / signal.len() as f64
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn samples_do_not_depend_on_how_they_are_cut(
        channels in 1..120_u32,
        rate in prop::sample::select(vec![1.0, 99.7, 1000.0, 10_000.0]),
        dx in 0.25..50.0_f64,
        seed: u64,
        first in 0..10_000_000_000_u64,
        cuts in prop::collection::vec(1..40_usize, 1..8),
    ) {
        let simulator = Simulator::new(Scene { channels, sampling_rate: rate, dx, seed }).unwrap();
        let whole = simulator.samples(first, cuts.iter().sum());
        let mut parts = Vec::new();
        for times in cuts {
            let next = first + (parts.len() / channels as usize) as u64;
            parts.extend_from_slice(values(&simulator.samples(next, times)));
        }
        prop_assert_eq!(values(&whole), &parts[..]);
        prop_assert!(parts.iter().all(|value| value.is_finite()));
        let again = Simulator::new(Scene { channels, sampling_rate: rate, dx, seed }).unwrap();
        prop_assert_eq!(again.samples(first, 3), simulator.samples(first, 3));
    }
}

#[test]
fn another_seed_is_another_fibre() {
    let samples = |seed| Simulator::new(Scene { seed, ..Scene::default() }).unwrap().samples(0, 5);
    assert_ne!(samples(1), samples(2));
}

#[test]
fn scenes_that_cannot_be_are_refused() {
    let default = Scene::default();
    for (scene, said) in [
        (Scene { channels: 0, ..default }, "channels is 0, but must be 1 to 1048576"),
        (Scene { channels: u32::MAX, ..default }, "channels is 4294967295, but must be 1 to 1048576"),
        (
            Scene { sampling_rate: 0.0, ..default },
            "sampling_rate is 0, but must be above 0 and at most 1e6 Hz",
        ),
        (
            Scene { sampling_rate: f64::NAN, ..default },
            "sampling_rate is NaN, but must be above 0 and at most 1e6 Hz",
        ),
        (Scene { dx: -1.0, ..default }, "dx is -1, but must be above 0 and at most 1e6 m"),
    ] {
        assert_eq!(Simulator::new(scene).unwrap_err().to_string(), said);
    }
}

#[test]
fn the_dead_channel_is_dead_and_no_other() {
    let simulator = Simulator::new(Scene { channels: 300, ..Scene::default() }).unwrap();
    let samples = simulator.samples(123, 200);
    let dead: Vec<usize> =
        (0..300).filter(|&channel| power(&column(values(&samples), 300, channel)) == 0.0).collect();
    assert_eq!(dead, [simulator.dead_channel() as usize - 1]);
}

/// Power of each channel in each half second, as a multiple of the median.
fn loudness(simulator: &Simulator, channels: usize, rate: usize, half_seconds: usize) -> Vec<Vec<f64>> {
    (0..half_seconds)
        .map(|half_second| {
            let samples = simulator.samples((half_second * rate / 2) as u64, rate / 2);
            let powers: Vec<f64> =
                (0..channels).map(|channel| power(&column(values(&samples), channels, channel))).collect();
            let mut sorted = powers.clone();
            sorted.sort_by(f64::total_cmp);
            powers.iter().map(|power| power / sorted[channels / 2]).collect()
        })
        .collect()
}

#[test]
fn vehicles_move_both_ways() {
    // One vehicle a direction on 500 m.
    let simulator = Simulator::new(Scene { channels: 250, sampling_rate: 200.0, dx: 2.0, seed: 4 }).unwrap();
    let loudness = loudness(&simulator, 250, 200, 120);
    // Whether something stays loud for 10 s while it moves at some speed of traffic, metres per half second.
    let moves = |direction: f64| {
        (28..=66).map(|speed| direction * f64::from(speed) / 4.0).any(|step| {
            (0..100).any(|begin| {
                (0..250).any(|channel| {
                    (0..20).all(|count| {
                        let column = (f64::from(channel) + step * f64::from(count) / 2.0).round();
                        column >= 0.0 && loudness[begin + count as usize].get(column as usize) > Some(&8.0)
                    })
                })
            })
        })
    };
    assert!(moves(1.0), "away from the unit");
    assert!(moves(-1.0), "towards the unit");
}

#[test]
fn noise_is_strong_near_the_unit_and_grows_with_distance() {
    let channels = 1000;
    let simulator = Simulator::new(Scene { channels, sampling_rate: 1000.0, dx: 5.0, seed: 9 }).unwrap();
    let samples = simulator.samples(0, 400);
    // The median of ten channels, so that a vehicle does not matter; differences, so that slow loads do not.
    let noise = |first: usize| {
        let mut powers: Vec<f64> = (first..first + 10)
            .map(|channel| {
                let signal = column(values(&samples), 1000, channel);
                power(&signal.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>())
            })
            .collect();
        powers.sort_by(f64::total_cmp);
        powers[5]
    };
    let (near, quiet, far) = (noise(0), noise(150), noise(990));
    assert!(near > 20.0 * quiet && far > 4.0 * quiet, "{near} {quiet} {far}");
}

#[test]
fn the_leak_sounds_around_a_quarter_of_the_rate_and_stays() {
    let channels = 1000_usize;
    let simulator = Simulator::new(Scene { channels: 1000, ..Scene::default() }).unwrap();
    let at = simulator.leaking_channel() as usize - 1;
    for second in [0, 1000, 100_000] {
        let samples = simulator.samples(second * 1000, 1000);
        // Power of x[n] - x[n-2]: a band-pass around a quarter of the rate.
        let band = |channel| {
            let signal = column(values(&samples), channels, channel);
            power(&signal.windows(3).map(|three| three[2] - three[0]).collect::<Vec<_>>())
        };
        let (leak, beside) = (band(at), f64::midpoint(band(at - 30), band(at + 30)));
        assert!(leak > 8.0 * beside, "{leak} {beside}");
    }
}

#[test]
fn somebody_takes_two_steps_a_second() {
    // Where it is quiet but for the walker, the loud moments repeat every 0.5 s.
    let (channels, rate) = (400_u32, 400.0);
    let simulator = Simulator::new(Scene { channels, sampling_rate: rate, dx: 2.0, seed: 3 }).unwrap();
    let samples = simulator.samples(0, 8000);
    let folded = |channel: usize| {
        let mut powers = vec![0.0; 200];
        for (number, value) in column(values(&samples), 400, channel).into_iter().enumerate() {
            powers[number % 200] += value * value;
        }
        let early = powers[..40].iter().sum::<f64>() / 40.0;
        let late = powers[100..].iter().sum::<f64>() / 100.0;
        early / late
    };
    let best = (0..400).filter(|&channel| channel + 1 != simulator.dead_channel() as usize).map(folded);
    assert!(best.fold(0.0, f64::max) > 4.0);
}
