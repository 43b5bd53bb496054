"""Writes recordings as the field has them: PRODML, chunked, gzip and shuffle, 2222 channels at 2000 Hz.

Arguments: directory, type of a sample (i2, f4), samples and channels in a chunk (0 0: h5py's own choice), seconds in a
file, number of files. Prints for each file its path, then bytes of the samples and as stored.

Noise with a spectrum that falls, of so many bits as interrogators have. All files hold the same samples; only their
times differ, each begins where the last one ended.
"""

import shutil
import sys

import h5py
import numpy as np

CHANNELS, RATE = 2222, 2000
START = 1_700_000_000_000_000
RAW = "Acquisition/Raw[0]"

directory, kind = sys.argv[1:3]
chunk, seconds, files = tuple(map(int, sys.argv[3:5])), *map(int, sys.argv[5:7])
samples = seconds * RATE

noise = np.random.default_rng(1).standard_normal((samples, CHANNELS), dtype=np.float32) * 150
noise[1:] += 0.9 * noise[:-1]
noise = np.round(noise).astype("i2") if kind == "i2" else noise * np.float32(1.7e-3)

for number in range(files):
    path = f"{directory}/{number:05}.h5"
    if number:
        shutil.copyfile(f"{directory}/00000.h5", path)
    with h5py.File(path, "r+" if number else "w") as file:
        if not number:
            file.require_group(RAW)
            for name, value in {"schemaVersion": "2.1", "NumberOfLoci": CHANNELS, "SpatialSamplingInterval": 1.0}.items():
                file["Acquisition"].attrs[name] = value
            file["Acquisition"].attrs["StartLocusIndex"] = 0
            file[RAW].attrs["NumberOfLoci"] = CHANNELS
            file[RAW].attrs["OutputDataRate"] = float(RATE)
            shape = chunk if chunk[0] else True
            data = file.create_dataset(
                f"{RAW}/RawData", data=noise, chunks=shape, compression="gzip", compression_opts=4, shuffle=True
            )
            data.attrs["Dimensions"] = np.array([b"time", b"locus"])
            file.create_dataset(f"{RAW}/RawDataTime", shape=(samples,), dtype="i8")
        begin = START + number * seconds * 1_000_000
        file[f"{RAW}/RawDataTime"][:] = begin + np.arange(samples) * (1_000_000 // RATE)
        stored, shape = file[f"{RAW}/RawData"].id.get_storage_size(), file[f"{RAW}/RawData"].chunks
print(noise.nbytes, stored, *shape)
