use std::future::pending;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::place::Place;

/// Longer than anything that the API server is sent or answers.
const LONGEST: usize = 16 << 20;

/// The way from a server to the API server, on which each call can be stopped.
pub(crate) struct Proxy {
    pub(crate) kubeconfig: PathBuf,
    shared: Arc<Shared>,
}

struct Shared {
    real: kube::Client,
    plan: Mutex<Plan>,
}

/// What is done with the calls from now on.
#[derive(Default)]
struct Plan {
    /// All that came.
    calls: Vec<String>,
    stop: Option<(Stop, oneshot::Sender<()>)>,
    refused: Option<&'static str>,
}

/// A call that goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    /// How many calls come before.
    pub(crate) call: usize,
    pub(crate) moment: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// It never arrives.
    Before,
    /// It is carried out, and its answer never arrives.
    After,
}

impl Proxy {
    pub(crate) async fn start(place: &Place, home: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared { real: place.client.clone(), plan: Mutex::default() });
        let routes = Router::new().fallback(pass).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let kubeconfig = home.join("proxy.kubeconfig");
        // JSON is YAML too.
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": url}}],
            "users": [{"name": "test", "user": {}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        });
        std::fs::write(&kubeconfig, config.to_string()).unwrap();
        Self { kubeconfig, shared }
    }

    /// From now on: calls that are `refused` are answered 500 without being carried out, and one stops. What is returned
    /// resolves when it has.
    pub(crate) fn plan(&self, refused: Option<&'static str>, stop: Option<Stop>) -> oneshot::Receiver<()> {
        let (stopped, stops) = oneshot::channel();
        let stop = stop.map(|stop| (stop, stopped));
        *self.shared.plan.lock().unwrap() = Plan { calls: Vec::new(), stop, refused };
        stops
    }

    /// All calls since there is this plan.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.shared.plan.lock().unwrap().calls.clone()
    }
}

impl Shared {
    /// Notes a call: its number, and whether it is refused.
    fn note(&self, call: &str) -> (usize, bool) {
        let mut plan = self.plan.lock().unwrap();
        plan.calls.push(call.to_owned());
        (plan.calls.len() - 1, plan.refused == Some(call))
    }

    /// Goes no further where the plan says so.
    async fn stop(&self, here: Stop) {
        let stopped = {
            let mut plan = self.plan.lock().unwrap();
            plan.stop.take_if(|(stop, _)| *stop == here)
        };
        if let Some((_, stopped)) = stopped {
            stopped.send(()).unwrap();
            pending::<()>().await;
        }
    }
}

async fn pass(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let is_probe = request.uri().query().is_some_and(|query| query.contains("limit=1"));
    if is_probe {
        return forward(&shared.real, request).await;
    }
    let (call, refused) = shared.note(&name(&request));
    shared.stop(Stop { call, moment: Moment::Before }).await;
    let answer = if refused {
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 500,
            "message": "the test says so", "reason": "InternalError",
        });
        (StatusCode::INTERNAL_SERVER_ERROR, axum::Json(status)).into_response()
    } else {
        forward(&shared.real, request).await
    };
    shared.stop(Stop { call, moment: Moment::After }).await;
    answer
}

/// `GET jobs` for all of them, `GET jobs/` for one.
fn name(request: &Request) -> String {
    let path = request.uri().path();
    let (_, below) = path.split_once("/namespaces/").unwrap();
    let (_, what) = below.split_once('/').unwrap();
    let end = what.find('/').map_or(what.len(), |slash| slash + 1);
    format!("{} {}", request.method(), &what[..end])
}

async fn forward(real: &kube::Client, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LONGEST).await.unwrap();
    let mut request = axum::http::Request::builder().method(parts.method).uri(parts.uri);
    for name in [header::ACCEPT, header::CONTENT_TYPE] {
        if let Some(value) = parts.headers.get(&name) {
            request = request.header(name, value);
        }
    }
    let request = request.body(kube::client::Body::from(body.to_vec())).unwrap();
    let (parts, body) = real.send(request).await.unwrap().into_parts();
    let body = to_bytes(Body::new(body), LONGEST).await.unwrap();
    (parts.status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
