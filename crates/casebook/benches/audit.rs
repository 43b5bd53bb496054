//! Ten thousand tickets audited, duplicates included, on one core, beside a bare parser of each format.
//!
//! `cargo bench -p casebook --bench audit`. The tickets are made up, all different, the same each time. The program runs as a
//! process of its own, bound to the first core by `taskset`; the parsers run here, and keep nothing.

use std::fs;
use std::hint::black_box;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use casebook_ticket::{Format, Found, Source, Standard, Ticket, formats};

const TICKETS: usize = 10_000;
const ROUNDS: usize = 3;
/// How often the program is asked for the memory that it has had at most.
const LOOK: Duration = Duration::from_millis(20);

/// A file's name, its format, how many tickets are about 100 MB in it, and what only parses it.
type Round = (&'static str, Format, usize, &'static str, fn(&str) -> usize);

fn main() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let standard = Standard::built_in();
    let markdown = (0..TICKETS as u64).map(ticket).collect::<Vec<_>>().join("\n");
    let tickets = read(&markdown, &standard);
    let rounds: [Round; 3] = [
        ("tickets.md", Format::Markdown, TICKETS, "pulldown-cmark", |text| {
            pulldown_cmark::Parser::new_ext(text, pulldown_cmark::Options::ENABLE_TABLES).count()
        }),
        ("tickets.csv", Format::JiraCsv, TICKETS, "csv", |text| {
            csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes()).records().count()
        }),
        ("tickets.json", Format::JiraJson, TICKETS / 7, "serde_json", |text| {
            serde_json::from_str::<serde_json::Value>(text).map_or(0, |value| value.to_string().len())
        }),
    ];
    println!(
        "| tickets | as | MB | seconds | peak MB | MB/s | x parser alone |\n|---|---|---|---|---|---|---|"
    );
    for (name, format, count, parser, parse) in rounds {
        let text = match format {
            Format::Markdown => markdown.clone(),
            format => formats::write(&tickets[..count], format, &standard).expect("the format can hold them"),
        };
        let path = directory.path().join(name);
        fs::write(&path, &text).expect("room for the tickets");
        let audits: Vec<_> = (0..ROUNDS).map(|_| audit(&path, count)).collect();
        let alone = (0..ROUNDS).map(|_| time(|| parse(&text))).fold(f64::INFINITY, f64::min);
        let seconds = audits.iter().map(|(seconds, _)| *seconds).fold(f64::INFINITY, f64::min);
        let peak = audits.iter().map(|(_, peak)| *peak).max().unwrap_or_default();
        let megabytes = text.len() as f64 / 1e6;
        println!(
            "| {count} | {format:?} | {megabytes:.0} | {seconds:.2} | {} | {:.0} | {:.1} ({parser}) |",
            peak / 1000,
            megabytes / seconds,
            seconds / alone,
        );
    }
}

fn read(markdown: &str, standard: &Standard) -> Vec<Ticket> {
    let source = Source { name: "tickets.md", bytes: markdown.as_bytes(), format: Some(Format::Markdown) };
    let mut tickets = Vec::new();
    let read = formats::read_each(source, standard, &mut |found| match found {
        Found::Ticket(ticket) => tickets.push(*ticket),
        found => panic!("no ticket: {found:?}"),
    });
    read.expect("they can be read");
    assert_eq!(tickets.len(), TICKETS);
    tickets
}

fn time<T>(work: impl FnOnce() -> T) -> f64 {
    let began = Instant::now();
    black_box(work());
    began.elapsed().as_secs_f64()
}

/// Seconds, and kilobytes at most.
fn audit(path: &Path, count: usize) -> (f64, u64) {
    let began = Instant::now();
    let mut child = Command::new("taskset")
        .args(["-c", "0", env!("CARGO_BIN_EXE_casebook"), "audit"])
        .arg(path)
        .stdout(Stdio::piped())
        .spawn()
        .expect("taskset, of util-linux");
    let mut report = child.stdout.take().expect("its report");
    let reader = thread::spawn(move || {
        let mut text = String::new();
        report.read_to_string(&mut text).map(|_| text)
    });
    let peak = peak(&mut child);
    let seconds = began.elapsed().as_secs_f64();
    let report = reader.join().expect("the reader").expect("a report in UTF-8");
    assert!(report.contains(&count.to_string()), "all tickets are in the report: {report}");
    (seconds, peak)
}

/// What a process had at most, in kilobytes, when it has ended.
fn peak(child: &mut Child) -> u64 {
    let mut peak = 0;
    while child.try_wait().expect("a child").is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let most = most.and_then(|most| most.trim().trim_end_matches(" kB").parse().ok());
        peak = peak.max(most.unwrap_or(0));
        thread::sleep(LOOK);
    }
    peak
}

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }

    fn words(&mut self, count: usize) -> String {
        let words: Vec<_> = (0..count).map(|_| self.of(WORDS)).collect();
        words.join(" ")
    }

    fn sentences(&mut self, count: usize) -> String {
        let sentence = |_| format!("{} {} {}.", self.of(BEGINS), self.words(9), self.of(ENDS));
        (0..count).map(sentence).collect::<Vec<_>>().join(" ")
    }
}

const WORDS: &[&str] = &[
    "cluster",
    "service",
    "recording",
    "channel",
    "range",
    "task",
    "RabbitMQ",
    "MongoDB",
    "server",
    "client",
    "request",
    "response",
    "status",
    "returns",
    "within",
    "seconds",
    "frame",
    "rate",
    "window",
    "baseline",
    "outage",
    "queue",
    "message",
    "broker",
    "pod",
    "namespace",
    "error",
    "log",
    "the",
    "of",
    "and",
    "with",
    "no",
    "view",
    "history",
    "live",
    "value",
    "reads",
    "sends",
    "size",
    "frequency",
    "sensor",
    "amplitude",
    "index",
    "→",
    "–",
];
const BEGINS: &[&str] = &["Send", "Verify that", "Wait until", "The operator sees that", "Then", "Check"];
const ENDS: &[&str] =
    &["within 3 s", "as before", "and nothing else", "(see the log)", "– at once", "in every view"];

/// A ticket of about ten kilobytes.
fn ticket(number: u64) -> String {
    let mut chance = Chance(number * 7919 + 13_602);
    let chance = &mut chance;
    let mut out = format!(
        "---\nkey: PZ-{}\nsummary: {} number {number}\npriority: {}\nlabels:\n  - focus\n  - part-{}\ntest_type: Integration Test\n---\n",
        20_000 + number,
        chance.words(6).replace(['→', '–'], "and"),
        chance.of(&["High", "Medium", "Low"]),
        number % 97,
    );
    let mut section = |heading: &str, body: String| out.extend(["\n## ", heading, "\n\n", &body, "\n"]);
    section("Objective", chance.sentences(4));
    let uses = format!("It uses **{}** and `GET /channels`.", chance.words(2));
    section("Description", format!("{}\n\n{uses}\n\n{}", chance.sentences(6), chance.sentences(6)));
    section("Pre-Conditions", list(8, |number| format!("- PC-{number:03}: {}", chance.sentences(1))));
    let data = format!(
        "```json\n{{\n  \"task\": \"{}\",\n  \"channels\": {{\"min\": 1, \"max\": {}}},\n  \"nfftSelection\": 1024\n}}\n```",
        chance.words(4).replace(' ', "-"),
        chance.below(900),
    );
    section("Test Data", data);
    let rows = list(16, |number| {
        let code = chance.of(&["200", "400", "503"]);
        let (action, data, short) = (chance.sentences(1), chance.sentences(1), chance.words(5));
        format!(
            "| {number} | {action} Call `POST /configure` | {data}<br>{short} | {} HTTP {code} |",
            chance.sentences(1)
        )
    });
    section(
        "Test Steps",
        format!("| # | Action | Data | Expected Result |\n| --- | --- | --- | --- |\n{rows}"),
    );
    section("Expected Result", list(6, |_| format!("- {}", chance.sentences(1))));
    let assertions = list(8, |_| {
        format!(
            "assert response.status_code == {}, \"{}\"",
            chance.of(&["200", "400", "503"]),
            chance.words(5)
        )
    });
    section("Assertions", format!("```python\n{assertions}\n```"));
    section("Post-Conditions", list(4, |_| format!("- {}", chance.sentences(1))));
    section("Automation Status", format!("Automated in `tests/test_{number}.py::test_outage`"));
    section("Monitoring", list(5, |_| format!("- **{}**: {}", chance.words(2), chance.sentences(1))));
    section("Notes", format!("{}\n\n{}", chance.sentences(5), chance.sentences(5)));
    out
}

fn list(count: usize, line: impl FnMut(usize) -> String) -> String {
    (1..=count).map(line).collect::<Vec<_>>().join("\n")
}
