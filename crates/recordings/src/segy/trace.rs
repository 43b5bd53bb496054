use jiff::{SignedDuration, Timestamp};

use super::header::{Common, Layout};
use crate::error::Problem;
use crate::file::{distance, sampling_rate};
use crate::seismic::{Bytes, DayTime, Fields};

/// Bytes of a trace's header, and of each further one.
pub(super) const TRACE_HEADER: usize = 240;
/// The name of the second header of a trace, at its end.
const EXTENSION: &[u8] = b"SEG00001";

/// What the headers of all traces say.
pub(super) struct Traces {
    pub(super) start: Timestamp,
    /// Microseconds; above 0 unless nothing tells it.
    pub(super) interval: f64,
    /// Metres between neighbours.
    pub(super) dx: Option<f64>,
    pub(super) unit: Option<&'static str>,
}

/// How many samples the first trace has.
pub(super) fn samples(bytes: &Bytes, layout: &Layout) -> Result<u64, Problem> {
    let mut header = [0; 2 * TRACE_HEADER];
    let (trace, _) = Trace::read(bytes, layout, 0, &mut header)?.samples();
    if trace == 0 {
        return Err(Problem::field("number of samples (bytes 3221-3222)", "is missing"));
    }
    Ok(trace.into())
}

/// Reads the headers of all traces, and checks them against the binary header and each other.
pub(super) fn read(bytes: &Bytes, layout: &Layout, common: &Common) -> Result<Traces, Problem> {
    let mut buffer = [0; 2 * TRACE_HEADER];
    let mut all: Option<Traces> = None;
    let mut spacing = Spacing::default();
    let mut interval = common.interval;
    for number in 0..layout.traces {
        let trace = Trace::read(bytes, layout, number, &mut buffer)?;
        trace.check_samples(layout.samples, common.wide_samples)?;
        interval = trace.check_interval(interval, common.wide_interval)?;
        trace.check_extensions(layout.extensions)?;
        let (start, unit) = (trace.start(common.time_basis)?, trace.unit());
        match &mut all {
            None => all = Some(Traces { start, interval, dx: None, unit }),
            Some(all) => {
                if start.duration_since(all.start).as_secs_f64().abs() * 1e6 > interval / 2.0 {
                    let reason = format!("it begins at {start}, but trace 1 at {}", all.start);
                    return Err(trace.wrong("time", (157, 166), &reason));
                }
                all.interval = interval;
                all.unit = all.unit.filter(|before| unit == Some(*before));
            }
        }
        spacing.add(trace.position(common));
    }
    let all = all.ok_or_else(|| Problem::File("there is no trace".into()))?;
    Ok(Traces { dx: spacing.even(), ..all })
}

/// The headers of one trace.
struct Trace<'a> {
    /// Counted from 0.
    number: u64,
    fields: Fields<'a>,
    /// Whether there is a second header.
    extended: bool,
    /// Revision 0 has nothing in bytes 181 to 240, and programs what they like.
    revision: u8,
}

impl<'a> Trace<'a> {
    fn read(
        bytes: &Bytes,
        layout: &Layout,
        number: u64,
        buffer: &'a mut [u8; 2 * TRACE_HEADER],
    ) -> Result<Self, Problem> {
        let header = &mut buffer[..layout.headers().min(2 * TRACE_HEADER as u64) as usize];
        bytes.read(layout.first + number * layout.trace(), header)?;
        let extended = header.ends_with(EXTENSION);
        let fields = Fields { bytes: header, little_endian: layout.little_endian };
        Ok(Self { number, fields, extended, revision: layout.revision })
    }

    /// One of its fields, by its name and its bytes.
    fn name(&self, field: &str, (first, last): (usize, usize)) -> String {
        format!("{field} (bytes {first}-{last} of trace {})", self.number + 1)
    }

    /// What is wrong with one of its fields.
    fn wrong(&self, field: &str, bytes: (usize, usize), reason: &str) -> Problem {
        Problem::field(self.name(field, bytes), reason)
    }

    /// How many samples it says that it has, and in which bytes; 0 if it does not say.
    fn samples(&self) -> (u32, (usize, usize)) {
        match self.fields.u32(376) {
            wide if self.extended && wide != 0 => (wide, (377, 380)),
            _ => (self.fields.u16(114).into(), (115, 116)),
        }
    }

    /// `wide`: the binary header says it in a field that is wider than the usual one of traces.
    fn check_samples(&self, expected: u64, wide: bool) -> Result<(), Problem> {
        let (found, place) = self.samples();
        let cannot_tell = wide && place.0 == 115 && expected > u16::MAX.into();
        if found == 0 || u64::from(found) == expected || cannot_tell {
            return Ok(());
        }
        let reason = format!("{found}, but the file's headers say {expected}");
        Err(self.wrong("number of samples", place, &reason))
    }

    /// How many headers of its own it has, if it says it: then that many as each.
    fn check_extensions(&self, expected: u16) -> Result<(), Problem> {
        match self.fields.u16(396) {
            own if self.extended && own != 0 && own != expected => {
                let reason =
                    format!("{own}, but {expected} in the file's header: traces are not equally long");
                Err(self.wrong("number of additional trace headers", (397, 398), &reason))
            }
            _ => Ok(()),
        }
    }

    /// The sample interval in microseconds that is known by now, which was `known` (0: not yet).
    fn check_interval(&self, known: f64, wide: bool) -> Result<f64, Problem> {
        let (found, place) = match self.fields.f64(384) {
            wide if self.extended && wide != 0.0 => (wide, (385, 392)),
            _ => (f64::from(self.fields.u16(116)), (117, 118)),
        };
        // A whole number of microseconds may stand for a fraction.
        let rounded = wide && place.0 == 117 && (found - known).abs() < 1.0;
        #[expect(clippy::float_cmp, reason = "both are what is written in the file")]
        if found == 0.0 || found == known || rounded {
            Ok(known)
        } else if known == 0.0 {
            sampling_rate(&self.name("sample interval", place), 1e6 / found)?;
            Ok(found)
        } else {
            let reason = format!("{found} µs, but the headers before it say {known} µs");
            Err(self.wrong("sample interval", place, &reason))
        }
    }

    /// When its first sample was taken; `basis` is which time that is if it does not say it.
    fn start(&self, basis: u16) -> Result<Timestamp, Problem> {
        let fields = self.fields;
        let time = DayTime {
            year: fields.u16(156),
            day: fields.u16(158),
            hour: fields.u16(160),
            minute: fields.u16(162),
            second: fields.u16(164),
        };
        let DayTime { year, day, hour, minute, second } = time;
        if year < 1900 {
            return Err(self.wrong("year", (157, 158), &format!("{year} is no year of four digits")));
        }
        // Most files do not say which time they mean; those that do must mean UTC.
        let basis = if fields.u16(166) == 0 { basis } else { fields.u16(166) };
        if ![0, 2, 4].contains(&basis) {
            let reason =
                format!("{basis} is not supported, only 2 (GMT), 4 (UTC) and 0 (not told, taken as UTC)");
            return Err(self.wrong("time basis code", (167, 168), &reason));
        }
        let nanoseconds = if self.extended { fields.i32(380).into() } else { 0 };
        let scalar = if self.revision == 0 { 0 } else { fields.i16(214) };
        let delay = f64::from(fields.i16(108)) * scale(scalar);
        let rest = SignedDuration::from_nanos(nanoseconds + (delay * 1e6).round() as i64);
        let reason = || format!("year {year}, day {day}, {hour}:{minute}:{second} is no time");
        time.plus(rest).ok_or_else(|| self.wrong("time", (157, 166), &reason()))
    }

    /// Of what its samples are.
    fn unit(&self) -> Option<&'static str> {
        match self.fields.i16(202) {
            _ if self.revision == 0 => None,
            1 => Some("Pa"),
            2 => Some("V"),
            3 => Some("mV"),
            4 => Some("A"),
            5 => Some("m"),
            6 => Some("m/s"),
            7 => Some("m/s2"),
            8 => Some("N"),
            9 => Some("W"),
            _ => None,
        }
    }

    /// Where it was measured, in metres, if lengths and their unit are told; and how exact that is.
    fn position(&self, common: &Common) -> Option<Position> {
        let fields = self.fields;
        let metres = common.metres.filter(|_| fields.i16(88) == 1)?;
        let (x, y) = if self.extended { (fields.f64(352), fields.f64(360)) } else { (0.0, 0.0) };
        if x != 0.0 || y != 0.0 {
            return Some(Position { x: x * metres, y: y * metres, step: 0.0 });
        }
        let step = scale(fields.i16(70)) * metres;
        let at = |offset| f64::from(fields.i32(offset)) * step;
        Some(Position { x: at(80), y: at(84), step })
    }
}

/// What a scalar in a header means: a factor, or a divisor if it is negative.
fn scale(scalar: i16) -> f64 {
    match scalar {
        0 => 1.0,
        factor if factor > 0 => factor.into(),
        divisor => -1.0 / f64::from(divisor),
    }
}

#[derive(Clone, Copy)]
struct Position {
    x: f64,
    y: f64,
    step: f64,
}

/// Distances between neighbouring traces.
#[derive(Default)]
struct Spacing {
    last: Option<Position>,
    traces: u64,
    distances: u64,
    sum: f64,
    least: f64,
    most: f64,
    step: f64,
}

impl Spacing {
    fn add(&mut self, position: Option<Position>) {
        self.traces += 1;
        if let Some((last, now)) = self.last.zip(position) {
            let distance = (now.x - last.x).hypot(now.y - last.y);
            self.least = if self.distances == 0 { distance } else { self.least.min(distance) };
            self.most = self.most.max(distance);
            self.step = self.step.max(now.step);
            self.sum += distance;
            self.distances += 1;
        }
        self.last = position;
    }

    /// The distance, if it is the same everywhere: as exact as the positions are, and within a tenth. One that cannot be tells
    /// as little as none.
    fn even(&self) -> Option<f64> {
        let mean = self.sum / self.distances as f64;
        let tolerance = (mean / 10.0).min(2.0 * self.step + mean * 1e-6);
        let even = self.distances > 0 && self.distances + 1 == self.traces && mean > 0.0;
        let even = (even && self.most - self.least <= tolerance).then_some(mean);
        distance("group coordinates", even).unwrap_or_default()
    }
}
