use std::{fmt, str::FromStr};

/// Shares of the values that may be darker than the darkest and brighter than the brightest colour.
const DARK: f64 = 0.02;
const BRIGHT: f64 = 0.002;
/// A quieter range than this would show rounding as structure.
const LEAST_RANGE: f32 = 1.0;
/// A wider one would spend its colours on what lies below the noise, such as the edge of a filter.
const MOST_RANGE: f32 = 80.0;

/// The values in dB that the ends of the colour map stand for; `low < high`, both finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Contrast {
    low: f32,
    high: f32,
}

impl Contrast {
    /// The one that shows most of `values`, whatever their outliers are.
    pub(crate) fn of(values: impl Iterator<Item = f32>) -> Self {
        let mut finite: Vec<f32> = values.filter(|value| value.is_finite()).collect();
        if finite.is_empty() {
            return Self { low: 0.0, high: LEAST_RANGE };
        }
        let high = percentile(&mut finite, 1.0 - BRIGHT);
        let low = percentile(&mut finite, DARK).max(high - MOST_RANGE);
        Self { low, high: high.max(low + LEAST_RANGE) }
    }

    /// In dB.
    pub(crate) fn low(self) -> f32 {
        self.low
    }

    /// In dB.
    pub(crate) fn high(self) -> f32 {
        self.high
    }

    /// Where `value` lies, from 0 at the low end to 1 at the high end.
    pub(crate) fn position(self, value: f32) -> f32 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

fn percentile(values: &mut [f32], share: f64) -> f32 {
    let index = ((values.len() - 1) as f64 * share).round() as usize;
    *values.select_nth_unstable_by(index, f32::total_cmp).1
}

impl fmt::Display for Contrast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.low, self.high)
    }
}

impl FromStr for Contrast {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const RULE: &str = "must be LOW:HIGH in dB, for example -20:30";
        let (low, high) = text.split_once(':').ok_or(RULE)?;
        let number =
            |text: &str| text.trim().parse::<f32>().ok().filter(|value| value.is_finite()).ok_or(RULE);
        let (low, high) = (number(low)?, number(high)?);
        if low < high { Ok(Self { low, high }) } else { Err("LOW must be below HIGH") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outliers_do_not_decide() {
        let values =
            (0..1000).map(|value| value as f32 / 20.0).chain([1e9, -1e9, f32::NAN, f32::NEG_INFINITY]);
        let contrast = Contrast::of(values);
        assert!(
            (0.7..1.5).contains(&contrast.low()) && (49.5..50.0).contains(&contrast.high()),
            "{contrast}"
        );
        assert_eq!((contrast.position(-50.0), contrast.position(1e9)), (0.0, 1.0));
    }

    #[test]
    fn there_is_always_a_range() {
        for values in [vec![], vec![f32::NAN], vec![7.0; 3], vec![385.0, -450.0]] {
            let contrast = Contrast::of(values.into_iter());
            assert!(contrast.low() < contrast.high());
        }
    }

    #[test]
    fn text_and_back() {
        let contrast: Contrast = "-20:30.5".parse().unwrap();
        assert_eq!(
            (contrast.low(), contrast.high(), contrast.to_string().as_str()),
            (-20.0, 30.5, "-20:30.5")
        );
        for text in ["", "1", "3:1", "1:1", "a:b", "nan:1"] {
            assert!(text.parse::<Contrast>().is_err(), "{text}");
        }
    }
}
