//! A block as a message: a small header, then the samples as they are. `docs/blocks.md` says it byte by byte.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use focus_core::{Block, ChannelRange, DataType, Samples};
use jiff::Timestamp;

/// Largest message, bytes: what brokers take unless they are told otherwise.
pub(crate) const LARGEST: usize = 16 * 1024 * 1024;

const MAGIC: [u8; 4] = *b"FBLK";
const VERSION: u16 = 1;
/// Where version 1 begins its samples. Later versions may add fields behind the known ones.
const HEADER: usize = 48;
/// Above this a sampling rate is no sampling rate, Hz.
const HIGHEST_RATE: f64 = 1e9;
/// Longer than this is no block, seconds.
const LONGEST: f64 = 3600.0;

/// Why some bytes are no block, or a block cannot become bytes.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub(crate) enum WireError {
    /// Too few bytes for a header.
    #[error("{0} bytes are too few for a block's header")]
    Short(usize),
    /// It is something else.
    #[error("it does not begin like a block")]
    Magic,
    /// Of a future in which the layout changed.
    #[error("blocks of version {0} are not known here")]
    Version(u16),
    /// The samples cannot begin where it says.
    #[error("its header cannot be {0} bytes long")]
    HeaderLength(u16),
    /// No known type of sample.
    #[error("samples of type {0} are not known here")]
    DataType(u8),
    /// Not finite, not above 0, or absurd.
    #[error("{0} is no sampling rate")]
    SamplingRate(f64),
    /// No channels, or numbers that no channel has.
    #[error("{count} channels from number {first} on are none of a fibre")]
    Channels {
        /// Number of the first channel.
        first: u32,
        /// How many.
        count: u32,
    },
    /// No instants, or more than an hour of them.
    #[error("a block cannot have {0} samples of each channel")]
    Times(u32),
    /// More or fewer bytes of samples than the header says.
    #[error("the header says {said} bytes of samples, there are {found}")]
    Length {
        /// By the header.
        said: u64,
        /// In the message.
        found: usize,
    },
    /// More than [`LARGEST`] bytes.
    #[error("a block of {0} bytes is too large")]
    TooLarge(u64),
    /// A time that nanoseconds since 1970 in 64 bits cannot say.
    #[error("a block cannot begin at {0}")]
    Start(Timestamp),
}

/// One band of a block as it was received: checked, its samples still as bytes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    pub(crate) sequence: u64,
    pub(crate) start: Timestamp,
    pub(crate) sampling_rate: f64,
    pub(crate) data_type: DataType,
    pub(crate) channels: ChannelRange,
    pub(crate) times: usize,
    /// `times` x `channels` values, little-endian, time-major.
    samples: Bytes,
}

/// The message of some channels of a block.
///
/// # Errors
/// When the block lacks some of them, or is too large or too strange for a message.
pub(crate) fn encode(block: &Block, channels: ChannelRange) -> Result<Vec<u8>, WireError> {
    let count = u32::try_from(channels.count()).unwrap_or(u32::MAX);
    let wrong = WireError::Channels { first: channels.first(), count };
    let begin = channels.first().checked_sub(block.first_channel).ok_or(wrong)? as usize;
    let columns = begin..begin.saturating_add(channels.count());
    if block.channels == 0 || columns.end > block.channels {
        return Err(wrong);
    }
    let data_type = block.samples.data_type();
    let times = u32::try_from(block.times()).unwrap_or(u32::MAX);
    let length = check(block.sampling_rate, channels.first(), count, times, data_type)?;
    let start = i64::try_from(block.start.as_nanosecond()).map_err(|_| WireError::Start(block.start))?;

    let mut message = vec![0; HEADER + length];
    let (header, samples) = message.split_at_mut(HEADER);
    header[0..4].copy_from_slice(&MAGIC);
    header[4..6].copy_from_slice(&VERSION.to_le_bytes());
    header[6..8].copy_from_slice(&(HEADER as u16).to_le_bytes());
    header[8..16].copy_from_slice(&block.sequence.to_le_bytes());
    header[16..24].copy_from_slice(&start.to_le_bytes());
    header[24..32].copy_from_slice(&block.sampling_rate.to_le_bytes());
    header[32..36].copy_from_slice(&channels.first().to_le_bytes());
    header[36..40].copy_from_slice(&count.to_le_bytes());
    header[40..44].copy_from_slice(&times.to_le_bytes());
    header[44] = code(data_type);
    match &block.samples {
        Samples::Int16(values) => write(values, block.channels, &columns, samples, i16::to_le_bytes),
        Samples::Int32(values) => write(values, block.channels, &columns, samples, i32::to_le_bytes),
        Samples::Float32(values) => write(values, block.channels, &columns, samples, f32::to_le_bytes),
    }
    Ok(message)
}

/// Checks every field of a message.
///
/// # Errors
/// The first thing that is wrong with it.
pub(crate) fn decode(message: &Bytes) -> Result<Message, WireError> {
    let header = message.first_chunk::<HEADER>().ok_or(WireError::Short(message.len()))?;
    if header[0..4] != MAGIC {
        return Err(WireError::Magic);
    }
    let version = u16::from_le_bytes(field(header, 4));
    if version != VERSION {
        return Err(WireError::Version(version));
    }
    let begin = u16::from_le_bytes(field(header, 6));
    if usize::from(begin) < HEADER || usize::from(begin) > message.len() {
        return Err(WireError::HeaderLength(begin));
    }
    let data_type = match header[44] {
        1 => DataType::Int16,
        2 => DataType::Int32,
        3 => DataType::Float32,
        other => return Err(WireError::DataType(other)),
    };
    let sampling_rate = f64::from_le_bytes(field(header, 24));
    let [first, count, times] = [32, 36, 40].map(|at| u32::from_le_bytes(field(header, at)));
    let length = check(sampling_rate, first, count, times, data_type)?;
    let found = message.len() - usize::from(begin);
    if length != found {
        return Err(WireError::Length { said: length as u64, found });
    }
    let channels =
        ChannelRange::new(first, first + (count - 1)).ok_or(WireError::Channels { first, count })?;
    Ok(Message {
        sequence: u64::from_le_bytes(field(header, 8)),
        start: Timestamp::UNIX_EPOCH
            + jiff::SignedDuration::from_nanos(i64::from_le_bytes(field(header, 16))),
        sampling_rate,
        data_type,
        channels,
        times: times as usize,
        samples: message.slice(usize::from(begin)..),
    })
}

impl Message {
    /// The block that some messages are together: neighbouring bands, in order, of one sequence.
    pub(crate) fn join(messages: &[Self]) -> Option<Block> {
        let first = messages.first()?;
        let channels = messages.iter().map(|message| message.channels.count()).sum();
        let samples = match first.data_type {
            DataType::Int16 => Samples::Int16(read(messages, channels, i16::from_le_bytes)),
            DataType::Int32 => Samples::Int32(read(messages, channels, i32::from_le_bytes)),
            DataType::Float32 => Samples::Float32(read(messages, channels, f32::from_le_bytes)),
        };
        Some(Block {
            sequence: first.sequence,
            start: first.start,
            sampling_rate: first.sampling_rate,
            first_channel: first.channels.first(),
            channels,
            samples,
        })
    }
}

/// How many bytes of samples there are, if these numbers can be a block's.
fn check(rate: f64, first: u32, count: u32, times: u32, data_type: DataType) -> Result<usize, WireError> {
    if !(rate > 0.0 && rate <= HIGHEST_RATE) {
        return Err(WireError::SamplingRate(rate));
    }
    if first == 0 || count == 0 || first.checked_add(count - 1).is_none() {
        return Err(WireError::Channels { first, count });
    }
    if times == 0 || f64::from(times) / rate > LONGEST {
        return Err(WireError::Times(times));
    }
    // Two factors of 32 bits fit; the third is 4 at most.
    let bytes = (u64::from(count) * u64::from(times)).saturating_mul(data_type.bytes() as u64);
    if bytes > (LARGEST - HEADER) as u64 {
        return Err(WireError::TooLarge(bytes));
    }
    Ok(bytes as usize)
}

fn code(data_type: DataType) -> u8 {
    match data_type {
        DataType::Int16 => 1,
        DataType::Int32 => 2,
        DataType::Float32 => 3,
    }
}

/// The field of a header at a place that all headers have.
fn field<const N: usize>(header: &[u8; HEADER], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&header[at..at + N]);
    bytes
}

fn write<T: Copy, const N: usize>(
    values: &[T],
    channels: usize,
    columns: &Range<usize>,
    samples: &mut [u8],
    bytes: impl Fn(T) -> [u8; N],
) {
    let instants = samples.chunks_exact_mut(columns.len() * N).zip(values.chunks_exact(channels));
    for (to, from) in instants {
        for (to, &from) in to.as_chunks_mut::<N>().0.iter_mut().zip(&from[columns.clone()]) {
            *to = bytes(from);
        }
    }
}

/// The values of all messages side by side: each is copied once, to its place.
fn read<T: Copy + Default, const N: usize>(
    messages: &[Message],
    channels: usize,
    value: impl Fn([u8; N]) -> T,
) -> Arc<[T]> {
    let times = messages.iter().map(|message| message.times).min().unwrap_or(0);
    let mut values: Arc<[T]> = std::iter::repeat_n(T::default(), times * channels).collect();
    let room = Arc::make_mut(&mut values);
    let mut column = 0;
    for message in messages {
        let count = message.channels.count();
        let instants = room.chunks_exact_mut(channels).zip(message.samples.chunks_exact(count * N));
        for (to, from) in instants {
            for (to, from) in to[column..column + count].iter_mut().zip(from.as_chunks::<N>().0) {
                *to = value(*from);
            }
        }
        column += count;
    }
    values
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any block that fits, and some of its channels.
    fn block() -> impl Strategy<Value = (Block, ChannelRange)> {
        let shape = (1..20_usize, 1..40_usize, 1..=u32::MAX - 40, any::<u64>(), any::<i64>());
        (
            shape,
            1e-2..1e9_f64,
            0..3_u8,
            any::<u32>(),
            any::<prop::sample::Index>(),
            any::<prop::sample::Index>(),
        )
            .prop_map(
                |((times, channels, first_channel, sequence, start), rate, data_type, seed, from, to)| {
                    let values = (0..(times * channels) as u32)
                        .map(|at| seed.wrapping_add(at).wrapping_mul(0x9E37_79B1));
                    let samples = match data_type {
                        0 => Samples::Int16(values.map(|value| value as i16).collect()),
                        1 => Samples::Int32(values.map(u32::cast_signed).collect()),
                        _ => Samples::Float32(values.map(f32::from_bits).collect()),
                    };
                    let from = from.index(channels) as u32;
                    let to = from + to.index(channels - from as usize) as u32;
                    let block = Block {
                        sequence,
                        start: Timestamp::from_nanosecond(start.into()).unwrap(),
                        sampling_rate: rate,
                        first_channel,
                        channels,
                        samples,
                    };
                    (block, ChannelRange::new(first_channel + from, first_channel + to).unwrap())
                },
            )
    }

    fn small() -> Vec<u8> {
        let block = Block {
            sequence: 0x0102_0304_0506_0708,
            start: "2024-05-06T07:08:09.000000001Z".parse().unwrap(),
            sampling_rate: 2000.0,
            first_channel: 129,
            channels: 2,
            samples: Samples::Int16([1, -1, 2, -2, 3, -3].into()),
        };
        encode(&block, ChannelRange::new(129, 130).unwrap()).unwrap()
    }

    /// The values as bits: NaN is itself.
    fn bits(samples: &Samples, channels: usize, columns: &Range<usize>) -> Vec<u32> {
        let all: Vec<u32> = match samples {
            Samples::Int16(values) => values.iter().map(|value| u32::from(value.cast_unsigned())).collect(),
            Samples::Int32(values) => values.iter().map(|value| value.cast_unsigned()).collect(),
            Samples::Float32(values) => values.iter().map(|value| value.to_bits()).collect(),
        };
        all.chunks(channels).flat_map(|instant| instant[columns.clone()].to_vec()).collect()
    }

    /// The message with some bytes replaced.
    fn with(at: usize, bytes: &[u8]) -> Result<Message, WireError> {
        let mut message = small();
        message[at..at + bytes.len()].copy_from_slice(bytes);
        decode(&message.into())
    }

    #[test]
    fn the_bytes_are_those_of_the_document() {
        let message = small();
        let expected = [
            &b"FBLK"[..],
            &[1, 0, 48, 0],
            &[8, 7, 6, 5, 4, 3, 2, 1],
            &1_714_979_289_000_000_001_i64.to_le_bytes(),
            &[0, 0, 0, 0, 0, 0x40, 0x9F, 0x40],
            &[129, 0, 0, 0],
            &[2, 0, 0, 0],
            &[3, 0, 0, 0],
            &[1, 0, 0, 0],
            &[1, 0, 0xFF, 0xFF, 2, 0, 0xFE, 0xFF, 3, 0, 0xFD, 0xFF],
        ];
        assert_eq!(message, expected.concat());
    }

    #[test]
    fn each_field_is_checked() {
        assert!(with(0, b"FBLK").is_ok());
        assert_eq!(decode(&Bytes::new()), Err(WireError::Short(0)));
        assert_eq!(with(0, b"FBLQ"), Err(WireError::Magic));
        assert_eq!(with(4, &[2, 0]), Err(WireError::Version(2)));
        assert_eq!(with(6, &[47, 0]), Err(WireError::HeaderLength(47)));
        assert_eq!(with(6, &[61, 0]), Err(WireError::HeaderLength(61)));
        assert_eq!(with(6, &[49, 0]), Err(WireError::Length { said: 12, found: 11 }));
        for rate in [0.0, -1.0, f64::INFINITY, 1.1e9] {
            assert_eq!(with(24, &rate.to_le_bytes()), Err(WireError::SamplingRate(rate)));
        }
        assert!(matches!(with(24, &f64::NAN.to_le_bytes()), Err(WireError::SamplingRate(_))));
        assert_eq!(with(24, &1e-4_f64.to_le_bytes()), Err(WireError::Times(3)), "longer than an hour");
        assert_eq!(with(32, &[0; 4]), Err(WireError::Channels { first: 0, count: 2 }));
        assert_eq!(with(32, &[0xFF; 4]), Err(WireError::Channels { first: u32::MAX, count: 2 }));
        assert_eq!(with(36, &[0; 4]), Err(WireError::Channels { first: 129, count: 0 }));
        assert_eq!(with(36, &[3, 0, 0, 0]), Err(WireError::Length { said: 18, found: 12 }));
        assert_eq!(with(40, &[0; 4]), Err(WireError::Times(0)));
        let many = 6_000_000_u32;
        assert_eq!(with(40, &many.to_le_bytes()), Err(WireError::TooLarge(24_000_000)));
        assert_eq!(with(44, &[0]), Err(WireError::DataType(0)));
        assert_eq!(with(44, &[2]), Err(WireError::Length { said: 24, found: 12 }));
    }

    #[test]
    fn a_header_that_lies_takes_no_memory() {
        let huge = [[0xFF; 4], [0xFF, 0xFF, 0xFF, 0x7F]].concat();
        let mut message = small();
        message[24..32].copy_from_slice(&1e9_f64.to_le_bytes());
        message[32..36].copy_from_slice(&1_u32.to_le_bytes());
        message[36..44].copy_from_slice(&huge);
        assert!(matches!(decode(&message.into()), Err(WireError::TooLarge(_))));
    }

    #[test]
    fn what_does_not_fit_is_not_encoded() {
        let block = Block {
            sequence: 0,
            start: Timestamp::UNIX_EPOCH,
            sampling_rate: 100.0,
            first_channel: 5,
            channels: 2,
            samples: Samples::Int16([1, 2, 3, 4].into()),
        };
        let range = |first, last| ChannelRange::new(first, last).unwrap();
        for (first, last) in [(4, 5), (5, 7), (7, 7)] {
            let refused = encode(&block, range(first, last));
            assert!(matches!(refused, Err(WireError::Channels { .. })), "{first} to {last}");
        }
        let empty = Block { samples: Samples::Int16([].into()), ..block.clone() };
        assert_eq!(encode(&empty, range(5, 6)), Err(WireError::Times(0)));
        let ancient = Block { start: Timestamp::MIN, ..block.clone() };
        assert_eq!(encode(&ancient, range(5, 6)), Err(WireError::Start(Timestamp::MIN)));
        let large = Block { samples: Samples::Int16(vec![0; LARGEST / 2].into()), ..block };
        assert!(matches!(
            encode(&Block { sampling_rate: 1e5, ..large }, range(5, 6)),
            Err(WireError::TooLarge(_))
        ));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn a_block_comes_back_as_it_was((block, channels) in block()) {
            let message = decode(&encode(&block, channels).unwrap().into()).unwrap();
            let back = Message::join(&[message]).unwrap();
            prop_assert_eq!(back.sequence, block.sequence);
            prop_assert_eq!(back.start, block.start);
            prop_assert_eq!(back.sampling_rate.to_bits(), block.sampling_rate.to_bits());
            prop_assert_eq!(back.first_channel, channels.first());
            prop_assert_eq!(back.channels, channels.count());
            prop_assert_eq!(back.samples.data_type(), block.samples.data_type());
            let columns = channels.columns_from(block.first_channel);
            let sent = bits(&block.samples, block.channels, &columns);
            prop_assert_eq!(bits(&back.samples, back.channels, &(0..back.channels)), sent);
        }

        #[test]
        fn any_bytes_are_a_block_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes.into());
        }

        #[test]
        fn a_damaged_block_is_a_block_or_an_error(
            (block, channels) in block(),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            cut in prop::option::of(any::<prop::sample::Index>()),
            whole_header in any::<bool>(),
        ) {
            let mut message = encode(&block, channels).unwrap();
            for (at, byte) in damage {
                let length = if whole_header { HEADER } else { message.len() };
                message[at.index(length)] = byte;
            }
            if let Some(cut) = cut {
                message.truncate(cut.index(message.len()));
            }
            let length = message.len();
            if let Ok(message) = decode(&message.into()) {
                let block = Message::join(&[message]).unwrap();
                prop_assert!(block.samples.len() * block.samples.data_type().bytes() <= length - HEADER);
                prop_assert_eq!(block.times() * block.channels, block.samples.len());
            }
        }
    }
}
