"""However a request or the server ends in the middle of `/configure`: there is one complete job, or nothing at all."""

import contextlib
import json
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests
from deployment import LIVE, FocusControlPlane, until, view_of
from grpc_health.v1 import health_pb2, health_pb2_grpc
from rows import channel_of

SETTLED_WITHIN = 10.0
DECIDED_WITHIN = 3.0  # s, for a request in all
# How far a request gets before its client is gone, and how long that waits after the last byte, in s: a live job takes
# about 50 ms to start, a historic one 10.
PARTS = [0.0, 0.2, 0.5, 0.8, 0.99]
MOMENTS = [0.0, 0.001, 0.002, 0.004, 0.007, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.07]
LATEST = 5.0  # s; where nothing has been started by then, nothing ever is
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER


def raw_request(server, body):
    """A request as bytes."""
    content = json.dumps(body).encode()
    head = f"POST /configure HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


def hang_up_after(server, data, seconds, reset):
    """A client that sends so much, waits so long and is gone, politely or not."""
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as client:
        client.sendall(data)
        time.sleep(seconds)
        if reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)


def configure_requests(server):
    """How many requests to start a job have been decided."""
    lines = server.get("/metrics").text.splitlines()
    return sum(int(line.split()[-1]) for line in lines if line.startswith("focus_configure_requests_total{"))


def queues_of_jobs(deployment):
    return [owner for owner in deployment.queues().elements() if owner and owner.startswith("focus work")]


def assert_whole(server, job_id):
    """A job that anybody can use."""
    answer = server.get(f"/metadata/{job_id}")
    assert answer.status_code == 200, answer.text
    with channel_of(answer.json()) as channel:
        health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
        assert health.status == health_pb2.HealthCheckResponse.SERVING


@pytest.mark.parametrize("reset", [False, True], ids=["close", "reset"])
@pytest.mark.parametrize("kind", ["live", "historic"])
def test_a_client_that_hangs_up_leaves_one_job_or_none(deployment, kind, reset):
    server = deployment.direct
    server.wait_until_well()
    data = raw_request(server, view_of(server, kind))
    for part in PARTS:
        hang_up_after(server, data[: int(part * len(data))], 0.0, reset)
    with server.job(view_of(server, kind)):
        assert len(server.get("/jobs").json()) == len(server.workers()) == 1, "half a request starts nothing"
    started = 0
    for moment in MOMENTS:
        decided = configure_requests(server)
        hang_up_after(server, data, moment, reset)
        # A connection that ends soon enough takes its request with it, and there is nothing to decide.
        with contextlib.suppress(AssertionError):
            until(lambda: configure_requests(server) > decided, DECIDED_WITHIN, "decision")
        jobs = server.get("/jobs").json()
        assert len(jobs) <= 1
        assert len(server.workers()) == len(jobs)
        for job in jobs:
            started += 1
            assert_whole(server, job["id"])
            assert server.delete(f"/job/{job['id']}").status_code == 200
        assert not server.workers() and server.get("/jobs").json() == []
        until(lambda: not queues_of_jobs(deployment), SETTLED_WITHIN, "end of the job's queue")
    assert started > 0


def ever_later():
    """All moments, and then each twice as late as the one before."""
    yield from MOMENTS
    moment = 2 * MOMENTS[-1]
    while moment <= LATEST:
        yield moment
        moment *= 2


def test_a_server_that_is_killed_leaves_nothing(rabbitmq, deployment, tmp_path_factory):
    queues, servers, most_workers = deployment.queues(), [], 0
    for moment in ever_later():
        # A busy machine needs longer before there is something to leave.
        if moment > MOMENTS[-1] and most_workers:
            break
        server = FocusControlPlane(tmp_path_factory.mktemp("killed"), rabbitmq.url())
        servers.append(server)
        try:
            server.wait_until_well()
            requests_under_way = [view_of(server, kind) for kind in ("live", "historic", "live")]
            with ThreadPoolExecutor() as clients:
                for body in requests_under_way:
                    clients.submit(post_to_the_end, server, body)
                time.sleep(moment)
                server.process.kill()
                most_workers = max(most_workers, len(server.workers()))
        finally:
            server.kill()
        until(lambda: not server.workers(), SETTLED_WITHIN, "end of the workers")
    assert most_workers > 0, "no moment was one at which there was something to leave"
    assert not any(server.workers() for server in servers)
    deployment.wait_for_queues(queues)


def post_to_the_end(server, body):
    with contextlib.suppress(requests.ConnectionError):
        server.post("/configure", body)
