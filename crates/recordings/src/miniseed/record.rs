use std::ops::Range;

use focus_core::DataType;
use jiff::{SignedDuration, Timestamp};

use crate::error::Problem;
use crate::seismic::{DayTime, Fields};

/// Where a header and what belongs to it is looked for; real ones take less than 128 bytes.
pub(super) const HEADER_BYTES: usize = 512;
/// Longest record, as other readers have it.
const MAX_RECORD_BYTES: u64 = 10 << 20;

const V2_FIXED: usize = 48;
const V3_FIXED: usize = 40;

/// How samples are packed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Encoding {
    Int16,
    Int32,
    Float32,
    Steim1,
    Steim2,
}

impl Encoding {
    fn new(code: u8) -> Result<Self, String> {
        match code {
            1 => Ok(Self::Int16),
            3 => Ok(Self::Int32),
            4 => Ok(Self::Float32),
            10 => Ok(Self::Steim1),
            11 => Ok(Self::Steim2),
            code => Err(format!("{code} is not supported, only int16, int32, float32, Steim 1 and Steim 2")),
        }
    }

    pub(super) fn data_type(self) -> DataType {
        match self {
            Self::Int16 => DataType::Int16,
            Self::Int32 | Self::Steim1 | Self::Steim2 => DataType::Int32,
            Self::Float32 => DataType::Float32,
        }
    }

    /// Most samples that so many bytes can hold.
    fn capacity(self, bytes: usize) -> usize {
        match self {
            Self::Int16 => bytes / 2,
            Self::Int32 | Self::Float32 => bytes / 4,
            // Words of four bytes with at most four or seven differences.
            Self::Steim1 => bytes / 4 * 4,
            Self::Steim2 => bytes / 4 * 7,
        }
    }
}

/// What the header of a record with samples says.
#[derive(Debug)]
pub(super) struct Record {
    /// Version of miniSEED: 2 or 3.
    pub(super) version: u8,
    /// Which channel it is of: `NET.STA.LOC.CHA`, in version 3 the FDSN source identifier.
    pub(super) source: String,
    /// When its first sample was taken.
    pub(super) start: Timestamp,
    /// Hz.
    pub(super) rate: f64,
    pub(super) samples: u32,
    pub(super) encoding: Encoding,
    /// Byte order of the samples.
    pub(super) little_endian: bool,
    /// Where in the record the samples are.
    pub(super) data: Range<usize>,
}

/// Whether these bytes begin a record, and with it a file.
pub(crate) fn recognises(head: &[u8]) -> bool {
    let (hour, minute, second) = match head {
        [b'M', b'S', 3, ..] if head.len() >= V3_FIXED => (head[12], head[13], head[14]),
        [number @ .., _, _] if number.len() >= V2_FIXED - 2 => {
            let numbered = number[..6].iter().all(|byte| byte.is_ascii_digit() || *byte == b' ');
            if !(numbered && b"DRQM".contains(&number[6]) && number[7] == b' ') {
                return false;
            }
            (number[24], number[25], number[26])
        }
        _ => return false,
    };
    hour < 24 && minute < 60 && second <= 60
}

/// Reads the header of the record that begins at byte `at` of its file, of which `head` are the first bytes.
///
/// Gives the record's length in bytes, and what it holds unless that is no samples: text and events have none.
pub(super) fn parse(head: &[u8], at: u64) -> Result<(u64, Option<Record>), Problem> {
    if !recognises(head) {
        return Err(Problem::File(format!("no miniSEED record begins at byte {at}")));
    }
    let parsed = if head[0] == b'M' { version_3(head) } else { version_2(head) };
    parsed.map_err(|(field, reason)| Problem::field(format!("{field} (record at byte {at})"), reason))
}

/// A field and what is wrong with it.
type Wrong = (&'static str, String);

fn version_2(head: &[u8]) -> Result<(u64, Option<Record>), Wrong> {
    let big = Fields { bytes: head, little_endian: false };
    // The header's byte order is not told: it is the one in which the year can be.
    let fields = Fields { little_endian: !(1900..=2100).contains(&big.u16(20)), ..big };
    let blockettes = Blockettes::find(fields)?;
    let format = blockettes.format.ok_or(("blockette 1000", "is missing".to_owned()))?;
    let (encoding, order, power) = (head[format], head[format + 1], head[format + 2]);
    if !(7..=23).contains(&power) {
        return Err(("record length", format!("2 to the power of {power} bytes is not possible")));
    }
    let length = 1_u64 << power;
    let samples = fields.u16(30);
    if samples == 0 || encoding == 0 {
        return Ok((length, None));
    }
    let tenths_of_ms = i64::from(fields.u16(28));
    // Bit 1: the correction is in the time already.
    let correction = if head[36] & 2 == 0 { i64::from(fields.i32(40)) } else { 0 };
    let rest = (tenths_of_ms + correction) * 100 + blockettes.microseconds;
    let time = DayTime {
        year: fields.u16(20),
        day: fields.u16(22),
        hour: head[24].into(),
        minute: head[25].into(),
        second: head[26].into(),
    };
    let start = time.plus(SignedDuration::from_micros(rest)).ok_or_else(|| not_a_time(&time))?;
    let text = |range: Range<usize>| String::from_utf8_lossy(&head[range]).trim().to_owned();
    let (station, location, channel, network) = (text(8..13), text(13..15), text(15..18), text(18..20));
    let record = Record {
        version: 2,
        source: format!("{network}.{station}.{location}.{channel}"),
        start,
        rate: blockettes.rate.unwrap_or_else(|| rate(fields.i16(32), fields.i16(34))),
        samples: samples.into(),
        encoding: Encoding::new(encoding).map_err(|reason| ("encoding", reason))?,
        little_endian: order == 0,
        data: fields.u16(44).into()..length as usize,
    };
    if record.data.start < V2_FIXED || record.data.start > record.data.end {
        let reason = format!("byte {} of {length} is not possible", record.data.start);
        return Err(("beginning of data", reason));
    }
    check_room(record.samples, record.encoding, record.data.len())?;
    Ok((length, Some(record)))
}

/// What is told behind the fixed header of version 2.
#[derive(Default)]
struct Blockettes {
    /// Where blockette 1000 tells the encoding.
    format: Option<usize>,
    /// The rate as it was measured.
    rate: Option<f64>,
    /// To be added to the start.
    microseconds: i64,
}

impl Blockettes {
    fn find(header: Fields) -> Result<Self, Wrong> {
        let mut found = Self::default();
        let mut offset = usize::from(header.u16(46));
        // The longest that is looked for here has 8 bytes.
        while offset >= V2_FIXED && offset + 8 <= header.bytes.len() {
            match header.u16(offset) {
                100 => found.rate = Some(header.f32(offset + 4).into()),
                1000 => found.format = Some(offset + 4),
                1001 => found.microseconds = i8::from_be_bytes([header.bytes[offset + 5]]).into(),
                _ => {}
            }
            let next = usize::from(header.u16(offset + 2));
            if next != 0 && next <= offset {
                return Err(("next blockette", format!("byte {next} is before byte {offset}")));
            }
            offset = next;
        }
        Ok(found)
    }
}

/// The nominal rate of version 2: each of the two is a factor, or a divisor if it is negative.
fn rate(factor: i16, multiplier: i16) -> f64 {
    let part = |part: i16| if part < 0 { -1.0 / f64::from(part) } else { f64::from(part) };
    part(factor) * if multiplier == 0 { 1.0 } else { part(multiplier) }
}

fn version_3(head: &[u8]) -> Result<(u64, Option<Record>), Wrong> {
    let fields = Fields { bytes: head, little_endian: true };
    let (source, extra) = (usize::from(head[33]), usize::from(fields.u16(34)));
    let data = V3_FIXED + source + extra;
    let length = data as u64 + u64::from(fields.u32(36));
    if length > MAX_RECORD_BYTES {
        return Err(("data payload length", format!("{length} bytes for one record are not possible")));
    }
    let (samples, encoding) = (fields.u32(24), head[15]);
    if samples == 0 || encoding == 0 {
        return Ok((length, None));
    }
    let time = DayTime {
        year: fields.u16(8),
        day: fields.u16(10),
        hour: head[12].into(),
        minute: head[13].into(),
        second: head[14].into(),
    };
    let nanoseconds = SignedDuration::from_nanos(fields.u32(4).into());
    let start = time.plus(nanoseconds).ok_or_else(|| not_a_time(&time))?;
    let name = head.get(V3_FIXED..V3_FIXED + source).and_then(|name| std::str::from_utf8(name).ok());
    let name = name.ok_or_else(|| ("source identifier", "is cut off, or no text".to_owned()))?;
    let encoding = Encoding::new(encoding).map_err(|reason| ("encoding", reason))?;
    let record = Record {
        version: 3,
        source: name.to_owned(),
        start,
        // A negative number is the interval in seconds.
        rate: if fields.f64(16) < 0.0 { -1.0 / fields.f64(16) } else { fields.f64(16) },
        samples,
        encoding,
        little_endian: !matches!(encoding, Encoding::Steim1 | Encoding::Steim2),
        data: data..length as usize,
    };
    check_room(record.samples, record.encoding, record.data.len())?;
    Ok((length, Some(record)))
}

fn not_a_time(time: &DayTime) -> Wrong {
    let DayTime { year, day, hour, minute, second } = time;
    ("start time", format!("year {year}, day {day}, {hour}:{minute}:{second} is not possible"))
}

/// Checks that the bytes can hold so many samples: nothing may claim more memory than it takes.
fn check_room(samples: u32, encoding: Encoding, bytes: usize) -> Result<(), Wrong> {
    if samples as usize <= encoding.capacity(bytes) {
        return Ok(());
    }
    Err(("number of samples", format!("{samples} do not fit into {bytes} bytes of {encoding:?}")))
}
