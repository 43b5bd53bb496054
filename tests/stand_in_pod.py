"""What stands in for kubelet and container runtime: a pod whose container is a process of this machine.

It knows what pods of the tests need and no more: one container that is never started again, and a probe of a TCP port.
Nothing isolates the process: image, user, limits and root file system are not looked at. A pod has an address of its
own; nothing is mounted for it, but its environment names the directory that stands for a volume.
"""

import base64
import contextlib
import os
import re
import secrets
import signal
import socket
import subprocess
import threading
import time
from datetime import UTC, datetime

import requests
from focus_process import focus_binary
from kubernetes_api import ApiError

NODE = "stand-in"
LOOK_AGAIN = 0.02
TRY_AGAIN = 0.5
PROBED_WITHIN = 1.0
REFERENCES = {
    "configMapRef": "configmaps",
    "configMapKeyRef": "configmaps",
    "secretRef": "secrets",
    "secretKeyRef": "secrets",
}
VARIABLE = re.compile(r"\$\$|\$\((?P<name>[^()]+)\)")
FIELD = re.compile(r"(?P<path>[\w.]+)(?:\['(?P<key>.+)'\])?")


class Missing(Exception):
    """What a container needs is not there yet."""


class Pod(threading.Thread):
    """One pod, from its binding to its end, with all that a kubelet tells about it."""

    _addresses = secrets.randbelow(60_000)

    def __init__(self, api, pod, directory, claims):
        meta = pod["metadata"]
        super().__init__(name=f"stand-in-{meta['name']}", daemon=True)
        self.namespace = meta["namespace"]
        self.process = None
        self._api, self._pod, self._claims = api, pod, claims
        (self._container,) = pod["spec"]["containers"]
        self._directory = directory / meta["namespace"] / meta["name"]
        self._address = self._next_address()
        self._since = now()
        self._to_end, self._killed = threading.Event(), threading.Event()
        self._patient_until = None

    @classmethod
    def _next_address(cls):
        """One that no pod had lately."""
        Pod._addresses = Pod._addresses % 65_000 + 1
        return f"127.1.{Pod._addresses >> 8}.{Pod._addresses & 255}"

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def end(self, grace):
        """Its object is to be deleted: its process has so many seconds to end."""
        if not self._to_end.is_set():
            self._patient_until = time.monotonic() + grace
            self._to_end.set()

    def kill(self):
        """Its object is gone, or its node: its process ends at once."""
        self._killed.set()
        self._to_end.set()

    # What follows runs in the pod's own thread.

    def run(self):
        if command := self._try(self._command):
            self._run(*command)
        self._to_end.wait()
        name, uid = self._pod["metadata"]["name"], self._pod["metadata"]["uid"]
        gone = {"gracePeriodSeconds": 0, "preconditions": {"uid": uid}}
        self._try(lambda: self._api.delete("pods", self.namespace, name, **gone), self._killed)

    def _run(self, argv, env):
        self._directory.mkdir(parents=True)
        with open(self._directory.with_suffix(".log"), "wb") as log:
            self.process = subprocess.Popen(
                argv, cwd=self._directory, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        running = {"running": {"startedAt": self._since}}
        self._report("Running", False, running)
        ready = False
        while self.process.poll() is None and not self._to_end.wait(LOOK_AGAIN):
            if not ready and (ready := self._is_ready()):
                self._report("Running", True, running)
        self._end_process()
        code = self.process.returncode
        ended = {"exitCode": code if code >= 0 else 128 - code, "startedAt": self._since, "finishedAt": now()}
        self._report("Failed" if code else "Succeeded", False, {"terminated": ended})

    def _end_process(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        while self.runs() and not self._killed.is_set() and time.monotonic() < self._patient_until:
            time.sleep(LOOK_AGAIN)
        self.process.kill()
        self.process.wait()

    def _is_ready(self):
        probe = self._container.get("readinessProbe")
        if probe is None:
            return True
        port = port_number(self._container, probe["tcpSocket"]["port"])
        with contextlib.suppress(OSError), socket.create_connection((self._address, port), PROBED_WITHIN):
            return True
        return False

    def _report(self, phase, ready, state):
        conditions = {"Initialized": True, "PodScheduled": True, "ContainersReady": ready, "Ready": ready}
        container = {"name": self._container["name"], "image": self._container["image"], "imageID": "stand-in"}
        status = {
            "phase": phase,
            "conditions": [{"type": name, "status": str(value)} for name, value in conditions.items()],
            "hostIP": "127.0.0.1",
            "podIP": self._address,
            "podIPs": [{"ip": self._address}],
            "startTime": self._since,
            "containerStatuses": [container | {"ready": ready, "restartCount": 0, "state": state}],
        }
        change, name = {"status": status}, self._pod["metadata"]["name"]
        self._try(lambda: self._api.patch("pods", self.namespace, name, change, "/status"), self._killed)

    def _try(self, step, given_up=None):
        """What a step gives, which is tried again as long as the API server does not help."""
        given_up = given_up or self._to_end
        while not given_up.is_set():
            try:
                return step()
            except (requests.RequestException, ApiError, Missing) as error:
                print(f"{self.name}: {error}")
                given_up.wait(TRY_AGAIN)
        return None

    # What the container's process is started with

    def _command(self):
        """Its arguments and environment."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self._directory), "HOSTNAME": self._pod["metadata"]["name"]}
        for source in self._container.get("envFrom", []):
            _, data = self._referred_to(source)
            env |= {source.get("prefix", "") + name: value for name, value in data.items()}
        for entry in self._container.get("env", []):
            source = entry.get("valueFrom")
            value = self._from(source) if source else expanded(entry.get("value", ""), env)
            if value is not None:
                env[entry["name"]] = value
        if "command" not in self._container:
            raise Missing(f"nobody knows what {self._container['image']} would run")
        command = self._container["command"] + self._container.get("args", [])
        program, *arguments = [expanded(word, env) for word in command]
        if os.path.basename(program) == "focus":
            program = str(focus_binary())
        return [program, *arguments], {name: self._where(value) for name, value in env.items()}

    def _from(self, source):
        if "fieldRef" in source:
            return self._field(source["fieldRef"]["fieldPath"])
        wanted, data = self._referred_to(source)
        if wanted["key"] not in data and not wanted.get("optional"):
            raise Missing(f"{wanted['name']} has no {wanted['key']}")
        return data.get(wanted["key"])

    def _referred_to(self, source):
        """How a ConfigMap or a Secret is referred to, and all that it holds, in clear text."""
        ((reference, wanted),) = ((name, wanted) for name, wanted in source.items() if name in REFERENCES)
        try:
            data = self._api.get(REFERENCES[reference], self.namespace, wanted["name"]).get("data", {})
        except ApiError as error:
            if error.status == 404 and wanted.get("optional"):
                return wanted, {}
            raise
        if REFERENCES[reference] == "secrets":
            data = {name: base64.b64decode(value).decode() for name, value in data.items()}
        return wanted, data

    def _field(self, path):
        if path in ("status.podIP", "status.hostIP"):
            return self._address if path == "status.podIP" else "127.0.0.1"
        found = FIELD.fullmatch(path)
        value = self._pod
        for name in found["path"].split("."):
            value = value[name]
        return value[found["key"]] if found["key"] else value

    def _where(self, value):
        """A path below a volume's mount is one below what stands for the volume."""
        volumes = {volume["name"]: volume for volume in self._pod["spec"].get("volumes", [])}
        for mount in self._container.get("volumeMounts", []):
            if value == mount["mountPath"] or value.startswith(f"{mount['mountPath']}/"):
                claim = volumes[mount["name"]].get("persistentVolumeClaim")
                stands_for_it = self._claims[self.namespace, claim["claimName"]] if claim else self._directory
                return str(stands_for_it) + value.removeprefix(mount["mountPath"])
        return value


def expanded(text, env):
    """A text in which each `$(NAME)` is the value of that variable, if there is one."""

    def value(found):
        return "$" if found[0] == "$$" else env.get(found["name"], found[0])

    return VARIABLE.sub(value, text)


def port_number(container, port):
    """A port that may be called by its name."""
    ports = container.get("ports", [])
    return next((known["containerPort"] for known in ports if known.get("name") == port), port)


def now():
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
