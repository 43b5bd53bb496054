"""What `focus record` writes, read by h5py and by DASCore, which know nothing of Focus Server.

Expected of the command line:

    focus feed                          publishes the live fibre (settings `live.*`) to the broker, until it is ended
    focus record --output DIR           records the live fibre into DIR until it is ended by SIGINT or SIGTERM, ..
                 --for 3s               .. or until it has recorded so long
                 --roll 2s              a new file at every multiple of this time
                 --channels 11-20       only these

Both take the broker from `FOCUS_RABBITMQ_URL` and settings from `--set`. `focus record` ends with 0 when all it got is in
whole files, also after a signal. What cannot be written is told in a line that names the file; it goes on, for somebody
may make room, and ends with another status.
"""

import contextlib
import os
import resource
import signal
import subprocess
import time
import warnings
from datetime import datetime, timedelta, timezone

import dascore
import h5py
import numpy as np
import pytest
from focus_process import focus_binary
from rabbitmq_node import RabbitMqNode

CHANNELS, RATE = 40, 500
RECORDS_WITHIN = 30
ATTEMPTS = 3
RAW = "Acquisition/Raw[0]"


class LiveFibre:
    """A broker and `focus feed`, which publishes a simulated fibre to it."""

    def __init__(self, directory):
        self.directory = directory
        self.node = RabbitMqNode(directory / "node")
        try:
            own = {"live.source": "simulator", "live.simulator.channels": CHANNELS, "live.simulator.sampling_rate": RATE}
            self.feed = self.start("feed", *[f"--set={name}={value}" for name, value in own.items()])
        except BaseException:
            self.node.stop()
            raise

    def start(self, *arguments, **options):
        env = {name: value for name, value in os.environ.items() if not name.startswith(("FOCUS_", "XDG_"))}
        env |= {"HOME": str(self.directory), "FOCUS_RABBITMQ_URL": self.node.url()}
        return subprocess.Popen(
            [focus_binary(), *arguments],
            cwd=self.directory,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if arguments[0] == "record" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT if arguments[0] == "record" else subprocess.DEVNULL,
            text=True,
            **options,
        )

    @contextlib.contextmanager
    def recording(self, output, *arguments, **options):
        """A running `focus record`; ended if it is still there afterwards."""
        process = self.start("record", f"--output={output}", *arguments, **options)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def record(self, output, *arguments, **options):
        """`focus record` until it ends: its status and all it said."""
        with self.recording(output, *arguments, **options) as process:
            said = process.communicate(timeout=RECORDS_WITHIN)[0]
            return process.returncode, said

    def stop(self):
        self.feed.kill()
        self.feed.wait()
        self.node.stop()


@pytest.fixture(scope="module")
def live_fibre(tmp_path_factory):
    live = LiveFibre(tmp_path_factory.mktemp("live"))
    yield live
    live.stop()


@pytest.fixture(scope="module")
def recorded(live_fibre, tmp_path_factory):
    """The files of 3 s, cut every 2 s: 2 or 3."""
    for _ in range(ATTEMPTS):
        output = tmp_path_factory.mktemp("recorded")
        status, said = live_fibre.record(output, "--for=3s", "--roll=2s")
        assert status == 0, said
        # On a busy machine the feed may skip samples.
        if ", 0 gaps" in said:
            break
    return whole_files(output)


def whole_files(directory):
    """Its recordings in order of time; there must be nothing else in it that may be seen."""
    visible = sorted(path for path in directory.iterdir() if not path.name.startswith("."))
    assert all(path.suffix == ".h5" for path in visible), visible
    return visible


def unfinished(directory):
    return [path for path in directory.glob(".focus-*.part") if path.stat().st_size]


def wait_until(condition, what):
    deadline = time.monotonic() + RECORDS_WITHIN
    while not condition():
        assert time.monotonic() < deadline, f"{what} within {RECORDS_WITHIN} s"
        time.sleep(0.02)


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def first_and_last_time(file):
    times = file[f"{RAW}/RawDataTime"]
    assert text(times.attrs["Uom"]) == "us"
    return int(times[0]), int(times[-1])


def test_files_hold_what_prodml_demands(recorded):
    acquisitions = set()
    for path in recorded:
        with h5py.File(path) as file:
            acquisition, raw = file["Acquisition"].attrs, file[RAW].attrs
            data, times = file[f"{RAW}/RawData"], file[f"{RAW}/RawDataTime"]
            samples = len(times)
            assert text(acquisition["schemaVersion"]) == "2.1"
            assert data.shape == (samples, CHANNELS)
            assert [text(name) for name in data.attrs["Dimensions"]] == ["time", "locus"]
            assert (data.attrs["Count"], times.attrs["Count"]) == (samples * CHANNELS, samples)
            for holder in (acquisition, raw):
                assert holder["NumberOfLoci"] == CHANNELS
                assert holder["StartLocusIndex"] == 0
                assert len(text(holder["uuid"])) == 36
            assert raw["OutputDataRate"] == RATE
            assert acquisition["MaximumFrequency"] == RATE / 2
            assert not acquisition["TriggeredMeasurement"]
            for name in ("GaugeLength", "SpatialSamplingInterval", "PulseRate", "PulseWidth"):
                assert isinstance(acquisition[name], float)
                assert acquisition[f"{name}.uom"]
            for name in ("AcquisitionDescription", "FacilityId", "MeasurementStartTime", "VendorCode"):
                assert name in acquisition
            for holder in (data.attrs, times.attrs):
                for name, stored in zip(("PartStartTime", "PartEndTime"), first_and_last_time(file), strict=True):
                    stated = datetime.fromisoformat(text(holder[name])).timestamp() * 1e6
                    assert abs(stated - stored) <= 2
            assert np.array_equal(np.round(np.diff(times) * RATE / 1e6), np.ones(samples - 1))
            values = data[:]
            assert np.isfinite(values).all() and values.std() > 0
            acquisitions.add(text(acquisition["AcquisitionId"]))
    assert len(acquisitions) == 1, "all files are of one acquisition"


def test_files_follow_each_other_and_are_cut_where_operators_expect(recorded):
    assert len(recorded) in (2, 3)
    due, total = None, 0
    for path in recorded:
        with h5py.File(path) as file:
            first, last = first_and_last_time(file)
            total += len(file[f"{RAW}/RawDataTime"])
        assert due is None or abs(first - due) <= 1, f"{path.name} is {first - due} us late"
        if due is not None:
            assert first % 2_000_000 < 1_000_000 / RATE + 1, "each file but the first begins at a multiple of 2 s"
        due = last + round(1_000_000 / RATE)
        start = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=first)
        assert path.name.startswith(start.strftime("%Y%m%dT%H%M%S.")), path.name
    assert 2.5 * RATE < total <= 3.5 * RATE


def test_dascore_reads_one_seamless_stretch(recorded):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in recorded:
            assert dascore.get_format(path) == ("PRODML", "2.1")
            patch = dascore.read(path)[0]
            with h5py.File(path) as file:
                assert np.array_equal(patch.data, file[f"{RAW}/RawData"][:])
        patches = [patch for path in recorded for patch in dascore.read(path)]
        (whole,) = dascore.spool(patches).chunk(time=None)
    assert whole.dims == ("time", "distance")
    assert whole.shape == (sum(patch.shape[0] for patch in patches), CHANNELS)


def test_only_wanted_channels_are_recorded(live_fibre, tmp_path):
    status, said = live_fibre.record(tmp_path, "--for=1s", "--channels=11-20")
    assert status == 0, said
    for path in whole_files(tmp_path):
        with h5py.File(path) as file:
            assert file[f"{RAW}/RawData"].shape[1] == 10
            assert file["Acquisition"].attrs["NumberOfLoci"] == 10
            assert file["Acquisition"].attrs["StartLocusIndex"] == 10


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_recording_is_whole(live_fibre, tmp_path, number):
    with live_fibre.recording(tmp_path) as process:
        wait_until(lambda: unfinished(tmp_path), "something is recorded")
        process.send_signal(number)
        said = process.communicate(timeout=RECORDS_WITHIN)[0]
        assert process.returncode == 0, said
    files = whole_files(tmp_path)
    assert files and not unfinished(tmp_path)
    with h5py.File(files[-1]) as file:
        assert len(file[f"{RAW}/RawData"]) == len(file[f"{RAW}/RawDataTime"]) > 0


def test_what_a_crash_leaves_is_no_recording_and_is_removed_by_the_next(live_fibre, tmp_path):
    with live_fibre.recording(tmp_path) as process:
        wait_until(lambda: unfinished(tmp_path), "something is recorded")
        process.kill()
        process.wait()
    left = set(unfinished(tmp_path))
    assert left
    status, said = live_fibre.record(tmp_path, "--for=1s")
    assert status == 0, said
    assert not unfinished(tmp_path)
    assert whole_files(tmp_path)
    assert any(path.name in said for path in left), "what was removed is told"


def test_a_file_that_cannot_be_written_is_named_and_no_half_file_is_seen(live_fibre, tmp_path):
    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    status, said = live_fibre.record(tmp_path, "--roll=1h", "--for=3s", preexec_fn=small_files, restore_signals=False)
    assert status != 0
    assert f"{tmp_path}/" in said and "cannot be written" in said, said
    assert not unfinished(tmp_path)
    for path in whole_files(tmp_path):
        with h5py.File(path) as file:
            assert len(file[f"{RAW}/RawData"][:]) > 0
