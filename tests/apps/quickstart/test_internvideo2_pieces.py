"""Pieces of InternVideo2's quickstart: controls, scores, the table and the picture."""

import io

import numpy as np
import pytest
from rich.console import Console

from timesuite_jax.apps.quickstart.internvideo2.config import CONFIG, corpora
from timesuite_jax.apps.quickstart.internvideo2.controls import changed
from timesuite_jax.apps.quickstart.internvideo2.figure import draw_picture
from timesuite_jax.apps.quickstart.internvideo2.masked_clips import MaskedClip
from timesuite_jax.apps.quickstart.internvideo2.pipeline import Result
from timesuite_jax.apps.quickstart.internvideo2.scores import summarise
from timesuite_jax.apps.quickstart.internvideo2.table import print_table
from timesuite_jax.data.synthetic import ORDERED_EVENTS
from timesuite_jax.internvideo2.action.benchmark import ClassPrediction

ROWS = (
    "teacher", "finetuned", "views", "shuffled", "one_frame", "probe", "random_probe", "few_pretrained", "few_scratch",
)  # fmt: skip


@pytest.fixture
def frames():
    """Two views of eight different frames."""
    return np.arange(16, dtype=np.uint8).reshape(2, 8, 1, 1, 1) * np.ones((1, 1, 4, 4, 3), np.uint8)


def test_shuffled_clips_have_the_same_frames_in_another_order(frames):
    shuffled = changed(frames, "shuffled", np.random.default_rng(0))[:, :, 0, 0, 0]
    assert (shuffled != frames[:, :, 0, 0, 0]).any()
    np.testing.assert_array_equal(np.sort(shuffled, axis=1), frames[:, :, 0, 0, 0])


def test_one_frame_is_a_frame_of_the_clip_and_not_always_the_same(frames):
    chosen = set()
    for seed in range(64):
        repeated = changed(frames, "one_frame", np.random.default_rng(seed))[:, :, 0, 0, 0]
        assert (repeated == repeated[:, :1]).all() and (repeated[:, 0] // 8 == [0, 1]).all()
        chosen.add(int(repeated[0, 0]))
    assert chosen == set(range(8))  # a fixed one would show which event is first


def test_attributes_are_scored_apart():
    """Class 1 differs from class 0 in its speed, class 4 in the order of its events."""
    found = [ClassPrediction(str(number), 0, [top], [1.0]) for number, top in enumerate((0, 1, 4, 4))]
    scores = summarise(found, ORDERED_EVENTS)
    assert scores.metrics == {"top1": 0.25, "order": 0.5, "direction": 1.0, "speed": 0.75}
    assert scores.confusion[0].tolist() == [1, 1, 0, 0, 2, 0, 0, 0] and scores.confusion.sum() == 4


def test_held_out_videos_have_seeds_of_their_own():
    names = list(corpora(CONFIG))
    assert len(set(names)) == len(names) and {"proxy", "train", "test", "few_0", "few_2"} <= set(names)


def test_the_table_has_every_row_on_a_narrow_terminal():
    scores = {row: {"top1": 0.1 + number / 1000, "order": 0.2, "direction": 0.3, "speed": 0.4}
              for number, row in enumerate(ROWS)}  # fmt: skip
    repeats = {"few_pretrained": [0.5, 0.625, 0.75], "few_scratch": [0.25, 0.375, 0.125]}
    result = Result(scores, repeats, CONFIG, {}, "")
    printed = io.StringIO()
    print_table(result, Console(file=printed, width=80))
    text = printed.getvalue()
    assert all(f"{found['top1']:.3f}" in text for found in scores.values())
    assert "0.500, 0.625, 0.750" in text
    assert result.metrics()["few_scratch_top1_repeats"] == [0.25, 0.375, 0.125]
    assert result.metrics()["shuffled_order"] == 0.2


def test_a_picture(tmp_path):
    rng = np.random.default_rng(0)
    size = (8, 3, 3)
    clips = [MaskedClip(rng.integers(256, size=(8, 48, 48, 3)).astype(np.uint8), label, rng.random(size),
                        rng.random(size) > 0.5) for label in (0, 5)]  # fmt: skip
    draw_picture(clips, rng.integers(50, size=(8, 8)), ORDERED_EVENTS, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
