"""The contract with clients already in the field, endpoint by endpoint and error by error.

Everything is served at the root and under `/focus-server`; most tests run at both.
"""

import itertools
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

PREFIXES = ["", "/focus-server"]
DAY = 86_400.0
HIGHEST = 500  # of the built-in recording
FIBRE_FIELDS = {
    "prr",
    "sampling_rate",
    "dx",
    "gauge_length_meters",
    "number_of_channels",
    "fiber_start_meters",
    "fiber_length_meters",
    "num_samples_per_trace",
    "dtype",
    "unit",
    "sw_version",
    "fiber_description",
}
RIGHT = {
    "view_type": 0,
    "channels": {"min": 1, "max": 10},
    "displayInfo": {"height": 200},
    "displayTimeAxisDuration": 10,
    "nfftSelection": 256,
    "frequencyRange": {"min": 2, "max": 15},
}
WATERFALL = {"view_type": 2, "channels": {"min": 1, "max": 10}, "displayInfo": {"height": 200}}


@pytest.fixture(params=PREFIXES, ids=["root", "prefix"])
def at(request):
    return request.param


def without(body, name):
    return {key: value for key, value in body.items() if key != name}


def assert_error(answer, status, code):
    """An error as contracted: JSON, one sentence, a code, the request's id, no job."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    body = answer.json()
    assert isinstance(body["error"], str) and body["error"].strip(), body
    assert body["code"] == code, body
    assert body["request_id"], body
    assert '"job_id"' not in answer.text
    assert not re.search("panicked|traceback|backtrace", answer.text, re.IGNORECASE)
    return body


def faulty_paths(body):
    return {fault["path"] for fault in body["detail"]}


# Small endpoints


def test_ack(focus_server, at):
    answer = focus_server.get(f"{at}/ack")
    assert answer.status_code == 200 and answer.json() == {}
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        refused = requests.request(method, f"{focus_server.url}{at}/ack", timeout=10)
        assert refused.status_code == 405
        assert refused.json()["error"]


def test_channels(focus_server, at):
    assert focus_server.get(f"{at}/channels").json() == {"lowest_channel": 1, "highest_channel": HIGHEST}


def test_sensors(focus_server, at):
    answer = focus_server.get(f"{at}/sensors")
    assert answer.status_code == 200 and isinstance(answer.json()["sensors"], list)


def test_live_metadata(focus_server, at):
    fibre = focus_server.get(f"{at}/live_metadata").json()
    assert FIBRE_FIELDS <= fibre.keys()
    assert (fibre["sampling_rate"], fibre["number_of_channels"]) == (100, HIGHEST)


def test_health_and_info(focus_server, at):
    for path in ("/health/live", "/health/ready"):
        assert focus_server.get(f"{at}{path}").status_code == 200
    health = focus_server.get(f"{at}/health").json()
    assert health["status"] == "healthy"
    assert health["version"]
    info = focus_server.get(f"{at}/info").json()
    assert info["version"] == health["version"] and info["limits"]


def test_metrics(focus_server, at):
    answer = focus_server.get(f"{at}/metrics")
    assert answer.status_code == 200
    assert "# HELP" in answer.text and "# TYPE" in answer.text


def test_documents_of_the_interface(focus_server, at):
    document = focus_server.get(f"{at}/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    paths = document["paths"]
    for path in ("/configure", "/channels", "/metadata/{job_id}", "/job/{job_id}", "/recordings_in_time_range"):
        assert any(known.endswith(path) for known in paths), path
    page = focus_server.get(f"{at}/docs")
    assert page.status_code == 200 and "swagger" in page.text.lower()
    assert not re.search(r'(src|href)="https?://', page.text), "works offline"


def test_pages(focus_server, at):
    for path in ("/", "/get_recordings_timeline"):
        page = focus_server.get(f"{at}{path}")
        assert page.status_code == 200, path
        assert page.headers["content-type"].startswith("text/html")
        assert not re.search(r'(src|href)="https?://', page.text), "works offline"


def test_an_unknown_path_is_told_in_json(focus_server, at):
    answer = focus_server.get(f"{at}/no/such/thing")
    assert answer.status_code == 404 and answer.json()["error"]


# Recordings


def test_recordings_in_time_range(focus_server, at):
    def ask(start, end):
        answer = focus_server.post(f"{at}/recordings_in_time_range", {"start_time": start, "end_time": end})
        assert answer.status_code == 200, answer.text
        return answer.json()

    start, end = focus_server.recording()
    assert start == pytest.approx(1458545850.532309, abs=1e-5)
    assert end - start == pytest.approx(50, abs=0.02)
    assert [start, end] in ask(0, time.time())
    assert ask(start - 10, start + 1) == [[start, end]], "whole, although only its begin is asked for"
    assert ask(start + 10, start + 11) == [[start, end]]
    assert ask(start - 10, start) == [], "r.start < end"
    assert ask(end, end + 10) == [], "r.end > start"
    everything = ask(0, time.time())
    assert everything == sorted(everything)


def test_recordings_with_a_wrong_body(focus_server, at):
    for body in ({}, {"start_time": 5}, {"start_time": "a", "end_time": 6}, []):
        assert_error(focus_server.post(f"{at}/recordings_in_time_range", body), 422, "invalid_request")


# Views that are right


def test_configure_a_live_spectrogram(focus_server, at):
    answer = focus_server.post(f"{at}/configure", RIGHT)
    assert answer.status_code == 200, answer.text
    job = answer.json()
    try:
        assert job["status"] == "success"
        assert re.fullmatch(r"\d+-\d+", job["job_id"])
        bins = [k * 100 / 256 for k in range(129) if 2 <= k * 100 / 256 <= 15]
        assert job["frequencies_list"] == pytest.approx(bins)
        assert job["frequencies_amount"] == len(bins)
        assert job["lines_dt"] == pytest.approx(0.05)
        assert job["channel_amount"] == 10
        assert list(job["channel_to_stream_index"].items()) == [
            (str(channel), stream) for channel, stream in zip(range(1, 11), [0, 0, 0, 0, 1, 1, 1, 2, 2, 2], strict=True)
        ]
        assert job["stream_amount"] == 3
        assert job["stream_url"].startswith("http://") and job["stream_port"] in focus_server.job_ports
        assert job["view_type"] == 0
        assert FIBRE_FIELDS <= job["metadata"].keys()
        assert focus_server.get(f"{at}/metadata/{job['job_id']}").json() == job
        listed = focus_server.get(f"{at}/jobs").json()
        assert job["job_id"] in json.dumps(listed)
    finally:
        assert focus_server.delete(f"{at}/job/{job['job_id']}").status_code == 200
    assert_error(focus_server.delete(f"{at}/job/{job['job_id']}"), 404, "unknown_job")
    assert_error(focus_server.get(f"{at}/metadata/{job['job_id']}"), 404, "unknown_job")
    assert job["job_id"] not in json.dumps(focus_server.get(f"{at}/jobs").json())


def test_configure_a_single_channel(focus_server):
    with focus_server.job({**RIGHT, "view_type": "1", "nfftSelection": 4096}) as job:
        assert job["view_type"] == 1
        assert job["channel_to_stream_index"] == {"1": 0}
        assert (job["channel_amount"], job["stream_amount"]) == (1, 1)


def test_configure_a_waterfall(focus_server):
    for body in (WATERFALL, {**WATERFALL, "nfftSelection": 1, "frequencyRange": None, "displayTimeAxisDuration": None}):
        with focus_server.job(body) as job:
            assert (job["frequencies_list"], job["frequencies_amount"]) == ([], 0)
            assert job["lines_dt"] == pytest.approx(0.05)


def test_defaults_and_tolerance(focus_server):
    body = {
        "view_type": "0",
        "channels": {"min": 3, "max": 4, "unknown": 1},
        "displayInfo": {"height": 100},
        "nfftSelection": None,
        "frequencyRange": None,
        "displayTimeAxisDuration": None,
        "start_time": None,
        "end_time": None,
        "somethingElse": {"is": "tolerated"},
    }
    with focus_server.job(body) as job:
        assert job["frequencies_amount"] == 513, "1024 samples, the whole band"
        assert (job["frequencies_list"][0], job["frequencies_list"][-1]) == (0, 50)
        assert job["lines_dt"] == pytest.approx(0.1), "10 s"
        assert job["stream_amount"] == 2


def test_configure_a_recording(focus_server):
    start, end = focus_server.recording()
    with focus_server.job({**RIGHT, "start_time": start + 1, "end_time": end - 1}) as job:
        assert job["metadata"]["number_of_channels"] == HIGHEST
        assert job["metadata"]["sampling_rate"] == 100


def test_the_channels_change_nothing_else(focus_server):
    plans = []
    for channels in ({"min": 1, "max": 3}, {"min": 200, "max": 310}, {"min": 1, "max": HIGHEST}):
        with focus_server.job({**RIGHT, "channels": channels}) as job:
            plans.append((job["frequencies_list"], job["lines_dt"], job["stream_amount"]))
            assert job["channel_amount"] == channels["max"] - channels["min"] + 1
            assert len(set(job["channel_to_stream_index"].values())) == job["stream_amount"]
    assert all(plan == plans[0] for plan in plans)


def test_slots_are_used_again_and_sequences_are_not(focus_server):
    with focus_server.job(WATERFALL) as first, focus_server.job(WATERFALL) as second:
        ids = [tuple(map(int, job["job_id"].split("-"))) for job in (first, second)]
        assert first["stream_port"] != second["stream_port"]
    with focus_server.job(WATERFALL) as third:
        slot, sequence = map(int, third["job_id"].split("-"))
    assert slot == min(ids)[0] and ids[0][0] != ids[1][0]
    assert sequence > max(id[1] for id in ids)


def test_idempotency_key(focus_server):
    def ask(body):
        return focus_server.post("/configure", body, headers={"Idempotency-Key": "test-idempotency"})

    first, again = ask(WATERFALL), ask(WATERFALL)
    assert first.status_code == 200
    try:
        assert again.json() == first.json()
        assert ask({**WATERFALL, "displayInfo": {"height": 100}}).status_code == 422
    finally:
        focus_server.delete(f"/job/{first.json()['job_id']}")


# Requests that are wrong: 422


@pytest.mark.parametrize("name", ["view_type", "channels", "displayInfo"])
def test_a_missing_field(focus_server, at, name):
    body = assert_error(focus_server.post(f"{at}/configure", without(RIGHT, name)), 422, "invalid_request")
    assert faulty_paths(body) == {f"$.{name}"}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"view_type": 3}, "$.view_type"),
        ({"view_type": "waterfall"}, "$.view_type"),
        ({"view_type": 1.5}, "$.view_type"),
        ({"view_type": None}, "$.view_type"),
        ({"channels": 7}, "$.channels"),
        ({"channels": {"min": 1}}, "$.channels.max"),
        ({"channels": {"min": 0, "max": 5}}, "$.channels.min"),
        ({"channels": {"min": -3, "max": 5}}, "$.channels.min"),
        ({"channels": {"min": 5, "max": 4}}, "$.channels.max"),
        ({"channels": {"min": 1, "max": HIGHEST + 1}}, "$.channels.max"),
        ({"channels": {"min": 1, "max": 10**30}}, "$.channels.max"),
        ({"channels": {"min": "a", "max": 5}}, "$.channels.min"),
        ({"displayInfo": {}}, "$.displayInfo.height"),
        ({"displayInfo": {"height": "tall"}}, "$.displayInfo.height"),
        ({"displayTimeAxisDuration": "long"}, "$.displayTimeAxisDuration"),
        ({"nfftSelection": [256]}, "$.nfftSelection"),
        ({"frequencyRange": {"min": 1}}, "$.frequencyRange.max"),
        ({"start_time": "yesterday", "end_time": 5}, "$.start_time"),
    ],
)
def test_a_field_of_the_wrong_form(focus_server, at, change, path):
    body = assert_error(focus_server.post(f"{at}/configure", {**RIGHT, **change}), 422, "invalid_request")
    assert path in faulty_paths(body)


@pytest.mark.parametrize(
    "change",
    [{"displayTimeAxisDuration": 10}, {"frequencyRange": {"min": 2, "max": 15}}, {"nfftSelection": 1024}],
)
def test_a_waterfall_with_fields_of_spectra(focus_server, change):
    body = assert_error(focus_server.post("/configure", {**WATERFALL, **change}), 422, "invalid_request")
    assert faulty_paths(body) == {f"$.{name}" for name in change}


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"view_type": 0', b"[" * 100_000])
def test_a_body_that_is_no_request(focus_server, at, text):
    answer = requests.post(
        f"{focus_server.url}{at}/configure", data=text, headers={"content-type": "application/json"}, timeout=10
    )
    assert_error(answer, 422, "invalid_request")


def test_a_body_without_content_type(focus_server):
    answer = requests.post(f"{focus_server.url}/configure", data=json.dumps(WATERFALL), timeout=10)
    assert answer.status_code == 200, answer.text
    focus_server.delete(f"/job/{answer.json()['job_id']}")


def test_a_body_that_is_too_large(focus_server, at):
    answer = requests.post(f"{focus_server.url}{at}/configure", data=b" " * (1 << 20) + b"{}", timeout=10)
    assert answer.status_code == 413
    assert answer.json()["error"]


# Views that break a rule: 400


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"nfftSelection": 1000}, "$.nfftSelection"),
        ({"nfftSelection": 64}, "$.nfftSelection"),
        ({"nfftSelection": 131072}, "$.nfftSelection"),
        ({"nfftSelection": 4096}, "$.nfftSelection"),
        ({"frequencyRange": {"min": 2, "max": 51}}, "$.frequencyRange.max"),
        ({"frequencyRange": {"min": -1, "max": 5}}, "$.frequencyRange.min"),
        ({"frequencyRange": {"min": 5, "max": 5}}, "$.frequencyRange.max"),
        ({"frequencyRange": {"min": 9, "max": 5}}, "$.frequencyRange.max"),
        ({"displayInfo": {"height": 0}}, "$.displayInfo.height"),
        ({"displayInfo": {"height": -5}}, "$.displayInfo.height"),
        ({"displayInfo": {"height": 10**6}}, "$.displayInfo.height"),
        ({"displayTimeAxisDuration": 0}, "$.displayTimeAxisDuration"),
        ({"displayTimeAxisDuration": -1}, "$.displayTimeAxisDuration"),
        ({"start_time": 100}, "$.end_time"),
        ({"end_time": 100}, "$.start_time"),
        ({"start_time": 100, "end_time": 100}, "$.end_time"),
        ({"start_time": 100, "end_time": 50}, "$.end_time"),
        ({"start_time": 100, "end_time": 4e9}, "$.end_time"),
    ],
)
def test_a_view_that_breaks_a_rule(focus_server, at, change, path):
    body = assert_error(focus_server.post(f"{at}/configure", {**RIGHT, **change}), 400, "invalid_view")
    assert path in faulty_paths(body)


def test_a_view_that_costs_too_much(start_focus):
    server = start_focus(**{"limits.max_row_bytes_per_second": 1e6})
    body = {**without(RIGHT, "frequencyRange"), "channels": {"min": 1, "max": HIGHEST}}
    error = assert_error(server.post("/configure", body), 400, "invalid_view")["error"]
    assert "displayInfo.height" in error, "it says what to change"


def test_all_faults_are_told_at_once(focus_server):
    body = {"view_type": 9, "channels": {"min": 0, "max": 5}, "nfftSelection": 1000, "start_time": 5}
    told = assert_error(focus_server.post("/configure", body), 422, "invalid_request")
    expected = {"$.view_type", "$.channels.min", "$.displayInfo", "$.nfftSelection", "$.end_time"}
    assert faulty_paths(told) == expected
    for path in expected:
        assert path.removeprefix("$.") in told["error"]


# What is not there


def test_no_recording_in_the_range(focus_server, at):
    start, _ = focus_server.recording()
    body = {**RIGHT, "start_time": start - DAY, "end_time": start - DAY + 10}
    assert_error(focus_server.post(f"{at}/configure", body), 404, "no_recording")


@pytest.mark.parametrize("job_id", ["29-99999999", "0", "x", "..%2F..", "0-1-2", "%00"])
def test_an_unknown_job(focus_server, at, job_id):
    error = assert_error(focus_server.get(f"{at}/metadata/{job_id}"), 404, "unknown_job")
    assert "Invalid job_id" in error["error"]
    assert_error(focus_server.delete(f"{at}/job/{job_id}"), 404, "unknown_job")


def test_waiting_for_fiber(start_focus):
    server = start_focus(**{"live.source": "none"})
    fibre = server.get("/live_metadata").json()
    assert (fibre["prr"], fibre["dx"]) == (0, 0)
    assert fibre["sw_version"] == fibre["fiber_description"] == "waiting for fiber"
    assert fibre["number_of_channels"] is None and fibre["sampling_rate"] is None
    refused = server.post("/configure", WATERFALL)
    assert "waiting for fiber" in assert_error(refused, 503, "waiting_for_fiber")["error"]
    start, end = server.recording()
    with server.job({**WATERFALL, "start_time": start, "end_time": end}) as job:
        assert job["channel_amount"] == 10, "recordings can be seen without a fibre"


# A job's life


def test_too_many_jobs(start_focus):
    server = start_focus(**{"jobs.max_jobs": 2})
    jobs = [server.post("/configure", WATERFALL).json() for _ in range(2)]
    refused = server.post("/configure", WATERFALL)
    assert_error(refused, 429, "too_many_jobs")
    assert int(refused.headers["retry-after"]) >= 1
    assert server.delete(f"/job/{jobs[0]['job_id']}").status_code == 200
    with server.job(WATERFALL) as job:
        assert job["job_id"].split("-")[0] == jobs[0]["job_id"].split("-")[0], "the free slot"


def test_the_limit_holds_when_all_come_at_once(start_focus):
    server = start_focus(**{"jobs.max_jobs": 5})
    with ThreadPoolExecutor(20) as clients:
        statuses = sorted(clients.map(lambda _: server.post("/configure", WATERFALL).status_code, range(20)))
    assert statuses == [200] * 5 + [429] * 15
    slots = [job_id.split("-")[0] for job_id in re.findall(r'"(\d+-\d+)"', server.get("/jobs").text)]
    assert len(set(slots)) == 5


def test_a_job_that_nobody_connects_to_is_stopped(start_focus):
    server = start_focus(**{"jobs.connect_within": "1s"})
    job = server.post("/configure", WATERFALL).json()
    deadline = time.monotonic() + 10
    while server.get(f"/metadata/{job['job_id']}").status_code == 200:
        assert time.monotonic() < deadline, "it is still there"
        time.sleep(0.1)
    assert_error(server.delete(f"/job/{job['job_id']}"), 404, "unknown_job")


def test_a_stop_with_running_jobs_is_clean(start_focus):
    server = start_focus()
    for _ in range(3):
        assert server.post("/configure", WATERFALL).status_code == 200
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 10


# Around the answers


def test_every_answer_names_its_request(focus_server):
    answers = [focus_server.get("/ack"), focus_server.get("/channels"), focus_server.get("/metadata/x")]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == 3
    assert answers[2].json()["request_id"] == ids[2]
    assert ids[2] in focus_server.log(), "an error can be found in the log"


def test_cors_as_configured(start_focus):
    server = start_focus(cors_origins="https://lab.example.org")
    headers = {"origin": "https://lab.example.org", "access-control-request-method": "POST"}
    allowed = requests.options(f"{server.url}/configure", headers=headers, timeout=10)
    assert allowed.ok and allowed.headers["access-control-allow-origin"] == "https://lab.example.org"
    headers["origin"] = "https://elsewhere.example.org"
    refused = requests.options(f"{server.url}/configure", headers=headers, timeout=10)
    assert "access-control-allow-origin" not in refused.headers


def test_the_log_is_json_lines(focus_server):
    focus_server.get("/channels")
    lines = [json.loads(line) for line in focus_server.log().splitlines()]
    assert lines and all({"timestamp", "level"} <= line.keys() for line in lines)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line["timestamp"]) for line in lines)


def test_odd_requests_never_break_the_server(focus_server):
    odd = [None, True, 0, -1, 1.5, 1e308, 2**63, 2**64, "", "x", [], {}, [[]], {"min": None, "max": None}]
    with requests.Session() as session:
        for name, value in itertools.product([*RIGHT, "start_time", "end_time"], odd):
            answer = session.post(f"{focus_server.url}/configure", json={**RIGHT, name: value}, timeout=10)
            assert answer.status_code in (200, 400, 404, 422, 429), (name, value, answer.text)
            if answer.status_code == 200:
                assert session.delete(f"{focus_server.url}/job/{answer.json()['job_id']}", timeout=10).ok
            else:
                assert answer.json()["error"] and '"job_id"' not in answer.text
