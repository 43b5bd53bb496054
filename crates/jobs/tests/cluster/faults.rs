//! Misfortunes between a server and the API server: a client that passes every call on to the real one, unless told
//! otherwise.

use std::collections::BTreeMap;
use std::future::{Future, pending};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use kube::Client;
use kube::client::Body;
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tower::{BoxError, service_fn};

/// What becomes of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It goes its way.
    Passes,
    /// It goes its way after so long.
    Dawdles(Duration),
    /// It waits until it is let go, and then goes its way.
    IsHeld,
    /// It never arrives, and nobody says so.
    IsLost,
    /// It is carried out, and nobody says so.
    ReplyIsLost,
    /// It is carried out long after anybody waits for it: when those that are late are let go.
    ComesLate,
    /// It never arrives: the connection breaks.
    Breaks,
    /// It is carried out, and then the connection breaks.
    ReplyBreaks,
    /// It is answered with this status without being carried out.
    IsAnswered(u16),
    /// Somebody on the way says it twice, and passes on the second answer.
    IsRepeated,
    /// Somebody else creates an object of the same name just before.
    IsForestalled,
    /// It never arrives, because the server is killed just before.
    KilledBefore,
    /// It is carried out, and the server is killed before it hears of it.
    KilledAfter,
}

type Decide = Box<dyn FnMut(&Call) -> Fate + Send>;
type Later = Box<dyn FnOnce() + Send>;

/// One call to the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Call {
    /// As in the metrics: `list_jobs`, `commit`, ..
    pub(crate) what: &'static str,
    /// How many of its kind went before, since it was last decided how calls fare.
    pub(crate) nth: usize,
}

/// The way from one server to the API server. What is sent stays on its way when the server dies.
#[derive(Clone)]
pub(crate) struct Way {
    shared: Arc<Shared>,
}

struct Shared {
    real: Client,
    network: Handle,
    state: Mutex<State>,
    seen: watch::Sender<Seen>,
}

#[derive(Default)]
struct State {
    calls: Vec<(Call, Fate)>,
    counts: BTreeMap<&'static str, usize>,
    decide: Option<Decide>,
    held: Vec<Later>,
    late: Vec<Later>,
}

/// What a test can wait for.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    under_way: usize,
    held: usize,
    killed: bool,
}

impl Way {
    /// To the API server that `real` reaches.
    pub(crate) fn to(real: Client) -> Self {
        let (state, seen) = (Mutex::default(), watch::Sender::default());
        Self { shared: Arc::new(Shared { real, network: Handle::current(), state, seen }) }
    }

    /// `decide` is asked for each call's fate from now on, but for the gate's probes.
    pub(crate) fn decide(&self, decide: impl FnMut(&Call) -> Fate + Send + 'static) {
        let mut state = self.state();
        state.decide = Some(Box::new(decide));
        state.counts.clear();
    }

    /// These calls have these fates, all others go well.
    pub(crate) fn tell(&self, story: &[(Call, Fate)]) {
        let story: BTreeMap<_, _> = story.iter().copied().collect();
        self.decide(move |call| story.get(call).copied().unwrap_or(Fate::Passes));
    }

    /// The first call of this kind has this fate, all others go well.
    pub(crate) fn first(&self, what: &'static str, fate: Fate) {
        self.tell(&[(Call { what, nth: 0 }, fate)]);
    }

    /// From now on all goes well.
    pub(crate) fn mend(&self) {
        self.state().decide = None;
    }

    /// All calls since this was last asked, but for the gate's probes.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.story().into_iter().map(|(call, _)| call).collect()
    }

    /// The same, and what became of them.
    pub(crate) fn story(&self) -> Vec<(Call, Fate)> {
        let mut state = self.state();
        state.counts.clear();
        std::mem::take(&mut state.calls)
    }

    /// Waits until a call is held.
    pub(crate) async fn holds(&self) {
        self.wait_for(|seen| seen.held > 0).await;
    }

    /// Lets go what is held.
    pub(crate) fn release(&self) {
        let held = std::mem::take(&mut self.state().held);
        self.shared.seen.send_modify(|seen| seen.held = 0);
        for call in held {
            call();
        }
    }

    /// Lets those go that are late.
    pub(crate) fn let_late_come(&self) {
        let late = std::mem::take(&mut self.state().late);
        for call in late {
            call();
        }
    }

    /// The same, and waits until everything that is under way has been carried out.
    pub(crate) async fn settle(&self) {
        self.let_late_come();
        self.wait_for(|seen| seen.under_way == 0).await;
    }

    /// Whether the server is to die.
    pub(crate) fn is_deadly(&self) -> bool {
        self.shared.seen.borrow().killed
    }

    /// Waits until the server is to die, as it should soon: nothing that it asks for arrives any more.
    pub(crate) async fn kills(&self) {
        self.wait_for(|seen| seen.killed).await;
    }

    /// The same when it need not.
    pub(crate) async fn kills_ever(&self) {
        drop(self.shared.seen.subscribe().wait_for(|seen| seen.killed).await);
    }

    /// The server is to die now.
    pub(crate) fn kill(&self) {
        self.shared.seen.send_modify(|seen| seen.killed = true);
    }

    /// A client that goes this way.
    pub(crate) fn client(&self) -> Client {
        let way = self.clone();
        let namespace = self.shared.real.default_namespace().to_owned();
        let service = service_fn(move |request: Request<Body>| {
            let way = way.clone();
            async move { way.send(request).await }
        });
        Client::new(service, namespace)
    }

    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, BoxError> {
        let (parts, body) = request.into_parts();
        let request = Request::from_parts(parts, body.collect_bytes().await?);
        if self.shared.seen.borrow().killed {
            return pending().await;
        }
        match self.fate(&request) {
            Fate::Passes => self.carry(request).await,
            Fate::Dawdles(pause) => {
                tokio::time::sleep(pause).await;
                self.carry(request).await
            }
            Fate::IsHeld => {
                let (answer, answered) = oneshot::channel();
                let way = self.clone();
                self.state().held.push(Box::new(move || {
                    let carried = way.launch(request);
                    way.shared.network.spawn(async move { drop(answer.send(carried.await)) });
                }));
                self.shared.seen.send_modify(|seen| seen.held += 1);
                answered.await?
            }
            Fate::IsLost => pending().await,
            Fate::ReplyIsLost => {
                drop(self.carry(request).await);
                pending().await
            }
            Fate::ComesLate => {
                let way = self.clone();
                self.state().late.push(Box::new(move || drop(way.launch(request))));
                pending().await
            }
            Fate::Breaks => Err(broken()),
            Fate::ReplyBreaks => {
                drop(self.carry(request).await);
                Err(broken())
            }
            Fate::IsAnswered(status) => answer(status),
            Fate::IsRepeated => {
                drop(self.carry(request.clone()).await);
                self.carry(request).await
            }
            Fate::IsForestalled => {
                drop(self.carry(by_somebody_else(request.clone())).await);
                self.carry(request).await
            }
            Fate::KilledBefore => {
                self.kill();
                pending().await
            }
            Fate::KilledAfter => {
                let launched = self.launch(request);
                self.shared.seen.send_modify(|seen| seen.killed = true);
                drop(launched.await);
                pending().await
            }
        }
    }

    async fn carry(&self, request: Request<Bytes>) -> Result<Response<Body>, BoxError> {
        self.launch(request).await
    }

    /// From here on it arrives, whatever becomes of who has sent it.
    fn launch(
        &self,
        request: Request<Bytes>,
    ) -> impl Future<Output = Result<Response<Body>, BoxError>> + use<> {
        self.shared.seen.send_modify(|seen| seen.under_way += 1);
        let shared = Arc::clone(&self.shared);
        let sent = self.shared.network.spawn(async move {
            let answer = shared.real.send(request.map(Body::from)).await;
            shared.seen.send_modify(|seen| seen.under_way -= 1);
            answer
        });
        async move { Ok(sent.await??) }
    }

    fn fate(&self, request: &Request<Bytes>) -> Fate {
        let what = what(request);
        if what == "probe" {
            return Fate::Passes;
        }
        let mut state = self.state();
        let count = state.counts.entry(what).or_default();
        let call = Call { what, nth: *count };
        *count += 1;
        let fate = state.decide.as_mut().map_or(Fate::Passes, |decide| decide(&call));
        state.calls.push((call, fate));
        fate
    }

    async fn wait_for(&self, condition: impl Fn(&Seen) -> bool) {
        let mut seen = self.shared.seen.subscribe();
        let seen = seen.wait_for(|seen| condition(seen));
        let seen = tokio::time::timeout(crate::server::DEADLINE, seen).await;
        drop(seen.expect("it happens in time").expect("the way is still there"));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap()
    }
}

fn what(request: &Request<Bytes>) -> &'static str {
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    let (_, of_namespace) = path.rsplit_once("/namespaces/").unwrap();
    let mut parts = of_namespace.split('/').skip(1);
    let is = |text: &str| request.body().windows(text.len()).any(|part| part == text.as_bytes());
    match (request.method(), parts.next().unwrap(), parts.next()) {
        (&Method::GET, "jobs", None) if query.contains("limit=1") => "probe",
        (&Method::GET, "jobs", None) => "list_jobs",
        (&Method::GET, "services", None) => "list_services",
        (&Method::GET, "jobs", Some(_)) => "get_job",
        (&Method::GET, "services", Some(_)) => "get_service",
        (&Method::POST, "jobs", None) => "create_job",
        (&Method::POST, "services", None) => "create_service",
        (&Method::PATCH, "jobs", Some(_)) if is("parallelism") => "commit",
        (&Method::PATCH, "jobs", Some(_)) => "keep_job",
        (&Method::DELETE, "jobs", Some(_)) => "delete_job",
        (&Method::DELETE, "services", Some(_)) => "delete_service",
        _ => panic!("what is {} {path} for?", request.method()),
    }
}

/// The same object, created by another attempt.
fn by_somebody_else(request: Request<Bytes>) -> Request<Bytes> {
    let (parts, body) = request.into_parts();
    let mut object: serde_json::Value = serde_json::from_slice(&body).unwrap();
    object["metadata"]["annotations"]["focus-server/attempt"] = "somebody else's".into();
    Request::from_parts(parts, object.to_string().into())
}

fn answer(status: u16) -> Result<Response<Body>, BoxError> {
    let body = serde_json::json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status,
        "message": "the test says so", "reason": "",
    });
    let status = StatusCode::from_u16(status)?;
    Ok(Response::builder().status(status).body(Body::from(body.to_string().into_bytes()))?)
}

fn broken() -> BoxError {
    std::io::Error::from(std::io::ErrorKind::ConnectionReset).into()
}
