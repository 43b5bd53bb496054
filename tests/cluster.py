"""A whole deployment on Kubernetes: a namespace as the manifests of deploy/kubernetes make it, and servers for it.

The servers run beside the cluster, with the rights of the manifests' service account and no others.
"""

import contextlib
import json
import shutil
import socket

from deployment import FocusControlPlane, until
from focus_process import ROOT
from kubernetes_api import Api, ApiError
from kustomize import render, select

BASE = ROOT / "deploy/kubernetes/base"
OURS = "app.kubernetes.io/managed-by=focus-server,app.kubernetes.io/instance=focus-server"
ACCOUNT = "focus-server"
# Kinds of which a cluster without nodes and a network of its own takes notice.
HEEDED = {"ServiceAccount", "Role", "RoleBinding", "ConfigMap", "Secret", "ResourceQuota", "LimitRange"}
CLAIM = "focus-recordings"
# As patient as is allowed: the machine may be busy with other tests.
LAUNCHER = {"jobs.launcher": "kubernetes", "kubernetes.deadline": "900ms", "kubernetes.sweep_period": "1s"}
SERVED_WITHIN = 20.0
# What is not committed is swept when it is older than 10 s; controllers may take longer after an outage.
SETTLED_WITHIN = 60.0


class KubernetesDeployment:
    """A namespace of a cluster whose pods run on a stand-in node. Its jobs show the fibre and the recordings of
    `whole`, a deployment on one machine; `pod_settings` are for the jobs' pods."""

    def __init__(self, kubernetes, node, whole, new_directory, **pod_settings):
        self.kubernetes, self.node, self.whole = kubernetes, node, whole
        self.api = node.api
        self._new_directory = new_directory
        self._servers = []
        self.recordings = new_directory("recordings") / "data"
        shutil.copytree(whole.direct.data_dir, self.recordings, ignore=shutil.ignore_patterns("*.sqlite*"))
        self.namespace = kubernetes.namespace()
        node.claims[self.namespace, CLAIM] = self.recordings
        self._apply(pod_settings)
        self._kubeconfig = kubernetes.service_account_kubeconfig(self.namespace, ACCOUNT)
        # JSON is YAML.
        (user,) = json.loads(self._kubeconfig.read_text())["users"]
        self.account = Api(kubernetes.url, kubernetes.ca, user["user"]["token"])

    def _apply(self, pod_settings):
        """Makes what an operator's overlay would make, as far as it is heeded here."""
        objects = render(BASE)
        [settings] = select(objects, "ConfigMap", "focus-server")
        settings["data"] |= {f"FOCUS_{name.upper().replace('.', '_')}": value for name, value in pod_settings.items()}
        broker = {"rabbitmq-url": self.whole.node.url()}
        objects.append({"kind": "Secret", "metadata": {"name": "focus-server"}, "stringData": broker})
        for made in objects:
            if made["kind"] in HEEDED:
                made["metadata"]["namespace"] = self.namespace
                for subject in made.get("subjects", []):
                    subject["namespace"] = self.namespace
                self.api.create(f"{made['kind'].lower()}s", self.namespace, made)

    def start(self, **settings):
        """A server of the deployment, ready and well."""
        own = LAUNCHER | {
            "kubernetes.kubeconfig": self._kubeconfig,
            "kubernetes.namespace": self.namespace,
            "data_dir": self.recordings,
        }
        directory = self._new_directory("server")
        broker = settings.pop("broker", self.whole.node.url())
        server = FocusControlPlane(directory, broker, **own, index_dir=directory / "index", **settings)
        self._servers.append(server)
        server.wait_until_well()
        return server

    def clear(self, but=None):
        """Ends its servers, but one, and its jobs with all that they own. The namespace ends with the cluster."""
        for server in self._servers:
            if server is not but and server.process.poll() is None:
                server.stop()
        for job in self.objects("jobs"):
            # It may have gone meanwhile.
            with contextlib.suppress(ApiError):
                self.api.delete("jobs", self.namespace, job["metadata"]["name"])
        self.wait_until_empty()

    def objects(self, kind):
        """All objects of a kind that belong to jobs: "jobs", "services" or "pods"."""
        return self.api.list(kind, self.namespace, OURS)

    def names(self, *kinds):
        """The names of all such objects."""
        return {item["metadata"]["name"] for kind in kinds for item in self.objects(kind)}

    def conditions(self, job):
        """Those of a Job that are true now."""
        status = self.api.get("jobs", self.namespace, job["metadata"]["name"])["status"]
        return {condition["type"] for condition in status.get("conditions", []) if condition["status"] == "True"}

    def shorten_ttl(self, job):
        """The cluster removes a Job soon after it has finished."""
        change = {"spec": {"ttlSecondsAfterFinished": 1}}
        self.api.patch("jobs", self.namespace, job["metadata"]["name"], change)

    def wait_until_served(self, job):
        """Until the port that clients were told leads to a pod."""
        host = job["stream_url"].removeprefix("http://")
        until(lambda: is_open(host, job["stream_port"]), SERVED_WITHIN, "pod", self.log)

    def wait_until_empty(self):
        """Until no object of any job is there, and no process."""
        left = lambda: self.names("jobs", "services", "pods") or self.node.processes(self.namespace)
        until(lambda: not left(), SETTLED_WITHIN, "end of all jobs", lambda: f"{self.log()}\n{left()}")

    def log(self):
        """What servers and pods have written."""
        return "".join(server.log() for server in self._servers) + self.node.log(self.namespace)


def is_open(host, port):
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False
