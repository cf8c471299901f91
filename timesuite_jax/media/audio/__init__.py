"""Bytes to sound: decodes spans of any audio track as mono waveforms, and computes their log-mel spectrograms.

`read_waveform` and `normalised_log_mel` are the entry points.
"""

from timesuite_jax.media.audio.kaldi_fbank import SAMPLE_RATE, kaldi_fbank
from timesuite_jax.media.audio.log_mel import LogMelSpec, normalised_log_mel
from timesuite_jax.media.audio.waveform import Waveform, read_waveform

__all__ = ["SAMPLE_RATE", "LogMelSpec", "Waveform", "kaldi_fbank", "normalised_log_mel", "read_waveform"]
