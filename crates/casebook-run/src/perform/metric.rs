//! Metrics in Prometheus' text format.

use std::collections::BTreeMap;

use casebook_ticket::language::Variable;
use http_body_util::{BodyExt as _, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::ACCEPT;
use tokio::time::timeout;
use url::Url;

use crate::Observation;
use crate::environment::Address;
use crate::exchange;
use crate::tls;
use crate::world::World;

/// Metrics that are longer are not read.
const MOST: usize = 16 << 20;

pub(super) async fn read(of: &Variable, series: &str, world: &World<'_>) -> Result<Observation, String> {
    let target = world.target(of)?;
    let url = match (&target.metrics, &target.url) {
        (Some(metrics), _) => Url::parse(metrics).map_err(|error| format!("{metrics} is no URL: {error}"))?,
        (None, Some(url)) => {
            let mut url = Address::parse(url)?.url;
            url.set_path("/metrics");
            url
        }
        (None, None) => return Err(format!("the environment does not say where {of} has its metrics")),
    };
    let deadline = world.environment.deadline;
    let text = timeout(deadline, get(&url))
        .await
        .map_err(|_| format!("{url} has not answered within {deadline:?}"))?
        .map_err(|why| format!("{url}: {why}"))?;
    let found =
        find(&text, series).ok_or_else(|| format!("`{series}` is no name of a metric with labels"))?;
    let mut numbers = BTreeMap::from([("exists".to_owned(), f64::from(u8::from(!found.is_empty())))]);
    if !found.is_empty() {
        numbers.insert("value".to_owned(), found.iter().map(|(_, value)| value).sum());
    }
    let lines: Vec<_> = found.iter().map(|(line, _)| *line).collect();
    Ok(Observation { sent: format!("GET {url}"), text: lines.join("\n"), numbers, ..Observation::default() })
}

async fn get(url: &Url) -> Result<String, String> {
    let builder = Request::builder().header(ACCEPT, "text/plain");
    let answer = exchange::ask(url, builder, Bytes::new(), tls::config()).await;
    let answer = answer.map_err(|error| error.to_string())?;
    let status = answer.status();
    if !status.is_success() {
        return Err(format!("it answered {status}"));
    }
    let body = Limited::new(answer.into_body(), MOST).collect().await.map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&body.to_bytes()).into_owned())
}

/// The lines of a series: of that name, with at least these labels. None when the series itself cannot be read.
fn find<'a>(text: &'a str, series: &str) -> Option<Vec<(&'a str, f64)>> {
    let (wanted, labels) = split(series)?;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let of_series = lines.filter_map(|line| {
        let end = if line.contains('{') { line.rfind('}')? + 1 } else { line.find(' ')? };
        let (name, known) = split(&line[..end])?;
        let matches = name == wanted && labels.iter().all(|label| known.contains(label));
        let value = line[end..].split_whitespace().next()?.parse().ok()?;
        matches.then_some((line, value))
    });
    Some(of_series.collect())
}

/// A name, and its labels with their values.
fn split(series: &str) -> Option<(&str, Vec<(String, String)>)> {
    let Some((name, rest)) = series.split_once('{') else { return Some((series.trim(), Vec::new())) };
    let mut rest = rest.strip_suffix('}')?;
    let mut labels = Vec::new();
    while !rest.trim_matches([',', ' ']).is_empty() {
        let (label, behind) = rest.trim_start_matches([',', ' ']).split_once("=\"")?;
        let mut value = String::new();
        let mut characters = behind.char_indices();
        let end = loop {
            match characters.next()? {
                (at, '"') => break at,
                (_, '\\') => value.push(match characters.next()?.1 {
                    'n' => '\n',
                    other => other,
                }),
                (_, other) => value.push(other),
            }
        };
        labels.push((label.trim().to_owned(), value));
        rest = &behind[end + 1..];
    }
    Some((name.trim(), labels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_found_by_name_and_labels() {
        let text = "# HELP up 1\nup{upstream=\"rabbitmq\",why=\"a \\\"b\\\" }\"} 0\nup{upstream=\"mongodb\"} 1\nplain 7 123\nplainer 8\n";
        let values = |series: &str| {
            find(text, series).map(|found| found.iter().map(|(_, value)| *value).collect::<Vec<_>>())
        };
        assert_eq!(values("up{upstream=\"rabbitmq\"}"), Some(vec![0.0]));
        assert_eq!(values("up{why=\"a \\\"b\\\" }\"}"), Some(vec![0.0]));
        assert_eq!(values("up"), Some(vec![0.0, 1.0]));
        assert_eq!(values("plain"), Some(vec![7.0]));
        assert_eq!(values("absent"), Some(vec![]));
        assert_eq!(values("up{upstream=rabbitmq}"), None);
    }
}
