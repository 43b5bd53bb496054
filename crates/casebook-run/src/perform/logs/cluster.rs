//! Logs of pods, as the API server has them from the kubelets.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::api::LogParams;

use super::MOST;
use crate::environment::Workload;
use crate::kubernetes::pods::{self, Restarts};
use crate::kubernetes::{Connection, kinds};

/// What the containers of pods have logged since then, in the order of time, and how many of the pods that there were
/// then are gone with what they logged.
pub(super) async fn read(
    workload: &Workload,
    since: Timestamp,
    then: Option<&Restarts>,
    connection: &Connection,
) -> Result<(String, u64), String> {
    let pods = pods::of(workload, connection).await?;
    let mut lines = Vec::new();
    for pod in &pods {
        for container in pods::containers(pod) {
            for previous in instances(container, since) {
                lines.extend(of_container(pod, &container.name, previous, since, connection).await?);
            }
        }
    }
    lines.sort_by_key(|(at, _)| *at);
    let is_there = |id: &str| pods.iter().any(|pod| pod.metadata.uid.as_deref() == Some(id));
    let known = then.into_iter().flat_map(Restarts::keys).filter(|(_, container)| container.is_empty());
    let gone = known.filter(|(id, _)| !is_there(id)).count();
    let text = lines.into_iter().map(|(_, line)| line + "\n").collect();
    Ok((text, gone as u64))
}

/// Which of a container's logs there are: of what ran before it was started again (true) when that ended since then, and
/// of what runs or ran last.
fn instances(container: &ContainerStatus, since: Timestamp) -> Vec<bool> {
    let ended = container.last_state.as_ref().and_then(|last| last.terminated.as_ref());
    let ended = ended.and_then(|ended| ended.finished_at.as_ref());
    let state = container.state.as_ref();
    let has_begun = state.is_some_and(|state| state.running.is_some() || state.terminated.is_some());
    let mut instances = Vec::new();
    // Its clock knows whole seconds.
    if ended.is_some_and(|at| at.0.as_second() >= since.as_second()) {
        instances.push(true);
    }
    if has_begun {
        instances.push(false);
    }
    instances
}

async fn of_container(
    pod: &Pod,
    container: &str,
    previous: bool,
    since: Timestamp,
    connection: &Connection,
) -> Result<Vec<(Timestamp, String)>, String> {
    let params = LogParams {
        container: Some(container.to_owned()),
        previous,
        since_time: Some(since),
        timestamps: true,
        limit_bytes: i64::try_from(MOST).ok(),
        ..LogParams::default()
    };
    let name = pods::name(pod);
    let what = format!("the log of {}", kinds::called(&kinds::known("pod")?, name));
    let text = connection.call(&what, connection.typed::<Pod>().logs(name, &params)).await?;
    if text.len() as u64 >= MOST {
        return Err(format!("{what} has grown by more than {MOST} bytes"));
    }
    Ok(of_time(&text, since))
}

/// Lines that are not older, without the time that stands before each.
fn of_time(text: &str, since: Timestamp) -> Vec<(Timestamp, String)> {
    let mut last = since;
    let mut lines = Vec::new();
    for line in text.lines() {
        let timed = line.split_once(' ').and_then(|(at, line)| Some((at.parse::<Timestamp>().ok()?, line)));
        // What has no time belongs to what stands before.
        let (at, line) = timed.unwrap_or((last, line));
        last = at;
        if at >= since {
            lines.push((at, line.to_owned()));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_are_told_by_their_time() {
        let since: Timestamp = "2026-03-01T10:00:01.5Z".parse().unwrap();
        let text = "2026-03-01T10:00:01.499999999Z before\n2026-03-01T10:00:01.5Z now\n2026-03-01T11:00:01.500000001+01:00 later\nbare\n2026-03-01T10:00:02Z \n";
        let lines: Vec<_> = of_time(text, since).into_iter().map(|(_, line)| line).collect();
        assert_eq!(lines, ["now", "later", "bare", ""]);
    }

    #[test]
    fn what_ran_before_counts_when_it_ended_since() {
        let since: Timestamp = "2026-03-01T10:00:01.5Z".parse().unwrap();
        let container = |last: &str, state: &str| {
            let status = json!({
                "name": "main", "image": "", "imageID": "", "ready": true, "restartCount": 1,
                "lastState": { "terminated": { "exitCode": 1, "finishedAt": last } },
                "state": { state: {} },
            });
            serde_json::from_value::<ContainerStatus>(status).unwrap()
        };
        assert_eq!(instances(&container("2026-03-01T10:00:01Z", "running"), since), [true, false]);
        assert_eq!(instances(&container("2026-03-01T10:00:00Z", "running"), since), [false]);
        assert_eq!(instances(&container("2026-03-01T10:00:02Z", "waiting"), since), [true]);
    }
}
