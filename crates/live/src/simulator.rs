//! An invented fibre: traffic, a walker, a leak, optical noise and a dead channel.

mod noise;
mod scene;
mod sources;

use focus_core::{Block, DataType, Fibre, Samples};
use jiff::Timestamp;

use crate::pace::Pace;
use crate::playback::{Publisher, Step};
use crate::{LiveFibre, LiveOptions, Playback, Source};
use noise::Noise;
pub use scene::{InvalidScene, Scene};
use sources::{Footsteps, Leak, Vehicle};

/// Simulates a fibre in real time.
///
/// # Errors
/// When its thread cannot be started.
pub fn simulate(simulator: Simulator, options: LiveOptions) -> std::io::Result<(LiveFibre, Source)> {
    Playback::simulated(simulator, options).live()
}

impl Playback {
    /// The simulated fibre.
    #[must_use]
    pub fn simulated(simulator: Simulator, options: LiveOptions) -> Self {
        let fibre = simulator.fibre();
        Self::new(fibre.clone(), options, move |now| {
            let times = options.block_times(fibre.sampling_rate);
            let pace = Pace::new(fibre.sampling_rate, times as u64, now);
            Box::new(Running { simulator, fibre, pace, times, next: 0 })
        })
    }
}

/// Makes the samples of a [`Scene`]. Each depends only on the scene, the channel and the sample's number.
#[derive(Clone, Debug)]
pub struct Simulator {
    scene: Scene,
    noise: Noise,
    vehicles: Vec<Vehicle>,
    footsteps: Footsteps,
    leak: Leak,
    /// Column of the channel that gives nothing, counted from 0.
    dead: usize,
}

impl Simulator {
    /// Places everything in the scene by its seed.
    ///
    /// # Errors
    /// When the scene is none that can be simulated.
    pub fn new(scene: Scene) -> Result<Self, InvalidScene> {
        scene.check()?;
        Ok(Self {
            noise: Noise::new(&scene),
            vehicles: Vehicle::all(&scene),
            footsteps: Footsteps::new(&scene),
            leak: Leak::new(&scene),
            dead: (scene.place("dead channel", 0.1, 0.9) * f64::from(scene.channels)) as usize,
            scene,
        })
    }

    /// The simulated fibre.
    #[must_use]
    pub fn fibre(&self) -> Fibre {
        let scene = &self.scene;
        Fibre {
            pulse_rate: Some(scene.sampling_rate),
            sampling_rate: scene.sampling_rate,
            dx: Some(scene.dx),
            gauge_length: Some(scene.dx),
            channels: scene.channels,
            start: Some(0.0),
            length: Some(scene.length()),
            samples_per_trace: None,
            data_type: DataType::Float32,
            unit: Some("nm/m/s".into()),
            software: Some("Focus simulator".into()),
            description: Some(format!("simulated, seed {}", scene.seed)),
        }
    }

    /// Number of the channel that gives nothing but zeros, counted from 1.
    #[must_use]
    pub fn dead_channel(&self) -> u32 {
        self.dead as u32 + 1
    }

    /// Number of the channel nearest to where the pipe leaks, counted from 1.
    #[must_use]
    pub fn leaking_channel(&self) -> u32 {
        self.leak.column() as u32 + 1
    }

    /// All channels for `times` samples from number `first` on: nm/m/s, time-major.
    #[must_use]
    pub fn samples(&self, first: u64, times: usize) -> Samples {
        let channels = self.scene.channels as usize;
        let mut values = vec![0.0; times * channels];
        for (sample, row) in (first..).zip(values.chunks_exact_mut(channels)) {
            let time = sample as f64 / self.scene.sampling_rate;
            self.noise.fill(sample, row);
            for vehicle in &self.vehicles {
                vehicle.add(time, row);
            }
            self.footsteps.add(time, row);
            self.leak.add(sample, row);
            row[self.dead] = 0.0;
        }
        Samples::Float32(values.into())
    }
}

/// A simulator that publishes.
struct Running {
    simulator: Simulator,
    fibre: Fibre,
    pace: Pace,
    times: usize,
    next: u64,
}

impl Publisher for Running {
    fn step(&mut self, now: Timestamp) -> Step {
        let stamp = match self.pace.next(self.times as u64, now) {
            Ok(stamp) => stamp,
            Err(wait) => return Step::Wait(wait),
        };
        let samples = self.simulator.samples(self.next, self.times);
        self.next += self.times as u64;
        Step::Publish(Block {
            sequence: stamp.sequence,
            start: stamp.start,
            sampling_rate: self.fibre.sampling_rate,
            first_channel: 1,
            channels: self.fibre.channels as usize,
            samples,
        })
    }
}
