//! Gives a run's results to Xray, over its REST interface. Credentials come from variables of the process, and are in
//! nothing that is written.

mod post;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::HeaderValue;
use serde_json::{Value, json};
use url::Url;

use crate::environment::Redactor;
use post::{Answer, post};

/// Which Xray it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Xray {
    /// Xray Cloud.
    Cloud,
    /// Xray on a Jira Server or Data Center.
    Server,
}

/// Where Xray Cloud is.
pub const CLOUD: &str = "https://xray.cloud.getxray.app";
/// So much of what Xray says is passed on.
const SAID: usize = 1000;

/// The variables that credentials come from.
const CLIENT: [&str; 2] = ["XRAY_CLIENT_ID", "XRAY_CLIENT_SECRET"];
const TOKEN: &str = "XRAY_TOKEN";
const USER: [&str; 2] = ["XRAY_USER", "XRAY_PASSWORD"];

/// Who pushes.
pub enum Credentials {
    /// A client's id and secret, for which Xray Cloud gives a token.
    Client(String, String),
    /// A personal access token of Jira's.
    Token(String),
    /// A user's name and password, where Jira has no such tokens yet.
    User(String, String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credentials")
    }
}

/// Why results were not taken, with a remedy.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// Nobody says who pushes.
    #[error("{0}; credentials are never said on the command line")]
    NoCredentials(String),
    /// It cannot be pushed there.
    #[error("{url}: {why}")]
    Url {
        /// What was said.
        url: String,
        /// Why.
        why: &'static str,
    },
    /// There is no way to it.
    #[error("{address} cannot be reached: {why}; check --url, and that a browser here can open it")]
    Unreachable {
        /// Host and port.
        address: String,
        /// Why.
        why: String,
    },
    /// It did not answer in time.
    #[error(
        "{address} has not answered within {deadline:?}. The results may be there all the same: look into Jira before you push again, or give it more time with --timeout"
    )]
    TimedOut {
        /// Host and port.
        address: String,
        /// How long it could take.
        deadline: Duration,
    },
    /// The connection ended before there was an answer.
    #[error(
        "{address} ended the connection before it answered: {why}. It may not take {bytes} bytes at once: try --without-files"
    )]
    Cut {
        /// Host and port.
        address: String,
        /// How it ended.
        why: String,
        /// How much was sent.
        bytes: usize,
    },
    /// The connection ended in the middle of the answer.
    #[error(
        "{address} answered {status}, and then ended the connection: {why}. The results may be there all the same: look into Jira before you push again"
    )]
    Broken {
        /// Host and port.
        address: String,
        /// The status of HTTP.
        status: u16,
        /// How it ended.
        why: String,
    },
    /// The results were not sent, because there was no token to send them with.
    #[error(
        "{address} gave no token: {why}. Nothing was pushed: push again, or give it more time with --timeout"
    )]
    NoToken {
        /// Host and port.
        address: String,
        /// What happened in its place.
        why: String,
    },
    /// The credentials cannot be sent.
    #[error("{0} has a line break in it, or another sign that no header can have; set it again without it")]
    Unsendable(String),
    /// It said no.
    #[error("{place} answered {status}: {said}. {remedy}")]
    Answered {
        /// Where.
        place: String,
        /// The status of HTTP.
        status: u16,
        /// What it said.
        said: String,
        /// What to do about it.
        remedy: String,
    },
}

/// A test execution that has the results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Its key.
    pub key: String,
}

/// Where results go.
#[derive(Debug)]
pub struct Target {
    xray: Xray,
    url: Url,
    /// How long each call may take.
    deadline: Duration,
}

impl Credentials {
    /// The credentials that variables hold.
    ///
    /// # Errors
    ///
    /// When they are not set; says which.
    pub fn of(xray: Xray, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, PushError> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let both = |names: [&str; 2]| variable(names[0]).zip(variable(names[1]));
        let (found, remedy) = match xray {
            Xray::Cloud => (
                both(CLIENT).map(|(id, secret)| Self::Client(id, secret)),
                format!("set {} and {}, from Jira's page Apps, Xray, API Keys", CLIENT[0], CLIENT[1]),
            ),
            Xray::Server => (
                variable(TOKEN)
                    .map(Self::Token)
                    .or_else(|| both(USER).map(|(user, password)| Self::User(user, password))),
                format!(
                    "set {TOKEN} to a personal access token from your profile in Jira, or {} and {}",
                    USER[0], USER[1]
                ),
            ),
        };
        found.ok_or(PushError::NoCredentials(remedy))
    }

    /// What must not be told, whoever says it.
    fn hidden(&self) -> Redactor {
        let basic;
        let secrets = match self {
            Self::Client(id, secret) => [secret, id],
            Self::Token(token) => [token, token],
            Self::User(user, password) => {
                basic = basic_of(user, password);
                [password, &basic]
            }
        };
        let mut hidden = Redactor::default();
        for secret in secrets {
            hidden.hide(secret, "***");
        }
        hidden
    }

    fn variables(&self) -> String {
        match self {
            Self::Client(..) => CLIENT.join(" and "),
            Self::Token(_) => TOKEN.to_owned(),
            Self::User(..) => USER.join(" and "),
        }
    }
}

impl Target {
    /// Where Xray is. `in_clear` allows that credentials cross a network unencrypted.
    ///
    /// # Errors
    ///
    /// When it cannot be pushed there.
    pub fn parse(xray: Xray, text: &str, in_clear: bool, deadline: Duration) -> Result<Self, PushError> {
        // What may have credentials in it is not told again.
        let told = if text.contains('@') { "--url" } else { text };
        let fail = |why| PushError::Url { url: told.to_owned(), why };
        let url = Url::parse(text).map_err(|_| fail("it is no URL, e.g. https://jira.example.org"))?;
        if url.password().is_some() || !url.username().is_empty() {
            return Err(fail(
                "it has credentials in it; they belong in variables, see `casebook push --help`",
            ));
        }
        let is_here = url.host_str().is_some_and(|host| ["localhost", "127.0.0.1", "[::1]"].contains(&host));
        match url.scheme() {
            "https" => {}
            "http" if is_here || in_clear => {}
            "http" => {
                return Err(fail(
                    "credentials would cross the network unencrypted; use https, or allow it with --allow-http",
                ));
            }
            _ => return Err(fail("only https and http are spoken")),
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(fail("it has no host"));
        }
        Ok(Self { xray, url, deadline })
    }

    /// Where results are posted to first.
    #[must_use]
    pub fn place(&self) -> Url {
        self.below(match self.xray {
            Xray::Cloud => "api/v2/import/execution",
            Xray::Server => "rest/raven/2.0/import/execution",
        })
    }

    /// Pushes results that were exported for this kind of Xray.
    ///
    /// # Errors
    ///
    /// When they were not taken, or it cannot be told whether.
    pub async fn push(&self, results: &str, credentials: &Credentials) -> Result<Pushed, PushError> {
        let mut hidden = credentials.hidden();
        let authorization = match credentials {
            Credentials::Client(id, secret) => {
                let token = self.token(id, secret, credentials).await?;
                hidden.hide(&token, "***");
                format!("Bearer {token}")
            }
            Credentials::Token(token) => format!("Bearer {token}"),
            Credentials::User(user, password) => format!("Basic {}", basic_of(user, password)),
        };
        if HeaderValue::from_str(&authorization).is_err() {
            return Err(PushError::Unsendable(credentials.variables()));
        }
        hidden.hide(&authorization, "***");
        let mut place = self.place();
        let mut answer = self.post(&place, Some(&authorization), results).await?;
        if answer.status == 404 && self.xray == Xray::Server {
            // One that is older.
            place = self.below("rest/raven/1.0/import/execution");
            answer = self.post(&place, Some(&authorization), results).await?;
        }
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let key = body["key"].as_str().or_else(|| body["testExecIssue"]["key"].as_str());
        match key {
            Some(key) if answer.is_success() => Ok(Pushed { key: key.to_owned() }),
            _ => Err(refused(&place, &answer, credentials, &said(&answer.body, Some(&answer.body)), &hidden)),
        }
    }

    /// A token of Xray Cloud's. An answer that should be one is never told: it may be, in other words.
    async fn token(&self, id: &str, secret: &str, credentials: &Credentials) -> Result<String, PushError> {
        let place = self.below("api/v2/authenticate");
        let body = json!({ "client_id": id, "client_secret": secret }).to_string();
        let answer = self.post(&place, None, &body).await.map_err(without_token)?;
        let token: Option<String> = serde_json::from_str(&answer.body).ok();
        match token {
            Some(token) if answer.is_success() => Ok(token),
            _ => {
                let said = if answer.is_success() { "no token".to_owned() } else { said(&answer.body, None) };
                Err(refused(&place, &answer, credentials, &said, &credentials.hidden()))
            }
        }
    }

    fn below(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{path}", self.url.path().trim_end_matches('/')));
        url.set_query(None);
        url.set_fragment(None);
        url
    }

    async fn post(&self, place: &Url, authorization: Option<&str>, body: &str) -> Result<Answer, PushError> {
        post(place, authorization, body, self.deadline).await
    }
}

/// As a user's name and password stand in a header.
fn basic_of(user: &str, password: &str) -> String {
    STANDARD.encode(format!("{user}:{password}"))
}

/// What it means that there is no token, for the results.
fn without_token(error: PushError) -> PushError {
    match error {
        PushError::TimedOut { address, deadline } => {
            PushError::NoToken { address, why: format!("it has not answered within {deadline:?}") }
        }
        PushError::Cut { address, why, .. } | PushError::Broken { address, why, .. } => {
            PushError::NoToken { address, why: format!("it ended the connection: {why}") }
        }
        other => other,
    }
}

/// What an answer means that is not the one that was hoped for.
fn refused(
    place: &Url,
    answer: &Answer,
    credentials: &Credentials,
    said: &str,
    hidden: &Redactor,
) -> PushError {
    let variables = credentials.variables();
    let remedy = match answer.status {
        200..=299 => "Is this Xray, and of the kind that was said (--cloud or --server)? Look into Jira whether the results are there".to_owned(),
        300..=399 => match answer.location.as_deref().and_then(|location| elsewhere(place, location)) {
            Some(other) => {
                format!("It is elsewhere: try the beginning of {} as --url", hidden.redact(other.as_str()))
            }
            None => "It is elsewhere: check --url".to_owned(),
        },
        400 | 422 => "Xray does not take these results; what it says above names the field, e.g. a test's key that it does not have".to_owned(),
        401 => format!("Check {variables}: it may be wrong, revoked or too old, or Xray's licence has ended"),
        403 => format!("Whoever {variables} stands for may not make test executions in that project; ask Jira's administrator"),
        404 => "There is no Xray at --url; it ends before /rest or /api".to_owned(),
        408 | 504 => "Look into Jira whether the results are there before you push again".to_owned(),
        413 => "It does not take so much at once: push --without-files, or have the limit raised".to_owned(),
        429 => "Too many calls were made; push again in some minutes".to_owned(),
        _ => "That is Xray's or Jira's own failure; push again later, and show its administrator what it said".to_owned(),
    };
    PushError::Answered {
        place: place.to_string(),
        status: answer.status,
        said: plain(&hidden.redact(said)),
        remedy,
    }
}

/// Where an answer says that it is, without what a query or credentials tell.
fn elsewhere(place: &Url, location: &str) -> Option<Url> {
    let mut url = place.join(location).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    // Only URLs that can hold none refuse.
    let _ = url.set_password(None);
    let _ = url.set_username("");
    Some(url)
}

/// What an answer says, for people; `other` is told when it says nothing that is meant for them.
fn said(body: &str, other: Option<&str>) -> String {
    let value: Value = serde_json::from_str(body).unwrap_or_default();
    let messages = value["errorMessages"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let messages = messages.collect::<Vec<_>>().join("; ");
    let named = ["error", "message"].into_iter().find_map(|name| value[name].as_str());
    let text = named.map(str::to_owned).or_else(|| Some(messages).filter(|messages| !messages.is_empty()));
    match (text, other) {
        (Some(text), _) => text,
        (None, _) if body.trim_start().starts_with('<') => "a page of HTML".to_owned(),
        (None, _) if body.trim().is_empty() => "nothing".to_owned(),
        (None, Some(other)) => other.to_owned(),
        (None, None) => "no reason".to_owned(),
    }
}

/// One line of a text, of a length that is read.
fn plain(text: &str) -> String {
    let plain = |character: char| if character.is_control() { ' ' } else { character };
    text.trim().trim_end_matches('.').chars().map(plain).take(SAID).collect()
}
