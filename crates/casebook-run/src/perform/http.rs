//! HTTP requests.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use casebook_ticket::language::Http;
use reqwest::{Client, Method, redirect};
use tokio::time::Instant;

use super::{KEPT, bounded};
use crate::world::World;
use crate::{Observation, Outcome};

/// A body that is larger is not read further.
const MOST: usize = 8 * KEPT;

pub(super) async fn send(request: &Http, world: &World<'_>) -> Result<Observation, String> {
    let url = world.fill(&request.target)?;
    let deadline = request.deadline.unwrap_or(world.environment.deadline);
    // Each request on a connection of its own: what an earlier one left says nothing about this one.
    let client =
        Client::builder().timeout(deadline).pool_max_idle_per_host(0).redirect(redirect::Policy::none());
    let client = client.no_proxy().build().map_err(|error| told(&error))?;
    let method: Method = request.method.parse().map_err(|_| format!("{} is no method", request.method))?;
    let mut sent = format!("{method} {url}");
    let mut builder = client.request(method, &url);
    for (name, value) in &request.headers {
        builder = builder.header(name, world.fill(value)?);
    }
    if let Some(name) = &request.data {
        let body = world.data(name.name())?;
        sent = format!("{sent}\n\n{body}");
        if !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            builder = builder.header("content-type", "application/json");
        }
        builder = builder.body(body);
    }
    let began = Instant::now();
    let seen = match builder.send().await {
        Ok(answer) => read(answer, began).await,
        Err(error) if error.is_builder() => return Err(told(&error)),
        Err(error) => Observation { outcome: outcome(&error), ..Observation::default() },
    };
    Ok(Observation { sent, elapsed: elapsed(began), ..seen })
}

async fn read(mut answer: reqwest::Response, began: Instant) -> Observation {
    let status = Some(answer.status().as_u16());
    let header = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let headers = answer.headers().iter().map(header).collect();
    let mut body = Vec::new();
    let mut left_out = 0;
    let outcome = loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= MOST => body.extend_from_slice(&chunk),
            // How much more there would be is not known.
            Ok(Some(_)) => {
                left_out = 1;
                break Outcome::Answered;
            }
            Ok(None) => break Outcome::Answered,
            Err(error) => break outcome(&error),
        }
    };
    let text = String::from_utf8_lossy(&body);
    let json =
        if left_out == 0 { serde_json::from_str(&text).unwrap_or_default() } else { serde_json::Value::Null };
    let (text, cut) = bounded(&text);
    let elapsed = elapsed(began);
    Observation {
        outcome,
        elapsed,
        status,
        headers,
        text,
        left_out: left_out + cut,
        json,
        ..Observation::default()
    }
}

fn elapsed(began: Instant) -> f64 {
    began.elapsed().max(Duration::from_micros(1)).as_secs_f64()
}

/// How a request ended that had no answer.
fn outcome(error: &reqwest::Error) -> Outcome {
    if error.is_timeout() {
        return Outcome::TimedOut;
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return of_io(error);
        }
        cause = error.source();
    }
    Outcome::Cut
}

/// How an attempt ended that the kernel tells of.
pub(super) fn of_io(error: &io::Error) -> Outcome {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Outcome::Refused,
        io::ErrorKind::TimedOut => Outcome::TimedOut,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Outcome::Unreachable,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::UnexpectedEof => {
            Outcome::Cut
        }
        _ => Outcome::Failed(error.to_string()),
    }
}

/// An error with its causes.
fn told(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
