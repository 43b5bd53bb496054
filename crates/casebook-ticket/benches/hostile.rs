//! What a byte of a hostile text costs, in texts that grow: what grows with it is what a stranger could stop a service with.
//!
//! `cargo bench -p casebook-ticket --bench hostile`. Each text is a piece that is repeated, as it is and inside of a field. It is
//! read, its steps and bindings are checked, and it is written in every format. A line of the table is the piece that costs most
//! in its largest text, and each whose cost per byte grows. What is counted is the thread's time on a core, as Linux tells it.
//!
//! `CASEBOOK_HOSTILE_BYTES` is how long the longest text is (4 MiB without it); `CASEBOOK_HOSTILE_PAIRS=1` takes two pieces
//! in turn, too.

#[path = "../tests/hostile/pieces.rs"]
mod pieces;

use std::collections::BTreeMap;
use std::hint::black_box;

use casebook_ticket::{Format, Found, Source, Standard, Ticket, formats, language};

use pieces::{DEEP, PLACES, Place};

/// How long texts are, in bytes.
const SIZES: [usize; 3] = [4 << 10, 256 << 10, 4 << 20];
/// How many times the cost of a byte may rise from the last text but one to the last: caches get too small for a large text.
const GROWS: f64 = 4.0;
/// The core's time that a measurement takes at least: Linux counts it in ticks.
const LEAST: f64 = 0.03;

fn main() {
    let longest = number("CASEBOOK_HOSTILE_BYTES", 4 << 20);
    let sizes: Vec<_> = SIZES.into_iter().filter(|size| *size <= longest).collect();
    let pairs: &[&str] = if number("CASEBOOK_HOSTILE_PAIRS", 0) == 0 { &[""] } else { DEEP };
    let heads: Vec<_> = sizes.iter().map(|size| format!("ns/byte at {} kB", size >> 10)).collect();
    println!("| place | piece | what | {} |", heads.join(" | "));
    println!("|---|---|---|{}", "---|".repeat(sizes.len()));
    for place in PLACES {
        let mut worst: BTreeMap<&str, (String, Vec<f64>)> = BTreeMap::new();
        for piece in DEEP.iter().flat_map(|one| pairs.iter().map(move |other| format!("{one}{other}"))) {
            for (what, costs) in costs(place, &piece, &sizes) {
                let grows = matches!(costs[..], [.., before, last] if last > before * GROWS);
                if grows {
                    row(place, &format!("**{piece:?}**"), what, &costs);
                }
                let known = worst.get(what).and_then(|(_, costs)| costs.last()).copied();
                if known < costs.last().copied() {
                    worst.insert(what, (format!("{piece:?}"), costs));
                }
            }
        }
        for (what, (piece, costs)) in worst {
            row(place, &piece, what, &costs);
        }
    }
}

fn row(place: &Place, piece: &str, what: &str, costs: &[f64]) {
    let costs: Vec<_> = costs.iter().map(|cost| format!("{cost:.1}")).collect();
    println!("| {} | {} | {what} | {} |", place.name, piece.replace('|', "\\|"), costs.join(" | "));
}

/// What the bytes cost in each size of text: to read, to check, to write.
fn costs(place: &Place, piece: &str, sizes: &[usize]) -> BTreeMap<&'static str, Vec<f64>> {
    let standard = Standard::built_in();
    let mut costs: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for size in sizes {
        let text = place.text(piece, *size);
        let per_byte = |seconds: f64| seconds * 1e9 / text.len() as f64;
        let mut note = |what, seconds| costs.entry(what).or_default().push(per_byte(seconds));
        let mut tickets = Vec::new();
        note("read", time(|| tickets = read(place.format, &text, &standard)));
        note("check", time(|| tickets.iter().for_each(|ticket| drop(black_box(language::check(ticket))))));
        for format in Format::ALL {
            note(format.name(), time(|| drop(black_box(formats::write(&tickets, *format, &standard)))));
        }
    }
    costs
}

fn read(format: Format, text: &str, standard: &Standard) -> Vec<Ticket> {
    let mut tickets = Vec::new();
    let source = Source { name: "", bytes: text.as_bytes(), format: Some(format) };
    // Whether it is refused is not the question.
    let _ = formats::read_each(source, standard, &mut |found| {
        if let Found::Ticket(ticket) = found {
            tickets.push(*ticket);
        }
    });
    tickets
}

/// What some work takes of a core, in seconds.
fn time(mut work: impl FnMut()) -> f64 {
    let began = on_core();
    for times in 1.. {
        work();
        let took = on_core() - began;
        if took > LEAST {
            return took / f64::from(times);
        }
    }
    unreachable!("it ends")
}

/// How long this thread has been on a core, in seconds.
fn on_core() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux, which tells it");
    let nanoseconds: u64 = told.split(' ').next().and_then(|number| number.parse().ok()).expect("a number");
    nanoseconds as f64 / 1e9
}

fn number(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).ok().and_then(|number| number.parse().ok()).unwrap_or(otherwise)
}
