//! A network that misbehaves on demand between a catalogue and its server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mood {
    Well,
    /// Old and new connections stay open, and nothing moves in them.
    Mute,
    /// Everything comes this much later, in each direction.
    Slow(Duration),
    /// Whoever is connected, or connects, hears something that is not MongoDB's.
    Babble,
}

/// Forwards a port of its own to a server's; ends when it is dropped.
pub(crate) struct Link {
    pub(crate) address: SocketAddr,
    mood: Arc<watch::Sender<Mood>>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Link {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mood = Arc::new(watch::Sender::new(Mood::Well));
        let moods = mood.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let moods = moods.clone();
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(server).await else { return };
                    let (from_client, to_client) = client.into_split();
                    let (from_server, to_server) = server.into_split();
                    tokio::select! {
                        () = pass(from_client, to_server, moods.subscribe()) => {}
                        () = pass(from_server, to_client, moods.subscribe()) => {}
                    }
                });
            }
        });
        Self { address, mood, accepting }
    }

    pub(crate) fn set(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut mood: watch::Receiver<Mood>) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let now = *mood.wait_for(|mood| *mood != Mood::Mute).await.expect("the link is there");
        if let Mood::Slow(delay) = now {
            tokio::time::sleep(delay).await;
        }
        let message =
            if now == Mood::Babble { &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..] } else { &buffer[..read] };
        if to.write_all(message).await.is_err() {
            return;
        }
    }
}
