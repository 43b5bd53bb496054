"""What must agree in the manifests: sums, selectors, and what else is said twice.

Their rules for networks bind only where a cluster's network heeds them; here they are only checked to speak of pods
that there are.
"""

import json
import re
import subprocess

import pytest
from focus_process import ROOT, focus_binary
from kustomize import documents, pod_of, render, select
from manifests import KUBERNETES, OVERLAYS, SERVER, WORKER_LABELS, containers, everything, worker


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


def test_only_servers_come_to_mongodb_and_only_where_it_is_wanted():
    [way_out] = documents(KUBERNETES / "components/mongodb/network.yaml")
    assert way_out["spec"]["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": SERVER}}
    assert way_out["spec"]["egress"] == [{"ports": [{"protocol": "TCP", "port": 27017}]}]
    without = render(KUBERNETES / "overlays/production")
    assert ways_out(without) == {53, 443, 5000, 5671, 5672, 6443}
    assert ways_out(render(KUBERNETES / "components/mongodb", without)) == ways_out(without) | {27017}


def ways_out(objects):
    """The ports that any pod may connect to."""
    rules = [rule for one in objects if one["kind"] == "NetworkPolicy" for rule in one["spec"].get("egress", [])]
    return {port["port"] for rule in rules for port in rule["ports"]}


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
