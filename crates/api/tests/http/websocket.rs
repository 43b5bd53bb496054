use std::time::Duration;

use futures::StreamExt;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::server::{Answer, DEADLINE, START, Server, eventually, historic, live, server};

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(crate) async fn open(server: &Server, path: &str, origin: Option<&str>) -> Result<Socket, u16> {
    let mut request = format!("ws://{}{path}", server.address).into_client_request().unwrap();
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", origin.parse().unwrap());
    }
    match timeout(DEADLINE, tokio_tungstenite::connect_async(request)).await.unwrap() {
        Ok((socket, _)) => Ok(socket),
        Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

/// The next message that is no ping.
async fn next(socket: &mut Socket) -> Message {
    loop {
        let message =
            timeout(DEADLINE, socket.next()).await.expect("in time").expect("not yet the end").unwrap();
        if !message.is_ping() {
            return message;
        }
    }
}

async fn header(socket: &mut Socket) -> Value {
    let message = next(socket).await.into_data();
    assert_eq!(&message[..4], b"FSH1");
    serde_json::from_slice(&message[4..]).unwrap()
}

/// Index and time of the first row.
pub(crate) async fn first_row(socket: &mut Socket) -> (u32, Timestamp) {
    header(socket).await;
    let frame = next(socket).await.into_data();
    let (time, index) = (f64::from_le_bytes(frame[24..32].try_into().unwrap()), &frame[32..36]);
    let index = u32::from_le_bytes(index.try_into().unwrap());
    (index, Timestamp::from_microsecond((time * 1e3) as i64).unwrap())
}

async fn closed(socket: &mut Socket) -> (CloseCode, String) {
    loop {
        if let Message::Close(close) = next(socket).await {
            let close = close.unwrap();
            return (close.code, close.reason.to_string());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_is_streamed_to_its_end() {
    let server = server().await;
    for prefix in ["", "/focus-server"] {
        let id = server.job(&historic()).await;
        let mut socket = open(&server, &format!("{prefix}/jobs/{id}/streams/0"), None).await.unwrap();
        let plan = header(&mut socket).await;
        assert_eq!((&plan["job_id"], &plan["stream_id"]), (&json!(id), &json!(0)));
        let mut rows = 0;
        let close = loop {
            match next(&mut socket).await {
                Message::Binary(frame) => {
                    assert_eq!(&frame[..4], b"FSR1");
                    rows += u32::from(u16::from_le_bytes([frame[4], frame[5]]));
                }
                Message::Close(close) => break close.unwrap(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(rows, 50, "5 s of 0.1 s each");
        assert_eq!((close.code, close.reason.as_str()), (CloseCode::Normal, "completed"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn live_rows_arrive_and_stop_with_the_job() {
    let server = server().await;
    let id = server.job(&live()).await;
    let mut socket = open(&server, &format!("/jobs/{id}/streams/2"), None).await.unwrap();
    assert_eq!(header(&mut socket).await["live"], true);
    assert!(next(&mut socket).await.is_binary());
    eventually("reported", async || {
        let job = &server.get("/jobs").await.json()[0];
        job["viewers"] == 1 && job["last_row"].is_string()
    })
    .await;
    assert_eq!(server.send("DELETE", &format!("/job/{id}")).await.status, 200);
    assert_eq!(closed(&mut socket).await.0, CloseCode::Away);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_leaves_is_forgotten() {
    let server = server().await;
    let id = server.job(&live()).await;
    let mut socket = open(&server, &format!("/jobs/{id}/streams/0"), None).await.unwrap();
    header(&mut socket).await;
    drop(socket);
    eventually("forgotten", async || server.get("/jobs").await.json()[0]["viewers"] == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shutting_down_says_good_bye() {
    let mut server = server().await;
    let id = server.job(&live()).await;
    let mut socket = open(&server, &format!("/jobs/{id}/streams/0"), None).await.unwrap();
    header(&mut socket).await;
    server.shutdown.cancel();
    assert_eq!(closed(&mut socket).await, (CloseCode::Away, "the server is shutting down".to_owned()));
    drop(socket);
    timeout(DEADLINE, &mut server.serving).await.expect("it ends").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_sites_are_kept_out() {
    let server = server().await;
    let id = server.job(&live()).await;
    let path = format!("/jobs/{id}/streams/0");
    assert_eq!(open(&server, &path, Some("https://evil.example")).await.err(), Some(403));
    assert!(open(&server, &path, Some(&format!("http://{}", server.address))).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_stream_or_no_websocket_is_refused() {
    let server = server().await;
    let id = server.job(&live()).await;
    for stream in ["3", "-1", "+1", "01", "x", "99999999999999999999"] {
        assert_eq!(open(&server, &format!("/jobs/{id}/streams/{stream}"), None).await.err(), Some(404));
        server.get(&format!("/jobs/{id}/streams/{stream}")).await.error(404, "unknown_stream");
    }
    let plain = server.get(&format!("/jobs/{id}/streams/0")).await;
    plain.error(426, "upgrade_required");
    assert_eq!(plain.header("upgrade"), Some("websocket"));
    let foreign = server.request("GET", &format!("/jobs/{id}/streams/0"));
    let foreign = foreign.header("Connection", "upgrade").header("Upgrade", "websocket");
    let foreign =
        foreign.header("Sec-WebSocket-Version", "13").header("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==");
    let foreign = foreign.header("Origin", "https://evil.example").send().await.unwrap();
    Answer::of(foreign).await.error(403, "forbidden_origin");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_does_not_read_outlives_no_job() {
    let server = server().await;
    let mut view = historic();
    // Some 80 MB for each stream: more than the sockets hold.
    view["channels"] = json!({"min": 1, "max": 500});
    view["displayInfo"]["height"] = json!(1000);
    view["end_time"] = json!(START + 45.0);
    view["frequencyRange"] = json!({"min": 0, "max": 50});
    let id = server.job(&view).await;
    let job = server.jobs.list().await.unwrap().pop().unwrap();
    let mut socket = open(&server, &format!("/jobs/{id}/streams/0"), None).await.unwrap();
    header(&mut socket).await;
    let mut last = None;
    eventually("the sockets are full", async || {
        // Longer than a report is old.
        tokio::time::sleep(Duration::from_millis(1200)).await;
        let before = std::mem::replace(&mut last, job.report().last_row);
        last.is_some() && last == before
    })
    .await;
    assert_eq!(job.report().viewers, 1);
    assert_eq!(server.send("DELETE", &format!("/job/{id}")).await.status, 200);
    assert_eq!(job.report().viewers, 0, "everything that the job owned is gone");
}
