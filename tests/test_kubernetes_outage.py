"""Kubernetes fails, or refuses, in every way that a cluster can, and nothing that a client sees is a surprise.

A real API server is broken for real: requests get a clear error in time, nothing is left behind, everything else goes
on, and the same request succeeds when the cluster is well again, with nothing restarted.
"""

import contextlib
import itertools
import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Callable
from urllib.parse import urlsplit

import packets
import pytest
from cluster import ACCOUNT, SETTLED_WITHIN
from deployment import LIVE, until, view_of
from kubernetes_api import ApiError, path_of
from rows import read
from told import answers_up_to, assert_told_once, assert_unharmed, configure_counts, keys_of

ANSWERED_WITHIN = 3.0  # s, as promised
ANSWERED_WITHIN_WHEN_BUSY = 5.0  # while clients, jobs and a cluster that starts again share this machine
BACK_WITHIN = 30.0  # s, the start of an API server included
TAKES_EFFECT_WITHIN = 10.0
KNOWN_WITHIN = 10.0
VIEWS = ["live", "historic"]
# Clients that come and go, how many jobs each keeps, and how often the cluster fails meanwhile.
CLIENTS, KEPT, ROUNDS = 4, 2, 2
RETRY_AFTER = 0.2  # s, not as long as they are told


# Ways to break a cluster


@contextlib.contextmanager
def killed(place):
    # Controllers that are left alone would take half a minute to come back.
    with place.kubernetes.stopped("controllers"), place.kubernetes.stopped("server"):
        yield


def dropped(place):
    return packets.dropped(urlsplit(place.api.url).port)


@contextlib.contextmanager
def without_rights(place):
    """The server's account has no rights any more."""
    binding = place.api.get("rolebindings", place.namespace, ACCOUNT)
    place.api.delete("rolebindings", place.namespace, ACCOUNT)
    until(lambda: refused(place, "GET", "jobs") == 403, TAKES_EFFECT_WITHIN, "end of the rights")
    try:
        yield
    finally:
        del binding["metadata"]["resourceVersion"], binding["metadata"]["uid"]
        place.api.create("rolebindings", place.namespace, binding)


@contextlib.contextmanager
def without_right_to_create(place, kind):
    """The server's account may do all that it could, but for one thing."""
    rules = place.api.get("roles", place.namespace, ACCOUNT)["rules"]
    less = [
        rule | {"verbs": [verb for verb in rule["verbs"] if rule["resources"] != [kind] or verb != "create"]}
        for rule in rules
    ]
    place.api.patch("roles", place.namespace, ACCOUNT, {"rules": less})
    until(lambda: refused(place, "POST", kind) == 403, TAKES_EFFECT_WITHIN, "end of the right")
    try:
        yield
    finally:
        place.api.patch("roles", place.namespace, ACCOUNT, {"rules": rules})


@contextlib.contextmanager
def quota_full(place, name):
    """The namespace may hold no more of something."""
    room = place.api.get("resourcequotas", place.namespace, "focus")["spec"]["hard"]
    set_quota(place, room | {name: "0"})
    try:
        yield
    finally:
        set_quota(place, room)


def set_quota(place, hard):
    place.api.patch("resourcequotas", place.namespace, "focus", {"spec": {"hard": hard}})
    # It binds from then on.
    status = lambda: place.api.get("resourcequotas", place.namespace, "focus")["status"]
    until(lambda: status()["hard"].items() == hard.items(), TAKES_EFFECT_WITHIN, "quota")


def refused(place, method, kind):
    """With which status the API server refuses the server's account an empty request; none if it would not."""
    try:
        place.account.call(method, path_of(kind, place.namespace), json={}, params={"dryRun": "All"})
    except ApiError as error:
        return error.status
    return None


@dataclass
class Fault:
    name: str
    # Gives the context in which a deployment's cluster is broken.
    apply: Callable
    status: int = 503
    code: str = "kubernetes_unavailable"
    # Which every answer contains.
    reason: str = ""
    # Whether the server then knows that its upstream is down.
    is_outage: bool = True


REFUSED = {"status": 502, "code": "kubernetes_error", "reason": "forbidden"}
FULL = {"status": 429, "code": "quota_exceeded", "reason": "exceeded quota", "is_outage": False}
SUDDEN = [
    Fault("api-server-killed", killed),
    Fault("api-server-frozen", lambda place: place.kubernetes.frozen("server")),
    Fault("packets-dropped", dropped),
    Fault("etcd-killed", lambda place: place.kubernetes.stopped("etcd")),
    Fault("etcd-frozen", lambda place: place.kubernetes.frozen("etcd")),
]
FAULTS = [
    *SUDDEN,
    Fault("rights-withdrawn", without_rights, **REFUSED),
    Fault("no-right-to-services", lambda place: without_right_to_create(place, "services"), **REFUSED, is_outage=False),
    Fault("quota-of-jobs-full", lambda place: quota_full(place, "count/jobs.batch"), **FULL),
    Fault("quota-of-ports-full", lambda place: quota_full(place, "services.nodeports"), **FULL),
]


def assert_refused(answer, fault):
    body = answer.json()
    assert (answer.status_code, body["code"]) == (fault.status, fault.code), answer.text
    said = {503: "Kubernetes unavailable: ", 502: "Kubernetes error: "}.get(fault.status, "")
    assert body["error"].startswith(said) and fault.reason in body["error"], answer.text
    assert body["error"] != f"{said}other error", "it says what is wrong"
    assert "job_id" not in keys_of(body) and body["request_id"]
    assert answer.elapsed.total_seconds() < ANSWERED_WITHIN
    if fault.status != 502:
        assert int(answer.headers["Retry-After"]) >= 1


def assert_everything_else_goes_on(server, fault):
    assert server.get("/ack").json() == {}
    assert server.get("/channels").json()["highest_channel"] == 300
    assert server.get("/metrics").status_code == 200
    assert server.get("/health/ready").status_code == 200
    # Whoever is refused is not yet down; the next round trip tells.
    until(lambda: is_known(server, fault), KNOWN_WITHIN, "health that tells", lambda: server.get("/health").text)


def is_passing(answer):
    """Whether an answer is one of an outage that comes or goes."""
    body = answer.json()
    # An API server that has just started does not yet know who has which rights.
    starts = body["code"] == "kubernetes_error" and "forbidden" in body["error"]
    return body["code"] == "kubernetes_unavailable" or starts


def is_known(server, fault):
    health = server.get("/health").json()
    cluster = health["upstreams"]["kubernetes"]
    if fault.is_outage:
        is_down = cluster["status"] == "down" and cluster["last_error"]
        return is_down and health["upstreams"]["rabbitmq"]["status"] == "up"
    return health["status"] == "healthy" and cluster["status"] == "up"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_an_outage_from_beginning_to_end(on_kubernetes, stubs, fault):
    place, server = on_kubernetes, on_kubernetes.server
    requests = [view_of(server, kind) for kind in VIEWS]

    def send(request):
        return server.post("/configure", request)

    made = lambda: place.names("jobs", "services")
    server.wait_until_well()
    place.wait_until_empty()
    pid, counts, logged = server.process.pid, configure_counts(server), len(server.log())
    answers = []
    with server.job(LIVE, answers) as running:
        place.wait_until_served(running)
        with fault.apply(place):
            asked = [answers_up_to(fault.code, lambda request=request: send(request)) for request in requests * 2]
            for its in asked:
                assert_refused(its[-1], fault)
                answers += its
            if not fault.is_outage and all(len(its) == 1 for its in asked):
                assert made() == objects_of([running]), "what was begun is undone before the answer"
            assert_everything_else_goes_on(server, fault)
            assert_told_once(server, server.log()[logged:], answers, counts, ANSWERED_WITHIN)
            assert all(len(stream.index) >= 5 for stream in read(stubs, running, 5)), "what runs goes on"

        started = []
        deadline = time.monotonic() + BACK_WITHIN
        for request in requests:
            while (answer := send(request)).status_code != 200:
                answers.append(answer)
                assert answer.status_code == fault.status or is_passing(answer), answer.text
                assert time.monotonic() < deadline, answer.text
                time.sleep(0.1)
            started.append(answer.json())
        assert server.process.poll() is None and server.process.pid == pid
        until(lambda: server.get("/health").json()["status"] == "healthy", BACK_WITHIN, "health", server.log)
        wanted = objects_of([running, *started])
        until(lambda: made() == wanted, SETTLED_WITHIN, "end of what was begun", place.log)
        for job in started:
            server.end(job, runs=True)
    place.wait_until_empty()
    assert_told_once(server, server.log()[logged:], answers, counts, ANSWERED_WITHIN)
    assert_unharmed(server.log()[logged:])


def objects_of(jobs):
    return {f"grpc-{kind}-{job['job_id']}" for job in jobs for kind in ("job", "service")}


@pytest.mark.parametrize("fault", SUDDEN, ids=lambda fault: fault.name)
def test_requests_under_way_end_whole_or_leave_nothing(on_kubernetes, fault):
    """Clients start and stop jobs all the time while a cluster fails and comes back."""
    place, server = on_kubernetes, on_kubernetes.server
    server.wait_until_well()
    place.wait_until_empty()
    over, statuses = threading.Event(), Counter()

    def come_and_go(kind):
        """What one client leaves: the jobs that it has not stopped, and those of which it does not know."""
        kept, doubtful, body = [], [], view_of(server, kind)
        try:
            while not over.is_set():
                answer = server.post("/configure", body)
                statuses[answer.status_code] += 1
                assert answer.elapsed.total_seconds() < ANSWERED_WITHIN_WHEN_BUSY, answer.text
                if answer.status_code == 200:
                    kept.append(answer.json())
                else:
                    assert is_passing(answer), answer.text
                    time.sleep(RETRY_AFTER)
                if len(kept) > KEPT:
                    job = kept.pop(0)
                    stopped = server.delete(f"/job/{job['job_id']}")
                    if stopped.status_code != 200:
                        assert is_passing(stopped), stopped.text
                        doubtful.append(job)
            return kept, doubtful
        finally:
            over.set()

    def wait_for(status):
        """Until every client may have had such an answer."""
        wanted = statuses[status] + CLIENTS
        until(lambda: over.is_set() or statuses[status] >= wanted, BACK_WITHIN, f"answers {status}", place.log)

    with ThreadPoolExecutor(CLIENTS) as clients:
        ends = [clients.submit(come_and_go, VIEWS[number % 2]) for number in range(CLIENTS)]
        try:
            for _ in range(ROUNDS):
                wait_for(200)
                with fault.apply(place):
                    wait_for(503)
            wait_for(200)
        finally:
            over.set()
    kept, doubtful = map(list, map(itertools.chain.from_iterable, zip(*(end.result() for end in ends))))

    made = lambda: place.names("jobs", "services")
    assert made() >= objects_of(kept), "who was told of a job has it"
    allowed = objects_of(kept) | objects_of(doubtful)
    until(lambda: made() <= allowed, SETTLED_WITHIN, "end of what was begun", place.log)
    for job in kept + doubtful:
        server.end(job)
    place.wait_until_empty()
    assert_unharmed(server.log())


@pytest.mark.parametrize("fault", ["refused", "dropped"])
def test_an_outage_of_rabbitmq_leaves_the_cluster_as_it_was(on_kubernetes, fault):
    """PZ-13602, steps 9 and 10: nothing is created that nobody asked for."""
    place, whole = on_kubernetes, on_kubernetes.whole
    if fault == "refused":
        server = place.start(broker=whole.node.url(port=whole.proxy.port))
        broken = whole.proxy.while_it(whole.proxy.refuse)
    else:
        server = place.server
        broken = packets.dropped(whole.node.port)

    def objects():
        return place.kubernetes.kubectl("get", "jobs,services,pods", "--namespace", place.namespace, "--output=json")

    server.wait_until_well()
    with server.job(LIVE) as running:
        place.wait_until_served(running)
        before = objects()
        assert len(json.loads(before)["items"]) == 3
        with broken:
            for request in [view_of(server, kind) for kind in VIEWS] * 2:
                answer = server.post("/configure", request)
                body = answer.json()
                assert (answer.status_code, body["code"]) == (503, "rabbitmq_unavailable"), answer.text
                assert body["error"].startswith("RabbitMQ unavailable: ") and "job_id" not in keys_of(body)
                assert answer.elapsed.total_seconds() < ANSWERED_WITHIN
                assert int(answer.headers["Retry-After"]) >= 1
            assert objects() == before
            cluster = lambda: server.get("/health").json()["upstreams"]["kubernetes"]["status"]
            until(lambda: cluster() == "up", KNOWN_WITHIN, "health that tells", server.log)
        for request in [view_of(server, kind) for kind in VIEWS]:
            again = until(lambda: started(server, request), BACK_WITHIN, "job", server.log)
            server.end(again, runs=True)
        until(lambda: objects() == before, SETTLED_WITHIN, "end of all other jobs")
    place.wait_until_empty()


def started(server, request):
    answer = server.post("/configure", request)
    assert answer.status_code in (200, 503), answer.text
    return answer.json() if answer.status_code == 200 else None
