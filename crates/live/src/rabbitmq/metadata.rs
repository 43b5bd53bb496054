use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use focus_core::Fibre;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};

use super::complaint::Complaint;
use super::metrics::{Metrics, Shown};

/// Without metadata for this long there is no fibre.
const GONE: Duration = Duration::from_secs(5);
/// The only version of the message.
const VERSION: u32 = 1;
/// Longest message, bytes: a description may be long, but not without end.
const LONGEST: usize = 1 << 16;

/// What a publisher says about the fibre that it publishes: once a second, and on change.
#[derive(Clone, Debug, PartialEq)]
pub struct Metadata {
    /// The fibre.
    pub fibre: Fibre,
    /// How many channels each band has, save the last one.
    pub band_channels: NonZeroU32,
}

/// Why a metadata message cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMetadata {
    /// More bytes than metadata has.
    #[error("it has {0} bytes, more than {LONGEST}")]
    TooLong(usize),
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// It was written by software that we do not know.
    #[error("it is of version {0}, not {VERSION}")]
    Version(u32),
    /// No fibre has such numbers.
    #[error("a fibre cannot have {0}")]
    Impossible(String),
}

/// The message as it travels: JSON.
#[derive(Serialize, Deserialize)]
struct Message {
    version: u32,
    fibre: Fibre,
    band_channels: NonZeroU32,
}

impl Metadata {
    /// Reads and checks a message.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn from_json(bytes: &[u8]) -> Result<Self, InvalidMetadata> {
        if bytes.len() > LONGEST {
            return Err(InvalidMetadata::TooLong(bytes.len()));
        }
        let Message { version, fibre, band_channels } =
            serde_json::from_slice(bytes).map_err(|error| InvalidMetadata::Unreadable(error.to_string()))?;
        if version != VERSION {
            return Err(InvalidMetadata::Version(version));
        }
        let impossible = |what: String| Err(InvalidMetadata::Impossible(what));
        if fibre.channels == 0 {
            return impossible("no channels".to_owned());
        }
        if !(fibre.sampling_rate > 0.0 && fibre.sampling_rate.is_finite()) {
            return impossible(format!("a sampling rate of {} Hz", fibre.sampling_rate));
        }
        let numbers = [fibre.pulse_rate, fibre.dx, fibre.gauge_length, fibre.start, fibre.length];
        if let Some(number) = numbers.into_iter().flatten().find(|number| !number.is_finite()) {
            return impossible(format!("a length or rate of {number}"));
        }
        Ok(Self { fibre, band_channels })
    }

    /// The message.
    ///
    /// # Panics
    /// Never: it is plain data.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let Self { fibre, band_channels } = self.clone();
        let message = Message { version: VERSION, fibre, band_channels };
        serde_json::to_vec(&message).expect("plain data serialises")
    }
}

/// Shows the fibre that these messages tell of, and that there is none when they stay away; in between it logs
/// what changes. `hear` gets to know what each good message says. Ends with the messages; when it has ended, or
/// is dropped, there is no fibre for good.
pub(super) async fn follow(
    mut messages: mpsc::Receiver<Vec<u8>>,
    live: watch::Sender<Option<Arc<Fibre>>>,
    metrics: Metrics,
    hear: impl Fn(&Metadata),
) {
    let mut told = Told { live, metrics, connected: None, ignored: Complaint::default() };
    let mut last_seen = Instant::now();
    loop {
        let next = match told.connected {
            Some(_) => timeout_at(last_seen + GONE, messages.recv()).await,
            None => Ok(messages.recv().await),
        };
        match next.map(|message| message.map(|bytes| Metadata::from_json(&bytes))) {
            Ok(Some(Ok(metadata))) => {
                last_seen = Instant::now();
                hear(&metadata);
                told.there(metadata.fibre);
            }
            Ok(Some(Err(why))) => told.ignore(&why),
            Ok(None) => return,
            Err(_) => told.gone(),
        }
    }
}

/// What is known of the fibre, told to readers, gauge and log alike.
struct Told {
    live: watch::Sender<Option<Arc<Fibre>>>,
    metrics: Metrics,
    connected: Option<Shown>,
    ignored: Complaint,
}

impl Told {
    fn there(&mut self, fibre: Fibre) {
        self.connected.get_or_insert_with(|| Shown::on(&self.metrics.connected));
        let Fibre { channels, sampling_rate, .. } = fibre;
        let changed = self.live.send_if_modified(|shown| {
            let changed = shown.as_deref() != Some(&fibre);
            if changed {
                *shown = Some(Arc::new(fibre));
            }
            changed
        });
        if changed {
            tracing::info!(channels, sampling_rate, "a live fibre is connected");
        }
    }

    fn gone(&mut self) {
        self.connected = None;
        if self.live.send_replace(None).is_some() {
            tracing::info!("no live fibre is connected: no metadata for {} s", GONE.as_secs());
        }
    }

    fn ignore(&mut self, why: &InvalidMetadata) {
        if let Some(others) = self.ignored.due() {
            tracing::warn!(others, "the live fibre's metadata is ignored: {why}");
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.live.send_replace(None);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Scene, Simulator};

    fn metadata() -> Metadata {
        let fibre = Simulator::new(Scene::default()).unwrap().fibre();
        Metadata { fibre, band_channels: NonZeroU32::new(128).unwrap() }
    }

    #[test]
    fn what_is_sent_is_what_is_read() {
        let sent = metadata();
        let json = sent.to_json();
        assert_eq!(Metadata::from_json(&json), Ok(sent));
        let shown: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!((&shown["version"], &shown["band_channels"]), (&1.into(), &128.into()));
        assert!(shown["fibre"]["number_of_channels"].is_u64());
    }

    #[test]
    fn what_no_fibre_can_be_is_refused() {
        let good: serde_json::Value = serde_json::from_slice(&metadata().to_json()).unwrap();
        for (field, value, wanted) in [
            ("version", "2", "version 2"),
            ("band_channels", "0", "nonzero"),
            ("fibre/number_of_channels", "0", "no channels"),
            ("fibre/number_of_channels", "-1", "-1"),
            ("fibre/sampling_rate", "0", "sampling rate of 0 Hz"),
            ("fibre/sampling_rate", "-5", "sampling rate of -5 Hz"),
            ("fibre/sampling_rate", "null", "null"),
        ] {
            let mut bad = good.clone();
            *bad.pointer_mut(&format!("/{field}")).unwrap() = serde_json::from_str(value).unwrap();
            let error = Metadata::from_json(bad.to_string().as_bytes()).unwrap_err().to_string();
            assert!(error.contains(wanted), "{field} {value}: {error}");
        }
        let endless = vec![b' '; LONGEST + 1];
        assert_eq!(Metadata::from_json(&endless), Err(InvalidMetadata::TooLong(LONGEST + 1)));
        let huge = String::from_utf8(metadata().to_json()).unwrap();
        let huge = huge.replacen("\"dx\":", "\"dx\":1e999,\"was\":", 1);
        assert!(Metadata::from_json(huge.as_bytes()).is_err(), "{huge}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_fibre_comes_changes_goes_and_comes_back() {
        let (send, messages) = mpsc::channel(1);
        let (tell, mut live) = watch::channel(None);
        let metrics = Metrics::default();
        let task = tokio::spawn(follow(messages, tell, metrics.clone(), |_| {}));
        let first = metadata();
        let mut second = metadata();
        second.fibre.channels += 1;

        for sent in [&first, &second, &first] {
            send.send(sent.to_json()).await.unwrap();
            live.changed().await.unwrap();
            assert_eq!(live.borrow_and_update().as_deref(), Some(&sent.fibre));
            assert_eq!(metrics.connected.get(), 1);
        }
        // Garbage changes nothing, and does not keep a fibre alive.
        let seen = Instant::now();
        let mut garbage = tokio::time::interval(Duration::from_millis(500));
        loop {
            tokio::select! {
                _ = garbage.tick() => send.send(b"{".to_vec()).await.unwrap(),
                changed = live.changed() => break changed.unwrap(),
            }
        }
        assert_eq!(*live.borrow_and_update(), None);
        assert_eq!(metrics.connected.get(), 0);
        let after = seen.elapsed();
        assert!(after.abs_diff(GONE) < Duration::from_millis(20), "{after:?}");

        send.send(second.to_json()).await.unwrap();
        live.changed().await.unwrap();
        assert_eq!(live.borrow_and_update().as_deref(), Some(&second.fibre));
        task.abort();
        live.changed().await.unwrap();
        assert_eq!((live.borrow_and_update().clone(), metrics.connected.get()), (None, 0));
        assert!(live.changed().await.is_err());
    }

    proptest! {
        #[test]
        fn no_message_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Metadata::from_json(&bytes);
        }
    }
}
