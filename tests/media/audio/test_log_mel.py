"""Rows of spectrograms: their number, those of silence, of missing sound, and of shifted sound."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from timesuite_jax.errors import UserError
from timesuite_jax.media.audio import SAMPLE_RATE, LogMelSpec, Waveform, kaldi_fbank, normalised_log_mel


def waveform(samples: np.ndarray, present: np.ndarray | None = None, rate: int = SAMPLE_RATE) -> Waveform:
    present = np.ones(len(samples), bool) if present is None else present
    return Waveform(samples.astype(np.float32), present, rate, 0.0, "test", 0)


@hypothesis.given(st.integers(0, 5000), st.sampled_from([23, 64, 128]))
@hypothesis.settings(max_examples=30)
def test_one_row_for_every_whole_frame(samples, bins):
    rows = sum(start + 400 <= samples for start in range(0, samples + 1, 160))
    assert kaldi_fbank(np.ones(samples, np.float32), bins).shape == (rows, bins)


def test_silence_and_constant_offsets_have_the_smallest_energy():
    silent = kaldi_fbank(np.zeros(1600), 64)
    np.testing.assert_array_equal(silent, np.full_like(silent, np.log(np.finfo(np.float32).eps)))
    np.testing.assert_array_equal(kaldi_fbank(np.full(1600, 0.5), 64), silent)


@hypothesis.given(st.integers(0, 2**31), st.integers(1, 5))
@hypothesis.settings(max_examples=20)
def test_offsets_and_gains(seed, rows):
    """Sound that begins 10 ms later has its rows one later; a gain adds its logarithm, an offset nothing."""
    samples = np.random.default_rng(seed).normal(size=4000)
    found = kaldi_fbank(samples, 64)
    np.testing.assert_allclose(kaldi_fbank(samples[160 * rows :], 64), found[rows:], atol=1e-5)
    np.testing.assert_allclose(kaldi_fbank(8 * samples, 64), found + np.log(64), atol=1e-5)
    # Pre-emphasis of the first sample and rounding are relative to the offset.
    np.testing.assert_allclose(kaldi_fbank(samples + 100, 64), found, atol=1e-4)


@pytest.mark.parametrize("hertz", [100, 440, 1000, 4000])
def test_a_tone_is_in_its_bin(hertz):
    found = kaldi_fbank(np.sin(2 * np.pi * hertz * np.arange(SAMPLE_RATE) / SAMPLE_RATE), 64).mean(axis=0)
    mel = lambda frequency: 1127 * np.log(1 + frequency / 700)  # noqa: E731
    width = (mel(8000) - mel(20)) / 65
    assert abs(found.argmax() - ((mel(hertz) - mel(20)) / width - 1)) <= 1


def test_missing_sound_is_the_mean_and_silence_is_not():
    samples = np.random.default_rng(0).normal(size=SAMPLE_RATE)
    present = np.ones(SAMPLE_RATE, bool)
    present[:4000], present[12_000:] = False, False
    spec = LogMelSpec(rows=120)
    whole = normalised_log_mel(waveform(samples), spec)
    found = normalised_log_mel(waveform(np.where(present, samples, 0), present), spec)
    assert found.shape == (120, 64) and not whole[98:].any()  # 98 whole frames in a second
    inside = [row for row in range(98) if 160 * row >= 4000 and 160 * row + 400 <= 12_000]
    np.testing.assert_array_equal(found[inside], whole[inside])
    outside = sorted(set(range(120)) - set(inside))
    assert not found[outside].any()
    silent = normalised_log_mel(waveform(np.zeros(SAMPLE_RATE)), spec)
    assert (silent[:98] < -2).all() and not silent[98:].any()


def test_sizes():
    assert LogMelSpec().seconds == pytest.approx(9.995)
    assert normalised_log_mel(waveform(np.ones(160_000)), LogMelSpec()).shape == (998, 64)
    assert not normalised_log_mel(waveform(np.ones(399)), LogMelSpec(rows=4)).any()
    with pytest.raises(ValueError, match="has no spectrogram of 4 rows"):
        normalised_log_mel(waveform(np.ones(2000)), LogMelSpec(rows=4))
    with pytest.raises(ValueError, match="at 8000 Hz"):
        normalised_log_mel(waveform(np.ones(2000), rate=8000), LogMelSpec())
    with pytest.raises(UserError, match=r"LogMelSpec\.bins=0 must be at least 1"):
        LogMelSpec(bins=0)
