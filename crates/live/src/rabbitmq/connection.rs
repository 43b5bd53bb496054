use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use focus_core::Outage;
use futures::StreamExt as _;
use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};
use lapin::{AsyncTcpStream, ConnectionProperties, ErrorKind, Event};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::Address;
use super::address::{refused, unavailable};
use super::socket::{self, Lifeline, Socket, in_words};

/// How long the reason of an end may take.
const EXPLANATION: Duration = Duration::from_millis(500);
/// How long a broker may take to say good-bye.
const GOOD_BYE: Duration = Duration::from_millis(500);

/// A connection to the broker. It never comes back by itself: when it has closed, open another one.
///
/// However it ends, and also when it is never completed, its socket and the client library's thread end with
/// it: the socket is cut.
#[derive(Debug)]
pub(crate) struct Connection {
    client: lapin::Connection,
    state: watch::Receiver<State>,
    lifeline: Lifeline,
    is_cut: AtomicBool,
    given_up: Arc<OnceLock<Outage>>,
    _watcher: AbortOnDropHandle<()>,
}

/// How a connection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It serves.
    Open,
    /// The broker takes no messages at present: nothing that is published goes out. The outage says why.
    Blocked(Outage),
    /// It has ended, for this reason. Nothing follows.
    Closed(Outage),
}

impl State {
    /// Why it does not serve.
    pub(crate) fn outage(&self) -> Option<&Outage> {
        match self {
            Self::Open => None,
            Self::Blocked(outage) | Self::Closed(outage) => Some(outage),
        }
    }
}

impl Connection {
    /// Connects and logs in within the address's deadline. `name` is what the broker's administrator sees.
    pub(crate) async fn open(address: &Address, name: &str) -> Result<Self, Outage> {
        let deadline = Instant::now() + address.deadline();
        match timeout_at(deadline, Self::connect(address, name, deadline)).await {
            Ok(connection) => connection,
            Err(_) => Err(address.silent()),
        }
    }

    async fn connect(address: &Address, name: &str, deadline: Instant) -> Result<Self, Outage> {
        let (stream, lifeline) = socket::dial(address, deadline).await?;
        let released = CancellationToken::new();
        let socket = Socket::new(stream, address, released.clone().drop_guard()).await?;
        // The library asks once; were it to ask again, there is no second one.
        let socket = Mutex::new(Some(socket));
        let hand_over = async move |_, _| {
            let socket = socket.lock().ok().and_then(|mut socket| socket.take());
            let stream = socket.map(AsyncTcpStream::Plain);
            stream.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::NotConnected).into())
        };
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let client = lapin::Connection::connector(address.uri(), socket::runtime(), hand_over, properties)
            .await
            .map_err(|error| not_opened(address, &error))?;
        let given_up = Arc::<OnceLock<Outage>>::default();
        let (tell, state) = watch::channel(State::Open);
        let events = client.events_listener();
        let watcher = tokio::spawn(watch_over(events, released, Arc::clone(&given_up), tell));
        let watcher = AbortOnDropHandle::new(watcher);
        Ok(Self { client, state, lifeline, is_cut: AtomicBool::new(false), given_up, _watcher: watcher })
    }

    /// Opens a channel. Without deadline of its own.
    pub(crate) async fn channel(&self) -> Result<lapin::Channel, Outage> {
        self.client.create_channel().await.map_err(|error| outage(&error))
    }

    /// How the connection is, and every change of it.
    pub(crate) fn state(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// Waits until the connection has ended; says why.
    pub(crate) async fn closed(&self) -> Outage {
        let mut state = self.state.clone();
        match state.wait_for(|state| matches!(state, State::Closed(_))).await.as_deref() {
            Ok(State::Closed(outage)) => outage.clone(),
            Ok(_) | Err(_) => lost(),
        }
    }

    /// What has really happened where an outage only says that the connection is lost: when the broker closes a channel,
    /// those who use it hear of the end before they hear of its reason.
    pub(crate) async fn explain(&self, outage: Outage) -> Outage {
        if outage != lost() {
            return outage;
        }
        timeout(EXPLANATION, self.closed()).await.unwrap_or(outage)
    }

    /// Whether the connection has not ended yet, as far as is known.
    pub(crate) fn is_alive(&self) -> bool {
        !self.is_cut.load(Ordering::Relaxed) && !matches!(*self.state.borrow(), State::Closed(_))
    }

    /// Cuts the connection, for it is of no use any more.
    pub(crate) fn cut(&self) {
        self.is_cut.store(true, Ordering::Relaxed);
        self.lifeline.cut();
    }

    /// Cuts the connection, for this reason; the first one counts.
    pub(crate) fn give_up(&self, reason: Outage) {
        // An error says that there is a reason already.
        drop(self.given_up.set(reason));
        self.cut();
    }

    /// Why it was given up, if it was.
    pub(crate) fn given_up(&self) -> Option<Outage> {
        self.given_up.get().cloned()
    }

    /// Says good-bye, so that the broker's log has no warning, then ends the connection.
    pub(crate) async fn close(self) {
        // Whatever comes of it, the connection is cut afterwards.
        let _ = timeout(GOOD_BYE, self.client.close(200, "OK".into())).await;
    }
}

/// What an error of an open connection or of one of its channels means.
pub(crate) fn outage(error: &lapin::Error) -> Outage {
    match error.kind() {
        ErrorKind::ProtocolError(error) => {
            let text = error.get_message().as_str();
            match error.kind() {
                // It is going down, or not fully up.
                AMQPErrorKind::Hard(AMQPHardError::CONNECTIONFORCED) => {
                    unavailable("it closed the connection".to_owned())
                }
                _ if text.ends_with("is down") => unavailable(text.to_owned()),
                _ => refused(text.to_owned()),
            }
        }
        ErrorKind::ParsingError(_) | ErrorKind::InvalidProtocolVersion(_) => {
            refused("what answers there does not speak AMQP 0-9-1".to_owned())
        }
        ErrorKind::IOError(error) => unavailable(format!("connection lost: {}", in_words(error))),
        ErrorKind::MissingHeartbeatError => unavailable("it has fallen silent".to_owned()),
        _ => lost(),
    }
}

/// What an error in the handshake means.
fn not_opened(address: &Address, error: &lapin::Error) -> Outage {
    match error.kind() {
        ErrorKind::ProtocolError(problem) => {
            let text = problem.get_message().as_str();
            match problem.kind() {
                AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED) => {
                    refused(format!("it refused the login of user {:?}", address.user()))
                }
                AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED) if text.ends_with("not found") => {
                    refused(format!("there is no virtual host {:?}", address.vhost()))
                }
                AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED) if text.contains("refused for user") => {
                    let (user, vhost) = (address.user(), address.vhost());
                    refused(format!("user {user:?} may not use the virtual host {vhost:?}"))
                }
                _ => outage(error),
            }
        }
        ErrorKind::IOError(_) => unavailable("it closed the connection during the login".to_owned()),
        _ => outage(error),
    }
}

/// That it ended, and nobody knows why.
pub(super) fn lost() -> Outage {
    unavailable("connection lost".to_owned())
}

/// Tells the connection's state until it has ended, or nobody wants to know it.
async fn watch_over(
    events: impl futures::Stream<Item = Event>,
    released: CancellationToken,
    given_up: Arc<OnceLock<Outage>>,
    tell: watch::Sender<State>,
) {
    let mut events = pin!(events);
    let reason = loop {
        let event = tokio::select! {
            biased;
            event = events.next() => event,
            () = released.cancelled() => break lost(),
        };
        match event {
            Some(Event::ConnectionBlocked(reason)) => {
                let outage = unavailable(format!("it blocks publishers (memory or disk alarm: {reason})"));
                tell.send_replace(State::Blocked(outage));
            }
            Some(Event::ConnectionUnblocked) => {
                tell.send_replace(State::Open);
            }
            Some(Event::Error(error)) => break outage(&error),
            Some(_) => {}
            None => break lost(),
        }
    };
    // What the client makes of a cut is not why it was cut.
    let reason = given_up.get().cloned().unwrap_or(reason);
    tracing::debug!("connection to RabbitMQ ended: {reason}");
    tell.send_replace(State::Closed(reason));
}
