"""The manifests of deploy/kubernetes against a real API server, and against the program that they run.

Their rules for networks bind only where a cluster's network heeds them; here they are only checked to speak of pods
that there are.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import uuid

import pytest
import yaml
from focus_process import ROOT, focus_binary
from kubernetes_api import Api, ApiError
from kustomize import documents, pod_of, render, select

KUBERNETES = ROOT / "deploy/kubernetes"
OVERLAYS = ["dev", "production"]
WORKER = "worker"
SERVER = "focus-server"
USER = 10001
# What the server gives to every worker's pod.
WORKER_LABELS = {"app.kubernetes.io/name": "focus-worker"}
BROKER = "amqp://focus:secret@rabbitmq.rabbitmq.svc:5672/%2f"
PLURALS = {"NetworkPolicy": "networkpolicies", "Ingress": "ingresses"}
OF_NO_NAMESPACE = {"Namespace"}
# Kinds of others, which a cluster may not have.
OF_AN_OPERATOR = {"ServiceMonitor", "PodMonitor", "PrometheusRule"}
# The first version that kubectl has a kustomize in that knows components and replacements.
KUBECTL_WITH_KUSTOMIZE = (1, 22)

# What the server may do, and all of it.
RIGHTS = {
    ("batch", "jobs"): {"get", "list", "create", "patch", "delete"},
    ("", "services"): {"get", "list", "create", "delete"},
}


def worker():
    """The manifest that jobs are made from."""
    [manifest] = documents(KUBERNETES / "base/worker.yaml")
    return manifest


def everything(overlay):
    """An overlay with all that its owner may add to it, besides what others' operators read."""
    added = [*documents(KUBERNETES / "overlays/production/ingress.yaml")]
    objects = render(KUBERNETES / "overlays" / overlay)
    for component in ("feed", "recorder", "monitoring"):
        extra = [one for one in render(KUBERNETES / "components" / component) if one["kind"] not in OF_AN_OPERATOR]
        added += [one for one in extra if all(one["metadata"]["name"] != had["metadata"]["name"] for had in objects)]
    return objects + added


def containers():
    """Every container that is ever run, by name, with the spec of its pod."""
    manifests = [*everything("production"), *render(KUBERNETES / "components/feed"), worker()]
    return {pod["containers"][0]["name"]: pod for pod in map(pod_of, manifests) if pod}


def path_for(manifest, namespace):
    """Where an object is created."""
    version, kind = manifest["apiVersion"], manifest["kind"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    plural = PLURALS.get(kind, kind.lower() + "s")
    return f"{root}/{plural}" if kind in OF_NO_NAMESPACE else f"{root}/namespaces/{namespace}/{plural}"


def missing(sent, stored, at=""):
    """Where something that was sent is not in what was stored."""
    if isinstance(sent, dict) and isinstance(stored, dict):
        for key, value in sent.items():
            yield from missing(value, stored.get(key), f"{at}.{key}")
    elif isinstance(sent, list) and isinstance(stored, list) and len(sent) <= len(stored):
        # More may follow: the API server mounts an account's token.
        for number, (value, now) in enumerate(zip(sent, stored)):
            yield from missing(value, now, f"{at}[{number}]")
    elif sent != stored:
        yield f"{at}: {sent!r} became {stored!r}"


def as_of(kubernetes, manifest):
    """A manifest as this API server knows it: `policy/v1` came with 1.21, with the same fields, and replaces
    `policy/v1beta1`."""
    if manifest["apiVersion"] == "policy/v1":
        groups = kubernetes.api.call("GET", "/apis")["groups"]
        [versions] = [group["versions"] for group in groups if group["name"] == "policy"]
        if all(version["version"] != "v1" for version in versions):
            return manifest | {"apiVersion": "policy/v1beta1"}
    return manifest


@contextlib.contextmanager
def a_namespace(kubernetes, objects=()):
    """A namespace with such objects in it, and what the API server made of each; gone afterwards."""
    name = f"manifests-{uuid.uuid4().hex[:8]}"
    [space] = [one for one in objects if one["kind"] == "Namespace"] or [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {}}
    ]
    space = space | {"metadata": space["metadata"] | {"name": name}}
    made = [(space, kubernetes.api.call("POST", "/api/v1/namespaces", json=space))]
    try:
        for sent in objects:
            if sent["kind"] != "Namespace":
                sent = as_of(kubernetes, yaml.safe_load(json.dumps(sent)))
                sent["metadata"]["namespace"] = name
                for subject in sent.get("subjects", []):
                    subject["namespace"] = name
                made.append((sent, kubernetes.api.call("POST", path_for(sent, name), json=sent)))
        yield name, made
    finally:
        kubernetes.api.call("DELETE", f"/api/v1/namespaces/{name}", json={})


@pytest.fixture(scope="module", params=OVERLAYS)
def installed(request, kubernetes):
    """The namespace of an overlay, and what its objects have become."""
    with a_namespace(kubernetes, everything(request.param)) as made:
        yield made


def kubectl_with_kustomize():
    """Whether there is a kubectl that renders what we ship."""
    if not shutil.which("kubectl"):
        return False
    said = subprocess.run(["kubectl", "version", "--client", "-o", "json"], capture_output=True, text=True, timeout=30)
    version = json.loads(said.stdout)["clientVersion"]
    return (int(version["major"]), int(version["minor"].rstrip("+"))) >= KUBECTL_WITH_KUSTOMIZE


def by_kubectl(directory):
    """What the real kustomize makes of it, without a word of warning."""
    done = subprocess.run(["kubectl", "kustomize", directory], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return in_order(yaml.safe_load_all(done.stdout))


def in_order(objects):
    return sorted(objects, key=lambda one: (one["kind"], one["metadata"]["name"]))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kustomize_renders_what_is_tested_here(overlay):
    if not kubectl_with_kustomize():
        pytest.skip("NOT COMPARED: there is no kubectl 1.22 or later, and Debian has none")
    assert in_order(render(KUBERNETES / "overlays" / overlay)) == by_kubectl(KUBERNETES / "overlays" / overlay)


def test_all_that_may_be_added_fits_to_production(tmp_path):
    everywhere = os.path.relpath(KUBERNETES, tmp_path)
    components = [f"{everywhere}/components/{name}" for name in ("monitoring", "recorder", "feed")]
    mine = {
        "resources": [f"{everywhere}/overlays/production", "ingress.yaml"],
        "components": components,
        "namespace": "other",
    }
    shutil.copy(KUBERNETES / "overlays/production/ingress.yaml", tmp_path)
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(mine))
    objects = render(tmp_path)
    assert {"ServiceMonitor", "PodMonitor", "PrometheusRule", "Ingress", "Deployment"} <= {one["kind"] for one in objects}
    [binding] = select(objects, "RoleBinding", SERVER)
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": SERVER, "namespace": "other"}]
    if kubectl_with_kustomize():
        assert in_order(objects) == by_kubectl(tmp_path)


def test_the_api_server_takes_every_object_and_drops_no_field(installed):
    _, made = installed
    for sent, stored in made:
        if sent["kind"] == "Secret":
            # What is written as text is stored encoded.
            sent = {**sent, "stringData": stored.get("stringData")}
        assert not list(missing(sent, stored)), f"{sent['kind']} {sent['metadata']['name']}"


def test_a_dry_run_takes_every_object_again(kubernetes, installed):
    namespace, made = installed
    for sent, _ in made:
        if sent["kind"] != "Namespace":
            again = sent | {"metadata": sent["metadata"] | {"name": sent["metadata"]["name"] + "-again"}}
            stored = kubernetes.api.call("POST", path_for(sent, namespace), params={"dryRun": "All"}, json=again)
            assert stored["kind"] == sent["kind"]


def test_what_jobs_are_made_from_is_a_job_and_its_pods_are_admitted(kubernetes, installed):
    namespace, _ = installed
    dry = {"dryRun": "All"}
    path = path_for(worker(), namespace)
    stored = kubernetes.api.call("POST", path, params=dry, json=worker())
    assert not list(missing(worker(), stored))
    for name, spec in containers().items():
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
        stored = kubernetes.api.call("POST", path_for(pod, namespace), params=dry, json=pod)
        assert not list(missing(spec, stored["spec"])), name


# Rights


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
        yield Api(kubernetes.api.url, kubernetes.api.ca, token=token["status"]["token"]), namespace, other


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


# What pods may do on their node


VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret",
}


def broken_rules(pod):
    """Which rules of the Pod Security standard `restricted` a pod breaks."""
    security = pod.get("securityContext", {})
    yield from (name for name in ("hostNetwork", "hostPID", "hostIPC") if pod.get(name))
    yield from (volume["name"] for volume in pod.get("volumes", []) if not volume.keys() - {"name"} <= VOLUMES)
    yield from (name for name in ("sysctls", "seLinuxOptions", "windowsOptions") if name in security)
    for container in [*pod["containers"], *pod.get("initContainers", [])]:
        own = container.get("securityContext", {})
        effective = security | own
        capabilities = own.get("capabilities", {})
        rules = {
            "runAsNonRoot": effective.get("runAsNonRoot") is True,
            "runAsUser": effective.get("runAsUser") != 0,
            "seccompProfile": effective.get("seccompProfile", {}).get("type") in ("RuntimeDefault", "Localhost"),
            "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is False,
            "privileged": not own.get("privileged"),
            "procMount": own.get("procMount", "Default") == "Default",
            "drop": capabilities.get("drop") == ["ALL"],
            "add": set(capabilities.get("add", [])) <= {"NET_BIND_SERVICE"},
            "hostPort": not any(port.get("hostPort") for port in container.get("ports", [])),
        }
        yield from (name for name, kept in rules.items() if not kept)


def test_every_pod_is_restricted_and_a_little_more():
    [space] = [one for one in everything("production") if one["kind"] == "Namespace"]
    assert space["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert containers().keys() == {"server", "worker", "feed", "recorder"}
    for name, pod in containers().items():
        assert not list(broken_rules(pod)), name
        [container] = pod["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True, name
        assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]) == (USER, USER), name
        assert pod["enableServiceLinks"] is False, name
        assert container["resources"].keys() == {"requests", "limits"}, name
        for mount in container["volumeMounts"]:
            if mount["name"] == "recordings":
                assert mount.get("readOnly", False) is (name != "recorder"), name


def test_the_rules_of_restricted_are_checked_here():
    pod = json.loads(json.dumps(containers()["worker"]))
    pod["containers"][0]["securityContext"] = {"privileged": True, "capabilities": {"add": ["SYS_ADMIN"]}}
    pod["securityContext"] = {"runAsUser": 0}
    pod |= {"hostNetwork": True, "volumes": [{"name": "host", "hostPath": {"path": "/"}}]}
    of_the_pod = {"hostNetwork", "host", "runAsNonRoot", "runAsUser", "seccompProfile"}
    assert set(broken_rules(pod)) == of_the_pod | {"allowPrivilegeEscalation", "privileged", "drop", "add"}


# What the program understands


def environment(container, settings):
    """The variables that a container starts with, as the kubelet sets them."""
    fields = {"status.podIP": "10.0.0.7", "metadata.annotations['focus-server/order']": "{}"}
    env = dict(settings)
    for variable in container["env"]:
        source = variable.get("valueFrom", {})
        if "secretKeyRef" in source:
            assert source["secretKeyRef"] == {"name": SERVER, "key": "rabbitmq-url"}
            value = BROKER
        elif "fieldRef" in source:
            value = fields[source["fieldRef"]["fieldPath"]]
        else:
            value = variable["value"].replace("$(POD_IP)", env.get("POD_IP", ""))
        env[variable["name"]] = value
    assert container["envFrom"] == [{"configMapRef": {"name": SERVER}}]
    return env


@pytest.fixture(params=OVERLAYS)
def run(request, tmp_path):
    """Runs `focus` with the environment of a container: `run(name, [argument, ..])`."""
    [settings] = select(render(KUBERNETES / "overlays" / request.param), "ConfigMap", SERVER)

    def run(name, arguments, **more):
        [container] = containers()[name]["containers"]
        env = environment(container, settings["data"])
        # Directories of the pod are none of this machine.
        env |= {key: str(tmp_path) for key in env if key.endswith("_DIR")}
        command = [focus_binary(), *arguments]
        return subprocess.run(command, env=env | more, cwd=tmp_path, capture_output=True, text=True, timeout=30)

    return run


def test_the_program_understands_its_settings(run):
    for name in containers():
        shown = run(name, ["config", "--json"])
        assert shown.returncode == 0, f"{name}: {shown.stderr}"
        values = {key: entry["value"] for key, entry in json.loads(shown.stdout).items()}
        listens = {"server": "0.0.0.0:5000", "worker": "10.0.0.7:5000"}.get(name, "127.0.0.1:5000")
        assert (values["log.format"], values["listen"]) == ("json", listens)


def test_the_program_understands_its_command(run):
    for name, pod in containers().items():
        program, *arguments = pod["containers"][0]["command"]
        assert program == "focus"
        helped = run(name, [*arguments, "--help"])
        assert helped.returncode == 0, f"{name}: {helped.stderr}"
        if name != "worker":
            # With a setting that stops it before it starts: nothing else is wrong.
            stopped = run(name, arguments, FOCUS_JOBS_MAX_JOBS="0")
            assert stopped.returncode == 2 and "have a problem," in stopped.stderr, f"{name}: {stopped.stderr}"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_jobs_run_the_image_of_the_server(overlay):
    objects = render(KUBERNETES / "overlays" / overlay)
    [settings] = select(objects, "ConfigMap", SERVER)
    images = {container["image"] for pod in map(pod_of, objects) if pod for container in pod["containers"]}
    assert images == {settings["data"]["FOCUS_KUBERNETES_IMAGE"]}


def test_no_kind_is_of_a_version_that_will_be_removed():
    versions = {one["apiVersion"] for one in [*everything("production"), worker()]}
    assert "policy/v1" in versions and not [version for version in versions if "beta" in version]


def test_secrets_are_examples_only():
    [example] = [one for one in everything("dev") if one["kind"] == "Secret"]
    assert example["metadata"]["name"] == SERVER
    assert not [one for one in everything("production") if one["kind"] == "Secret"]


# What must agree


def amount(quantity):
    """A Kubernetes quantity as a number."""
    for suffix, factor in {"m": 1e-3, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}.items():
        if str(quantity).endswith(suffix):
            return float(str(quantity).removesuffix(suffix)) * factor
    return float(quantity)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_quota_has_room_for_all_jobs_twice_and_for_servers_that_are_replaced(overlay):
    objects = everything(overlay)
    [quota] = select(objects, "ResourceQuota", "focus")
    [settings] = select(objects, "ConfigMap", SERVER)
    jobs = 2 * int(settings["data"]["FOCUS_JOBS_MAX_JOBS"])
    pods = [(jobs, pod_of(worker()))]
    for deployment in [one for one in objects if one["kind"] == "Deployment"]:
        rolling = deployment["spec"]["strategy"].get("rollingUpdate", {"maxSurge": 0})
        pods.append((deployment["spec"]["replicas"] + rolling["maxSurge"], pod_of(deployment)))
    needed = {"pods": sum(count for count, _ in pods), "count/jobs.batch": jobs}
    needed |= {"services": jobs + 1, "services.nodeports": jobs + 1}
    for bound in ("requests", "limits"):
        for resource in ("cpu", "memory"):
            sizes = [count * amount(pod["containers"][0]["resources"][bound][resource]) for count, pod in pods]
            needed[f"{bound}.{resource}"] = sum(sizes)
    room = {name: amount(quantity) for name, quantity in quota["spec"]["hard"].items()}
    assert room.keys() == needed.keys()
    assert not {name for name in needed if needed[name] > room[name]}, f"{needed}"


def test_no_container_is_larger_than_its_limit_range_allows():
    [limits] = select(everything("production"), "LimitRange", "focus")
    most = limits["spec"]["limits"][0]["max"]
    for name, pod in containers().items():
        for resource, quantity in pod["containers"][0]["resources"]["limits"].items():
            assert amount(quantity) <= amount(most[resource]), name


def test_all_that_selects_pods_finds_some():
    objects = everything("production") + render(KUBERNETES / "components/monitoring")
    templates = [one["spec"]["template"]["metadata"]["labels"] for one in objects if one["kind"] == "Deployment"]
    services = [one["metadata"]["labels"] for one in objects if one["kind"] == "Service"]
    selected = 0
    for one in objects:
        spec = one.get("spec", {})
        kind = one["kind"]
        among = services if kind == "ServiceMonitor" else [*templates, WORKER_LABELS]
        selectors = [spec.get("podSelector"), spec.get("selector")]
        selectors += [peer["podSelector"] for rule in spec.get("egress", []) for peer in rule.get("to", [])]
        pod = pod_of(one) or {}
        selectors += [rule["labelSelector"] for rule in pod.get("topologySpreadConstraints", [])]
        for selector in filter(None, selectors):
            wanted = selector.get("matchLabels", selector).items()
            assert any(wanted <= labels.items() for labels in among), f"{kind} {one['metadata']['name']}: {wanted}"
            selected += 1
    assert selected >= 8


def test_the_operators_rules_are_the_alerts():
    [rule] = documents(KUBERNETES / "components/monitoring/prometheus-rule.yaml")
    [alerts] = documents(ROOT / "deploy/monitoring/alerts.yml")
    assert rule["spec"] == alerts, "make it anew, as its first line says"
    [monitor] = documents(KUBERNETES / "components/monitoring/service-monitor.yaml")
    [endpoint] = monitor["spec"]["endpoints"]
    assert (endpoint["interval"], endpoint["relabelings"]) == ("15s", [{"targetLabel": "job", "replacement": "focus"}])


def test_prometheus_comes_to_the_metrics_of_jobs():
    [monitor] = documents(KUBERNETES / "components/monitoring/pod-monitor.yaml")
    [endpoint] = monitor["spec"]["podMetricsEndpoints"]
    named = {"targetLabel": "job", "replacement": "focus-worker"}
    together = {"sourceLabels": ["__meta_kubernetes_namespace"], "targetLabel": "instance"}
    assert (endpoint["interval"], endpoint["relabelings"]) == ("15s", [named, together])
    [container] = pod_of(worker())["containers"]
    [port] = [port["containerPort"] for port in container["ports"] if port["name"] == endpoint["port"]]
    [way_in] = documents(KUBERNETES / "components/monitoring/network.yaml")
    assert way_in["spec"]["podSelector"] == monitor["spec"]["selector"] == {"matchLabels": WORKER_LABELS}
    [opened] = [rule["ports"] for rule in way_in["spec"]["ingress"]]
    assert opened == [{"protocol": "TCP", "port": port}]


def test_the_operators_guide_names_only_what_there_is():
    guide = (ROOT / "docs/operating.md").read_text()
    paths = set(re.findall(r"\b(?:deploy|base|overlays|components)/[\w./-]+", guide))
    roots = {path: ROOT if path.startswith("deploy/") else KUBERNETES for path in paths}
    assert len(paths) > 5 and not [path for path, root in roots.items() if not (root / path).exists()]
    known = subprocess.run([focus_binary(), "config", "--json"], env={"HOME": "/"}, capture_output=True, timeout=30)
    variables = {"FOCUS_" + name.replace(".", "_").upper() for name in json.loads(known.stdout)}
    assert set(re.findall(r"FOCUS_\w+", guide)) <= variables
    names = {one["metadata"]["name"] for one in everything("production") + everything("dev")}
    assert set(re.findall(r"(?:deployment|service|secret|Deployment|Service|secret) `?(focus-[a-z]+)", guide)) <= names
    headings = re.findall(r"^#+ (.*)$", guide, re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    linked = guide + (ROOT / "docs/monitoring.md").read_text().replace("(#", "(elsewhere#")
    assert set(re.findall(r"\((?:operating\.md)?#([\w-]+)\)", linked)) <= anchors
