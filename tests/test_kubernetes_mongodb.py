"""Jobs on a cluster that show what a site's MongoDB lists: what they are told, what they are not, and an outage of it."""

import re
import shutil

import numpy as np
import pytest
from deployment import LIVE, until, view_of
from mongodb_node import UUID, MongoDbNode
from rows import read
from told import assert_told_once, assert_unharmed, configure_counts, keys_of

# In the URL where a password would be: the stand-in knows no users.
SECRET = "hunter2"
BACK_WITHIN = 20.0


@pytest.fixture(scope="module")
def mongodb(tmp_path_factory):
    node = MongoDbNode(tmp_path_factory.mktemp("mongodb"))
    yield node
    node.stop()


@pytest.fixture
def served(deploy, mongodb):
    """A deployment with the site's files on its volume, and a server that finds them by MongoDB alone."""
    place = deploy()
    files = place.recordings / "site"
    shutil.copytree(mongodb.files, files)
    settings = mongodb.settings(files=files)
    settings["catalogue.mongodb_url"] += f"/?appName={SECRET}"
    place.server = place.start(**settings)
    return place


def view(server):
    """A historic view. What MongoDB lists is rounded to the millisecond."""
    body = view_of(server, "historic")
    return body | {"start_time": body["start_time"] + 1, "end_time": body["end_time"] - 1}


def objects(place):
    return place.kubernetes.kubectl("get", "jobs,services,pods", "--namespace", place.namespace, "--output=json")


def test_a_recording_that_mongodb_lists_is_shown_by_a_pod_that_knows_nothing_of_mongodb(served, stubs):
    place, server = served, served.server
    body = view(server)
    with server.job(body) as job:
        (made,) = place.objects("jobs")
        place.wait_until_served(job)
        streams = read(stubs, job)
        everything = objects(place)
    # The built-in recording is the same file, found in another way.
    with place.whole.direct.job(body) as same:
        expected = read(stubs, same)
    for stream, other in zip(streams, expected, strict=True):
        assert len(stream.index) and np.array_equal(stream.ms, other.ms)
        assert np.array_equal(stream.values, other.values, equal_nan=True)

    template = made["spec"]["template"]
    order = template["metadata"]["annotations"]["focus-server/order"]
    files = re.findall(r'"([^"]*\.h5)"', order)
    assert files == [f"site/{UUID}/part-1.h5"], "as they are called on the volume"
    (container,) = template["spec"]["containers"]
    assert [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == "recordings"] == ["/data"]
    assert "FOCUS_CATALOGUE" not in everything and "mongodb" not in everything.lower()
    everything += place.log() + server.get("/health").text + server.get("/info").text
    assert SECRET not in everything


def upstreams(server):
    return {name: its["status"] for name, its in server.get("/health").json()["upstreams"].items()}


@pytest.mark.parametrize("fault", ["killed", "frozen"])
def test_an_outage_of_mongodb_leaves_the_cluster_as_it_was(served, mongodb, stubs, fault):
    """PZ-13604, on a cluster: neither Job nor Service is made, not even for a moment."""
    place, server = served, served.server
    body = view(server)
    counts, logged = configure_counts(server), len(server.log())
    late = []
    with server.job(LIVE, late) as running:
        place.wait_until_served(running)
        before = objects(place)
        with getattr(mongodb, fault)():
            answers = [server.post("/configure", body) for _ in range(4)]
            for answer in answers:
                assert (answer.status_code, answer.json()["code"]) == (503, "mongodb_unavailable"), answer.text
                assert answer.json()["error"].startswith("MongoDB unavailable: ")
                assert "job_id" not in keys_of(answer.json()) and int(answer.headers["Retry-After"]) >= 1
            # The versions in it show every change.
            assert objects(place) == before
            wanted = {"kubernetes": "up", "mongodb": "down", "rabbitmq": "up"}
            until(lambda: upstreams(server) == wanted, BACK_WITHIN, "health that tells", server.log)
            with server.job(LIVE, late) as live:
                place.wait_until_served(live)
                assert all(len(stream.index) >= 5 for stream in read(stubs, live, 5)), "live views start as ever"
        assert all(len(stream.index) >= 5 for stream in read(stubs, running, 5)), "what runs goes on"

        def again():
            answer = server.post("/configure", body)
            if answer.status_code != 200:
                answers.append(answer)
                assert answer.json()["code"] == "mongodb_unavailable", answer.text
            return answer.status_code == 200 and answer.json()

        job = until(again, BACK_WITHIN, "job", server.log)
        place.wait_until_served(job)
        assert all(len(stream.index) for stream in read(stubs, job, 5))
        # When it was read to its end, it has ended by itself.
        server.end(job)
    assert_told_once(server, server.log()[logged:], answers + late, counts)
    assert_unharmed(server.log()[logged:])
