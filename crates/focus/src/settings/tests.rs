mod kubernetes;

use std::{collections::BTreeMap, fs, path::Path};

use super::key::KEYS;
use super::layers::Flag;
use super::*;

/// Sources without any setting, in a directory of their own.
fn sources(dir: &Path) -> Sources {
    let env = BTreeMap::from([("HOME".to_owned(), dir.display().to_string())]);
    Sources { config: None, flags: Vec::new(), env, purpose: Purpose::Alone, working_dir: dir.to_owned() }
}

fn flag(name: &str, value: &str) -> Flag {
    Flag { written: format!("--set {name}"), name: name.to_owned(), value: value.to_owned() }
}

fn with_env(mut sources: Sources, name: &str, value: &str) -> Sources {
    sources.env.insert(name.to_owned(), value.to_owned());
    sources
}

fn problems(sources: &Sources) -> Vec<String> {
    load(sources).unwrap_err().0.iter().map(ToString::to_string).collect()
}

#[test]
fn defaults_are_valid_and_contracted() {
    let dir = tempfile::tempdir().unwrap();
    let settings = load(&sources(dir.path())).unwrap().settings;
    assert_eq!(settings.listen.to_string(), "127.0.0.1:5000");
    assert_eq!(settings.data_dir, dir.path().join(".local/share/focus-server"));
    assert_eq!(settings.jobs.max_jobs.get(), 30);
    assert_eq!((settings.jobs.connect_within.as_secs(), settings.jobs.unwatched_for.as_secs()), (50, 180));
    assert_eq!(settings.jobs.ports.to_string(), "50051-50150");
    assert_eq!(settings.limits, Limits::default());
    assert_eq!(settings.live.source, LiveSource::Replay { file: None });
    assert_eq!(settings.cors_origins, CorsOrigins::Only(vec![]));
    assert!(settings.grpc.tls.is_none() && settings.public_host.is_none());
}

#[test]
fn a_flag_wins_over_the_environment_over_the_file() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("focus.toml"), "threads = 1\n[jobs]\nmax_jobs = 1\nconnect_within = 1\n")
        .unwrap();
    let mut sources = with_env(sources(dir.path()), "FOCUS_JOBS_MAX_JOBS", "2");
    sources.env.insert("FOCUS_JOBS_CONNECT_WITHIN".into(), "2m".into());
    sources.flags.push(flag("jobs.connect_within", "3.5"));
    let effective = load(&sources).unwrap();
    assert_eq!(effective.settings.threads.get(), 1);
    assert_eq!(effective.settings.jobs.max_jobs.get(), 2);
    assert_eq!(effective.settings.jobs.connect_within, Duration::from_millis(3500));
    let json = as_json(&effective.entries);
    let source = |name: &str| json[name]["source"].as_str().unwrap().to_owned();
    assert!(source("threads").ends_with("focus.toml:1"), "{}", source("threads"));
    assert_eq!(source("jobs.max_jobs"), "FOCUS_JOBS_MAX_JOBS");
    assert_eq!(source("jobs.connect_within"), "--set jobs.connect_within");
    assert_eq!(source("listen"), "default");
}

#[test]
fn every_problem_is_reported_at_once_with_its_source() {
    let dir = tempfile::tempdir().unwrap();
    let file = "lisen = \"127.0.0.1:1\"\nmax_jobs = 3\n[jobs]\nmax_jobs = 0\nports = \"9-3\"\n[live]\nsource = \"simulater\"\n";
    fs::write(dir.path().join("focus.toml"), file).unwrap();
    let mut sources = with_env(sources(dir.path()), "FOCUS_LOG_LEVEL", "inof");
    sources.env.insert("FOCUS_THREDS".into(), "2".into());
    sources.flags.push(flag("limits.max_channels", "-1"));
    let all = problems(&sources).join("\n");
    for expected in [
        "focus.toml:1: lisen is not a setting\n    Did you mean listen?",
        "focus.toml:2: max_jobs is not a setting\n    Did you mean jobs.max_jobs?",
        "focus.toml:4: jobs.max_jobs: must be a whole number from 1, not 0",
        "focus.toml:5: jobs.ports: must be a range of ports, FIRST-LAST, not \"9-3\"",
        "focus.toml:7: live.source: must be one of replay, simulator, none, not \"simulater\"\n    Did you mean \"simulator\"?",
        "FOCUS_LOG_LEVEL: \"inof\" is neither a level nor PART=LEVEL\n    Did you mean info?",
        "FOCUS_THREDS: is not a setting\n    Did you mean FOCUS_THREADS?",
        "--set limits.max_channels: must be a whole number, not \"-1\"",
    ] {
        assert!(all.contains(expected), "{expected:?} is missing in:\n{all}");
    }
    assert_eq!(problems(&sources).len(), 8, "{all}");
}

#[test]
fn rules_between_settings() {
    let dir = tempfile::tempdir().unwrap();
    let mut sources = sources(dir.path());
    sources.flags = vec![flag("jobs.ports", "5000-5009"), flag("grpc.tls_key", "key.pem")];
    assert_eq!(
        problems(&sources),
        [
            "--set jobs.ports: 5000-5009 are 10 ports for up to 30 jobs\n    Give more ports, or lower jobs.max_jobs.",
            "listen (default): port 5000 lies in jobs.ports (5000-5009)\n    Take another port, or move jobs.ports.",
            "--set grpc.tls_key: is set without grpc.tls_cert\n    Set both, or neither.",
        ]
    );
}

#[test]
fn broken_files_say_where() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("own.toml");
    fs::write(&path, "threads = 2\n[jobs\nmax_jobs = 3\n").unwrap();
    let mut sources = sources(dir.path());
    sources.config = Some(path);
    assert!(problems(&sources)[0].contains("own.toml:2: is not TOML"), "{:?}", problems(&sources));
    sources.config = Some(dir.path().join("absent.toml"));
    assert!(problems(&sources)[0].contains("absent.toml: cannot be read"), "{:?}", problems(&sources));
}

#[test]
fn kubernetes_service_links_are_no_settings() {
    let dir = tempfile::tempdir().unwrap();
    let mut sources = sources(dir.path());
    for name in
        ["FOCUS_SERVICE_HOST", "FOCUS_SERVER_SERVICE_PORT_HTTP", "FOCUS_PORT", "FOCUS_PORT_5000_TCP_ADDR"]
    {
        sources.env.insert(name.into(), "tcp://10.0.0.1:5000".into());
    }
    load(&sources).unwrap();
}

#[test]
fn a_pod_may_be_given_the_settings_of_a_later_version() {
    let dir = tempfile::tempdir().unwrap();
    let mut sources = with_env(sources(dir.path()), "FOCUS_INVENTED_LATER", "1");
    sources.purpose = Purpose::Pod;
    load(&sources).unwrap();
    sources.env.insert("FOCUS_LISTEN".into(), "nowhere".into());
    assert_eq!(problems(&sources).len(), 1);
    sources.purpose = Purpose::Server;
    assert!(problems(&sources).join("\n").contains("FOCUS_INVENTED_LATER: is not a setting"));
}

#[test]
fn paths_of_a_file_start_from_its_directory() {
    let dir = tempfile::tempdir().unwrap();
    let sub = dir.path().join("etc");
    fs::create_dir(&sub).unwrap();
    fs::write(sub.join("focus.toml"), "data_dir = \"data\"\n[live]\nfile = \"a.h5\"").unwrap();
    fs::write(sub.join("a.h5"), focus_recordings::EXCERPT).unwrap();
    let mut sources = sources(dir.path());
    sources.config = Some("etc/focus.toml".into());
    // Relative to the working directory of the process in real life.
    sources.config = sources.config.map(|path| dir.path().join(path));
    let settings = load(&sources).unwrap().settings;
    assert_eq!(settings.data_dir, sub.join("data"));
    assert_eq!(settings.live.source, LiveSource::Replay { file: Some(sub.join("a.h5")) });
    sources.flags.push(flag("live.file", "b.h5"));
    assert!(problems(&sources)[0].contains(&dir.path().join("b.h5").display().to_string()));
}

#[test]
fn the_index_may_lie_apart_from_the_recordings() {
    let dir = tempfile::tempdir().unwrap();
    let with = |index_dir: &str| {
        let mut sources = sources(dir.path());
        sources.flags = vec![flag("data_dir", "data"), flag("index_dir", index_dir)];
        sources
    };
    let settings = load(&with("index")).unwrap().settings;
    let index = dir.path().join("index");
    assert_eq!((settings.index_dir.as_deref(), settings.own_dir()), (Some(index.as_path()), index.as_path()));
    let settings = load(&with("data/")).unwrap().settings;
    assert_eq!(
        (settings.index_dir.as_deref(), settings.own_dir()),
        (None, dir.path().join("data").as_path())
    );
    fs::write(&index, "").unwrap();
    let found = problems(&with("index"));
    assert!(
        found.len() == 1 && found[0].contains("--set index_dir: ") && found[0].contains("is not a directory")
    );
}

#[test]
fn tls_files_must_hold_what_they_should() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("tls.crt"), CERTIFICATE).unwrap();
    fs::write(dir.path().join("tls.key"), ITS_KEY).unwrap();
    fs::write(dir.path().join("other.key"), pem("PRIVATE KEY", OTHER_KEY)).unwrap();
    let mut sources = sources(dir.path());
    sources.flags = vec![flag("grpc.tls_cert", "tls.crt"), flag("grpc.tls_key", "tls.key")];
    let effective = load(&sources).unwrap();
    assert!(
        !format!("{effective:?}").contains(ITS_KEY.lines().nth(1).unwrap()),
        "a private key must not be shown"
    );
    sources.flags[1] = flag("grpc.tls_key", "other.key");
    let found = problems(&sources).join("\n");
    assert!(found.contains("--set grpc.tls_key: cannot be used with grpc.tls_cert"), "{found}");
    sources.flags = vec![flag("grpc.tls_cert", "tls.key"), flag("grpc.tls_key", "absent")];
    let found = problems(&sources).join("\n");
    assert!(
        found.contains("holds no valid certificate") && found.contains("absent cannot be read"),
        "{found}"
    );
}

#[test]
fn what_is_shown_can_be_used_as_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut sources = sources(dir.path());
    sources.flags = vec![
        flag("cors_origins", "https://a.example, http://b.example:8080"),
        flag("public_host", "[::1]"),
        flag("jobs.connect_within", "100000.25"),
        flag("jobs.unwatched_for", "1h 30m"),
        flag("limits.max_row_bytes_per_second", "1.5e6"),
        flag("log.level", "warn,focus_jobs=trace"),
        flag("live.source", "simulator"),
        flag("index_dir", "index"),
        flag("jobs.launcher", "kubernetes"),
        flag("kubernetes.namespace", "focus"),
        flag("kubernetes.service", "cluster-ip"),
        flag("kubernetes.deadline", "0.25"),
        flag("kubernetes.max_job_life", "1w"),
    ];
    let effective = load(&sources).unwrap();
    let text = as_toml(&effective.entries);
    assert_eq!(effective.entries.len(), KEYS.len());
    assert!(
        effective.entries.iter().zip(KEYS).all(|(entry, key)| entry.key.name == key.name),
        "in the list's order"
    );
    let path = dir.path().join("shown.toml");
    fs::write(&path, &text).unwrap();
    sources.flags.clear();
    sources.config = Some(path);
    let again = load(&sources).unwrap();
    let values =
        |effective: &Effective| effective.entries.iter().map(|e| e.value.clone()).collect::<Vec<_>>();
    assert_eq!(values(&effective), values(&again), "{text}");
}

#[test]
fn values_that_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (name, value) in [
        ("listen", "localhost"),
        ("public_host", "http://a"),
        ("public_host", ""),
        ("cors_origins", "lab.example.org"),
        ("cors_origins", "*,https://a"),
        ("threads", "0"),
        ("threads", "5000"),
        ("jobs.connect_within", "0"),
        ("jobs.connect_within", "-3s"),
        ("jobs.connect_within", "soon"),
        ("jobs.connect_within", "1mo"),
        ("jobs.connect_within", "1e19"),
        ("index_dir", ""),
        ("jobs.ports", "0-100"),
        ("limits.max_multichannel_nfft", "1000"),
        ("limits.max_ffts_per_second", "0"),
        ("limits.max_ffts_per_second", "nan"),
        ("live.block_milliseconds", "0"),
        ("live.simulator.sampling_rate", "0"),
        ("live.simulator.seed", "18446744073709551615"),
        ("live.file", "absent.h5"),
        ("log.format", "xml"),
        ("log.level", "focus=loud"),
    ] {
        let mut sources = sources(dir.path());
        sources.flags.push(flag(name, value));
        let found = problems(&sources);
        assert_eq!(found.len(), 1, "{name} = {value:?}: {found:?}");
        assert!(found[0].starts_with(&format!("--set {name}: ")), "{found:?}");
    }
}

/// Self-signed, for localhost; made for tests and used nowhere else.
const CERTIFICATE: &str = include_str!("../../tests/localhost/certificate.pem");
/// The key that it was made for.
const ITS_KEY: &str = include_str!("../../tests/localhost/key.pem");
/// Another.
const OTHER_KEY: &str = "\
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgQTIkG/PPj6HlII27\
    AgjtRuEIKYqeH0Q3R9o0F5yzc+ehRANCAAQWCvDxe0m/BTYWOJmw7x35luSuX0dz\
    W+hK+6xi8C5q7mTtg5lkOPYN0MO4hpYRFb2QXGsGJ/NS5qTvp8xlLUDg";

fn pem(what: &str, base64: &str) -> String {
    format!("-----BEGIN {what}-----\n{base64}\n-----END {what}-----\n")
}

#[test]
fn a_fibre_that_cannot_be_simulated_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let with = |channels: &str, rate: &str| {
        let mut sources = sources(dir.path());
        sources.flags = vec![
            flag("live.source", "simulator"),
            flag("live.simulator.channels", channels),
            flag("live.simulator.sampling_rate", rate),
        ];
        sources
    };
    load(&with("5000", "2000")).unwrap();
    let found = problems(&with("100", "2e6"));
    assert_eq!(
        found,
        ["--set live.simulator.sampling_rate: must be above 0 and at most 1e6 Hz, not 2000000"]
    );
    let found = problems(&with("100000", "1e5"));
    assert!(
        found[0].starts_with("--set live.simulator.channels: 100000 channels with 100000 Hz need"),
        "{found:?}"
    );
}

#[test]
fn a_file_that_is_no_recording_cannot_be_replayed() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("no.h5"), "no recording").unwrap();
    let mut sources = sources(dir.path());
    sources.flags.push(flag("live.file", "no.h5"));
    let found = problems(&sources);
    assert!(found[0].starts_with("--set live.file: cannot be replayed: "), "{found:?}");
    sources.flags.push(flag("live.source", "none"));
    load(&sources).unwrap();
}

#[test]
fn a_command_that_needs_a_broker_says_so_and_nothing_else_does() {
    let dir = tempfile::tempdir().unwrap();
    assert!(load(&sources(dir.path())).unwrap().settings.broker.is_none());
    let needing = Sources { purpose: Purpose::Server, ..sources(dir.path()) };
    let all = problems(&needing);
    assert!(all.len() == 1 && all[0].contains("rabbitmq.url: is not set"), "{all:?}");
    assert!(all[0].contains("FOCUS_RABBITMQ_URL=amqp://"), "{all:?}");
    let given = with_env(needing, "FOCUS_RABBITMQ_URL", "amqp://u:hunter2@broker/v");
    let settings = load(&given).unwrap().settings;
    assert_eq!(settings.broker.unwrap().to_string(), "amqp://u@broker:5672 (virtual host \"v\")");
    assert_eq!(settings.band_channels.get(), 128);
    let client = Sources { purpose: Purpose::Client, ..sources(dir.path()) };
    assert_eq!(problems(&client).len(), 1);
}

#[test]
fn the_password_of_the_broker_is_never_repeated() {
    let dir = tempfile::tempdir().unwrap();
    let given = with_env(sources(dir.path()), "FOCUS_RABBITMQ_URL", "amqp://u:hunter2@broker/v");
    let effective = load(&given).unwrap();
    let shown = format!("{}{}{:?}", as_toml(&effective.entries), as_json(&effective.entries), effective);
    assert!(shown.contains("u@broker:5672") && !shown.contains("hunter2"), "{shown}");
    assert!(toml::from_str::<toml::Table>(&as_toml(&effective.entries)).is_ok(), "it is still a file");
    for wrong in ["amqp:/u:hunter2@broker", "http://u:hunter2@broker", "amqp://u:hunter2@broker:port"] {
        let all = problems(&with_env(sources(dir.path()), "FOCUS_RABBITMQ_URL", wrong)).join("\n");
        assert!(all.contains("FOCUS_RABBITMQ_URL") && !all.contains("hunter2"), "{all}");
    }
}

#[test]
fn numbers_of_the_broker_are_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let mut sources = sources(dir.path());
    sources.flags.push(flag("rabbitmq.deadline", "2s"));
    sources.flags.push(flag("rabbitmq.band_channels", "5000"));
    sources.flags.push(flag("rabbitmq.exchange", "amq.topic"));
    sources.flags.push(flag("rabbitmq.ca_file", "none.pem"));
    let all = problems(&sources).join("\n");
    for name in ["deadline", "band_channels", "exchange", "ca_file"] {
        assert!(all.contains(&format!("--set rabbitmq.{name}:")), "{name} is missing in:\n{all}");
    }
}

#[test]
fn a_catalogue_in_mongodb_is_read_and_its_password_never_repeated() {
    let dir = tempfile::tempdir().unwrap();
    assert!(load(&sources(dir.path())).unwrap().settings.mongodb.is_none());
    let url = "mongodb://u:hunter2@a,b:7/admin?replicaSet=r";
    let mut given = with_env(sources(dir.path()), "FOCUS_CATALOGUE_MONGODB_URL", url);
    given.flags.push(flag("catalogue.mongodb_database", "field"));
    given.flags.push(flag("catalogue.mounts", "/data/prod=/mnt/a, /data=/mnt/b"));
    let effective = load(&given).unwrap();
    let mongodb = effective.settings.mongodb.as_ref().unwrap();
    assert_eq!(mongodb.address.to_string(), "mongodb://a:27017,b:7 (database \"field\")");
    let mounts: Vec<_> = mongodb.mounts.iter().map(ToString::to_string).collect();
    assert_eq!(mounts, ["/data/prod=/mnt/a", "/data=/mnt/b"]);
    assert!(effective.unused().is_empty());
    given.flags.push(flag("jobs.launcher", "kubernetes"));
    given.flags.push(flag("data_dir", "/mnt"));
    assert!(load(&given).is_ok(), "both lie in the volume of the jobs");
    given.flags.push(flag("data_dir", "/mnt/a"));
    let told = problems(&given).join("\n");
    assert!(told.contains("/data=/mnt/b leads out of data_dir, /mnt/a"), "{told}");
    let shown = format!("{}{}{:?}", as_toml(&effective.entries), as_json(&effective.entries), effective);
    assert!(shown.contains("b:7") && !shown.contains("hunter2"), "{shown}");
    assert!(toml::from_str::<toml::Table>(&as_toml(&effective.entries)).is_ok(), "it is still a file");
    for wrong in
        ["mongodb:/u:hunter2@a", "http://u:hunter2@a", "mongodb://u:hunter2/@a", "mongodb+srv://u:hunter2@a"]
    {
        let all = problems(&with_env(sources(dir.path()), "FOCUS_CATALOGUE_MONGODB_URL", wrong)).join("\n");
        assert!(all.contains("FOCUS_CATALOGUE_MONGODB_URL") && !all.contains("hunter2"), "{all}");
    }
    let mut wrong = sources(dir.path());
    wrong.flags = vec![flag("catalogue.mongodb_database", "a b"), flag("catalogue.mounts", "/data:/mnt")];
    assert_eq!(problems(&wrong).len(), 2);
    let mut idle = sources(dir.path());
    idle.flags.push(flag("catalogue.mounts", "/data=/mnt"));
    assert_eq!(load(&idle).unwrap().unused(), ["catalogue.mounts"]);
}
