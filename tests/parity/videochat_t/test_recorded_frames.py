"""Frame numbers and timestamps of `choose_frames` equal those of upstream's functions, for thousands of videos."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.recorded import SeededLikeUpstream, recorded
from timesuite_jax.media import SamplingSpec, VideoError, choose_frames


def choose(case: dict[str, Any]) -> tuple[list[int], list[str]]:
    """Returns frame numbers, and timestamps as they are written in prompts."""
    count, rate = case["frame_count"], case["rate"]
    clip, seed = case["clip"] and tuple(case["clip"]), case.get("seed")
    numbers, seconds = choose_frames(
        np.arange(count) / rate,
        count / rate,
        rate,
        SamplingSpec.from_variant(case["sampling"], case["num_frames"]),
        clip=clip,
        rng=None if seed is None else SeededLikeUpstream(seed),
    )
    return numbers.tolist(), [str(second) for second in seconds.tolist()]


def test_timestamps(goldens: Path):
    cases = recorded(goldens, "stamps")["cases"]
    assert {case["numpy_scalars"] for case in cases} == {True, False}, "both ways to round"
    for case in cases:
        assert choose(case) == (case["indices"], case["seconds"]), case


def test_evaluation_grid(goldens: Path):
    for case in recorded(goldens, "evaluation_grid")["cases"]:
        shared = {"num_frames": case["num_frames"], "frame_count": case["frame_count"], "rate": 25.0, "clip": None}
        for sampling, field in (("upstream_evaluation", "evaluation"), ("upstream_middle", "training_middle")):
            assert choose({**shared, "sampling": sampling})[0] == case[field], (case["num_frames"], sampling)


def test_clips_that_end_after_the_film(goldens: Path):
    cases = recorded(goldens, "clip_past_the_end")["cases"]
    assert {case["fits"] for case in cases} == {True, False}
    for case in cases:
        if case["fits"]:
            assert choose(case) == (case["indices"], case["seconds"]), case
        else:  # upstream's decoder fails, and it replaces the sample
            with pytest.raises(VideoError, match=rf"has no frame {case['indices'][-1]}.*{case['frame_count']} frames"):
                choose(case)
