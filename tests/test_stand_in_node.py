"""The stand-in node does what a node does, as far as tests of jobs rely on it."""

import pytest
import requests
from cluster import is_open
from deployment import until

SOON = 15.0
# s; whoever obeys has time enough for it on a busy machine, too.
SHORT, LONG = 1, 10
SERVE = ["sh", "-c", "env && exec python3 -m http.server --bind $(POD_IP) 5000"]
ENV = [
    {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
    {"name": "HERE", "value": "$(POD_IP):5000 $(NOBODY) $$(POD_IP)"},
    {"name": "NOTE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.annotations['tests/note']"}}},
    {"name": "SECRET", "valueFrom": {"secretKeyRef": {"name": "hidden", "key": "word"}}},
    {"name": "WHERE", "value": "/data/some"},
]


@pytest.fixture
def namespace(kubernetes, stand_in_node, tmp_path):
    name = kubernetes.namespace()
    stand_in_node.claims[name, "store"] = tmp_path
    return name


def job(name, command, grace=SHORT, **more):
    container = {"name": "it", "image": "none", "command": command, **more}
    pod = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": grace,
        "containers": [container],
    }
    if "volumeMounts" in more:
        pod["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": "store"}}]
    template = {"metadata": {"labels": {"app": name}, "annotations": {"tests/note": f"of {name}"}}, "spec": pod}
    return {"metadata": {"name": name}, "spec": {"backoffLimit": 0, "template": template}}


def service(name):
    ports = [{"port": 80, "targetPort": "web"}]
    return {"metadata": {"name": name}, "spec": {"type": "NodePort", "selector": {"app": name}, "ports": ports}}


def test_a_pod_is_served_by_a_process_until_its_job_is_deleted(stand_in_node, namespace, tmp_path):
    api, node = stand_in_node.api, stand_in_node
    made = api.create("services", namespace, service("web"))
    places = [("127.0.0.1", made["spec"]["ports"][0]["nodePort"]), (made["spec"]["clusterIP"], 80)]
    api.create(
        "jobs",
        namespace,
        job(
            "web",
            SERVE,
            env=ENV,
            envFrom=[{"configMapRef": {"name": "settings"}}],
            ports=[{"name": "web", "containerPort": 5000}],
            readinessProbe={"tcpSocket": {"port": "web"}},
            volumeMounts=[{"name": "data", "mountPath": "/data"}],
        ),
    )
    until(lambda: api.list("pods", namespace), SOON, "pod")
    assert not any(is_open(*place) for place in places), "it cannot start without its settings"
    api.create("configmaps", namespace, {"metadata": {"name": "settings"}, "data": {"COLOUR": "red"}})
    api.create("secrets", namespace, {"metadata": {"name": "hidden"}, "stringData": {"word": "sesame"}})
    until(lambda: all(is_open(*place) for place in places), SOON, "service", lambda: node.log(namespace))
    for host, port in places:
        assert requests.get(f"http://{host}:{port}", timeout=SOON).ok
    (pod,) = api.list("pods", namespace)
    assert pod["status"]["phase"] == "Running" and len(node.processes(namespace)) == 1
    address = pod["status"]["podIP"]
    for line in (f"HERE={address}:5000 $(NOBODY) $(POD_IP)", "NOTE=of web", "SECRET=sesame", "COLOUR=red"):
        assert f"\n{line}\n" in node.log(namespace)
    assert f"\nWHERE={tmp_path}/some\n" in node.log(namespace)

    api.delete("jobs", namespace, "web")
    until(lambda: not api.list("pods", namespace), SOON, "end of the pod")
    until(lambda: not any(is_open(*place) for place in places), SOON, "end of the service")
    assert not node.processes(namespace)


@pytest.mark.parametrize(("code", "end"), [(0, "Complete"), (3, "Failed")])
def test_the_end_of_a_process_is_the_end_of_its_job(stand_in_node, namespace, code, end):
    api = stand_in_node.api
    api.create("jobs", namespace, job("short", ["sh", "-c", f"exit {code}"]))

    def conditions():
        return api.get("jobs", namespace, "short")["status"].get("conditions", [])

    until(conditions, SOON, "end of the job")
    assert [condition["type"] for condition in conditions()] == [end]


@pytest.mark.parametrize(("on_term", "obeys"), [("echo bye; exit", True), ("", False)])
def test_a_process_is_told_to_end_and_then_killed(stand_in_node, namespace, on_term, obeys):
    api, node = stand_in_node.api, stand_in_node
    command = f"trap '{on_term}' TERM; echo here; while sleep 0.05; do :; done"
    api.create("jobs", namespace, job("it", ["sh", "-c", command], LONG if obeys else SHORT))
    until(lambda: "\nhere\n" in node.log(namespace), SOON, "process")
    api.delete("jobs", namespace, "it")
    until(lambda: not api.list("pods", namespace), SOON, "end of the pod")
    assert not node.processes(namespace)
    assert ("\nbye\n" in node.log(namespace)) is obeys
