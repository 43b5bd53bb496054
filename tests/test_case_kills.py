"""Whoever ends a run of casebook, and whenever: what it broke is whole again and what its requests made is gone, or the
next run refuses until it is.

A service of the test's own makes jobs, is cut off and then halted by a ticket, and the run is ended at moments that are
spread over all of it. `CASE_KILLS` says how many times.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import packets
import pytest
import requests
from casebook import PASSED, RUN_WITHIN, casebook, casebook_process
from deployment import until
from focus_process import ROOT
from free_ports import free_ports

KILLS = int(os.environ.get("CASE_KILLS", "200"))
# How a run ends that does not begin because of what an earlier one left, and `casebook recover` that cannot mend it.
DIRTY = 5
# How long the service takes to answer when it has made a job, so that runs are ended meanwhile, too, and how long it may.
ANSWERS_AFTER, ANSWERS_LATE, DEADLINE = 0.05, 5.0, 20.0
TICKET = """---
key: KILLS-1
summary: A service is cut off, and later halted
---

## Pre-Conditions

- The service and its client are there: `use $service $client`

## Test Steps

| # | Action | Data | Expected Result |
| --- | --- | --- | --- |
| 1 | Verify the baseline | `http POST $service/jobs undo DELETE $service/jobs/$first.json.id as first` | `status 201` |
| 2 | Cut the service off | `block $service from $client` | `applied` |
| 3 | Verify that it is | `tcp $service from $client deadline 200ms` | `timeout refused unreachable` |
| 4 | Halt it as well | `freeze $service` | `applied` |
| 5 | Verify that it is | `process state $service` | `down` |
| 6 | Let it go on | `undo step 4` | `undone` |
| 7 | Restore the way to it | `undo step 2` | `undone` |
| 8 | Verify recovery | `wait until tcp $service from $client open within 5s` | `open` |
| 9 | Verify that it serves | `http POST $service/jobs undo DELETE $service/jobs/$last.json.id as last` | `status 201` |
"""


class Service:
    """A process that makes jobs, with a run's directory beside it."""

    def __init__(self, directory, answers_after):
        self.port, self.directory = free_ports(1), directory
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, ROOT / "tests/stand_in_maker.py", str(self.port), str(answers_after)]
        self.process = subprocess.Popen(command)
        (directory / "kills.md").write_text(TICKET)
        own = f"process = {{ pid = {os.getpid()} }}"
        (directory / "environment.toml").write_text(
            f'name = "kills"\n[targets.service]\nurl = "{self.url}"\n'
            f'process = {{ pid = {self.process.pid} }}\nmay = ["block", "freeze"]\n[targets.client]\n{own}\n'
            f"[limits]\ndeadline = {DEADLINE}\n"
        )
        until(self.is_whole, RUN_WITHIN, "a service")

    def is_whole(self):
        """Whether it can be reached, and runs."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=0.3).close()
        except OSError:
            return False
        return state(self.process.pid) not in "Tt"

    def jobs(self):
        """Those that there are."""
        return requests.get(f"{self.url}/jobs", timeout=RUN_WITHIN).json()

    def is_as_before(self):
        return self.is_whole() and not self.jobs()

    def recover(self):
        """How recovering ends; what is left to a person is done."""
        recovered = casebook("recover", directory=self.directory)
        is_told = recovered.returncode == DIRTY and "its answer was not seen" in recovered.stderr
        if not is_told:
            return recovered, False
        for job in self.jobs():
            requests.delete(f"{self.url}/jobs/{job}", timeout=RUN_WITHIN)
        return casebook("recover", "--by-hand", directory=self.directory), True

    def stop(self):
        self.process.kill()
        self.process.wait()

    def run(self):
        return casebook(*self.arguments(), directory=self.directory)

    def arguments(self):
        return "run", "kills.md", "--environment", "environment.toml"

    def processes(self):
        """The run, its watchdog, and what these have started."""
        mark = f"HOME={self.directory}".encode()
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if mark in environment(pid)]


def environment(pid):
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def state(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def kill(run, _):
    run.kill()


def interrupt_twice(run, _):
    run.send_signal(signal.SIGINT)
    time.sleep(0.01)
    run.send_signal(signal.SIGINT)


def hang_up(run, _):
    run.send_signal(signal.SIGHUP)


def terminate(run, _):
    run.send_signal(signal.SIGTERM)


def cut_power(run, service):
    """Neither the run nor its watchdog does anything more: all that is left is the journal."""
    for sent in (signal.SIGSTOP, signal.SIGKILL):
        for pid in service.processes():
            # What a run starts may end by itself meanwhile.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sent)
    run.wait()


WAYS = [kill, interrupt_twice, hang_up, terminate, cut_power]


@pytest.fixture
def start(tmp_path):
    packets.need_own_network()
    started = []

    def start(answers_after):
        started.append(Service(tmp_path, answers_after))
        return started[-1]

    yield start
    for service in started:
        service.stop()


@pytest.mark.timeout(5 * KILLS + 120)
def test_nothing_is_left_whenever_and_however_a_run_is_ended(start):
    service = start(ANSWERS_AFTER)
    began = time.monotonic()
    whole = service.run()
    assert whole.returncode == PASSED, whole.stdout + whole.stderr
    length = time.monotonic() - began
    left, refused = [], 0
    for number in range(KILLS):
        end, moment = WAYS[number % len(WAYS)], length * number / KILLS
        with casebook_process(*service.arguments(), directory=service.directory) as run:
            time.sleep(moment)
            end(run, service)
            until(lambda: not service.processes(), RUN_WITHIN, "end of all that the run had started")
        if not service.is_as_before():
            # Only the journal knows: whoever comes next is told, and breaks nothing more.
            again = service.run()
            is_refused = again.returncode == DIRTY and "nothing is run before `casebook recover`" in again.stderr
            refused += is_refused
            if end is not cut_power or not is_refused:
                left.append(f"{end.__name__} after {moment:.2f} s: {again.returncode} {again.stderr}")
        recovered, is_told = service.recover()
        if recovered.returncode != PASSED or not service.is_as_before() or (is_told and end is not cut_power):
            left.append(f"{end.__name__} after {moment:.2f} s: {recovered.stdout}{recovered.stderr}")
    assert not left, "\n".join(left)
    assert refused, "no power was cut while something was broken: that proves nothing"
    assert service.run().returncode == PASSED


@pytest.mark.parametrize("end", WAYS, ids=lambda end: end.__name__)
def test_what_a_request_made_is_gone_when_the_run_ends_before_the_answer(start, end):
    service = start(ANSWERS_LATE)
    with casebook_process(*service.arguments(), directory=service.directory) as run:
        until(service.jobs, RUN_WITHIN, "job")
        end(run, service)
        until(lambda: not service.processes(), RUN_WITHIN, "end of all that the run had started")
    # Only power takes the watchdog, too: that something may be there is all that anybody knows then.
    assert service.is_as_before() == (end is not cut_power)
    recovered, is_told = service.recover()
    assert is_told == (end is cut_power), recovered.stdout + recovered.stderr
    assert recovered.returncode == PASSED and service.is_as_before()
