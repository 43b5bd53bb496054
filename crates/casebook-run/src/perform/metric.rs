//! Metrics, as Prometheus reads them.

mod exposition;

use std::collections::BTreeMap;

use casebook_ticket::language::Variable;
use http_body_util::{BodyExt as _, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::ACCEPT;
use tokio::time::timeout;
use url::Url;

use exposition::Series;

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
    let series =
        Series::of(series).ok_or_else(|| format!("`{series}` is no name of a metric with labels"))?;
    let found = exposition::find(&text, &series).map_err(|why| format!("{url}: {why}"))?;
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
