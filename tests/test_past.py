"""Live views that begin before now: with what was recorded, and with what the server remembers."""

import time

import h5py
import numpy as np
import pytest
from deployment import FIBRE, FocusControlPlane, until
from focus_process import FocusProcess
from rows import read

RECORDED_WITHIN = 60.0
ATTEMPTS = 3
RECORDER_LATE = 2.0  # s, twice as late as it always is
WATERFALL = {"view_type": 2, "channels": {"min": 101, "max": 160}, "displayInfo": {"height": 100}, "withPast": True}
"""A row every 0.1 s, from 10 s before it was asked for."""


@pytest.fixture
def recording_server(rabbitmq, deployment, tmp_path_factory):
    """A server whose live fibre is being recorded, a file every second, into its data directory."""
    server = FocusControlPlane(tmp_path_factory.mktemp("past"), rabbitmq.url())
    server.wait_until_well()
    into = [f"--output={server.data_dir}", "--roll=1s"]
    recorder = FocusProcess("record", tmp_path_factory.mktemp("recorder"), {}, rabbitmq.url(), into)
    yield server
    recorder.stop()
    server.stop()


def recorded_seconds(server):
    now = time.time()
    pieces = server.post("/recordings_in_time_range", {"start_time": now - 10, "end_time": now}).json()
    return sum(min(end, now) - max(start, now - 10) for start, end in pieces)


def together(streams):
    """Of the rows that all streams have: one stream's numbers and times, and all values. No row is skipped, and each is
    where it should be."""
    for stream in streams:
        assert np.array_equal(np.diff(stream.index), np.ones(len(stream.index) - 1)), stream.index
        assert np.abs(np.diff(stream.ms) - 100).max() <= 2
    begin, end = max(stream.index[0] for stream in streams), min(stream.index[-1] for stream in streams)
    common = [(stream.index >= begin) & (stream.index <= end) for stream in streams]
    values = [stream.values[rows, :, 0] for stream, rows in zip(streams, common, strict=True)]
    return streams[0].index[common[0]], streams[0].ms[common[0]] / 1000, np.concatenate(values, axis=1)


def from_the_past(streams):
    """The same of a view that begins before it was asked for: whoever reads it gets it from its beginning."""
    assert len({stream.index[0] for stream in streams}) == 1, "all streams begin with the same row"
    return together(streams)


def samples(directory):
    """All that was recorded of the view's channels: seconds, and values as time x channel."""
    times, values = [], []
    for path in sorted(directory.glob("20*T*Z.h5")):
        with h5py.File(path) as file:
            raw = file["Acquisition/Raw[0]"]
            times.append(raw["RawDataTime"][:] / 1e6)
            values.append(raw["RawData"][:, 100:160].astype(np.float64))
    return np.concatenate(times), np.concatenate(values)


def is_seamless(times, begin, end):
    """Whether no sample is missing between two times."""
    between = times[(begin < times) & (times < end)]
    return len(between) > 1 and np.diff(between).max() < 1.5 / FIBRE["live.simulator.sampling_rate"]


def test_a_live_view_begins_with_what_was_recorded(recording_server, stubs):
    server = recording_server
    for _ in range(ATTEMPTS):
        until(lambda: recorded_seconds(server) > 6, RECORDED_WITHIN, "six seconds that are recorded", server.log)
        before = time.time()
        with server.job(WATERFALL) as job:
            after = time.time()
            index, seconds, values = from_the_past(read(stubs, job, most_rows=130))
        told = job["metadata"]["recorded"]
        shown = seconds[-1]
        until(lambda shown=shown: samples(server.data_dir)[0][-1] > shown, RECORDED_WITHIN, "end of it", server.log)
        times, recorded = samples(server.data_dir)
        # On a busy machine the feed may skip samples, and the recorder be late.
        if is_seamless(times, seconds[0], seconds[-1]) and after - told["end_time"] < RECORDER_LATE:
            break
    assert 4 < told["seconds"] <= 10 and told["end_time"] <= after
    assert "nothing was recorded after" in told["note"], "the file that is being written is not there yet"
    assert after - seconds[0] > 5 and before - seconds[0] < 10.2 and seconds[-1] > before
    # It was asked for in between.
    row_0 = [(seconds[0] - asked + 10) * 10 for asked in (after, before)]
    assert row_0[0] - 3 <= index[0] <= row_0[1] + 3, "row 0 is 10 s before"

    complete = np.isfinite(values).all(axis=1)
    assert complete[:30].all() and complete[-10:].all()
    missing = np.flatnonzero(~complete)
    if len(missing):
        assert len(missing) == missing[-1] - missing[0] + 1 < 40, "one gap: what was recorded last is not whole yet"
    # The same samples as another program reads them, to the sample.
    for row in range(5, 25):
        assert (values[row] > 0).mean() > 0.9
        first = np.searchsorted(times, seconds[row] - 0.05 - 0.0025)
        candidates = [np.sqrt((recorded[at : at + 20] ** 2).mean(axis=0)) for at in (first - 1, first, first + 1)]
        assert any(np.allclose(candidate, values[row], rtol=1e-4) for candidate in candidates), f"row {row}"


def test_who_comes_a_moment_later_sees_the_same(focus_server, stubs):
    with focus_server.job(WATERFALL | {"withPast": None}) as first:
        live = read(stubs, first, most_rows=60)
        asked = time.time()
        with focus_server.job(WATERFALL) as job:
            _, seconds, values = from_the_past(read(stubs, job, most_rows=100))
    assert job["metadata"]["recorded"]["note"] == "nothing was recorded"
    assert asked - seconds[0] > 3, "the server remembers"
    assert np.isfinite(values).all()
    _, before, same = together(live)
    common = np.abs(before[:, None] - seconds[None, :]) < 0.003
    here, there = np.nonzero(common)
    assert len(here) > 20, "the two views have the same rows"
    assert np.array_equal(same[here], values[there]), "bit for bit"


def test_it_is_for_live_views_and_says_so(focus_server):
    start, end = focus_server.recording()
    answer = focus_server.post("/configure", WATERFALL | {"start_time": start, "end_time": end})
    assert answer.status_code == 400
    assert [fault["path"] for fault in answer.json()["detail"]] == ["$.withPast"]
    assert "recorded" not in focus_server.get("/live_metadata").json()


def test_on_a_cluster_the_job_itself_says_what_was_recorded(on_kubernetes, stubs):
    server = on_kubernetes.server
    with server.job(WATERFALL) as job:
        told = job["metadata"]["recorded"]
        assert (told["seconds"], told["note"]) == (0, "nothing was recorded")
        assert server.get(f"/metadata/{job['job_id']}").json() == job
        on_kubernetes.wait_until_served(job)
        index, seconds, _ = from_the_past(read(stubs, job, most_rows=10))
    assert index[0] > 0 and len(seconds) >= 10
