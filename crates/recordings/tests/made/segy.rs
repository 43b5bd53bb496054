//! SEG-Y files.

use crate::common::value;

pub(crate) const HEAD: usize = 3600;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Order {
    Big,
    Little,
}

/// What to write. Sample `t` of trace `c` is `t * 100 + c`, or the one of `values`. Positions are counted from 1, as the standard does.
#[derive(Clone, Debug)]
pub(crate) struct Segy {
    pub(crate) revision: [u8; 2],
    pub(crate) order: Order,
    pub(crate) format: i64,
    pub(crate) samples: u64,
    pub(crate) values: Vec<i64>,
    pub(crate) traces: u64,
    /// µs.
    pub(crate) interval: i64,
    /// Further headers of each trace; the first of them has its name.
    pub(crate) extensions: i64,
    /// Numbers in the binary header: position, width and value.
    pub(crate) binary: Vec<(usize, usize, i64)>,
    /// The same in the trace with this number, counted from 1.
    pub(crate) trace: Vec<(u64, usize, usize, i64)>,
    /// Texts in front of the traces, and behind them.
    pub(crate) texts: usize,
    pub(crate) trailers: usize,
    pub(crate) cards: &'static [u8],
}

impl Default for Segy {
    fn default() -> Self {
        Self {
            revision: [1, 0],
            order: Order::Big,
            format: 3,
            samples: 20,
            values: vec![],
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

    pub(crate) fn bytes(&self) -> Vec<u8> {
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
            let width = if self.revision[1] == 0 { 4 } else { 2 };
            self.put(&mut head, 3507, width, self.extensions);
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
            let value = self.values.get(time as usize).copied().unwrap_or_else(|| value(time, number - 1));
            let (width, bits) = match self.format {
                1 => (4, ibm(value as f64)),
                3 | 11 => (2, value),
                7 | 15 => (3, value),
                8 | 16 => (1, value),
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

/// With a second header of each trace.
pub(crate) fn with_extension() -> Segy {
    Segy { revision: [2, 0], extensions: 1, ..Segy::default() }
}
