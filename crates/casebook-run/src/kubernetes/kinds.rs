//! Kinds of objects that tickets can name. Others are not looked up on the cluster: what a ticket can be told about must
//! be known before anything is touched.

use kube::core::{ApiResource, GroupVersionKind};

/// Group, version, kind, plural and what it is called for short.
const KINDS: &[(&str, &str, &str, &str, &str)] = &[
    ("", "v1", "Pod", "pods", "po"),
    ("", "v1", "Service", "services", "svc"),
    ("", "v1", "ConfigMap", "configmaps", "cm"),
    ("", "v1", "Secret", "secrets", ""),
    ("", "v1", "ServiceAccount", "serviceaccounts", "sa"),
    ("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", "pvc"),
    ("", "v1", "Endpoints", "endpoints", "ep"),
    ("", "v1", "ReplicationController", "replicationcontrollers", "rc"),
    ("", "v1", "ResourceQuota", "resourcequotas", "quota"),
    ("apps", "v1", "Deployment", "deployments", "deploy"),
    ("apps", "v1", "StatefulSet", "statefulsets", "sts"),
    ("apps", "v1", "DaemonSet", "daemonsets", "ds"),
    ("apps", "v1", "ReplicaSet", "replicasets", "rs"),
    ("batch", "v1", "Job", "jobs", ""),
    ("batch", "v1", "CronJob", "cronjobs", "cj"),
    ("autoscaling", "v1", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa"),
    ("coordination.k8s.io", "v1", "Lease", "leases", ""),
    ("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", ""),
    ("networking.k8s.io", "v1", "Ingress", "ingresses", "ing"),
    ("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", "netpol"),
    ("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", "pdb"),
    ("rbac.authorization.k8s.io", "v1", "Role", "roles", ""),
    ("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", ""),
];

/// A kind by its singular, plural or short name, the plural also with its group: `job`, `jobs`, `jobs.batch`.
pub(crate) fn find(word: &str) -> Option<ApiResource> {
    let is_it = |kind: &&(&str, &str, &str, &str, &str)| {
        let (group, _, singular, plural, short) = **kind;
        word == plural
            || singular.eq_ignore_ascii_case(word)
            || (!short.is_empty() && word == short)
            || (!group.is_empty() && word.strip_prefix(plural) == Some(&format!(".{group}")))
    };
    let (group, version, kind, plural, _) = KINDS.iter().find(is_it)?;
    Some(ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural))
}

/// The same, or a sentence that names all that there are.
///
/// # Errors
///
/// When there is no such kind.
pub(crate) fn known(word: &str) -> Result<ApiResource, String> {
    let all = || KINDS.iter().map(|(_, _, _, plural, _)| *plural).collect::<Vec<_>>().join(", ");
    find(word).ok_or_else(|| format!("{word} is no kind of object that is known; these are: {}", all()))
}

/// How an object is called in results: `job/name`.
pub(crate) fn called(kind: &ApiResource, name: &str) -> String {
    format!("{}/{name}", kind.kind.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_several_names() {
        for word in ["job", "jobs", "jobs.batch"] {
            assert_eq!(find(word).unwrap().api_version, "batch/v1", "{word}");
        }
        assert_eq!(called(&find("svc").unwrap(), "a"), "service/a");
        for word in ["", "widgets", "jobs.apps", "jobs."] {
            assert!(find(word).is_none(), "{word}");
        }
        assert!(known("widgets").unwrap_err().contains("these are: pods, services"));
    }
}
