use super::*;

const GOOD: &str = r#"
name = "private"
[limits]
deadline = 2.5
[targets.focus]
url = "http://127.0.0.1:5000/focus-server"
logs = { file = "/var/log/focus.log" }
process = { pid_file = "/run/focus.pid" }
[targets.rabbit]
url = "amqp://guest:${RABBIT_PASSWORD}@127.0.0.1:5672/%2f"
process = { pid = 17 }
start = ["systemctl", "start", "rabbitmq-server"]
may = ["block", "freeze", "stop"]
[values.recording]
start = 1458545850
"#;

fn parse(text: &str) -> Result<Environment, EnvironmentError> {
    Environment::parse("lab.toml", text, &|name| (name == "RABBIT_PASSWORD").then(|| "s3cr/t".to_owned()))
}

#[test]
fn names_stand_for_targets_and_values() {
    let environment = parse(GOOD).unwrap();
    assert_eq!(environment.deadline, Duration::from_millis(2500));
    assert_eq!(environment.expiry, Duration::from_mins(2));
    assert_eq!(environment.targets["focus"].logs, Some(Logs::File("/var/log/focus.log".into())));
    assert_eq!(environment.targets["rabbit"].may, [Breakage::Block, Breakage::Freeze, Breakage::Stop]);
    assert_eq!(environment.values["recording"]["start"], 1_458_545_850);
    assert!(!environment.shell && environment.kubernetes.is_none());
}

#[test]
fn secrets_and_addresses_are_hidden() {
    let text = GOOD.replace("${RABBIT_PASSWORD}", "p%40ssw0rd");
    let redactor = parse(&text).unwrap().redactor;
    let seen =
        "amqp://guest:p%40ssw0rd@127.0.0.1:5672/%2f refused p@ssw0rd at http://127.0.0.1:5000/focus-server";
    let hidden = redactor.redact(seen);
    assert_eq!(hidden, "amqp://$rabbit/%2f refused *** at http://$focus/focus-server");
    assert!(redactor.is_in(seen) && !redactor.is_in(&hidden));
    let redactor = parse(GOOD).unwrap().redactor;
    assert_eq!(redactor.redact("the password is s3cr/t."), "the password is ${RABBIT_PASSWORD}.");
}

#[test]
fn all_that_is_wrong_is_told_at_once_with_a_remedy() {
    let text = r#"
name = "wrong"
limits = { deadline = 0.0 }
[targets.Focus]
url = "ftp://127.0.0.1"
[targets.rabbit]
url = "amqp://127.0.0.1"
may = ["freeze", "kill", "scale"]
[targets.pods]
logs = { kubernetes = "deployment/focus" }
[values.rabbit]
a = 1
"#;
    let problems = parse(text).unwrap_err().problems.join("\n");
    for wanted in [
        "limits.deadline: 0 must be above 0",
        "targets.Focus: a name is lower-case letters",
        "targets.Focus.url: the scheme ftp is not known",
        "rabbit is a target and a value",
        "targets.rabbit.may has \"freeze\", which needs a process",
        "targets.rabbit.may has \"kill\", which needs start",
        "targets.rabbit.may has \"scale\", which needs kubernetes",
        "targets.pods is on a cluster; [kubernetes] must say which",
    ] {
        assert!(problems.contains(wanted), "{wanted} is not in\n{problems}");
    }
    let unset = Environment::parse("lab.toml", GOOD, &|_| None).unwrap_err().to_string();
    assert_eq!(unset, "lab.toml: the variable RABBIT_PASSWORD is not set; export it before the run");
    let unknown = parse("name = \"a\"\n[targets.focus]\nurll = \"http://a\"").unwrap_err().to_string();
    assert!(unknown.contains("urll"), "{unknown}");
    assert!(parse("name = ").unwrap_err().to_string().contains("line 1"));
}
