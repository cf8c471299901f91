"""An event in a long video is found by windows, by a stand-in for a model that sees it in the pixels."""

import dataclasses
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from tests.support import sample_videos
from timesuite_jax.errors import UserError
from timesuite_jax.models.text.kv_cache import KVCache
from timesuite_jax.registry import Answers, load
from timesuite_jax.videochat_t.answering.ask_result import AskResult
from timesuite_jax.videochat_t.answering.encoded_video import EncodedVideo
from timesuite_jax.videochat_t.answering.encodings import SeenVideo
from timesuite_jax.videochat_t.answering.long_video import hierarchical
from timesuite_jax.videochat_t.inference import VideoChatInference

QUESTION = "When is the red circle visible?"
TOKENS = 24  # enough for a constrained answer
ABSENT = 0.45  # probability in windows without the event: more than that of the event times its span's confidence
RATE = 1.0  # frames a second: 60 frames are a minute
EVENT = (41, 47)  # first frame, and the one after the last


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "video.mp4"
    path.write_bytes(sample_videos.numbered_video(60, rate=RATE, keyframe_every=10))
    return path


@pytest.fixture
def seen(monkeypatch):
    """Replaces the model by one that finds the frames of `EVENT`; lists the windows that are encoded."""
    numbers = np.zeros(0, np.int32)
    cache = KVCache.empty(layers=1, batch=1, kv_heads=1, capacity=1, head_width=2, dtype=jnp.float32)
    encoded = EncodedVideo(jnp.zeros((1, 1, 1)), cache, numbers, numbers)
    shown = []

    def see(answerer, processor, visual):
        frames = visual.frames.reshape(-1, *visual.frames.shape[2:])
        shown.append([sample_videos.number_of(frame) for frame in frames])
        whole = visual.video_duration
        return SeenVideo(encoded, visual.seconds, visual.duration, whole, list(frames[::4]))

    def answer(answerer, processor, video, path, question, *, clip, **options):
        # Frames by their times: `numbers` of what was encoded are checked against these below.
        frames = np.rint((video.seconds + clip[0]) * RATE)
        inside = video.seconds[(frames >= EVENT[0]) & (frames < EVENT[1])]
        if not len(inside):
            more = {"happens": ABSENT, "frames": video.frames}
            return AskResult(str(path), question, "It never appears.", (), (), 60.0, clip, **more)
        first, last = round(float(inside[0]), 1), round(float(inside[-1]), 1)
        text = f"From {first} to {last} seconds."
        spans = ((clip[0] + first, clip[0] + last),)
        sure = 0.5 + 0.4 * len(np.unique(inside)) / len(frames)
        more = {"generated": text, "happens": sure, "confidences": (0.7,), "frames": video.frames}
        return AskResult(str(path), question, text, spans, ("",), 60.0, clip, **more)

    monkeypatch.setattr(hierarchical, "see", see)
    monkeypatch.setattr(hierarchical, "answer_seen", answer)
    return shown


@pytest.fixture(scope="module")
def task(tiny_run):
    return load(tiny_run, Answers).task


def test_an_event_is_found_in_seconds_of_the_video(video, task, seen):
    found = task.ask({}, video, QUESTION, long="hierarchical", window=20.0, max_new_tokens=TOKENS)
    (span,) = found.spans
    # A coarse pass with 5 s between frames sees the event in one frame. The closer look goes 5 s beyond it on each
    # side, so that its frames are 2.5 s apart: so much of the event may be missing. Stamps have one decimal.
    interval = 20.0 / task.processor().num_frames
    apart = 2 * interval / task.processor().num_frames + 0.05
    assert EVENT[0] - 0.05 <= span[0] <= EVENT[0] + apart
    assert EVENT[1] - 1 - apart <= span[1] <= EVENT[1] - 0.95, "the last frame of the event begins 1 s before its end"
    assert found.long == "hierarchical" and found.clip is None and found.duration == 60.0
    assert found.generated == f"From {span[0]:.1f} to {span[1]:.1f} seconds."
    coarse = sorted({number for numbers in seen[:5] for number in numbers})
    assert np.diff([-3, *coarse, 62]).max() <= 6, "the coarse pass shows a frame in every 5 s, each to a frame"
    windows = [(min(numbers), max(numbers)) for numbers in seen]
    assert any(first > 30 and last < 55 and last - first <= 10 for first, last in windows[5:]), "then a shorter window"


def test_a_second_question_finds_the_encodings(video, task, seen):
    task.ask({}, video, QUESTION, long="hierarchical", window=15.0, max_new_tokens=TOKENS)
    before = len(seen)
    task.ask({}, video, "When is the blue square visible?", long="hierarchical", window=15.0, max_new_tokens=TOKENS)
    assert len(seen) == before > 7


def test_an_event_outside_the_clip_is_absent(video, task, seen):
    found = task.ask({}, video, QUESTION, clip=(0.0, 35.0), long="hierarchical", window=10.0, max_new_tokens=TOKENS)
    assert not found.spans and found.clip == (0.0, 35.0) and found.happens == ABSENT


@pytest.mark.parametrize(
    ("question", "options", "reason"),
    [
        ("What is shown?", {}, "is of the form 'free'"),
        (QUESTION, {"answers": "free"}, "confidences"),
        (QUESTION, {"protocol": "paper"}, "confidences"),
        (QUESTION, {"max_new_tokens": 3}, "max_new_tokens=3 .* raise max_new_tokens"),
    ],
)
def test_questions_that_windows_cannot_answer_are_errors(video, task, question, options, reason):
    with pytest.raises(UserError, match=reason):
        task.ask({}, video, question, long="hierarchical", window=20.0, **options)


def test_frames_that_are_sampled_by_their_numbers_are_an_error(video, task):
    data = dataclasses.replace(task.config.data, sampling="upstream_random")
    numbered = VideoChatInference(dataclasses.replace(task.config, data=data))
    with pytest.raises(UserError, match="time stamps"):
        numbered.ask({}, video, QUESTION, long="hierarchical", window=20.0)


def test_more_clips_are_shown_with_the_same_parameters(video, tiny_run):
    """The parameters of TAPE are those of fewer clips, so this fails unless their kernel is interpolated."""
    loaded: Any = load(tiny_run, Answers)
    found = loaded.run(loaded.task.ask, video, QUESTION, long="resampled", window=30.0, max_new_tokens=4)
    whole = loaded.run(loaded.task.ask, video, QUESTION, max_new_tokens=4)
    assert found.long == "resampled" and whole.long == "whole"
    assert found.prompt_tokens - whole.prompt_tokens >= loaded.task.config.model.video_tokens
