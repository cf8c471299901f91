"""Frame numbers and timestamps equal upstream's."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.support.recorded import SeededLikeUpstream
from timesuite_jax.media import SamplingSpec, choose_frames
from timesuite_jax.text import video_time_text
from timesuite_jax.timing.upstream_stamps import index_seconds


@pytest.fixture(scope="module")
def cases(goldens: Path) -> dict:
    family = goldens / "videochat_t"
    if not family.is_dir():
        pytest.skip(f"no family videochat_t in {goldens}")
    return json.loads((family / "frames.json").read_text())


def choose(sampling: str, frames: int, count: int, rate: float = 25.0, rng: np.random.Generator | None = None):
    spec = SamplingSpec.from_variant(sampling, frames)
    return choose_frames(np.arange(count) / rate, count / rate, rate, spec, rng=rng)


def test_training_indices(cases):
    """Of the rules that upstream's training uses; it has two more, `fix_start` and `fps`."""
    used = [case for case in cases["get_frame_indices"] if case["sample"] in ("middle", "rand")]
    assert {case["sample"] for case in used} == {"middle", "rand"}
    for case in used:
        sampling, rng = "upstream_middle", None
        if case["sample"] == "rand":
            sampling, rng = "upstream_random", SeededLikeUpstream(case["py_random_seed"], case["np_random_seed"])
        assert choose(sampling, case["num_frames"], case["vlen"], rng=rng)[0].tolist() == case["out"], case


def test_evaluation_indices(cases):
    assert cases["eval_get_index"]
    for case in cases["eval_get_index"]:
        assert choose("upstream_evaluation", case["num_segments"], case["vlen"])[0].tolist() == case["out"], case


def test_timestamps(cases):
    assert cases["seconds"]
    for case in cases["seconds"]:
        clip = case["clip"]
        # Computed from Python's integers; test_recorded_frames.py has both ways to round.
        start, indices = clip and clip[0], np.asarray(case["frame_indices"])
        seconds = index_seconds(indices, case["fps"], clip_start=start, rounding="python")
        assert [str(second) for second in seconds.tolist()] == case["sec"], case


def test_a_real_video(cases):
    video = cases["video"]
    for key, sampling in (("eval", "upstream_evaluation"), ("train_middle", "upstream_middle")):
        numbers, seconds = choose(sampling, video["num_segments"], video["decord_len"], video["decord_fps"])
        assert numbers.tolist() == video[f"{key}_indices"]
        message = video["eval_msg" if key == "eval" else "train_msg"]
        assert video_time_text(seconds.tolist()) == message.strip()
