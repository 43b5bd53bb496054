//! systemd's journal.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::command;

/// What a unit has logged since then.
pub(super) async fn read(unit: &str, since: Timestamp, deadline: Duration) -> Result<String, String> {
    lines(&command::succeed(&command(unit, since), "", deadline).await?, since)
}

/// How the journal is asked. Whole seconds are what all its versions understand.
fn command(unit: &str, since: Timestamp) -> Vec<String> {
    let since = format!("--since=@{}", since.as_second());
    let fields = "--output-fields=MESSAGE";
    ["journalctl", "--quiet", "--no-pager", "--output=json", fields, "--unit", unit, &since]
        .map(str::to_owned)
        .to_vec()
}

/// The messages in what the journal tells, one JSON a line, of those that are not older.
fn lines(told: &str, since: Timestamp) -> Result<String, String> {
    let mut lines = String::new();
    for entry in told.lines().filter(|line| !line.trim().is_empty()) {
        let entry: Json = serde_json::from_str(entry)
            .map_err(|error| format!("the journal says what nobody understands: {error}"))?;
        let at = entry["__REALTIME_TIMESTAMP"].as_str().and_then(|at| at.parse::<i64>().ok());
        if at.is_some_and(|at| at < since.as_microsecond()) {
            continue;
        }
        lines.push_str(&message(&entry["MESSAGE"]));
        lines.push('\n');
    }
    Ok(lines)
}

/// A message is a text; one that is none, or is too long, comes as its bytes or not at all.
fn message(message: &Json) -> String {
    match message {
        Json::String(text) => text.clone(),
        Json::Array(bytes) => {
            let bytes: Vec<u8> = bytes.iter().filter_map(|byte| u8::try_from(byte.as_u64()?).ok()).collect();
            String::from_utf8_lossy(&bytes).into_owned()
        }
        _ => "(a message that the journal does not give away)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `journalctl` of systemd 252 said with the arguments above, but for what names its machine.
    const TOLD: &str = include_str!("journal.jsonl");
    /// When the second of its messages came.
    const SECOND: i64 = 1_795_903_384_230_850;

    #[test]
    fn the_journal_is_asked_for_a_unit_from_a_second_on() {
        let since = Timestamp::from_microsecond(SECOND).unwrap();
        assert_eq!(
            command("focus.service", since).join(" "),
            "journalctl --quiet --no-pager --output=json --output-fields=MESSAGE --unit focus.service --since=@1795903384"
        );
    }

    #[test]
    fn messages_are_read_whatever_they_are_made_of() {
        let since = Timestamp::from_microsecond(SECOND).unwrap();
        assert_eq!(
            lines(TOLD, since).unwrap(),
            "broker unavailable: connection refused\na \u{fffd} b\nשלום\nline two\n"
        );
        let later = Timestamp::from_microsecond(SECOND + 1).unwrap();
        assert!(lines(TOLD, later).unwrap().starts_with("a \u{fffd} b\n"));
        let all = lines(TOLD, Timestamp::UNIX_EPOCH).unwrap();
        assert!(all.starts_with("a \"job\" is configured\n"), "{all}");
        assert_eq!(lines("", since), Ok(String::new()));
        // It was too long.
        let withheld = lines(r#"{"MESSAGE":null}"#, since).unwrap();
        assert_eq!(withheld, "(a message that the journal does not give away)\n");
        assert!(lines("-- No entries --", since).unwrap_err().contains("nobody understands"));
    }

    #[tokio::test]
    async fn a_journal_that_cannot_be_read_is_told() {
        let read = read("no such unit of ours.service", Timestamp::now(), Duration::from_secs(5)).await;
        // Where there is a journal it knows of nothing, where there is none that is said.
        assert!(read.as_ref().is_ok_and(String::is_empty) || read.is_err(), "{read:?}");
    }
}
