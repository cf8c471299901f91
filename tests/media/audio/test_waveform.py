"""Waveforms of any codec, container, sample rate and layout have the right samples at the right times."""

import io
import tracemalloc

import av
import numpy as np
import pytest

from tests.support.encoded_sound import encode_sound, tone
from tests.support.sample_videos import numbered_video
from timesuite_jax.media import VideoError, index_video
from timesuite_jax.media.audio import SAMPLE_RATE, read_waveform

# Encoders of these pad the start, and no field of these containers states by how much.
PRIMED = {("aac", "mpegts"), ("aac", "flv"), ("aac", "adts"), ("libmp3lame", "avi"), ("mp2", "mpeg"), ("ac3", "mpegts")}
LOSSLESS = ("pcm_s16le", "pcm_f32le", "pcm_s24le", "flac", "alac", "wavpack")
# (codec, container, sample rate, layout)
FILES = [
    ("aac", "mp4", 48_000, "stereo"),
    ("aac", "matroska", 44_100, "stereo"),
    ("aac", "mpegts", 48_000, "stereo"),
    ("aac", "flv", 44_100, "mono"),
    ("aac", "adts", 44_100, "stereo"),
    ("libopus", "webm", 48_000, "stereo"),
    ("libopus", "ogg", 16_000, "mono"),
    ("libmp3lame", "mp3", 44_100, "stereo"),
    ("libmp3lame", "avi", 32_000, "mono"),
    ("ac3", "mpegts", 48_000, "5.1"),
    ("mp2", "mpeg", 48_000, "stereo"),
    ("flac", "flac", 96_000, "stereo"),
    ("alac", "mov", 44_100, "stereo"),
    ("pcm_s16le", "wav", 22_050, "mono"),
    ("pcm_u8", "wav", 8_000, "stereo"),
    ("pcm_s24le", "matroska", 48_000, "5.1"),
    ("pcm_f32le", "wav", 16_000, "quad"),
]


def lag(samples: np.ndarray, expected: np.ndarray) -> int:
    """By how many samples the first is behind the second: the maximum of their correlation."""
    size = 2 * len(samples)
    correlation = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(expected, size).conj(), size)
    shift = int(correlation.argmax())
    return shift if shift < len(samples) else shift - size


@pytest.mark.parametrize(("codec", "container", "rate", "layout"), FILES)
def test_every_codec_and_container(codec, container, rate, layout):
    data = encode_sound(codec, container, rate=rate, layout=layout)
    found = read_waveform(data, (0.0, 1.9))
    assert found.samples.shape == (round(1.9 * SAMPLE_RATE),) and found.damaged == 0
    assert (found.present.all() and found.track is not None and f"{rate} Hz" in found.track) or codec == "libopus"
    expected = tone(np.arange(len(found.samples)) / SAMPLE_RATE)
    # An encoder's padding: 1105 samples of MP3, 1024 of AAC, 256 and more of the others.
    limit = 1200 * SAMPLE_RATE / rate if (codec, container) in PRIMED else 1
    assert abs(lag(found.samples, expected)) <= limit
    if codec in LOSSLESS:
        # The filter rounds the edges of the tone; elsewhere only the source's bits are lost.
        steady = slice(round(0.52 * SAMPLE_RATE), round(1.48 * SAMPLE_RATE))
        np.testing.assert_allclose(found.samples[steady], expected[steady], atol=2e-3)
        np.testing.assert_allclose(found.samples[: round(0.48 * SAMPLE_RATE)], 0, atol=2e-3)


@pytest.mark.parametrize(("codec", "container"), [("aac", "mp4"), ("libopus", "webm"), ("libmp3lame", "mp3"),
                                                  ("pcm_s16le", "wav"), ("aac", "mpegts")])  # fmt: skip
def test_a_span_is_a_part_of_the_whole(codec, container):
    data = encode_sound(codec, container, wave=lambda t: 0.4 * np.sin(2 * np.pi * (200 + 50 * t) * t), span=(0.0, 4.0))
    whole = read_waveform(data, (0.0, 3.9))
    # Decoding begins at a packet, whose time is half a sample off the grid of the result at most: at 600 Hz a phase of
    # 0.12, and 0.05 of the amplitude; codecs lose less than 0.02.
    for start, end in [(0.0, 0.7), (1.234, 2.0), (2.5, 3.9)]:
        part = read_waveform(data, (start, end))
        assert part.start == start and part.present.all()
        inner = part.samples[20:-20]
        shifts = range(-16, 17) if container in ("webm", "mp3") else (-1, 0, 1)  # timestamps are rounded to 1 ms
        begin = round(start * SAMPLE_RATE) + 20
        candidates = [whole.samples[begin + shift : begin + shift + len(inner)] for shift in shifts]
        assert min(np.abs(inner - part).max() for part in candidates) < 0.07, start


def test_without_an_end_it_is_the_sound_to_its_end():
    data = encode_sound("pcm_s16le", "wav", rate=22_050)
    whole = read_waveform(data)
    assert abs(len(whole.samples) - 2 * SAMPLE_RATE) <= 1 and whole.present.all()
    rest = read_waveform(data, (1.5, np.inf))
    assert abs(len(rest.samples) - SAMPLE_RATE // 2) <= 1 and rest.start == 1.5


def test_a_video_without_sound():
    found = read_waveform(numbered_video(12), (0.0, 0.5))
    assert found.track is None and not found.has_sound and not found.present.any()
    np.testing.assert_array_equal(found.samples, np.zeros(SAMPLE_RATE // 2, np.float32))
    assert len(read_waveform(numbered_video(12)).samples) == 0


@pytest.mark.parametrize("container", ["mp4", "matroska", "mpegts"])
def test_a_track_that_begins_late_and_ends_early(container):
    data = encode_sound(
        "aac", container, wave=lambda t: 0.5 * np.sin(880 * np.pi * t), span=(1.0, 2.0), video_seconds=3
    )
    found = read_waveform(data, (0.0, 3.0))
    assert index_video(data).times[0] == pytest.approx(0, abs=0.05)
    sounds = np.flatnonzero(found.present) / SAMPLE_RATE
    # With the priming and the last, filled frame of AAC, 1024 samples of 48 kHz each, which transport streams show.
    assert sounds[0] == pytest.approx(1.0, abs=0.025) and sounds[-1] == pytest.approx(2.0, abs=0.05)
    assert not found.samples[~found.present].any()
    loud = np.flatnonzero(np.abs(found.samples) > 0.3) / SAMPLE_RATE
    assert loud[0] == pytest.approx(1.0, abs=0.003) and loud[-1] == pytest.approx(2.0, abs=0.003)
    late = read_waveform(data, (2.2, 2.9))
    assert late.track is not None and not late.has_sound


def test_a_gap_is_silent_and_the_rest_is_in_place():
    """Packets of a second are lost, as in a broadcast."""
    data = encode_sound("aac", "mpegts", wave=lambda t: 0.5 * np.sin(880 * np.pi * t), span=(0.0, 4.0))
    out = io.BytesIO()
    with av.open(io.BytesIO(data)) as source, av.open(out, "w", format="mpegts") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.size and not 1.0 < packet.pts * packet.time_base < 2.0:
                packet.stream = stream
                target.mux(packet)
    found = read_waveform(out.getvalue(), (0.0, 3.5))
    missing = np.flatnonzero(~found.present) / SAMPLE_RATE
    assert missing[0] == pytest.approx(1.0, abs=0.05) and missing[-1] == pytest.approx(2.0, abs=0.05)
    whole = read_waveform(data, (0.0, 3.5))
    after = slice(round(2.2 * SAMPLE_RATE), None)
    # Half a sample off, at most: of 440 Hz and amplitude 0.5 that is 0.043.
    np.testing.assert_allclose(found.samples[after], whole.samples[after], atol=0.045)


def test_damaged_packets_are_counted_and_silent():
    data = bytearray(encode_sound("flac", "flac", wave=lambda t: 0.5 * np.sin(880 * np.pi * t), span=(0.0, 4.0)))
    middle = len(data) // 2
    data[middle : middle + 2000] = bytes(np.random.default_rng(0).integers(0, 256, 2000, dtype=np.uint8))
    found = read_waveform(bytes(data), (0.0, 4.0))
    assert found.damaged or not found.present.all()
    assert found.present[:SAMPLE_RATE].all()
    expected = 0.5 * np.sin(880 * np.pi * np.arange(SAMPLE_RATE) / SAMPLE_RATE)
    np.testing.assert_allclose(found.samples[20:SAMPLE_RATE], expected[20:], atol=2e-3)


def test_memory_is_that_of_the_result():
    data = encode_sound("pcm_s16le", "wav", rate=48_000, span=(0.0, 120.0))
    assert len(data) > 20e6
    tracemalloc.start()
    try:
        found = read_waveform(data, (100.0, 101.0))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.present.all() and peak < 4e6


def test_what_is_no_sound_is_an_error(tmp_path):
    with pytest.raises(VideoError, match="cannot be opened"):
        read_waveform(b"neither video nor sound")
    with pytest.raises(VideoError, match="does not exist"):
        read_waveform(tmp_path / "absent.wav")
    with pytest.raises(ValueError, match="start at 0 or later"):
        read_waveform(numbered_video(12), (2.0, 1.0))
