use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use crate::server::{Behaviour, historic, server};

/// What the server logs on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The lines of one request.
    fn of(&self, id: &str) -> Vec<Value> {
        let text = self.text();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["span"]["request_id"] == id).collect()
    }
}

// On one thread, so that the log of other tests stays apart.
#[tokio::test]
async fn each_request_has_one_line_and_no_secret_is_in_it() {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().json().with_max_level(tracing::Level::DEBUG).with_writer(log.clone());
    let _logging = tracing::subscriber::set_default(subscriber.finish());
    let server = server().await;
    let ask = async |id: &str, method: &str, path: &str, body: String| {
        let request =
            server.request(method, path).header("X-Request-Id", id).header("Authorization", "Bearer hush");
        request.body(body).send().await.unwrap();
        let lines: Vec<_> =
            log.of(id).into_iter().filter(|line| line["fields"]["status"].is_number()).collect();
        assert_eq!(lines.len(), 1, "{}", log.text());
        let line = lines[0].clone();
        assert_eq!(
            (&line["fields"]["method"], &line["fields"]["path"]),
            (&method.into(), &path.split('?').next().into())
        );
        assert!(line["fields"]["ms"].is_number(), "{line}");
        line
    };
    assert_eq!(ask("a", "GET", "/ack?token=hush", String::new()).await["level"], "INFO");
    assert_eq!(ask("b", "GET", "/health", String::new()).await["level"], "DEBUG");
    assert_eq!(ask("c", "GET", "/metrics", String::new()).await["level"], "DEBUG");
    assert_eq!(ask("d", "GET", "/nothing", String::new()).await["level"], "INFO");
    assert_eq!(ask("e", "POST", "/configure", "{}".to_owned()).await["level"], "WARN");
    server.catalogue(Behaviour::Unavailable);
    let outage = ask("f", "POST", "/configure", historic().to_string()).await;
    assert_eq!(outage["level"], "WARN");
    assert_eq!(outage["fields"]["code"], "catalogue_unavailable");
    assert_eq!(outage["fields"]["error"], "Catalogue unavailable: the disk is full");
    server.catalogue_recovers().await;
    server.catalogue(Behaviour::Panics);
    let panicked = ask("g", "POST", "/configure", historic().to_string()).await;
    assert_eq!(panicked["level"], "WARN");
    assert_eq!(panicked["fields"]["cause"], "panicked: a secret of the catalogue");
    assert!(!log.text().contains("hush"), "{}", log.text());
}
