//! The real binary, as people and CI run it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn casebook() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_casebook"));
    command.current_dir(fixtures()).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// Exit code, standard output and standard error.
fn run(arguments: &[&str]) -> (i32, String, String) {
    told(&casebook().args(arguments).output().unwrap())
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn with_input(arguments: &[&str], input: &[u8]) -> (i32, String, String) {
    let mut child = casebook()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    told(&child.wait_with_output().unwrap())
}

#[test]
fn help_teaches_by_examples() {
    let of_runs = ["plan", "run", "export", "push"].into_iter().filter(|_| cfg!(feature = "run"));
    for command in
        ["audit", "lint", "convert", "explain", "fields", "schema", "completions"].into_iter().chain(of_runs)
    {
        let (code, out, _) = run(&[command, "--help"]);
        assert_eq!(code, 0);
        assert!(out.contains("Examples:") && out.contains(&format!("casebook {command}")), "{command}");
    }
    assert!(run(&["--help"]).1.contains("Exit codes: 0 fine"));
    assert_eq!(run(&[]).0, 2);
}

#[test]
fn what_is_no_test_is_named_from_standard_input_too() {
    let (code, _, err) = with_input(&["lint", "-"], b"");
    assert_eq!(code, 2);
    assert!(err.starts_with("<standard input>:1: no test, left out: "), "{err}");
}

#[test]
fn one_ticket_is_audited() {
    let (code, out, err) = run(&["audit", "tickets/SHOP-77.md"]);
    assert_eq!((code, err.as_str()), (1, ""));
    assert!(out.starts_with("Audit of SHOP-77"), "{out}");
    assert!(out.contains("What is missing or not good enough") && out.contains("Checklist"));
    assert!(!out.contains('\u{1b}'), "no colours in a pipe");
    let (_, hebrew, _) = run(&["audit", "tickets/SHOP-77.md", "--language", "he"]);
    assert!(hebrew.contains("ביקורת של") && hebrew.contains("\u{2066}SHOP-77\u{2069}"));
    let (_, visual, _) = run(&["audit", "tickets/SHOP-77.md", "--language", "he", "--bidi", "visual"]);
    assert!(visual.contains("לש תרוקיב") && !visual.contains('\u{2066}'));
}

#[test]
fn exit_codes_are_what_was_asked_for() {
    for (what, code) in [
        ("never", 0),
        ("major", 1),
        ("hint", 1),
        ("gate:executable", 1),
        ("grade:A", 1),
        ("grade:F", 0),
        ("never,gate:complete", 1),
    ] {
        assert_eq!(run(&["audit", "tickets", "--fail-on", what]).0, code, "{what}");
        assert_eq!(run(&["lint", "tickets", "--fail-on", what]).0, code, "{what}");
    }
}

#[test]
fn standard_input_is_read() {
    let ticket = fs::read(fixtures().join("tickets/SHOP-77.md")).unwrap();
    let (code, out, _) = with_input(&["audit", "-", "--fail-on", "never"], &ticket);
    assert_eq!(code, 0);
    assert!(out.contains("SHOP-77") && out.contains("<standard input>"), "{out}");
    let (code, out, _) = with_input(&["audit", "-"], b"");
    assert_eq!(code, 2, "nothing to check is no success: {out}");
}

#[test]
fn a_folder_is_summed_up_in_every_form() {
    for language in ["en", "he"] {
        let report =
            |form| run(&["audit", "tickets", "--report", form, "--language", language, "--fail-on", "never"]);
        for (form, begin) in
            [("text", ""), ("markdown", ""), ("html", "<!DOCTYPE html>"), ("json", "{"), ("sarif", "{")]
        {
            let (code, out, err) = report(form);
            assert_eq!((code, err.as_str()), (0, ""), "{form}");
            assert!(out.starts_with(begin) && out.contains("SHOP-77") && out.contains("SHOP-78"), "{form}");
        }
        let json: serde_json::Value = serde_json::from_str(&report("json").1).unwrap();
        assert_eq!((json["version"].as_u64(), json["summary"]["tickets"].as_u64()), (Some(1), Some(2)));
    }
}

#[test]
fn what_cannot_be_done_is_said_and_exits_with_2() {
    for (arguments, said) in [
        (&["audit", "no-such-file.md"][..], "no-such-file.md"),
        (&["audit", "tickets", "--report", "pdf"], "possible values"),
        (&["audit", "tickets", "--fail-on", "catastrophe"], "must be a severity"),
        (&["audit", "tickets", "--standard", "documents/broken.json"], "casebook fields --toml"),
        (&["audit", "tickets", "--repo", "no-such-directory"], "no-such-directory"),
        (&["audit"], "required"),
        (&["lint", "-", "--watch"], "cannot be watched"),
        (&["explain", "step-too-few"], "did you mean steps-too-few"),
        (&["audit", "tickets", "--output", "no-such-directory/report.html"], "cannot write"),
    ] {
        let (code, out, err) = run(arguments);
        assert_eq!(code, 2, "{arguments:?}: {out}{err}");
        assert!(err.contains(said), "{arguments:?}: {err}");
    }
}

#[test]
fn a_file_that_cannot_be_read_hinders_no_other() {
    let (code, out, _) = run(&["audit", "tickets", "documents"]);
    assert_eq!(code, 2);
    assert!(out.contains("documents/broken.json") && out.contains("SHOP-78"), "{out}");
    let (code, out, err) = run(&["lint", "tickets", "documents"]);
    assert_eq!(code, 2);
    assert!(out.contains("SHOP-77.md") && err.contains("broken.json"), "{err}");
}

#[test]
fn what_is_no_test_is_said_in_plain_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    std::fs::write(path("it's.txt"), "hello").unwrap();
    std::fs::write(path("none.json"), "[]").unwrap();
    std::fs::create_dir(path("empty")).unwrap();
    let (code, out, err) = run(&["lint", &path("it's.txt")]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("neither a ticket's key") && !err.contains('\\'), "{err}");
    for nothing in ["none.json", "empty"] {
        let (code, out, err) = run(&["lint", &path(nothing)]);
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(err.contains("there is no test ticket in what was named"), "{err}");
    }
    std::fs::write(path("standard.toml"), "x = [1").unwrap();
    let (_, _, err) = run(&["lint", "tickets", "--standard", &path("standard.toml")]);
    assert_eq!(err.matches("TOML parse error").count(), 1, "{err}");
}

#[test]
fn a_key_that_two_tickets_have_is_said_with_both_places() {
    let folder = tempfile::tempdir().unwrap();
    let ticket =
        |steps: &str| format!("# SHOP-1\n\n## Summary\n\nOf {steps}\n\n## Test Steps\n\n1. {steps}\n");
    for (name, steps) in [("a.md", "Open the cart"), ("b.md", "Pay by card")] {
        std::fs::write(folder.path().join(name), ticket(steps)).unwrap();
    }
    let told = |arguments: &[&str]| {
        let output = casebook().current_dir(&folder).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let lint = told(&["lint", "a.md", "b.md"]);
    assert!(lint.contains("the key SHOP-1 is also that of the ticket at a.md:1\n"), "{lint}");
    let lint = told(&["lint", "a.md", "b.md", "--language", "he"]);
    let lint = lint.replace(['\u{2067}', '\u{2068}', '\u{2069}'], "");
    assert!(lint.contains("המפתח SHOP-1 הוא גם של הטיקט ב-a.md:1"), "{lint}");
    let report = told(&["audit", "a.md", "b.md", "--width", "100"]);
    assert!(report.contains("SHOP-1 (a.md:1), SHOP-1 (b.md:1): have the same key"), "{report}");
}

#[test]
fn findings_are_lines_that_editors_jump_to() {
    let (_, out, _) = run(&["lint", "tickets/SHOP-77.md"]);
    for line in out.lines() {
        let (place, rest) = line.split_once(": ").unwrap();
        let parts: Vec<_> = place.split(':').collect();
        assert_eq!(parts.first(), Some(&"tickets/SHOP-77.md"), "{line}");
        assert!(parts[1..].iter().all(|number| number.parse::<u32>().is_ok()), "{line}");
        let severities = ["blocker[", "major[", "minor[", "hint["];
        assert!(severities.iter().any(|severity| rest.starts_with(severity)), "{line}");
    }
    assert!(out.lines().count() > 3, "{out}");
}

#[test]
fn lint_puts_hebrew_as_audit_does() {
    let lint = |arguments: &[&str]| {
        run(&[&["lint", "tickets/SHOP-77.md", "--language", "he"], arguments].concat()).1
    };
    let logical = lint(&[]);
    assert!(
        logical.lines().all(|line| line.contains("] \u{2067}") && line.ends_with('\u{2069}')),
        "{logical}"
    );
    assert!(logical.contains("חסר"), "{logical}");
    let visual = lint(&["--bidi", "visual"]);
    assert!(visual.contains("רסח") && !visual.contains('\u{2067}'), "{visual}");
    assert_eq!(visual.lines().count(), logical.lines().count(), "a pipe wraps nothing");
    let begins = |text: &str| {
        text.lines().map(|line| line.split_inclusive("] ").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(begins(&visual), begins(&logical), "places stay in front");
}

#[test]
fn a_report_is_whole_or_not_there() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("report.html");
    let path = file.to_str().unwrap();
    let (code, out, _) =
        run(&["audit", "tickets", "--report", "html", "--output", path, "--fail-on", "never"]);
    assert_eq!((code, out.as_str()), (0, ""));
    assert!(fs::read_to_string(&file).unwrap().ends_with("</html>\n"));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn colours_are_for_terminals_or_when_asked_for() {
    let colours = |arguments: &[&str]| run(arguments).1.contains('\u{1b}');
    assert!(colours(&["--color", "always", "audit", "tickets"]));
    assert!(!colours(&["--color", "never", "audit", "tickets"]));
    let forced = casebook().args(["audit", "tickets"]).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(forced.stdout.contains(&0x1b));
    let no_color = casebook()
        .args(["audit", "tickets"])
        .env("CLICOLOR_FORCE", "1")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(!no_color.stdout.contains(&0x1b));
}

#[test]
fn a_reader_that_has_read_enough_is_no_error() {
    let directory = tempfile::tempdir().unwrap();
    let ticket = fs::read(fixtures().join("tickets/SHOP-77.md")).unwrap();
    for number in 0..60 {
        fs::write(directory.path().join(format!("{number}.md")), &ticket).unwrap();
    }
    for report in ["text", "json", "html"] {
        let mut child = casebook()
            .args(["audit", "--each", "--fail-on", "never", "--report", report])
            .arg(directory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut [0; 10]).unwrap();
        drop(out);
        let (code, _, err) = told(&child.wait_with_output().unwrap());
        assert_eq!((code, err.as_str()), (0, ""), "{report}");
    }
}

#[test]
fn hostile_files_are_survived() {
    let directory = tempfile::tempdir().unwrap();
    let utf16: Vec<u8> = "\u{FEFF}# X-1: שלום".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let files: [(&str, Vec<u8>); 9] = [
        ("empty.md", Vec::new()),
        ("binary.txt", (0..=255).cycle().take(5000).collect()),
        ("utf16.md", utf16),
        ("brackets.json", b"[".repeat(5000)),
        ("quotes.md", b"> ".repeat(3000)),
        ("pipes.md", b"|".repeat(20_000)),
        ("line.txt", b"h2. ".repeat(20_000)),
        ("cells.csv", b"\"a\nb\",".repeat(3000)),
        ("escape.md", b"# Test X-1\n\n## Test Steps\n\n1. \x1b[2J\x07 \xE2\x80\xAE evil\n".to_vec()),
    ];
    for (name, bytes) in &files {
        fs::write(directory.path().join(name), bytes).unwrap();
    }
    for form in ["text", "markdown", "html", "json", "sarif"] {
        let output =
            casebook().args(["audit", "--each", "--report", form]).arg(directory.path()).output().unwrap();
        let (code, out, err) = told(&output);
        assert!((0..=2).contains(&code) && !err.contains("panicked"), "{form}: {code}: {err}");
        assert!(!out.contains('\u{1b}') && !out.contains('\u{7}'), "{form}");
    }
    let output = casebook().arg("lint").arg(directory.path()).output().unwrap();
    assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b));
}

#[test]
fn rules_and_the_standard_are_explained() {
    let (_, list, _) = run(&["explain"]);
    assert!(list.lines().count() > 30 && list.contains("steps-too-few"));
    let (code, out, _) = run(&["explain", "steps-too-few", "--language", "he"]);
    assert_eq!(code, 0);
    assert!(out.contains("steps-too-few") && out.contains('✓'));
    let (_, fields, _) = run(&["fields"]);
    assert!(fields.contains("recovery_validation") && fields.contains("Jira → Edit → Test Type"));
    assert!(run(&["fields", "--long"]).1.contains("adequate: "));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("standard.toml");
    fs::write(&file, run(&["fields", "--toml"]).1).unwrap();
    assert_eq!(run(&["fields", "--standard", file.to_str().unwrap()]).1, fields);
}

#[test]
fn schemas_fit_what_they_are_of() {
    let schema = |what| serde_json::from_str(&run(&["schema", what]).1).unwrap();
    let report: serde_json::Value =
        serde_json::from_str(&run(&["audit", "tickets", "documents", "--report", "json"]).1).unwrap();
    let wrong = jsonschema::validate(&schema("report"), &report);
    assert!(wrong.is_ok(), "{wrong:?}");
    let standard: serde_json::Value = toml::from_str(&run(&["fields", "--toml"]).1).unwrap();
    let wrong = jsonschema::validate(&schema("standard"), &standard);
    assert!(wrong.is_ok(), "{wrong:?}");
}

#[test]
fn shells_complete_it() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(run(&["completions", shell]).1.contains("casebook"));
    }
}

#[cfg(unix)]
#[test]
fn watching_lints_what_changes_and_ends_with_ctrl_c() {
    use std::io::{BufRead as _, BufReader};

    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ticket.md");
    let ticket = fs::read(fixtures().join("tickets/SHOP-77.md")).unwrap();
    fs::write(&file, &ticket).unwrap();
    let mut child = casebook()
        .args(["lint", "--watch", "--fail-on", "never"])
        .arg(directory.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(told.next().unwrap().unwrap().starts_with("tickets: 1,"));
    fs::write(directory.path().join("second.md"), &ticket).unwrap();
    assert!(told.next().unwrap().unwrap().starts_with("tickets: 2,"));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// What an earlier run has left: one line of a journal, of a command that says this when it fails to put back.
#[cfg(feature = "run")]
fn left_broken(directory: &Path, undo: &str) {
    let line = serde_json::json!({
        "at": "2026-11-29T10:00:00Z", "fault": 1, "state": "applied",
        "intended": {
            "case": "LAB-1", "step": "2", "fault": { "what": "break it", "inverse": "mend it" },
            "injection": { "shell": { "command": "true", "undo": undo } },
        },
    });
    fs::create_dir(directory.join("state")).unwrap();
    fs::write(directory.join("state/earlier.journal"), format!("{line}\n")).unwrap();
}

#[cfg(feature = "run")]
#[test]
fn what_an_earlier_run_left_broken_is_told_as_what_this_one_would_be() {
    let directory = tempfile::tempdir().unwrap();
    left_broken(directory.path(), "false");
    fs::write(directory.path().join("lab.toml"), "name = \"lab\"\n").unwrap();
    let in_place = |arguments: &[&str]| {
        told(&casebook().current_dir(directory.path()).args(arguments).output().unwrap())
    };
    let ticket = fixtures().join("tickets/SHOP-77.md");
    let (code, out, err) = in_place(&["run", ticket.to_str().unwrap(), "-e", "lab.toml", "--state", "state"]);
    assert_eq!((code, out.as_str()), (5, ""), "{err}");
    assert!(err.contains("`break it` of an earlier run was not seen to be whole again"), "{err}");
    let (code, _, err) = in_place(&["recover", "--state", "state"]);
    assert_eq!(code, 5);
    assert!(err.starts_with("LAB-1 step 2: `break it` is not undone: sh ended with code 1"), "{err}");
    assert_eq!(in_place(&["recover", "--state", "state", "--by-hand"]).0, 0);
}
