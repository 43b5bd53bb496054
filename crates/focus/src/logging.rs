//! The log: lines on standard error, pretty for people, JSON for machines, times in UTC.

use std::io::{self, IsTerminal as _};
use std::panic::{self, PanicHookInfo};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::{
    Layer as _, Registry, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::settings::{LogFilter, LogFormat, LogSettings};

/// From here on what the process does is logged. Called once.
pub(crate) fn start(settings: &LogSettings) {
    let filter = ours_unless_named(&settings.filter);
    let is_terminal = io::stderr().is_terminal();
    let pretty = match settings.format {
        LogFormat::Auto => is_terminal,
        LogFormat::Pretty => true,
        LogFormat::Json => false,
    };
    // The default timer of `fmt` writes RFC 3339 in UTC.
    let lines = fmt::layer::<Registry>().with_writer(io::stderr);
    let layer = if pretty {
        lines
            .with_ansi(is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()))
            .boxed()
    } else {
        lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed()
    };
    tracing_subscriber::registry().with(layer.with_filter(filter)).init();
}

/// What the upstreams' clients log of a lost connection, we log ourselves, once and in words: it is only shown to
/// those who ask for it by name.
fn ours_unless_named(filter: &LogFilter) -> Targets {
    const CLIENTS: [&str; 2] = ["lapin", "kube_client"];
    let unnamed = CLIENTS.into_iter().filter(|client| !filter.text().contains(client));
    unnamed.fold(filter.targets(), |targets, client| targets.with_target(client, LevelFilter::OFF))
}

/// From here on panics are lines of the log like any other, where errors are logged at all.
pub(crate) fn log_panics() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if tracing::enabled!(tracing::Level::ERROR) {
            log_panic(panic);
        } else {
            before(panic);
        }
    }));
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let payload = panic.payload();
    let reason = payload.downcast_ref::<&str>().copied();
    let reason = reason.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let reason = reason.unwrap_or("without a message");
    let location = panic.location().map(ToString::to_string);
    let thread = std::thread::current().name().map(str::to_owned);
    tracing::error!(reason, location, thread, "panicked");
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use focus_jobs::LogStyle;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_upstreams_client_is_heard_by_those_who_name_it() {
        let heard = |target: &str, text: &str| {
            let filter = LogSettings::of(&LogStyle { format: "json".into(), level: text.into() }).filter;
            ours_unless_named(&filter).would_enable(target, &tracing::Level::ERROR)
        };
        for client in ["lapin::io_loop", "kube_client::client::builder"] {
            assert!(!heard(client, "info") && !heard(client, "trace,focus=debug"));
        }
        assert!(heard("lapin::io_loop", "info,lapin=debug") && !heard("kube_client", "info,lapin=debug"));
        assert!(heard("kube_client", "info,kube_client=debug"));
    }

    #[test]
    fn a_panic_is_one_line_of_the_log() {
        let lines = Lines::default();
        let writer = lines.clone();
        let log =
            tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(log, || {
            log_panics();
            panic::catch_unwind(|| panic!("two\nlines")).unwrap_err();
            drop(panic::take_hook());
        });
        let line: serde_json::Value = serde_json::from_slice(&lines.0.lock().unwrap()).unwrap();
        assert_eq!((&line["level"], &line["message"]), (&"ERROR".into(), &"panicked".into()));
        assert_eq!(line["reason"], "two\nlines");
        assert!(line["location"].as_str().unwrap().contains("logging.rs:"), "{line}");
    }
}
