"""What the server's service account may do in a cluster, and that nobody else may do anything: asked of a real API server."""

import pytest
from deployment import until
from kubernetes_api import Api, ApiError
from manifests import SERVER, a_namespace, containers, everything, worker

TAKES_EFFECT_WITHIN = 10.0
# What the server may do, and all of it.
RIGHTS = {
    ("batch", "jobs"): {"get", "list", "create", "patch", "delete"},
    ("", "services"): {"get", "list", "create", "delete"},
}


@pytest.fixture(scope="module")
def account(kubernetes):
    """The API as the server reaches it, its namespace, and another namespace."""
    rights = [one for one in everything("production") if one["kind"] in ("ServiceAccount", "Role", "RoleBinding")]
    with a_namespace(kubernetes, rights) as (namespace, _), a_namespace(kubernetes) as (other, _):
        token = kubernetes.api.call(
            "POST",
            f"/api/v1/namespaces/{namespace}/serviceaccounts/{SERVER}/token",
            json={"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}},
        )
        api = Api(kubernetes.api.url, kubernetes.api.ca, token=token["status"]["token"])
        until(lambda: rights_in(api, namespace), TAKES_EFFECT_WITHIN, "rights")
        yield api, namespace, other


def rights_in(api, namespace):
    """What a user may do in a namespace, besides asking what he may do: verbs by group and kind."""
    version = "authorization.k8s.io/v1"
    asked = {"apiVersion": version, "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace}}
    status = api.call("POST", f"/apis/{version}/selfsubjectrulesreviews", json=asked)["status"]
    assert not status["incomplete"]
    return {
        (group, kind): set(rule["verbs"])
        for rule in status["resourceRules"]
        for group in rule["apiGroups"]
        for kind in rule["resources"]
        if not group.startswith(("authorization.", "authentication."))
    }


def test_the_server_has_its_rights_and_no_other(account):
    api, namespace, other = account
    assert rights_in(api, namespace) == RIGHTS
    assert rights_in(api, other) == {}
    assert rights_in(api, "kube-system") == {}


def test_what_the_server_does_is_allowed(account):
    api, namespace, _ = account
    job = worker() | {"metadata": {"name": "job"}}
    api.create("jobs", namespace, job | {"spec": job["spec"] | {"parallelism": 0}})
    spec = {"ports": [{"port": 5000}], "type": "NodePort"}
    service = {"kind": "Service", "metadata": {"name": "service"}, "spec": spec}
    api.create("services", namespace, service)
    for kind in ("jobs", "services"):
        assert [one["metadata"]["name"] for one in api.list(kind, namespace)] == [kind[:-1]]
    assert api.patch("jobs", namespace, "job", {"spec": {"parallelism": 1}})["spec"]["parallelism"] == 1
    for kind in ("jobs", "services"):
        assert api.get(kind, namespace, kind[:-1])["metadata"]["name"] == kind[:-1]
        api.delete(kind, namespace, kind[:-1])
        assert not [one for one in api.list(kind, namespace) if "deletionTimestamp" not in one["metadata"]]


# Method, path below the namespace.
ELSEWHERE = [("GET", "/apis/batch/v1", "jobs"), ("POST", "/apis/batch/v1", "jobs"), ("GET", "/api/v1", "services")]
FORBIDDEN = [
    ("PUT", "/apis/batch/v1", "jobs/job"),
    ("DELETE", "/apis/batch/v1", "jobs"),
    ("GET", "/apis/batch/v1", "jobs?watch=1&timeoutSeconds=1"),
    ("PATCH", "/apis/batch/v1", "jobs/job/status"),
    ("PUT", "/api/v1", "services/service"),
    ("PATCH", "/api/v1", "services/service"),
    ("DELETE", "/api/v1", "services"),
    ("GET", "/api/v1", "services?watch=1&timeoutSeconds=1"),
    ("GET", "/api/v1", "services/service/proxy"),
    ("GET", "/apis/batch/v1", "cronjobs"),
    ("GET", "/apis/apps/v1", "deployments"),
    ("PATCH", "/apis/apps/v1", "deployments/focus-server"),
    ("GET", "/api/v1", "secrets"),
    ("GET", "/api/v1", "secrets/focus-server"),
    ("GET", "/api/v1", "configmaps/focus-server"),
    ("POST", "/api/v1", "configmaps"),
    ("GET", "/api/v1", "pods"),
    ("POST", "/api/v1", "pods"),
    ("POST", "/api/v1", "pods/any/exec?command=sh"),
    ("GET", "/api/v1", "pods/any/log"),
    ("DELETE", "/api/v1", "pods/any"),
    ("GET", "/api/v1", "events"),
    ("GET", "/api/v1", "endpoints"),
    ("POST", "/api/v1", "serviceaccounts/focus-server/token"),
    ("POST", "/apis/rbac.authorization.k8s.io/v1", "rolebindings"),
    ("PATCH", "/apis/rbac.authorization.k8s.io/v1", "roles/focus-server"),
    ("DELETE", "/api/v1", "resourcequotas/focus"),
]
OF_THE_CLUSTER = [
    ("GET", "/api/v1/nodes"),
    ("GET", "/api/v1/namespaces"),
    ("GET", "/apis/batch/v1/jobs"),
    ("GET", "/api/v1/services"),
    ("GET", "/api/v1/secrets"),
    ("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"),
]


def test_anything_more_is_forbidden(account):
    api, namespace, other = account
    paths = [(method, f"{group}/namespaces/{namespace}/{path}") for method, group, path in FORBIDDEN]
    paths += [(method, f"{group}/namespaces/{other}/{path}") for method, group, path in ELSEWHERE]
    for method, path in paths + OF_THE_CLUSTER:
        json_patch = {"headers": {"Content-Type": "application/merge-patch+json"}} if method == "PATCH" else {}
        with pytest.raises(ApiError) as refused:
            api.call(method, path, json={}, **json_patch)
        assert refused.value.status == 403, f"{method} {path}"


def test_jobs_are_nobody_to_the_cluster():
    for name, pod in containers().items():
        assert pod["automountServiceAccountToken"] is (name == "server"), name
        assert ("serviceAccountName" in pod) is (name == "server"), name
