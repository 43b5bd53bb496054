"""A Kubernetes control plane of the tests' own, to break part by part.

It is the one of the Rust tests (crates/kubernetes-node), as a process that obeys: a real API server on a real etcd with
real controllers, reachable from this machine only. There is no node: pods stay pending unless somebody plays the kubelet.
Everything of it ends with us.
"""

import contextlib
import json
import os
import select
import subprocess
from pathlib import Path

import pytest
from focus_process import ROOT
from kubernetes_api import Api

STARTED_WITHIN = 150.0
ANSWERS_WITHIN = 120.0
KUBECTL_ENDS_WITHIN = 60.0
SKIPPED = 77


class KubernetesNode:
    """A running control plane. Its parts are "etcd", "server" (the API server) and "controllers".

    `kubeconfig` (a path), `admin_token` and `api` are of a user who may do everything; `url` stays the same for ever;
    `ca` is where the certificate is that the API server can be trusted by; `server_pid` is what it was at first.
    """

    def __init__(self):
        # As ./test has built it.
        program = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug/focus-kubernetes-node"
        assert program.is_file(), f"there is no {program}: run ./test, or cargo build"
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        try:
            about = json.loads(self._answer(STARTED_WITHIN))
        except BaseException:
            self.stop()
            raise
        self.url, self.ca, self.admin_token = about["url"], Path(about["ca"]), about["admin_token"]
        self.kubeconfig, self._kubectl = Path(about["kubeconfig"]), about["kubectl"]
        self.server_pid = about["server"]["pid"]
        self._logs = [Path(about[part]["log"]) for part in ("etcd", "server", "controllers")]
        self.api = Api(self.url, self.ca, self.admin_token)

    def stop(self):
        """Ends all of it."""
        self._process.stdin.close()
        self._process.wait(ANSWERS_WITHIN)
        self._process.stdout.close()

    def log(self):
        """What its parts have written."""
        return "".join(log.read_text(errors="replace") for log in self._logs)

    # What is done to it

    def stop_part(self, part):
        """Ends a part at once, as a crash does."""
        self._do("stop", part)

    def start_again(self, part):
        """Starts a stopped part, at the same address and with what it had stored; waits until it works."""
        self._do("start", part)

    @contextlib.contextmanager
    def stopped(self, part):
        """A part is gone; afterwards it is started again."""
        self.stop_part(part)
        try:
            yield
        finally:
            self.start_again(part)

    @contextlib.contextmanager
    def frozen(self, part):
        """No thread of a part runs (SIGSTOP): connections stay open and are silent, the kernel accepts new ones."""
        self._do("freeze", part)
        try:
            yield
        finally:
            self._do("thaw", part)

    def _do(self, *words):
        self._process.stdin.write(" ".join(words).encode() + b"\n")
        result, _, value = self._answer(ANSWERS_WITHIN).partition(" ")
        assert result == "ok", f"{' '.join(words)}: {value}"
        return value

    def _answer(self, within):
        """The next line that it says."""
        assert select.select([self._process.stdout], [], [], within)[0], f"the cluster is silent for {within} s"
        # It says nothing unasked: all that can be read is one line.
        line = self._process.stdout.readline().decode().rstrip("\n")
        if not line and self._process.wait(ANSWERS_WITHIN) == SKIPPED:
            pytest.skip("no Kubernetes on this machine: run ./test once, it builds it")
        assert line, "the cluster has ended, and said why"
        return line

    # What is in it

    def namespace(self):
        """A new namespace, ready for pods: its name."""
        return self._do("namespace")

    def service_account_kubeconfig(self, namespace, name):
        """Where the kubeconfig of a service account is, with a new token that is valid for an hour."""
        return Path(self._do("kubeconfig", namespace, name))

    def kubectl(self, *arguments, kubeconfig=None, manifests=None):
        """What `kubectl` prints for the user who may do everything, or for another; it must not fail. `manifests` are for
        `--filename=-`."""
        done = subprocess.run(
            [self._kubectl, "--request-timeout=10s", *arguments],
            env={"PATH": os.environ["PATH"], "HOME": self.kubeconfig.parent, "KUBECONFIG": kubeconfig or self.kubeconfig},
            input=manifests,
            stdin=None if manifests else subprocess.DEVNULL,
            text=True,
            capture_output=True,
            timeout=KUBECTL_ENDS_WITHIN,
        )
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def kubeconfig_for(self, namespace, path):
        """Writes a kubeconfig of the user who may do everything, whose default is one namespace."""
        config = json.loads(self.kubectl("config", "view", "--raw", "--flatten", "--output=json"))
        for context in config["contexts"]:
            context["context"]["namespace"] = namespace
        path.write_text(json.dumps(config))
        return {"KUBECONFIG": str(path), "PATH": f"{Path(self._kubectl).parent}:{os.environ['PATH']}"}

    def apply(self, manifests):
        """Applies manifests, YAML or JSON."""
        self.kubectl("apply", "--filename=-", manifests=manifests)
