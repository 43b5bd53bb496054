use std::f64::consts::TAU;
use std::ops::Range;

use super::Scene;
use super::noise::{gaussian, key};

/// The columns within `reach` metres of `position`, with their distances from it.
fn near(
    scene: &Scene,
    position: f64,
    reach: f64,
    columns: usize,
) -> impl Iterator<Item = (usize, f64)> + use<> {
    let dx = scene.dx;
    let first = ((position - reach) / dx).ceil().clamp(0.0, columns as f64) as usize;
    let end = (((position + reach) / dx).floor() + 1.0).clamp(0.0, columns as f64) as usize;
    (first..end.max(first)).map(move |column| (column, column as f64 * dx - position))
}

/// A load that rolls along the fibre, with the rumble of its engine and tyres. It drives off one end and
/// comes again at the other.
#[derive(Clone, Debug)]
pub(super) struct Vehicle {
    scene: Scene,
    /// Metres per second; negative towards the unit.
    speed: f64,
    /// Where it is at time 0, metres.
    start: f64,
    /// Peak of the slow strain rate, nm/m/s.
    load: f64,
    /// Peak of the rumble, nm/m/s, and its two frequencies, Hz.
    rumble: f64,
    frequencies: [f64; 2],
}

impl Vehicle {
    /// Half width of the dent that it makes in the ground, metres.
    const WIDTH: f64 = 12.0;
    /// Beyond this there is nothing of it, metres.
    const REACH: f64 = 5.0 * Self::WIDTH;

    /// Two for each kilometre of fibre, at least one a direction and at most 32.
    pub(super) fn all(scene: &Scene) -> Vec<Self> {
        let count = ((scene.length() / 500.0) as usize).clamp(2, 32);
        (0..count)
            .map(|number| {
                let place =
                    |what: &str, least, most| scene.place(&format!("vehicle {number} {what}"), least, most);
                let direction = if number % 2 == 0 { 1.0 } else { -1.0 };
                let frequency = place("frequency", 8.0, 18.0).min(scene.sampling_rate / 8.0);
                Self {
                    scene: *scene,
                    speed: direction * place("speed", 14.0, 33.0),
                    start: place("start", 0.0, scene.length()),
                    load: place("load", 150.0, 400.0),
                    rumble: place("rumble", 60.0, 200.0),
                    frequencies: [frequency, frequency * 1.83],
                }
            })
            .collect()
    }

    /// Where it is, metres along the fibre.
    fn position(&self, time: f64) -> f64 {
        let road = self.scene.length() + 2.0 * Self::REACH;
        (self.start + Self::REACH + self.speed * time).rem_euclid(road) - Self::REACH
    }

    pub(super) fn add(&self, time: f64, row: &mut [f32]) {
        let position = self.position(time);
        let turns = self.frequencies.map(|frequency| (TAU * (frequency * time).fract()).sin());
        let rumble = self.rumble * (turns[0] + 0.5 * turns[1]);
        // The slope of a Gaussian is 0.6 of its height over its width where it is steepest.
        let load = self.load * self.speed.signum() / 0.607;
        for (column, distance) in near(&self.scene, position, Self::REACH, row.len()) {
            let share = distance / Self::WIDTH;
            let dent = (-0.5 * share * share).exp();
            let around = (-0.125 * share * share).exp();
            row[column] += (load * share * dent + rumble * around) as f32;
        }
    }
}

/// Somebody who walks up and down a stretch of the fibre, two steps a second.
#[derive(Clone, Debug)]
pub(super) struct Footsteps {
    scene: Scene,
    centre: f64,
    frequency: f64,
}

impl Footsteps {
    const CADENCE: f64 = 2.0;
    const SPEED: f64 = 1.4;
    /// Metres from one end of the walk to the other.
    const WALK: f64 = 84.0;
    /// Seconds in which the ringing of a step falls to 1/e.
    const DECAY: f64 = 0.06;
    const PEAK: f64 = 120.0;
    const WIDTH: f64 = 4.0;

    pub(super) fn new(scene: &Scene) -> Self {
        let centre = scene.place("walker", 0.3, 0.7) * scene.length();
        Self { scene: *scene, centre, frequency: (scene.sampling_rate / 8.0).min(28.0) }
    }

    pub(super) fn add(&self, time: f64, row: &mut [f32]) {
        let step = (time * Self::CADENCE).floor() / Self::CADENCE;
        let since = time - step;
        let way = (Self::SPEED * step / Self::WALK).rem_euclid(2.0);
        let position = self.centre + Self::WALK * (way.min(2.0 - way) - 0.5);
        let ringing = Self::PEAK * (-since / Self::DECAY).exp() * (TAU * self.frequency * since).sin();
        for (column, distance) in near(&self.scene, position, 5.0 * Self::WIDTH, row.len()) {
            let share = distance / Self::WIDTH;
            row[column] += (ringing * (-0.5 * share * share).exp()) as f32;
        }
    }
}

/// A pipe that leaks in one place: steady noise around a quarter of the sampling rate.
#[derive(Clone, Debug)]
pub(super) struct Leak {
    seed: u64,
    columns: Range<usize>,
    centre: usize,
    /// Of each column, nm/m/s.
    amplitudes: Vec<f32>,
}

impl Leak {
    const WIDTH: f64 = 10.0;
    const PEAK: f64 = 60.0;
    /// A band-pass around a quarter of the sampling rate; the squares add up to 1.
    const TAPS: [f32; 8] = [0.186, 0.0, -0.464, 0.0, 0.743, 0.0, -0.446, 0.0];

    pub(super) fn new(scene: &Scene) -> Self {
        let columns = scene.channels as usize;
        let centre = (scene.place("leak", 0.55, 0.85) * columns as f64) as usize;
        let around: Vec<_> = near(scene, centre as f64 * scene.dx, 4.0 * Self::WIDTH, columns).collect();
        let first = around.first().map_or(centre, |(column, _)| *column);
        let amplitude = |distance: f64| Self::PEAK * (-0.5 * (distance / Self::WIDTH).powi(2)).exp();
        Self {
            seed: scene.seed,
            columns: first..first + around.len(),
            centre,
            amplitudes: around.iter().map(|&(_, distance)| amplitude(distance) as f32).collect(),
        }
    }

    /// The column where it is, counted from 0.
    pub(super) fn column(&self) -> usize {
        self.centre
    }

    pub(super) fn add(&self, sample: u64, row: &mut [f32]) {
        for (column, amplitude) in self.columns.clone().zip(&self.amplitudes) {
            let seed = self.seed ^ ((column as u64 + 1) << 32);
            let noise: f32 = (0..)
                .zip(Self::TAPS)
                .filter(|(_, tap)| *tap != 0.0)
                .map(|(delay, tap)| tap * gaussian(key(seed, sample.wrapping_sub(delay))))
                .sum();
            row[column] += amplitude * noise;
        }
    }
}
