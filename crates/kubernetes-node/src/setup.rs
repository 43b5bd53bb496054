use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::credentials::Credentials;
use crate::part::Part;
use crate::programs::Programs;
use crate::service_ranges::ServiceRanges;

/// Where etcd serves: a socket in the cluster's home. etcd wants its name to look like a host's with a port.
pub(crate) const ETCD_SOCKET: &str = "etcd:0";
/// Where it would serve others of its kind. It has none, and must listen for them all the same.
const PEERS_SOCKET: &str = "peers:0";
/// Those that act on what our tests make.
const CONTROLLERS: [&str; 8] = [
    "job",
    "ttl-after-finished",
    "garbagecollector",
    "serviceaccount",
    "serviceaccount-token",
    "namespace",
    "endpoint",
    "resourcequota",
];

/// How the parts of one cluster are run.
#[derive(Debug)]
pub(crate) struct Setup {
    home: PathBuf,
    programs: Programs,
    minor_version: u32,
    port: u16,
    /// Where the API server serves.
    pub(crate) url: String,
    services: ServiceRanges,
    pub(crate) credentials: Credentials,
}

impl Setup {
    /// Ports, credentials and files in a cluster's home, all new.
    ///
    /// # Panics
    /// When the machine has none to give.
    pub(crate) fn new(programs: &Programs, home: &Path) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let port = port.expect("the loopback interface has a free port").port();
        let url = format!("https://127.0.0.1:{port}");
        Self {
            home: home.to_owned(),
            minor_version: programs.minor_version(),
            programs: programs.clone(),
            services: ServiceRanges::claim(),
            credentials: Credentials::write(home, &url),
            port,
            url,
        }
    }

    /// Whether somebody listens where the API server serves.
    pub(crate) fn listens(&self) -> bool {
        TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok()
    }

    /// Whether service accounts are given a secret without being asked, and pods wait for it.
    pub(crate) fn accounts_have_secrets(&self) -> bool {
        self.minor_version < 24
    }

    /// Runs a part.
    pub(crate) fn command(&self, part: Part) -> Command {
        let mut command = match part {
            Part::Etcd => self.etcd(),
            Part::Server => self.server(),
            Part::Controllers => self.controllers(),
        };
        // Names of files are relative to it.
        command.current_dir(&self.home);
        command
    }

    fn etcd(&self) -> Command {
        for socket in [ETCD_SOCKET, PEERS_SOCKET] {
            // One that was killed has left it, and it would be in the way.
            let _ = fs::remove_file(self.home.join(socket));
        }
        let mut etcd = Command::new(&self.programs.etcd);
        etcd.args([
            "--data-dir=data",
            "--unsafe-no-fsync",
            &format!("--listen-client-urls=unix://{ETCD_SOCKET}"),
            &format!("--advertise-client-urls=unix://{ETCD_SOCKET}"),
            &format!("--listen-peer-urls=unix://{PEERS_SOCKET}"),
            &format!("--initial-advertise-peer-urls=unix://{PEERS_SOCKET}"),
            &format!("--initial-cluster=default=unix://{PEERS_SOCKET}"),
        ]);
        etcd
    }

    fn server(&self) -> Command {
        let [certificate, key] = Credentials::SERVER;
        let [signing_key, verification_key] = Credentials::ACCOUNTS;
        let mut server = Command::new(&self.programs.server);
        server.args([
            &format!("--etcd-servers=unix://{ETCD_SOCKET}"),
            "--bind-address=127.0.0.1",
            &format!("--secure-port={}", self.port),
            // Nobody outside is told where it is: an address on the loopback would be refused.
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            &format!("--tls-cert-file={certificate}"),
            &format!("--tls-private-key-file={key}"),
            &format!("--token-auth-file={}", Credentials::TOKENS),
            "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default.svc",
            &format!("--service-account-signing-key-file={signing_key}"),
            &format!("--service-account-key-file={verification_key}"),
            &format!("--service-cluster-ip-range={}", self.services.cluster_ips()),
            &format!("--service-node-port-range={}", self.services.node_ports()),
        ]);
        self.enable_what_is_now_default(&mut server);
        server
    }

    fn controllers(&self) -> Command {
        let mut controllers = Command::new(&self.programs.controllers);
        controllers.args([
            &format!("--kubeconfig={}", Credentials::CONTROLLERS),
            &format!("--controllers={}", CONTROLLERS.join(",")),
            // They are alone.
            "--leader-elect=false",
            // They serve nothing that a test asks for.
            "--secure-port=0",
            &format!("--root-ca-file={}", Credentials::CA),
            &format!("--service-account-private-key-file={}", Credentials::ACCOUNTS[0]),
            // The default slows them down when there is much to do at once.
            "--kube-api-qps=500",
            "--kube-api-burst=500",
        ]);
        if self.minor_version < 24 {
            // Another port, without encryption.
            controllers.arg("--port=0");
        }
        self.enable_what_is_now_default(&mut controllers);
        controllers
    }

    fn enable_what_is_now_default(&self, command: &mut Command) {
        if self.minor_version < 21 {
            command.arg("--feature-gates=TTLAfterFinished=true");
        }
    }
}
