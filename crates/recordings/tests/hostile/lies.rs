//! Headers whose numbers are anything: what is believed can be, and the rest is refused.

use proptest::prelude::*;

use crate::allocation::read_frugally;
use crate::common::Prodml;
use crate::damaged::config;
use crate::made::febus::Febus;
use crate::made::optodas::Optodas;
use crate::made::segy::{Segy, with_extension};
use crate::made::silixa;
use crate::made::terra15::Terra15;

/// Numbers of a header, and others.
fn number() -> impl Strategy<Value = f64> {
    let special = prop::sample::select(vec![
        0.0,
        -0.0,
        -1.0,
        0.5,
        1.0,
        3.0,
        1e-300,
        1e-6,
        1e9,
        1e13,
        1e18,
        1e300,
        f64::MAX,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ]);
    prop_oneof![3 => special, 1 => any::<f64>(), 1 => -100.0..100.0_f64]
}

/// Some fields with numbers.
fn numbers(fields: &'static [&'static str]) -> impl Strategy<Value = Vec<(&'static str, f64)>> {
    prop::collection::vec((prop::sample::select(fields), number()), 1..4)
}

fn is_read_or_refused(bytes: &[u8]) -> Result<(), TestCaseError> {
    read_frugally(bytes, 0).map(|_| ()).map_err(TestCaseError::fail)
}

const ZONE: [&str; 9] = [
    "DataDomain",
    "Extent",
    "GaugeLength",
    "Origin",
    "Spacing",
    "SamplingRate",
    "PulseRateFreq",
    "BlockOverlap",
    "BlockRate",
];

/// Fields of a SEG-Y file's header and of a trace's: position and width.
const BINARY: [(usize, usize); 9] =
    [(3217, 2), (3221, 2), (3225, 2), (3255, 2), (3269, 4), (3273, 8), (3505, 2), (3507, 4), (3521, 8)];
const TRACE: [(usize, usize); 14] = [
    (71, 2),
    (81, 4),
    (85, 4),
    (89, 2),
    (109, 2),
    (115, 2),
    (117, 2),
    (157, 2),
    (159, 2),
    (215, 2),
    (353, 8),
    (361, 8),
    (381, 4),
    (385, 8),
];

proptest! {
    #![proptest_config(config())]

    #[test]
    fn prodml(numbers in numbers(&[
        "SpatialSamplingInterval", "GaugeLength", "PulseRate", "NumberOfLoci", "StartLocusIndex", "OutputDataRate", "Count",
    ])) {
        is_read_or_refused(&Prodml { numbers, ..Prodml::default() }.bytes())?;
    }

    #[test]
    fn optodas(numbers in numbers(&[
        "fileVersion", "header/dt", "header/dx", "header/gaugeLength", "header/dataScale", "header/time",
        "header/dimensionRanges/dimension0/min", "header/dimensionRanges/dimension0/size",
    ]), distances in prop::collection::vec(number(), 2..5), channels in prop::collection::vec(any::<i32>(), 2..5)) {
        is_read_or_refused(&Optodas { numbers: numbers.clone(), ..Optodas::default() }.bytes())?;
        is_read_or_refused(&Optodas { distances, ..Optodas::default() }.bytes())?;
        is_read_or_refused(&Optodas { numbers, channels, ..Optodas::default() }.bytes())?;
    }

    #[test]
    fn febus(
        zone in prop::collection::vec((prop::sample::select(&ZONE[..]), prop::collection::vec(number(), 1..7)), 1..4),
        times in prop::collection::vec(number(), 4),
    ) {
        is_read_or_refused(&Febus { zone, ..Febus::default() }.bytes())?;
        let mut times = times;
        times.sort_by(f64::total_cmp);
        is_read_or_refused(&Febus { times, ..Febus::default() }.bytes())?;
    }

    #[test]
    fn silixa(fields in numbers(&[
        "SamplingFrequency[Hz]", "Fibre Length Multiplier", "SpatialResolution[m]", "Start Distance (m)",
        "Stop Distance (m)", "GaugeLength",
    ])) {
        let texts: Vec<(&str, String)> = fields.iter().map(|(name, number)| (*name, number.to_string())).collect();
        let texts: Vec<(&str, Option<&str>)> = texts.iter().map(|(name, text)| (*name, Some(text.as_str()))).collect();
        is_read_or_refused(&silixa::bytes(&texts))?;
    }

    #[test]
    fn terra15(numbers in numbers(&[
        "file_version", "nframes_occupied", "frame_size", "nx", "dx", "gauge_length", "pulse_rate", "sensing_range_start",
        "dT", "nT",
    ]), times in prop::collection::vec(number(), 12)) {
        is_read_or_refused(&Terra15 { numbers, ..Terra15::default() }.bytes())?;
        is_read_or_refused(&Terra15 { times, ..Terra15::default() }.bytes())?;
    }

    #[test]
    fn segy(
        binary in prop::collection::vec((prop::sample::select(&BINARY[..]), number(), any::<i64>(), any::<bool>()), 0..3),
        trace in prop::collection::vec((1..=4_u64, prop::sample::select(&TRACE[..]), number(), any::<i64>(), any::<bool>()), 0..5),
    ) {
        let bits = |number: f64, any: i64, exact: bool| if exact { number.to_bits() as i64 } else { any };
        let binary = binary.into_iter().map(|((at, width), number, any, exact)| (at, width, bits(number, any, exact)));
        let trace = trace.into_iter().map(|(of, (at, width), number, any, exact)| (of, at, width, bits(number, any, exact)));
        // The second headers have no place in files without.
        let (binary, trace): (Vec<_>, Vec<_>) = (binary.collect(), trace.collect());
        let first = trace.iter().copied().filter(|(_, at, ..)| *at < 240).collect();
        is_read_or_refused(&Segy { binary: binary.clone(), trace: first, ..Segy::default() }.bytes())?;
        is_read_or_refused(&Segy { binary, trace, ..with_extension() }.bytes())?;
    }
}
