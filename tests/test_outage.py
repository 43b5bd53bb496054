"""RabbitMQ fails in every way that a broker and a network can fail, and nothing that a client sees is a surprise.

A real broker is broken for real: requests get a clear error in time, nothing is left behind, everything else goes on, and the same
request succeeds when the broker is back, with nothing restarted.
"""

import contextlib
import json
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Callable

import packets
import pytest
from deployment import FocusControlPlane, FocusFeed, until
from faulty_proxy import FaultyProxy
from rows import read

ANSWERED_WITHIN = 2.0  # s; a request that finds an outage waits at most 1 s, and the machine may be busy
BACK_WITHIN = 20.0  # s, the broker's own start included
LIVE = {"view_type": 2, "channels": {"min": 101, "max": 160}, "displayInfo": {"height": 100}}
VIEWS = ["live", "historic"]


class Deployment:
    """Two control planes on one broker, one of them behind a proxy that can misbehave."""

    def __init__(self, node, new_directory):
        self.node = node
        self.proxy = FaultyProxy(node.port)
        self.feed = FocusFeed(new_directory("feed"), node.url())
        self.direct = FocusControlPlane(new_directory("direct"), node.url())
        self.proxied = FocusControlPlane(new_directory("proxied"), node.url(port=self.proxy.port))
        for server in (self.direct, self.proxied):
            server.wait_for_fibre()

    def stop(self):
        for process in (self.direct, self.proxied, self.feed):
            process.stop()
        self.proxy.close()

    def queues(self):
        """How many queues each client has, by its name."""
        return Counter(queue["owner"] for queue in self.node.queues())


@pytest.fixture(scope="module")
def deployment(rabbitmq, tmp_path_factory):
    whole = Deployment(rabbitmq, tmp_path_factory.mktemp)
    yield whole
    whole.stop()


def view_of(server, kind):
    """A request that is right."""
    if kind == "live":
        return LIVE
    start, end = server.recording()
    return LIVE | {"start_time": start, "end_time": end}


# Faults: each is a context in which the broker is broken. It is given a function that sends the request, for those that have to
# happen while one is under way, and gives the answers that were got in that way.


@contextlib.contextmanager
def while_proxy(misbehaves):
    try:
        misbehaves()
        yield []
    finally:
        misbehaves.__self__.forward()


@contextlib.contextmanager
def killed(node):
    node.kill()
    try:
        yield []
    finally:
        node.start()


@contextlib.contextmanager
def restarted_in_mid_request(node, send):
    with ThreadPoolExecutor() as client:
        with node.frozen():
            answer = client.submit(send)
            # The request waits for its round trip, which has a deadline of 0.6 s.
            time.sleep(0.2)
            node.kill()
        try:
            yield [answer.result()]
        finally:
            node.start()


@contextlib.contextmanager
def nothing_yet(fault):
    with fault:
        yield []


@dataclass
class Fault:
    name: str
    apply: Callable
    behind_proxy: bool = False
    status: int = 503
    code: str = "rabbitmq_unavailable"


FAULTS = [
    Fault("connection-refused", lambda whole, send: while_proxy(whole.proxy.refuse), behind_proxy=True),
    Fault("killed", lambda whole, send: killed(whole.node)),
    Fault("frozen", lambda whole, send: nothing_yet(whole.node.frozen())),
    Fault("packets-dropped", lambda whole, send: nothing_yet(packets.dropped(whole.node.port))),
    Fault("packets-rejected", lambda whole, send: nothing_yet(packets.rejected(whole.node.port))),
    Fault("half-open-after-accept", lambda whole, send: while_proxy(whole.proxy.silence), behind_proxy=True),
    Fault("reset-in-mid-handshake", lambda whole, send: while_proxy(whole.proxy.reset_handshakes), behind_proxy=True),
    Fault("one-byte-per-second", lambda whole, send: while_proxy(whole.proxy.trickle), behind_proxy=True),
    Fault("memory-alarm", lambda whole, send: nothing_yet(whole.node.memory_alarm())),
    Fault(
        "wrong-password",
        lambda whole, send: nothing_yet(whole.node.another_password()),
        status=502,
        code="rabbitmq_error",
    ),
    Fault(
        "missing-vhost", lambda whole, send: nothing_yet(whole.node.without_vhost()), status=502, code="rabbitmq_error"
    ),
    Fault("restarted-in-mid-request", lambda whole, send: restarted_in_mid_request(whole.node, send)),
]


# What is seen


def keys_of(value):
    """All keys of a JSON value, at any depth."""
    if isinstance(value, dict):
        return {key for name, inner in value.items() for key in {name} | keys_of(inner)}
    return {key for inner in value for key in keys_of(inner)} if isinstance(value, list) else set()


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
    assert server.get("/channels").json()["highest_channel"] == 300
    assert server.get("/metrics").status_code == 200
    assert server.get("/health/ready").status_code == 200
    health = server.get("/health")
    assert health.status_code == 200
    assert health.json()["status"] == "degraded"
    broker = health.json()["upstreams"]["rabbitmq"]
    assert broker["status"] == "down" and broker["last_error"]


def configure_counts(server):
    """`focus_configure_requests_total` of what was not started or repeated, by reason."""
    lines = re.findall(
        r'^focus_configure_requests_total\{outcome="(refused|failed)",reason="(\w+)"\} (\d+)$',
        server.get("/metrics").text,
        re.MULTILINE,
    )
    assert lines
    return Counter({reason: int(count) for _, reason, count in lines})


def answer_lines(log):
    """What was logged of answers that are not 2xx: by request, the lines."""
    lines = {}
    for line in map(json.loads, log.splitlines()):
        if line["level"] == "WARN" and line.get("path") == "/configure":
            lines.setdefault(line["span"]["request_id"], []).append(line)
    return lines


def assert_told_once(server, log, answers, counts_before):
    """Answers, counter and log say the same, each answer once."""
    codes = Counter(answer.json()["code"] for answer in answers)
    assert configure_counts(server) - counts_before == codes
    lines = answer_lines(log)
    assert sorted(lines) == sorted(answer.json()["request_id"] for answer in answers)
    for answer in answers:
        body = answer.json()
        (line,) = lines[body["request_id"]]
        assert (line["status"], line["code"], line["error"]) == (answer.status_code, body["code"], body["error"])
        assert 0 < line["ms"] < 1000 * ANSWERED_WITHIN
        if body["code"].startswith("rabbitmq_"):
            assert line["upstream"] == "rabbitmq"


def assert_unharmed(log):
    assert "panic" not in log.lower() and "traceback" not in log.lower()


@pytest.mark.parametrize("kind", VIEWS)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_an_outage_from_beginning_to_end(deployment, stubs, fault, kind):
    server = deployment.proxied if fault.behind_proxy else deployment.direct
    request = view_of(server, kind)

    def send():
        return server.post("/configure", request)

    with server.job(request):
        pass
    pid, queues, counts = server.process.pid, deployment.queues(), configure_counts(server)
    logged = len(server.log())
    assert not server.workers()

    with fault.apply(deployment, send) as answers:
        answers += [send(), send()]
        for answer in answers:
            assert_refused(answer, fault)
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
    assert server.delete(f"/job/{job['job_id']}").status_code in (200, 404)
    assert server.process.poll() is None and server.process.pid == pid
    assert server.get("/health").json()["status"] == "healthy"

    assert_told_once(server, server.log()[logged:], answers, counts)
    assert_unharmed(server.log()[logged:])
    assert deployment.node.password not in server.log()
    until(lambda: deployment.queues() == queues, BACK_WITHIN, f"queues as before, {queues}", lambda: str(deployment.queues()))
