"""RabbitMQ fails in every way that a broker and a network can fail, and nothing that a client sees is a surprise.

A real broker is broken for real: requests get a clear error in time, nothing is left behind, everything else goes on,
and the same request succeeds when the broker is back, with nothing restarted.
"""

import contextlib
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Callable

import grpc
import numpy as np
import packets
import pytest
import requests
from deployment import LIVE, FocusControlPlane, until, view_of
from rows import DEADLINE, channel_of, read
from told import (
    ANSWERED_WITHIN,
    answers_up_to,
    assert_told_once,
    assert_unharmed,
    configure_counts,
    http_errors,
    keys_of,
)

BACK_WITHIN = 20.0  # s, the broker's own start included
VIEWS = ["live", "historic"]


@contextlib.contextmanager
def restarted_in_mid_request(node, send):
    """The broker is killed while a request is under way; gives its answer."""
    with ThreadPoolExecutor() as client:
        with node.frozen():
            answer = client.submit(send)
            # The request waits for its round trip, whose deadline is longer than this.
            time.sleep(0.2)
            node.kill()
        try:
            yield answer.result()
        finally:
            node.start()


@dataclass
class Fault:
    name: str
    # Gives the context in which a deployment's broker is broken; also takes the function that sends the request, for a
    # fault that happens while one is under way, which gives the answer.
    apply: Callable
    behind_proxy: bool = False
    status: int = 503
    code: str = "rabbitmq_unavailable"


FAULTS = [
    Fault("connection-refused", lambda whole, _: whole.proxy.while_it(whole.proxy.refuse), behind_proxy=True),
    Fault("killed", lambda whole, _: whole.node.killed()),
    Fault("frozen", lambda whole, _: whole.node.frozen()),
    Fault("packets-dropped", lambda whole, _: packets.dropped(whole.node.port)),
    Fault("packets-rejected", lambda whole, _: packets.rejected(whole.node.port)),
    Fault("link-silent", lambda whole, _: whole.proxy.while_it(whole.proxy.freeze), behind_proxy=True),
    Fault("half-open-after-accept", lambda whole, _: whole.proxy.while_it(whole.proxy.silence), behind_proxy=True),
    Fault(
        "reset-in-mid-handshake", lambda whole, _: whole.proxy.while_it(whole.proxy.reset_handshakes), behind_proxy=True
    ),
    Fault("one-byte-per-second", lambda whole, _: whole.proxy.while_it(whole.proxy.trickle), behind_proxy=True),
    Fault("memory-alarm", lambda whole, _: whole.node.memory_alarm()),
    Fault("wrong-password", lambda whole, _: whole.node.another_password(), status=502, code="rabbitmq_error"),
    Fault("missing-vhost", lambda whole, _: whole.node.without_vhost(), status=502, code="rabbitmq_error"),
    Fault("restarted-in-mid-request", lambda whole, send: restarted_in_mid_request(whole.node, send)),
]


def assert_refused(answer, fault):
    body = answer.json()
    assert (answer.status_code, body["code"]) == (fault.status, fault.code), answer.text
    assert body["error"].startswith(f"RabbitMQ {'unavailable' if fault.status == 503 else 'error'}: "), answer.text
    assert "job_id" not in keys_of(body)
    assert body["request_id"]
    assert answer.elapsed.total_seconds() < ANSWERED_WITHIN
    if fault.status == 503:
        assert int(answer.headers["Retry-After"]) >= 1


def assert_everything_else_goes_on(server):
    assert server.get("/ack").json() == {}
    # Of a fibre that it heard of within the last five seconds, or of none.
    assert server.get("/channels").json()["highest_channel"] in (300, 0)
    assert server.get("/metrics").status_code == 200
    assert server.get("/health/ready").status_code == 200
    health = server.get("/health")
    assert health.status_code == 200
    assert health.json()["status"] == "degraded"
    broker = health.json()["upstreams"]["rabbitmq"]
    assert broker["status"] == "down" and broker["last_error"]


@pytest.mark.parametrize("kind", VIEWS)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_an_outage_from_beginning_to_end(deployment, stubs, first_answers, fault, kind):
    server = deployment.proxied if fault.behind_proxy else deployment.direct
    request = view_of(server, kind)

    def send():
        return server.post("/configure", request)

    server.wait_until_well()
    with server.job(request):
        pass
    pid, queues, counts = server.process.pid, deployment.queues(), configure_counts(server)
    logged = len(server.log())
    assert not server.workers()

    with fault.apply(deployment, send) as in_mid_request:
        answers = answers_up_to(fault.code, send) if in_mid_request is None else [in_mid_request]
        first_answers[fault.name].append(answers[0])
        again = answers_up_to(fault.code, send)
        for answer in (answers[-1], again[-1]):
            assert_refused(answer, fault)
        answers += again
        assert not server.workers()
        assert server.get("/jobs").json() == []
        assert_everything_else_goes_on(server)
        assert_told_once(server, server.log()[logged:], answers, counts)

    deadline = time.monotonic() + BACK_WITHIN
    while (answer := send()).status_code != 200:
        answers.append(answer)
        assert answer.status_code in (502, 503), answer.text
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)
    job = answer.json()
    streams = read(stubs, job, 5)
    assert all(len(stream.index) >= 5 for stream in streams)
    server.end(job)
    assert server.process.poll() is None and server.process.pid == pid
    until(lambda: server.get("/health").json()["status"] == "healthy", BACK_WITHIN, "health", server.log)

    assert_told_once(server, server.log()[logged:], answers, counts)
    assert_unharmed(server.log()[logged:])
    assert deployment.node.password not in server.log()
    deployment.wait_for_queues(queues)


class Viewer:
    """Reads a job's first stream until it ends: of each row its index, time, and whether no sample was missing."""

    def __init__(self):
        self.index, self.ms, self.whole = [], [], []
        self.ended = None

    def watch(self, call):
        try:
            for frame in call:
                self.index += frame.row_index
                self.ms += frame.timestamp_in_milis
                self.whole += [bool(np.isfinite(np.frombuffer(data, "<f4")).all()) for data in frame.main_data]
            self.ended = call.code()
        except grpc.RpcError as error:
            self.ended = error.code()

    def wait_for_whole_rows(self, log):
        """Until more have come, or it has ended."""
        seen = len(self.whole)
        until(lambda: self.ended or sum(self.whole[seen:]) >= 10, BACK_WITHIN, "rows", log)


def lost_samples(server):
    """What a server has counted of samples of the live fibre that never arrived."""
    return int(re.search(r"^focus_missing_samples_total (\d+)$", server.get("/metrics").text, re.MULTILINE)[1])


@pytest.mark.parametrize("seconds", [0, 4], ids=["short", "longer-than-a-feed-holds-back"])
def test_a_running_job_survives_a_restart_of_the_broker(deployment, stubs, seconds):
    server, viewer = deployment.direct, Viewer()
    server.wait_until_well()
    messages, services = stubs
    lost_before = lost_samples(server)
    with server.job(LIVE) as job, channel_of(job) as channel, ThreadPoolExecutor() as threads:
        call = services.DataStreamServiceStub(channel).StreamData(messages.StreamDataRequest(), timeout=DEADLINE)
        threads.submit(viewer.watch, call)
        viewer.wait_for_whole_rows(server.log)
        deployment.node.restart(lambda: time.sleep(seconds))
        viewer.wait_for_whole_rows(server.log)
        until(lambda: viewer.ended or all(viewer.whole[-5:]), BACK_WITHIN, "end of all gaps", server.log)
        assert viewer.ended is None, "the stream stays open"
        call.cancel()
    rows = np.diff(viewer.index)
    assert (rows >= 1).all()
    assert np.diff(viewer.ms) == pytest.approx(1000 * job["lines_dt"] * rows, abs=1.5), "no row is at another's time"
    if seconds:
        assert (rows > 1).any() or not all(viewer.whole), "the gap is seen"
        until(lambda: lost_samples(server) > lost_before, BACK_WITHIN, "count of lost samples")
    assert_unharmed(server.log())


def test_no_failure_is_silent(rabbitmq, deployment, tmp_path):
    """Good and bad requests before, in and after an outage: answers, counter and log agree exactly."""
    broker = rabbitmq.url(port=deployment.proxy.port)
    server = FocusControlPlane(tmp_path, broker, **{"jobs.max_jobs": 2})
    try:
        server.wait_until_well()
        live, historic = LIVE, view_of(server, "historic")
        requests_of_all_kinds = [
            # First, as long as there is room for a job.
            {"json": historic | {"start_time": 1, "end_time": 2}},
            {"json": live},
            {"json": historic, "headers": {"Idempotency-Key": "one"}},
            {"json": live, "headers": {"Idempotency-Key": "one"}},
            {"json": live | {"view_type": 7}},
            {"json": live | {"channels": {"min": 0, "max": 10_000}}},
            {"json": historic | {"end_time": 0}},
            {"data": b"no JSON"},
            {"data": b"[" + b" " * (1 << 20) + b"]"},
            {"json": live, "headers": {"Host": "focus.example.org"}},
        ]
        logged, counts, errors = len(server.log()), configure_counts(server), http_errors(server)

        def send(number):
            request = requests_of_all_kinds[number % len(requests_of_all_kinds)]
            prefix = ("", "/focus-server")[number % 2]
            return requests.post(f"{server.url}{prefix}/configure", timeout=10, **request)

        def burst():
            answers = [send(0)]
            with ThreadPoolExecutor(8) as clients:
                answers += clients.map(send, range(100))
            for job in server.get("/jobs").json():
                server.delete(f"/job/{job['id']}")
            return answers

        answers = burst()
        with deployment.proxy.while_it(deployment.proxy.refuse):
            answers += burst()
        answers += burst()
        refused = [answer for answer in answers if answer.status_code != 200]
        assert {answer.status_code for answer in refused} == {400, 403, 404, 413, 422, 429, 503}
        assert_told_once(server, server.log()[logged:], refused, counts)
        assert http_errors(server) - errors == len(refused)
        assert_unharmed(server.log())
    finally:
        server.stop()
