//! Rows for a browser: the binary messages of `docs/websocket.md`.

use bytes::{BufMut, Bytes, BytesMut};
use focus_core::{Period, Picture};
use serde_json::json;

use crate::row::floats;
use crate::{Batch, JobSpec};

const HEADER: &[u8; 4] = b"FSH1";
const ROWS: &[u8; 4] = b"FSR1";
const FRAME_BYTES: usize = 24;
const ROW_BYTES: usize = 24;
/// Decibels per count.
const STEP: f32 = 0.5;
/// Flag of a row in which samples are missing.
const GAP: u32 = 1;

/// The first message: what this stream of the job will show, as JSON.
///
/// # Panics
/// When the job has no such stream.
#[must_use]
pub fn header(spec: &JobSpec, stream: usize) -> Bytes {
    let plan = &spec.plan;
    let channels = plan.streams[stream].channels;
    let frequencies = plan.frequencies();
    let step = plan.nfft.map(|nfft| plan.sampling_rate / f64::from(nfft));
    let quantity = match spec.view.picture() {
        Picture::Spectrogram { .. } => "amplitude",
        Picture::Waterfall => "rms",
    };
    let text = json!({
        "version": 1,
        "job_id": spec.id,
        "job_sequence": spec.id.sequence,
        "stream_id": stream,
        "stream_amount": plan.streams.len(),
        "view_type": spec.view.view_type(),
        "view": spec.view.to_request(),
        "live": spec.view.period() == Period::Live,
        "channels": {"min": channels.first(), "max": channels.last()},
        "sampling_rate": plan.sampling_rate,
        "nfft": plan.nfft,
        "frequencies": frequencies.first().map(
            |first| json!({"first": first, "step": step, "count": frequencies.len()})
        ),
        "values_per_channel": plan.values_per_channel(),
        "lines_dt": plan.row_interval,
        "value": {"quantity": quantity, "unit": spec.fibre.unit, "encoding": "uint8_db"},
        "metadata": spec.fibre,
    })
    .to_string();
    let mut message = BytesMut::with_capacity(HEADER.len() + text.len());
    message.put_slice(HEADER);
    message.put_slice(text.as_bytes());
    message.freeze()
}

/// Rows as one message.
#[must_use]
pub fn frame(batch: &Batch) -> Bytes {
    let values = batch.values_per_row();
    let mut message = BytesMut::with_capacity(FRAME_BYTES + batch.rows.len() * (ROW_BYTES + values));
    message.put_slice(ROWS);
    message.put_u16_le(u16::try_from(batch.rows.len()).unwrap_or(u16::MAX));
    message.put_u16_le(0);
    message.put_u32_le(values as u32);
    message.put_f32_le(STEP);
    message.put_u32_le(u32::try_from(batch.lost).unwrap_or(u32::MAX));
    message.put_u32_le(0);
    for row in &batch.rows {
        message.put_f64_le(row.time.as_nanosecond() as f64 / 1e6);
        message.put_i32_le(row.index_i32());
        message.put_u32_le(if row.complete { 0 } else { GAP });
        message.put_f32_le(row.quantised().offset);
        message.put_u32_le(0);
    }
    for row in &batch.rows {
        message.put_slice(&row.quantised().counts);
    }
    message.freeze()
}

/// A row's values in decibels, 8 bits each: 0 is missing, `v` means `offset + (v - 1) * 0.5` dB.
///
/// The 127 dB below the row's largest value are kept; what is fainter shows as the faintest.
#[derive(Debug)]
pub(crate) struct Quantised {
    offset: f32,
    counts: Bytes,
}

impl Quantised {
    /// Of little-endian float32 values, none of them negative.
    pub(crate) fn of(values: &[u8]) -> Self {
        let values = || floats(values);
        let largest = values().fold(0.0_f32, f32::max);
        // A row of zeros has no largest level; any offset shows it as the faintest.
        let top = if largest > 0.0 && largest.is_finite() { decibels(largest).ceil() } else { 0.0 };
        let offset = top - f32::from(u8::MAX - 1) * STEP;
        let count = |value: f32| {
            if value.is_nan() { 0 } else { 1.0_f32.max((decibels(value) - offset) / STEP + 1.5) as u8 }
        };
        Self { offset, counts: values().map(count).collect() }
    }
}

fn decibels(amplitude: f32) -> f32 {
    // 20 log10(a) through the cheaper base 2.
    const PER_OCTAVE: f32 = 6.020_6;
    amplitude.log2() * PER_OCTAVE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantise(values: &[f32]) -> Quantised {
        Quantised::of(bytemuck::cast_slice(values))
    }

    fn level(quantised: &Quantised, index: usize) -> f32 {
        quantised.offset + f32::from(quantised.counts[index] - 1) * STEP
    }

    #[test]
    fn levels_are_right_to_half_a_step() {
        let values = [1e-5_f32, 0.001, 0.5, 1.0, 2.0, 100.0];
        let quantised = quantise(&values);
        for (index, value) in values.iter().enumerate().skip(1) {
            let error = level(&quantised, index) - 20.0 * value.log10();
            assert!(error.abs() <= STEP / 2.0 + 1e-3, "{value}: off by {error} dB");
        }
        // More than 127 dB below the largest: the faintest level, but not missing.
        assert_eq!(quantised.counts[0], 1);
    }

    #[test]
    fn missing_is_not_silence() {
        let quantised = quantise(&[f32::NAN, 0.0, 1.0, f32::INFINITY]);
        assert_eq!(&quantised.counts[..], [0, 1, 255, 255]);
        assert_eq!(&quantise(&[0.0, 0.0]).counts[..], [1, 1]);
        assert_eq!(&quantise(&[f32::NAN]).counts[..], [0]);
    }
}
