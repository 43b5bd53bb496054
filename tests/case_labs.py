"""Where cases run: deployments of their own, and the environments that name what is in them.

A case runs in the first lab of `LABS` that has all that it declares by `use`.
"""

import json
import os
import re
import signal
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from casebook import casebook, has_no_baseline
from cluster import KubernetesDeployment
from deployment import FocusControlPlane, FocusFeed, until
from focus_process import ROOT
from mongodb_node import MongoDbNode
from rabbitmq_node import RabbitMqNode
from rows import generate_stubs
from server_process import ServerProcess

FIBRE = {"live.simulator.sampling_rate": 1000, "live.simulator.channels": 100}
JOBS_AT_MOST = 3
ENDED_WITHIN = 20.0


class Adopted:
    """A process that casebook has started again, as whoever had started it before sees it."""

    def __init__(self, pid):
        self.pid = pid

    def poll(self):
        """None as long as it lives; how it ended nobody is told who is not its parent."""
        try:
            state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return 0
        return 0 if state in "ZX" else None

    def wait(self, timeout=ENDED_WITHIN):
        return until(lambda: self.poll() is not None, timeout, "end of a process") and 0

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)


class Part:
    """A process of a lab that cases may end and start again. `owner` has it as its `process`."""

    def __init__(self, name, owner, directory):
        self.owner = owner
        self.pid_file, self._recipe = directory / f"{name}.pid", directory / f"{name}.json"
        self.pid_file.write_text(str(owner.process.pid))
        self._recipe.write_text(json.dumps(owner.recipe() | {"pid_file": str(self.pid_file)}))

    def target(self, **more):
        """What an environment says of it."""
        start = [sys.executable, str(ROOT / "tests/start_again.py"), str(self._recipe)]
        return {"process": {"pid_file": str(self.pid_file)}, "start": start} | more

    def adopt(self):
        """Whoever owns it knows the process that it is now."""
        pid = int(self.pid_file.read_text())
        if pid != self.owner.process.pid:
            self.owner.process.poll()
            self.owner.process = Adopted(pid)


class Viewer(ServerProcess):
    """A client's program that watches whatever a server shows."""

    def __init__(self, directory, server, stubs):
        command = [sys.executable, ROOT / "tests/stand_in_viewer.py", server.url, stubs]
        super().__init__(directory, command, dict(os.environ))
        self.start()

    def serves(self):
        return True


class Lab:
    """What all labs have in common. `names` is what a case can `use` there, `server` the Focus Server."""

    names = frozenset()
    # Sections of the environment's file beside its targets, and variables that runs need.
    sections, variables = "", {}

    def __init__(self, new_directory):
        self.new_directory = new_directory
        self.directory = new_directory("lab")
        self.parts = {}

    def targets(self):
        """What names stand for: by name what the environment's file says."""
        raise NotImplementedError

    def left(self):
        """What cases have left behind."""
        raise NotImplementedError

    def secrets(self):
        """What must not be in any evidence: credentials and the addresses of targets."""
        urls = [urlsplit(target["url"]) for target in self.targets().values() if "url" in target]
        return [self.node.password, *(f":{url.port}" for url in urls)]

    def environment(self, directory, **changes):
        """Writes `environment.toml`, with changes to targets; gives the variables that it needs."""
        targets = {name: target | changes.get(name, {}) for name, target in self.targets().items()}
        text = [f'name = "{type(self).__name__}"', self.sections]
        for name, target in targets.items():
            text += [f"[targets.{name}]", *(f"{key} = {toml(value)}" for key, value in target.items())]
        (directory / "environment.toml").write_text("\n".join(text) + "\n")
        return {"RABBIT_PASSWORD": self.node.password} | self.variables

    def run(self, case, variables=None, again=2, **changes):
        """Runs a case, with changes to targets and variables; how that ended, and its evidence. What the case before it
        broke is whole again, also where that one ended before it saw so. A run without a baseline is repeated, at most
        `again` times."""
        self.server.wait_until_well()
        directory = self.new_directory("run")
        variables = self.environment(directory, **changes) | (variables or {})
        allowed = ["--allow-shell"] if "shell = true" in self.sections else []
        ran = casebook("run", case, "--environment", "environment.toml", *allowed, directory=directory, **variables)
        for part in self.parts.values():
            part.adopt()
        if again and has_no_baseline(ran):
            return self.run(case, variables, again - 1, **changes)
        evidence = directory / "evidence" / re.search(r"^evidence: evidence/(\S+)$", ran.stdout, re.MULTILINE)[1]
        return ran, evidence

    def hidden_url(self):
        """The broker's, without its password."""
        return self.node.url(password="PASSWORD").replace("PASSWORD", "${RABBIT_PASSWORD}")

    def stop(self):
        for part in reversed(self.parts.values()):
            part.owner.stop()


class OneMachine(Lab):
    """Focus Server, its jobs as processes of the machine; broker, MongoDB with a recording, feed, and two viewers."""

    names = frozenset({"focus", "rabbit", "mongo", "feed", "viewer", "slow_viewer", "recording"})

    def __init__(self, new_directory, _):
        super().__init__(new_directory)
        self.node = RabbitMqNode(new_directory("rabbitmq"))
        self.mongo = MongoDbNode(new_directory("mongodb"))
        self.feed = FocusFeed(new_directory("feed"), self.node.url(), **FIBRE)
        settings = self.mongo.settings() | {"jobs.max_jobs": JOBS_AT_MOST}
        self.server = FocusControlPlane(new_directory("server"), self.node.url(), **settings)
        stubs = str(new_directory("stubs"))
        generate_stubs(stubs)
        owners = {"rabbit": self.node, "mongo": self.mongo, "feed": self.feed, "focus": self.server}
        owners |= {name: Viewer(new_directory(name), self.server, stubs) for name in ("viewer", "slow_viewer")}
        self.parts = {name: Part(name, owner, self.directory) for name, owner in owners.items()}
        self.server.wait_until_well()
        start, end = self.server.recording()
        # What the catalogue lists is rounded to the millisecond.
        self.sections = f"[values]\nrecording = {{ start = {start + 1}, end = {end - 1} }}"

    def targets(self):
        parts, server = self.parts, self.server
        log = lambda name: {"file": str(parts[name].owner.directory / "node.log")}
        return {
            "focus": parts["focus"].target(url=server.url, logs={"file": str(server.log_path)}, may=["kill"]),
            "rabbit": parts["rabbit"].target(
                url=self.hidden_url(), queues=self.list_queues(), may=["block", "freeze", "stop", "kill"]
            ),
            "mongo": parts["mongo"].target(url=self.mongo.url(), may=["block", "freeze"]),
            "feed": parts["feed"].target(may=["freeze", "stop"]),
            "viewer": parts["viewer"].target(logs=log("viewer")),
            "slow_viewer": parts["slow_viewer"].target(logs=log("slow_viewer"), may=["freeze"]),
        }

    def list_queues(self):
        """A command that lists the broker's queues."""
        script = self.directory / "queues.sh"
        if not script.exists():
            script.write_text(self.node.queues_script())
        return ["sh", str(script)]

    def left(self):
        return self.server.get("/jobs").json() + self.server.workers()


class OnKubernetes(Lab):
    """Focus Server whose jobs are Jobs and Services of a real API server, in a namespace as the manifests make it. Its
    broker and fibre are those of the deployment that all tests share."""

    names = frozenset({"focus", "rabbit", "kubernetes"})

    def __init__(self, new_directory, fixture):
        super().__init__(new_directory)
        whole, self.cluster = fixture("deployment"), fixture("kubernetes")
        self.node = whole.node
        self.place = KubernetesDeployment(self.cluster, fixture("stand_in_node"), whole, new_directory)
        self.server = self.place.start()
        self.parts = {"focus": Part("focus", self.server, self.directory)}
        kubeconfig = self.directory / "kubeconfig"
        self.variables = self.cluster.kubeconfig_for(self.place.namespace, kubeconfig)
        where = f"namespace = {toml(self.place.namespace)}\nkubeconfig = {toml(str(kubeconfig))}"
        self.sections = f"shell = true\n[kubernetes]\n{where}"

    def targets(self):
        log = {"file": str(self.server.log_path)}
        api = urlsplit(self.cluster.url)
        return {
            "focus": self.parts["focus"].target(url=self.server.url, logs=log, may=["kill"]),
            "rabbit": {"url": self.hidden_url(), "process": {"pid": self.node.process.pid}, "may": ["block"]},
            "kubernetes": {"url": f"tcp://{api.hostname}:{api.port}", "may": ["block"]},
        }

    def secrets(self):
        return [*super().secrets(), self.cluster.admin_token]

    def left(self):
        return self.server.get("/jobs").json() + sorted(self.place.names("jobs", "services"))

    def stop(self):
        self.place.clear()


LABS = [OneMachine, OnKubernetes]


def lab_of(case):
    """The lab that a case runs in."""
    used = re.findall(r"`use ([^`]*)`", case.read_text())
    wanted = {name.removeprefix("$") for names in used for name in names.split()}
    fitting = [lab for lab in LABS if wanted <= lab.names]
    assert fitting, f"{case.name} uses {sorted(wanted)}: no lab has all of that"
    return fitting[0]


def toml(value):
    """A value as TOML writes it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
