//! A server that notes what it gets, and answers as it is told.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::evidence::Evidence;
use crate::export::{Format, Options, Results};

/// What was asked: method and path, headers, body.
#[derive(Clone, Debug, Default)]
struct Asked {
    line: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Asked {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// How it answers a path.
#[derive(Clone, Copy)]
enum Answers {
    With(u16, &'static str),
    Redirect(&'static str),
    Never,
    /// Ends the connection when it has the head.
    Cuts,
    /// Ends it in the middle of the answer.
    Breaks,
}

const TOKEN: Answers = Answers::With(200, "\"token-of-an-hour\"");

/// What it knows to answer, by path.
type Known = &'static [(&'static str, Answers)];

struct Fake {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    async fn start(answers: Known) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let noted = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answers, noted.clone()));
            }
        });
        Self { port, asked }
    }

    fn target(&self, xray: Xray, path: &str) -> Target {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        Target::parse(xray, &url, false, Duration::from_secs(10)).unwrap()
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, answers: &[(&str, Answers)], noted: Arc<Mutex<Vec<Asked>>>) {
    let mut read = Vec::new();
    let head = loop {
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
            return;
        }
    };
    let text = String::from_utf8(read[..head].to_vec()).unwrap();
    let mut lines = text.lines();
    let line = lines.next().unwrap().to_owned();
    let header =
        |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    let mut asked = Asked { line, headers: lines.filter_map(header).collect(), body: String::new() };
    let path = asked.line.split(' ').nth(1).unwrap().to_owned();
    let answer = answers.iter().find(|(known, _)| *known == path).map(|(_, answer)| *answer);
    if matches!(answer, Some(Answers::Cuts)) {
        return;
    }
    let length: usize = asked.header("content-length").parse().unwrap();
    while read.len() < head + 4 + length {
        assert!(stream.read_buf(&mut read).await.unwrap() > 0);
    }
    asked.body = String::from_utf8(read[head + 4..].to_vec()).unwrap();
    noted.lock().unwrap().push(asked);
    let (status, more, body) = match answer {
        Some(Answers::With(status, body)) => (status, String::new(), body),
        Some(Answers::Redirect(to)) => (302, format!("location: {to}\r\n"), ""),
        Some(Answers::Breaks) => (200, "x-more: 1\r\ncontent-length: 99\r\n".to_owned(), "{"),
        Some(Answers::Never | Answers::Cuts) => std::future::pending().await,
        None => (404, String::new(), "<html>Not Found</html>"),
    };
    let length = if more.contains("content-length") {
        String::new()
    } else {
        format!("content-length: {}\r\n", body.len())
    };
    let answer = format!("HTTP/1.1 {status} X\r\n{length}{more}\r\n{body}");
    stream.write_all(answer.as_bytes()).await.unwrap();
}

fn client() -> Credentials {
    Credentials::Client("the-client".into(), "the-secret".into())
}

fn results(format: Format) -> String {
    let directory = tempfile::tempdir().unwrap();
    let evidence = Evidence::begin(directory.path(), "run").unwrap();
    let mut case = crate::tests::case();
    (case.ticket, case.ticket_sha256) = evidence.ticket("LAB-1", b"x").unwrap();
    let record = crate::tests::run(vec![case]);
    let whole = evidence.finish(&record).unwrap();
    Results::of(record, &whole).export(format, &Options::default()).unwrap()
}

fn is_valid(body: &str, schema: &str) -> bool {
    let schema = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    schema.is_valid(&serde_json::from_str(body).unwrap())
}

#[tokio::test]
async fn cloud_gives_a_token_and_takes_the_results() {
    const MADE: Answers =
        Answers::With(200, r#"{"id": "10200", "key": "LAB-200", "self": "https://x/10200"}"#);
    let fake = Fake::start(&[("/api/v2/authenticate", TOKEN), ("/api/v2/import/execution", MADE)]).await;
    let pushed = fake.target(Xray::Cloud, "/").push(&results(Format::XrayCloud), &client()).await.unwrap();
    assert_eq!(pushed.key, "LAB-200");
    let asked = fake.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].line, "POST /api/v2/authenticate HTTP/1.1");
    assert_eq!(
        serde_json::from_str::<Value>(&asked[0].body).unwrap(),
        json!({ "client_id": "the-client", "client_secret": "the-secret" })
    );
    assert_eq!(asked[0].header("authorization"), "");
    assert_eq!(asked[1].line, "POST /api/v2/import/execution HTTP/1.1");
    assert_eq!(asked[1].header("authorization"), "Bearer token-of-an-hour");
    for asked in &asked {
        assert_eq!(asked.header("content-type"), "application/json");
        assert_eq!(asked.header("host"), format!("127.0.0.1:{}", fake.port));
    }
    assert!(is_valid(&asked[1].body, include_str!("../export/xray-cloud.schema.json")));
    assert!(!asked[1].body.contains("the-secret"));
}

#[tokio::test]
async fn server_takes_a_token_or_a_user_below_its_path() {
    let fake = Fake::start(&[(
        "/jira/rest/raven/2.0/import/execution",
        Answers::With(
            200,
            r#"{"testExecIssue": {"id": "38101", "key": "LAB-201", "self": "x"}, "testIssues": {}}"#,
        ),
    )])
    .await;
    let target = fake.target(Xray::Server, "/jira/");
    let body = results(Format::XrayServer);
    let token = Credentials::Token("pat-1".into());
    assert_eq!(target.push(&body, &token).await.unwrap().key, "LAB-201");
    let user = Credentials::User("ann".into(), "pass:word".into());
    target.push(&body, &user).await.unwrap();
    let asked = fake.asked();
    assert_eq!(asked[0].header("authorization"), "Bearer pat-1");
    assert_eq!(asked[1].header("authorization"), "Basic YW5uOnBhc3M6d29yZA==");
    assert!(is_valid(&asked[0].body, include_str!("../export/xray-server.schema.json")));
}

#[tokio::test]
async fn an_older_server_is_asked_by_its_older_path() {
    let fake = Fake::start(&[(
        "/rest/raven/1.0/import/execution",
        Answers::With(200, r#"{"testExecIssue": {"key": "LAB-202"}}"#),
    )])
    .await;
    let pushed = fake.target(Xray::Server, "").push("{}", &Credentials::Token("t".into())).await.unwrap();
    assert_eq!(pushed.key, "LAB-202");
    let lines: Vec<_> = fake.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(
        lines,
        ["POST /rest/raven/2.0/import/execution HTTP/1.1", "POST /rest/raven/1.0/import/execution HTTP/1.1"]
    );
}

const IMPORT: &str = "/api/v2/import/execution";
/// What is answered, and words of what is told of it.
const NOES: &[(Known, &[&str])] = &[
    (
        &[("/api/v2/authenticate", Answers::With(401, r#"{"error": "Invalid client the-secret"}"#))],
        &["answered 401: Invalid client ***", "Check XRAY_CLIENT_ID and XRAY_CLIENT_SECRET"],
    ),
    (
        &[
            ("/api/v2/authenticate", TOKEN),
            (IMPORT, Answers::With(400, r#"{"error": "Test LAB-1 not found."}"#)),
        ],
        &["answered 400: Test LAB-1 not found.", "names the field"],
    ),
    (
        &[
            ("/api/v2/authenticate", TOKEN),
            (IMPORT, Answers::With(403, r#"{"errorMessages": ["no", "never"]}"#)),
        ],
        &["answered 403: no; never", "ask Jira's administrator"],
    ),
    (
        &[("/api/v2/authenticate", TOKEN), (IMPORT, Answers::With(413, "<html>too large</html>"))],
        &["answered 413: a page of HTML", "--without-files"],
    ),
    (
        &[("/api/v2/authenticate", TOKEN), (IMPORT, Answers::With(429, ""))],
        &["429: nothing", "in some minutes"],
    ),
    (
        &[("/api/v2/authenticate", TOKEN), (IMPORT, Answers::With(500, "Bearer token-of-an-hour is odd"))],
        &["answered 500: *** is odd", "push again later"],
    ),
    (&[("/api/v2/authenticate", TOKEN)], &["answered 404: a page of HTML", "no Xray at --url"]),
    (&[("/api/v2/authenticate", TOKEN), (IMPORT, Answers::With(200, "<p>hello"))], &["Is this Xray"]),
    (
        &[("/api/v2/authenticate", TOKEN), (IMPORT, Answers::Redirect("https://elsewhere.example/x"))],
        &["answered 302", "try the beginning of https://elsewhere.example/x"],
    ),
    (
        &[("/api/v2/authenticate", TOKEN), (IMPORT, Answers::Cuts)],
        &["ended the connection", "--without-files"],
    ),
    (
        &[("/api/v2/authenticate", TOKEN), (IMPORT, Answers::Breaks)],
        &["answered 200, and then ended the connection", "may be there all the same"],
    ),
    (&[("/api/v2/authenticate", Answers::Cuts)], &["gave no token", "Nothing was pushed"]),
    (&[("/api/v2/authenticate", Answers::Breaks)], &["gave no token", "Nothing was pushed"]),
    (
        &[("/api/v2/authenticate", Answers::With(200, r#"{"token": "token-of-an-hour"}"#))],
        &["answered 200: no token"],
    ),
    (
        &[("/api/v2/authenticate", Answers::With(400, r#"{"sent": "token-of-an-hour"}"#))],
        &["answered 400: no reason"],
    ),
    (
        &[("/api/v2/authenticate", TOKEN), (IMPORT, Answers::With(400, "token token-of-an-hour is refused"))],
        &["answered 400: token *** is refused"],
    ),
    (
        // `the-client:the-secret`, and the token, in base64.
        &[
            ("/api/v2/authenticate", TOKEN),
            (IMPORT, Answers::With(500, "dGhlLWNsaWVudDp0aGUtc2VjcmV0 dG9rZW4tb2YtYW4taG91cg==")),
        ],
        &["answered 500: ***"],
    ),
    (
        &[
            ("/api/v2/authenticate", TOKEN),
            (
                IMPORT,
                Answers::Redirect("https://me:pass@login.example/token-of-an-hour/x?jwt=token-of-an-hour#a"),
            ),
        ],
        &["try the beginning of https://login.example/***/x as --url"],
    ),
];

#[tokio::test]
async fn every_no_names_its_remedy_and_no_secret() {
    for (answers, told) in NOES {
        let fake = Fake::start(answers).await;
        let error = fake.target(Xray::Cloud, "").push("{}", &client()).await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(!text.contains("the-secret") && !text.contains("token-of-an-hour"), "{text}");
        for told in *told {
            assert!(error.to_string().contains(told), "{error}");
        }
    }
}

#[tokio::test]
async fn who_does_not_answer_or_is_not_there_is_told() {
    let fake = Fake::start(&[("/api/v2/authenticate", Answers::Never)]).await;
    let target = Target { deadline: Duration::from_millis(200), ..fake.target(Xray::Cloud, "") };
    let told = target.push("{}", &client()).await.unwrap_err().to_string();
    assert!(
        told.contains("has not answered within 200ms. Nothing was pushed") && told.contains("--timeout"),
        "{told}"
    );
    let fake =
        Fake::start(&[("/api/v2/authenticate", TOKEN), ("/api/v2/import/execution", Answers::Never)]).await;
    let target = Target { deadline: Duration::from_millis(500), ..fake.target(Xray::Cloud, "") };
    let told = target.push("{}", &client()).await.unwrap_err().to_string();
    assert!(told.contains("has not answered within 500ms. The results may be there"), "{told}");
    let broken = Credentials::Token("pat-1\nx".into());
    let told = fake.target(Xray::Server, "").push("{}", &broken).await.unwrap_err().to_string();
    assert!(told.starts_with("XRAY_TOKEN has a line break in it"), "{told}");
    let user = Credentials::User("me".into(), "pass".into());
    let fake = Fake::start(&[(
        "/rest/raven/2.0/import/execution",
        Answers::With(400, "for bWU6cGFzcw== of me:pass"),
    )])
    .await;
    let told = fake.target(Xray::Server, "").push("{}", &user).await.unwrap_err().to_string();
    assert!(told.contains("answered 400: for *** of me:***"), "{told}");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let gone = Fake { port, asked: Arc::default() };
    let told = gone.target(Xray::Cloud, "").push("{}", &client()).await.unwrap_err().to_string();
    assert!(told.contains("cannot be reached: Connection refused") && told.contains("check --url"), "{told}");
    // What does not speak TLS.
    let url = format!("https://127.0.0.1:{}", Fake::start(&[]).await.port);
    let target = Target::parse(Xray::Cloud, &url, false, Duration::from_millis(300)).unwrap();
    let told = target.push("{}", &client()).await.unwrap_err().to_string();
    assert!(told.contains("has not answered") || told.contains("no TLS"), "{told}");
}

#[test]
fn credentials_come_from_variables_alone_and_are_never_shown() {
    let set = |names: &'static [&'static str]| {
        move |name: &str| names.contains(&name).then(|| format!("value of {name}"))
    };
    let told = Credentials::of(Xray::Cloud, &set(&["XRAY_CLIENT_ID"])).unwrap_err().to_string();
    assert!(told.contains("set XRAY_CLIENT_ID and XRAY_CLIENT_SECRET"), "{told}");
    let told = Credentials::of(Xray::Server, &set(&["XRAY_CLIENT_ID", "XRAY_USER"])).unwrap_err().to_string();
    assert!(told.contains("set XRAY_TOKEN") && told.contains("XRAY_USER and XRAY_PASSWORD"), "{told}");
    let both = Credentials::of(Xray::Server, &set(&["XRAY_USER", "XRAY_PASSWORD"])).unwrap();
    assert!(matches!(both, Credentials::User(..)));
    assert_eq!(format!("{both:?}"), "Credentials");
}

#[test]
fn secrets_do_not_cross_a_network_unencrypted() {
    let parse = |url: &str, in_clear| {
        let parsed = Target::parse(Xray::Server, url, in_clear, Duration::from_secs(1));
        parsed.map(|target| target.place().to_string()).map_err(|error| error.to_string())
    };
    let told = parse("http://jira.example.org", false).unwrap_err();
    assert!(told.contains("unencrypted") && told.contains("--allow-http"), "{told}");
    assert_eq!(
        parse("http://jira.example.org/jira/?x#y", true).unwrap(),
        "http://jira.example.org/jira/rest/raven/2.0/import/execution"
    );
    assert!(parse("http://[::1]:8080", false).is_ok());
    assert!(parse("https://jira.example.org", false).is_ok());
    let told = parse("https://ann:secret@jira.example.org", false).unwrap_err();
    assert!(told.contains("they belong in variables") && !told.contains("secret"), "{told}");
    let told = parse("me:pass@jira.example.org", false).unwrap_err();
    assert!(told.starts_with("--url: only https") && !told.contains("pass"), "{told}");
    assert!(parse("jira.example.org", false).unwrap_err().contains("it is no URL"));
    assert!(parse("ftp://jira.example.org", false).unwrap_err().contains("only https and http"));
}
