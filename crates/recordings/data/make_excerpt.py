"""Makes `porotomo_hawthorne.h5` from the 500-channel PoroTomo excerpt of float32 samples.

Usage: python make_excerpt.py <source.h5> [<result.h5>]     (needs h5py, numpy, scipy)

What is changed is said in README.md beside this script. The script refuses to write a file in which
the earthquake does not show as it does in the source.
"""

import sys
from pathlib import Path

import h5py
import numpy as np
from scipy.signal import butter, sosfiltfilt

STEP = 2.0**-12  # One count, in the unit of the source. A power of two, so count * STEP is exact.
CHUNK = (250, 500)  # 2.5 s of all channels.
RAW = "Acquisition/Raw[0]"


def energy(samples, rate=100.0):
    """2-15 Hz energy, smoothed over 0.5 s, mean over channels, relative to its mean at 2-6 s."""
    sections = butter(4, [2.0, 15.0], "bandpass", fs=rate, output="sos")
    power = sosfiltfilt(sections, samples.astype(np.float64) - samples.mean(axis=0), axis=0) ** 2
    smooth = np.convolve(power.mean(axis=1), np.ones(50) / 50, "same")
    return smooth / smooth[200:600].mean()


def copy_attributes(source, target, **changed):
    for name, value in source.attrs.items():
        target.attrs[name] = changed.get(name, value)


def main(source_path, target_path):
    with h5py.File(source_path, "r") as source, h5py.File(target_path, "w", libver="v108") as target:
        raw = source[RAW]
        samples = raw["RawData"][:]
        counts = np.round(samples / STEP)
        assert np.abs(counts).max() <= np.iinfo(np.int16).max
        counts = counts.astype("<i2")

        copy_attributes(source, target)
        acquisition = target.create_group("Acquisition")
        copy_attributes(source["Acquisition"], acquisition)
        part = target.create_group(RAW)
        copy_attributes(
            raw,
            part,
            RawDescription=np.bytes_(
                "Strain rate in counts; count * ScaleFactor gives the values of the DASPy example, "
                "whose scale is not verified"
            ),
        )
        part.attrs["ScaleFactor"] = STEP
        data = part.create_dataset(
            "RawData", data=counts, chunks=CHUNK, compression="gzip", compression_opts=9, shuffle=True
        )
        copy_attributes(raw["RawData"], data)
        times = part.create_dataset(
            "RawDataTime", data=raw["RawDataTime"][:], chunks=(5000,), compression="gzip",
            compression_opts=9, shuffle=True,
        )
        copy_attributes(raw["RawDataTime"], times)

    seen, was = energy(counts * STEP), energy(samples)
    for second in (5, 8, 9, 25, 29, 30, 40):
        print(f"{second:3} s: {seen[second * 100]:7.2f} (source {was[second * 100]:7.2f})")
    assert seen[900] >= 8 and min(seen[2900], seen[3000]) >= 80
    noise = samples[:800].std(axis=0)
    error = (counts * STEP - samples).std()
    print(f"rounding error {error:.2e}; noise before the P arrival: quietest channel "
          f"{noise.min():.2e} ({noise.min() / error:.0f}x), median {np.median(noise):.2e} "
          f"({np.median(noise) / error:.0f}x)")
    print(f"{Path(target_path).stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else Path(__file__).with_name("porotomo_hawthorne.h5"))
