"""Frame numbers and timestamps equal upstream's."""

import json
import random
from pathlib import Path

import numpy as np
import pytest

from timesuite_jax.media.frame_choice import (
    evaluation_indices,
    first_indices,
    fixed_rate_indices,
    frame_index_seconds,
    middle_indices,
    random_indices,
)


@pytest.fixture(scope="module")
def cases(goldens: Path) -> dict:
    family = goldens / "videochat_t"
    if not family.is_dir():
        pytest.skip(f"no family videochat_t in {goldens}")
    return json.loads((family / "frames.json").read_text())


def chosen(case: dict) -> np.ndarray:
    sample, frames, count = case["sample"], case["num_frames"], case["vlen"]
    if case.get("fix_start") is not None:
        return first_indices(frames, count, case["fix_start"])
    if sample == "middle":
        return middle_indices(frames, count)
    if sample == "rand":
        legacy = np.random.RandomState(case["np_random_seed"])
        return random_indices(
            frames, count, choose=random.Random(case["py_random_seed"]), permutation=legacy.permutation
        )
    assert sample.startswith("fps"), case
    return fixed_rate_indices(
        float(sample[3:]), count, video_rate=case["input_fps"], max_num_frames=case["max_num_frames"]
    )


def test_training_indices(cases):
    assert cases["get_frame_indices"]
    for case in cases["get_frame_indices"]:
        assert chosen(case).tolist() == case["out"], case


def test_evaluation_indices(cases):
    assert cases["eval_get_index"]
    for case in cases["eval_get_index"]:
        assert evaluation_indices(case["num_segments"], case["vlen"]).tolist() == case["out"], case


def test_timestamps(cases):
    assert cases["seconds"]
    for case in cases["seconds"]:
        clip = case["clip"]
        seconds = frame_index_seconds(np.asarray(case["frame_indices"]), case["fps"], clip_start=clip and clip[0])
        assert [str(s) for s in seconds] == case["sec"], case


def test_a_real_video(cases):
    video = cases["video"]
    for key, rule in (("eval", evaluation_indices), ("train_middle", middle_indices)):
        indices = rule(video["num_segments"], video["decord_len"])
        assert indices.tolist() == video[f"{key}_indices"]
        stamps = ", ".join(str(s) for s in frame_index_seconds(indices, video["decord_fps"]))
        assert f" {stamps} seconds" in video["eval_msg" if key == "eval" else "train_msg"]
