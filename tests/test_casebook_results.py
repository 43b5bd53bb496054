"""What comes out of a run of casebook: evidence, results for Xray and build servers, and what runs leave that ended early.

A small server of the tests' own is enough for that: the cases of Focus Server itself are in `test_cases.py`.
"""

import base64
import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import xml.etree.ElementTree as Xml
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import packets
import pytest
from casebook import INCONCLUSIVE, casebook, casebook_process

FINE, TROUBLE = 0, 2
TICKET = """---
key: LAB-7
summary: A small server says <hello> & "goodbye"
labels:
  - smoke
---

## Requirements

- LAB-3: it says hello

## Pre-Conditions

- There is a server: `use $server`

## Test Steps

| # | Action | Data | Expected Result |
|---|---|---|---|
| 1 | Ask for hello | `http GET $server/hello` | `status 200`, `json $.text = "hello"` |
| 2 | Ask for goodbye | `http GET $server/goodbye` | `status 200` |
"""
DELAYED = """---
key: LAB-8
summary: The way to a server is slow
---

## Pre-Conditions

- There is a server, near at hand: `use $server` `tcp $server from $server` `elapsed < 1s`

## Test Steps

| # | Action | Data | Expected Result |
|---|---|---|---|
| 1 | Ask as long as the way is short | `http GET $server/hello` | `status 200` |
| 2 | Make the way slow | `delay $server from $server by 1500ms` | `applied` |
| 3 | It is slow | `tcp $server from $server` | `elapsed 1500ms..10s` |
| 4 | Ask for hello all the same | `http GET $server/hello` | `status 200`, `elapsed > 1500ms` |
| 5 | Make it short again | `undo step 2` | `undone` |
| 6 | It is short again | `tcp $server from $server` | `elapsed < 1s` |
| 7 | Ask again | `http GET $server/hello` | `status 200`, `elapsed < 1s` |
"""


class Small(BaseHTTPRequestHandler):
    """Says hello, knows no goodbye, and never answers who waits."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/wait":
            self.server.asked.set()
            self.server.over.wait()
        known = self.path == "/hello"
        self.answer(200 if known else 404, {"text": "hello"} if known else {"error": "\x1b[31mno <such> thing\x00"})

    def answer(self, status, value):
        body = json.dumps(value, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Xray(Small):
    """Takes results as Xray Cloud does, and notes what it got."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.got.append((self.path, self.headers["Authorization"], self.headers["Content-Type"], body))
        if self.path == "/api/v2/authenticate":
            self.answer(200, "a-token")
        else:
            self.answer(*self.server.says)


@contextlib.contextmanager
def serving(handler, **attributes):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.asked, server.over, server.got = threading.Event(), threading.Event(), []
    vars(server).update(attributes)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()


def prepare(server, directory, ticket=TICKET):
    (directory / "LAB.md").write_text(ticket)
    (directory / "lab.toml").write_text(
        f'name = "lab"\n[targets.server]\nurl = "http://127.0.0.1:{server.server_port}"\n'
        f'process = {{ pid = {os.getpid()} }}\nmay = ["delay"]\n'
    )


def run(server, directory, ticket=TICKET, **variables):
    """Runs the ticket: how that ended, and its evidence."""
    prepare(server, directory, ticket)
    ran = casebook("run", "LAB.md", "--environment", "lab.toml", directory=directory, **variables)
    assert (found := re.search(r"^evidence: (\S+)$", ran.stdout, re.MULTILINE)), ran.stdout + ran.stderr
    return ran, directory / found[1]


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    with serving(Small) as server:
        return run(server, tmp_path_factory.mktemp("results"))[1]


def test_what_was_sent_and_seen_are_files(evidence):
    there = sorted(str(file.relative_to(evidence)) for file in evidence.rglob("*") if file.is_file())
    assert [file for file in there if file.startswith("steps/")] == [
        "steps/LAB-7/02-1-request.txt",
        "steps/LAB-7/02-1-response.txt",
        "steps/LAB-7/03-2-request.txt",
        "steps/LAB-7/03-2-response.txt",
    ]
    request = (evidence / "steps/LAB-7/02-1-request.txt").read_text()
    assert request.splitlines()[0].startswith("GET ") and "\naccept: */*" in request, request
    response = (evidence / "steps/LAB-7/02-1-response.txt").read_text()
    assert response.startswith("status 200 in 0.") and response.endswith('\n\n{"text": "hello"}')
    sums = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=evidence, capture_output=True)
    assert sums.returncode == 0, sums.stdout
    assert casebook("verify", evidence, directory=evidence).stdout.startswith("sound: ")


def test_results_are_exported_for_xray_and_for_build_servers(evidence, tmp_path):
    def exported(*arguments):
        ran = casebook("export", evidence, *arguments, directory=tmp_path)
        assert ran.returncode == FINE, ran.stderr
        return ran.stdout

    (test,) = json.loads(exported("--format", "xray-cloud"))["tests"]
    assert (test["testKey"], test["status"]) == ("LAB-7", "FAILED")
    assert [step["status"] for step in test["steps"]] == ["PASSED", "FAILED"]
    seen = base64.b64decode(test["steps"][1]["evidence"][1]["data"]).decode()
    assert seen == (evidence / "steps/LAB-7/03-2-response.txt").read_text()
    server = json.loads(exported("--format", "xray-server", "--execution", "LAB-90", "--without-files"))
    assert (server["testExecutionKey"], server["tests"][0]["status"]) == ("LAB-90", "FAIL")
    assert exported("--format", "junit", "--output", "junit.xml") == ""
    suite = Xml.parse(tmp_path / "junit.xml").getroot().find("testsuite")
    assert suite.attrib.items() >= {"tests": "1", "failures": "1", "errors": "0", "skipped": "0"}.items()
    case = suite.find("testcase")
    assert case.get("name") == 'LAB-7 A small server says <hello> & "goodbye"'
    assert [element.tag for element in case] == ["failure", "system-out", "properties"]
    values = {element.get("name"): element.get("value") for element in case.iter("property")}
    assert (values["test_key"], values["requirements"], values["tags"]) == ("LAB-7", "LAB-3", "smoke")
    assert "LAB-7.html" in [item.get("name") for item in case.iter("item")]


def test_results_are_pushed_with_credentials_from_variables(evidence, tmp_path):
    credentials = {"XRAY_CLIENT_ID": "the-client", "XRAY_CLIENT_SECRET": "the-secret"}
    with serving(Xray, says=(200, {"id": "1", "key": "LAB-91", "self": "x"})) as xray:
        push = ["push", evidence, "--cloud", "--url", f"http://127.0.0.1:{xray.server_port}"]
        dry = casebook(*push, "--dry-run", directory=tmp_path)
        assert dry.returncode == FINE and not xray.got and "/api/v2/import/execution" in dry.stderr
        without = casebook(*push, directory=tmp_path)
        assert without.returncode == TROUBLE and not xray.got and "set XRAY_CLIENT_ID and" in without.stderr
        pushed = casebook(*push, directory=tmp_path, **credentials)
        assert (pushed.returncode, pushed.stdout) == (FINE, "LAB-91\n"), pushed.stderr
        login, results = xray.got
        assert login[3] == {"client_id": "the-client", "client_secret": "the-secret"}
        assert results[:3] == ("/api/v2/import/execution", "Bearer a-token", "application/json")
        assert results[3] == json.loads(dry.stdout)
    with serving(Xray, says=(400, {"error": "Test LAB-7 not found: the-secret"})) as xray:
        push[-1] = f"http://127.0.0.1:{xray.server_port}"
        refused = casebook(*push, directory=tmp_path, **credentials)
    assert refused.returncode == TROUBLE and "400: Test LAB-7 not found: ***" in refused.stderr
    gone = casebook(*push, directory=tmp_path, **credentials)
    assert gone.returncode == TROUBLE and "Connection refused" in gone.stderr
    assert "the-secret" not in refused.stderr + refused.stdout + gone.stderr + gone.stdout


def test_evidence_that_was_changed_is_not_passed_on(tmp_path):
    with serving(Small) as server:
        _, evidence = run(server, tmp_path)
    record = evidence / "run.json"
    record.write_text(record.read_text().replace("FAILED", "PASSED"))
    for command in (["export", evidence, "--format", "junit"], ["push", evidence, "--cloud", "--dry-run"]):
        refused = casebook(*command, directory=tmp_path)
        assert refused.returncode == TROUBLE and not refused.stdout, command
        assert "not sound" in refused.stderr and "run.json was changed after the run" in refused.stderr


def test_a_run_that_was_killed_leaves_what_there_is_and_later_ones_tell(tmp_path):
    with serving(Small) as server:
        prepare(server, tmp_path, TICKET.replace("/goodbye`", "/wait deadline 60s`"))
        with casebook_process("run", "LAB.md", "--environment", "lab.toml", directory=tmp_path) as process:
            assert server.asked.wait(30)
            process.send_signal(signal.SIGKILL)
            process.wait()
        (unfinished,) = (tmp_path / "evidence").iterdir()
        assert unfinished.name.endswith(".unfinished") and (unfinished / "tickets/LAB-7.md").is_file()
        told = f"evidence/{unfinished.name} is of a run that did not end"
        recovered = casebook("recover", directory=tmp_path)
        assert recovered.returncode == FINE and told in recovered.stderr and "nothing is broken" in recovered.stdout
        later, evidence = run(server, tmp_path)
    assert told in later.stderr and evidence.is_dir()
    journals = [file.name for file in Path(tmp_path).rglob("*.journal")]
    assert sorted(set(journals)) == sorted(journals), "that of a whole run is in its evidence alone"
    assert f"{evidence.name}-1.journal" in journals


def kernel_can_delay():
    """Whether packets can be made late here: of the loopback in this network of our own."""
    made = subprocess.run(["tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"], capture_output=True)
    if made.returncode == 0:
        subprocess.run(["tc", "qdisc", "del", "dev", "lo", "root"], check=True)
        prio = subprocess.run(["tc", "qdisc", "add", "dev", "lo", "root", "handle", "1:", "prio"], capture_output=True)
        if prio.returncode == 0:
            subprocess.run(["tc", "qdisc", "del", "dev", "lo", "root"], check=True)
            return True
    return False


def test_a_slow_way_is_slow_and_then_as_before_or_refused(tmp_path):
    packets.need_own_network()
    before = subprocess.run(["tc", "qdisc", "show", "dev", "lo"], capture_output=True, text=True).stdout
    with serving(Small) as server:
        ran, evidence = run(server, tmp_path, DELAYED)
    record = json.loads((evidence / "run.json").read_text())["cases"][0]
    if kernel_can_delay():
        assert ran.returncode == FINE, ran.stdout
        assert [fault["state"] for fault in record["faults"]] == ["verified"]
    else:
        assert ran.returncode == INCONCLUSIVE, ran.stdout
        assert "this kernel cannot make packets late" in record["reason"], record["reason"]
    assert subprocess.run(["tc", "qdisc", "show", "dev", "lo"], capture_output=True, text=True).stdout == before
    assert "nothing is broken" in casebook("recover", directory=tmp_path).stdout


def test_a_slow_way_without_the_program_that_makes_it_breaks_nothing(tmp_path):
    packets.need_own_network()
    with serving(Small) as server:
        ran, evidence = run(server, tmp_path, DELAYED, PATH=str(tmp_path))
    record = json.loads((evidence / "run.json").read_text())["cases"][0]
    assert ran.returncode == INCONCLUSIVE, ran.stdout
    assert "ip cannot be started" in record["reason"] and "iproute2" in record["reason"], record["reason"]
    assert record["faults"] == [] and "nothing is broken" in casebook("recover", directory=tmp_path).stdout
