"""What the model reads about a frame is when this frame is displayed: short, padded, clipped and uneven videos."""

import re

import numpy as np
import pytest

from tests.support import sample_videos
from timesuite_jax.media import SamplingSpec, encode_mp4, sample_video
from timesuite_jax.text import clip_time_texts, video_time_text

RATE = 12.0
UNEVEN = [*np.arange(20) / 20, *(1 + np.arange(20) / 2)]
NUMBERS = re.compile(r"\d+\.\d")


@pytest.fixture(scope="module")
def videos() -> dict[str, tuple[bytes, np.ndarray]]:
    """Encoded videos with the times of their frames."""
    return {
        "long": (sample_videos.numbered_video(60, rate=RATE), np.arange(60) / RATE),
        "short": (sample_videos.numbered_video(5, rate=RATE), np.arange(5) / RATE),
        "uneven": (encode_mp4(sample_videos.numbered_frames(40), seconds=UNEVEN, crf=10), np.asarray(UNEVEN)),
    }


@pytest.mark.parametrize("variant", ["middle", "random", "upstream_middle", "upstream_random", "upstream_evaluation"])
@pytest.mark.parametrize("clip", [None, (0.1, 0.9), (0.2, 19.0)], ids=["whole", "clip", "beyond the end"])
@pytest.mark.parametrize("video", ["long", "short", "uneven"])
def test_time_texts_are_those_of_the_frames(videos, video, clip, variant):
    data, times = videos[video]
    spec = SamplingSpec.from_variant(variant, 16)  # more frames than the short video and the short clip have
    if spec.clock == "index" and clip and (clip[1] > times[-1] and spec.place != "grid"):
        clip = (clip[0], np.inf)  # the original does not end a clip with its video
    sampled = sample_video(data, spec, clip=clip, rng=np.random.default_rng(3))
    frames = [sample_videos.number_of(frame) for frame in sampled.frames]
    start = clip[0] if clip else 0.0
    if spec.clock == "pts":
        expected = np.maximum(times[frames] - start, 0.0)
        assert np.abs(sampled.seconds - expected).max() < 1e-5
        assert sampled.duration <= sampled.video_duration and (sampled.seconds < sampled.duration).all()
    else:  # by frame number and average rate, with the original's tenth of a second in a clip
        rate = (len(times) - 1) / (times[-1] - times[0]) if video == "uneven" else RATE
        expected = np.abs(np.array(frames) / rate - start + 0.1) if clip else np.array(frames) / rate
        assert np.abs(sampled.seconds - expected).max() <= 0.05 + 0.01
    written = [f"{round(float(second), 1)}" for second in sampled.seconds]
    assert NUMBERS.findall(video_time_text(sampled.seconds.tolist())) == written
    texts = clip_time_texts(sampled.seconds.tolist(), clips=4, clip_frames=4)
    assert [number for text in texts for number in NUMBERS.findall(text)] == written
    assert len(sampled.frames) == len(sampled.seconds) == 16
