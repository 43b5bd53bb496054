use std::ops::Range;
use std::sync::Arc;

use focus_core::Samples;

use super::format::Format;
use super::header::Layout;
use crate::error::Problem;
use crate::seismic::Bytes;

/// Samples of some instants and traces, time-major. A range beyond the data is cut to it.
pub(super) fn read(
    bytes: &Bytes,
    layout: &Layout,
    times: Range<u64>,
    columns: Range<usize>,
) -> Result<Samples, Problem> {
    let times = times.start.min(layout.samples)..times.end.min(layout.samples);
    let traces = (columns.start as u64).min(layout.traces)..(columns.end as u64).min(layout.traces);
    Ok(match layout.format {
        Format::Ibm => Samples::Float32(numbers(bytes, layout, times, traces, ibm)?),
        Format::Ieee => Samples::Float32(numbers(bytes, layout, times, traces, f32::from_be_bytes)?),
        Format::Int32 => Samples::Int32(numbers(bytes, layout, times, traces, i32::from_be_bytes)?),
        Format::Int16 => Samples::Int16(numbers(bytes, layout, times, traces, i16::from_be_bytes)?),
        Format::Int8 => {
            Samples::Int16(numbers(bytes, layout, times, traces, |[byte]| byte.cast_signed().into())?)
        }
        Format::Uint8 => Samples::Int16(numbers(bytes, layout, times, traces, |[byte]| byte.into())?),
        Format::Int24 => Samples::Int32(numbers(bytes, layout, times, traces, int24)?),
        Format::Uint24 => Samples::Int32(numbers(bytes, layout, times, traces, uint24)?),
        Format::Uint16 => {
            Samples::Int32(numbers(bytes, layout, times, traces, |number| u16::from_be_bytes(number).into())?)
        }
    })
}

/// Reads one piece of each trace; `number` makes a sample of its bytes, the most significant one first.
fn numbers<const N: usize, T: Copy + Default>(
    bytes: &Bytes,
    layout: &Layout,
    times: Range<u64>,
    traces: Range<u64>,
    number: fn([u8; N]) -> T,
) -> Result<Arc<[T]>, Problem> {
    let instants = times.end.saturating_sub(times.start) as usize;
    let columns = traces.end.saturating_sub(traces.start) as usize;
    let mut samples = vec![T::default(); instants * columns];
    let mut piece = vec![0; instants * N];
    for (column, trace) in traces.enumerate() {
        let data = layout.first + trace * layout.trace() + layout.headers();
        bytes.read(data + times.start * N as u64, &mut piece)?;
        let cells = samples.iter_mut().skip(column).step_by(columns);
        for (cell, stored) in cells.zip(piece.as_chunks().0) {
            let mut stored = *stored;
            if layout.little_endian {
                stored.reverse();
            }
            *cell = number(stored);
        }
    }
    Ok(samples.into())
}

fn int24([high, middle, low]: [u8; 3]) -> i32 {
    i32::from_be_bytes([high, middle, low, 0]) >> 8
}

fn uint24([high, middle, low]: [u8; 3]) -> i32 {
    i32::from_be_bytes([0, high, middle, low])
}

/// A sign, seven bits of a power of 16, and 24 bits behind the point.
fn ibm(bytes: [u8; 4]) -> f32 {
    let bits = u32::from_be_bytes(bytes);
    let fraction = f64::from(bits & 0x00ff_ffff) / f64::from(1 << 24);
    let power = i32::from(bytes[0] & 0x7f) - 64;
    let magnitude = (fraction * 16_f64.powi(power)) as f32;
    if bits >> 31 == 0 { magnitude } else { -magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ibm_floats_are_powers_of_sixteen() {
        for (bits, value) in [
            (0x4276_a000_u32, 118.625_f32),
            (0xc276_a000, -118.625),
            (0x4110_0000, 1.0),
            (0x4010_0000, 0.0625),
            (0, 0.0),
            (0x7fff_ffff, f32::INFINITY),
            (0x0010_0000, 0.0),
        ] {
            assert!(ibm(bits.to_be_bytes()).total_cmp(&value).is_eq(), "{bits:x}");
        }
    }
}
