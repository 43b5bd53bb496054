//! Silixa iDAS files in the layout of a real one.

use hdf5_writer::{AttributeBuilder, Hdf5Builder};

use crate::common::{encoded, typed};

/// 10 times of 3 channels; sample `t` of channel `c` is `t * 10 - c`. `changes` replace texts, or leave them out.
pub(crate) fn bytes(changes: &[(&str, Option<&str>)]) -> Vec<u8> {
    let mut texts = vec![
        ("SamplingFrequency[Hz]", "500"),
        ("GPSTimeStamp", "22/09/2023 18:29:26.158 (UTC)"),
        ("CPUTimeStamp", "22/09/2023 18:52:18.801 (UTC)"),
        ("Fibre Length Multiplier", "1.5"),
        ("SpatialResolution[m]", "2"),
        ("Start Distance (m)", "0.75"),
        ("Stop Distance (m)", "6.75"),
        ("StartPosition[m]", "242"),
        ("MeasureLength[m]", "6"),
        ("GaugeLength", "10"),
        ("Tags", ""),
        ("iDASVersion", "2.4.1.111"),
    ];
    for (name, value) in changes {
        texts.retain(|(other, _)| other != name);
        texts.extend(value.map(|value| (*name, value)));
    }
    let values: Vec<i16> = (0..10).flat_map(|time| (0..3).map(move |channel| time * 10 - channel)).collect();
    // As the instrument writes them: of variable length.
    let data = texts.iter().fold(typed("Acoustic", &[10, 3], &values), |data, (name, value)| {
        data.attribute(AttributeBuilder::vlen_strings(*name, &[value]).unwrap())
    });
    encoded(Hdf5Builder::new().dataset(data))
}
