//! A private control plane for tests that are not written in Rust, and for people: see [`HELP`].

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use focus_kubernetes_node::{Cluster, Part};
use serde_json::json;

/// How this ends where there is nothing to start.
const SKIPPED: u8 = 77;

const HELP: &str = "\
A private Kubernetes control plane, which ends with its input (Ctrl-D). In another terminal:

    export KUBECONFIG={kubeconfig}
    kubectl get all

It has no nodes, so that pods stay pending. Each line here is answered by one, `ok ..` or `error ..`:

    stop | start | freeze | thaw   etcd | server | controllers
    namespace                      makes one that is ready for pods: its name
    kubeconfig NAMESPACE NAME      of a service account: where it is
";

fn main() -> ExitCode {
    if !Cluster::available() {
        return ExitCode::from(SKIPPED);
    }
    let mut cluster = Cluster::start();
    if std::io::stdin().is_terminal() {
        eprintln!("{}", HELP.replace("{kubeconfig}", &cluster.kubeconfig().to_string_lossy()));
    }
    let mut said = say(&about(&cluster));
    for line in std::io::stdin().lines().map_while(Result::ok) {
        if said.is_err() {
            // Whoever listened is gone.
            break;
        }
        said = say(&obey(&mut cluster, &line).unwrap_or_else(|error| format!("error {error}")));
    }
    ExitCode::SUCCESS
}

/// One line, at once.
fn say(line: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{line}")
}

/// What a client needs to know, as JSON.
fn about(cluster: &Cluster) -> String {
    let part = |part| json!({"pid": cluster.process_id(part), "log": cluster.log_file(part)});
    json!({
        "url": cluster.url(),
        "ca": cluster.ca(),
        "admin_token": cluster.admin_token(),
        "kubeconfig": cluster.kubeconfig(),
        "kubectl": cluster.kubectl_program(),
        "etcd": part(Part::Etcd),
        "server": part(Part::Server),
        "controllers": part(Part::Controllers),
    })
    .to_string()
}

fn obey(cluster: &mut Cluster, line: &str) -> Result<String, String> {
    let words: Vec<_> = line.split_whitespace().collect();
    let answer = match *words {
        ["stop", part] => {
            cluster.stop(part.parse()?);
            String::new()
        }
        ["start", part] => {
            let part = part.parse()?;
            cluster.start_again(part);
            cluster.process_id(part).map(|id| id.to_string()).unwrap_or_default()
        }
        ["freeze", part] => {
            cluster.freeze(part.parse()?);
            String::new()
        }
        ["thaw", part] => {
            cluster.thaw(part.parse()?);
            String::new()
        }
        ["namespace"] => cluster.namespace(),
        ["kubeconfig", namespace, name] => {
            cluster.service_account_kubeconfig(namespace, name).display().to_string()
        }
        _ => return Err(format!("{line:?} is not understood")),
    };
    Ok(format!("ok {answer}"))
}
