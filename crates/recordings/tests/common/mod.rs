//! What tests share: PRODML files written here so that each test says what is in its file, and ways to look at samples.
#![expect(dead_code, reason = "each test program uses its own part of this")]

pub(crate) mod hostile;

use std::io::Cursor;
use std::path::Path;

use focus_core::Samples;
use hdf5_writer::{
    AttributeBuilder, DatasetBuilder, FILTER_DEFLATE, FILTER_SHUFFLE, FilterDescription, Hdf5Builder,
    Hdf5Writer, WriteOptions,
};
use jiff::Timestamp;

/// 2020-01-01T00:00:00Z in microseconds: when [`Prodml::default`] starts.
pub(crate) const START_US: i64 = 1_577_836_800_000_000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Type {
    I16,
    I32,
    F32,
    F64,
}

/// What to write. Sample `t` of channel `c` is `(t + first) * 100 + c`.
#[derive(Clone, Debug)]
pub(crate) struct Prodml {
    pub(crate) version: &'static str,
    pub(crate) start_us: i64,
    /// `MeasurementStartTime`, of the whole acquisition.
    pub(crate) measurement_us: i64,
    pub(crate) rate: f64,
    pub(crate) times: u64,
    pub(crate) channels: u64,
    /// Number of the first sample in the whole acquisition.
    pub(crate) first: u64,
    pub(crate) kind: Type,
    pub(crate) locus_first: bool,
    pub(crate) chunk_times: u64,
    pub(crate) unit: &'static str,
    /// Numbers that replace what belongs there, by attribute name.
    pub(crate) numbers: Vec<(&'static str, f64)>,
    /// Texts that replace what belongs there, by attribute name.
    pub(crate) texts: Vec<(&'static str, &'static str)>,
    /// Attributes or datasets that are left out.
    pub(crate) without: Vec<&'static str>,
    /// Added to the last of the stored times, microseconds.
    pub(crate) last_time_off_us: i64,
}

impl Default for Prodml {
    fn default() -> Self {
        Self {
            version: "2.1",
            start_us: START_US,
            measurement_us: START_US,
            rate: 10.0,
            times: 20,
            channels: 3,
            first: 0,
            kind: Type::F32,
            locus_first: false,
            chunk_times: 8,
            unit: "nm/m/s",
            numbers: vec![],
            texts: vec![],
            without: vec![],
            last_time_off_us: 0,
        }
    }
}

pub(crate) fn value(time: u64, channel: u64) -> i64 {
    (time * 100 + channel) as i64
}

pub(crate) fn time(us: i64) -> Timestamp {
    Timestamp::from_microsecond(us).unwrap()
}

impl Prodml {
    /// The part of `times` samples that follows after `skipped` more samples.
    pub(crate) fn next(&self, skipped: u64) -> Self {
        let samples = self.times + skipped;
        let start_us = self.start_us + (samples as f64 / self.rate * 1e6).round() as i64;
        Self { start_us, first: self.first + samples, ..self.clone() }
    }

    fn number(&self, name: &'static str, value: f64) -> Option<AttributeBuilder> {
        let value = self.numbers.iter().find(|(other, _)| *other == name).map_or(value, |(_, value)| *value);
        (!self.without.contains(&name)).then(|| AttributeBuilder::scalar(name, value).unwrap())
    }

    fn text(&self, name: &'static str, value: &str) -> Option<AttributeBuilder> {
        let value = self.texts.iter().find(|(other, _)| *other == name).map_or(value, |(_, value)| value);
        (!self.without.contains(&name)).then(|| AttributeBuilder::fixed_string(name, value))
    }

    fn dataset(&self) -> DatasetBuilder {
        let at = |time, channel| value(self.first + time, channel);
        let mut values = Vec::new();
        let (shape, chunk) = if self.locus_first {
            (0..self.channels).for_each(|c| values.extend((0..self.times).map(|t| at(t, c))));
            ([self.channels, self.times], [self.channels, self.chunk_times])
        } else {
            (0..self.times).for_each(|t| values.extend((0..self.channels).map(|c| at(t, c))));
            ([self.times, self.channels], [self.chunk_times, self.channels])
        };
        let name = "Acquisition/Raw[0]/RawData";
        let (dataset, size) = match self.kind {
            Type::I16 => (typed(name, &shape, &values.iter().map(|&v| v as i16).collect::<Vec<_>>()), 2),
            Type::I32 => (typed(name, &shape, &values.iter().map(|&v| v as i32).collect::<Vec<_>>()), 4),
            Type::F32 => (typed(name, &shape, &values.iter().map(|&v| v as f32).collect::<Vec<_>>()), 4),
            Type::F64 => (typed(name, &shape, &values.iter().map(|&v| v as f64).collect::<Vec<_>>()), 8),
        };
        let order = if self.locus_first { ["locus", "time"] } else { ["time", "locus"] };
        let mut dataset = dataset
            .chunked(chunk)
            .filter(FilterDescription { id: FILTER_SHUFFLE, name: None, client_data: vec![size] })
            .filter(FilterDescription { id: FILTER_DEFLATE, name: None, client_data: vec![4] });
        if !self.without.contains(&"Dimensions") {
            let order = match self.texts.iter().find(|(name, _)| *name == "Dimensions") {
                Some((_, first)) => [*first, "locus"],
                None => order,
            };
            dataset = dataset.attribute(AttributeBuilder::fixed_string_vector("Dimensions", &order).unwrap());
        }
        for attribute in [
            self.number("Count", (self.times * self.channels) as f64),
            self.text("PartStartTime", &time(self.start_us).to_string()),
        ] {
            dataset = attribute.into_iter().fold(dataset, DatasetBuilder::attribute);
        }
        dataset
    }

    fn times(&self) -> DatasetBuilder {
        let mut times: Vec<i64> =
            (0..self.times).map(|t| self.start_us + (t as f64 / self.rate * 1e6).round() as i64).collect();
        if let Some(last) = times.last_mut() {
            *last += self.last_time_off_us;
        }
        let dataset = typed("Acquisition/Raw[0]/RawDataTime", &[self.times], &times);
        self.text("Uom", "us").into_iter().fold(dataset, DatasetBuilder::attribute)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let acquisition = [
            self.text("schemaVersion", self.version),
            self.text("MeasurementStartTime", &time(self.measurement_us).to_string()),
            self.text("AcquisitionDescription", "a test"),
            self.text("VendorCode", "tests"),
            self.text("SpatialSamplingInterval.uom", "m"),
            self.number("SpatialSamplingInterval", 2.0),
            self.number("GaugeLength", 10.0),
            self.number("PulseRate", self.rate * 20.0),
            self.number("PulseWidth", f64::NAN),
            self.number("NumberOfLoci", self.channels as f64),
            self.number("StartLocusIndex", -5.0),
        ];
        let raw = [
            self.number("OutputDataRate", self.rate),
            self.text("OutputDataRate.uom", "Hz"),
            self.number("NumberOfLoci", self.channels as f64),
            self.text("RawDataUnit", self.unit),
        ];
        let mut file = Hdf5Builder::new();
        for (group, attributes) in [("Acquisition", &acquisition[..]), ("Acquisition/Raw[0]", &raw[..])] {
            for attribute in attributes.iter().flatten() {
                file = file.group_attribute(group, attribute.clone());
            }
        }
        file = file.dataset(self.dataset());
        if !self.without.contains(&"RawDataTime") {
            file = file.dataset(self.times());
        }
        encoded(file)
    }

    pub(crate) fn write(&self, path: &Path) {
        std::fs::write(path, self.bytes()).unwrap();
    }
}

/// The bytes of an HDF5 file.
pub(crate) fn encoded(file: Hdf5Builder) -> Vec<u8> {
    let plan = file.into_plan().unwrap();
    Hdf5Writer::new(Cursor::new(Vec::new()), WriteOptions::default()).finish(plan).unwrap().into_inner()
}

pub(crate) fn typed<T: hdf5_writer::H5WriteElement>(
    name: &str,
    shape: &[u64],
    values: &[T],
) -> DatasetBuilder {
    DatasetBuilder::typed_data(name, shape.to_vec(), values).unwrap()
}

/// The samples as whole numbers.
pub(crate) fn numbers(samples: &Samples) -> Vec<i64> {
    match samples {
        Samples::Int16(values) => values.iter().map(|&value| value.into()).collect(),
        Samples::Int32(values) => values.iter().map(|&value| value.into()).collect(),
        Samples::Float32(values) => values.iter().map(|&value| value as i64).collect(),
    }
}

/// The checksum that `fixtures/make_checksums.py` defines, continued over samples that follow each other.
#[derive(Default)]
pub(crate) struct Checksum {
    sum: u64,
    index: u64,
}

impl Checksum {
    pub(crate) fn add(&mut self, samples: &Samples) {
        let bits: Vec<u64> = match samples {
            Samples::Int16(values) => values.iter().map(|&value| value.cast_unsigned().into()).collect(),
            Samples::Int32(values) => values.iter().map(|&value| value.cast_unsigned().into()).collect(),
            Samples::Float32(values) => values.iter().map(|&value| value.to_bits().into()).collect(),
        };
        for bits in bits {
            self.sum = self.sum.wrapping_add(bits.wrapping_mul(2 * self.index + 1));
            self.index += 1;
        }
    }

    pub(crate) fn text(&self) -> String {
        format!("{:016x}", self.sum)
    }
}

/// What h5py reads from a file, from `fixtures/checksums.json`.
pub(crate) fn h5py(name: &str) -> serde_json::Value {
    let all: serde_json::Value = serde_json::from_str(include_str!("../fixtures/checksums.json")).unwrap();
    all[name].clone()
}

/// Energy at 2 to 15 Hz of time-major samples: smoothed over 0.5 s, mean over channels, relative to its mean
/// at 2 to 6 s.
pub(crate) fn energy(samples: &[f64], channels: usize, rate: f64) -> Vec<f64> {
    let times = samples.len() / channels;
    let mut power = vec![0.0; times];
    for channel in 0..channels {
        let mut signal: Vec<f64> = (0..times).map(|time| samples[time * channels + channel]).collect();
        let mean = signal.iter().sum::<f64>() / times as f64;
        for value in &mut signal {
            *value -= mean;
        }
        // Forwards and backwards, so that nothing is delayed.
        for _ in 0..2 {
            for quality in [0.541, 1.307] {
                biquad(&mut signal, highpass(2.0 / rate, quality));
                biquad(&mut signal, lowpass(15.0 / rate, quality));
            }
            signal.reverse();
        }
        power.iter_mut().zip(&signal).for_each(|(sum, value)| *sum += value * value);
    }
    let half = (rate * 0.25) as usize;
    let smooth: Vec<f64> = (0..times)
        .map(|time| power[time.saturating_sub(half)..(time + half).min(times)].iter().sum::<f64>())
        .collect();
    let quiet = &smooth[(2.0 * rate) as usize..(6.0 * rate) as usize];
    let quiet = quiet.iter().sum::<f64>() / quiet.len() as f64;
    smooth.into_iter().map(|value| value / quiet).collect()
}

fn lowpass(frequency: f64, quality: f64) -> [f64; 5] {
    let (sin, cos) = (std::f64::consts::TAU * frequency).sin_cos();
    let alpha = sin / (2.0 * quality);
    let b1 = 1.0 - cos;
    [b1 / 2.0, b1, b1 / 2.0, -2.0 * cos, 1.0 - alpha].map(|value| value / (1.0 + alpha))
}

fn highpass(frequency: f64, quality: f64) -> [f64; 5] {
    let (sin, cos) = (std::f64::consts::TAU * frequency).sin_cos();
    let alpha = sin / (2.0 * quality);
    let b1 = -(1.0 + cos);
    [-b1 / 2.0, b1, -b1 / 2.0, -2.0 * cos, 1.0 - alpha].map(|value| value / (1.0 + alpha))
}

fn biquad(signal: &mut [f64], [b0, b1, b2, a1, a2]: [f64; 5]) {
    let (mut first, mut second) = (0.0, 0.0);
    for value in signal {
        let out = b0 * *value + first;
        first = b1 * *value - a1 * out + second;
        second = b2 * *value - a2 * out;
        *value = out;
    }
}
