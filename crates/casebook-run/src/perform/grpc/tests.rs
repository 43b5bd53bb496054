use std::net::SocketAddr;

use casebook_ticket::At;
use casebook_ticket::language::{DataName, Datum, parse_statement};
use prost_reflect::{DescriptorPool, Value};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic_health::ServingStatus;
use tonic_health::pb::FILE_DESCRIPTOR_SET;
use tonic_health::server::HealthReporter;

use super::*;
use crate::environment::Environment;
use crate::perform::perform;

/// A server of gRPC's own health service.
struct Health {
    address: SocketAddr,
    reporter: HealthReporter,
    task: JoinHandle<()>,
}

/// How a server tells what its methods are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    V1,
    V1Alpha,
    No,
}

impl Health {
    async fn start(told: Told) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (reporter, service) = tonic_health::server::health_reporter();
        let reflection = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        };
        let mut routes = Server::builder().add_service(service);
        routes = match told {
            Told::V1 => routes.add_service(reflection().build_v1().unwrap()),
            Told::V1Alpha => routes.add_service(reflection().build_v1alpha().unwrap()),
            Told::No => routes,
        };
        let task = tokio::spawn(async move {
            routes.serve_with_incoming(TcpIncoming::from(listener)).await.unwrap();
        });
        Self { address, reporter, task }
    }
}

impl Drop for Health {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn environment(address: SocketAddr, more: &str) -> Environment {
    let text = format!(
        "name = \"lab\"\nlimits = {{ deadline = 3.0 }}\n[targets.health]\nurl = \"grpc://{address}\"\n{more}"
    );
    Environment::parse("lab.toml", &text, &|_| None).unwrap()
}

fn data() -> Vec<Datum> {
    let datum = |name: &str, text: &str| Datum {
        name: DataName::new(name).unwrap(),
        at: At::default(),
        language: Some("json".into()),
        text: text.into(),
        references: Vec::new(),
    };
    vec![
        datum("all", r#"{ "service": "" }"#),
        datum("other", r#"{ "service": "other" }"#),
        datum("wrong", r#"{ "servise": "" }"#),
    ]
}

async fn seen(statement: &str, environment: &Environment) -> Observation {
    let data = data();
    let mut world = World::new(environment, &[], &data);
    perform(&parse_statement(statement, At::default()).unwrap(), &mut world).await
}

fn number(seen: &Observation, name: &str) -> i64 {
    seen.numbers[name] as i64
}

fn why(seen: &Observation) -> &str {
    match &seen.outcome {
        Outcome::Failed(why) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn methods_are_learnt_from_the_server_or_from_a_file() {
    for told in [Told::V1, Told::V1Alpha] {
        let health = Health::start(told).await;
        let environment = environment(health.address, "");
        let answer = seen("grpc $health/grpc.health.v1.Health/Check @all", &environment).await;
        assert_eq!((&answer.outcome, answer.status), (&Outcome::Answered, Some(200)));
        assert_eq!((answer.json.clone(), number(&answer, "count")), (json!([{ "status": "SERVING" }]), 1));
        assert!(
            answer.elapsed > 0.0 && answer.sent.ends_with("/Check\n\n{ \"service\": \"\" }"),
            "{}",
            answer.sent
        );
        let none = seen("grpc $health/grpc.health.v1.Health/Check @other", &environment).await;
        assert_eq!((&none.outcome, none.status, number(&none, "count")), (&Outcome::Answered, Some(404), 0));
        assert!(none.text.contains("NotFound"), "{}", none.text);
        for (statement, wanted) in [
            ("grpc $health/grpc.health.v1.Health/Chek @all", "grpc.health.v1.Health has no method Chek"),
            ("grpc $health/grpc.health.v2.Health/Check", "the server has no service grpc.health.v2.Health"),
            (
                "grpc $health/grpc.health.v1.Health/Check @wrong",
                "the data is no grpc.health.v1.HealthCheckRequest",
            ),
            ("grpc $health/Check", "must end with service and method"),
        ] {
            let failed = seen(statement, &environment).await;
            assert!(why(&failed).contains(wanted), "{statement}: {}", why(&failed));
        }
    }
    let health = Health::start(Told::No).await;
    let silent =
        seen("grpc $health/grpc.health.v1.Health/Check @all", &environment(health.address, "")).await;
    assert!(why(&silent).contains("descriptors = \"service.binpb\""), "{}", why(&silent));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("health.binpb");
    std::fs::write(&file, FILE_DESCRIPTOR_SET).unwrap();
    let by_file = environment(health.address, &format!("descriptors = {file:?}\n"));
    let answer = seen("grpc $health/grpc.health.v1.Health/Check @all", &by_file).await;
    assert_eq!(answer.json, json!([{ "status": "SERVING" }]));
    std::fs::write(&file, "no descriptors").unwrap();
    let broken = seen("grpc $health/grpc.health.v1.Health/Check @all", &by_file).await;
    assert!(why(&broken).contains("protoc"), "{}", why(&broken));
}

#[tokio::test]
async fn messages_are_read_up_to_a_number_or_a_time() {
    let health = Health::start(Told::V1).await;
    let environment = environment(health.address, "");
    let watch = "grpc $health/grpc.health.v1.Health/Watch @all";
    let first = seen(watch, &environment).await;
    assert_eq!((number(&first, "count"), number(&first, "rows"), first.status), (1, 1, Some(200)));

    health.reporter.set_service_status("", ServingStatus::NotServing).await;
    let changed = async {
        // Sent to whoever watches, when it does.
        loop {
            for status in [ServingStatus::Serving, ServingStatus::NotServing] {
                health.reporter.set_service_status("", status).await;
                tokio::task::yield_now().await;
            }
        }
    };
    let three = tokio::select! {
        three = seen("grpc $health/grpc.health.v1.Health/Watch @all read 3 deadline 10s", &environment) => three,
        () = changed => unreachable!("it changes as long as anybody watches"),
    };
    assert_eq!((&three.outcome, number(&three, "count")), (&Outcome::Answered, 3));
    let words = three.json.as_array().unwrap().iter().map(|message| message["status"].as_str().unwrap());
    assert!(words.into_iter().any(|word| word == "NOT_SERVING"), "{}", three.text);

    let began = Instant::now();
    let some =
        seen("grpc $health/grpc.health.v1.Health/Watch @all read 9 deadline 500ms", &environment).await;
    assert!(began.elapsed() >= Duration::from_millis(500) && began.elapsed() < Duration::from_secs(3));
    assert_eq!((&some.outcome, number(&some, "count")), (&Outcome::Answered, 1));

    let began = Instant::now();
    let slow = seen("grpc $health/grpc.health.v1.Health/Watch @all pace 400ms", &environment).await;
    assert!(began.elapsed() >= Duration::from_millis(400));
    assert_eq!(number(&slow, "count"), 1);
}

#[tokio::test]
async fn what_does_not_answer_is_told_in_time() {
    let call = "grpc $health/grpc.health.v1.Health/Check @all deadline 500ms";
    let in_time = async |address: SocketAddr| {
        let began = Instant::now();
        let seen = seen(call, &environment(address, "")).await;
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        assert_eq!(seen.numbers, BTreeMap::new(), "nothing was said that could be counted");
        seen.outcome
    };
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(in_time(closed).await, Outcome::Refused);
    // The kernel takes the connection, nobody else does.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    assert_eq!(in_time(silent.local_addr().unwrap()).await, Outcome::TimedOut);
    for answer in [&b""[..], b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.write_all(answer).await.unwrap();
            }
        });
        assert_eq!(in_time(address).await, Outcome::Cut);
        server.abort();
    }
}

#[test]
fn a_status_stands_for_one_of_http() {
    let codes = (0..=16).map(|code| in_http(Code::from_i32(code))).collect::<Vec<_>>();
    assert_eq!(
        codes,
        [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401],
        "in the order of gRPC's own numbers"
    );
}

#[tokio::test]
async fn encrypted_servers_are_called_when_the_environment_says_whom_to_trust() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let identity = Identity::from_pem(made.cert.pem(), made.signing_key.serialize_pem());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (_reporter, health) = tonic_health::server::health_reporter();
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .build_v1()
        .unwrap();
    let mut server = Server::builder().tls_config(ServerTlsConfig::new().identity(identity)).unwrap();
    let routes = server.add_service(health).add_service(reflection);
    tokio::spawn(routes.serve_with_incoming(TcpIncoming::from(listener)));
    let directory = tempfile::tempdir().unwrap();
    let ca = directory.path().join("ca.crt");
    std::fs::write(&ca, made.cert.pem()).unwrap();
    let called = async |more: &str| {
        let text = format!("name = \"lab\"\n[targets.health]\nurl = \"grpcs://localhost:{port}\"\n{more}");
        let environment = Environment::parse("lab.toml", &text, &|_| None).unwrap();
        seen("grpc $health/grpc.health.v1.Health/Check @all deadline 5s", &environment).await
    };
    let answer = called(&format!("ca = {ca:?}\n")).await;
    assert_eq!((&answer.outcome, answer.status), (&Outcome::Answered, Some(200)), "{}", answer.text);
    let nobody = called("").await;
    assert!(why(&nobody).contains("add ca = \"ca.crt\""), "{}", why(&nobody));
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&ca, other.cert.pem()).unwrap();
    let stranger = called(&format!("ca = {ca:?}\n")).await;
    assert_ne!(stranger.outcome, Outcome::Answered, "a certificate of somebody else's is taken");
}

/// `SERVING` as it goes over the wire: not compressed, two bytes, the first field is one.
const SERVING: &[u8] = &[0, 0, 0, 0, 2, 8, 1];

/// Passes one connection on until the server has said that it serves, and cuts it then.
async fn cutter(server: SocketAddr) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut server = TcpStream::connect(server).await.unwrap();
        let passing = async {
            let (mut from_client, mut to_client) = client.split();
            let (mut from_server, mut to_server) = server.split();
            let there = tokio::io::copy(&mut from_client, &mut to_server);
            let back = async {
                let mut said = Vec::new();
                while !said.windows(SERVING.len()).any(|bytes| bytes == SERVING) {
                    let before = said.len();
                    from_server.read_buf(&mut said).await.unwrap();
                    to_client.write_all(&said[before..]).await.unwrap();
                }
            };
            tokio::select! { _ = there => {} () = back => {} }
        };
        passing.await;
    });
    (address, task)
}

#[tokio::test]
async fn a_stream_that_is_cut_keeps_what_came() {
    let health = Health::start(Told::V1).await;
    let (address, task) = cutter(health.address).await;
    let cut = seen("grpc $health/grpc.health.v1.Health/Watch @all read 2", &environment(address, "")).await;
    task.await.unwrap();
    assert_eq!((&cut.outcome, number(&cut, "count")), (&Outcome::Cut, 1), "{}", cut.text);
}

#[test]
fn rows_are_counted_where_the_environment_says() {
    let pool = DescriptorPool::global();
    let mut message = DynamicMessage::new(pool.get_message_by_name("google.protobuf.FieldMask").unwrap());
    let path = |text: &str| Value::String(text.to_owned());
    message.set_field_by_name("paths", Value::List(vec![path("a"), path("b"), path(&"c".repeat(5000))]));
    let mut answer = Answer { is_taken: true, ..Answer::default() };
    answer.keep(&message, Some("paths"));
    answer.keep(&message, None);
    answer.keep(&message, Some("no_such_field"));
    assert_eq!((answer.count, answer.rows), (3, 5));

    let bytes = pool.get_message_by_name("google.protobuf.BytesValue").unwrap();
    let mut binary = DynamicMessage::new(bytes.clone());
    binary.set_field_by_name("value", Value::Bytes(vec![7; 3000].into()));
    let mut wrapped = DynamicMessage::new(pool.get_message_by_name("google.protobuf.Option").unwrap());
    wrapped.set_field_by_name("name", path(&"c".repeat(5000)));
    answer.keep(&binary, None);
    answer.keep(&wrapped, None);
    let seen = answer.observation(Outcome::Answered);
    assert_eq!(seen.json[3], "(4000 characters)");
    assert_eq!(seen.json[4]["name"], "(5000 characters)");
}

#[test]
fn too_many_messages_are_counted_and_not_kept() {
    let pool = DescriptorPool::global();
    let mut message = DynamicMessage::new(pool.get_message_by_name("google.protobuf.StringValue").unwrap());
    message.set_field_by_name("value", Value::String("x".repeat(1000)));
    let mut answer = Answer { is_taken: true, ..Answer::default() };
    let count = KEPT_OF_ALL / 1000 + 10;
    for _ in 0..count {
        answer.keep(&message, None);
    }
    let seen = answer.observation(Outcome::Answered);
    assert_eq!(number(&seen, "count"), count as i64);
    assert!(seen.left_out > 0 && seen.json.is_null() && seen.text.len() < KEPT + 100);
}
