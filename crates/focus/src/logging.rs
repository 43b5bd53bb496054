//! The log: lines on standard error, pretty for people, JSON for machines, times in UTC.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::{
    Layer as _, Registry, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::settings::{LogFormat, LogSettings};

/// From here on what the process does is logged. Called once.
pub(crate) fn start(settings: &LogSettings) {
    let filter = settings.filter.targets();
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
