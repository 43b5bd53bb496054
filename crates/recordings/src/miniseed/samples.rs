use focus_core::{DataType, Samples};
use miniseed_rs::{ByteOrder, crc, steim};

use super::record::{self, Encoding, Record};
use super::timeline::Placed;
use crate::error::Problem;
use crate::seismic::{Bytes, Fields};

/// Bytes of a Steim frame; nothing is packed into less.
const FRAME: usize = 64;

/// A sample as it is given.
pub(super) trait Sample: Copy + Send + 'static {
    /// Stands where a channel has none. Integers belong to files of one channel, which lack none.
    const MISSING: Self;

    /// Unpacks all samples of a record from its data; the reason if they are not there.
    fn unpack(record: &Record, data: &[u8]) -> Result<Vec<Self>, String>;

    fn shared(samples: Vec<Self>) -> Samples;
}

impl Sample for i16 {
    const MISSING: Self = 0;

    fn unpack(record: &Record, data: &[u8]) -> Result<Vec<Self>, String> {
        Ok(plain::<2, _>(record, data, Self::from_be_bytes))
    }

    fn shared(samples: Vec<Self>) -> Samples {
        Samples::Int16(samples.into())
    }
}

impl Sample for f32 {
    const MISSING: Self = Self::NAN;

    fn unpack(record: &Record, data: &[u8]) -> Result<Vec<Self>, String> {
        Ok(match record.encoding.data_type() {
            DataType::Int16 => i16::unpack(record, data)?.into_iter().map(Self::from).collect(),
            DataType::Int32 => i32::unpack(record, data)?.into_iter().map(|sample| sample as Self).collect(),
            DataType::Float32 => plain::<4, _>(record, data, Self::from_be_bytes),
        })
    }

    fn shared(samples: Vec<Self>) -> Samples {
        Samples::Float32(samples.into())
    }
}

impl Sample for i32 {
    const MISSING: Self = 0;

    fn unpack(record: &Record, data: &[u8]) -> Result<Vec<Self>, String> {
        match record.encoding {
            Encoding::Steim1 => differences(record, data, steim::decode_steim1),
            Encoding::Steim2 => differences(record, data, steim::decode_steim2),
            _ => Ok(plain::<4, _>(record, data, Self::from_be_bytes)),
        }
    }

    fn shared(samples: Vec<Self>) -> Samples {
        Samples::Int32(samples.into())
    }
}

fn plain<const N: usize, T>(record: &Record, data: &[u8], number: fn([u8; N]) -> T) -> Vec<T> {
    let ordered = |mut bytes: [u8; N]| {
        if record.little_endian {
            bytes.reverse();
        }
        number(bytes)
    };
    data.as_chunks().0.iter().take(record.samples as usize).map(|bytes| ordered(*bytes)).collect()
}

type Steim = fn(&[u8], usize, ByteOrder) -> miniseed_rs::Result<Vec<i32>>;

fn differences(record: &Record, data: &[u8], decode: Steim) -> Result<Vec<i32>, String> {
    let mut frames = data[..data.len() / FRAME * FRAME].to_vec();
    if record.little_endian {
        to_big_endian(&mut frames, record.encoding);
    }
    let samples =
        decode(&frames, record.samples as usize, ByteOrder::Big).map_err(|error| error.to_string())?;
    // The frames tell the last sample as well: so it is known whether all were unpacked as they were meant, and none of the
    // sums overflowed.
    let last = Fields { bytes: &frames, little_endian: false }.i32(8);
    match samples.last() {
        Some(&found) if found != last => Err(format!("its last sample is {found}, but it says {last}")),
        _ => Ok(samples),
    }
}

/// Turns the numbers in little endian frames around. What is in a word its code tells: differences of less than four
/// bytes keep their places. The decoder, if it is told the byte order, turns whole words, other than all writers.
fn to_big_endian(frames: &mut [u8], encoding: Encoding) {
    for frame in frames.as_chunks_mut::<FRAME>().0 {
        let (words, _) = frame.as_chunks_mut::<4>();
        words[0].reverse();
        let codes = u32::from_be_bytes(words[0]);
        for (number, word) in words.iter_mut().enumerate().skip(1) {
            match (codes >> (30 - 2 * number) & 3, encoding) {
                (1, _) => {}
                (2, Encoding::Steim1) => {
                    word.swap(0, 1);
                    word.swap(2, 3);
                }
                _ => word.reverse(),
            }
        }
    }
}

/// All samples of a record.
pub(super) fn unpack<T: Sample>(bytes: &Bytes, placed: &Placed) -> Result<Vec<T>, Problem> {
    let Placed { offset, length, skip, samples, .. } = *placed;
    let wrong = |reason: String| Problem::File(format!("the record at byte {offset} is corrupt: {reason}"));
    let mut whole = vec![0; length as usize];
    bytes.read(offset, &mut whole)?;
    let (_, record) = record::parse(&whole, offset)?;
    let record = record.ok_or_else(|| wrong("its samples are gone".into()))?;
    if record.version == 3 && !crc::verify_v3_crc(&whole) {
        return Err(wrong("its checksum is another".into()));
    }
    let data = whole.get(record.data.clone()).ok_or_else(|| wrong("its data are cut off".into()))?;
    let unpacked = T::unpack(&record, data).map_err(wrong)?;
    if unpacked.len() as u64 != u64::from(skip) + u64::from(samples) {
        return Err(wrong("it holds another number of samples than when the file was opened".into()));
    }
    Ok(unpacked)
}
