use focus_core::{Block, ChannelRange, DataType, Fibre, sample_offset};
use jiff::Timestamp;

use super::wire::Message;

/// Deviation between a block's time and the time expected of the next block up to which nothing was lost,
/// seconds: clocks are adjusted and stamps jitter.
const CLOCK_TOLERANCE: f64 = 0.05;

/// Joins the bands of each block, which come one after the other, to whole blocks.
///
/// A block of which a band is missing when the next block begins is lost; so is what sequence or time leave out.
#[derive(Debug)]
pub(crate) struct Assembly {
    sampling_rate: f64,
    data_type: DataType,
    /// What each block is made of, in order.
    bands: Vec<ChannelRange>,
    /// The bands of the present block that have come.
    parts: Vec<Option<Message>>,
    /// The present block, complete or not; none before the first.
    present: Option<Place>,
    complete: bool,
    /// Nothing was whole before: what the first block lacks was sent before anybody listened.
    listening: bool,
    /// Whether something was lost since the last whole block.
    broken: bool,
    losses: Losses,
}

/// What was lost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Losses {
    /// How often blocks were missing.
    pub(crate) gaps: u64,
    /// How many; estimated by time where the sequence does not say.
    pub(crate) blocks: u64,
}

/// A message that is no part of the fibre as it was announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} of a block is not the fibre's")]
pub(crate) struct Foreign(&'static str);

/// Which block, and when it is.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    sequence: u64,
    start: Timestamp,
    times: usize,
}

impl Assembly {
    /// Makes blocks of these neighbouring bands, given in order.
    pub(crate) fn new(fibre: &Fibre, bands: Vec<ChannelRange>) -> Self {
        Self {
            sampling_rate: fibre.sampling_rate,
            data_type: fibre.data_type,
            parts: vec![None; bands.len()],
            bands,
            present: None,
            complete: false,
            listening: false,
            broken: false,
            losses: Losses::default(),
        }
    }

    /// Takes the next message; the block when that makes it whole.
    ///
    /// # Errors
    /// When the message is no band of this fibre; it is left out, and then missing.
    pub(crate) fn push(&mut self, message: Message) -> Result<Option<Block>, Foreign> {
        if message.sampling_rate.total_cmp(&self.sampling_rate).is_ne() {
            return Err(Foreign("the sampling rate"));
        }
        if message.data_type != self.data_type {
            return Err(Foreign("the sample type"));
        }
        let band = self.bands.iter().position(|&band| band == message.channels);
        let band = band.ok_or(Foreign("the band of channels"))?;
        let place = Place { sequence: message.sequence, start: message.start, times: message.times };
        if self.present != Some(place) {
            self.begin(place);
        }
        if self.complete {
            return Ok(None);
        }
        self.parts[band].get_or_insert(message);
        if self.parts.iter().any(Option::is_none) {
            return Ok(None);
        }
        let parts: Vec<_> = self.parts.iter_mut().filter_map(Option::take).collect();
        (self.complete, self.listening, self.broken) = (true, true, false);
        Ok(Message::join(&parts))
    }

    /// What was lost since it was asked last.
    pub(crate) fn take_losses(&mut self) -> Losses {
        std::mem::take(&mut self.losses)
    }

    /// Goes on to another block.
    fn begin(&mut self, place: Place) {
        if let Some(present) = self.present {
            if !self.complete && self.listening {
                self.lose(1);
            }
            self.listening = true;
            let ahead = place.start.duration_since(present.end(self.sampling_rate)).as_secs_f64();
            match place.sequence.checked_sub(present.sequence) {
                Some(steps @ 2..) => self.lose(steps - 1),
                // The next one, or of a publisher that began anew: only the time can tell.
                _ if ahead > CLOCK_TOLERANCE => {
                    let blocks = ahead * self.sampling_rate / present.times as f64;
                    self.lose(blocks.round().max(1.0) as u64);
                }
                _ => {}
            }
        }
        self.parts.fill(None);
        (self.present, self.complete) = (Some(place), false);
    }

    fn lose(&mut self, blocks: u64) {
        self.losses.blocks = self.losses.blocks.saturating_add(blocks);
        if !self.broken {
            self.losses.gaps += 1;
            self.broken = true;
        }
    }
}

impl Place {
    fn end(&self, sampling_rate: f64) -> Timestamp {
        let lasts = sample_offset(self.times as f64, sampling_rate);
        self.start.saturating_add(lasts).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use focus_core::Samples;
    use jiff::SignedDuration;

    use super::super::wire::{decode, encode};
    use super::*;

    fn range(first: u32, last: u32) -> ChannelRange {
        ChannelRange::new(first, last).unwrap()
    }

    fn bands() -> Vec<ChannelRange> {
        vec![range(3, 4), range(5, 6), range(7, 7)]
    }

    fn fibre() -> Fibre {
        Fibre {
            pulse_rate: None,
            sampling_rate: 100.0,
            dx: None,
            gauge_length: None,
            channels: 9,
            start: None,
            length: None,
            samples_per_trace: None,
            data_type: DataType::Int16,
            unit: None,
            software: None,
            description: None,
        }
    }

    /// Channels 3 to 7 for 0.1 s; the values say which channel and sample they are.
    fn block(sequence: u64, tenths: i64) -> Block {
        let samples = (0..50).map(|value| (sequence as i16) * 100 + value).collect();
        Block {
            sequence,
            start: Timestamp::UNIX_EPOCH + SignedDuration::from_millis(100 * tenths),
            sampling_rate: 100.0,
            first_channel: 3,
            channels: 5,
            samples: Samples::Int16(samples),
        }
    }

    fn message(block: &Block, channels: ChannelRange) -> Message {
        decode(&encode(block, channels).unwrap().into()).unwrap()
    }

    fn assembly() -> Assembly {
        Assembly::new(&fibre(), bands())
    }

    /// Sends these bands of a block.
    fn send(assembly: &mut Assembly, block: &Block, bands: &[ChannelRange]) -> Option<Block> {
        let mut whole = None;
        for &band in bands {
            assert_eq!(whole, None);
            whole = assembly.push(message(block, band)).unwrap();
        }
        whole
    }

    fn losses(gaps: u64, blocks: u64) -> Losses {
        Losses { gaps, blocks }
    }

    #[test]
    fn bands_become_the_block_that_they_were() {
        let mut assembly = assembly();
        for number in 0..5 {
            let block = block(number, number as i64);
            assert_eq!(send(&mut assembly, &block, &bands()), Some(block));
        }
        assert_eq!(assembly.take_losses(), losses(0, 0));
    }

    #[test]
    fn one_band_is_a_block() {
        let mut assembly = Assembly::new(&fibre(), vec![range(3, 7)]);
        assert_eq!(send(&mut assembly, &block(7, 7), &[range(3, 7)]), Some(block(7, 7)));
    }

    #[test]
    fn a_block_without_all_its_bands_is_lost() {
        let mut assembly = assembly();
        send(&mut assembly, &block(0, 0), &bands()).unwrap();
        assert_eq!(send(&mut assembly, &block(1, 1), &bands()[1..]), None);
        assert_eq!(send(&mut assembly, &block(2, 2), &bands()[..2]), None);
        assert_eq!(
            send(&mut assembly, &block(3, 3), &bands()),
            Some(block(3, 3)),
            "and leaves nothing behind"
        );
        assert_eq!(assembly.take_losses(), losses(1, 2));
        assert_eq!(assembly.take_losses(), losses(0, 0));
    }

    #[test]
    fn a_band_that_never_comes_is_no_silence() {
        let mut assembly = assembly();
        for number in 0..10 {
            assert_eq!(send(&mut assembly, &block(number, number as i64), &bands()[..2]), None);
        }
        assert_eq!(assembly.take_losses(), losses(1, 8), "the first may have begun before, the last goes on");
    }

    #[test]
    fn what_was_sent_before_anybody_listened_is_not_lost() {
        let mut assembly = assembly();
        assert_eq!(send(&mut assembly, &block(41, 41), &bands()[1..]), None);
        assert!(send(&mut assembly, &block(42, 42), &bands()).is_some());
        assert_eq!(assembly.take_losses(), losses(0, 0));
    }

    #[test]
    fn gaps_are_counted_by_sequence_and_else_by_time() {
        let mut assembly = assembly();
        let mut send = |sequence, tenths| {
            send(&mut assembly, &block(sequence, tenths), &bands()).unwrap();
            assembly.take_losses()
        };
        assert_eq!(send(5, 5), losses(0, 0));
        assert_eq!(send(9, 9), losses(1, 3), "a jump of the sequence");
        assert_eq!(send(10, 20), losses(1, 10), "a jump of time alone");
        assert_eq!(send(0, 21), losses(0, 0), "a publisher that began anew and lost nothing");
        assert_eq!(send(0, 32), losses(1, 10), "a publisher that began anew after a second");
        assert_eq!(send(1, 0), losses(0, 0), "a clock that was set back");
        assert_eq!(send(u64::MAX, 1), losses(1, u64::MAX - 2));
    }

    #[test]
    fn what_comes_twice_is_taken_once() {
        let mut assembly = assembly();
        let twice = [range(3, 4), range(3, 4), range(7, 7), range(5, 6)];
        assert_eq!(send(&mut assembly, &block(0, 0), &twice), Some(block(0, 0)), "in any order");
        assert_eq!(send(&mut assembly, &block(0, 0), &bands()), None);
        assert!(send(&mut assembly, &block(1, 1), &bands()).is_some());
        assert_eq!(assembly.take_losses(), losses(0, 0));
    }

    #[test]
    fn what_is_not_of_this_fibre_is_said_and_left_out() {
        let mut assembly = assembly();
        let other = Block { sampling_rate: 99.0, ..block(0, 0) };
        assert_eq!(assembly.push(message(&other, range(3, 4))), Err(Foreign("the sampling rate")));
        let other = Block { samples: Samples::Float32(vec![1.0; 50].into()), ..block(0, 0) };
        assert_eq!(assembly.push(message(&other, range(3, 4))), Err(Foreign("the sample type")));
        assert_eq!(assembly.push(message(&block(0, 0), range(3, 5))), Err(Foreign("the band of channels")));
        assert!(send(&mut assembly, &block(0, 0), &bands()).is_some());
    }
}
