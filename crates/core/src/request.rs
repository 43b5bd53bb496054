//! The body of `POST /configure` to a [`View`]: every faulty field is found, not only the first.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::plan::bins_inside;
use crate::{
    Band, ChannelRange, Faults, Fibre, Limits, Period, Picture, Plan, View, ViewType, from_epoch_seconds,
};

const DEFAULT_DURATION: f64 = 10.0;
const DEFAULT_NFFT: u32 = 1024;
/// Most seconds that one row may cover: a day.
const LONGEST_ROW: f64 = 86_400.0;
const NFFT: std::ops::RangeInclusive<u32> = 128..=65536;

/// A request read as far as that is possible without knowing the fibre, with the faults found so far.
#[derive(Clone, Debug)]
pub struct Draft {
    view_type: Option<ViewType>,
    channels: Option<(i64, i64)>,
    height: Option<u32>,
    duration: Option<f64>,
    nfft: Option<u32>,
    band: Option<WantedBand>,
    period: Option<Period>,
    with_past: Option<bool>,
    faults: Faults,
}

impl Draft {
    /// Reads the body of `POST /configure`; `now` decides what is in the future.
    ///
    /// # Errors
    /// Only when the body is not a JSON object. All other faults are kept for [`Self::check`] and
    /// [`Self::resolve`], which know more.
    pub fn parse(body: &[u8], now: Timestamp) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => return Ok(Self::read(&fields, now)),
            Ok(_) => faults.request("$", "the body must be a JSON object"),
            Err(error) => faults.request("$", format!("the body is not JSON: {error}")),
        }
        Err(faults)
    }

    fn read(fields: &Map<String, Value>, now: Timestamp) -> Self {
        let mut reader = Reader { fields, faults: Faults::default() };
        let view_type = reader.view_type();
        let channels = reader.channels();
        let height = reader.height();
        let waterfall = view_type == Some(ViewType::Waterfall);
        let (duration, nfft, band) = if waterfall {
            reader.forbid_spectrum_fields();
            (Some(DEFAULT_DURATION), Some(1), Some(WantedBand::Whole))
        } else {
            (reader.duration(), reader.nfft(), reader.band())
        };
        let period = reader.period(now);
        let with_past = reader.with_past();
        Self { view_type, channels, height, duration, nfft, band, period, with_past, faults: reader.faults }
    }

    /// The time that the view shows, once the rest of what can be checked without the fibre is right too.
    ///
    /// # Errors
    /// Every fault that can be seen without knowing the fibre.
    pub fn check(&self) -> Result<Period, Faults> {
        self.faults.clone().check(self.period.unwrap_or(Period::Live))
    }

    /// Whether the request asks, as far as it can be read, for the fibre as it is now.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.period.is_none_or(Period::is_live)
    }

    /// The view and what it yields, checked against the fibre it will show and the limits.
    ///
    /// # Errors
    /// Every fault of the request, all at once.
    pub fn resolve(self, fibre: &Fibre, limits: &Limits) -> Result<(View, Plan), Faults> {
        let mut faults = self.faults.clone();
        let channels = self.channels.and_then(|range| self.channels_on(range, fibre, limits, &mut faults));
        let picture = self.picture_on(fibre, limits, &mut faults);
        self.check_row_interval(fibre, &mut faults);
        let (Some(view_type), Some(channels), Some(picture)) = (self.view_type, channels, picture) else {
            return Err(faults);
        };
        let (Some(height), Some(duration), Some(period)) = (self.height, self.duration, self.period) else {
            return Err(faults);
        };
        let with_past = self.with_past.unwrap_or(false);
        let view = View { kind: view_type, channels, picture, height, duration, period, with_past };
        let plan = Plan::new(&view, fibre);
        plan.check(limits, &mut faults);
        faults.check((view, plan))
    }

    /// Rows can be neither closer than samples nor so far apart that a row never ends.
    fn check_row_interval(&self, fibre: &Fibre, faults: &mut Faults) {
        const PATH: &str = "$.displayInfo.height";
        let (Some(height), Some(duration)) = (self.height, self.duration) else { return };
        let interval = duration / f64::from(height);
        if interval * fibre.sampling_rate < 1.0 {
            let most = (duration * fibre.sampling_rate).floor();
            faults.view(
                PATH,
                format!("more rows than samples: at most {most} rows for {duration} s on this fibre"),
            );
        }
        if interval > LONGEST_ROW {
            let rule = format!("a row may cover at most {LONGEST_ROW} s, not {interval}: ask for more rows");
            faults.view(PATH, rule);
        }
    }

    fn channels_on(
        &self,
        (min, max): (i64, i64),
        fibre: &Fibre,
        limits: &Limits,
        faults: &mut Faults,
    ) -> Option<ChannelRange> {
        if max > i64::from(fibre.channels) {
            let rule = format!("{max} is outside the fibre, whose highest channel is {}", fibre.channels);
            faults.request("$.channels.max", rule);
            return None;
        }
        let max = if self.view_type == Some(ViewType::SingleChannel) { min } else { max };
        let range = ChannelRange::new(u32::try_from(min).ok()?, u32::try_from(max).ok()?)?;
        if range.count() > limits.max_channels as usize {
            let rule =
                format!("{} channels, and one view may have at most {}", range.count(), limits.max_channels);
            faults.view("$.channels", rule);
        }
        Some(range)
    }

    fn picture_on(&self, fibre: &Fibre, limits: &Limits, faults: &mut Faults) -> Option<Picture> {
        if self.view_type == Some(ViewType::Waterfall) {
            return Some(Picture::Waterfall);
        }
        let nyquist = fibre.nyquist();
        let most = limits.max_multichannel_nfft;
        if self.view_type == Some(ViewType::Multichannel) && self.nfft.is_some_and(|nfft| nfft > most) {
            let rule =
                format!("a multichannel view has at most {most}; view_type 1 takes up to {}", NFFT.end());
            faults.view("$.nfftSelection", rule);
        }
        let band = match self.band? {
            WantedBand::Whole => Band { min: 0.0, max: nyquist },
            WantedBand::Only(band) => band,
        };
        if band.max > nyquist {
            let rule = format!("{} Hz is above half the sampling rate, {nyquist} Hz", band.max);
            faults.view("$.frequencyRange.max", rule);
            return None;
        }
        let nfft = self.nfft?;
        if bins_inside(band.min, band.max, nfft, fibre.sampling_rate).is_empty() {
            let step = fibre.sampling_rate / f64::from(nfft);
            let rule =
                format!("no frequency lies inside: with nfftSelection {nfft} they are {step} Hz apart");
            faults.view("$.frequencyRange", rule);
        }
        Some(Picture::Spectrogram { nfft, band })
    }
}

/// How much of the spectrum is asked for.
#[derive(Clone, Copy, Debug)]
enum WantedBand {
    /// All that the fibre's sampling rate allows.
    Whole,
    Only(Band),
}

/// Takes fields out of the body and notes what is wrong with each.
struct Reader<'a> {
    fields: &'a Map<String, Value>,
    faults: Faults,
}

impl<'a> Reader<'a> {
    /// The field, when it is there and not null.
    fn optional(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    fn required(&mut self, name: &str) -> Option<&'a Value> {
        let value = self.optional(name);
        if value.is_none() {
            self.faults.request(&format!("$.{name}"), "is required");
        }
        value
    }

    /// The number behind `name.key`, which is required.
    fn member(&mut self, name: &str, value: &'a Value, key: &str) -> Option<&'a Value> {
        let member = value.get(key).filter(|value| !value.is_null());
        if member.is_none() && value.is_object() {
            self.faults.request(&format!("$.{name}.{key}"), "is required");
        }
        member
    }

    fn object(&mut self, name: &str, value: &'a Value) -> Option<&'a Value> {
        if !value.is_object() {
            self.faults.request(&format!("$.{name}"), format!("must be an object, not {}", kind_of(value)));
            return None;
        }
        Some(value)
    }

    fn integer(&mut self, path: &str, value: &Value) -> Option<i64> {
        // 1024.0 is an integer to JSON; 1024.5 is not.
        let number = value.as_i64().or_else(|| {
            let float = value.as_f64()?;
            (float.fract() == 0.0 && float.abs() < 9e15).then_some(float as i64)
        });
        if number.is_none() {
            self.faults.request(path, format!("must be an integer, not {}", kind_of(value)));
        }
        number
    }

    fn number(&mut self, path: &str, value: &Value) -> Option<f64> {
        let number = value.as_f64().filter(|number| number.is_finite());
        if number.is_none() {
            self.faults.request(path, format!("must be a number, not {}", kind_of(value)));
        }
        number
    }

    fn view_type(&mut self) -> Option<ViewType> {
        let value = self.required("view_type")?;
        let number = match value {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_i64(),
        };
        match number {
            Some(0) => Some(ViewType::Multichannel),
            Some(1) => Some(ViewType::SingleChannel),
            Some(2) => Some(ViewType::Waterfall),
            _ => {
                let rule = format!(
                    "must be 0 (multichannel spectrogram), 1 (single-channel spectrogram) or 2 (waterfall), not {}",
                    excerpt(value)
                );
                self.faults.request("$.view_type", rule);
                None
            }
        }
    }

    fn channels(&mut self) -> Option<(i64, i64)> {
        let value = self.required("channels")?;
        let value = self.object("channels", value)?;
        let min = self.member("channels", value, "min").and_then(|v| self.integer("$.channels.min", v));
        let max = self.member("channels", value, "max").and_then(|v| self.integer("$.channels.max", v));
        if let Some(min) = min.filter(|&min| min < 1) {
            self.faults.request("$.channels.min", format!("must be at least 1, not {min}"));
        }
        let (min, max) = (min?, max?);
        if max < min {
            self.faults.request("$.channels.max", format!("must not be below channels.min: {max} < {min}"));
            return None;
        }
        Some((min, max))
    }

    fn height(&mut self) -> Option<u32> {
        let value = self.required("displayInfo")?;
        let value = self.object("displayInfo", value)?;
        let height = self.member("displayInfo", value, "height")?;
        let height = self.integer("$.displayInfo.height", height)?;
        let height = u32::try_from(height).ok().filter(|&height| height > 0);
        if height.is_none() {
            self.faults.view("$.displayInfo.height", format!("must be from 1 to {}", u32::MAX));
        }
        height
    }

    fn duration(&mut self) -> Option<f64> {
        const PATH: &str = "$.displayTimeAxisDuration";
        let Some(value) = self.optional("displayTimeAxisDuration") else { return Some(DEFAULT_DURATION) };
        let duration = self.number(PATH, value)?;
        if duration > 0.0 {
            return Some(duration);
        }
        self.faults.view(PATH, format!("must be above 0 seconds, not {duration}"));
        None
    }

    fn nfft(&mut self) -> Option<u32> {
        const PATH: &str = "$.nfftSelection";
        let Some(value) = self.optional("nfftSelection") else { return Some(DEFAULT_NFFT) };
        let nfft = self.integer(PATH, value)?;
        let valid = u32::try_from(nfft).ok().filter(|nfft| NFFT.contains(nfft) && nfft.is_power_of_two());
        if valid.is_none() {
            let rule = format!("must be a power of two from {} to {}, not {nfft}", NFFT.start(), NFFT.end());
            self.faults.view(PATH, rule);
        }
        valid
    }

    fn band(&mut self) -> Option<WantedBand> {
        let Some(value) = self.optional("frequencyRange") else {
            return Some(WantedBand::Whole);
        };
        let value = self.object("frequencyRange", value)?;
        let min =
            self.member("frequencyRange", value, "min").and_then(|v| self.number("$.frequencyRange.min", v));
        let max =
            self.member("frequencyRange", value, "max").and_then(|v| self.number("$.frequencyRange.max", v));
        if let Some(min) = min.filter(|&min| min < 0.0) {
            self.faults.view("$.frequencyRange.min", format!("must be at least 0 Hz, not {min}"));
        }
        let (min, max) = (min?, max?);
        if max <= min {
            self.faults
                .view("$.frequencyRange.max", format!("must be above frequencyRange.min: {max} <= {min}"));
            return None;
        }
        Some(WantedBand::Only(Band { min, max }))
    }

    fn forbid_spectrum_fields(&mut self) {
        for name in ["displayTimeAxisDuration", "frequencyRange"] {
            if self.optional(name).is_some() {
                self.faults
                    .request(&format!("$.{name}"), "must be absent or null for a waterfall (view_type 2)");
            }
        }
        if let Some(value) = self.optional("nfftSelection")
            && value.as_f64() != Some(1.0)
        {
            self.faults.request("$.nfftSelection", "must be 1 or absent for a waterfall (view_type 2)");
        }
    }

    fn period(&mut self, now: Timestamp) -> Option<Period> {
        let given = [self.optional("start_time"), self.optional("end_time")];
        let [start, end] = match given {
            [None, None] => return Some(Period::Live),
            [Some(_), None] => {
                self.faults
                    .view("$.end_time", "is missing: give both start_time and end_time, or neither for live");
                return None;
            }
            [None, Some(_)] => {
                self.faults.view(
                    "$.start_time",
                    "is missing: give both start_time and end_time, or neither for live",
                );
                return None;
            }
            [Some(start), Some(end)] => {
                [self.instant("$.start_time", start), self.instant("$.end_time", end)]
            }
        };
        let (start, end) = (start?, end?);
        if end <= start {
            self.faults.view("$.end_time", "must be after start_time");
            return None;
        }
        if end > now {
            self.faults.view("$.end_time", format!("lies in the future: it is {now:.0} now"));
            return None;
        }
        Some(Period::Historic { start, end })
    }

    fn with_past(&mut self) -> Option<bool> {
        const PATH: &str = "$.withPast";
        let value = self.optional("withPast")?;
        let Some(with_past) = value.as_bool() else {
            self.faults.request(PATH, format!("must be true or false, not {}", kind_of(value)));
            return None;
        };
        let historic = self.optional("start_time").or(self.optional("end_time")).is_some();
        if with_past && historic {
            self.faults.view(PATH, "is for live views: leave it out, or start_time and end_time");
        }
        Some(with_past)
    }

    fn instant(&mut self, path: &str, value: &Value) -> Option<Timestamp> {
        let seconds = self.number(path, value)?;
        let time = from_epoch_seconds(seconds);
        if time.is_none() {
            self.faults.view(path, format!("{seconds} is no time: epoch seconds are expected"));
        }
        time
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a fraction",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// The value as JSON, short enough to stand in a sentence.
fn excerpt(value: &Value) -> String {
    const LONGEST: usize = 40;
    let text = value.to_string();
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}
