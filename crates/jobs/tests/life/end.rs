//! From `/configure` to the end, and what is refused.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use focus_core::{Outage, Upstream};
use focus_jobs::{ConfigureError, ConfigureRequest, Job, JobState};
use focus_recordings::{Catalogue, EXCERPT_NAME, Recording};
use focus_stream::proto::StreamDataRequest;
use focus_stream::proto::data_stream_service_client::DataStreamServiceClient;
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::server::{DEADLINE, START, free_ports, historic, is_free, read, request, server, server_with};

#[tokio::test]
async fn a_historic_job_ends_when_every_stream_was_read() {
    let server = server(|_| ()).await;
    let job = server.configure(&historic()).await.unwrap();
    assert_eq!(job.spec().id.slot, 1);
    for stream in 0..3 {
        assert!(server.jobs.get(job.spec().id).await.unwrap().is_some());
        let rows = read(&job, stream).await.unwrap();
        assert_eq!(rows, (0..rows.len() as i32).collect::<Vec<_>>());
        // 20 s in rows of 0.1 s; the first windows reach before the recording's begin.
        assert!((190..=200).contains(&rows.len()), "{} rows", rows.len());
    }
    server.nothing_is_left().await;
    assert_eq!(job.state(), JobState::Completed);
}

#[tokio::test]
async fn a_job_that_nobody_connects_to_is_stopped() {
    let server = server(|settings| settings.serving.connect_within = Duration::from_millis(50)).await;
    let job = server.configure(&historic()).await.unwrap();
    let empty = async {
        while server.jobs.get(job.spec().id).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, empty).await.unwrap();
    assert_eq!(job.state(), JobState::Cancelled);
    assert!(is_free(job.stream_port()));
}

#[tokio::test]
async fn a_job_that_is_no_longer_watched_is_stopped_but_not_while_it_is() {
    let server = server(|settings| settings.serving.unwatched_for = Duration::from_secs(3)).await;
    let mut body = historic();
    body["end_time"] = json!(START + 50.0);
    let job = server.configure(&body).await.unwrap();
    let mut viewer = job.watch(0).await.unwrap();
    // Watched, at a pace that a person might have, it outlives the rule.
    for _ in 0..20 {
        assert!(viewer.next().await.is_some());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!((job.state(), job.report().viewers), (JobState::Running, 1));
    drop(viewer);
    let gone = async {
        while server.jobs.get(job.spec().id).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, gone).await.unwrap();
    assert_eq!(job.state(), JobState::Cancelled);
}

#[tokio::test]
async fn stopping_ends_the_streams_and_leaves_nothing() {
    let server = server(|_| ()).await;
    let job = server.configure(&historic()).await.unwrap();
    let mut client = DataStreamServiceClient::connect(format!("{}:{}", job.stream_url(), job.stream_port()))
        .await
        .unwrap();
    let mut frames = client.stream_data(StreamDataRequest { stream_id: 2 }).await.unwrap().into_inner();
    assert!(frames.message().await.unwrap().is_some());
    assert!(server.jobs.stop(job.spec().id).await.unwrap());
    assert!(is_free(job.stream_port()), "free as soon as stop has answered");
    assert!(server.jobs.get(job.spec().id).await.unwrap().is_none());
    assert!(!server.jobs.stop(job.spec().id).await.unwrap(), "unknown now");
    let end = loop {
        match frames.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a stopped stream must not look complete"),
            Err(status) => break status,
        }
    };
    assert_eq!(end.code(), tonic::Code::Unavailable, "{end}");
    server.nothing_is_left().await;
}

/// Waits until the job has made rows and makes no more of them, because nobody takes them.
async fn stuck(job: &Job) {
    let stuck = async {
        let mut last = None;
        while last.is_none() || last != job.report().last_row {
            last = job.report().last_row;
            // Longer than a report is old.
            tokio::time::sleep(Duration::from_millis(1200)).await;
        }
    };
    tokio::time::timeout(DEADLINE, stuck).await.unwrap();
}

#[tokio::test]
async fn a_client_that_does_not_read_cannot_delay_the_end() {
    let server = server(|_| ()).await;
    let mut body = historic();
    body["nfftSelection"] = json!(2048);
    body["end_time"] = json!(START + 50.0);
    let job = server.configure(&body).await.unwrap();
    let mut client = DataStreamServiceClient::connect(format!("{}:{}", job.stream_url(), job.stream_port()))
        .await
        .unwrap();
    // Opened and never read: the window fills and the server waits for it.
    let frames = client.stream_data(StreamDataRequest { stream_id: 0 }).await.unwrap();
    stuck(&job).await;
    let stopped = tokio::time::timeout(Duration::from_secs(6), server.jobs.stop(job.spec().id)).await;
    assert!(stopped.expect("its connection is cut soon").unwrap());
    assert!(is_free(job.stream_port()));
    assert_eq!(job.report().viewers, 0, "its connection is cut, and nothing reads for it any more");
    drop(frames);
}

#[tokio::test]
async fn a_client_that_is_connected_but_does_not_read_does_not_watch() {
    let server = server(|settings| settings.serving.unwatched_for = Duration::from_millis(200)).await;
    let mut body = historic();
    body["nfftSelection"] = json!(2048);
    body["displayInfo"]["height"] = json!(1000);
    body["end_time"] = json!(START + 50.0);
    let job = server.configure(&body).await.unwrap();
    let mut client = DataStreamServiceClient::connect(format!("{}:{}", job.stream_url(), job.stream_port()))
        .await
        .unwrap();
    let frames = client.stream_data(StreamDataRequest { stream_id: 0 }).await.unwrap();
    server.nothing_is_left().await;
    assert_eq!(job.state(), JobState::Cancelled);
    drop(frames);
}

#[tokio::test]
async fn a_recording_that_cannot_be_read_is_a_failed_job() {
    let server = server(|_| ()).await;
    let job = server.configure(&historic()).await.unwrap();
    std::fs::write(server.data.path().join(EXCERPT_NAME), "no recording any more").unwrap();
    let failed = read(&job, 0).await.unwrap_err();
    assert_eq!(failed.code(), tonic::Code::Internal, "{failed}");
    let gone = async {
        while server.jobs.get(job.spec().id).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, gone).await.unwrap();
    assert_eq!(job.state(), JobState::Failed);
}

#[tokio::test]
async fn unknown_streams_are_refused() {
    let server = server(|_| ()).await;
    let job = server.configure(&historic()).await.unwrap();
    for stream_id in [-1, 3, i32::MAX, i32::MIN] {
        let refused = read(&job, stream_id).await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::InvalidArgument, "{refused}");
    }
    assert_eq!(job.report().viewers, 0);
}

#[tokio::test]
async fn no_more_jobs_than_allowed_and_the_lowest_slot_first() {
    let server = server(|_| ()).await;
    let mut jobs = Vec::new();
    for slot in 1..=4 {
        let job = server.configure(&historic()).await.unwrap();
        assert_eq!(job.spec().id.slot, slot);
        jobs.push(job);
    }
    assert!(matches!(server.configure(&historic()).await, Err(ConfigureError::TooManyJobs { max: 4 })));
    server.jobs.stop(jobs[1].spec().id).await.unwrap();
    let job = server.configure(&historic()).await.unwrap();
    assert_eq!(job.spec().id.slot, 2);
    assert_ne!(job.stream_port(), jobs[1].stream_port(), "a port rests before it is used again");
    server.jobs.drain().await;
    assert!(matches!(server.configure(&historic()).await, Err(ConfigureError::Draining)));
    assert!(server.ports.clone().all(is_free));
}

#[tokio::test]
async fn whatever_is_wrong_leaves_nothing() {
    let server = server(|_| ()).await;
    let mut live = historic();
    live["start_time"] = Value::Null;
    live["end_time"] = Value::Null;
    assert!(matches!(server.configure(&live).await, Err(ConfigureError::WaitingForFibre)));
    let mut later = historic();
    later["start_time"] = json!(START + 1000.0);
    later["end_time"] = json!(START + 2000.0);
    assert!(matches!(server.configure(&later).await, Err(ConfigureError::NoRecording { .. })));
    let mut outside = historic();
    outside["channels"]["max"] = json!(501);
    assert!(matches!(server.configure(&outside).await, Err(ConfigureError::Invalid(_))));
    let mut window = historic();
    window["view_type"] = json!(1);
    window["nfftSelection"] = json!(8192);
    let too_long = server.configure(&window).await.unwrap_err();
    assert!(too_long.to_string().contains("a window of 81.92 s"), "{too_long}");
    let mut before = historic();
    before["start_time"] = json!(START - 10.0);
    before["end_time"] = json!(START);
    assert!(matches!(server.configure(&before).await, Err(ConfigureError::NoRecording { .. })));
    let mut nyquist = historic();
    nyquist["frequencyRange"] = json!({"min": 0, "max": 51});
    assert!(matches!(server.configure(&nyquist).await, Err(ConfigureError::Invalid(_))));
    server.nothing_is_left().await;
}

#[tokio::test]
async fn ports_that_others_hold_are_passed_over_until_none_is_left() {
    let server = server(|settings| settings.serving.ports = free_ports(2)).await;
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, *server.ports.start())).unwrap();
    let job = server.configure(&historic()).await.unwrap();
    assert_eq!(job.stream_port(), *server.ports.end());
    assert!(matches!(server.configure(&historic()).await, Err(ConfigureError::NoPort(_))));
    server.jobs.stop(job.spec().id).await.unwrap();
    drop(taken);
    server.nothing_is_left().await;
}

/// A mock, as a real catalogue cannot be made to be silent at will.
struct SilentCatalogue;

impl Catalogue for SilentCatalogue {
    fn find(&self, _: Timestamp, _: Timestamp) -> BoxFuture<'_, Result<Vec<Recording>, Outage>> {
        Box::pin(std::future::pending())
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Outage>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_silent_catalogue_is_an_outage_after_its_deadline() {
    let server = server_with(Arc::new(SilentCatalogue), TempDir::new().unwrap(), |_| ()).await;
    let error = server.configure(&historic()).await.unwrap_err();
    assert_eq!(error.to_string(), "Catalogue unavailable: no answer within 1000 ms");
    assert!(server.jobs.list().await.unwrap().is_empty());
}

/// A mock, as a real catalogue cannot be made to fail at will.
struct BrokenCatalogue;

impl Catalogue for BrokenCatalogue {
    fn find(&self, _: Timestamp, _: Timestamp) -> BoxFuture<'_, Result<Vec<Recording>, Outage>> {
        Box::pin(async { self.probe().await.map(|()| Vec::new()) })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Outage>> {
        let outage = Outage::Unavailable { upstream: Upstream::Catalogue, reason: "disk gone".to_owned() };
        Box::pin(async { Err(outage) })
    }
}

#[tokio::test]
async fn an_outage_is_told_as_one_and_not_as_nothing_found() {
    let server = server_with(Arc::new(BrokenCatalogue), TempDir::new().unwrap(), |_| ()).await;
    let error = server.configure(&historic()).await.unwrap_err();
    assert!(matches!(&error, ConfigureError::Outage(_)));
    assert_eq!(error.to_string(), "Catalogue unavailable: disk gone");
    assert!(server.jobs.list().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn any_number_of_equal_requests_with_one_key_make_one_job() {
    let server = server(|_| ()).await;
    let with_key = |body: &Value| ConfigureRequest { idempotency_key: Some("k".to_owned()), ..request(body) };
    let tries = (0..100).map(|_| server.jobs.configure(with_key(&historic())));
    let all: Vec<_> = futures::future::join_all(tries).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(all.iter().filter(|one| !one.repeated).count(), 1, "one has started it");
    let ids: Vec<_> = all.iter().map(|one| one.job.spec().id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert_eq!(server.jobs.list().await.unwrap().len(), 1);

    let mut other = historic();
    other["nfftSelection"] = json!(256);
    assert!(matches!(server.jobs.configure(with_key(&other)).await, Err(ConfigureError::KeyReused)));
    server.jobs.stop(ids[0]).await.unwrap();
    // The job is gone, so the key is new.
    assert!(server.jobs.configure(with_key(&other)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_client_that_hangs_up_leaves_a_whole_job_or_none() {
    let server = server(|_| ()).await;
    for micros in (0..4000).step_by(100) {
        let patience = Duration::from_micros(micros);
        drop(tokio::time::timeout(patience, server.jobs.configure(request(&historic()))).await);
        // The transaction goes on without the client: one more job can only be had when it has ended.
        let settled = async {
            loop {
                match server.configure(&historic()).await {
                    Ok(job) => break job,
                    Err(ConfigureError::TooManyJobs { .. }) => tokio::task::yield_now().await,
                    Err(error) => panic!("{error}"),
                }
            }
        };
        tokio::time::timeout(DEADLINE, settled).await.unwrap();
        for job in server.jobs.list().await.unwrap() {
            assert!(!read(&job, 0).await.unwrap().is_empty(), "what is there works");
            server.jobs.stop(job.spec().id).await.unwrap();
        }
    }
    server.nothing_is_left().await;
}
