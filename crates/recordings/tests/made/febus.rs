//! Febus A1 files in the layout of real ones.

use hdf5_writer::{AttributeBuilder, DatasetBuilder, Hdf5Builder};

use crate::common::{encoded, typed};

/// What to write: blocks of 8 times, 10 ms apart, of 3 channels. Sample `t` of channel `c` in block `b`
/// is `b * 1000 + t * 10 + c`.
#[derive(Clone, Debug)]
pub(crate) struct Febus {
    /// Attributes of the zone that are added or replace what belongs there.
    pub(crate) zone: Vec<(&'static str, Vec<f64>)>,
    pub(crate) source: Vec<(&'static str, Vec<f64>)>,
    pub(crate) without: Vec<&'static str>,
    pub(crate) version: Option<&'static str>,
    pub(crate) times: Vec<f64>,
    /// Whether the times are a list in a list.
    pub(crate) nested: bool,
    pub(crate) integers: bool,
    pub(crate) zones: u32,
}

impl Default for Febus {
    fn default() -> Self {
        Self {
            zone: vec![],
            source: vec![],
            without: vec![],
            version: None,
            times: vec![1_599_031_306.25, 1_599_031_306.29, 1_599_031_306.33, 1_599_031_306.37],
            nested: false,
            integers: false,
            zones: 1,
        }
    }
}

impl Febus {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut zone = vec![
            ("DataDomain", vec![4.0, 2.0, 0.0]),
            ("Extent", vec![0.0, 2.0, 0.0, 7.0, 0.0, 0.0]),
            ("GaugeLength", vec![30.5]),
            ("Origin", vec![5.0, -40.0, 0.0]),
            ("Spacing", vec![1.5, 10.0, 1.0]),
            ("SamplingRate", vec![100.0]),
            ("PulseRateFreq", vec![2_000_000.0]),
        ];
        for (name, values) in &self.zone {
            zone.retain(|(other, _)| other != name);
            zone.push((name, values.clone()));
        }
        zone.retain(|(name, _)| !self.without.contains(name));
        let mut file = Hdf5Builder::new();
        for (name, values) in &self.source {
            file = file.group_attribute("fa1-1/Source1", AttributeBuilder::vector(*name, values).unwrap());
        }
        for number in 1..=self.zones {
            let group = format!("fa1-1/Source1/Zone{number}");
            for (name, values) in &zone {
                file = file.group_attribute(&group, AttributeBuilder::vector(*name, values).unwrap());
            }
            if let Some(version) = self.version {
                file = file.group_attribute(&group, AttributeBuilder::fixed_string("Version", version));
            }
            file = file.dataset(self.data(&format!("{group}/StrainRate")));
        }
        if !self.without.contains(&"time") {
            let count = self.times.len() as u64;
            let shape = if self.nested { vec![1, count] } else { vec![count] };
            file = file.dataset(typed("fa1-1/Source1/time", &shape, &self.times));
        }
        encoded(file)
    }

    fn data(&self, name: &str) -> DatasetBuilder {
        let shape = [4, 8, 3];
        let values: Vec<i16> = (0..4)
            .flat_map(|block| (0..8).flat_map(move |t| (0..3).map(move |c| block * 1000 + t * 10 + c)))
            .collect();
        let floats: Vec<f32> = values.iter().copied().map(f32::from).collect();
        if self.integers { typed(name, &shape, &values) } else { typed(name, &shape, &floats) }
    }
}
