use std::path::PathBuf;
use std::sync::Mutex as Shared;

use tokio::io::{AsyncReadExt as _, duplex, split};
use tokio::net::TcpListener;

use super::*;
use crate::journal::{Pending, State};
use crate::undo::{Stack, recover};

/// One whose errands are done in this process.
pub(crate) fn courier(journal: &Path) -> Courier {
    let (run, watchdog) = duplex(1 << 16);
    let (input, output) = split(watchdog);
    let journal = journal.to_owned();
    tokio::spawn(async move { serve(input, output, &journal).await });
    let (input, output) = split(run);
    Courier::new(output, BufReader::new(input))
}

/// A server that answers each request as it is told, or not at all, and remembers what it was asked.
struct Server {
    url: String,
    asked: Arc<Shared<Vec<String>>>,
}

impl Server {
    async fn start(answer: impl Fn(&str) -> Option<(u16, &'static str)> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Shared::new(Vec::new()));
        let heard = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![0; 4096];
                let read = stream.read(&mut request).await.unwrap_or_default();
                let text = String::from_utf8_lossy(&request[..read]).into_owned();
                let line = text.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
                let answer = answer(&line);
                heard.lock().unwrap().push(line);
                if let Some((status, body)) = answer {
                    let length = body.len();
                    let first = format!(
                        "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
                    );
                    drop(stream.write_all(format!("{first}{body}").as_bytes()).await);
                }
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

struct Place {
    _directory: tempfile::TempDir,
    state: State,
    journal: PathBuf,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let state = State::lock(&directory.path().join("state")).unwrap();
        let journal = state.begin("run").unwrap().path().to_owned();
        Self { _directory: directory, state, journal }
    }

    fn pending(&self) -> Vec<Pending> {
        self.state.pending().unwrap()
    }
}

fn errand(url: &str, undo: &str) -> Errand {
    let statement = parse_statement("http POST $server/jobs", At::default()).unwrap();
    let Action::Http(request) = &statement.action else { unreachable!() };
    let resolve = |_: &casebook_ticket::language::Reference| Some(Json::from(url));
    Errand {
        number: 7,
        case: "lab".into(),
        step: "4".into(),
        fault: Fault { what: "http POST $server/jobs".into(), inverse: undo.into() },
        request: Request::filled(request, Some("{}".into()), Duration::from_secs(1), &resolve).unwrap(),
        undoing: Undoing {
            statement: undo.into(),
            answer: Some("answer".into()),
            values: BTreeMap::from([("$server".to_owned(), Json::from(url))]),
            body: None,
            deadline: 1000,
        },
    }
}

const BY_ANSWER: &str = "http DELETE $server/jobs/$answer.json.id";
const BY_NAME: &str = "http DELETE $server/jobs/own";

#[tokio::test]
async fn what_was_made_is_known_from_the_journal_alone() {
    let server = Server::start(|request| {
        Some(if request.starts_with("POST") { (201, "{\"id\": \"1-1\"}") } else { (204, "") })
    })
    .await;
    let place = Place::new();
    let seen = courier(&place.journal).send(errand(&server.url, BY_ANSWER)).await.unwrap();
    assert_eq!((seen.status, seen.json["id"].as_str()), (Some(201), Some("1-1")));
    let pending = place.pending();
    assert_eq!((pending.len(), pending[0].number, pending[0].state), (1, 7, FaultState::Applied));
    let recovered = recover(pending, false).await;
    assert_eq!(recovered[0].error, None);
    assert_eq!(server.asked(), ["POST /jobs", "GET /jobs/1-1", "DELETE /jobs/1-1"]);
    assert_eq!(place.pending(), []);
}

#[tokio::test]
async fn an_errand_is_done_also_when_nobody_waits_for_it_any_more() {
    let server = Server::start(|request| {
        Some(match request.split_once(' ') {
            Some(("POST", _)) => (200, "{\"id\": \"1-1\"}"),
            Some(("GET", _)) => (405, ""),
            _ => (404, ""),
        })
    })
    .await;
    let place = Place::new();
    let (mut run, watchdog) = duplex(1 << 16);
    let line = serde_json::to_string(&errand(&server.url, BY_ANSWER)).unwrap() + "\n";
    run.write_all(line.as_bytes()).await.unwrap();
    // Cut off: the run was killed while it wrote.
    run.write_all(&line.as_bytes()[..line.len() / 2]).await.unwrap();
    drop(run);
    let (input, output) = split(watchdog);
    if let Some(errand) = serve(input, output, &place.journal).await.unwrap() {
        errand.await.unwrap();
    }
    assert_eq!(server.asked(), ["POST /jobs", "GET /jobs/1-1"]);
    assert_eq!(place.pending()[0].state, FaultState::Applied);
    assert_eq!(recover(place.pending(), false).await[0].error, None, "what is not there is gone");
}

#[tokio::test]
async fn whoever_stops_waiting_does_not_cut_an_errand() {
    let server = Server::start(|_| Some((200, "{\"id\": \"1-1\"}"))).await;
    let place = Place::new();
    let courier = courier(&place.journal);
    let mut sent = Box::pin(courier.send(errand(&server.url, BY_ANSWER)));
    // It is begun, and dropped.
    assert!(futures::poll!(&mut sent).is_pending());
    drop(sent);
    courier.idle().await;
    assert_eq!(server.asked(), ["POST /jobs", "GET /jobs/1-1"]);
    assert_eq!(place.pending()[0].state, FaultState::Applied);
}

#[tokio::test]
async fn whoever_serves_hears_at_once_that_the_run_has_ended() {
    let server = Server::start(|_| None).await;
    let place = Place::new();
    let (mut run, watchdog) = duplex(1 << 16);
    let slow = Errand {
        request: serde_json::from_value(serde_json::json!({
            "method": "POST", "url": server.url, "headers": [], "body": null, "deadline": 60_000,
        }))
        .unwrap(),
        ..errand(&server.url, BY_ANSWER)
    };
    let line = serde_json::to_string(&slow).unwrap() + "\n";
    run.write_all(line.as_bytes()).await.unwrap();
    drop(run);
    let (input, output) = split(watchdog);
    let ended = timeout(Duration::from_secs(20), serve(input, output, &place.journal)).await;
    let under_way = ended.expect("it waited for the answer").unwrap();
    under_way.expect("a request is under way").abort();
}

#[tokio::test]
async fn whoever_does_not_answer_in_time_is_asked_no_more() {
    let place = Place::new();
    let (run, watchdog) = duplex(1 << 16);
    let (input, output) = split(run);
    let courier = Courier::new(output, BufReader::new(input));
    let began = std::time::Instant::now();
    let halted = courier.send(errand("http://127.0.0.1:9", BY_NAME)).await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(30) && halted.contains("timed out"), "{halted}");
    courier.idle().await;
    // What it says later is no answer to anything else.
    tokio::spawn(async move {
        let (input, output) = split(watchdog);
        serve(input, output, &place.journal).await
    });
    let error = courier.send(errand("http://127.0.0.1:9", BY_NAME)).await.unwrap_err();
    assert!(error.contains("not connected"), "{error}");
}

#[tokio::test]
async fn what_is_refused_makes_nothing() {
    let refused = Server::start(|_| Some((503, "{\"error\": \"out\"}"))).await;
    let wrong = Server::start(|_| Some((409, "{\"id\": \"of-another\"}"))).await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nowhere = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    for (url, undo) in
        [(&refused.url, BY_ANSWER), (&wrong.url, BY_ANSWER), (&wrong.url, BY_NAME), (&nowhere, BY_NAME)]
    {
        let place = Place::new();
        courier(&place.journal).send(errand(url, undo)).await.unwrap();
        assert_eq!(place.pending(), [], "{url} {undo}");
    }
    let place = Place::new();
    let error = courier(&place.journal).send(errand("ftp://127.0.0.1", BY_NAME)).await.unwrap_err();
    assert!(error.contains("over http or https only"), "{error}");
    assert_eq!(place.pending(), []);
}

#[tokio::test]
async fn a_refusal_that_tells_of_something_is_undone() {
    let server = Server::start(|_| Some((503, "{\"id\": \"1-1\"}"))).await;
    let place = Place::new();
    courier(&place.journal).send(errand(&server.url, BY_ANSWER)).await.unwrap();
    assert_eq!(place.pending()[0].state, FaultState::Applied);
}

#[tokio::test]
async fn what_nobody_can_tell_stays_pending_until_a_person_has_looked() {
    let silent = Server::start(|_| None).await;
    let vague = Server::start(|_| Some((200, "{}"))).await;
    let void = Server::start(|_| Some((200, "{\"id\": null}"))).await;
    let empty = Server::start(|_| Some((200, "{\"id\": \"\"}"))).await;
    let many = Server::start(|_| Some((200, "{\"id\": {\"a\": 1}}"))).await;
    for server in [silent, vague, void, empty, many] {
        let place = Place::new();
        courier(&place.journal).send(errand(&server.url, BY_ANSWER)).await.unwrap();
        assert_eq!(place.pending()[0].state, FaultState::Intended);
        let recovered = recover(place.pending(), false).await;
        let error = recovered[0].error.as_deref().unwrap();
        assert!(error.starts_with("its answer was not seen") && !recovered[0].is_settled, "{error}");
        let by_hand = format!("DELETE {}/jobs/$answer.json.id, in which $answer is its answer", server.url);
        assert_eq!(recovered[0].by_hand, by_hand);
        let recovered = recover(place.pending(), true).await;
        assert!(recovered[0].is_settled && recovered[0].error.is_some());
        assert_eq!(place.pending(), []);
    }
}

#[tokio::test]
async fn an_undo_that_needs_no_answer_is_known_before() {
    let server = Server::start(|request| (!request.starts_with("POST")).then_some((200, ""))).await;
    let place = Place::new();
    courier(&place.journal).send(errand(&server.url, BY_NAME)).await.unwrap();
    let pending = place.pending();
    assert_eq!(pending[0].state, FaultState::Applied, "there was no answer");
    let first = std::fs::read_to_string(&place.journal).unwrap().lines().next().unwrap().to_owned();
    assert!(first.contains("\"state\":\"intended\"") && first.contains("/jobs/own"), "{first}");
    assert_eq!(recover(pending, false).await[0].error, None);
    assert_eq!(server.asked(), ["POST /jobs", "DELETE /jobs/own"]);
}

#[tokio::test]
async fn what_is_not_found_was_not_undone_where_nothing_was_ever_found() {
    let server = Server::start(|request| {
        Some(if request.starts_with("POST") { (200, "{\"id\": \"7/8\"}") } else { (404, "") })
    })
    .await;
    let place = Place::new();
    courier(&place.journal).send(errand(&server.url, BY_ANSWER)).await.unwrap();
    let recovered = recover(place.pending(), false).await;
    let error = recovered[0].error.as_deref().unwrap();
    assert!(error.contains("/jobs/7%2F8`: status 404, which a GET") && place.pending().len() == 1, "{error}");
    assert_eq!(server.asked(), ["POST /jobs", "GET /jobs/7%2F8", "DELETE /jobs/7%2F8"]);

    // The ticket's own request found it.
    let place = Place::new();
    let courier = courier(&place.journal);
    courier.send(errand(&server.url, BY_ANSWER)).await.unwrap();
    let mut stack = Stack::new(Journal::reopen(&place.journal).unwrap());
    stack.adopt(&courier).await.unwrap();
    stack.hear(&format!("DELETE {}/jobs/other", server.url), 200);
    stack.hear(&format!("DELETE {}/jobs/7%2F8", server.url), 404);
    assert!(stack.undo_all().await.is_err());
    stack.hear(&format!("DELETE {}/jobs/7%2F8", server.url), 200);
    stack.undo_all().await.unwrap();
    assert_eq!(place.pending(), []);
}

#[tokio::test]
async fn a_server_that_does_not_undo_is_told_of() {
    let server = Server::start(|request| {
        Some(if request.starts_with("POST") { (200, "{\"id\": \"1-1\"}") } else { (403, "no") })
    })
    .await;
    let place = Place::new();
    courier(&place.journal).send(errand(&server.url, BY_ANSWER)).await.unwrap();
    let recovered = recover(place.pending(), false).await;
    let error = recovered[0].error.as_deref().unwrap();
    assert!(
        error.contains("DELETE http://127.0.0.1") && error.ends_with("/jobs/1-1`: status 403"),
        "{error}"
    );
    assert_eq!(recovered[0].by_hand, format!("DELETE {}/jobs/1-1", server.url));
    assert_eq!(place.pending().len(), 1);
}

#[tokio::test]
async fn what_is_broken_is_mended_before_what_was_made_is_undone() {
    for recovers in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let fault = directory.path().join("fault");
        let is_broken = fault.clone();
        let server = Server::start(move |request| {
            Some(match (request.starts_with("POST"), is_broken.exists()) {
                (true, _) => (200, "{\"id\": \"1-1\"}"),
                (false, true) => (403, "not while it is broken"),
                (false, false) => (200, ""),
            })
        })
        .await;
        let state = State::lock(&directory.path().join("state")).unwrap();
        let journal = state.begin("run").unwrap();
        let courier = courier(journal.path());
        let mut stack = Stack::new(journal);
        let path = fault.display();
        let (command, undo) = (format!(": > '{path}'"), format!("rm -f '{path}'"));
        let intended = Intended {
            case: "lab".into(),
            step: "1".into(),
            fault: Fault { what: "break".into(), inverse: "mend".into() },
            injection: Injection::Shell { command, undo },
        };
        stack.break_it("break", intended).await.unwrap();
        courier.send(errand(&server.url, BY_ANSWER)).await.unwrap();
        if recovers {
            assert!(recover(state.pending().unwrap(), false).await.iter().all(|it| it.error.is_none()));
        } else {
            stack.adopt(&courier).await.unwrap();
            stack.undo_all().await.unwrap();
        }
        assert_eq!(state.pending().unwrap(), [], "recovers: {recovers}");
    }
}
