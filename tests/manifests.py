"""The manifests of deploy/kubernetes, put together for tests as their users do."""

import contextlib
import json
import uuid

import yaml
from focus_process import ROOT
from kustomize import documents, pod_of, render

KUBERNETES = ROOT / "deploy/kubernetes"
OVERLAYS = ["dev", "production"]
SERVER = "focus-server"
# What the server gives to every worker's pod.
WORKER_LABELS = {"app.kubernetes.io/name": "focus-worker"}
PLURALS = {"NetworkPolicy": "networkpolicies", "Ingress": "ingresses"}
OF_NO_NAMESPACE = {"Namespace"}
# Kinds of others, which a cluster may not have.
OF_AN_OPERATOR = {"ServiceMonitor", "PodMonitor", "PrometheusRule"}


def worker():
    """The manifest that jobs are made from."""
    [manifest] = documents(KUBERNETES / "base/worker.yaml")
    return manifest


def everything(overlay):
    """An overlay with all that its owner may add to it, besides what others' operators read."""
    added = [*documents(KUBERNETES / "overlays/production/ingress.yaml")]
    objects = render(KUBERNETES / "components/mongodb", render(KUBERNETES / "overlays" / overlay))
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
