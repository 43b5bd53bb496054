"""What a person does by hand: reads some channels of a PRODML file with h5py, and makes their spectra with scipy.

Arguments: files .., first channel, channels, nfft, rows per second, bins (0: the root mean square of each row). Prints
the seconds that it took by the clock, from opening the first file to the last row, and of processor time; the least of
three.
"""

import sys
import time

import h5py
import numpy as np
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

files = sys.argv[1:-5]
first, channels, nfft, rows, bins = map(int, sys.argv[-5:])
RAW = "Acquisition/Raw[0]"


def run():
    begin = time.perf_counter(), time.process_time()
    parts = []
    for path in files:
        with h5py.File(path) as file:
            parts.append(file[f"{RAW}/RawData"][:, first - 1 : first - 1 + channels])
            rate = file[RAW].attrs["OutputDataRate"]
    samples = np.ascontiguousarray(np.concatenate(parts).T, dtype=np.float32)
    hop = int(rate / rows)
    if bins:
        window = hann(nfft, sym=False).astype(np.float32)
        stft = ShortTimeFFT(window, hop, rate, fft_mode="onesided", scale_to="magnitude")
        whole = stft.lower_border_end[1], stft.upper_border_begin(samples.shape[1])[1]
        for group in range(0, channels, 8):
            spectra = stft.stft(samples[group : group + 8], p0=whole[0], p1=whole[1], axis=-1)
            np.abs(spectra[:, :bins]) * 2
    else:
        whole = samples.shape[1] // hop * hop
        np.sqrt(np.square(samples[:, :whole].reshape(channels, -1, hop)).mean(axis=2))
    return time.perf_counter() - begin[0], time.process_time() - begin[1]


print(*map(min, zip(*(run() for _ in range(3)))))
