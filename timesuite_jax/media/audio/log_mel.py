"""Log-mel spectrograms of a fixed number of rows, normalised as InternVideo2's audio encoder receives them."""

import dataclasses

import numpy as np
from jaxtyping import Float32
from numpy.lib.stride_tricks import sliding_window_view

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.media.audio.kaldi_fbank import FRAME, SAMPLE_RATE, SHIFT, frame_count, kaldi_fbank
from timesuite_jax.media.audio.waveform import Waveform

# Mean and standard deviation over BEATs' pretraining data, of samples in the range of 16-bit integers (`BEATs.py`).
_MEAN, _DEVIATION = 15.41663, 6.55582
_SCALE = 2**15


@dataclasses.dataclass(frozen=True)
class LogMelSpec:
    """Size of a spectrogram; the defaults are those of InternVideo2's stage 2 (`multi_modality/dataset/av_utils.py`).

    BEATs by itself has 128 bins.
    """

    bins: int = bounded(64, minimum=1)
    rows: int = bounded(998, minimum=1)  # one for every 10 ms; 998 are the whole frames in 10 s

    def __post_init__(self) -> None:
        """Validates the sizes.

        Raises:
          UserError: naming the field that is out of range.
        """
        check_bounds(self)

    @property
    def seconds(self) -> float:
        """Longest waveform that the rows represent."""
        return ((self.rows - 1) * SHIFT + FRAME) / SAMPLE_RATE


def normalised_log_mel(waveform: Waveform, spec: LogMelSpec) -> Float32[np.ndarray, "rows bins"]:
    """Computes the spectrogram of a waveform.

    Rows in which the file has no sound, not even silence, are zeros, like those after the end of a short waveform: the
    normalised mean, as upstream pads.

    Args:
      waveform: `SAMPLE_RATE` samples a second.
      spec: size of the result.

    Raises:
      ValueError: if the waveform has another sample rate or more frames than `spec.rows`.
    """
    count = frame_count(len(waveform.samples))
    if waveform.rate != SAMPLE_RATE or count > spec.rows:
        raise ValueError(
            f"a waveform of {count} frames at {waveform.rate} Hz has no spectrogram of {spec.rows} rows at "
            f"{SAMPLE_RATE} Hz"
        )
    spectrogram = np.zeros((spec.rows, spec.bins), np.float32)
    if count:
        log_mel = kaldi_fbank(waveform.samples.astype(np.float64) * _SCALE, spec.bins)
        whole = np.all(sliding_window_view(waveform.present, FRAME)[::SHIFT], axis=1)
        spectrogram[:count] = np.where(whole[:, None], (log_mel - _MEAN) / (2 * _DEVIATION), 0.0)
    return spectrogram
