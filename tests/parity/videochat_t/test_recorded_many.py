"""Thousands of random arguments give the values of upstream's functions, where the other goldens have a few cases.

The values in `differential/` of the goldens were recorded by calling upstream's own functions; texts and lists of
numbers as the CRC-32 of their JSON. Pillow's resampling and torchvision's are called through upstream's transforms.
"""

import json
import zlib
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from tests.support.recorded import SeededLikeUpstream, recorded
from timesuite_jax.media import SamplingSpec, TransformSpec, VideoError, choose_frames, transforms
from timesuite_jax.metrics import average_precision, highlight_scores, hull_iou
from timesuite_jax.models.vision import UmtSpec, position_table
from timesuite_jax.text.upstream_answers import (
    Outcome,
    upstream_captions,
    upstream_grounding,
    upstream_highlight_rewrite,
    upstream_highlight_scores,
    upstream_highlights,
)
from timesuite_jax.training.schedule import clipped_cosine

pytestmark = pytest.mark.nightly

SAMPLING = ("upstream_evaluation", "upstream_middle", "upstream_random")
FAILS = -1  # recorded where upstream's sampling or decoder raises


def arrays(goldens: Path, name: str) -> dict[str, np.ndarray]:
    file = goldens / "videochat_t" / "differential" / f"{name}.npz"
    if not file.is_file():
        pytest.skip(f"no {file}")
    with np.load(file) as stored:
        return dict(stored)


def checksum(value: Any) -> int:
    return zlib.crc32(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def test_frames_and_timestamps(goldens: Path):
    columns = arrays(goldens, "sampling")
    fails = 0
    for row in zip(*(column.tolist() for column in columns.values()), strict=True):
        case = dict(zip(columns, row, strict=True))
        count, rate = case["frame_count"], case["rate"]
        clip = None if np.isnan(case["start"]) else (case["start"], case["end"])
        spec = SamplingSpec.from_variant(SAMPLING[case["sampling"]], case["num_frames"])
        rng = SeededLikeUpstream(case["seed"])
        try:
            numbers, seconds = choose_frames(np.arange(count) / rate, count / rate, rate, spec, clip=clip, rng=rng)
        except VideoError:
            assert case["crc"] == FAILS, case
            fails += 1
        else:
            assert checksum([numbers.tolist(), [str(second) for second in seconds.tolist()]]) == case["crc"], case
    assert 0 < fails == (columns["crc"] == FAILS).sum()


def test_parsed_answers(goldens: Path):
    stored = recorded(goldens, "answers_many")
    for text, duration, *expected in stored["cases"]:
        outcomes: dict[str, Outcome] = {
            "tvg": upstream_grounding(text),
            "vhd": upstream_highlights(text),
            "vhd_scores": upstream_highlight_scores(text, duration),
            "vhd_post": upstream_highlight_rewrite(text),
            "dvc": upstream_captions(text),
        }
        for name, checked in zip(stored["parsers"], expected, strict=True):
            found = outcomes[name]
            value = {"value": found.value, "error": found.error, "debugger": found.debugger}
            assert checksum(value) == checked, (name, text, value)


def test_average_precision_and_iou(goldens: Path):
    stored = arrays(goldens, "metrics")
    positive = np.unpackbits(stored["positive"], axis=1)
    for row, (clips, expected) in enumerate(zip(stored["clips"], stored["average_precision"], strict=True)):
        # Sixteenths, so that scores are exact.
        found = average_precision(positive[row, :clips].astype(np.float64), stored["scores"][row, :clips] / 16)
        assert found == pytest.approx(expected, abs=1e-12), row
    spans = stored["spans"].astype(np.float64).round(1)
    np.testing.assert_array_equal(hull_iou(spans[:, 0], spans[:, 1]), stored["iou"])


def test_highlight_scores(goldens: Path):
    for case in recorded(goldens, "highlights")["sets"]:
        predictions = {int(query): scores for query, scores in case["predictions"].items()}
        scores = highlight_scores(predictions, case["truth"])
        for name, percent in case["result"].items():
            assert float(f"{100 * scores[name]:.2f}") == percent, name


def image(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (1, height, width, 3), np.uint8)


def test_evaluation_transform(goldens: Path):
    for height, width, size, seed, expected in arrays(goldens, "transforms")["evaluation"].tolist():
        out = TransformSpec.from_variant("upstream", size, train=False)(image(seed, height, width))
        assert zlib.crc32(out.tobytes()) == expected, (height, width, size)


def test_training_crops(goldens: Path, monkeypatch):
    """Sums of four products in float32 differ in their last bits, and so in rounding where they are halves."""
    stored = arrays(goldens, "transforms")
    # Not flipped: the first number of this generator is 0.64.
    rng = np.random.default_rng(0)
    differences = []
    for (height, width, seed, *box), expected in zip(stored["crops"].tolist(), stored["cropped"], strict=True):
        monkeypatch.setattr(transforms, "random_box", lambda *_, box=tuple(box): box)
        rng = np.random.default_rng(0)
        out = TransformSpec.from_variant("upstream", len(expected), train=True)(image(seed, height, width), rng)
        differences.append(np.abs(out[0].astype(int) - expected).max())
    assert max(differences) <= 1


def test_position_tables(goldens: Path):
    stored = arrays(goldens, "positions")
    compared = 0
    for number, (grid, width, frames, ckpt_frames, native, *shape) in enumerate(stored["specs"].tolist()):
        if frames == 1 and ckpt_frames > 1:
            continue  # upstream computes the table of images with other arguments
        if not native and grid != 14 and frames * grid**2 == 14**2 * ckpt_frames:
            continue  # upstream takes the table to have the encoder's own grid, whose size is equal by chance
        kind = "native" if native else "resized"
        options = {"width": width, "heads": 1, "num_frames": frames, "ckpt_num_frame": ckpt_frames}
        table = position_table(UmtSpec(image_size=16 * grid, position_table=kind, **options), frames)
        assert list(table.shape) == shape
        chosen = np.random.default_rng(number).integers(0, table.size, stored["values"].shape[1])
        # Weights of torch's interpolation are float32: a few times 6e-8, for sums of absolute weights up to 2.
        np.testing.assert_allclose(table.ravel()[chosen], stored["values"][number], rtol=0, atol=2e-6)
        compared += 1
    assert compared > len(stored["specs"]) / 2


def test_learning_rates(goldens: Path):
    stored = arrays(goldens, "schedule")
    for (total, warmup, minimum), steps, factors in zip(
        stored["specs"], stored["steps"], stored["factors"], strict=True
    ):
        rate = jax.jit(jax.vmap(clipped_cosine(1.0, int(total), float(warmup), float(minimum))))
        # float32: the progress, up to 1, is known to 6e-8, and the cosine's slope is at most pi / 2; near the end of
        # the warm-up, the difference of two steps is exact.
        np.testing.assert_allclose(rate(steps.astype(np.int32)), factors, rtol=0, atol=1e-6)
