//! How exact times and rates are.

use jiff::SignedDuration;

use crate::common::hostile::opened;
use crate::common::{START_US, time};
use crate::made::miniseed::{bytes, edited, record};

#[test]
fn times_and_rates_are_as_exact_as_they_are_told() {
    let start = |edits: &[(usize, &[u8])]| {
        let file = opened(&edited(edits)).unwrap();
        file.header().start().as_microsecond() - START_US
    };
    assert_eq!(start(&[]), 0);
    assert_eq!(start(&[(61, &[0xf6])]), -10, "blockette 1001 has microseconds");
    assert_eq!(start(&[(40, &12_i32.to_be_bytes())]), 1_200, "a correction is applied");
    assert_eq!(start(&[(40, &12_i32.to_be_bytes()), (36, &[2])]), 0, "unless it has been");
    let rate = |edits: &[(usize, &[u8])]| opened(&edited(edits)).unwrap().header().fibre.sampling_rate;
    for (factor, multiplier, expected) in
        [(100, 1, 100.0), (50, 3, 150.0), (100, -8, 12.5), (-4, 1, 0.25), (-2, -5, 0.1), (7, 0, 7.0)]
    {
        let (factor, multiplier) = (i16::to_be_bytes(factor), i16::to_be_bytes(multiplier));
        assert_eq!(rate(&[(32, &factor), (34, &multiplier)]), expected);
    }
    // Blockette 100 in place of 1001.
    assert_eq!(rate(&[(56, &100_u16.to_be_bytes()), (60, &99.5_f32.to_be_bytes())]), 99.5);
    let mut slow = record(3, "A", 0..9);
    slow.sample_rate = -4.0;
    slow.start_time.nanosecond = 123_456_789;
    let file = opened(&bytes(&[slow])).unwrap();
    assert_eq!(file.header().fibre.sampling_rate, 0.25, "a negative rate is an interval");
    assert_eq!(file.header().start(), time(START_US) + SignedDuration::from_nanos(123_456_789));
}
