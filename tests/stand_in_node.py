"""A stand-in for a node of a Kubernetes cluster, and for the scheduler, where there is neither kubelet nor containers.

The control plane around it is a real one, and the stand-in talks to it as the real parts do: it binds pods to itself,
has them run (stand_in_pod.py), and forwards the ports of Services to pods that are ready (stand_in_proxy.py).
"""

import contextlib
import threading
from pathlib import Path

import requests
from kubernetes_api import ApiError
from stand_in_pod import NODE, Pod, port_number
from stand_in_proxy import StandInProxy

LOOK_AGAIN = 0.05
# Objects are listed anew when nothing has changed for so long: a silent API server goes unnoticed no longer than that.
SILENT_FOR = 1.0
# Also what is late because this machine was held up: all is listed anew.
REFUSED = (requests.RequestException, ApiError, TimeoutError)


class StandInNode:
    """One node for all namespaces of a cluster. `claims` has the directory that stands for a PersistentVolumeClaim, by
    namespace and name of the claim."""

    def __init__(self, api, directory):
        self.claims = {}
        self.api, self._directory = api, Path(directory)
        self._proxy = StandInProxy()
        self._lock = threading.Lock()
        self._seen = {"pods": {}, "services": {}}
        self._pods = {}
        self._stopping = threading.Event()
        self._register()
        self._followers = [
            threading.Thread(target=self._follow, args=(kind,), name=f"stand-in-{kind}", daemon=True)
            for kind in self._seen
        ]
        for follower in self._followers:
            follower.start()

    def stop(self):
        """Ends everything that belongs to it, at once."""
        self._stopping.set()
        for follower in self._followers:
            follower.join()
        for pod in self._pods.values():
            pod.kill()
        for pod in self._pods.values():
            pod.join()
        self._proxy.stop()
        # The cluster may have ended before.
        with contextlib.suppress(*REFUSED):
            self.api.delete("nodes", None, NODE)

    def processes(self, namespace):
        """The processes that run for pods of a namespace: ids."""
        with self._lock:
            pods = [pod for pod in self._pods.values() if pod.namespace == namespace]
        return [pod.process.pid for pod in pods if pod.runs()]

    def log(self, namespace):
        """What the pods of a namespace have written."""
        logs = sorted(self._directory.glob(f"{namespace}/*.log"))
        return "".join(f"--- {log.stem}\n{log.read_text(errors='replace')}" for log in logs)

    def _register(self):
        room = {"cpu": "64", "memory": "64Gi", "pods": "1000"}
        ready = {"type": "Ready", "status": "True", "reason": "StandIn"}
        status = {"conditions": [ready], "capacity": room, "allocatable": room}
        self.api.create("nodes", None, {"metadata": {"name": NODE}, "status": status})

    def _follow(self, kind):
        while not self._stopping.is_set():
            with contextlib.suppress(*REFUSED):
                for change, what in self.api.follow(kind, SILENT_FOR):
                    if self._stopping.is_set():
                        return
                    self._see(kind, change, what)
            self._stopping.wait(LOOK_AGAIN)

    def _see(self, kind, change, what):
        with self._lock:
            seen = self._seen[kind]
            if change == "LISTED":
                seen.clear()
                seen.update((item["metadata"]["uid"], item) for item in what)
            elif change == "DELETED":
                seen.pop(what["metadata"]["uid"], None)
            else:
                seen[what["metadata"]["uid"]] = what
            if kind == "pods":
                self._tend(seen)
            self._proxy.forward(self._targets())

    def _tend(self, wanted):
        """Has pods run that are wanted, and no others."""
        for uid in self._pods.keys() - wanted.keys():
            self._pods[uid].kill()
        for uid, pod in wanted.items():
            meta, node = pod["metadata"], pod["spec"].get("nodeName")
            if node is None:
                self._bind(meta["namespace"], meta["name"])
            if node == NODE and uid not in self._pods:
                self._pods[uid] = Pod(self.api, pod, self._directory, self.claims)
                self._pods[uid].start()
            if node == NODE and "deletionTimestamp" in meta:
                self._pods[uid].end(meta["deletionGracePeriodSeconds"])

    def _bind(self, namespace, name):
        """What a scheduler does."""
        binding = {"metadata": {"name": name}, "target": {"kind": "Node", "name": NODE}}
        # It may have been bound meanwhile, or be gone.
        with contextlib.suppress(*REFUSED):
            self.api.create(f"pods/{name}/binding", namespace, binding)

    def _targets(self):
        """Where connections to addresses of Services lead."""
        targets = {}
        for service in self._seen["services"].values():
            pod = next((pod for pod in self._seen["pods"].values() if is_ready(pod) and selects(service, pod)), None)
            for port in service["spec"]["ports"] if pod else []:
                number = port_number(pod["spec"]["containers"][0], port["targetPort"])
                target = (pod["status"]["podIP"], number)
                targets |= dict.fromkeys(addresses(service["spec"], port), target)
        return targets


def is_ready(pod):
    conditions = {condition["type"]: condition["status"] for condition in pod["status"].get("conditions", [])}
    return conditions.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"]


def selects(service, pod):
    selector = service["spec"].get("selector")
    if not selector or service["metadata"]["namespace"] != pod["metadata"]["namespace"]:
        return False
    return selector.items() <= pod["metadata"].get("labels", {}).items()


def addresses(spec, port):
    """Those that a machine without a network can have."""
    if spec.get("clusterIP", "").startswith("127."):
        yield spec["clusterIP"], port["port"]
    if "nodePort" in port:
        yield "127.0.0.1", port["nodePort"]
