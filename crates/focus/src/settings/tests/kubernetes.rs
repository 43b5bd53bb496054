use focus_jobs::Exposure;

use super::*;

/// The least that jobs can be made from.
const WORKER: &str = "{spec: {template: {spec: {containers: [{name: worker, image: own-image}]}}}}";

/// As for `focus serve --launcher kubernetes`.
fn on_a_cluster(dir: &Path) -> Sources {
    let mut sources = with_env(sources(dir), "FOCUS_JOBS_LAUNCHER", "kubernetes");
    sources.purpose = Purpose::Server;
    with_env(sources, "FOCUS_RABBITMQ_URL", "amqp://broker")
}

#[test]
fn defaults_are_contracted() {
    let dir = tempfile::tempdir().unwrap();
    let Settings { jobs, kubernetes, .. } = load(&sources(dir.path())).unwrap().settings;
    assert_eq!(jobs.launcher, LauncherKind::Processes);
    assert!(kubernetes.kubeconfig.is_none() && kubernetes.namespace.is_none() && kubernetes.image.is_none());
    assert!(kubernetes.worker_template.is_none());
    assert_eq!((kubernetes.instance.as_str(), kubernetes.service), ("focus-server", Exposure::NodePort));
    let times = [kubernetes.deadline, kubernetes.max_job_life, kubernetes.sweep_period];
    assert_eq!(times, [Duration::from_millis(800), Duration::from_hours(7 * 24), Duration::from_secs(10)]);
}

#[test]
fn everything_can_be_said() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("kubeconfig"), "").unwrap();
    fs::write(dir.path().join("worker.yaml"), WORKER).unwrap();
    let mut sources = on_a_cluster(dir.path());
    for (name, value) in [
        ("KUBECONFIG", "kubeconfig"),
        ("NAMESPACE", "fibre-1"),
        ("INSTANCE", "North.Shaft_2"),
        ("IMAGE", "registry.example.org:5000/focus@sha256:0123"),
        ("WORKER_TEMPLATE", "worker.yaml"),
        ("SERVICE", "cluster-ip"),
        ("DEADLINE", "50ms"),
        ("MAX_JOB_LIFE", "2d 12h"),
        ("SWEEP_PERIOD", "60"),
    ] {
        sources.env.insert(format!("FOCUS_KUBERNETES_{name}"), value.into());
    }
    let effective = load(&sources).unwrap();
    let Settings { jobs, kubernetes, .. } = effective.settings.clone();
    assert_eq!(kubernetes.kubeconfig, Some(dir.path().join("kubeconfig")));
    assert_eq!(kubernetes.namespace.as_deref(), Some("fibre-1"));
    assert_eq!(kubernetes.instance, "North.Shaft_2");
    assert_eq!(kubernetes.image.as_deref(), Some("registry.example.org:5000/focus@sha256:0123"));
    assert!(format!("{:?}", kubernetes.worker_template).contains("own-image"));
    assert_eq!(kubernetes.service, Exposure::ClusterIp);
    let times = [kubernetes.deadline, kubernetes.max_job_life, kubernetes.sweep_period];
    assert_eq!(times, [Duration::from_millis(50), Duration::from_hours(60), Duration::from_mins(1)]);
    assert_eq!(jobs.launcher, LauncherKind::Kubernetes);
    assert!(effective.unused().is_empty());
}

#[test]
fn every_problem_names_its_rule_and_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let long = "a".repeat(64);
    let file = format!(
        "[jobs]\nlauncher = \"kubernets\"\n[kubernetes]\nnamespace = \"Focus\"\ninstance = \"{long}\"\n\
         image = \"focus server\"\nservice = \"loadbalancer\"\ndeadline = \"901ms\"\nmax_job_life = \"9m\"\n\
         sweep_period = 61\nnamspace = \"a\"\n"
    );
    fs::write(dir.path().join("focus.toml"), file).unwrap();
    let all = problems(&sources(dir.path()));
    let joined = all.join("\n");
    for expected in [
        "focus.toml:2: jobs.launcher: must be one of processes, kubernetes, not \"kubernets\"\n    Did you mean \"kubernetes\"?",
        "focus.toml:4: kubernetes.namespace: must be 1 to 63 lower-case letters, digits and hyphens, without a hyphen at either end, not \"Focus\"\n    For example: focus",
        "focus.toml:5: kubernetes.instance: must be 1 to 63 letters, digits, hyphens, underscores and periods, with a letter or digit at either end, not \"aaa",
        "focus.toml:6: kubernetes.image: must be the name of an image, without spaces, not \"focus server\"",
        "focus.toml:7: kubernetes.service: must be one of node-port, cluster-ip, not \"loadbalancer\"",
        "focus.toml:8: kubernetes.deadline: must be from \"50ms\" to \"900ms\", not \"901ms\"",
        "focus.toml:9: kubernetes.max_job_life: must be from \"10m\" to \"365d\", not \"9m\"",
        "focus.toml:10: kubernetes.sweep_period: must be from \"1s\" to \"1m\", not \"1m 1s\"",
        "focus.toml:11: kubernetes.namspace is not a setting\n    Did you mean kubernetes.namespace?",
    ] {
        assert!(joined.contains(expected), "{expected:?} is missing in:\n{joined}");
    }
    assert_eq!(all.len(), 9, "{joined}");
}

#[test]
fn names_that_a_cluster_would_refuse_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let longest = "a".repeat(63);
    for (name, valid, invalid) in [
        ("kubernetes.namespace", [longest.as_str(), "0", "a-b"], ["", "-a", "a-", "a.b", "a_b", "ä"]),
        ("kubernetes.instance", [longest.as_str(), "A", "a.b_c-d"], ["", "-a", "a.", "a/b", "a b", "ä"]),
    ] {
        let with = |value: &str| {
            let mut sources = sources(dir.path());
            sources.flags.push(flag(name, value));
            load(&sources)
        };
        for value in valid {
            assert!(with(value).is_ok(), "{name} = {value:?}");
        }
        for value in invalid {
            assert!(with(value).is_err(), "{name} = {value:?}");
        }
    }
}

#[test]
fn ports_are_no_matter_to_who_needs_none_for_jobs() {
    let dir = tempfile::tempdir().unwrap();
    let few_ports = |mut sources: Sources| {
        sources.flags.push(flag("jobs.ports", "5000-5001"));
        sources
    };
    assert_eq!(problems(&few_ports(sources(dir.path()))).len(), 2);
    load(&few_ports(on_a_cluster(dir.path()))).unwrap();
    for purpose in [Purpose::Pod, Purpose::Client] {
        let other =
            with_env(Sources { purpose, ..sources(dir.path()) }, "FOCUS_RABBITMQ_URL", "amqp://broker");
        load(&few_ports(other)).unwrap();
    }
}

#[test]
fn files_are_read_by_the_server_that_starts_jobs_on_a_cluster_and_by_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = on_a_cluster(dir.path());
    server.flags =
        vec![flag("kubernetes.kubeconfig", "absent"), flag("kubernetes.worker_template", "none.yaml")];
    let found = problems(&server);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].starts_with("--set kubernetes.kubeconfig: ") && found[0].contains("absent cannot be read")
    );
    assert!(
        found[1].starts_with("--set kubernetes.worker_template: ")
            && found[1].contains("none.yaml cannot be")
    );
    for purpose in [Purpose::Pod, Purpose::Client] {
        let other = Sources { purpose, ..server.clone() };
        assert!(load(&other).unwrap().settings.broker.is_some());
    }
    server.env.remove("FOCUS_JOBS_LAUNCHER");
    let effective = load(&server).unwrap();
    assert_eq!(effective.unused(), ["kubernetes.kubeconfig", "kubernetes.worker_template"]);
}

#[test]
fn a_template_must_be_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("worker.yaml");
    for (yaml, why) in [("spec: [", "not a Job manifest"), ("kind: Job", "has no spec.template.spec")] {
        fs::write(&path, yaml).unwrap();
        let mut server = on_a_cluster(dir.path());
        server.flags = vec![flag("kubernetes.worker_template", "worker.yaml")];
        let found = problems(&server);
        assert_eq!(found.len(), 1, "{found:?}");
        let said = format!("--set kubernetes.worker_template: {}: {why}", path.display());
        assert!(found[0].starts_with(&said), "{found:?}");
    }
}

#[test]
fn a_pod_without_a_broker_has_settings() {
    let dir = tempfile::tempdir().unwrap();
    let pod = Sources { purpose: Purpose::Pod, ..sources(dir.path()) };
    assert!(load(&pod).unwrap().settings.broker.is_none());
}
