use focus_core::Fibre;

use super::format::Format;
use super::trace::{self, TRACE_HEADER};
use crate::error::Problem;
use crate::file::sampling_rate;
use crate::seismic::{Bytes, Fields};
use crate::{Header, Segment};

/// Bytes of the textual header, and of each further one.
const TEXT: usize = 3200;
/// Bytes of all that every file begins with: the textual and the binary header.
const HEAD: usize = TEXT + 400;
/// Where the header tells the sample interval.
const INTERVAL: &str = "sample interval (bytes 3217-3218)";
const WIDE_INTERVAL: &str = "sample interval (bytes 3273-3280)";
/// Most traces that a file may have.
const MAX_TRACES: u64 = 1 << 20;
/// Most further headers of one trace.
const MAX_EXTENSIONS: u16 = 16;

/// Where the samples are.
#[derive(Debug)]
pub(super) struct Layout {
    /// The first number of the revision: 0, 1 or 2.
    pub(super) revision: u8,
    pub(super) format: Format,
    pub(super) little_endian: bool,
    /// Where the first trace begins.
    pub(super) first: u64,
    /// How many headers of 240 bytes each trace has after its first.
    pub(super) extensions: u16,
    /// Samples of each trace.
    pub(super) samples: u64,
    pub(super) traces: u64,
}

impl Layout {
    /// Bytes of one trace.
    pub(super) fn trace(&self) -> u64 {
        self.headers() + self.samples * self.format.bytes()
    }

    /// Bytes of the headers of each trace.
    pub(super) fn headers(&self) -> u64 {
        (1 + u64::from(self.extensions)) * TRACE_HEADER as u64
    }
}

/// What the binary header says of all traces; 0 where it says nothing.
pub(super) struct Common {
    /// The unit of lengths in metres, if it is told.
    pub(super) metres: Option<f64>,
    /// Microseconds.
    pub(super) interval: f64,
    pub(super) samples: u32,
    /// Which time the times of traces are that do not say it.
    pub(super) time_basis: u16,
    /// Whether interval and samples are told in the wide fields of revision 2.
    pub(super) wide_interval: bool,
    pub(super) wide_samples: bool,
}

/// Whether a SEG-Y file begins like this: with cards, or with a revision and a format that there are.
pub(super) fn recognises(head: &[u8]) -> bool {
    if head.len() < HEAD {
        return false;
    }
    let card = |c: u8, blanks: [u8; 2], one: u8| {
        head[0] == c && head[1..4].iter().find(|byte| !blanks.contains(byte)) == Some(&one)
    };
    let cards = card(b'C', [b' ', b'0'], b'1') || card(0xc3, [0x40, 0xf0], 0xf1);
    let codes = [u16::from_be_bytes([head[3224], head[3225]]), u16::from_le_bytes([head[3224], head[3225]])];
    let revision = matches!(head[3500..3502], [1, 0] | [2, 0 | 1]);
    cards || revision && codes.iter().any(|code| (1..=16).contains(code))
}

/// Reads and checks the headers of the file and of every trace.
pub(super) fn read(bytes: &Bytes) -> Result<(Header, Layout), Problem> {
    let mut head = [0; HEAD];
    bytes.read(0, &mut head)?;
    let (major, minor) = (head[3500], head[3501]);
    if major > 2 {
        let reason = format!("{major}.{minor} is not supported, only 0, 1 and 2");
        return Err(Problem::field("revision (bytes 3501-3502)", reason));
    }
    let fields = Fields { bytes: &head, little_endian: major == 2 && little_endian(&head)? };
    let common = common(fields, major == 2)?;
    let extensions = extensions(fields, (major, minor))?;
    let (first, end) = (first_trace(fields, major, bytes.length())?, end(fields, major, bytes.length())?);
    let mut layout = Layout {
        revision: major,
        format: Format::new(fields.u16(3224))?,
        little_endian: fields.little_endian,
        first,
        extensions,
        samples: common.samples.into(),
        traces: 0,
    };
    if end < first + TRACE_HEADER as u64 {
        return Err(Problem::File(format!("there is no trace: it ends at byte {end}")));
    }
    if layout.samples == 0 {
        layout.samples = trace::samples(bytes, &layout)?;
    }
    let data = end - first;
    layout.traces = data / layout.trace();
    let rest = data % layout.trace();
    if rest != 0 {
        let (traces, each) = (layout.traces, layout.trace());
        let reason =
            format!("{traces} traces of {each} bytes are followed by {rest} bytes: it is cut off, or");
        return Err(Problem::File(format!("{reason} traces are not equally long, which is not supported")));
    }
    let told = if major == 2 { fields.u64(3512) } else { 0 };
    if told != 0 && told != layout.traces {
        let reason = format!("{told}, but there are {}", layout.traces);
        return Err(Problem::field("number of traces (bytes 3513-3520)", reason));
    }
    if layout.traces > MAX_TRACES {
        return Err(Problem::File(format!("{} traces are more than {MAX_TRACES}", layout.traces)));
    }

    let traces = trace::read(bytes, &layout, &common)?;
    let rate = sampling_rate(INTERVAL, 1e6 / traces.interval)?;
    let fibre = Fibre {
        pulse_rate: None,
        sampling_rate: rate,
        dx: traces.dx,
        gauge_length: None,
        channels: layout.traces as u32,
        start: None,
        length: traces.dx.map(|dx| layout.traces as f64 * dx),
        samples_per_trace: None,
        data_type: layout.format.data_type(),
        unit: traces.unit.map(str::to_owned),
        software: None,
        description: None,
    };
    let segment = Segment::new("year (bytes 157-158 of trace 1)", traces.start, layout.samples, rate)?;
    Ok((Header { format: format!("SEG-Y {major}.{minor}"), fibre, segments: vec![segment] }, layout))
}

/// Whether revision 2 says so; nothing means no.
fn little_endian(head: &[u8; HEAD]) -> Result<bool, Problem> {
    match head[3296..3300] {
        [4, 3, 2, 1] => Ok(true),
        [1, 2, 3, 4] | [0, 0, 0, 0] => Ok(false),
        ref other => {
            let reason = format!("{other:?} is no byte order that is supported");
            Err(Problem::field("integer constant (bytes 3297-3300)", reason))
        }
    }
}

fn common(fields: Fields, wide: bool) -> Result<Common, Problem> {
    let (interval, samples) = if wide { (fields.f64(3272), fields.u32(3268)) } else { (0.0, 0) };
    let (wide_interval, wide_samples) = (interval != 0.0, samples != 0);
    let interval = if wide_interval { interval } else { fields.u16(3216).into() };
    if interval != 0.0 {
        let field = if wide_interval { WIDE_INTERVAL } else { INTERVAL };
        sampling_rate(field, 1e6 / interval)?;
    }
    Ok(Common {
        metres: match fields.u16(3254) {
            1 => Some(1.0),
            2 => Some(0.3048),
            _ => None,
        },
        interval,
        samples: if wide_samples { samples } else { fields.u16(3220).into() },
        time_basis: if wide { fields.u16(3510) } else { 0 },
        wide_interval,
        wide_samples,
    })
}

/// How many headers each trace has after its first. Revision 2.1 has another field in two of the bytes of 2.0.
fn extensions(fields: Fields, revision: (u8, u8)) -> Result<u16, Problem> {
    let (extensions, bytes) = match revision {
        (0 | 1, _) => (0, ""),
        (_, 0) => (fields.u32(3506), "3507-3510"),
        _ => (fields.u16(3506).into(), "3507-3508"),
    };
    match u16::try_from(extensions) {
        Ok(extensions) if extensions <= MAX_EXTENSIONS => Ok(extensions),
        _ => {
            let field = format!("number of additional trace headers (bytes {bytes})");
            Err(Problem::field(field, format!("{extensions} is not supported, at most {MAX_EXTENSIONS}")))
        }
    }
}

/// Where the first trace begins.
fn first_trace(fields: Fields, major: u8, length: u64) -> Result<u64, Problem> {
    let told = if major == 2 { fields.u64(3520) } else { 0 };
    if told != 0 {
        if (HEAD as u64..=length).contains(&told) {
            return Ok(told);
        }
        let reason = format!("{told} is not within the {length} bytes of the file");
        return Err(Problem::field("byte offset of first trace (bytes 3521-3528)", reason));
    }
    let texts = if major == 0 { 0 } else { fields.i16(3504) };
    let texts = u64::try_from(texts).map_err(|_| {
        let field = "number of extended textual headers (bytes 3505-3506)";
        Problem::field(field, format!("{texts}, an unknown number, is not supported"))
    })?;
    Ok(HEAD as u64 + texts * TEXT as u64)
}

/// Where the last trace ends: what follows it is text.
fn end(fields: Fields, major: u8, length: u64) -> Result<u64, Problem> {
    let trailers = if major == 2 { fields.i32(3528) } else { 0 };
    let text = u64::try_from(trailers).ok().map(|trailers| trailers * TEXT as u64);
    text.and_then(|text| length.checked_sub(text)).ok_or_else(|| {
        let field = "number of data trailer stanzas (bytes 3529-3532)";
        Problem::field(field, format!("{trailers} is not possible in {length} bytes"))
    })
}
