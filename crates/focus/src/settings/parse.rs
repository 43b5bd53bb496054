//! From raw values to values of the right type.

use std::{
    net::SocketAddr,
    num::{NonZeroU16, NonZeroU32, NonZeroUsize},
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use focus_live::rabbitmq::Address;
use jiff::{SignedDuration, Span, SpanRelativeTo};
use tracing_subscriber::filter::{LevelFilter, Targets};

use super::LogFormat;
use super::key::nearest;
use super::layers::Raw;
use super::value::{CorsOrigins, LogFilter, PortRange, SampleRate};

/// Why a value is refused, and what would do instead.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) rule: String,
    pub(super) remedy: String,
}

impl Refused {
    pub(super) fn new(rule: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { rule: rule.into(), remedy: remedy.into() }
    }

    pub(super) fn not(raw: &Raw, expected: &str, example: &str) -> Self {
        Self::new(format!("must be {expected}, not {raw}"), format!("For example: {example}"))
    }
}

/// A type that a setting may have.
pub(super) trait Setting: Sized {
    /// From what was given.
    fn parse(raw: &Raw) -> Result<Self, Refused>;
    /// As it stands in a file.
    fn show(&self) -> toml::Value;
}

impl Setting for SocketAddr {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        const EXAMPLE: &str = "127.0.0.1:5000, 0.0.0.0:5000 for every interface, [::1]:5000";
        from_str(raw, "an IP address and a port", EXAMPLE)
    }

    fn show(&self) -> toml::Value {
        self.to_string().into()
    }
}

impl Setting for PathBuf {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        match text(raw) {
            Some(path) if !path.is_empty() => Ok(Self::from(path)),
            _ => Err(Refused::not(raw, "a path", "/var/lib/focus")),
        }
    }

    fn show(&self) -> toml::Value {
        self.display().to_string().into()
    }
}

/// A host name or an IP address.
pub(super) struct Host(pub(super) String);

impl Setting for Host {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        let host = text(raw).filter(|host| is_host(host));
        host.map(|host| Self(host.to_owned())).ok_or_else(|| {
            Refused::not(raw, "a host name or an address without scheme or port", "focus.example.org")
        })
    }

    fn show(&self) -> toml::Value {
        self.0.clone().into()
    }
}

fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    address.is_some_and(|host| host.parse::<std::net::Ipv6Addr>().is_ok())
        || (host.len() <= 253 && host.split('.').all(is_label))
}

impl Setting for CorsOrigins {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        let refused = |raw: &Raw| {
            Refused::not(
                raw,
                "a list of origins, each scheme://host or scheme://host:port",
                "https://lab.example.org",
            )
        };
        let origins: Vec<&str> = match raw {
            Raw::Plain(list) | Raw::Text(list) => {
                list.split(',').map(str::trim).filter(|origin| !origin.is_empty()).collect()
            }
            Raw::List(items) => {
                items.iter().map(|item| text(item).ok_or_else(|| refused(item))).collect::<Result<_, _>>()?
            }
            _ => return Err(refused(raw)),
        };
        if origins == ["*"] {
            return Ok(Self::Any);
        }
        match origins.iter().find(|origin| !is_origin(origin)) {
            Some(&wrong) => Err(refused(&Raw::Text(wrong.to_owned()))),
            None => Ok(Self::Only(origins.into_iter().map(str::to_owned).collect())),
        }
    }

    fn show(&self) -> toml::Value {
        match self {
            Self::Any => vec!["*"].into(),
            Self::Only(origins) => origins.clone().into(),
        }
    }
}

fn is_origin(origin: &str) -> bool {
    let Some((scheme, rest)) = origin.split_once("://") else { return false };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !rest.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    matches!(scheme, "http" | "https") && is_host(host) && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

impl Setting for Address {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        const EXAMPLE: &str = "For example: amqp://user:password@broker:5672/vhost";
        let url = text(raw).ok_or_else(|| Refused::new("must be a URL", EXAMPLE))?;
        // The error does not repeat the URL, which may contain a password.
        Self::parse(url).map_err(|error| Refused::new(error.to_string(), EXAMPLE))
    }

    fn show(&self) -> toml::Value {
        self.to_string().into()
    }
}

/// The name of an exchange.
pub(super) struct Exchange(pub(super) String);

impl Setting for Exchange {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        const LONGEST: usize = 127;
        let name = text(raw).filter(|name| {
            (1..=LONGEST).contains(&name.len())
                && !name.starts_with("amq.")
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
        });
        name.map(|name| Self(name.to_owned())).ok_or_else(|| {
            let expected =
                "1 to 127 letters, digits, hyphens, underscores, periods and colons, not beginning with amq.";
            Refused::not(raw, expected, "focus.live")
        })
    }

    fn show(&self) -> toml::Value {
        self.0.clone().into()
    }
}

impl Setting for NonZeroU32 {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        number(raw, "a whole number from 1", "128")
    }

    fn show(&self) -> toml::Value {
        toml::Value::Integer(i64::from(self.get()))
    }
}

impl Setting for NonZeroUsize {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        number(raw, "a whole number from 1", "30")
    }

    fn show(&self) -> toml::Value {
        toml::Value::Integer(self.get() as i64)
    }
}

impl Setting for u32 {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        number(raw, "a whole number", "1000")
    }

    fn show(&self) -> toml::Value {
        toml::Value::Integer(i64::from(*self))
    }
}

impl Setting for u64 {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        let value: Self = number(raw, "a whole number", "1000")?;
        // TOML has no larger ones: what can be set must also be shown.
        if i64::try_from(value).is_ok() {
            Ok(value)
        } else {
            Err(Refused::new("is too large", "At most 2^63 - 1."))
        }
    }

    fn show(&self) -> toml::Value {
        toml::Value::Integer(*self as i64)
    }
}

impl Setting for f64 {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        let value: Self = number(raw, "a number", "100e6")?;
        if value.is_finite() { Ok(value) } else { Err(Refused::not(raw, "a finite number", "100e6")) }
    }

    fn show(&self) -> toml::Value {
        toml::Value::Float(*self)
    }
}

impl Setting for SampleRate {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        SampleRate::new(number(raw, "a number", "1000")?)
            .ok_or_else(|| Refused::not(raw, "above 0 Hz", "1000"))
    }

    fn show(&self) -> toml::Value {
        toml::Value::Float(self.hertz())
    }
}

/// Seconds of one.
const DAY: u64 = 24 * 60 * 60;
/// A time that is longer is none that anybody waits for, and no clock could be set to its end.
const LONGEST_TIME: Duration = Duration::from_secs(36_500 * DAY);

impl Setting for Duration {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        let refused = || {
            Refused::not(
                raw,
                "a time above 0 and at most 36500d",
                "50 (seconds), \"50s\", \"3m\", \"1h 30m\", \"7d\"",
            )
        };
        let given = match raw {
            Raw::Plain(text) | Raw::Text(text) | Raw::Number(text) => text.trim(),
            _ => return Err(refused()),
        };
        let duration = match given.parse::<f64>() {
            Ok(seconds) => Self::try_from_secs_f64(seconds).ok(),
            Err(_) => given.parse::<Span>().ok().and_then(|span| {
                let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
                Self::try_from(duration).ok()
            }),
        };
        duration.filter(|duration| !duration.is_zero() && *duration <= LONGEST_TIME).ok_or_else(refused)
    }

    fn show(&self) -> toml::Value {
        let days = self.as_secs() / DAY;
        let rest = SignedDuration::new((self.as_secs() % DAY) as i64, self.subsec_nanos() as i32);
        match (days, rest.is_zero()) {
            (0, _) => format!("{rest:#}"),
            (_, true) => format!("{days}d"),
            _ => format!("{days}d {rest:#}"),
        }
        .into()
    }
}

impl Setting for PortRange {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        let range = text(raw).and_then(|text| text.split_once('-')).and_then(|(first, last)| {
            let port = |text: &str| text.trim().parse::<NonZeroU16>().ok();
            Self::new(port(first)?, port(last)?)
        });
        range.ok_or_else(|| Refused::not(raw, "a range of ports, FIRST-LAST", "50051-50150"))
    }

    fn show(&self) -> toml::Value {
        self.to_string().into()
    }
}

impl Setting for LogFormat {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        choice(raw, &[("auto", Self::Auto), ("pretty", Self::Pretty), ("json", Self::Json)])
    }

    fn show(&self) -> toml::Value {
        self.name().into()
    }
}

impl LogFormat {
    /// As it stands in a file.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Pretty => "pretty",
            Self::Json => "json",
        }
    }
}

/// A value from its text, if it is one.
pub(super) fn parsed<T: Setting>(text: &str) -> Option<T> {
    T::parse(&Raw::Plain(text.to_owned())).ok()
}

/// Which kind of live source; the rest of it are settings of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SourceKind {
    Replay,
    Simulator,
    None,
}

impl Setting for SourceKind {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        choice(raw, &[("replay", Self::Replay), ("simulator", Self::Simulator), ("none", Self::None)])
    }

    fn show(&self) -> toml::Value {
        match self {
            Self::Replay => "replay",
            Self::Simulator => "simulator",
            Self::None => "none",
        }
        .into()
    }
}

impl Setting for LogFilter {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        const EXAMPLE: &str = "info, warn,focus_jobs=debug";
        let given = text(raw).ok_or_else(|| Refused::not(raw, "a list of levels", EXAMPLE))?;
        for part in given.split(',').map(str::trim) {
            let level = part.rsplit_once('=').map_or(part, |(_, level)| level);
            // A lone word that is no level would silently be taken for a part of the program.
            if level.is_empty() || level.parse::<LevelFilter>().is_err() {
                let rule = format!("{part:?} is neither a level nor PART=LEVEL");
                let remedy = nearest(level, ["off", "error", "warn", "info", "debug", "trace"].into_iter())
                    .map_or_else(
                        || format!("For example: {EXAMPLE}"),
                        |level| format!("Did you mean {level}?"),
                    );
                return Err(Refused::new(rule, remedy));
            }
        }
        let targets: Targets = from_str(raw, "a list of levels", EXAMPLE)?;
        Ok(Self::new(given.to_owned(), targets))
    }

    fn show(&self) -> toml::Value {
        self.text().into()
    }
}

pub(super) fn text(raw: &Raw) -> Option<&str> {
    match raw {
        Raw::Plain(text) | Raw::Text(text) => Some(text.trim()),
        _ => None,
    }
}

fn from_str<T: FromStr>(raw: &Raw, expected: &str, example: &str) -> Result<T, Refused> {
    text(raw).and_then(|text| text.parse().ok()).ok_or_else(|| Refused::not(raw, expected, example))
}

fn number<T: FromStr>(raw: &Raw, expected: &str, example: &str) -> Result<T, Refused> {
    let digits = match raw {
        Raw::Plain(text) | Raw::Number(text) => text.trim(),
        _ => return Err(Refused::not(raw, expected, example)),
    };
    digits.replace('_', "").parse().map_err(|_| Refused::not(raw, expected, example))
}

pub(super) fn choice<T: Copy>(raw: &Raw, choices: &[(&str, T)]) -> Result<T, Refused> {
    let chosen = text(raw).and_then(|text| choices.iter().find(|(name, _)| *name == text));
    chosen.map(|&(_, value)| value).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|&(name, _)| name).collect();
        let remedy = text(raw)
            .and_then(|text| nearest(text, names.iter().copied()))
            .map_or_else(String::new, |name| format!("Did you mean {name:?}?"));
        Refused::new(format!("must be one of {}, not {raw}", names.join(", ")), remedy)
    })
}
