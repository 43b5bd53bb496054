//! SEG-Y files: revisions, sample formats, byte orders, what is told twice, and files that are refused.
#![expect(clippy::float_cmp, reason = "rates are given back as they were written")]

mod common;

use std::fs;
use std::ops::Range;

use common::{numbers, value};
use focus_core::{DataType, Samples};
use focus_recordings::{ReadError, RecordingFile, SqliteCatalogue, open};
use jiff::Timestamp;
use proptest::prelude::*;

const HEAD: usize = 3600;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Order {
    Big,
    Little,
}

/// What to write. Sample `t` of trace `c` is `t * 100 + c`. Positions are counted from 1, as the standard does.
#[derive(Clone, Debug)]
struct Segy {
    revision: [u8; 2],
    order: Order,
    format: i64,
    samples: u64,
    traces: u64,
    /// µs.
    interval: i64,
    /// Further headers of each trace; the first of them has its name.
    extensions: i64,
    /// Numbers in the binary header: position, width and value.
    binary: Vec<(usize, usize, i64)>,
    /// The same in the trace with this number, counted from 1.
    trace: Vec<(u64, usize, usize, i64)>,
    /// Texts in front of the traces, and behind them.
    texts: usize,
    trailers: usize,
    cards: &'static [u8],
}

impl Default for Segy {
    fn default() -> Self {
        Self {
            revision: [1, 0],
            order: Order::Big,
            format: 3,
            samples: 20,
            traces: 4,
            interval: 2_000,
            extensions: 0,
            binary: vec![],
            trace: vec![],
            texts: 0,
            trailers: 0,
            // `C 1` in EBCDIC.
            cards: &[0xc3, 0x40, 0xf1, 0x40],
        }
    }
}

impl Segy {
    fn put(&self, bytes: &mut [u8], position: usize, width: usize, value: i64) {
        let big = value.to_be_bytes();
        let field = &mut bytes[position - 1..position - 1 + width];
        field.copy_from_slice(&big[8 - width..]);
        if self.order == Order::Little {
            field.reverse();
        }
    }

    fn headers(&self) -> usize {
        240 * (1 + self.extensions as usize)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut head = vec![0x40; 3200];
        head[..self.cards.len()].copy_from_slice(self.cards);
        head.resize(HEAD, 0);
        for (position, width, value) in [
            (3217, 2, self.interval),
            (3221, 2, self.samples as i64),
            (3225, 2, self.format),
            (3255, 2, 1),
            (3505, 2, self.texts as i64),
        ] {
            self.put(&mut head, position, width, value);
        }
        head[3500..3502].copy_from_slice(&self.revision);
        if self.revision[0] == 2 {
            self.put(&mut head, 3297, 4, 0x0102_0304);
            self.put(&mut head, 3507, 4, self.extensions);
            self.put(&mut head, 3529, 4, self.trailers as i64);
        }
        for &(position, width, value) in &self.binary {
            self.put(&mut head, position, width, value);
        }
        head.resize(HEAD + 3200 * self.texts, b' ');
        for number in 1..=self.traces {
            head.extend(self.trace(number));
        }
        head.resize(head.len() + 3200 * self.trailers, b' ');
        head
    }

    fn trace(&self, number: u64) -> Vec<u8> {
        let mut trace = vec![0; self.headers()];
        for (position, width, value) in [
            (115, 2, self.samples as i64),
            (117, 2, self.interval),
            (157, 2, 2024),
            (159, 2, 366),
            (161, 2, 23),
            (163, 2, 59),
            (165, 2, 58),
            (167, 2, 4),
            // Every 3.5 m to the north, in centimetres.
            (71, 2, -100),
            (81, 4, 1_000),
            (85, 4, 350 * number as i64),
            (89, 2, 1),
        ] {
            self.put(&mut trace, position, width, value);
        }
        if self.extensions > 0 {
            trace[472..480].copy_from_slice(b"SEG00001");
        }
        for &(of, position, width, value) in &self.trace {
            if of == number {
                self.put(&mut trace, position, width, value);
            }
        }
        let mut sample = [0; 4];
        for time in 0..self.samples {
            let value = value(time, number - 1);
            let (width, bits) = match self.format {
                1 => (4, ibm(value as f64)),
                3 => (2, value),
                5 => (4, (value as f32).to_bits().into()),
                _ => (4, value),
            };
            self.put(&mut sample, 1, width, bits);
            trace.extend(&sample[..width]);
        }
        trace
    }
}

/// An IBM float of a number that is exact as one.
fn ibm(value: f64) -> i64 {
    let mut power = 64;
    let mut fraction = value.abs();
    while fraction >= 1.0 {
        fraction /= 16.0;
        power += 1;
    }
    let bits = (power << 24) | (fraction * f64::from(1 << 24)) as i64;
    if value == 0.0 { 0 } else { bits }
}

fn opened(bytes: &[u8]) -> Result<Box<dyn RecordingFile>, ReadError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("recording");
    fs::write(&path, bytes).unwrap();
    // The file stays readable although its name is gone.
    open(&path)
}

fn expected(times: Range<u64>, columns: Range<u64>) -> Vec<i64> {
    times.flat_map(|time| columns.clone().map(move |channel| value(time, channel))).collect()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn default_with_extension() -> Segy {
    Segy { revision: [2, 0], extensions: 1, ..Segy::default() }
}

#[test]
fn the_header_is_what_the_file_says() {
    let trace = (1..=4).map(|number| (number, 203, 2, 6)).collect();
    let file = opened(&Segy { trace, ..Segy::default() }.bytes()).unwrap();
    let header = file.header();
    assert_eq!((header.format.as_str(), header.segments.len()), ("SEG-Y 1.0", 1));
    assert_eq!(header.start(), time("2024-12-31T23:59:58Z"));
    assert_eq!(header.segments[0].samples, 20);
    let fibre = &header.fibre;
    assert_eq!((fibre.sampling_rate, fibre.channels, fibre.data_type), (500.0, 4, DataType::Int16));
    assert_eq!((fibre.dx, fibre.length), (Some(3.5), Some(14.0)));
    assert_eq!((fibre.unit.as_deref(), fibre.gauge_length, fibre.start), (Some("m/s"), None, None));
}

#[test]
fn every_revision_format_and_order_reads_the_same() {
    for (format, data_type) in
        [(1, DataType::Float32), (2, DataType::Int32), (3, DataType::Int16), (5, DataType::Float32)]
    {
        for (revision, order, extensions) in [
            ([0, 0], Order::Big, 0),
            ([1, 0], Order::Big, 0),
            ([2, 0], Order::Big, 0),
            ([2, 1], Order::Big, 2),
            ([2, 0], Order::Little, 0),
            ([2, 1], Order::Little, 1),
        ] {
            let texts = if revision == [0, 0] { 0 } else { 2 };
            let trailers = usize::from(revision[0] == 2);
            let segy = Segy { revision, order, format, extensions, texts, trailers, ..Segy::default() };
            let file = opened(&segy.bytes()).unwrap_or_else(|error| panic!("{error}: {segy:?}"));
            assert_eq!(file.header().fibre.data_type, data_type);
            for (times, columns) in [(0..20, 0..4), (7..9, 1..3), (19..20, 2..3), (5..5, 0..4), (5..9, 3..3)]
            {
                let samples = file.read(0, times.clone(), columns.clone()).unwrap();
                assert_eq!(samples.data_type(), data_type);
                let wanted = expected(times.clone(), columns.start as u64..columns.end as u64);
                assert_eq!(numbers(&samples), wanted, "{segy:?} {times:?} {columns:?}");
            }
            let beyond = file.read(0, 18..99, 1..99).unwrap();
            assert_eq!(numbers(&beyond), expected(18..20, 1..4), "a range beyond the data is cut to it");
            assert!(file.read(1, 0..9, 0..1).is_err(), "there is no other segment");
        }
    }
}

#[test]
fn it_is_known_by_its_cards_or_its_revision() {
    for cards in [&b"C 1 CLIENT"[..], b"C01 CLIENT", b"C1  CLIENT", &[0xc3, 0xf1]] {
        assert!(opened(&Segy { cards, revision: [0, 0], ..Segy::default() }.bytes()).is_ok(), "{cards:?}");
    }
    assert!(opened(&Segy { cards: b"", ..Segy::default() }.bytes()).is_ok());
    let little = Segy { cards: b"", order: Order::Little, ..default_with_extension() };
    assert!(opened(&little.bytes()).is_ok());
    let other = opened(&Segy { cards: b"", revision: [0, 0], ..Segy::default() }.bytes());
    let refusal = other.map(|_| ()).unwrap_err().to_string();
    assert!(refusal.contains("is of no format that is known here (miniSEED, SEG-Y, PRODML"), "{refusal}");
}

#[test]
fn the_wide_fields_of_revision_2_are_used_where_they_are_told() {
    let third = (1e6_f64 / 3_000.0).to_bits() as i64;
    // Traces have no room for the number, nor for the fraction.
    let each = |number| [(number, 115, 2, 0), (number, 117, 2, 333)];
    let segy = Segy {
        revision: [2, 0],
        samples: 70_000,
        traces: 2,
        binary: vec![(3221, 2, 0), (3269, 4, 70_000), (3217, 2, 333), (3273, 8, third)],
        trace: (1..=2).flat_map(each).collect(),
        ..Segy::default()
    };
    let file = opened(&segy.bytes()).unwrap();
    assert_eq!(file.header().segments[0].samples, 70_000);
    assert!((file.header().fibre.sampling_rate - 3_000.0).abs() < 1e-9);
    // Revision 1 has something else there.
    let segy = Segy { binary: vec![(3269, 4, 70_000), (3273, 8, third)], ..Segy::default() };
    let file = opened(&segy.bytes()).unwrap();
    assert_eq!((file.header().segments[0].samples, file.header().fibre.sampling_rate), (20, 500.0));

    let nanoseconds = (1..=4).map(|number| (number, 381, 4, 123_456_789)).collect();
    let file = opened(&Segy { trace: nanoseconds, ..default_with_extension() }.bytes()).unwrap();
    assert_eq!(file.header().start(), time("2024-12-31T23:59:58.123456789Z"));
    let northing = |number: u64| (number, 361, 8, (number as f64 * 0.25).to_bits() as i64);
    let file = opened(&Segy { trace: (1..=4).map(northing).collect(), ..default_with_extension() }.bytes());
    assert_eq!(file.unwrap().header().fibre.dx, Some(0.25));
}

#[test]
fn a_delay_is_added_to_the_time() {
    for (scalar, start) in
        [(0, "2024-12-31T23:59:58.25Z"), (-10, "2024-12-31T23:59:58.025Z"), (8, "2025-01-01T00:00:00Z")]
    {
        let each = |number| [(number, 109, 2, 250), (number, 215, 2, scalar)];
        let file =
            opened(&Segy { trace: (1..=4).flat_map(each).collect(), ..Segy::default() }.bytes()).unwrap();
        assert_eq!(file.header().start(), time(start));
    }
}

#[test]
fn dx_is_known_only_where_it_is_told_and_even() {
    let dx = |segy: Segy| opened(&segy.bytes()).unwrap().header().fibre.dx;
    let trace = |trace| Segy { trace, ..Segy::default() };
    assert_eq!(dx(trace(vec![(3, 85, 4, 1_051)])), Some(3.5), "1 cm off is the precision of the positions");
    assert_eq!(dx(trace(vec![(3, 85, 4, 1_200)])), None);
    assert_eq!(dx(trace(vec![(3, 89, 2, 0)])), None, "one that does not tell its unit");
    assert_eq!(dx(trace((1..=4).map(|number| (number, 89, 2, 2)).collect())), None, "seconds of arc");
    assert_eq!(dx(trace((1..=4).map(|number| (number, 85, 4, 7)).collect())), None, "all in one place");
    assert_eq!(dx(Segy { binary: vec![(3255, 2, 0)], ..Segy::default() }), None);
    let feet = dx(Segy { binary: vec![(3255, 2, 2)], ..Segy::default() }).unwrap();
    assert!((feet - 3.5 * 0.3048).abs() < 1e-9);
    assert_eq!(dx(Segy { traces: 1, ..Segy::default() }), None);
}

#[test]
fn what_one_header_leaves_out_the_other_tells() {
    let segy = Segy { binary: vec![(3217, 2, 0), (3221, 2, 0)], ..Segy::default() };
    let file = opened(&segy.bytes()).unwrap();
    assert_eq!((file.header().segments[0].samples, file.header().fibre.sampling_rate), (20, 500.0));
    let each = |number| [(number, 115, 2, 0), (number, 117, 2, 0)];
    let file = opened(&Segy { trace: (1..=4).flat_map(each).collect(), ..Segy::default() }.bytes()).unwrap();
    assert_eq!(numbers(&file.read(0, 0..20, 0..4).unwrap()), expected(0..20, 0..4));
    assert_eq!(file.header().fibre.sampling_rate, 500.0);
}

#[test]
fn contradictions_are_refused_by_the_fields_name_and_place() {
    let default = Segy::default;
    for (field, segy) in [
        ("number of samples (bytes 115-116 of trace 3)", Segy { trace: vec![(3, 115, 2, 19)], ..default() }),
        ("sample interval (bytes 117-118 of trace 2)", Segy { trace: vec![(2, 117, 2, 2_001)], ..default() }),
        (
            "number of samples (bytes 377-380 of trace 4)",
            Segy { trace: vec![(4, 377, 4, 21)], ..default_with_extension() },
        ),
        (
            "sample interval (bytes 385-392 of trace 1)",
            Segy { trace: vec![(1, 385, 8, 2_000.5_f64.to_bits() as i64)], ..default_with_extension() },
        ),
        ("time (bytes 157-166 of trace 2)", Segy { trace: vec![(2, 165, 2, 59)], ..default() }),
        ("time (bytes 157-166 of trace 1)", Segy { trace: vec![(1, 161, 2, 24)], ..default() }),
        ("time (bytes 157-166 of trace 1)", Segy { trace: vec![(1, 159, 2, 367)], ..default() }),
        ("year (bytes 157-158 of trace 1)", Segy { trace: vec![(1, 157, 2, 0)], ..default() }),
        ("year (bytes 157-158 of trace 1)", Segy { trace: vec![(1, 157, 2, 24)], ..default() }),
        ("time basis code (bytes 167-168 of trace 1)", Segy { trace: vec![(1, 167, 2, 1)], ..default() }),
        ("sample format code (bytes 3225-3226)", Segy { format: 6, ..default() }),
        ("number of samples (bytes 3221-3222)", Segy { samples: 0, ..default() }),
        ("sample interval (bytes 3217-3218)", Segy { interval: 0, ..default() }),
        ("revision (bytes 3501-3502)", Segy { revision: [3, 0], ..default() }),
        (
            "number of extended textual headers (bytes 3505-3506)",
            Segy { binary: vec![(3505, 2, -1)], ..default() },
        ),
        (
            "number of additional trace headers (bytes 3507-3510)",
            Segy { binary: vec![(3507, 4, -1)], ..default_with_extension() },
        ),
        (
            "integer constant (bytes 3297-3300)",
            Segy { binary: vec![(3297, 4, 0x0201_0403)], ..default_with_extension() },
        ),
        (
            "byte offset of first trace (bytes 3521-3528)",
            Segy { binary: vec![(3521, 8, i64::MAX)], ..default_with_extension() },
        ),
        (
            "number of data trailer stanzas (bytes 3529-3532)",
            Segy { binary: vec![(3529, 4, 1 << 30)], ..default_with_extension() },
        ),
    ] {
        match opened(&segy.bytes()).map(|_| ()) {
            Err(ReadError::Header { field: found, .. }) => assert_eq!(found, field, "{segy:?}"),
            other => panic!("{field}: {other:?} for {segy:?}"),
        }
    }
}

#[tokio::test]
async fn a_data_directory_may_hold_it() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["a.sgy", "b.SEGY", "c.txt"] {
        fs::write(directory.path().join(name), Segy::default().bytes()).unwrap();
    }
    let index = directory.path().join("index.sqlite");
    let catalogue = SqliteCatalogue::open(&index, directory.path()).await.unwrap();
    assert_eq!(catalogue.scan().await.unwrap().added, 2);
}

/// Reads all of it, and gives an error or samples of the promised number; a panic fails the test.
fn read_through(bytes: &[u8]) -> Result<Samples, ReadError> {
    let file = opened(bytes)?;
    let samples = file.read(0, 0..u64::MAX, 0..usize::MAX)?;
    let header = file.header();
    assert_eq!(samples.len() as u64, header.segments[0].samples * u64::from(header.fibre.channels));
    Ok(samples)
}

fn small_files() -> [Vec<u8>; 2] {
    let little = Segy { order: Order::Little, texts: 1, trailers: 1, ..default_with_extension() };
    [Segy::default().bytes(), little.bytes()]
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

#[test]
fn flipped_bytes_never_panic() {
    for file in small_files() {
        // All headers; what is left out is text.
        for position in (0..3_200).step_by(99).chain(3_200..file.len()) {
            let mut bytes = file.clone();
            bytes[position] ^= [0x01, 0x80, 0xff][position % 3];
            let _ = read_through(&bytes);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn hostile_headers_never_panic(
        which in 0..2_usize,
        edits in prop::collection::vec((3_200..7_600_usize, any::<u8>()), 1..12),
        cut in prop::option::of(0.9..1.0_f64),
    ) {
        let mut bytes = small_files()[which].clone();
        for (position, value) in edits {
            let position = position.min(bytes.len() - 1);
            bytes[position] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate((bytes.len() as f64 * cut) as usize);
        }
        let _ = read_through(&bytes);
    }
}
