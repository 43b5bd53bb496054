"""The catalogue in MongoDB, seen from outside, also when it cannot be looked into (PZ-13604).

Historic views are then refused in time with its name; live views and everything else go on; the same request succeeds when
it is back, with nothing restarted.
"""

import contextlib
import time
from dataclasses import dataclass
from typing import Callable

import packets
import pytest
from deployment import LIVE, FocusControlPlane, until
from faulty_proxy import FaultyProxy
from focus_process import FocusServer
from mongodb_node import MongoDbNode
from rows import read
from told import ANSWERED_WITHIN, assert_told_once, assert_unharmed, configure_counts

BACK_WITHIN = 20.0  # s, the server's own start included
KNOWN_WITHIN = 0.5  # s, less than a round trip's deadline; about 10 ms where the machine is not busy
ASKS = 5


class Site:
    """A MongoDB, and two control planes that look there for recordings, one of them through a proxy."""

    def __init__(self, deployment, new_directory):
        self.node = MongoDbNode(new_directory("mongodb"))
        self.proxy = FaultyProxy(self.node.port)
        broker = deployment.node.url()
        self.direct = FocusControlPlane(new_directory("direct"), broker, **self.node.settings())
        self.proxied = FocusControlPlane(new_directory("proxied"), broker, **self.node.settings(self.proxy.port))

    def stop(self):
        self.direct.stop()
        self.proxied.stop()
        self.proxy.close()
        self.node.stop()


@pytest.fixture(scope="module")
def site(deployment, tmp_path_factory):
    whole = Site(deployment, tmp_path_factory.mktemp)
    yield whole
    whole.stop()


@dataclass
class Fault:
    name: str
    # Gives the context in which a site's MongoDB is broken.
    apply: Callable
    behind_proxy: bool = False


FAULTS = [
    Fault("killed", lambda site: site.node.killed()),
    Fault("frozen", lambda site: site.node.frozen()),
    Fault("packets-dropped", lambda site: packets.dropped(site.node.port)),
    Fault("packets-rejected", lambda site: packets.rejected(site.node.port)),
    Fault("connection-refused", lambda site: site.proxy.while_it(site.proxy.refuse), behind_proxy=True),
    Fault("link-silent", lambda site: site.proxy.while_it(site.proxy.freeze), behind_proxy=True),
    Fault("half-open-after-accept", lambda site: site.proxy.while_it(site.proxy.silence), behind_proxy=True),
    Fault("reset-in-mid-handshake", lambda site: site.proxy.while_it(site.proxy.reset_handshakes), behind_proxy=True),
    Fault("one-byte-per-second", lambda site: site.proxy.while_it(site.proxy.trickle), behind_proxy=True),
]


def historic(server):
    start, end = server.recording()
    # What it lists is rounded to the millisecond.
    return LIVE | {"start_time": start + 1, "end_time": end - 1}


def is_down(server):
    return server.get("/health").json()["upstreams"]["mongodb"]["status"] == "down"


def assert_refused(answer, within=ANSWERED_WITHIN):
    body = answer.json()
    assert (answer.status_code, body["code"]) == (503, "mongodb_unavailable"), body
    assert body["error"].startswith("MongoDB unavailable: "), body
    assert int(answer.headers["Retry-After"]) >= 1
    assert "job_id" not in body
    assert answer.elapsed.total_seconds() < within


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_an_outage_from_beginning_to_end(site, stubs, first_answers, fault):
    server = site.proxied if fault.behind_proxy else site.direct
    server.wait_until_well()
    request = historic(server)

    def send():
        return server.post("/configure", request)

    with server.job(request) as job:
        assert all(len(stream.index) for stream in read(stubs, job, 5))
    pid, counts, logged = server.process.pid, configure_counts(server), len(server.log())
    late = []
    with server.job(LIVE, late) as running, fault.apply(site):
        answers = [send()]
        until(lambda: is_down(server), BACK_WITHIN, "outage in /health", server.log)
        answers += [send() for _ in range(ASKS)]
        for answer in answers:
            assert_refused(answer)
        # More than half of the faults are silent.
        first_answers["any fault"].append(answers[0])
        assert sorted(answer.elapsed.total_seconds() for answer in answers[1:])[ASKS // 2] < KNOWN_WITHIN
        assert not [job for job in server.get("/jobs").json() if job["id"] != running["job_id"]]
        listing = server.post("/recordings_in_time_range", {"start_time": 0, "end_time": time.time()})
        assert_refused(listing)
        # Live views and all the rest go on.
        assert all(len(stream.index) >= 5 for stream in read(stubs, running, 5))
        with server.job(LIVE | {"withPast": True}, late) as live:
            assert "MongoDB" in live["metadata"]["recorded"]["note"]
            assert all(len(stream.index) >= 5 for stream in read(stubs, live, 5))
        for path in ("/ack", "/channels", "/live_metadata", "/health/ready"):
            assert server.get(path).status_code == 200, path
        assert 'focus_upstream_up{upstream="mongodb"} 0' in server.get("/metrics").text
        assert server.get("/health").json()["status"] == "degraded"

    deadline = time.monotonic() + BACK_WITHIN
    while (answer := send()).status_code != 200:
        answers.append(answer)
        assert_refused(answer)
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)
    assert all(len(stream.index) for stream in read(stubs, answer.json(), 5))
    server.end(answer.json())
    assert server.process.poll() is None and server.process.pid == pid
    assert_told_once(server, server.log()[logged:], answers + late, counts)
    assert_unharmed(server.log()[logged:])


def test_none_found_is_not_an_outage(site):
    server = site.direct
    server.wait_until_well()
    answer = server.post("/configure", LIVE | {"start_time": 1000, "end_time": 1010})
    assert (answer.status_code, answer.json()["code"]) == (404, "no_recording"), answer.text
    # The deleted one is not there.
    listed = server.post("/recordings_in_time_range", {"start_time": 0, "end_time": time.time()}).json()
    assert len(listed) == 1
    assert server.post("/recordings_in_time_range", {"start_time": 1000, "end_time": 1010}).json() == []


def test_files_that_are_not_there_are_not_none(site):
    server = site.direct
    server.wait_until_well()
    request = historic(server)
    files, elsewhere = site.node.files, site.node.directory / "elsewhere"
    files.rename(elsewhere)
    try:
        answer = server.post("/configure", request)
        assert (answer.status_code, answer.json()["code"]) == (503, "catalogue_unavailable"), answer.text
        assert str(files) in answer.json()["error"]
    finally:
        elsewhere.rename(files)
    with server.job(request):
        pass


def test_a_server_starts_without_it_and_finds_it(site, deployment, tmp_path_factory):
    with contextlib.ExitStack() as stack:
        with site.proxy.while_it(site.proxy.refuse):
            settings = site.node.settings(site.proxy.port)
            server = FocusControlPlane(tmp_path_factory.mktemp("late"), deployment.node.url(), **settings)
            stack.callback(server.stop)
            answer = server.post("/configure", LIVE | {"start_time": 1000, "end_time": 1010})
            assert_refused(answer)
            assert "connection refused" in answer.json()["error"]
        server.wait_until_well()
        with server.job(historic(server)):
            pass


def test_a_refused_login_names_it_and_not_the_password(site, tmp_path_factory):
    """The stand-in knows no users, and says so to who comes as one."""
    url = site.node.url().replace("//", "//focus:hunter2@")
    server = FocusServer(tmp_path_factory.mktemp("login"), site.node.settings() | {"catalogue.mongodb_url": url})
    try:
        answer = server.post("/configure", LIVE | {"start_time": 1000, "end_time": 1010})
        assert (answer.status_code, answer.json()["code"]) == (502, "mongodb_error"), answer.text
        assert answer.json()["error"].startswith("MongoDB error: ")
        everything = server.log() + answer.text + server.get("/health").text + server.get("/info").text
        assert "hunter2" not in everything
    finally:
        server.stop()
