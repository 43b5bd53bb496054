//! Whatever is sent to `/configure`, the answer is one that the contract knows.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::server::{Server, historic, live, patiently, server};

const FIELDS: [&str; 8] = [
    "view_type",
    "channels",
    "displayInfo",
    "displayTimeAxisDuration",
    "nfftSelection",
    "frequencyRange",
    "start_time",
    "end_time",
];

/// A value that a client could put anywhere.
fn any_value() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        any::<i64>().prop_map(Value::from),
        (-3..5000_i64).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0..20_u32).prop_map(|power| Value::from(1_u32 << power)),
        (1_458_545_800.0..1_458_545_950.0).prop_map(Value::from),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number,
        ".{0,8}".prop_map(Value::from)
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            (inner.clone(), inner.clone()).prop_map(|(min, max)| json!({"min": min, "max": max})),
            inner.prop_map(|height| json!({"height": height})),
        ]
    })
}

/// A request that is right, with some fields replaced, taken out or torn.
fn almost_right() -> impl Strategy<Value = Vec<u8>> {
    let change = (0..FIELDS.len(), prop::option::of(any_value()));
    let torn = prop::option::weighted(0.2, (any::<prop::sample::Index>(), any::<u8>()));
    (any::<bool>(), vec(change, 0..4), torn).prop_map(|(now, changes, torn)| {
        let mut view = if now { live() } else { historic() };
        for (field, value) in changes {
            match value {
                Some(value) => view[FIELDS[field]] = value,
                None => drop(view.as_object_mut().unwrap().remove(FIELDS[field])),
            }
        }
        let mut text = view.to_string().into_bytes();
        if let Some((at, byte)) = torn {
            let at = at.index(text.len());
            text[at] = byte;
        }
        text
    })
}

/// Sends the body, checks the answer, and takes a started job away again.
async fn check(server: &Server, body: Vec<u8>) {
    let shown = String::from_utf8_lossy(&body).into_owned();
    let answer = patiently(async || server.post("/configure", body.clone()).await).await;
    let known = match answer.status {
        200 => {
            let job = answer.json();
            assert_eq!(
                job["channel_amount"],
                job["channel_to_stream_index"].as_object().unwrap().len(),
                "{shown}"
            );
            assert_eq!(
                job["frequencies_amount"],
                job["frequencies_list"].as_array().unwrap().len(),
                "{shown}"
            );
            let stopped = server.send("DELETE", &format!("/job/{}", job["job_id"].as_str().unwrap())).await;
            assert!([200, 404].contains(&stopped.status), "{stopped:?}");
            return;
        }
        400 => "invalid_view",
        404 => "no_recording",
        422 => "invalid_request",
        429 => "too_many_jobs",
        _ => panic!("{shown}: {answer:?}"),
    };
    answer.error(answer.status, known);
    assert!(answer.json().get("job_id").is_none(), "{shown}: {answer:?}");
}

fn hold(cases: u32, bodies: impl Strategy<Value = Vec<u8>>) {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(server());
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let run = TestRunner::new(config).run(&bodies, |body| {
        runtime.block_on(check(&server, body));
        Ok(())
    });
    run.unwrap();
    // What was wrong with many requests has cost the server nothing.
    assert_eq!(runtime.block_on(server.get("/ack")).status, 200);
    assert!(runtime.block_on(server.jobs.list()).unwrap().is_empty());
}

#[test]
fn any_bytes_get_an_answer_of_the_contract() {
    hold(256, vec(any::<u8>(), 0..64));
}

#[test]
fn any_text_that_is_almost_a_request_gets_an_answer_of_the_contract() {
    hold(400, almost_right());
}
