"""Focus Server keeps its promise by its own casebook: the cases of `cases/` are run against a real deployment."""

import contextlib
import json
import os
import re
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import packets
import pytest
from deployment import FocusControlPlane, FocusFeed, until
from focus_process import ROOT, focus_binary
from rabbitmq_node import RabbitMqNode

CASES = sorted((ROOT / "cases").glob("*.md"))
RUN_WITHIN = 60.0
FIBRE = {"live.simulator.sampling_rate": 1000, "live.simulator.channels": 100}
PZ_13602 = ROOT / "cases/PZ-13602.md"
PASSED, INCONCLUSIVE, ERROR = 0, 3, 4


def command(arguments, directory, variables):
    """How the program is run; its state is in the directory."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    env |= {"HOME": str(directory), "NO_COLOR": "1"} | variables
    return {"args": [focus_binary().with_name("casebook"), *arguments], "cwd": directory, "env": env}


def casebook(*arguments, directory, **variables):
    """A run of the program to its end."""
    return subprocess.run(
        **command(arguments, directory, variables), capture_output=True, text=True, timeout=RUN_WITHIN
    )


@contextlib.contextmanager
def casebook_process(*arguments, directory, **variables):
    """A run of the program that goes on meanwhile."""
    process = subprocess.Popen(
        **command(arguments, directory, variables), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


class Lab:
    """A broker, a feed and a server of their own, and the environment's file that names them."""

    def __init__(self, new_directory):
        self.node = RabbitMqNode(new_directory("rabbitmq"))
        self.feed = FocusFeed(new_directory("feed"), self.node.url(), **FIBRE)
        self.server = FocusControlPlane(new_directory("server"), self.node.url())
        self.server.wait_until_well()
        self._new_directory = new_directory

    def environment(self, directory, may=("block",), **targets):
        """Writes `environment.toml`; gives the variables that it needs."""
        broker = self.node.url(password="PASSWORD").replace("PASSWORD", "${RABBIT_PASSWORD}")
        wanted = {
            "focus": f'url = "{self.server.url}"\nlogs = {{ file = "{self.server.log_path}" }}\n'
            f"process = {{ pid = {self.server.process.pid} }}",
            "rabbit": f'url = "{broker}"\nprocess = {{ pid = {self.node.process.pid} }}\nmay = {json.dumps(may)}',
        } | targets
        text = 'name = "private"\n' + "".join(f"[targets.{name}]\n{lines}\n" for name, lines in wanted.items())
        (directory / "environment.toml").write_text(text)
        return {"RABBIT_PASSWORD": self.node.password}

    def run(self, case, **environment):
        """Runs a case; how that ended, and its evidence."""
        directory = self._new_directory("run")
        variables = self.environment(directory, **environment)
        ran = casebook("run", case, "--environment", "environment.toml", directory=directory, **variables)
        evidence = directory / "evidence" / re.search(r"^evidence: evidence/(\S+)$", ran.stdout, re.MULTILINE)[1]
        return ran, evidence

    def stop(self):
        for process in (self.server, self.feed, self.node):
            process.stop()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    packets.need_own_network()
    lab = Lab(tmp_path_factory.mktemp)
    yield lab
    lab.stop()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_case_is_complete_by_our_own_audit(case, tmp_path):
    audited = casebook("audit", case, "--repo", ROOT, "--report", "json", directory=tmp_path)
    (ticket,) = json.loads(audited.stdout)["tickets"]
    assert ticket["verdict"]["gate"] == "executable", audited.stdout
    lacking = [field for field in ticket["fields"] if field["state"] not in ("adequate", "executable")]
    assert not lacking, lacking


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_case_passes_and_its_evidence_is_sound(lab, case):
    ran, evidence = lab.run(case)
    assert ran.returncode == PASSED, ran.stdout + ran.stderr
    assert casebook("verify", evidence, directory=evidence).stdout.startswith("sound: ")
    record = json.loads((evidence / "run.json").read_text())
    assert [fault["state"] for case in record["cases"] for fault in case["faults"]] == ["verified"]
    written = "".join(file.read_text() for file in evidence.rglob("*") if file.is_file())
    assert lab.node.password not in written and f":{lab.node.port}" not in written
    assert lab.server.get("/jobs").json() == [] and not lab.server.workers()


class RefusesAlways(BaseHTTPRequestHandler):
    """A server that answers as in an outage, whatever there is."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"error": "RabbitMQ unavailable: it always is"}'
        self.send_response(503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_a_server_that_refuses_always_does_not_pass(lab):
    refuser = ThreadingHTTPServer(("127.0.0.1", 0), RefusesAlways)
    threading.Thread(target=refuser.serve_forever, daemon=True).start()
    try:
        focus = (
            f'url = "http://127.0.0.1:{refuser.server_port}"\nlogs = {{ file = "{lab.server.log_path}" }}\n'
            f"process = {{ pid = {lab.server.process.pid} }}"
        )
        ran, evidence = lab.run(PZ_13602, focus=focus)
    finally:
        refuser.shutdown()
        refuser.server_close()
    assert ran.returncode == INCONCLUSIVE, ran.stdout + ran.stderr
    assert "the baseline does not hold" in ran.stdout
    record = json.loads((evidence / "run.json").read_text())
    assert record["cases"][0]["faults"] == [], "nothing is broken for nothing"


def test_what_an_environment_does_not_allow_is_not_touched(lab):
    ran, _ = lab.run(PZ_13602, may=())
    assert ran.returncode == ERROR, ran.stdout + ran.stderr
    assert "targets.rabbit.may must have \"block\"" in ran.stdout
    assert "ok" not in ran.stderr


def test_whoever_kills_the_run_finds_the_broker_back(lab, tmp_path):
    """kill -9 while the broker is blocked: the watchdog lets it through, and nobody has to know."""
    environment = lab.environment(tmp_path)
    text = PZ_13602.read_text().replace("| `tcp $rabbit from $focus` |", "|").replace(
        "From the server's place: `tcp $rabbit from $focus`",
        "From the server's place: `wait until tcp $rabbit from $focus open within 60s`",
    )
    (tmp_path / "PZ-13602.md").write_text(text)
    with casebook_process("run", "PZ-13602.md", "--environment", "environment.toml", directory=tmp_path, **environment) as run:
        until(lambda: not reaches(lab.node.port), RUN_WITHIN, "block")
        run.kill()
    until(lambda: reaches(lab.node.port), RUN_WITHIN, "end of the block")
    recovered = casebook("recover", directory=tmp_path)
    assert recovered.returncode == PASSED, recovered.stdout + recovered.stderr


def reaches(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.3).close()
    except OSError:
        return False
    return True
