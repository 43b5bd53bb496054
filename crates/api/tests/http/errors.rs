//! Each row of the contract's table of errors.

use serde_json::{Value, json};

use crate::server::{Answer, Behaviour, SHORT, START, Wish, historic, live, server, server_with};

fn with(mut view: Value, name: &str, value: Value) -> String {
    view[name] = value;
    view.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_422() {
    let server = server().await;
    let cases = [
        (String::new(), "$"),
        ("{".to_owned(), "$"),
        ("[]".to_owned(), "$"),
        ("null".to_owned(), "$"),
        ("{} {}".to_owned(), "$"),
        ("[".repeat(100_000), "$"),
        (with(live(), "view_type", json!(3)), "$.view_type"),
        (with(live(), "view_type", json!("x")), "$.view_type"),
        (with(live(), "view_type", Value::Null), "$.view_type"),
        (with(live(), "channels", json!(7)), "$.channels"),
        (with(live(), "channels", json!({"min": 1, "max": 9000})), "$.channels.max"),
        (with(live(), "channels", json!({"min": 0, "max": 5})), "$.channels.min"),
        (with(live(), "displayInfo", json!({"height": "tall"})), "$.displayInfo.height"),
        (with(live(), "nfftSelection", json!("1024")), "$.nfftSelection"),
        (with(live(), "view_type", json!(2)), "$.displayTimeAxisDuration"),
    ];
    for (body, path) in cases {
        let answer = server.post("/configure", body.clone()).await;
        let sentence = answer.error(422, "invalid_request");
        let fault = &answer.json()["detail"][0];
        assert_eq!(fault["path"], path, "{body}: {answer:?}");
        assert!(sentence.contains(fault["message"].as_str().unwrap()), "{answer:?}");
        assert!(sentence.starts_with(path.trim_start_matches("$.")) || path == "$", "{answer:?}");
    }
    let sentence = server.post("/configure", b"{\"view_type\": \"\xff\xfe\"}".to_vec()).await;
    assert!(sentence.error(422, "invalid_request").starts_with("the body is not JSON: "), "{sentence:?}");
    assert!(server.jobs.list().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_faulty_field_is_named_at_once() {
    let server = server().await;
    let body = json!({"view_type": 0, "channels": {"min": 1, "max": 9000}, "nfftSelection": 1000});
    let answer = server.configure(&body).await;
    let sentence = answer.error(422, "invalid_request");
    let paths: Vec<_> =
        answer.json()["detail"].as_array().unwrap().iter().map(|fault| fault["path"].clone()).collect();
    assert_eq!(paths, ["$.displayInfo", "$.nfftSelection", "$.channels.max"], "{answer:?}");
    assert!(
        sentence.contains("channels.max: 9000 is outside the fibre, whose highest channel is 100"),
        "{sentence}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_breaks_a_rule_is_400() {
    let server = server().await;
    let soon = jiff::Timestamp::now().as_second() + 3600;
    let cases = [
        (with(live(), "nfftSelection", json!(1000)), "$.nfftSelection"),
        (with(live(), "nfftSelection", json!(4096)), "$.nfftSelection"),
        (with(live(), "frequencyRange", json!({"min": 0, "max": 251})), "$.frequencyRange.max"),
        (with(live(), "displayInfo", json!({"height": 0})), "$.displayInfo.height"),
        (with(live(), "start_time", json!(START)), "$.end_time"),
        (with(historic(), "end_time", json!(START)), "$.end_time"),
        (with(historic(), "end_time", json!(soon)), "$.end_time"),
    ];
    for (body, path) in cases {
        let answer = server.post("/configure", body.clone()).await;
        answer.error(400, "invalid_view");
        assert_eq!(answer.json()["detail"][0]["path"], path, "{body}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_recorded_is_404() {
    let server = server().await;
    let mut view = historic();
    view["start_time"] = json!(START - 20.0);
    view["end_time"] = json!(START - 10.0);
    server.configure(&view).await.error(404, "no_recording");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_names_no_job_is_404() {
    let server = server().await;
    for id in ["9-9", "x", "-1", "01-1", "1-1-1", "%ff", "1%2F1", "99999999999-1"] {
        for answer in [
            server.get(&format!("/metadata/{id}")).await,
            server.send("DELETE", &format!("/job/{id}")).await,
            server.get(&format!("/jobs/{id}/streams/0")).await,
        ] {
            assert_eq!(answer.error(404, "unknown_job"), "Invalid job_id", "{id}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_job_too_many_is_429() {
    let server = server_with(Wish { max_jobs: 1, ..Wish::default() }).await;
    let first = server.job(&live()).await;
    server.configure(&live()).await.error(429, "too_many_jobs");
    server.send("DELETE", &format!("/job/{first}")).await;
    server.job(&live()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_503_and_names_the_upstream() {
    let server = server_with(Wish { deadline: SHORT, ..Wish::default() }).await;
    let range = json!({"start_time": START, "end_time": START + 1.0}).to_string();
    server.catalogue(Behaviour::Unavailable);
    for answer in
        [server.configure(&historic()).await, server.post("/recordings_in_time_range", range.clone()).await]
    {
        let sentence = answer.error(503, "catalogue_unavailable");
        assert_eq!(sentence, "Catalogue unavailable: the disk is full");
    }
    server.catalogue_recovers().await;
    server.catalogue(Behaviour::Silent);
    let answer = server.post("/recordings_in_time_range", range.clone()).await;
    assert!(answer.error(503, "catalogue_unavailable").contains("no answer within"), "{answer:?}");
    server.catalogue_recovers().await;
    server.catalogue(Behaviour::Refused);
    for answer in [server.configure(&historic()).await, server.post("/recordings_in_time_range", range).await]
    {
        let sentence = answer.error(502, "catalogue_error");
        assert_eq!(sentence, "Catalogue error: the index is damaged");
    }
    server.catalogue_recovers().await;
    server.job(&historic()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_fibre_a_live_view_is_503() {
    let server = server_with(Wish { fibre: false, ..Wish::default() }).await;
    let sentence = server.configure(&live()).await.error(503, "waiting_for_fiber");
    assert!(sentence.contains("waiting for fiber"), "{sentence}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_port_left_is_503() {
    let server = server_with(Wish { ports: 1, ..Wish::default() }).await;
    server.job(&live()).await;
    server.configure(&live()).await.error(503, "no_free_port");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_about_to_shut_down_serves_those_who_have_not_heard_yet() {
    let server = server().await;
    server.leaving.cancel();
    server.get("/health/ready").await.error(503, "shutting_down");
    server.job(&live()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_shuts_down_takes_no_jobs() {
    let server = server().await;
    server.jobs.drain().await;
    server.configure(&live()).await.error(503, "shutting_down");
    server.get("/health/ready").await.error(503, "shutting_down");
    assert_eq!(server.get("/health/live").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_none_is_422() {
    let server = server().await;
    for key in [&b""[..], b"\xff\xfe", &[b'k'; 256]] {
        let request = server.request("POST", "/configure").header("Idempotency-Key", key);
        let answer = Answer::of(request.body(live().to_string()).send().await.unwrap()).await;
        answer.error(422, "invalid_request");
        assert_eq!(answer.json()["detail"][0]["path"], "Idempotency-Key");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_of_time_is_checked_whole() {
    let server = server().await;
    let paths = async |body: &str, status, code| {
        let answer = server.post("/recordings_in_time_range", body.to_owned()).await;
        answer.error(status, code);
        let faults = answer.json()["detail"].as_array().unwrap().clone();
        faults.iter().map(|fault| fault["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(paths("{}", 422, "invalid_request").await, ["$.start_time", "$.end_time"]);
    assert_eq!(paths(r#"{"start_time": "1", "end_time": null}"#, 422, "invalid_request").await.len(), 2);
    assert_eq!(paths("[]", 422, "invalid_request").await, ["$"]);
    assert_eq!(paths("", 422, "invalid_request").await, ["$"]);
    assert_eq!(paths(r#"{"start_time": 2, "end_time": 2}"#, 400, "invalid_view").await, ["$.end_time"]);
    assert_eq!(paths(r#"{"start_time": 1e300, "end_time": 2}"#, 400, "invalid_view").await, ["$.start_time"]);
}
