use serde_json::{Value, json};

use crate::server::{Behaviour, CHANNELS, START, Wish, eventually, historic, live, server, server_with};

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_served_twice() {
    let server = server().await;
    for prefix in ["", "/focus-server"] {
        for path in [
            "/ack",
            "/channels",
            "/sensors",
            "/live_metadata",
            "/jobs",
            "/get_recordings_timeline",
            "/health/live",
            "/health/ready",
            "/health",
            "/metrics",
            "/openapi.json",
            "/docs/",
            "/info",
            "/",
            "/viewer/main.js",
        ] {
            let answer = server.get(&format!("{prefix}{path}")).await;
            assert_eq!(answer.status, 200, "{prefix}{path} {answer:?}");
        }
        let docs = server.get(&format!("{prefix}/docs")).await;
        assert_eq!((docs.status, docs.header("location")), (308, Some("docs/")));
        let started = server.post(&format!("{prefix}/configure"), live().to_string()).await.json();
        let id = started["job_id"].as_str().unwrap();
        assert_eq!(server.get(&format!("{prefix}/metadata/{id}")).await.json(), started);
        assert_eq!(server.send("DELETE", &format!("{prefix}/job/{id}")).await.status, 200);
    }
    let bare = server.get("/focus-server").await;
    assert_eq!((bare.status, bare.header("location")), (308, Some("focus-server/")));
}

#[tokio::test(flavor = "multi_thread")]
async fn ack_is_an_empty_object() {
    let server = server().await;
    let answer = server.get("/ack").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "{}"));
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let refused = server.send(method, "/ack").await;
        refused.error(405, "method_not_allowed");
        assert_eq!(refused.header("allow"), Some("GET,HEAD"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fibre_is_described() {
    let server = server().await;
    assert_eq!(server.get("/channels").await.text, r#"{"lowest_channel":1,"highest_channel":100}"#);
    let sensors: Vec<u32> = (1..=CHANNELS).collect();
    assert_eq!(server.get("/sensors").await.json(), json!({"sensors": sensors}));
    let fibre = server.get("/live_metadata").await.json();
    assert_eq!(fibre["number_of_channels"], 100);
    assert_eq!(fibre["sampling_rate"], 500.0);
    let names: Vec<_> = fibre.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "prr",
        "sampling_rate",
        "dx",
        "gauge_length_meters",
        "number_of_channels",
        "fiber_start_meters",
        "fiber_length_meters",
        "num_samples_per_trace",
        "dtype",
        "unit",
        "sw_version",
        "fiber_description",
    ];
    assert_eq!(names, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_fibre_it_says_so() {
    let server = server_with(Wish { fibre: false, ..Wish::default() }).await;
    let expected = json!({
        "prr": 0.0, "sampling_rate": null, "dx": 0.0, "gauge_length_meters": null, "number_of_channels": null,
        "fiber_start_meters": null, "fiber_length_meters": null, "num_samples_per_trace": null, "dtype": null,
        "unit": null, "sw_version": "waiting for fiber", "fiber_description": "waiting for fiber",
    });
    let answer = server.get("/live_metadata").await;
    assert_eq!((answer.status, answer.json()), (200, expected));
    assert_eq!(server.get("/channels").await.json(), json!({"lowest_channel": 1, "highest_channel": 0}));
    assert_eq!(server.get("/sensors").await.json(), json!({"sensors": []}));
    assert_eq!(server.get("/health").await.json()["fibre"], "waiting");
    assert_eq!(server.get("/health/ready").await.status, 200);
    assert_eq!(server.configure(&historic()).await.status, 200, "recordings need no fibre");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_from_configure_to_delete() {
    let server = server().await;
    let answer = server.configure(&live()).await;
    let job = answer.json();
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(job["status"], "success");
    let id = job["job_id"].as_str().unwrap();
    assert!(id.starts_with("1-"), "the lowest slot: {id}");
    assert_eq!(job["view_type"], 0);
    assert_eq!(job["lines_dt"], 0.1);
    let frequencies = job["frequencies_list"].as_array().unwrap();
    assert_eq!(frequencies.len(), 26);
    assert_eq!(job["frequencies_amount"], 26);
    assert_eq!(frequencies[1], 500.0 / 256.0);
    assert_eq!(job["stream_amount"], 3);
    assert_eq!(job["channel_amount"], 20);
    assert_eq!(job["stream_url"], "http://127.0.0.1");
    assert_eq!(job["metadata"], server.get("/live_metadata").await.json());
    let channels: Vec<_> = job["channel_to_stream_index"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(channels, (1..=20).map(|channel| channel.to_string()).collect::<Vec<_>>(), "in numeric order");
    assert_eq!(job["channel_to_stream_index"]["1"], 0);
    assert_eq!(job["channel_to_stream_index"]["20"], 2);
    let port = u16::try_from(job["stream_port"].as_u64().unwrap()).unwrap();
    tokio::net::TcpStream::connect(("127.0.0.1", port)).await.expect("the gRPC service listens");

    assert_eq!(server.get(&format!("/metadata/{id}")).await.text, answer.text, "the same body");

    let listed = server.get("/jobs").await.json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["id"], id);
    assert_eq!(listed[0]["viewers"], 0);
    assert_eq!(listed[0]["view"]["nfftSelection"], 256);
    assert!(listed[0]["started"].as_str().unwrap().ends_with('Z'), "{listed}");
    assert!(["pending", "running"].contains(&listed[0]["state"].as_str().unwrap()), "{listed}");
    assert!(listed[0].get("last_row").is_some());

    let path = format!("/job/{id}");
    let stopped = server.send("DELETE", &path).await;
    assert_eq!((stopped.status, stopped.json()), (200, json!({"status": "success", "job_id": id})));
    assert!(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err(), "the port is free again");
    assert_eq!(server.get("/jobs").await.json(), json!([]));
    for gone in [server.get(&format!("/metadata/{id}")).await, server.send("DELETE", &path).await] {
        assert_eq!(gone.error(404, "unknown_job"), "Invalid job_id");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_type_of_the_body_does_not_matter_and_null_is_absent() {
    let server = server().await;
    let mut view = live();
    view["view_type"] = json!("2");
    view["unheard_of"] = json!({"of": []});
    for name in ["displayTimeAxisDuration", "nfftSelection", "frequencyRange", "start_time", "end_time"] {
        view[name] = Value::Null;
    }
    let request =
        server.request("POST", "/configure").header("content-type", "application/x-www-form-urlencoded");
    let response = request.body(view.to_string()).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let job: Value = response.json().await.unwrap();
    assert_eq!((&job["view_type"], &job["frequencies_list"]), (&json!(2), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_gives_the_same_job() {
    let server = server().await;
    let send = async |body: Value| {
        let request = server.request("POST", "/configure").header("Idempotency-Key", "a key");
        crate::server::Answer::of(request.body(body.to_string()).send().await.unwrap()).await
    };
    let first = send(live()).await;
    assert_eq!((send(live()).await.text, first.status), (first.text, 200));
    let mut other = live();
    other["nfftSelection"] = json!(512);
    send(other).await.error(422, "idempotency_key_reused");
    assert_eq!(server.jobs.list().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_are_listed_by_overlap() {
    let server = server().await;
    let list = async |start: f64, end: f64| {
        let answer = server
            .post("/recordings_in_time_range", json!({"start_time": start, "end_time": end}).to_string());
        let answer = answer.await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    };
    let all = list(START - 1000.0, START + 1000.0).await;
    let [start, end] = [0, 1].map(|i| all[0][i].as_f64().unwrap());
    assert!((start - START).abs() < 1e-3 && (end - START - 50.0).abs() < 0.1, "{all}");
    assert_eq!(list(START + 10.0, START + 11.0).await, all, "its whole extent");
    assert_eq!(list(START - 1000.0, start).await, json!([]), "touching is not sharing");
    assert_eq!(list(end, end + 1000.0).await, json!([]));
    server.catalogue(Behaviour::Ongoing);
    assert_eq!(list(START, START + 77.0).await[0][1], START + 77.0, "it is still being written");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_tells_of_an_outage_and_its_end() {
    let server = server().await;
    let up = server.get("/health").await.json();
    assert_eq!(
        (&up["status"], &up["version"], &up["fibre"]),
        (&json!("healthy"), &json!("1.2.3"), &json!("connected"))
    );
    assert_eq!(up["upstreams"]["catalogue"]["status"], "up");
    assert!(up["upstreams"]["catalogue"]["last_round_trip_ms"].as_f64().is_some(), "{up}");
    assert!(up["uptime"].as_f64().is_some());

    server.catalogue(Behaviour::Unavailable);
    eventually("degraded", async || server.get("/health").await.json()["status"] == "degraded").await;
    let down = server.get("/health").await.json();
    assert_eq!(down["upstreams"]["catalogue"]["status"], "down");
    assert_eq!(down["upstreams"]["catalogue"]["last_error"], "Catalogue unavailable: the disk is full");
    assert!(server.get("/metrics").await.text.contains("focus_upstream_up{upstream=\"catalogue\"} 0\n"));
    assert_eq!(server.get("/health/ready").await.status, 200, "an outage is no reason to hide");
    assert_eq!(server.configure(&live()).await.status, 200, "what needs other things goes on");

    server.catalogue(Behaviour::Normal);
    eventually("healthy", async || server.get("/health").await.json()["status"] == "healthy").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_by_template_and_reason() {
    let server = server().await;
    let id = server.job(&live()).await;
    server.post("/configure", "{}").await;
    server.get(&format!("/metadata/{id}")).await;
    server.get("/focus-server/metadata/9-9").await;
    server.get("/nothing/here").await;
    let answer = server.get("/metrics").await;
    assert_eq!(
        answer.header("content-type").unwrap().split(';').next(),
        Some("application/openmetrics-text")
    );
    for line in [
        r#"focus_configure_requests_total{outcome="started",reason="none"} 1"#,
        r#"focus_configure_requests_total{outcome="refused",reason="invalid_request"} 1"#,
        r#"focus_configure_requests_total{outcome="failed",reason="catalogue_unavailable"} 0"#,
        r#"focus_http_requests_total{route="/metadata/{job_id}",method="GET",status="2xx"} 1"#,
        r#"focus_http_requests_total{route="/metadata/{job_id}",method="GET",status="4xx"} 1"#,
        r#"focus_http_requests_total{route="other",method="GET",status="4xx"} 1"#,
        r#"focus_http_request_duration_seconds_count{route="/configure",method="POST"} 2"#,
        "focus_jobs_active 1",
        "focus_viewers 0",
    ] {
        assert!(answer.text.lines().any(|found| found == line), "{line}\n{}", answer.text);
    }
    assert!(!answer.text.contains("9-9"), "no ids as labels");
}

#[tokio::test(flavor = "multi_thread")]
async fn info_says_what_runs_and_what_it_allows() {
    let server = server().await;
    let info = server.get("/info").await.json();
    assert_eq!(info["version"], "1.2.3");
    assert_eq!(info["build"]["commit"], "abc");
    assert_eq!(info["limits"]["max_channels"], 2222);
    assert_eq!(info["upstreams"], json!(["catalogue"]));
}
