use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use focus_guarded::Guarded;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::kubectl::Kubectl;
use crate::part::Part;
use crate::programs::Programs;
use crate::setup::{ETCD_SOCKET, Setup};

/// How long anything may take to come true, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
/// Starts that may fail because somebody else took the port first ..
const TRIES: usize = 3;
/// .. and, where it has to be that port, time for them to give it back.
const GIVEN_BACK: Duration = Duration::from_secs(2);
/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(30);
/// A namespace that is always there, and that no test uses.
const OUR_NAMESPACE: &str = "kube-node-lease";

/// A private control plane.
#[derive(Debug)]
pub struct Cluster {
    // In the order in which they go: the processes, what they wrote.
    processes: [Option<Guarded>; Part::ALL.len()],
    home: TempDir,
    setup: Setup,
    kubectl: Kubectl,
}

impl Cluster {
    /// Whether this machine has what a cluster needs. If not, this says loudly that the test is skipped.
    ///
    /// # Panics
    /// When not, and nothing may be skipped: where `CI` is set, or `TEST_KUBERNETES` is `1`.
    #[must_use = "without it, no cluster can be started"]
    pub fn available() -> bool {
        let Err(missing) = Programs::find() else { return true };
        let must = std::env::var_os("CI").is_some()
            || std::env::var_os("TEST_KUBERNETES").is_some_and(|value| value == "1");
        assert!(!must, "{}", advice(&missing));
        eprintln!("SKIPPED: {}", advice(&missing));
        false
    }

    /// Starts a cluster and waits until all of it works; about 5 seconds.
    ///
    /// # Panics
    /// When it cannot be started, with its log.
    #[must_use]
    pub fn start() -> Self {
        let programs = Programs::find().unwrap_or_else(|missing| panic!("{}", advice(&missing)));
        let mut log = String::new();
        for _ in 0..TRIES {
            let mut cluster = Self::prepare(&programs);
            match Part::ALL.into_iter().try_for_each(|part| cluster.launch(part)) {
                Ok(()) => return cluster,
                Err(failure) => log = failure,
            }
        }
        panic!("Kubernetes does not start: {log}")
    }

    fn prepare(programs: &Programs) -> Self {
        let home = tempfile::Builder::new().prefix("focus-kubernetes-").tempdir();
        let home = home.expect("a temporary directory can be made");
        let setup = Setup::new(programs, home.path());
        let kubectl = Kubectl {
            program: programs.kubectl.clone(),
            kubeconfig: setup.credentials.write_kubeconfig("admin.kubeconfig", &setup.credentials.admin),
            home: home.path().to_owned(),
        };
        Self { processes: [const { None }; Part::ALL.len()], home, setup, kubectl }
    }

    /// Starts a part's process and waits until it works; the log when it ends.
    fn launch(&mut self, part: Part) -> Result<(), String> {
        let output = File::options().append(true).create(true).open(self.log_file(part));
        let output = output.expect("a file can be written");
        let mut command = self.setup.command(part);
        command.stdout(output.try_clone().expect("a file has another handle")).stderr(output);
        self.processes[part as usize] = Some(Guarded::spawn(&mut command, self.home.path()));
        match part {
            Part::Etcd => self.wait_until(part, Self::etcd_listens),
            Part::Server => self.wait_until(part, Self::serves),
            Part::Controllers => self.try_controllers(),
        }
    }

    /// Waits until something comes true that a part must do; the log when the part has ended.
    fn wait_until(&self, part: Part, condition: impl Fn(&Self) -> bool) -> Result<(), String> {
        let started = Instant::now();
        while !condition(self) {
            if self.processes[part as usize].as_ref().is_none_or(Guarded::has_ended) {
                return Err(self.log());
            }
            let name = part.name();
            assert!(started.elapsed() < PATIENCE, "the {name} of Kubernetes does not work: {}", self.log());
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    fn etcd_listens(&self) -> bool {
        UnixStream::connect(self.home.path().join(ETCD_SOCKET)).is_ok()
    }

    fn serves(&self) -> bool {
        // The first is cheap, and in vain most often.
        self.setup.listens() && self.try_kubectl(&["get", "--raw=/readyz"]).is_ok()
    }

    /// Waits until the controllers make the pod of a job, and collect it when the job is deleted; the log when they end.
    fn try_controllers(&self) -> Result<(), String> {
        // Without one a job's pods would be refused, and tried again only after ten seconds.
        for namespace in [OUR_NAMESPACE, "default"] {
            self.wait_until(Part::Controllers, |cluster| cluster.has_service_account(namespace))?;
        }
        let job = json!({
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "try", "namespace": OUR_NAMESPACE},
            "spec": {"template": {"spec": {
                "restartPolicy": "Never",
                "automountServiceAccountToken": false,
                "containers": [{"name": "none", "image": "none"}],
            }}},
        });
        self.apply(&job.to_string());
        let pods = |cluster: &Self| {
            let list = format!("--raw=/api/v1/namespaces/{OUR_NAMESPACE}/pods");
            let list: Value = serde_json::from_str(&cluster.try_kubectl(&["get", &list]).ok()?).ok()?;
            Some(list["items"].as_array()?.len())
        };
        self.wait_until(Part::Controllers, |cluster| pods(cluster) == Some(1))?;
        self.kubectl(&["delete", "job", "try", "--namespace", OUR_NAMESPACE, "--wait=false"]);
        self.wait_until(Part::Controllers, |cluster| pods(cluster) == Some(0))
    }

    /// Whether a namespace has the service account that pods have by default.
    fn has_service_account(&self, namespace: &str) -> bool {
        let column =
            if self.setup.accounts_have_secrets() { "{.secrets[*].name}" } else { "{.metadata.name}" };
        let columns = format!("--output=jsonpath={column}");
        let found =
            self.try_kubectl(&["get", "serviceaccount", "default", "--namespace", namespace, &columns]);
        found.is_ok_and(|found| !found.is_empty())
    }

    /// Where the API server serves, `https://127.0.0.1:<port>`. It stays the same.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.setup.url
    }

    /// Where the certificate of the authority is that the API server's is signed by, PEM.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.setup.credentials.ca()
    }

    /// The bearer token of a user who may do everything.
    #[must_use]
    pub fn admin_token(&self) -> &str {
        &self.setup.credentials.admin
    }

    /// The kubeconfig of a user who may do everything.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubectl.kubeconfig
    }

    /// The `kubectl` that [`kubectl`](Self::kubectl) runs.
    #[must_use]
    pub fn kubectl_program(&self) -> &Path {
        &self.kubectl.program
    }

    /// A bearer token, valid for an hour, of a service account.
    ///
    /// # Panics
    /// When there is no such account.
    #[must_use]
    pub fn service_account_token(&self, namespace: &str, name: &str) -> String {
        let path = format!("--raw=/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token");
        let request = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": 3600},
        });
        let answer = self.kubectl.run(&["create", &path, "--filename=-"], &request.to_string());
        let answer = answer.unwrap_or_else(|error| panic!("no token of {namespace}/{name}: {error}"));
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        let token = answer["status"]["token"].as_str();
        token.unwrap_or_else(|| panic!("no token of {namespace}/{name} in {answer}")).to_owned()
    }

    /// The kubeconfig of a service account, with a new token that is valid for an hour.
    ///
    /// # Panics
    /// When there is no such account.
    #[must_use]
    pub fn service_account_kubeconfig(&self, namespace: &str, name: &str) -> PathBuf {
        let token = self.service_account_token(namespace, name);
        self.setup.credentials.write_kubeconfig(&format!("{namespace}-{name}.kubeconfig"), &token)
    }

    /// Makes a namespace that is ready for pods, and gives its name.
    ///
    /// # Panics
    /// When it cannot be made: the API server and the controllers must run.
    #[must_use]
    pub fn namespace(&self) -> String {
        let name = format!("test-{}", &Uuid::new_v4().simple().to_string()[..8]);
        self.kubectl(&["create", "namespace", &name]);
        let ready = self.wait_until(Part::Controllers, |cluster| cluster.has_service_account(&name));
        ready.unwrap_or_else(|log| panic!("the namespace is not made ready: {log}"));
        name
    }

    /// Runs `kubectl` with these arguments as the user who may do everything; what it prints, or complains of.
    ///
    /// # Errors
    /// When it fails.
    pub fn try_kubectl(&self, arguments: &[&str]) -> Result<String, String> {
        self.kubectl.run(arguments, "")
    }

    /// The same where it must not fail; what it prints.
    ///
    /// # Panics
    /// When it fails, with what it complains of.
    #[expect(clippy::must_use_candidate, reason = "most are run for what they do")]
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        let printed = self.try_kubectl(arguments);
        printed.unwrap_or_else(|error| panic!("kubectl {}: {error}", arguments.join(" ")))
    }

    /// Applies manifests, as YAML or JSON.
    ///
    /// # Panics
    /// When `kubectl` cannot, with what it complains of.
    pub fn apply(&self, manifests: &str) {
        if let Err(error) = self.kubectl.run(&["apply", "--filename=-"], manifests) {
            panic!("kubectl apply: {error}");
        }
    }

    /// Ends a part at once, as a crash does.
    pub fn stop(&mut self, part: Part) {
        self.processes[part as usize] = None;
    }

    /// Starts a part again after [`stop`](Self::stop), at the same address; waits until it works, and after etcd
    /// also until the API server does if that runs.
    ///
    /// # Panics
    /// When it does not, with the log. What it needs must run.
    pub fn start_again(&mut self, part: Part) {
        let mut done = self.launch(part);
        for _ in 1..TRIES {
            if done.is_err() {
                std::thread::sleep(GIVEN_BACK);
                done = self.launch(part);
            }
        }
        if part == Part::Etcd && self.processes[Part::Server as usize].is_some() {
            done = done.and_then(|()| self.wait_until(Part::Server, Self::serves));
        }
        done.unwrap_or_else(|log| panic!("{} does not start again: {log}", part.name()));
    }

    /// Halts a part: connections stay open and new ones are accepted by the kernel, but nobody answers.
    pub fn freeze(&self, part: Part) {
        if let Some(process) = &self.processes[part as usize] {
            process.freeze();
        }
    }

    /// Lets a frozen part go on.
    pub fn thaw(&self, part: Part) {
        if let Some(process) = &self.processes[part as usize] {
            process.thaw();
        }
    }

    /// The process of a part, unless it is stopped.
    #[must_use]
    pub fn process_id(&self, part: Part) -> Option<u32> {
        self.processes[part as usize].as_ref().map(Guarded::id)
    }

    /// Where a part writes what it does.
    #[must_use]
    pub fn log_file(&self, part: Part) -> PathBuf {
        self.home.path().join(part.name()).with_extension("log")
    }

    /// What all parts have written.
    #[must_use]
    pub fn log(&self) -> String {
        Part::ALL.map(|part| fs::read_to_string(self.log_file(part)).unwrap_or_default()).concat()
    }
}

fn advice(missing: &str) -> String {
    format!("no {missing} on this machine: run ./test once, which builds it unless KUBEBUILDER_ASSETS is set")
}
