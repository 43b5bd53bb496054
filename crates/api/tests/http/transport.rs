//! What every request gets, whatever it asks for.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::{Answer, Behaviour, START, Wish, eventually, historic, live, server, server_with};

#[tokio::test(flavor = "multi_thread")]
async fn unknown_routes_and_wrong_methods_are_errors_like_any_other() {
    let server = server().await;
    for path in
        ["/nothing", "/focus-server/nothing", "/ack/", "/jobs/1-1", "/viewer/", "/viewer/../secret", "/%ff"]
    {
        server.get(path).await.error(404, "not_found");
    }
    for (method, path, allow) in [
        ("GET", "/configure", "POST"),
        ("POST", "/focus-server/channels", "GET,HEAD"),
        ("GET", "/job/1-1", "DELETE"),
        ("BREW", "/", "GET,HEAD"),
    ] {
        let answer = server.send(method, path).await;
        answer.error(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some(allow), "{path}");
    }
    let head = server.send("HEAD", "/ack").await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_one_mebibyte_is_413() {
    let server = server().await;
    for path in ["/configure", "/recordings_in_time_range"] {
        for size in [(1 << 20) + 1, 5 << 20] {
            server.post(path, vec![b' '; size]).await.error(413, "payload_too_large");
        }
    }
    // One that is announced as hopeless is refused before it is sent.
    let mut client = TcpStream::connect(server.address).await.unwrap();
    let head = "POST /configure HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    tokio::time::timeout(Duration::from_secs(5), client.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    let mut largest = live().to_string();
    largest += &" ".repeat((1 << 20) - largest.len());
    assert_eq!(server.post("/configure", largest).await.status, 200, "just small enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_a_500_that_tells_nothing() {
    let server = server().await;
    server.catalogue(Behaviour::Panics);
    let range = json!({"start_time": START, "end_time": START + 1.0}).to_string();
    for _ in 0..3 {
        let answer = server.post("/recordings_in_time_range", range.clone()).await;
        answer.error(500, "internal_error");
        assert!(!answer.text.contains("secret"), "{answer:?}");
        let answer = server.configure(&historic()).await;
        answer.error(500, "internal_error");
        assert!(!answer.text.contains("secret"), "{answer:?}");
    }
    let metrics = server.get("/metrics").await.text;
    assert!(
        metrics.contains(r#"focus_configure_requests_total{outcome="failed",reason="internal_error"} 3"#)
    );
    assert_eq!(server.get("/ack").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_known_by_its_id() {
    let server = server().await;
    for path in ["/ack", "/nothing"] {
        let request = server.request("GET", path).header("X-Request-Id", "trace-42");
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_eq!(answer.header("x-request-id"), Some("trace-42"));
        if answer.status != 200 {
            assert_eq!(answer.json()["request_id"], "trace-42");
        }
    }
    let ids = [server.get("/ack").await, server.get("/ack").await];
    let ids = ids.map(|answer| answer.header("x-request-id").unwrap().to_owned());
    assert!(ids[0] != ids[1] && ids[0].len() == 16, "{ids:?}");
    let request = server.request("GET", "/ack").header("X-Request-Id", "<script>");
    assert_eq!(Answer::of(request.send().await.unwrap()).await.header("x-request-id").unwrap().len(), 16);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sites_are_let_in_as_configured() {
    let ask = async |origins: &'static [&'static str], method: &str, path: &str| {
        let server = server_with(Wish { origins, ..Wish::default() }).await;
        let request = server.request(method, path).header("Origin", "https://maps.example");
        let request = request.header("Access-Control-Request-Method", "POST");
        Answer::of(request.send().await.unwrap()).await
    };
    let allowed = "access-control-allow-origin";
    for path in ["/configure", "/nothing", "/focus-server/ack"] {
        let none = ask(&[], "OPTIONS", path).await;
        assert_eq!((none.status, none.header(allowed), none.text.as_str()), (204, None, ""), "{none:?}");
    }
    let some = ask(&["https://maps.example"], "OPTIONS", "/configure").await;
    assert_eq!((some.status, some.header(allowed)), (204, Some("https://maps.example")));
    assert!(some.header("access-control-allow-headers").unwrap().contains("idempotency-key"), "{some:?}");
    let read = ask(&["https://maps.example"], "GET", "/nothing").await;
    read.error(404, "not_found");
    assert_eq!(read.header(allowed), Some("https://maps.example"), "a page may read errors too");
    assert_eq!(ask(&["https://other.example"], "GET", "/ack").await.header(allowed), None);
    assert_eq!(ask(&["*"], "GET", "/ack").await.header(allowed), Some("*"));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_not_sniffed_framed_or_stored() {
    let server = server().await;
    for path in ["/ack", "/nothing", "/"] {
        let answer = server.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert!(
            answer.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"),
            "{answer:?}"
        );
    }
    assert_eq!(server.get("/ack").await.header("cache-control"), Some("no-store"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_leaves_a_whole_job_or_none() {
    let server = server().await;
    let body = historic().to_string();
    let head =
        format!("POST /configure HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len());
    let whole = head + &body;
    for sent in [10, whole.len() - 1] {
        let mut client = TcpStream::connect(server.address).await.unwrap();
        client.write_all(&whole.as_bytes()[..sent]).await.unwrap();
    }
    server.catalogue(Behaviour::Slow);
    let mut client = TcpStream::connect(server.address).await.unwrap();
    client.write_all(whole.as_bytes()).await.unwrap();
    eventually("the request is under way", async || server.asked.load(Ordering::Relaxed) == 1).await;
    drop(client);

    let started = r#"focus_configure_requests_total{outcome="started",reason="none"} 1"#;
    eventually("it is counted", async || server.get("/metrics").await.text.contains(started)).await;
    assert_eq!(server.jobs.list().await.unwrap().len(), 1, "only the whole request counts, and it does");
    let gone = r#"focus_http_requests_total{route="/configure",method="POST",status="none"} "#;
    let nobody_waited = async || server.get("/metrics").await.text.contains(gone);
    eventually("it is counted that nobody waited for the answer", nobody_waited).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shutting_down_ends_idle_connections_and_takes_no_new_ones() {
    let mut server = server().await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(b"GET /ack HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut byte = [0];
    idle.read_exact(&mut byte).await.unwrap();
    server.shutdown.cancel();
    let soon = Duration::from_secs(5);
    tokio::time::timeout(soon, &mut server.serving).await.expect("it waits for no idle connection").unwrap();
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_sites_change_nothing() {
    let server = server().await;
    let id = server.job(&live()).await;
    let from = async |origin: &str, method: &str, path: &str| {
        let request = server.request(method, path).header("Origin", origin).body(live().to_string());
        Answer::of(request.send().await.unwrap()).await
    };
    for prefix in ["", "/focus-server"] {
        for origin in ["https://evil.example", "null"] {
            let sentence =
                from(origin, "POST", &format!("{prefix}/configure")).await.error(403, "forbidden_origin");
            assert!(sentence.contains("cors_origins"), "{sentence}");
            from(origin, "DELETE", &format!("{prefix}/job/{id}")).await.error(403, "forbidden_origin");
        }
    }
    assert_eq!(server.jobs.list().await.unwrap().len(), 1, "nothing was started or stopped");
    let own = format!("http://{}", server.address);
    assert_eq!(from(&own, "POST", "/configure").await.status, 200);
    assert_eq!(from(&own, "DELETE", &format!("/job/{id}")).await.status, 200);
    assert_eq!(from("https://evil.example", "GET", "/ack").await.status, 200, "reading is for CORS to judge");

    let server = server_with(Wish { origins: &["https://maps.example"], ..Wish::default() }).await;
    let request = server.request("POST", "/configure").header("Origin", "https://maps.example");
    assert_eq!(request.body(live().to_string()).send().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_made_to_mean_loopback_is_not_served() {
    let server = server().await;
    for path in ["/", "/ack", "/nothing", "/focus-server/jobs"] {
        let request = server.request("GET", path).header("Host", "evil.example:5000");
        let request = request.header("X-Forwarded-Host", "localhost");
        let sentence = Answer::of(request.send().await.unwrap()).await.error(403, "forbidden_host");
        assert!(sentence.contains("public_host"), "{sentence}");
    }
    for host in ["localhost:5000", "[::1]:5000", "192.0.2.1"] {
        let request = server.request("GET", "/ack").header("Host", host);
        assert_eq!(request.send().await.unwrap().status(), 200, "{host}");
    }
}
