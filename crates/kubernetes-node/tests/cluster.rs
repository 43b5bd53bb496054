//! The cluster that other tests rely on: starts, acts on jobs, breaks, comes back, leaves nothing.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use focus_kubernetes_node::{Cluster, Part};
use serde_json::{Value, json};

/// A job and a service that it owns, made as they are in a launch; `spec` is what is special about the job.
fn make(cluster: &Cluster, namespace: &str, name: &str, spec: &Value) {
    let mut job = json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "backoffLimit": 0,
            "template": {"spec": {
                "restartPolicy": "Never",
                "containers": [{"name": "worker", "image": "none"}],
            }},
        },
    });
    for (field, value) in spec.as_object().unwrap() {
        job["spec"][field] = value.clone();
    }
    cluster.apply(&job.to_string());
    let uid = cluster.kubectl(&["get", "job", name, "-n", namespace, "--output=jsonpath={.metadata.uid}"]);
    let service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": uid}],
        },
        "spec": {"type": "NodePort", "ports": [{"port": 5000}], "selector": {"job-name": name}},
    });
    cluster.apply(&service.to_string());
}

/// The names of what is in a namespace, such as `job.batch/a`.
fn names(cluster: &Cluster, kinds: &str, namespace: &str) -> Vec<String> {
    let printed = cluster.kubectl(&["get", kinds, "-n", namespace, "--output=name"]);
    printed.lines().map(str::to_owned).collect()
}

fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(60), "{what} has not come true");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn serves(cluster: &Cluster) -> bool {
    cluster.try_kubectl(&["get", "--raw=/readyz", "--request-timeout=1s"]).is_ok()
}

#[test]
fn controllers_act_on_jobs() {
    if !Cluster::available() {
        return;
    }
    let started = Instant::now();
    let cluster = Cluster::start();
    println!("started in {:?}", started.elapsed());
    // Clients go by it; what is built without saying which version it is calls itself v0.0.0.
    let version: Value = serde_json::from_str(&cluster.kubectl(&["get", "--raw=/version"])).unwrap();
    assert_eq!(version["major"], "1", "{version}");
    assert!(version["gitVersion"].as_str().unwrap().starts_with("v1."), "{version}");
    let namespace = cluster.namespace();

    make(&cluster, &namespace, "inert", &json!({"parallelism": 0}));
    make(&cluster, &namespace, "other", &json!({"parallelism": 1}));
    // Jobs are looked at in the order in which they are made: then also the inert one has been.
    wait_until("the pod of the other job", || !names(&cluster, "pods", &namespace).is_empty());
    let pods = || cluster.kubectl(&["get", "pods", "-n", &namespace, "--selector=job-name=inert", "-oname"]);
    assert_eq!(pods(), "");
    cluster.kubectl(&[
        "patch",
        "job",
        "inert",
        "-n",
        &namespace,
        "--patch",
        r#"{"spec": {"parallelism": 1}}"#,
    ]);
    wait_until("the pod of a job that is no longer inert", || !pods().is_empty());

    cluster.kubectl(&["delete", "job", "inert", "-n", &namespace, "--wait=false"]);
    wait_until("the end of what the job owned", || {
        let left = names(&cluster, "jobs,services,pods", &namespace);
        left.len() == 3 && left.iter().all(|name| name.contains("/other"))
    });

    // Its time begins when all of it is there, however long that took.
    make(&cluster, &namespace, "brief", &json!({"parallelism": 1}));
    let patch = r#"{"spec": {"activeDeadlineSeconds": 1, "ttlSecondsAfterFinished": 0}}"#;
    cluster.kubectl(&["patch", "job", "brief", "-n", &namespace, "--patch", patch]);
    wait_until("the end of a job that had little time", || {
        !names(&cluster, "jobs,services,pods", &namespace).iter().any(|name| name.contains("/brief"))
    });
}

#[test]
fn service_accounts_may_do_what_they_are_allowed_to() {
    if !Cluster::available() {
        return;
    }
    let cluster = Cluster::start();
    let namespace = cluster.namespace();
    let kubeconfig = cluster.service_account_kubeconfig(&namespace, "default");
    let flag = format!("--kubeconfig={}", kubeconfig.display());
    let may_list = || cluster.try_kubectl(&[&flag, "get", "jobs", "-n", &namespace]);
    let refusal = may_list().unwrap_err();
    let who = format!("system:serviceaccount:{namespace}:default");
    assert!(refusal.contains("Forbidden") && refusal.contains(&who), "{refusal}");
    let account = format!("--serviceaccount={namespace}:default");
    cluster.kubectl(&["create", "role", "list", "--verb=list", "--resource=jobs", "-n", &namespace]);
    cluster.kubectl(&["create", "rolebinding", "list", "--role=list", &account, "-n", &namespace]);
    wait_until("the right to list jobs", || may_list().is_ok());
}

#[test]
fn parts_break_and_come_back() {
    if !Cluster::available() {
        return;
    }
    let mut cluster = Cluster::start();
    let namespace = cluster.namespace();
    let (url, there) = (cluster.url().to_owned(), format!("namespace/{namespace}"));
    let still_there = |cluster: &Cluster| {
        assert_eq!(cluster.url(), url);
        assert_eq!(cluster.kubectl(&["get", "namespace", &namespace, "--output=name"]).trim(), there);
    };

    for part in [Part::Server, Part::Etcd] {
        cluster.freeze(part);
        assert!(!serves(&cluster), "with frozen {}", part.name());
        cluster.thaw(part);
        wait_until("the end of the frost", || serves(&cluster));
        still_there(&cluster);

        cluster.stop(part);
        assert!(!serves(&cluster), "without {}", part.name());
        cluster.start_again(part);
        wait_until("its return", || serves(&cluster));
        still_there(&cluster);
    }

    cluster.freeze(Part::Controllers);
    make(&cluster, &namespace, "first", &json!({}));
    cluster.thaw(Part::Controllers);
    wait_until("the first pod", || names(&cluster, "pods", &namespace).len() == 1);
    cluster.stop(Part::Controllers);
    make(&cluster, &namespace, "second", &json!({}));
    cluster.start_again(Part::Controllers);
    wait_until("the second pod", || names(&cluster, "pods", &namespace).len() == 2);
}

/// What the program says of itself.
struct About(Value);

impl About {
    fn processes(&self) -> impl Iterator<Item = String> {
        let id = |part: Part| self.0[part.name()]["pid"].as_u64().unwrap();
        Part::ALL.map(|part| format!("/proc/{}", id(part))).into_iter()
    }

    fn home(&self) -> &Path {
        Path::new(self.0["kubeconfig"].as_str().unwrap()).parent().unwrap()
    }
}

#[test]
fn the_program_obeys_and_leaves_nothing_even_when_killed() {
    if !Cluster::available() {
        return;
    }
    for killed in [false, true] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_focus-kubernetes-node"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(program.stdout.take().unwrap()).lines().map(Result::unwrap);
        let about = About(serde_json::from_str(&lines.next().unwrap()).unwrap());
        assert!(about.processes().all(|process| Path::new(&process).exists()));
        let mut input = program.stdin.take().unwrap();
        let mut ask = |line: &str| {
            std::io::Write::write_all(&mut input, format!("{line}\n").as_bytes()).unwrap();
            lines.next().unwrap()
        };
        assert_eq!(ask("freeze server"), "ok ");
        assert!(ask("freeze nothing").starts_with("error "));
        assert!(ask("dance").starts_with("error "));
        assert_eq!(ask("thaw server"), "ok ");
        let namespace = ask("namespace");
        let kubeconfig = ask(&format!("kubeconfig {} default", namespace.strip_prefix("ok ").unwrap()));
        assert!(Path::new(kubeconfig.strip_prefix("ok ").unwrap()).exists());
        assert_eq!(ask("freeze etcd"), "ok ");

        if killed {
            program.kill().unwrap();
        }
        drop(input);
        program.wait().unwrap();
        wait_until("the end of all processes", || {
            !about.processes().any(|process| Path::new(&process).exists())
        });
        wait_until("the end of all files", || !about.home().exists());
    }
}
