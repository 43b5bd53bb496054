"""A view as arrays for NumPy, written by `focus view`."""

import json
import subprocess

import numpy as np
import pytest
from focus_process import focus_binary

START = 1_458_545_850_532.309


def view(server, *arguments):
    command = [focus_binary(), "view", "--at", server.url, "--last", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_a_spectrogram_shows_the_earthquake(focus_server, tmp_path):
    file = tmp_path / "quake.npz"
    arguments = ["--type", "spectrogram", "--nfft", "128", "--band", "2-15"]
    told = view(focus_server, *arguments, "--output", str(file))
    assert (told.returncode, told.stdout) == (0, f"{file}\n"), told.stderr
    with np.load(file) as arrays:
        arrays = dict(arrays)
    values, interval = arrays["values"], arrays["row_interval"][0]
    rows = len(arrays["row_index"])
    assert values.shape == (rows, 500, len(arrays["frequencies"])) and values.dtype == np.float32
    assert np.array_equal(arrays["channels"], np.arange(1, 501))
    assert np.allclose(np.diff(arrays["distances"]), 1.0, atol=0.1)
    assert arrays["frequencies"][0] == pytest.approx(2.34375) and arrays["frequencies"][-1] <= 15
    assert np.allclose(np.diff(arrays["time_ms"]), interval * 1000, atol=1)
    seconds = (arrays["time_ms"] - START) / 1000
    energy = np.convolve((values.astype(float) ** 2).mean(axis=(1, 2)), np.ones(round(0.5 / interval)), mode="same")
    at = [energy[np.argmin(abs(seconds - second))] for second in (5, 9, 29.5)]
    assert at[1] > 5 * at[0] and at[2] > 50 * at[0], "P and S wave"
    assert 28.5 < seconds[np.argmax(energy)] < 30.5


def test_the_values_are_those_of_the_rows(focus_server, tmp_path):
    file = tmp_path / "rows.npz"
    told = view(focus_server, "--channels", "1-20", "--height", "100", "--output", str(file))
    assert told.returncode == 0, told.stderr
    lines = view(focus_server, "--channels", "1-20", "--height", "100", "--json").stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    with np.load(file) as arrays:
        assert np.array_equal(arrays["values"], np.array([row["values"] for row in rows], dtype=np.float32))
        assert np.array_equal(arrays["row_index"], [row["row_index"] for row in rows])
        assert len(arrays["frequencies"]) == 0


def test_nothing_is_left_of_what_cannot_be_written(focus_server, tmp_path):
    told = view(focus_server, "--type", "spectrogram", "--channel", "700", "--output", str(tmp_path / "x.npz"))
    assert told.returncode != 0 and "700" in told.stderr
    assert list(tmp_path.iterdir()) == []
