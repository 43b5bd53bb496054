//! `OptoDAS` files in the layout of real ones.

use hdf5_writer::{DatasetBuilder, Hdf5Builder};

use crate::common::{encoded, typed};

/// What to write: 6 times, 10 ms apart. Sample `t` of stored channel `c` is `t * 10 + c`.
#[derive(Clone, Debug)]
pub(crate) struct Optodas {
    /// Numbers that are added or replace what belongs there, by path.
    pub(crate) numbers: Vec<(&'static str, f64)>,
    pub(crate) texts: Vec<(&'static str, Vec<&'static str>)>,
    pub(crate) without: Vec<&'static str>,
    pub(crate) channels: Vec<i32>,
    pub(crate) distances: Vec<f64>,
    pub(crate) integers: bool,
    pub(crate) locus_first: bool,
}

impl Default for Optodas {
    fn default() -> Self {
        Self {
            numbers: vec![],
            texts: vec![],
            without: vec![],
            channels: vec![40, 44, 48],
            distances: (0..20).map(|sensor| f64::from(sensor) * 4.0).collect(),
            integers: false,
            locus_first: false,
        }
    }
}

impl Optodas {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let channels = self.channels.len() as u64;
        let order = if self.locus_first { ["distance", "time"] } else { ["time", "distance"] };
        let (units, time) = if self.locus_first { (["m", "s"], 1) } else { (["s", "m"], 0) };
        let range = |what: &str| format!("header/dimensionRanges/dimension{time}/{what}");
        let mut numbers: Vec<(String, f64)> = vec![
            ("fileVersion".into(), 8.0),
            ("header/dt".into(), 0.01),
            ("header/dx".into(), 1.5),
            ("header/gaugeLength".into(), 6.0),
            ("header/dataScale".into(), 1.0),
            ("header/time".into(), 1_698_416_617.02),
            (range("min"), 0.0),
            (range("size"), 6.0),
            (range("unitScale"), 0.01),
        ];
        for (path, value) in &self.numbers {
            numbers.retain(|(other, _)| other != path);
            numbers.push(((*path).into(), *value));
        }
        let mut texts = vec![
            ("header/dimensionNames", order.to_vec()),
            ("header/dimensionUnits", units.to_vec()),
            ("header/unit", vec!["rad/m/s"]),
            ("header/experiment", vec!["a test"]),
            ("fileGenerator", vec!["DASControl"]),
            ("versions/DasControl/swRevision", vec!["7"]),
        ];
        for (path, values) in &self.texts {
            texts.retain(|(other, _)| other != path);
            texts.push((path, values.clone()));
        }
        let present = |path: &str| !self.without.contains(&path);
        let mut file = Hdf5Builder::new();
        for (path, value) in numbers.iter().filter(|(path, _)| present(path)) {
            file = file.dataset(typed(path, &[], &[*value]));
        }
        for (path, values) in texts.iter().filter(|(path, _)| present(path)) {
            let shape = [values.len() as u64];
            file = file.dataset(DatasetBuilder::fixed_string_data(*path, shape, values).unwrap());
        }
        if present("header/channels") {
            file = file.dataset(typed("header/channels", &[channels], &self.channels));
        }
        file =
            file.dataset(typed("cableSpec/sensorDistances", &[self.distances.len() as u64], &self.distances));
        let at = |time: u64, channel: u64| (time * 10 + channel) as i16;
        let values: Vec<i16> = if self.locus_first {
            (0..channels).flat_map(|channel| (0..6).map(move |time| at(time, channel))).collect()
        } else {
            (0..6).flat_map(|time| (0..channels).map(move |channel| at(time, channel))).collect()
        };
        let shape = if self.locus_first { [channels, 6] } else { [6, channels] };
        let floats: Vec<f32> = values.iter().copied().map(f32::from).collect();
        encoded(file.dataset(if self.integers {
            typed("data", &shape, &values)
        } else {
            typed("data", &shape, &floats)
        }))
    }
}
