//! Prometheus' text format, and `OpenMetrics`.

/// A metric's name, and labels with their values.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Series {
    name: String,
    labels: Vec<(String, String)>,
}

impl Series {
    /// Reads a series and nothing else.
    pub(super) fn of(text: &str) -> Option<Self> {
        Self::at(text.trim()).filter(|(_, rest)| rest.is_empty()).map(|(series, _)| series)
    }

    /// Reads a series at the beginning of a text, and gives what stands behind it.
    fn at(text: &str) -> Option<(Self, &str)> {
        let end = text.find(|end: char| end == '{' || end.is_whitespace()).unwrap_or(text.len());
        let (name, behind) = text.split_at(end);
        let mut series = Self { name: name.to_owned(), labels: Vec::new() };
        let Some(mut rest) = behind.trim_start().strip_prefix('{') else {
            return series.has_name().then_some((series, behind));
        };
        loop {
            rest = rest.trim_start_matches([',', ' ', '\t']);
            if let Some(behind) = rest.strip_prefix('}') {
                return (series.has_name() || series.labels.is_empty()).then_some((series, behind));
            }
            let label;
            (label, rest) = if let Some(quoted) = rest.strip_prefix('"') {
                text_of(quoted)?
            } else {
                let end = rest.find('=')?;
                (rest[..end].trim().to_owned(), &rest[end..])
            };
            match rest.trim_start().strip_prefix('=') {
                Some(behind) => {
                    let value;
                    (value, rest) = text_of(behind.trim_start().strip_prefix('"')?)?;
                    series.labels.push((label, value));
                }
                // A name that needs quotes stands among the labels.
                None => series.name = label,
            }
        }
    }

    fn has_name(&self) -> bool {
        let is_plain = |at: u8| at.is_ascii_alphanumeric() || b"_:.".contains(&at);
        self.name.bytes().all(is_plain) && self.name.starts_with(|first: char| !first.is_ascii_digit())
    }

    /// Whether it is of that name, and has at least these labels.
    fn is_of(&self, wanted: &Self) -> bool {
        self.name == wanted.name && wanted.labels.iter().all(|label| self.labels.contains(label))
    }
}

/// The rest of a text in quotes, and what stands behind them.
fn text_of(quoted: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut characters = quoted.char_indices();
    loop {
        match characters.next()? {
            (at, '"') => return Some((text, &quoted[at + 1..])),
            (_, '\\') => text.push(match characters.next()?.1 {
                'n' => '\n',
                other => other,
            }),
            (_, other) => text.push(other),
        }
    }
}

/// A series and its value: what stands behind ` # ` is an example of what was counted.
fn sample(line: &str) -> Option<(Series, f64)> {
    let (series, rest) = Series::at(line)?;
    let rest = rest.split(" # ").next()?;
    let mut words = rest.strip_prefix(char::is_whitespace)?.split_whitespace();
    let value = words.next()?.parse().ok()?;
    let is_time = words.next().is_none_or(|time| time.parse::<f64>().is_ok());
    (is_time && words.next().is_none()).then_some((series, value))
}

/// The lines of a series with their values.
///
/// # Errors
///
/// A sentence, when these are no metrics: then nothing follows from what is not among them.
pub(super) fn find<'a>(text: &'a str, wanted: &Series) -> Result<Vec<(&'a str, f64)>, String> {
    let mut found = Vec::new();
    let mut has_any = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (series, value) = sample(line).ok_or_else(|| {
            let shown: String = line.chars().take(60).collect();
            format!("line {number} is no sample of a metric: {shown}")
        })?;
        has_any = true;
        if series.is_of(wanted) {
            found.push((line, value));
        }
    }
    if has_any { Ok(found) } else { Err("there is no sample of any metric".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str, series: &str) -> Result<Vec<f64>, String> {
        let found = find(text, &Series::of(series).ok_or("no series")?)?;
        Ok(found.iter().map(|(_, value)| *value).collect())
    }

    #[test]
    fn series_are_found_by_name_and_labels() {
        let text = "# HELP up 1\nup{upstream=\"rabbitmq\",why=\"a \\\"b\\\" }\"} 0\nup{upstream=\"mongodb\"} 1\nplain 7 123\nplainer 8\n\n# EOF\n";
        let values = |series: &str| values(text, series);
        assert_eq!(values("up{upstream=\"rabbitmq\"}"), Ok(vec![0.0]));
        assert_eq!(values("up{why=\"a \\\"b\\\" }\"}"), Ok(vec![0.0]));
        assert_eq!(values("up"), Ok(vec![0.0, 1.0]));
        assert_eq!(values("plain"), Ok(vec![7.0]));
        assert_eq!(values("absent"), Ok(vec![]));
        assert!(values("up{upstream=rabbitmq}").is_err());
    }

    #[test]
    fn what_stands_behind_a_value_is_none() {
        let text = "openm{a=\"b\"} 1 # {trace_id=\"x\"} 0.5\nopenm_total 3 1764331200.5 # {} 1 2\n{\"my.name\", a=\"b\"} 4\nnone NaN\nmost +Inf\n";
        assert_eq!(values(text, "openm"), Ok(vec![1.0]));
        assert_eq!(values(text, "openm_total"), Ok(vec![3.0]));
        assert_eq!(values(text, "{\"my.name\"}"), Ok(vec![4.0]));
        assert_eq!(values(text, "most"), Ok(vec![f64::INFINITY]));
        assert!(values(text, "none").is_ok_and(|values| values[0].is_nan()));
    }

    #[test]
    fn of_what_are_no_metrics_nothing_is_absent() {
        for (text, why) in [
            ("", "there is no sample"),
            ("# HELP up Whether\n", "there is no sample"),
            ("<!DOCTYPE html>\n<html>", "line 1 is no sample of a metric: <!DOCTYPE html>"),
            ("up 1\nNot found\n", "line 2 is no sample"),
            ("up{a=\"b\" 1\n", "line 1 is no sample"),
            ("up one\n", "line 1 is no sample"),
            ("up{a=\"b\"}1\n", "line 1 is no sample"),
        ] {
            let told = values(text, "queue_depth").unwrap_err();
            assert!(told.starts_with(why), "{text:?}: {told}");
        }
    }
}
