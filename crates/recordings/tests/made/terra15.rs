//! Terra15 files in the layout of a real one.

use hdf5_writer::{AttributeBuilder, Hdf5Builder};

use crate::common::{encoded, typed};

/// What to write: 3 frames of 4 samples of 2 channels, 10 ms apart. Sample `t` of channel `c` is `t * 10 + c`.
#[derive(Clone, Debug)]
pub(crate) struct Terra15 {
    pub(crate) numbers: Vec<(&'static str, f64)>,
    pub(crate) without: Vec<&'static str>,
    pub(crate) group: &'static str,
    pub(crate) times: Vec<f64>,
    pub(crate) times_name: &'static str,
}

pub(crate) const START: f64 = 1_661_296_194.373_836_3;

impl Default for Terra15 {
    fn default() -> Self {
        Self {
            numbers: vec![],
            without: vec![],
            group: "data_product",
            times: (0..12).map(|sample| START + f64::from(sample) * 0.01).collect(),
            times_name: "gps_time",
        }
    }
}

impl Terra15 {
    fn number(&self, name: &'static str, value: f64) -> Option<AttributeBuilder> {
        let value = self.numbers.iter().find(|(other, _)| *other == name).map_or(value, |(_, value)| *value);
        (!self.without.contains(&name)).then(|| AttributeBuilder::scalar(name, value).unwrap())
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut file = Hdf5Builder::new();
        for (name, value) in [
            ("data_product", "velocity"),
            ("data_product_units", "m/s"),
            ("server_software_version", "5.0.1"),
            ("setup_comments", ""),
        ] {
            file = file.attribute(AttributeBuilder::vlen_strings(name, &[value]).unwrap());
        }
        for (name, value) in [
            ("file_version", 5.0),
            ("nframes_allocated", 3.0),
            ("nframes_occupied", 3.0),
            ("frame_size", 4.0),
            ("nx", 2.0),
            ("dx", 1.5),
            ("gauge_length", 2.5),
            ("pulse_rate", 16000.0),
            ("sensing_range_start", 30.25),
        ] {
            file = self.number(name, value).into_iter().fold(file, Hdf5Builder::attribute);
        }
        let values: Vec<f32> = (0..12_u8).flat_map(|time| [0, 1].map(|c| f32::from(time * 10 + c))).collect();
        let mut data = typed(&format!("{}/data", self.group), &[12, 2], &values).chunked([4, 2]);
        for (name, value) in [("dT", 0.01), ("nT", 4.0)] {
            data = self.number(name, value).into_iter().fold(data, hdf5_writer::DatasetBuilder::attribute);
        }
        let times = self.times.len() as u64;
        encoded(file.dataset(data).dataset(typed(
            &format!("{}/{}", self.group, self.times_name),
            &[times],
            &self.times,
        )))
    }
}
