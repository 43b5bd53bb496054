"""The manifests of deploy/kubernetes against a real API server and a real kustomize."""

import json
import os
import shutil
import subprocess

import pytest
import yaml
from kustomize import render, select
from manifests import KUBERNETES, OVERLAYS, SERVER, a_namespace, containers, everything, path_for, worker

# The first version that kubectl has a kustomize in that knows components and replacements.
KUBECTL_WITH_KUSTOMIZE = (1, 22)


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
    components = [f"{everywhere}/components/{name}" for name in ("monitoring", "recorder", "feed", "mongodb")]
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


def test_no_kind_is_of_a_version_that_will_be_removed():
    versions = {one["apiVersion"] for one in [*everything("production"), worker()]}
    assert "policy/v1" in versions and not [version for version in versions if "beta" in version]


def test_secrets_are_examples_only():
    [example] = [one for one in everything("dev") if one["kind"] == "Secret"]
    assert example["metadata"]["name"] == SERVER
    assert not [one for one in everything("production") if one["kind"] == "Secret"]
