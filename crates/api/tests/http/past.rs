//! What of the past a view shows: how much of it was recorded, and live views that begin before now.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::server::{Behaviour, SHORT, START, Wish, historic, live, server, server_with};
use crate::websocket::{first_row, open};

fn with_past() -> Value {
    let mut view = live();
    view["withPast"] = json!(true);
    view
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_that_ends_after_the_newest_sample_says_so() {
    let server = server().await;
    let recorded = async |end: f64| {
        let mut view = historic();
        view["end_time"] = json!(end);
        let answer = server.configure(&view).await.json();
        let again = server.get(&format!("/metadata/{}", answer["job_id"].as_str().unwrap())).await.json();
        assert_eq!(again, answer);
        answer["metadata"]["recorded"].clone()
    };
    let whole = recorded(START + 10.0).await;
    let expected =
        json!({"start_time": START + 5.0, "end_time": START + 10.0, "seconds": 5.0, "gaps": 0, "note": null});
    assert_eq!(whole, expected);
    let short = recorded(START + 200.0).await;
    assert_eq!(short["end_time"], json!(START + 50.0));
    assert_eq!((&short["seconds"], &short["gaps"]), (&json!(45.0), &json!(0)));
    assert_eq!(short["note"], "nothing was recorded after 2016-03-21T07:38:20.532Z");
    server.catalogue(Behaviour::Ongoing);
    let note = recorded(START + 200.0).await["note"].clone();
    assert!(note.as_str().unwrap().ends_with(", and recording goes on"), "{note}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_view_says_of_the_past_what_was_asked_for() {
    let server = server().await;
    let metadata = server.configure(&live()).await.json()["metadata"].clone();
    assert!(metadata["recorded"].is_null() && metadata["number_of_channels"].is_number());
    let metadata = server.configure(&with_past()).await.json()["metadata"].clone();
    let nothing = json!({"start_time": null, "end_time": null, "seconds": 0.0, "gaps": 0, "note": "nothing was recorded"});
    assert_eq!(metadata["recorded"], nothing);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_view_begins_without_a_past_that_nobody_knows() {
    for (behaviour, why) in [
        (Behaviour::Unavailable, "Catalogue unavailable: the disk is full"),
        (Behaviour::Refused, "Catalogue error: the index is damaged"),
        (Behaviour::Silent, "no answer within"),
    ] {
        let server = server_with(Wish { deadline: SHORT, ..Wish::default() }).await;
        server.catalogue(behaviour);
        let answer = server.configure(&with_past()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let note = answer.json()["metadata"]["recorded"]["note"].clone();
        assert!(note.as_str().unwrap().contains(why), "{note}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_this_process_remembers_is_shown_although_it_was_not_recorded() {
    let server = server().await;
    // Until there is something to remember.
    let job = server.job(&live()).await;
    let mut socket = open(&server, &format!("/jobs/{job}/streams/0"), None).await.unwrap();
    let (_, begin) = first_row(&mut socket).await;
    let seconds = Duration::from_secs(2);
    crate::server::eventually("rows of two seconds", async || {
        let now = Timestamp::now().duration_since(begin);
        now.unsigned_abs() > seconds
    })
    .await;
    let asked = Timestamp::now();
    let job = server.job(&with_past()).await;
    let mut socket = open(&server, &format!("/jobs/{job}/streams/1"), None).await.unwrap();
    let (index, first) = first_row(&mut socket).await;
    let before = asked.duration_since(first).as_secs_f64();
    assert!(before > 1.0, "begins {before} s before it was asked for");
    assert!((1..100).contains(&index), "{index}: ten seconds are a hundred rows, and there were fewer");
}
