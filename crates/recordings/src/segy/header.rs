use focus_core::{DataType, Fibre};

use super::trace::{self, TRACE_HEADER};
use crate::error::Problem;
use crate::file::sampling_rate;
use crate::seismic::{Bytes, Fields};
use crate::{Header, Segment};

/// Bytes of the textual header, and of each further one.
const TEXT: usize = 3200;
/// Bytes of all that every file begins with: the textual and the binary header.
const HEAD: usize = TEXT + 400;
/// Most traces that a file may have.
const MAX_TRACES: u64 = 1 << 20;
/// Most further headers of one trace.
const MAX_EXTENSIONS: i32 = 16;

/// How samples are stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Format {
    Ibm,
    Int32,
    Int16,
    Ieee,
}

impl Format {
    fn new(code: u16) -> Result<Self, Problem> {
        match code {
            1 => Ok(Self::Ibm),
            2 => Ok(Self::Int32),
            3 => Ok(Self::Int16),
            5 => Ok(Self::Ieee),
            code => Err(Problem::field(
                "sample format code (bytes 3225-3226)",
                format!("{code} is not supported, only 1 (IBM float), 2 (int32), 3 (int16), 5 (IEEE float)"),
            )),
        }
    }

    pub(super) fn bytes(self) -> u64 {
        if self == Self::Int16 { 2 } else { 4 }
    }

    fn data_type(self) -> DataType {
        match self {
            Self::Ibm | Self::Ieee => DataType::Float32,
            Self::Int32 => DataType::Int32,
            Self::Int16 => DataType::Int16,
        }
    }
}

/// Where the samples are.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) format: Format,
    pub(super) little_endian: bool,
    /// Where the first trace begins.
    pub(super) first: u64,
    /// Headers of each trace, bytes.
    pub(super) headers: u64,
    /// Samples of each trace.
    pub(super) samples: u64,
    pub(super) traces: u64,
}

impl Layout {
    /// Bytes of one trace.
    pub(super) fn trace(&self) -> u64 {
        self.headers + self.samples * self.format.bytes()
    }
}

/// What the binary header says of all traces; 0 where it says nothing.
pub(super) struct Common {
    /// The unit of lengths in metres, if it is told.
    pub(super) metres: Option<f64>,
    /// Microseconds.
    pub(super) interval: f64,
    pub(super) samples: u32,
    /// Whether these two are told in the wide fields of revision 2.
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
    let common = common(fields, major == 2);
    let headers = headers(fields, major)?;
    let (first, end) = (first_trace(fields, major, bytes.length())?, end(fields, major, bytes.length())?);
    let mut layout = Layout {
        format: Format::new(fields.u16(3224))?,
        little_endian: fields.little_endian,
        first,
        headers,
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
    if layout.traces > MAX_TRACES {
        return Err(Problem::File(format!("{} traces are more than {MAX_TRACES}", layout.traces)));
    }

    let traces = trace::read(bytes, &layout, &common)?;
    let rate = sampling_rate("sample interval (bytes 3217-3218)", 1e6 / traces.interval)?;
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

fn common(fields: Fields, wide: bool) -> Common {
    let (interval, samples) = if wide { (fields.f64(3272), fields.u32(3268)) } else { (0.0, 0) };
    let (wide_interval, wide_samples) = (interval != 0.0, samples != 0);
    Common {
        metres: match fields.u16(3254) {
            1 => Some(1.0),
            2 => Some(0.3048),
            _ => None,
        },
        interval: if wide_interval { interval } else { fields.u16(3216).into() },
        samples: if wide_samples { samples } else { fields.u16(3220).into() },
        wide_interval,
        wide_samples,
    }
}

/// Bytes of the headers of each trace.
fn headers(fields: Fields, major: u8) -> Result<u64, Problem> {
    let extensions = if major == 2 { fields.i32(3506) } else { 0 };
    if !(0..=MAX_EXTENSIONS).contains(&extensions) {
        let reason = format!("{extensions} is not possible");
        return Err(Problem::field("number of additional trace headers (bytes 3507-3510)", reason));
    }
    Ok((1 + u64::from(extensions.unsigned_abs())) * TRACE_HEADER as u64)
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
