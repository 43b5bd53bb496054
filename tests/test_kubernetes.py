"""Jobs on a cluster, from the request to the last object that is gone.

The API server and its controllers are real, and so are the program's manifests and its rights; nodes are not
(stand_in_node.py).
"""

import asyncio
import contextlib
import json
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
import requests
import websocket
from cluster import SETTLED_WITHIN
from deployment import LIVE, until, view_of
from focus_process import patiently
from load import Client
from rows import DEADLINE, channel_of, read

WEEK = 7 * 24 * 3600
SEEN_WITHIN = 15.0
STOPPED_WITHIN = 3.0
ATTEMPTS = 3


def labels_of(job_id):
    return {
        "app.kubernetes.io/name": "focus-worker",
        "app.kubernetes.io/managed-by": "focus-server",
        "app.kubernetes.io/instance": "focus-server",
        "focus-server/job-id": job_id,
    }


def assert_as_contracted(made, service, job, kind="NodePort"):
    """A Job and its Service are what clients and operators were promised."""
    job_id = job["job_id"]
    assert made["metadata"]["name"] == f"grpc-job-{job_id}"
    for labels in (made["metadata"]["labels"], made["spec"]["template"]["metadata"]["labels"]):
        assert labels_of(job_id).items() <= labels.items()
    wanted = {
        "parallelism": 1,
        "completions": 1,
        "backoffLimit": 0,
        "ttlSecondsAfterFinished": 120,
        "activeDeadlineSeconds": WEEK,
    }
    assert wanted.items() <= made["spec"].items()
    pod = made["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False and pod["restartPolicy"] == "Never"

    assert service["metadata"]["name"] == f"grpc-service-{job_id}"
    assert labels_of(job_id).items() <= service["metadata"]["labels"].items()
    (owner,) = service["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["apiVersion"]) == ("Job", "batch/v1")
    assert (owner["name"], owner["uid"]) == (made["metadata"]["name"], made["metadata"]["uid"])
    assert not owner.get("controller") and not owner.get("blockOwnerDeletion")
    spec = service["spec"]
    assert (spec["type"], spec["selector"]) == (kind, {"focus-server/job-id": job_id})
    (port,) = spec["ports"]
    assert (port["name"], port["port"], port["targetPort"]) == ("grpc", 5000, 5000)
    if kind == "NodePort":
        assert job["stream_port"] == port["nodePort"] and job["stream_url"] == "http://127.0.0.1"


def assert_gone(server, job_id):
    for answer in (server.get(f"/metadata/{job_id}"), server.delete(f"/job/{job_id}")):
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_job")
    assert job_id not in server.get("/jobs").text


def test_a_live_view_from_its_beginning_to_its_end(on_kubernetes, stubs):
    place, server = on_kubernetes, on_kubernetes.server
    answer = server.served("/configure", LIVE)
    job = answer.json()
    job_id = job["job_id"]
    (made,), (service,) = place.objects("jobs"), place.objects("services")
    assert_as_contracted(made, service, job)
    assert server.get(f"/metadata/{job_id}").content == answer.content

    place.wait_until_served(job)
    streams = read(stubs, job, 25)
    assert len(streams) == job["stream_amount"]
    for number, stream in enumerate(streams):
        shown = [int(channel) for channel, its in job["channel_to_stream_index"].items() if its == number]
        assert (stream.first, stream.last) == (min(shown), max(shown))
        steps = np.diff(stream.ms) / np.diff(stream.index) / 1000
        assert steps == pytest.approx(job["lines_dt"], abs=0.0015)
        assert np.isfinite(stream.values[-5:]).all()

    messages, services = stubs
    page = f"ws{server.url.removeprefix('http')}/jobs/{job_id}/streams/0"
    watch = websocket.create_connection(page, timeout=DEADLINE)
    with channel_of(job) as channel:
        call = services.DataStreamServiceStub(channel).StreamData(messages.StreamDataRequest(), timeout=DEADLINE)
        next(call)
        header = watch.recv()
        assert header[:4] == b"FSH1" and json.loads(header[4:])["job_id"] == job_id
        assert watch.recv()[:4] == b"FSR1"

        (listed,) = until(lambda: watched(server, 2), SEEN_WITHIN, "viewers", place.log)
        assert (listed["id"], listed["state"]) == (job_id, "running")
        assert LIVE.items() <= listed["view"].items() and listed["started"] and listed["last_row"]
        assert place.node.processes(place.namespace)
        assert "focus_viewers 2\n" in scraped(place)

        stopped = server.delete(f"/job/{job_id}")
        assert stopped.status_code == 200 and stopped.elapsed.total_seconds() < STOPPED_WITHIN
        assert place.objects("jobs") == place.objects("services") == []
        assert_gone(server, job_id)
        with pytest.raises(grpc.RpcError) as ended:
            for _ in call:
                pass
        assert ended.value.code() == grpc.StatusCode.UNAVAILABLE
        with contextlib.suppress(websocket.WebSocketConnectionClosedException):
            while watch.recv():
                pass
    place.wait_until_empty()


def watched(server, viewers):
    """The running jobs, if each has so many viewers."""
    jobs = server.get("/jobs").json()
    return jobs if all(job["viewers"] == viewers and job["last_row"] for job in jobs) else None


def scraped(place):
    """What the only pod shows to Prometheus."""
    (pod,) = place.objects("pods")
    ports = {port["name"]: port["containerPort"] for port in pod["spec"]["containers"][0]["ports"]}
    answer = requests.get(f"http://{pod['status']['podIP']}:{ports['metrics']}/metrics", timeout=DEADLINE)
    assert answer.status_code == 200
    return answer.text


def test_a_recording_is_read_to_its_end_and_cleared_away(on_kubernetes, stubs):
    place, server = on_kubernetes, on_kubernetes.server
    body = view_of(server, "historic")
    answer = server.served("/configure", body)
    job = answer.json()
    (made,), (service,) = place.objects("jobs"), place.objects("services")
    assert_as_contracted(made, service, job)
    place.wait_until_served(job)
    streams = read(stubs, job)
    with place.whole.direct.job(body) as same:
        expected = read(stubs, same)
    assert len(streams) == len(expected) == job["stream_amount"]
    for stream, other in zip(streams, expected, strict=True):
        assert np.array_equal(stream.index, other.index) and np.array_equal(stream.ms, other.ms)
        assert np.array_equal(stream.values, other.values, equal_nan=True)

    until(lambda: place.conditions(made) == {"Complete"}, SEEN_WITHIN, "end of the Job", place.log)
    assert_gone(server, job["job_id"])
    # In a test nobody waits for the two minutes that it is kept.
    place.shorten_ttl(made)
    place.wait_until_empty()


def test_clients_inside_the_cluster(on_kubernetes, stubs):
    place = on_kubernetes
    server = place.start(**{"kubernetes.service": "cluster-ip"})
    with server.job(LIVE) as job:
        (made,), (service,) = place.objects("jobs"), place.objects("services")
        assert_as_contracted(made, service, job, "ClusterIP")
        assert "nodePort" not in service["spec"]["ports"][0]
        assert job["stream_url"] == f"http://{service['metadata']['name']}.{place.namespace}.svc"
        assert job["stream_port"] == 5000
        # Nobody answers for the name here.
        inside = job | {"stream_url": f"http://{service['spec']['clusterIP']}"}
        place.wait_until_served(inside)
        assert all(len(stream.index) >= 5 for stream in read(stubs, inside, 5))
    place.wait_until_empty()


def test_nothing_is_known_to_one_server_only(deploy, stubs):
    """One is killed and another started, and there is a third beside it."""
    place = deploy()
    first = place.start(**{"jobs.max_jobs": 3})
    answers = [first.served("/configure", LIVE | {"displayInfo": {"height": height}}) for height in (100, 200)]
    jobs = [answer.json() for answer in answers]
    for job in jobs:
        place.wait_until_served(job)
    known = without_reports(first)
    first.kill()
    second, third = place.start(**{"jobs.max_jobs": 3}), place.start(**{"jobs.max_jobs": 3})

    for server in (second, third):
        assert without_reports(server) == known
        until(lambda server=server: states(server) == ["running"] * 2, SEEN_WITHIN, "reports", place.log)
        for answer, job in zip(answers, jobs, strict=True):
            assert server.get(f"/metadata/{job['job_id']}").content == answer.content
    assert all(len(stream.index) >= 5 for stream in read(stubs, jobs[0], 5)), "the jobs have not noticed"

    assert [slot(job) for job in jobs] == [1, 2]
    last = second.served("/configure", LIVE).json()
    assert slot(last) == 3
    for server in (second, third):
        full = patiently(lambda server=server: server.post("/configure", LIVE))
        assert (full.status_code, full.json()["code"]) == (429, "too_many_jobs")
        assert int(full.headers["Retry-After"]) >= 1
    third.end(jobs[0], runs=True)
    again = second.served("/configure", LIVE).json()
    assert slot(again) == 1 and again["job_id"] != jobs[0]["job_id"]
    sequences = [int(job["job_id"].split("-")[1]) for job in (*jobs, last, again)]
    assert len(set(sequences)) == len(sequences)
    for job in (jobs[1], last, again):
        third.end(job, runs=True)
    place.wait_until_empty()


def without_reports(server):
    """What is known of jobs before they have said anything themselves."""
    return [{name: job[name] for name in ("id", "view", "started")} for job in server.get("/jobs").json()]


def states(server):
    return [job["state"] for job in server.get("/jobs").json()]


def slot(job):
    return int(job["job_id"].split("-")[0])


def all_started(place, server, send):
    """The key of equal requests, and how each was answered: status and body. `send(key)` sends them, and they are one
    transaction: on a busy machine an upstream may be late for it, and all are told so. Then they get another key."""
    for attempt in range(ATTEMPTS):
        key = {"Idempotency-Key": f"view {attempt}"}
        answers = send(key)
        refusals = {json.loads(body)["code"] for status, body in answers if status != 200}
        if not refusals or not all(code.endswith("_unavailable") for code in refusals):
            break
        for job in server.get("/jobs").json():
            server.end({"job_id": job["id"]})
        place.wait_until_empty()
    assert {status for status, _ in answers} == {200}, refusals
    return key, answers


def test_equal_requests_at_two_servers_are_one_job(deploy):
    place = deploy()
    servers = [place.start(), place.start()]

    def send(key):
        with ThreadPoolExecutor(100) as clients:
            one = lambda number: servers[number % 2].post("/configure", LIVE, headers=key)
            return [(answer.status_code, answer.content) for answer in clients.map(one, range(100))]

    key, answers = all_started(place, servers[0], send)
    assert len({content for _, content in answers}) == 1
    assert len(place.objects("jobs")) == len(place.objects("services")) == 1
    for server in servers:
        other = server.post("/configure", LIVE | {"displayInfo": {"height": 50}}, headers=key)
        assert other.status_code == 422, other.text
    assert len(place.objects("jobs")) == 1


def test_a_thousand_equal_requests_at_once_are_one_job(on_kubernetes):
    place, server = on_kubernetes, on_kubernetes.server

    async def send(key):
        clients = [await Client.connect(server.url, LIVE, key) for _ in range(1000)]
        answers = await asyncio.gather(*(client.configure() for client in clients))
        for client in clients:
            client.close()
        return answers

    _, answers = all_started(place, server, lambda key: asyncio.run(send(key)))
    assert len({content for _, content in answers}) == 1
    assert len(place.objects("jobs")) == len(place.objects("services")) == 1
    server.end(json.loads(answers[0][1]), runs=True)
    place.wait_until_empty()


def test_jobs_end_when_the_server_is_gone_for_ever(deploy):
    place = deploy(**{"jobs.connect_within": "2s"})
    server = place.start()
    for kind in ("live", "historic"):
        server.served("/configure", view_of(server, kind))
    jobs = place.objects("jobs")
    assert len(jobs) == len(place.objects("services")) == 2
    server.kill()
    for job in jobs:
        until(lambda job=job: place.conditions(job) == {"Complete"}, SETTLED_WITHIN, "end of a Job", place.log)
        place.shorten_ttl(job)
    place.wait_until_empty()
