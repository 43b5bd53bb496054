"""Prints how many million input samples scipy.signal.ShortTimeFFT turns into amplitudes per second by the clock, and
per second of processor time.

Arguments: channels, rate, seconds, nfft, hop, bins. Float32 and channel-major, which suits it best, and some
channels at a time so that its results stay in the cache.
"""

import sys
import time

import numpy as np
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

channels, rate, seconds, nfft, hop, bins = map(int, sys.argv[1:])
samples = rate * seconds
data = np.random.default_rng(1).normal(size=(channels, samples)).astype(np.float32)
window = hann(nfft, sym=False).astype(np.float32)
stft = ShortTimeFFT(window, hop, rate, fft_mode="onesided", scale_to="magnitude")
# Whole windows only, as Focus Server gives them.
first, last = stft.lower_border_end[1], stft.upper_border_begin(samples)[1]


def run(group):
    start = time.perf_counter(), time.process_time()
    for begin in range(0, channels, group):
        spectra = stft.stft(data[begin : begin + group], p0=first, p1=last, axis=-1)
        np.abs(spectra[:, :bins]) * 2
    return time.perf_counter() - start[0], time.process_time() - start[1]


times = [run(group) for group in (1, 8, 64, 256) for _ in range(2)]
print(*(channels * samples / min(seconds) / 1e6 for seconds in zip(*times)))
