"""No case passes for the wrong reason: servers that do not keep the promise are found out, by the check that is meant
for it, and where nothing can be told nothing is claimed.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import time

import pytest
from case_labs import OneMachine, OnKubernetes, lab_of
from casebook import ERROR, FAILED, INCONCLUSIVE, has_no_baseline
from focus_process import ROOT
from lying_proxy import Answer, lying_proxy
from test_cases import RUN_HERE

SLOWER_THAN_PROMISED = 3.1
POD = {"restartPolicy": "Never", "containers": [{"name": "none", "image": "none"}]}
INVENTED = {"status": "success", "job_id": "0-99999", "stream_url": "http://127.0.0.1", "stream_port": 1}


# Ways to break the promise. Each is told of an answer, and changes it or gives another.


def checks_nothing(method, path, answer):
    """It claims to have started a job whatever is wrong."""
    if method == "POST" and path == "/configure" and answer.status >= 400:
        return Answer(200, INVENTED)


def names_nothing(method, path, answer):
    """It does not say what is out."""
    if answer.status >= 500:
        answer.body |= {"error": "an upstream is unavailable", "code": "unavailable"}


def answers_late(method, path, answer):
    """It waits for what will not come."""
    if answer.status >= 500:
        time.sleep(SLOWER_THAN_PROMISED)


def tells_of_a_job(method, path, answer):
    """It refuses, and has started something all the same."""
    if answer.status >= 500:
        answer.body["job_id"] = INVENTED["job_id"]


def forgets_when_to_ask_again(method, path, answer):
    answer.headers.clear()


def takes_an_outage_for_an_empty_archive(method, path, answer):
    if path == "/configure" and answer.status == 503:
        return Answer(404, {"error": "no recording in the range", "code": "no_recording"})


def lists_nothing_in_an_outage(method, path, answer):
    if path == "/recordings_in_time_range" and answer.status == 503:
        return Answer(200, [])


def finds_one_mistake_at_a_time(method, path, answer):
    if answer.status in (400, 422) and answer.body.get("detail"):
        answer.body["detail"] = answer.body["detail"][:1]


def takes_bad_requests_for_its_own_faults(method, path, answer):
    if answer.status in (400, 422):
        return Answer(500, {"error": "internal error"})


def guesses_a_fibre(method, path, answer):
    if path == "/live_metadata":
        answer.body["number_of_channels"] = 100


def forgets_its_jobs(method, path, answer):
    if path == "/jobs":
        return Answer(200, [])


def remembers_the_dead(method, path, answer):
    """It claims to have a job that the server before it had."""
    if path.startswith("/metadata/") and answer.status == 404:
        return Answer(200, INVENTED)


def claims_to_be_well(method, path, answer):
    if path == "/metrics":
        answer.body = re.sub(r"^(focus_upstream_up\{.*\}) 0$", r"\1 1", answer.body, flags=re.MULTILINE)


def loses_in_silence(method, path, answer):
    if path == "/metrics":
        answer.body = re.sub(r"^(focus_rows_lost_total\S*) \S+$", r"\1 0", answer.body, flags=re.MULTILINE)


def takes_what_is_full_for_an_outage(method, path, answer):
    if answer.status == 429:
        return Answer(503, {"error": "Kubernetes unavailable: exceeded quota", "code": "kubernetes_unavailable"})


def refuses_always(method, path):
    """It answers as in an outage, whatever there is, and does nothing."""
    if method == "POST":
        return Answer(503, {"error": "RabbitMQ unavailable: it always is", "code": "rabbitmq_unavailable"})


# Each with the step that finds it out, and what does not hold there.
CAUGHT = [
    ("PZ-13602", checks_nothing, "6", "status 502 503"),
    ("PZ-13602", names_nothing, "7", 'json $.error contains "RabbitMQ"'),
    ("PZ-13602", answers_late, "4", "elapsed < 3s"),
    ("PZ-13602", tells_of_a_job, "8", "json $.job_id absent"),
    ("PZ-13603", checks_nothing, "5", "status 502 503"),
    ("PZ-13603", forgets_when_to_ask_again, "7", "header Retry-After exists"),
    ("PZ-13604", takes_an_outage_for_an_empty_archive, "5", "status 502 503"),
    ("PZ-13604", lists_nothing_in_an_outage, "9", "status 502 503"),
    ("PZ-13768", checks_nothing, "4", "status 502 503"),
    ("PZ-13768", forgets_its_jobs, "6", "json $ count = 1"),
    ("FOCUS-101", answers_late, "4", "elapsed < 3s"),
    ("FOCUS-101", claims_to_be_well, "11", "value = 0"),
    ("FOCUS-102", checks_nothing, "2", "status 422"),
    ("FOCUS-102", finds_one_mistake_at_a_time, "16", "json $.detail count = 5"),
    ("FOCUS-102", takes_bad_requests_for_its_own_faults, "9", "status 400"),
    ("FOCUS-103", checks_nothing, "4", "status 429"),
    ("FOCUS-103", forgets_when_to_ask_again, "6", "header Retry-After >= 1"),
    ("FOCUS-104", loses_in_silence, "11", "value > 0"),
    ("FOCUS-105", guesses_a_fibre, "4", "json $.number_of_channels = null"),
    ("FOCUS-106", remembers_the_dead, "8", "status 404"),
    ("FOCUS-107", checks_nothing, "6", "status 502 503"),
    ("FOCUS-108", names_nothing, "6", 'json $.error contains "Kubernetes"'),
    ("FOCUS-109", takes_what_is_full_for_an_outage, "4", "status 429"),
    ("FOCUS-110", remembers_the_dead, "12", "status 404"),
    ("FOCUS-111", checks_nothing, "5", "status 503"),
    ("FOCUS-111", forgets_its_jobs, "7", "json $ count = 1"),
]


def case_of(key):
    return ROOT / f"cases/{key}.md"


def record_of(evidence):
    (case,) = json.loads((evidence / "run.json").read_text())["cases"]
    return case


def broken_promises(case):
    """What did not hold: step and predicate."""
    steps = [(step["number"], statement["judged"]) for step in case["steps"] for statement in step["statements"]]
    return {(number, judged["predicate"]) for number, all in steps for judged in all if judged["holds"] is False}


@pytest.mark.parametrize(
    ("key", "lie", "step", "predicate"), CAUGHT, ids=[f"{key}-{lie.__name__}" for key, lie, *_ in CAUGHT]
)
def test_a_server_that_breaks_the_promise_fails(labs, key, lie, step, predicate):
    lab = labs(lab_of(case_of(key)))
    with lying_proxy(lab.server.url, lie) as url:
        ran, evidence = lab.run(case_of(key), focus={"url": url})
    assert ran.returncode == FAILED, ran.stdout + ran.stderr
    case = record_of(evidence)
    assert (step, predicate) in broken_promises(case), ran.stdout
    assert {fault["state"] for fault in case["faults"]} <= {"verified"}
    assert not lab.left()


@pytest.mark.parametrize("case", RUN_HERE, ids=lambda case: case.stem)
def test_a_server_that_refuses_always_proves_nothing(labs, case):
    lab = labs(lab_of(case))
    with lying_proxy(lab.server.url, instead=refuses_always) as url:
        ran, evidence = lab.run(case, again=0, focus={"url": url})
    assert has_no_baseline(ran), ran.stdout + ran.stderr
    assert record_of(evidence)["faults"] == [], "nothing is broken for nothing"
    assert not lab.left()


def test_a_server_that_lets_all_clients_wait_for_a_slow_one_fails(labs):
    """What the other client sees is what the slow one does."""
    lab = labs(OneMachine)
    slow = lab.targets()["slow_viewer"]["logs"]
    ran, evidence = lab.run(case_of("FOCUS-104"), viewer={"logs": slow})
    assert ran.returncode == FAILED, ran.stdout + ran.stderr
    assert ("5", "count >= 100") in broken_promises(record_of(evidence)), ran.stdout
    assert not lab.left()


@contextlib.contextmanager
def leaky_server():
    """A stand-in for a server whose processes are counted: gives its id, and what has it start another one."""
    command = ["sh", "-c", "while read -r _; do sleep 300 & done; kill 0"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)

    def leak(method, path, answer):
        if answer.status >= 500:
            process.stdin.write(b"\n")
            process.stdin.flush()

    try:
        yield process.pid, leak
    finally:
        process.stdin.close()
        process.wait()


@pytest.mark.parametrize(("key", "step"), [("PZ-13602", "9"), ("PZ-13603", "9"), ("PZ-13604", "8")])
def test_a_server_that_leaks_a_process_fails(labs, key, step):
    lab = labs(OneMachine)
    with leaky_server() as (pid, leak), lying_proxy(lab.server.url, leak) as url:
        ran, evidence = lab.run(case_of(key), focus={"url": url, "process": {"pid": pid}})
    assert ran.returncode == FAILED, ran.stdout + ran.stderr
    assert (step, "added = 0") in broken_promises(record_of(evidence)), ran.stdout


@pytest.mark.parametrize(("key", "step"), [("FOCUS-107", "9"), ("FOCUS-109", "8")])
def test_a_server_that_leaks_a_job_fails(labs, key, step):
    lab = labs(OnKubernetes)
    place = lab.place
    leaked = {
        "metadata": {"generateName": "leaked-", "labels": {"leaked": "yes"}},
        "spec": {"suspend": True, "template": {"spec": POD}},
    }

    def leak(method, path, answer):
        """It makes a Job although it refuses."""
        if path == "/configure" and answer.status >= 400:
            place.api.create("jobs", place.namespace, leaked)

    try:
        with lying_proxy(lab.server.url, leak) as url:
            ran, evidence = lab.run(case_of(key), focus={"url": url})
        assert ran.returncode == FAILED, ran.stdout + ran.stderr
        assert (step, "added = 0") in broken_promises(record_of(evidence)), ran.stdout
    finally:
        for job in place.api.list("jobs", place.namespace, "leaked=yes"):
            place.api.delete("jobs", place.namespace, job["metadata"]["name"])


@pytest.mark.parametrize("key", ["PZ-13602", "PZ-13603", "PZ-13604"])
def test_a_fault_that_does_not_take_hold_proves_nothing(labs, key, tmp_path):
    """The packet filter says yes, and does nothing."""
    lab = labs(OneMachine)
    nft = tmp_path / "nft"
    nft.write_text(f'#!/bin/sh\n[ "$1" = -f ] && exec cat >/dev/null\nexec {shutil.which("nft")} "$@"\n')
    nft.chmod(0o755)
    ran, evidence = lab.run(case_of(key), variables={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert ran.returncode == INCONCLUSIVE, ran.stdout + ran.stderr
    assert "the fault is not proven to have taken hold" in ran.stdout
    assert [fault["state"] for fault in record_of(evidence)["faults"]] == ["verified"]
    assert not lab.left()


def test_an_empty_ticket_is_an_error(labs, tmp_path):
    empty = tmp_path / "PZ-1.md"
    empty.write_text("---\nkey: PZ-1\nsummary: Integration of nothing at all\n---\n\n## Test Steps\n\n## Assertions\n")
    ran, _ = labs(OneMachine).run(empty)
    assert ran.returncode == ERROR, ran.stdout + ran.stderr
    assert "there is nothing to run" in ran.stdout + ran.stderr
