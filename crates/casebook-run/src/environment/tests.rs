use serde_json::json;

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
fn whatever_a_secret_or_an_address_becomes_is_hidden() {
    let text = r#"
name = "private"
[targets.focus]
url = "http://ann:pass%22word@focus.site.example/api"
[targets.near]
url = "http://127.0.0.1"
[targets.rabbit]
url = "amqp://rabbit:5672"
[targets.far]
url = "tcp://[fd00::17]:5000"
[values]
token = "${TOKEN}"
"#;
    let environment = Environment::parse("lab.toml", text, &|_| Some("s3\\cr\net".to_owned())).unwrap();
    for (seen, hidden) in [
        ("focus.site.example: no such host", "$focus: no such host"),
        ("http://focus.site.example:80/api", "http://$focus/api"),
        ("{\"host\": \"fd00::17\"} at [fd00::17]:5000", "{\"host\": \"$far\"} at $far"),
        ("127.0.0.1 and 127.0.0.1:80, rabbitmq", "127.0.0.1 and $near, rabbitmq"),
        ("{\"password\": \"pass\\\"word\"}", "{\"password\": \"***\"}"),
        ("authorization: Basic YW5uOnBhc3Mid29yZA==", "authorization: Basic ***"),
        ("{\"token\": \"s3\\\\cr\\net\"}", "{\"token\": \"${TOKEN}\"}"),
    ] {
        assert_eq!(environment.redactor.redact(seen), hidden);
    }
}

#[test]
fn json_is_hidden_in_all_its_parts() {
    let mut redactor = Redactor::default();
    redactor.hide("hunter2secret", "${PLAIN}");
    redactor.hide("73519264", "${PIN}");
    let mut seen = json!({ "hunter2secret": [1, 73_519_264, 735_192_640], "a": { "b": "is hunter2secret" } });
    redactor.redact_json(&mut seen);
    assert_eq!(seen, json!({ "${PLAIN}": [1, "${PIN}", 735_192_640], "a": { "b": "is ${PLAIN}" } }));
}

#[test]
fn what_a_cut_goes_through_is_hidden_on_both_sides() {
    let mut redactor = Redactor::default();
    redactor.hide("hunter2secret", "${PLAIN}");
    redactor.hide("abcdabcd", "***");
    for (seen, hidden) in [
        ("its hunter2[..]ecret is", "its ${PLAIN}[..]${PLAIN} is"),
        ("hunter2secret hunt[..]abcdabcd", "${PLAIN} ${PLAIN}[..]***"),
        ("abcdabcd[..]abcdabcd is hunter2secre", "***[..]*** is ${PLAIN}"),
        ("x-HUNTER2Secret[..]2SECRET", "x-${PLAIN}[..]${PLAIN}"),
        ("the end of a hun[..]t is", "the end of a hun[..]t is"),
    ] {
        assert_eq!(redactor.redact_cut(seen, "[..]"), hidden);
    }
}

#[test]
fn a_secret_that_is_no_word_is_unmistakable() {
    let mut redactor = Redactor::default();
    for (secret, instead) in [
        ("hunter2secret", "${PLAIN}"),
        ("unavailable", "${WORD}"),
        ("pa55", "***"),
        ("10.0.0.1:5672", "$rabbit"),
        ("guest:p%40ssword@", ""),
        ("10.10.100.107", "${HOST}"),
        ("rabbit.lab.example", "${HOST}"),
        ("/srv/lab-1/data", "${DIRECTORY}"),
    ] {
        redactor.hide(secret, instead);
    }
    let known = redactor.unmistakable();
    assert_eq!(
        known
            .first_in("10.0.0.1:5672, 10.10.100.107, rabbit.lab.example, /srv/lab-1/data: unavailable, pa55"),
        None
    );
    assert_eq!(known.first_in("it is hunter2secret"), Some("${PLAIN}"));
    let again: Redactor = serde_json::from_str(&serde_json::to_string(&redactor).unwrap()).unwrap();
    assert_eq!(again, redactor, "journals keep it");
}

#[test]
fn a_secret_that_could_not_be_hidden_is_refused() {
    let text = "name = \"lab\"\n[values]\ntoken = \"${TOKEN}\"\n";
    let told = Environment::parse("lab.toml", text, &|_| Some("abc".to_owned())).unwrap_err().to_string();
    assert!(told.contains("TOKEN holds is shorter than 4 characters") && !told.contains("abc"), "{told}");
}

#[test]
fn what_is_wrong_is_told_without_what_is_secret() {
    let text = "name = \"lab\"\n[targets.focus]\nmay = \"${RABBIT_PASSWORD}\"\n";
    let told = parse(text).unwrap_err().to_string();
    assert!(told.contains("${RABBIT_PASSWORD}") && !told.contains("s3cr/t"), "{told}");
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
[targets.started]
process = { pid = 17 }
start = ["true"]
may = ["kill"]
[targets.pods]
logs = { kubernetes = "deployment/focus" }
[targets.stream]
url = "grpc://127.0.0.1:1"
descriptors = "no/such/file"
kubernetes = "widget/stream"
[targets.all]
kubernetes = { selector = " " }
may = ["scale"]
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
        "targets.started.may has \"kill\", which needs a pid_file or a url",
        "targets.rabbit.may has \"kill\", which needs start",
        "targets.rabbit.may has \"scale\", which needs kubernetes",
        "targets.pods is on a cluster; [kubernetes] must say which",
        "targets.stream.descriptors: there is no file no/such/file",
        "targets.stream.kubernetes: \"widget/stream\" must be kind and name of something that has pods",
        "targets.all.kubernetes: the selector is empty, which would be all pods",
        "targets.all.may has \"scale\", which needs kubernetes",
    ] {
        assert!(problems.contains(wanted), "{wanted} is not in\n{problems}");
    }
    let unset = Environment::parse("lab.toml", GOOD, &|_| None).unwrap_err().to_string();
    assert_eq!(unset, "lab.toml: the variable RABBIT_PASSWORD is not set; export it before the run");
    let unknown = parse("name = \"a\"\n[targets.focus]\nurll = \"http://a\"").unwrap_err().to_string();
    assert!(unknown.contains("urll"), "{unknown}");
    assert!(parse("name = ").unwrap_err().to_string().contains("line 1"));
}

#[test]
fn how_a_cluster_is_reached_is_settled_and_hidden() {
    let directory = tempfile::tempdir().unwrap();
    let kubeconfig = directory.path().join("kubeconfig");
    let written = json!({
        "current-context": "lab",
        "contexts": [{ "name": "lab", "context": { "cluster": "lab", "user": "lab" } }],
        "clusters": [{ "name": "lab", "cluster": { "server": "https://10.9.8.7:6443" } }],
        "users": [{ "name": "lab", "user": { "token": "t0ken-of-lab" } }],
    });
    std::fs::write(&kubeconfig, written.to_string()).unwrap();
    let cluster = |lines: &str, variable: &dyn Fn(&str) -> Option<String>| {
        let text = format!("name = \"lab\"\n[kubernetes]\n{lines}\n");
        Environment::parse("lab.toml", &text, variable)
    };
    let by_file =
        |lines: &str, path: String| cluster(lines, &|name| (name == "KUBECONFIG").then(|| path.clone()));
    let environment = by_file("namespace = \"focus\"", kubeconfig.display().to_string()).unwrap();
    assert_eq!(environment.kubernetes.unwrap().kubeconfig, Some(kubeconfig.clone()));
    let hidden = environment.redactor.redact("https://10.9.8.7:6443/api and t0ken-of-lab, or 10.9.8.7:6443");
    assert_eq!(hidden, "$kubernetes/api and ***, or $kubernetes");

    let inside = cluster("namespace = \"focus\"", &|name| match name {
        "KUBERNETES_SERVICE_HOST" => Some("fd00::1".into()),
        "KUBERNETES_SERVICE_PORT" => Some("443".into()),
        _ => None,
    });
    // Where there is no account to be read.
    let problems = inside.unwrap_err().problems.join("\n");
    assert!(problems.contains("kubernetes.token_file: /var/run/secrets"), "{problems}");

    let none = by_file("namespace = \"focus\"", "/no/such/kubeconfig".into()).unwrap_err().to_string();
    assert!(
        none.contains("kubernetes.kubeconfig: /no/such/kubeconfig") && none.contains("name another"),
        "{none}"
    );
    std::fs::write(&kubeconfig, "{}").unwrap();
    let lines = format!("namespace = \"Focus\"\nkubeconfig = {kubeconfig:?}\ntoken = \"a\"\n");
    let problems = cluster(&lines, &|_| None).unwrap_err().problems.join("\n");
    for wanted in [
        "kubernetes.namespace: a namespace is lower-case",
        "kubernetes.token: it goes with url",
        "it has no current context; name another",
    ] {
        assert!(problems.contains(wanted), "{wanted} is not in\n{problems}");
    }
    let lines = "namespace = \"focus\"\nurl = \"10.9.8.7\"\nkubeconfig = \"also\"\nca = \"no/such/ca\"";
    let problems = cluster(lines, &|_| None).unwrap_err().problems.join("\n");
    for wanted in [
        "kubernetes.url: there is a kubeconfig as well",
        "kubernetes.url: it must be a URL such as",
        "kubernetes.ca: ",
        "kubernetes.kubeconfig: ",
    ] {
        assert!(problems.contains(wanted), "{wanted} is not in\n{problems}");
    }
    let by_token =
        cluster("namespace = \"focus\"\nurl = \"https://10.9.8.7\"\ntoken = \"t0ken\"", &|_| None).unwrap();
    assert_eq!(
        by_token.redactor.redact("t0ken at https://10.9.8.7/ (10.9.8.7:443)"),
        "*** at $kubernetes/ ($kubernetes)"
    );
}

#[test]
fn what_a_name_stands_for_now_is_told_without_secrets() {
    let directory = tempfile::tempdir().unwrap();
    let (file, gone) = (directory.path().join("pid"), directory.path().join("gone"));
    let mut child = std::process::Command::new("sleep").args(["600", "0.5"]).spawn().unwrap();
    std::fs::write(&file, child.id().to_string()).unwrap();
    // A program that is just being started has no words yet.
    while crate::processes::in_file(&file).unwrap().command().is_empty() {
        std::thread::yield_now();
    }
    let text = format!(
        "name = \"lab\"\n[targets.here]\nprocess = {{ pid_file = {file:?} }}\n[targets.gone]\nprocess = {{ pid_file = {gone:?} }}\n\
         [targets.far]\nurl = \"http://far.example:80\"\n"
    );
    let mut environment = Environment::parse("lab.toml", &text, &|_| None).unwrap();
    environment.redactor.hide("600 0.5", "${TIME}");
    assert_eq!(environment.standing("here"), Some(format!("process {} (sleep ${{TIME}})", child.id())));
    assert_eq!(
        environment.standing("gone"),
        Some(format!("no process: {} names none that runs", gone.display()))
    );
    assert_eq!((environment.standing("far"), environment.standing("other")), (None, None));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(environment.standing("here").unwrap().starts_with("no process"));
}
