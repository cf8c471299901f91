"""Filter banks equal those of Kaldi by torchaudio, with 64 and 128 mel bins, raw and normalised."""

import numpy as np
import pytest

from timesuite_jax.media.audio import SAMPLE_RATE, LogMelSpec, Waveform, kaldi_fbank, normalised_log_mel
from timesuite_jax.media.audio.kaldi_fbank import mel_bank

# The recorded ones are of a Fourier transform in float32.
RAW, NORMALISED = 5e-3, 5e-4


def test_mel_bank(golden_case):
    np.testing.assert_allclose(mel_bank(64), golden_case("beats").arrays["mel_bank_64"], atol=2e-5)


@pytest.mark.parametrize("bins", [64, 128])
def test_filter_banks(golden_case, bins):
    golden = golden_case("beats")
    recorded = golden.config["fbank"]
    assert recorded["sample_rate"] == SAMPLE_RATE
    for number, samples in enumerate(golden.arrays["waveform"]):
        expected = golden.arrays[f"fbank{bins}.raw"][number]
        np.testing.assert_allclose(kaldi_fbank(samples * recorded["scale"], bins), expected, rtol=0, atol=RAW)
        waveform = Waveform(samples, np.ones(len(samples), bool), SAMPLE_RATE, 0.0, "golden", 0)
        found = normalised_log_mel(waveform, LogMelSpec(bins=bins, rows=len(expected)))
        expected = golden.arrays[f"fbank{bins}.normalized"][number]
        np.testing.assert_allclose(found, expected, rtol=0, atol=NORMALISED)
