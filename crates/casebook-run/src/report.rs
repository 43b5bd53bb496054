//! A run for people: a page that needs nothing but itself.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::{
    CaseRecord, FaultState, Judged, Observation, Outcome, RunRecord, StatementRecord, StepKind, StepRecord,
    Verdict,
};

const STYLE: &str = include_str!("report.css");
/// So much of a text is shown; all of it is in the record.
const SHOWN: usize = 8000;

/// The whole page.
#[must_use]
pub fn html(run: &RunRecord) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = write(run, &mut page);
    page
}

fn write(run: &RunRecord, page: &mut String) -> std::fmt::Result {
    let title = format!("{} · {}", run.verdict, run.environment);
    write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n",
        escaped(&title)
    )?;
    write!(
        page,
        "<header><h1>{} <span class=\"where\">on {}</span></h1>\n<p>{} · {} · run <code>{}</code></p>\n",
        badge(run.verdict),
        escaped(&run.environment),
        day(run.began),
        duration(run.began, run.ended),
        escaped(&run.id)
    )?;
    page.push_str("<table class=\"cases\"><thead><tr><th>Case</th><th>Verdict</th><th>Why</th><th>Took</th></tr></thead><tbody>\n");
    for (number, case) in run.cases.iter().enumerate() {
        writeln!(
            page,
            "<tr><td><a href=\"#case-{number}\"><b>{}</b></a> {}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(&case.key),
            escaped(&case.summary),
            badge(case.verdict),
            escaped(&case.reason),
            duration(case.began, case.ended)
        )?;
    }
    page.push_str("</tbody></table></header>\n");
    for (number, case) in run.cases.iter().enumerate() {
        write_case(number, case, page)?;
    }
    page.push_str("<footer><h2>What this rests on</h2><dl>");
    for tool in &run.tools {
        write!(page, "<dt>{}</dt><dd>{}</dd>", escaped(&tool.name), escaped(&tool.version))?;
    }
    write!(
        page,
        "<dt>Environment's file</dt><dd><code>{}</code></dd></dl>\n<p>Everything here is in <code>run.json</code> beside this page; \
         <code>casebook verify</code> judges it again.</p></footer>\n</main>\n</body>\n</html>\n",
        escaped(&run.environment_sha256)
    )
}

fn write_case(number: usize, case: &CaseRecord, page: &mut String) -> std::fmt::Result {
    write!(
        page,
        "<section id=\"case-{number}\">\n<h2>{} {} {}</h2>\n<p class=\"reason\">{}</p>\n",
        escaped(&case.key),
        escaped(&case.summary),
        badge(case.verdict),
        escaped(&case.reason)
    )?;
    if !case.faults.is_empty() {
        page.push_str("<h3>What was broken</h3>\n<table><thead><tr><th>Step</th><th>Broken</th><th>Put back by</th><th>From</th><th>Until</th><th>State</th></tr></thead><tbody>\n");
        for fault in &case.faults {
            writeln!(
                page,
                "<tr><td>{}</td><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                escaped(&fault.step),
                escaped(&fault.fault.what),
                escaped(&fault.fault.inverse),
                fault.applied.map(time).unwrap_or_default(),
                fault.verified.map(time).unwrap_or_default(),
                match fault.state {
                    FaultState::Verified => "seen to be gone",
                    FaultState::Undone => "<b>undone, not seen to be gone</b>",
                    FaultState::Applied => "<b>not undone</b>",
                    FaultState::Intended => "<b>not known</b>",
                }
            )?;
        }
        page.push_str("</tbody></table>\n");
    }
    page.push_str("<h3>Steps</h3>\n<ol class=\"steps\">\n");
    for step in &case.steps {
        write_step(step, page)?;
    }
    page.push_str("</ol>\n");
    if !case.assertions.is_empty() {
        page.push_str("<h3>Assertions</h3>\n<ul class=\"judged\">\n");
        for assertion in &case.assertions {
            for judged in &assertion.judged {
                write_judged(&format!("step {}: ", assertion.step), judged, page)?;
            }
        }
        page.push_str("</ul>\n");
    }
    writeln!(
        page,
        "<p class=\"hash\">Ticket <code>{}</code>, SHA-256 <code>{}</code></p>\n</section>",
        escaped(&case.ticket),
        escaped(&case.ticket_sha256)
    )
}

fn write_step(step: &StepRecord, page: &mut String) -> std::fmt::Result {
    let (class, word) = state(step);
    writeln!(
        page,
        "<li class=\"{class}\"><div class=\"head\"><span class=\"number\">{}</span> <span class=\"action\">{}</span> \
         <span class=\"kind\">{}</span> <span class=\"state\">{word}</span></div>",
        escaped(&step.number),
        escaped(&step.action),
        kind(step.kind)
    )?;
    for statement in &step.statements {
        write_statement(statement, page)?;
    }
    page.push_str("</li>\n");
    Ok(())
}

fn write_statement(statement: &StatementRecord, page: &mut String) -> std::fmt::Result {
    let seen = &statement.seen;
    writeln!(
        page,
        "<details><summary><code>{}</code> <span class=\"seen\">{} · {:.0} ms · {}</span></summary>",
        escaped(&statement.statement),
        escaped(&in_short(seen)),
        seen.elapsed * 1000.0,
        time(statement.began)
    )?;
    for (what, text) in [("Sent", &seen.sent), ("Seen", &seen.text)] {
        if !text.is_empty() {
            let (shown, more) = cut(text);
            write!(page, "<h4>{what}</h4><pre>{}</pre>", escaped(shown))?;
            if more > 0 {
                write!(page, "<p>and {more} bytes more, in the record</p>")?;
            }
        }
    }
    if !seen.headers.is_empty() {
        let headers: Vec<_> = seen.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        write!(page, "<h4>Headers</h4><pre>{}</pre>", escaped(&headers.join("\n")))?;
    }
    if seen.left_out > 0 {
        write!(page, "<p><b>{} bytes were left out and not judged.</b></p>", seen.left_out)?;
    }
    page.push_str("</details>\n<ul class=\"judged\">\n");
    for judged in &statement.judged {
        write_judged("", judged, page)?;
    }
    page.push_str("</ul>\n");
    Ok(())
}

fn write_judged(before: &str, judged: &Judged, page: &mut String) -> std::fmt::Result {
    let (class, mark) = match judged.holds {
        Some(true) => ("good", "✓"),
        Some(false) => ("bad", "✗"),
        None => ("unknown", "?"),
    };
    let why = if judged.why.is_empty() {
        String::new()
    } else {
        format!(" <span class=\"why\">{}</span>", escaped(&judged.why))
    };
    writeln!(
        page,
        "<li class=\"{class}\">{mark} {}<code>{}</code>{why}</li>",
        escaped(before),
        escaped(&judged.predicate)
    )
}

/// A step's class and word.
fn state(step: &StepRecord) -> (&'static str, &'static str) {
    if step.kind == StepKind::Manual {
        return ("unknown", "left to a person");
    }
    if step.statements.is_empty() {
        return ("unknown", "not reached");
    }
    let mut judged = step.statements.iter().flat_map(|statement| &statement.judged);
    if judged.clone().any(|judged| judged.holds == Some(false)) {
        return ("bad", "does not hold");
    }
    let failed = step.statements.iter().any(|statement| matches!(statement.seen.outcome, Outcome::Failed(_)));
    if failed || judged.any(|judged| judged.holds.is_none()) {
        return ("unknown", "cannot be told");
    }
    ("good", "holds")
}

fn kind(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Baseline => "baseline",
        StepKind::Fault => "fault",
        StepKind::Proof => "proof of the fault",
        StepKind::Check => "check",
        StepKind::Undo => "undo",
        StepKind::Recovery => "recovery",
        StepKind::Manual => "manual",
    }
}

/// What was seen, in a few words.
pub(crate) fn in_short(seen: &Observation) -> String {
    let mut words = Vec::new();
    match &seen.outcome {
        Outcome::Answered => {}
        Outcome::Refused => words.push("refused".to_owned()),
        Outcome::TimedOut => words.push("timed out".to_owned()),
        Outcome::Unreachable => words.push("unreachable".to_owned()),
        Outcome::Cut => words.push("cut".to_owned()),
        Outcome::Failed(why) => words.push(format!("could not be carried out: {why}")),
    }
    words.extend(seen.status.map(|status| format!("status {status}")));
    words.extend(seen.numbers.iter().map(|(name, number)| format!("{name} {number}")));
    if words.is_empty() { "done".to_owned() } else { words.join(", ") }
}

fn badge(verdict: Verdict) -> String {
    let class = match verdict {
        Verdict::Passed => "good",
        Verdict::Failed | Verdict::Dirty => "bad",
        Verdict::Inconclusive | Verdict::Error => "unknown",
    };
    format!("<span class=\"badge {class}\">{verdict}</span>")
}

fn cut(text: &str) -> (&str, usize) {
    let mut end = text.len().min(SHOWN);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (&text[..end], text.len() - end)
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn time(at: Timestamp) -> String {
    at.strftime("%H:%M:%S%.3f").to_string()
}

fn duration(began: Timestamp, ended: Timestamp) -> String {
    format!("{:.1} s", ended.duration_since(began).as_secs_f64())
}

/// Text as it stands in a page: whatever a ticket or a server says is no markup of ours.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
