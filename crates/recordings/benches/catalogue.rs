//! Questions to a catalogue of a million recordings, beside the same question to SQLite without an index.
//!
//! `cargo bench -p focus-recordings --bench catalogue`. The index is filled by SQL, as a scan of a million files would.

use std::hint::black_box;
use std::time::Instant;

use focus_core::{DataType, Fibre};
use focus_recordings::{Catalogue as _, SqliteCatalogue};
use jiff::Timestamp;
use rusqlite::{Connection, params};

/// So many recordings of 50 s, one each minute, and one that is as long as all of them.
const RECORDINGS: i64 = 1_000_000;
const MINUTE: i64 = 60_000_000_000;
const LENGTH: i64 = 50_000_000_000;
/// 2020-01-01.
const START: i64 = 1_577_836_800_000_000_000;
const QUESTIONS: i64 = 2000;
/// Whoever scans all recordings for each question is asked less.
const SCANS: i64 = 20;

fn main() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let index = directory.path().join("index.sqlite");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let catalogue = runtime.block_on(SqliteCatalogue::open(&index, directory.path())).expect("a catalogue");
    let db = Connection::open(&index).expect("its index");
    let began = Instant::now();
    fill(&db).expect("the tables of the index");
    println!("{RECORDINGS} recordings written in {:.1} s", began.elapsed().as_secs_f64());

    println!("| | questions | found each | p50, ms | p99, ms |\n|---|---|---|---|---|");
    for minutes in [1, 10, 60] {
        let mut found = 0;
        let by_index = times(QUESTIONS, minutes, |start, end| {
            found = runtime.block_on(catalogue.find(start, end)).expect("an answer").len();
        });
        report(&format!("`find`, {minutes} min"), QUESTIONS, found, &by_index);
    }
    let mut found = 0;
    let by_index = times(QUESTIONS, 60 * 24, |start, end| {
        found = runtime.block_on(catalogue.extents(start, end)).expect("an answer").len();
    });
    report("`extents`, a day", QUESTIONS, found, &by_index);
    let mut scan = db
        .prepare("SELECT count(*) FROM recordings NOT INDEXED WHERE start < ?2 AND end > ?1")
        .expect("a query");
    let by_scan = times(SCANS, 10, |start, end| {
        let range = params![start.as_nanosecond() as i64, end.as_nanosecond() as i64];
        found = scan.query_row(range, |row| row.get::<_, u32>(0)).expect("a number") as usize;
    });
    report("all looked at, 10 min", SCANS, found, &by_scan);
}

fn fill(db: &Connection) -> rusqlite::Result<()> {
    let fibre = Fibre {
        pulse_rate: None,
        sampling_rate: 1000.0,
        dx: Some(1.0),
        gauge_length: Some(10.0),
        channels: 2000,
        start: Some(0.0),
        length: Some(2000.0),
        samples_per_trace: None,
        data_type: DataType::Int16,
        unit: None,
        software: None,
        description: None,
    };
    let fibre = serde_json::to_string(&fibre).expect("plain data");
    db.execute_batch("BEGIN")?;
    db.execute("INSERT INTO layouts (id, layout, half_sample) VALUES (1, ?1, 500000)", [&fibre])?;
    db.execute("INSERT INTO fibres (id, fibre) VALUES (1, ?1)", [&fibre])?;
    let mut file = db.prepare("INSERT INTO files (path, size, modified) VALUES (?1, 0, 0)")?;
    let mut segment = db.prepare(
        "INSERT INTO segments (path, number, layout, fibre, start, end) VALUES (?1, 0, 1, 1, ?2, ?3)",
    )?;
    let mut recording = db.prepare(
        "INSERT INTO recordings (id, layout, fibre, start, path, number, last_start, last_path, last_number, end)
         VALUES (?1, 1, 1, ?2, ?3, 0, ?2, ?3, 0, ?4)",
    )?;
    let mut time =
        db.prepare("INSERT INTO recording_times (id, start, end) VALUES (?1, ?2 / 1e9, ?3 / 1e9)")?;
    for number in 0..=RECORDINGS {
        let (start, length) = match number {
            RECORDINGS => (START + 1, RECORDINGS * MINUTE),
            _ => (START + number * MINUTE, LENGTH),
        };
        let (path, end) = (format!("2020/{number:07}.h5"), start + length);
        file.execute([&path])?;
        segment.execute(params![path, start, end])?;
        recording.execute(params![number, start, path, end])?;
        time.execute(params![number, start, end])?;
    }
    drop((file, segment, recording, time));
    db.execute_batch("COMMIT")
}

/// Milliseconds that each of the questions about so many minutes took, spread over all that was recorded, sorted.
fn times(questions: i64, minutes: i64, mut ask: impl FnMut(Timestamp, Timestamp)) -> Vec<f64> {
    let time = |nanoseconds: i64| Timestamp::from_nanosecond(nanoseconds.into()).expect("a time");
    let mut times: Vec<f64> = (0..questions)
        .map(|number| {
            // Neighbours in time are not asked for one after the other.
            let start = START + number * 7_919 % questions * (RECORDINGS / questions) * MINUTE + MINUTE / 3;
            let asked = Instant::now();
            ask(black_box(time(start)), time(start + minutes * MINUTE));
            asked.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times
}

fn report(what: &str, questions: i64, found: usize, times: &[f64]) {
    let [p50, p99] = [0.5, 0.99].map(|part| times[((times.len() - 1) as f64 * part) as usize]);
    println!("| {what} | {questions} | {found} | {p50:.3} | {p99:.3} |");
}
