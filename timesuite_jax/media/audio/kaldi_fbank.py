"""Log-mel filter banks as Kaldi computes them by default (`torchaudio.compliance.kaldi.fbank`), in NumPy.

Kaldi's defaults: frames of 25 ms every 10 ms, only whole ones ("snip edges"), without dither; each frame has its mean
removed, is pre-emphasised, and is multiplied by the "povey" window, a Hann window to the power of 0.85.
"""

import functools

import numpy as np
from jaxtyping import Float, Float32, Float64
from numpy.lib.stride_tricks import sliding_window_view

SAMPLE_RATE = 16_000  # samples per second of what is transformed
FRAME = 400  # samples: 25 ms
SHIFT = 160  # samples: 10 ms
_FFT = 512  # the next power of two
_LOWEST_HZ = 20.0
_PREEMPHASIS = 0.97
_WINDOW_POWER = 0.85
_FLOOR = float(np.finfo(np.float32).eps)  # smallest energy, whose logarithm a silent frame has


def kaldi_fbank(samples: Float[np.ndarray, " samples"], bins: int) -> Float32[np.ndarray, "rows bins"]:
    """Computes the logarithm of the energy in mel bins, for each frame of a waveform.

    Args:
      samples: mono, `SAMPLE_RATE` a second, in any scale: a factor on them adds a constant to the result.
      bins: number of mel bins between 20 Hz and half of the sample rate.

    Returns:
      One row for every 10 ms, `frame_count` of them.
    """
    rows = frame_count(len(samples))
    if rows == 0:
        return np.zeros((0, bins), np.float32)
    frames = sliding_window_view(samples.astype(np.float64), FRAME)[::SHIFT]
    frames = frames - frames.mean(axis=1, keepdims=True)
    previous = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    spectrum = np.fft.rfft((frames - _PREEMPHASIS * previous) * _povey_window(), _FFT)[:, :-1]
    energies = np.einsum("rf,bf->rb", np.square(np.abs(spectrum)), mel_bank(bins))
    return np.log(np.maximum(energies, _FLOOR)).astype(np.float32)


def frame_count(samples: int) -> int:
    """Number of whole frames in a waveform of so many samples."""
    return 0 if samples < FRAME else 1 + (samples - FRAME) // SHIFT


@functools.cache
def _povey_window() -> Float64[np.ndarray, " frame"]:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / (FRAME - 1))) ** _WINDOW_POWER


@functools.cache
def mel_bank(bins: int) -> Float64[np.ndarray, "bins frequencies"]:
    """Weights of the frequencies in each mel bin: triangles of equal width on the mel scale.

    The frequencies are those of a Fourier transform of 512 samples, without the highest, whose weight is zero.
    """

    def mel(hertz: Float[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
        return 1127.0 * np.log1p(hertz / 700.0)

    low, high = mel(np.array([_LOWEST_HZ, SAMPLE_RATE / 2]))
    edges = low + (high - low) / (bins + 1) * np.arange(bins + 2)
    left, centre, right = (edges[first : first + bins, None] for first in range(3))
    frequencies = mel(np.arange(_FFT // 2) * (SAMPLE_RATE / _FFT))[None]
    return np.maximum(0.0, np.minimum((frequencies - left) / (centre - left), (right - frequencies) / (right - centre)))
