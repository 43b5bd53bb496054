"""A view as PRODML 2.1, written by `focus view`, read by h5py and by DASCore, which know nothing of Focus Server.

The names are those of the PRODML DAS data model: `Spectra[0]` for spectrograms, `Fbe[0]` for waterfalls.
"""

import os
import resource
import signal
import subprocess
import time
from datetime import datetime, timezone

import dascore
import h5py
import numpy as np
import pytest
from focus_process import ROOT, FocusServer, focus_binary

EXCERPT = ROOT / "crates/recordings/data/porotomo_hawthorne.h5"
START_US = 1_458_545_850_532_309
RATE = 100.0
SPECTRA = "Acquisition/Processed/Spectra[0]"
FBE = "Acquisition/Processed/Fbe[0]"
RAW = "Acquisition/Raw[0]"


def command(server, *arguments):
    return [focus_binary(), "view", "--at", server.url, *arguments]


def view(server, *arguments, **options):
    return subprocess.run(command(server, *arguments), capture_output=True, text=True, timeout=60, **options)


def written(server, path, *arguments):
    """What was written there, which must go well."""
    told = view(server, *arguments, "--output", str(path))
    assert (told.returncode, told.stdout) == (0, f"{path}\n"), told.stderr
    return path


def arrays_of(server, directory, *arguments):
    with np.load(written(server, directory / "view.npz", *arguments)) as arrays:
        return dict(arrays)


def attributes(item):
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in item.attrs.items()}


def microseconds(text):
    since = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def test_a_spectrogram_is_spectra(focus_server, tmp_path):
    arguments = ["--last", "--type", "spectrogram", "--nfft", "128", "--band", "2-15", "--channels", "11-60"]
    expected = arrays_of(focus_server, tmp_path, *arguments)
    interval = expected["row_interval"][0]
    with h5py.File(written(focus_server, tmp_path / "view.h5", *arguments)) as file:
        acquisition, spectra = attributes(file["Acquisition"]), attributes(file[SPECTRA])
        data, times = file[f"{SPECTRA}/SpectraData"], file[f"{SPECTRA}/SpectraDataTime"]
        of_data, of_times = attributes(data), attributes(times)
        values, times = data[()], times[()]
        own = attributes(file[f"{SPECTRA}/Custom"])
    assert values.dtype == np.float32 and times.dtype == np.int64
    assert np.array_equal(values, expected["values"], equal_nan=True) and np.isfinite(values[100:-100]).all()
    assert list(of_data["Dimensions"]) == [b"time", b"locus", b"frequency"]
    assert of_data["Count"] == values.size and of_times["Count"] == len(times)
    frequencies = of_data["StartFrequency"] + np.arange(values.shape[2]) * RATE / spectra["TransformSize"]
    assert frequencies == pytest.approx(expected["frequencies"]) and of_data["StartFrequency.uom"] == "Hz"
    assert of_data["EndFrequency"] == expected["frequencies"][-1]

    assert acquisition["schemaVersion"] == "2.1"
    assert (acquisition["NumberOfLoci"], acquisition["StartLocusIndex"]) == (500, 2500)
    assert (spectra["NumberOfLoci"], spectra["StartLocusIndex"]) == (50, 2510)
    assert (spectra["TransformType"], spectra["TransformSize"], spectra["WindowSize"]) == ("FFT", 128, 128)
    assert spectra["WindowFunction"] == "HANNING"
    assert spectra["WindowOverlap"] == round(128 - interval * RATE)
    assert spectra["OutputDataRate"] == pytest.approx(1 / interval) and spectra["OutputDataRate.uom"] == "Hz"
    assert spectra["SpectraDataUnit"] == ""

    # The time of a spectrum is that of the first sample in its window.
    first = round((expected["time_ms"][0] - START_US / 1e3) / 1e3 / interval - 0.5)
    middle = START_US + (first + np.arange(len(times)) + 0.5) * interval * 1e6
    assert np.abs(times + 0.64e6 - middle).max() <= 1.5
    assert np.abs(times / 1e3 + 640 - expected["time_ms"]).max() <= 0.502
    assert own["FromTimeToMiddleOfRow"] == 0.64
    for of in (of_data, of_times):
        assert abs(microseconds(of["PartStartTime"]) - times[0]) <= 1
        assert abs(microseconds(of["PartEndTime"]) - times[-1]) <= 1


def test_long_rows_begin_with_their_interval(focus_server, tmp_path):
    arguments = ["--last", "--type", "single", "--channel", "45", "--nfft", "128", "--height", "10"]
    with h5py.File(written(focus_server, tmp_path / "view.hdf5", *arguments)) as file:
        assert file[f"{SPECTRA}/SpectraData"].shape == (8, 1, 65), "the outer windows would need more samples"
        times = file[f"{SPECTRA}/SpectraDataTime"][()]
        assert "WindowOverlap" not in file[SPECTRA].attrs, "several windows share a row"
    assert np.abs(times - START_US - np.arange(1, 9) * 5e6).max() <= 1


def test_a_waterfall_is_one_band(focus_server, tmp_path):
    arguments = ["--last", "--height", "100", "--duration", "10"]
    expected = arrays_of(focus_server, tmp_path, *arguments)
    with h5py.File(written(focus_server, tmp_path / "view.h5", *arguments)) as file:
        fbe, of_data = attributes(file[FBE]), attributes(file[f"{FBE}/FbeData[0]"])
        values, times = file[f"{FBE}/FbeData[0]"][()], file[f"{FBE}/FbeDataTime"][()]
        assert "Spectra[0]" not in file["Acquisition/Processed"]
    assert np.array_equal(values, expected["values"]) and values.shape == (500, 500)
    assert list(of_data["Dimensions"]) == [b"time", b"locus"]
    assert (of_data["StartFrequency"], of_data["EndFrequency"]) == (0, RATE / 2)
    assert (fbe["WindowSize"], fbe["WindowOverlap"], fbe["OutputDataRate"]) == (10, 0, pytest.approx(10))
    # The time of a row is that of its first sample.
    assert np.abs(times - START_US - np.arange(500) * 1e5).max() <= 1


def cut(path, samples, locus=0):
    """The excerpt's `samples` as a PRODML file, its first channel at `locus`."""
    with h5py.File(EXCERPT) as whole, h5py.File(path, "w") as file:
        for group in ("Acquisition", RAW):
            file.require_group(group).attrs.update(whole[group].attrs)
            file[group].attrs["StartLocusIndex"] = locus
        data = whole[f"{RAW}/RawData"][samples]
        file[f"{RAW}/RawData"] = data
        file[f"{RAW}/RawData"].attrs["Dimensions"] = np.array([b"time", b"locus"])
        file[f"{RAW}/RawDataTime"] = whole[f"{RAW}/RawDataTime"][samples]


@pytest.fixture(scope="module")
def gap_server(tmp_path_factory):
    """A server whose recording has a gap of 30 s, more rows than are sent of one."""
    directory = tmp_path_factory.mktemp("gap")
    (directory / "data").mkdir()
    cut(directory / "data/early.h5", slice(0, 1000))
    cut(directory / "data/late.h5", slice(4000, 5000))
    server = FocusServer(directory, {})
    yield server
    server.stop()


WHOLE = ["--from", "2016-03-21T07:37:30.532309Z", "--to", "2016-03-21T07:38:20.532309Z", "--height", "1250"]


def test_a_gap_is_rows_of_nan_at_exact_times(gap_server, tmp_path):
    expected = arrays_of(gap_server, tmp_path, *WHOLE)
    with h5py.File(written(gap_server, tmp_path / "view.h5", *WHOLE)) as file:
        values, times = file[f"{FBE}/FbeData[0]"][()], file[f"{FBE}/FbeDataTime"][()]
    missing = np.isnan(values).all(axis=1)
    assert np.flatnonzero(missing).tolist() == list(range(250, 1000)) and np.isfinite(values[~missing]).all()
    assert np.abs(times - START_US - np.arange(1250) * 40_000).max() <= 1
    assert len(expected["row_index"]) < 1250, "the server leaves rows out of a gap"
    assert np.array_equal(values[expected["row_index"]], expected["values"], equal_nan=True)


def test_dascore_reads_a_waterfall(gap_server, tmp_path):
    path = written(gap_server, tmp_path / "view.h5", *WHOLE, "--channels", "101-150")
    patch = dascore.spool(path)[0]
    with h5py.File(path) as file:
        values = file[f"{FBE}/FbeData[0]"][()]
    assert patch.dims == ("time", "distance") and np.array_equal(patch.data, values, equal_nan=True)
    times, distances = patch.coords.get_array("time"), patch.coords.get_array("distance")
    assert abs(int(times[0].astype("datetime64[us]").astype(int)) - START_US) <= 1
    assert np.abs(np.diff(times).astype("timedelta64[us]").astype(int) - 40_000).max() <= 1
    assert np.array_equal(distances, np.arange(100.0, 150.0))


def test_what_exists_is_replaced_and_looks_like_any_file(focus_server, tmp_path):
    path = tmp_path / "view.h5"
    path.write_text("old")
    written(focus_server, path, "--last", "--channels", "1-3")
    assert list(tmp_path.iterdir()) == [path] and h5py.is_hdf5(path)
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask


def test_wrong_wishes_are_told_and_leave_nothing(focus_server, tmp_path):
    told = view(focus_server, "--last", "--output", str(tmp_path / "view.jpg"))
    assert told.returncode == 2 and ".png, .npz or .h5" in told.stderr
    told = view(focus_server, "--last", "--type", "spectrogram", "--channel", "700", "--output", str(tmp_path / "view.h5"))
    assert told.returncode == 1 and "700" in told.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["h5", "npz"])
def test_a_disk_that_is_full_keeps_the_old_file_and_nothing_else(focus_server, tmp_path, ending):
    path = tmp_path / f"view.{ending}"
    path.write_text("old")
    full = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)), "restore_signals": False}
    told = view(focus_server, "--last", "--output", str(path), **full)
    assert told.returncode == 1 and "error: cannot write " in told.stderr and told.stdout == "", told.stderr
    assert list(tmp_path.iterdir()) == [path] and path.read_text() == "old"
    assert focus_server.get("/jobs").json() == []


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_who_is_interrupted_leaves_nothing(focus_server, tmp_path, sent):
    path = tmp_path / "view.h5"
    process = subprocess.Popen(command(focus_server, "--live", "60", "--output", str(path)), stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 20
        while not any(tmp_path.iterdir()):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        assert not path.exists()
        process.send_signal(sent)
        assert process.wait(20) == 130, process.stderr.read()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    assert list(tmp_path.iterdir()) == []
