//! Attempts to reach something, also from where somebody else stands.

use std::str::FromStr;
use std::time::Duration;

use casebook_ticket::language::{Probe, Protocol};
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::mongo;
use crate::command;
use crate::environment::Address;
use crate::network::Network;
use crate::request::of_io;
use crate::world::World;
use crate::{Observation, Outcome};

/// What a prober in another network needs beside its deadline to start and to tell.
const TO_START: Duration = Duration::from_secs(5);

/// Why something cannot be probed.
#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{0}")]
pub struct ProbeError(String);

impl ProbeError {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }
}

pub(super) async fn from(wanted: &Probe, world: &World<'_>) -> Result<Observation, String> {
    let url = world.fill(&wanted.target)?;
    let deadline = wanted.deadline.unwrap_or(world.environment.deadline);
    let sent = format!("{} {url}", wanted.protocol);
    let network = wanted.from.as_ref().map(|from| world.network(from)).transpose()?;
    let seen = match network {
        Some(network) if Some(network) != Network::own() => {
            elsewhere(network, wanted.protocol, &url, deadline, world).await?
        }
        _ => probe(wanted.protocol, &url, deadline).await.map_err(|error| error.to_string())?,
    };
    Ok(Observation { sent, ..seen })
}

/// Has this program probe in another network. The address goes by its input: it may have a password in it.
async fn elsewhere(
    network: Network,
    protocol: Protocol,
    url: &str,
    deadline: Duration,
    world: &World<'_>,
) -> Result<Observation, String> {
    let words: Vec<&str> = world.prober.iter().map(String::as_str).collect();
    let command = network.command(&words).ok_or("the network is gone")?;
    let input = format!("{protocol} {} {url}\n", deadline.as_millis());
    let output = command::succeed(&command, &input, deadline + TO_START).await?;
    let seen: Result<Observation, ProbeError> = serde_json::from_str(&output)
        .map_err(|error| format!("the prober says what nobody understands: {error}"))?;
    seen.map_err(|error| error.to_string())
}

/// Tries to reach what a URL names, from here.
///
/// # Errors
///
/// A sentence, when the URL cannot be used.
pub async fn probe(protocol: Protocol, url: &str, deadline: Duration) -> Result<Observation, ProbeError> {
    let address = Address::parse(url).map_err(ProbeError)?;
    let began = Instant::now();
    let outcome = match protocol {
        Protocol::Tcp => connect(&address, deadline).await,
        Protocol::Amqp => amqp(&address, deadline).await?,
        Protocol::Mongo => mongo(&address, deadline).await?,
    };
    let elapsed = began.elapsed().max(Duration::from_micros(1)).as_secs_f64();
    Ok(Observation { outcome, elapsed, ..Observation::default() })
}

async fn connect(address: &Address, deadline: Duration) -> Outcome {
    match timeout(deadline, TcpStream::connect((address.host.as_str(), address.port))).await {
        Err(_) => Outcome::TimedOut,
        Ok(Ok(_)) => Outcome::Answered,
        Ok(Err(error)) => of_io(&error),
    }
}

/// A ping, with all that comes before it.
async fn mongo(address: &Address, deadline: Duration) -> Result<Outcome, ProbeError> {
    let began = Instant::now();
    // As for a broker.
    match connect(address, deadline).await {
        Outcome::Answered => {
            mongo::ping(address.url.as_str(), deadline.saturating_sub(began.elapsed())).await
        }
        other => Ok(other),
    }
}

/// The whole handshake, as far as the broker has agreed on a channel.
async fn amqp(address: &Address, deadline: Duration) -> Result<Outcome, ProbeError> {
    let uri = lapin::uri::AMQPUri::from_str(address.url.as_str()).map_err(ProbeError)?;
    // How it ends the network tells better than the library.
    let reached = connect(address, deadline).await;
    if reached != Outcome::Answered {
        return Ok(reached);
    }
    let work = async {
        let connection = lapin::Connection::connect_uri(uri, lapin::ConnectionProperties::default()).await?;
        connection.create_channel().await?;
        // What was to be seen is seen, however this ends.
        drop(connection.close(200, "probed".into()).await);
        Ok::<(), lapin::Error>(())
    };
    Ok(match timeout(deadline, work).await {
        Err(_) => Outcome::TimedOut,
        Ok(Ok(())) => Outcome::Answered,
        Ok(Err(error)) => match error.kind() {
            lapin::ErrorKind::IOError(cause) => of_io(cause),
            // The broker answered, and wants none of it.
            lapin::ErrorKind::ProtocolError(_) => Outcome::Cut,
            _ => Outcome::Failed(error.to_string()),
        },
    })
}
