"""The program understands what the manifests tell it: settings, commands, image."""

import json
import subprocess

import pytest
from focus_process import focus_binary
from kustomize import pod_of, render, select
from manifests import KUBERNETES, OVERLAYS, SERVER, containers

# What is in the secret.
URLS = {
    "rabbitmq-url": "amqp://focus:secret@rabbitmq.rabbitmq.svc:5672/%2f",
    "mongodb-url": "mongodb://focus:secret@mongodb.mongodb.svc/?replicaSet=site",
}


def environment(container, settings):
    """The variables that a container starts with, as the kubelet sets them."""
    fields = {"status.podIP": "10.0.0.7", "metadata.annotations['focus-server/order']": "{}"}
    env = dict(settings)
    for variable in container["env"]:
        source = variable.get("valueFrom", {})
        if "secretKeyRef" in source:
            assert source["secretKeyRef"]["name"] == SERVER
            value = URLS[source["secretKeyRef"]["key"]]
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
        assert (values["catalogue.mongodb_url"] is not None) is (name == "server"), "nobody else is to have it"


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
