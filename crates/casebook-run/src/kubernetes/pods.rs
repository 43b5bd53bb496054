//! Pods of a target.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::api::ListParams;
use serde_json::Value as Json;

use super::{Connection, kinds};
use crate::environment::Workload;

/// How often each container has been started again, by its pod's id and its own name.
pub(crate) type Restarts = BTreeMap<(String, String), i32>;

/// All pods of a target, in the order of their names.
///
/// # Errors
///
/// A sentence, also when the target itself is not there.
pub(crate) async fn of(workload: &Workload, connection: &Connection) -> Result<Vec<Pod>, String> {
    let params = match workload.object()? {
        None => match workload {
            Workload::Pods { selector } => ListParams::default().labels(selector),
            Workload::Object(name) => return Err(format!("{name} is no object")),
        },
        Some((kind, name)) if kind.kind == "Pod" => {
            ListParams::default().fields(&format!("metadata.name={name}"))
        }
        Some((kind, name)) => {
            let called = kinds::called(&kind, name);
            let object = connection.call(&called, connection.objects(&kind).get(name)).await?;
            let selector = selector(&object.data["spec"]["selector"]);
            let selector = selector.ok_or_else(|| format!("{called} does not say which pods are its own"))?;
            ListParams::default().labels(&selector)
        }
    };
    let mut pods = connection.call("pods", connection.typed::<Pod>().list(&params)).await?.items;
    pods.sort_by(|one, other| one.metadata.name.cmp(&other.metadata.name));
    Ok(pods)
}

/// A pod's name; pods have one.
pub(crate) fn name(pod: &Pod) -> &str {
    pod.metadata.name.as_deref().unwrap_or_default()
}

/// Whether it serves: it says so, and is not about to end.
pub(crate) fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.iter().filter_map(|status| status.conditions.as_ref()).flatten();
    let says_so =
        conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True");
    says_so && pod.metadata.deletion_timestamp.is_none()
}

/// Its containers, those that prepare it first.
pub(crate) fn containers(pod: &Pod) -> impl Iterator<Item = &ContainerStatus> {
    let status = pod.status.as_ref();
    let first = status.and_then(|status| status.init_container_statuses.as_ref());
    first.into_iter().chain(status.and_then(|status| status.container_statuses.as_ref())).flatten()
}

/// How often each container of pods has been started again.
pub(crate) fn restarts(pods: &[Pod]) -> Restarts {
    let of_pod = |pod: &Pod| {
        let id = pod.metadata.uid.clone().unwrap_or_default();
        // One without containers yet is there, too.
        let mut counts = vec![((id.clone(), String::new()), 0)];
        counts.extend(
            containers(pod).map(|container| ((id.clone(), container.name.clone()), container.restart_count)),
        );
        counts
    };
    pods.iter().flat_map(of_pod).collect()
}

/// A label selector as a query, from the map of a service or the structure that other kinds have.
fn selector(spec: &Json) -> Option<String> {
    let text = |value: &Json| value.as_str().map(str::to_owned);
    let equals = |labels: &Json| -> Vec<String> {
        let labels = labels.as_object().into_iter().flatten();
        labels.filter_map(|(name, value)| Some(format!("{name}={}", text(value)?))).collect()
    };
    let is_structured = spec.get("matchLabels").is_some() || spec.get("matchExpressions").is_some();
    let mut terms = equals(if is_structured { &spec["matchLabels"] } else { spec });
    for expression in spec["matchExpressions"].as_array().into_iter().flatten() {
        let key = text(&expression["key"])?;
        let values: Vec<_> = expression["values"].as_array().into_iter().flatten().filter_map(text).collect();
        terms.push(match expression["operator"].as_str()? {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "Exists" => key,
            "DoesNotExist" => format!("!{key}"),
            _ => return None,
        });
    }
    (!terms.is_empty()).then(|| terms.join(","))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_are_written_as_kubectl_takes_them() {
        let service = json!({ "app": "focus", "tier": "server" });
        assert_eq!(selector(&service).as_deref(), Some("app=focus,tier=server"));
        let deployment = json!({
            "matchLabels": { "app": "focus" },
            "matchExpressions": [
                { "key": "tier", "operator": "In", "values": ["a", "b"] },
                { "key": "track", "operator": "NotIn", "values": ["canary"] },
                { "key": "x", "operator": "Exists" },
                { "key": "y", "operator": "DoesNotExist" },
            ],
        });
        assert_eq!(
            selector(&deployment).as_deref(),
            Some("app=focus,tier in (a,b),track notin (canary),x,!y")
        );
        // Which would be all pods.
        assert_eq!((selector(&json!({})), selector(&Json::Null)), (None, None));
        assert_eq!(selector(&json!({ "matchExpressions": [{ "key": "x", "operator": "Like" }] })), None);
    }
}
