//! Misfortunes between a server and the API server: a client that passes every call on to the real one, unless told
//! otherwise.

use std::future::pending;
use std::sync::{Arc, Mutex};

use http::{Request, Response, StatusCode};
use kube::Client;
use kube::client::Body;
use tower::service_fn;

/// What becomes of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It goes its way.
    Passes,
    /// It never arrives, and nobody says so.
    IsLost,
    /// It is carried out, and nobody says so.
    ReplyIsLost,
    /// It never arrives: the connection breaks.
    Breaks,
    /// It is carried out, and then the connection breaks.
    ReplyBreaks,
    /// It is answered with this status without being carried out.
    IsAnswered(u16),
}

type Decide = Box<dyn FnMut(&str) -> Fate + Send>;

/// The way to the API server.
#[derive(Clone, Default)]
pub(crate) struct Way {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    calls: Vec<String>,
    decide: Option<Decide>,
}

impl Way {
    /// `decide` is asked for each call's fate from now on, by what it is: `POST jobs`, `GET services/<name>`.
    pub(crate) fn decide(&self, decide: impl FnMut(&str) -> Fate + Send + 'static) {
        self.state.lock().unwrap().decide = Some(Box::new(decide));
    }

    /// From now on all goes well.
    pub(crate) fn mend(&self) {
        self.state.lock().unwrap().decide = None;
    }

    /// All calls since this was last asked.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().calls)
    }

    /// A client that goes this way.
    pub(crate) fn client(&self, real: &Client) -> Client {
        let (way, real) = (self.clone(), real.clone());
        let namespace = real.default_namespace().to_owned();
        let service = service_fn(move |request: Request<Body>| {
            let (way, real) = (way.clone(), real.clone());
            async move { way.send(&real, request).await }
        });
        Client::new(service, namespace)
    }

    async fn send(&self, real: &Client, request: Request<Body>) -> Result<Response<Body>, tower::BoxError> {
        let fate = self.fate(&request);
        match fate {
            Fate::Passes => Ok(real.send(request).await?),
            Fate::IsLost => pending().await,
            Fate::ReplyIsLost => {
                drop(real.send(request).await);
                pending().await
            }
            Fate::Breaks => Err(broken()),
            Fate::ReplyBreaks => {
                drop(real.send(request).await);
                Err(broken())
            }
            Fate::IsAnswered(status) => {
                let status = StatusCode::from_u16(status)?;
                let body = serde_json::json!({
                    "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status.as_u16(),
                    "message": "the test says so", "reason": "",
                });
                Ok(Response::builder().status(status).body(Body::from(body.to_string().into_bytes()))?)
            }
        }
    }

    fn fate(&self, request: &Request<Body>) -> Fate {
        let path = request.uri().path();
        let what = path.rsplit_once("/namespaces/").map_or(path, |(_, rest)| rest.split_once('/').unwrap().1);
        let call = format!("{} {what}", request.method());
        let mut state = self.state.lock().unwrap();
        state.calls.push(call.clone());
        state.decide.as_mut().map_or(Fate::Passes, |decide| decide(&call))
    }
}

fn broken() -> tower::BoxError {
    std::io::Error::from(std::io::ErrorKind::ConnectionReset).into()
}
