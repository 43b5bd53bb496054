//! What is refused, and by which name.

use crate::common::hostile::{read_through, refused_field};
use crate::made::segy::{HEAD, Segy, with_extension};

#[test]
fn contradictions_are_refused_by_the_fields_name_and_place() {
    let default = Segy::default;
    // The file's header says which time it is, where traces do not.
    let trace = (1..=4).map(|number| (number, 167, 2, 0)).collect();
    let gps = Segy { binary: vec![(3511, 2, 5)], trace, ..with_extension() };
    for (field, segy) in [
        ("number of samples (bytes 115-116 of trace 3)", Segy { trace: vec![(3, 115, 2, 19)], ..default() }),
        ("sample interval (bytes 117-118 of trace 2)", Segy { trace: vec![(2, 117, 2, 2_001)], ..default() }),
        (
            "number of samples (bytes 377-380 of trace 4)",
            Segy { trace: vec![(4, 377, 4, 21)], ..with_extension() },
        ),
        (
            "sample interval (bytes 385-392 of trace 1)",
            Segy { trace: vec![(1, 385, 8, 2_000.5_f64.to_bits() as i64)], ..with_extension() },
        ),
        ("time (bytes 157-166 of trace 2)", Segy { trace: vec![(2, 165, 2, 59)], ..default() }),
        ("time (bytes 157-166 of trace 1)", Segy { trace: vec![(1, 161, 2, 24)], ..default() }),
        ("time (bytes 157-166 of trace 1)", Segy { trace: vec![(1, 159, 2, 367)], ..default() }),
        ("year (bytes 157-158 of trace 1)", Segy { trace: vec![(1, 157, 2, 0)], ..default() }),
        ("year (bytes 157-158 of trace 1)", Segy { trace: vec![(1, 157, 2, 24)], ..default() }),
        ("time basis code (bytes 167-168 of trace 1)", Segy { trace: vec![(1, 167, 2, 1)], ..default() }),
        ("sample format code (bytes 3225-3226)", Segy { format: 6, ..default() }),
        ("sample format code (bytes 3225-3226)", Segy { format: 4, ..default() }),
        ("time basis code (bytes 167-168 of trace 1)", gps),
        ("number of traces (bytes 3513-3520)", Segy { binary: vec![(3513, 8, 5)], ..with_extension() }),
        (
            "number of additional trace headers (bytes 397-398 of trace 3)",
            Segy { trace: vec![(3, 397, 2, 2)], ..with_extension() },
        ),
        (
            "number of additional trace headers (bytes 3507-3508)",
            Segy { revision: [2, 1], binary: vec![(3507, 2, 17)], ..with_extension() },
        ),
        ("number of samples (bytes 3221-3222)", Segy { samples: 0, ..default() }),
        ("sample interval (bytes 3217-3218)", Segy { interval: 0, ..default() }),
        ("revision (bytes 3501-3502)", Segy { revision: [3, 0], ..default() }),
        (
            "number of extended textual headers (bytes 3505-3506)",
            Segy { binary: vec![(3505, 2, -1)], ..default() },
        ),
        (
            "number of additional trace headers (bytes 3507-3510)",
            Segy { binary: vec![(3507, 4, -1)], ..with_extension() },
        ),
        (
            "integer constant (bytes 3297-3300)",
            Segy { binary: vec![(3297, 4, 0x0201_0403)], ..with_extension() },
        ),
        (
            "byte offset of first trace (bytes 3521-3528)",
            Segy { binary: vec![(3521, 8, i64::MAX)], ..with_extension() },
        ),
        (
            "number of data trailer stanzas (bytes 3529-3532)",
            Segy { binary: vec![(3529, 4, 1 << 30)], ..with_extension() },
        ),
    ] {
        assert_eq!(refused_field(&segy.bytes()), field, "{segy:?}");
    }
}

#[test]
fn a_truncated_file_is_an_error_unless_it_ends_with_a_trace() {
    let file = Segy::default().bytes();
    let whole: Vec<usize> = (0..HEAD)
        .step_by(99)
        .chain(HEAD..file.len())
        .filter(|&length| read_through(&file[..length]).is_ok())
        .collect();
    let trace = 240 + 20 * 2;
    assert_eq!(whole, [HEAD + trace, HEAD + 2 * trace, HEAD + 3 * trace]);
}
