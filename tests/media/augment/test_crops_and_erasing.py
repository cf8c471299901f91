"""Crops, flips and erasing of clips."""

import itertools
from collections import Counter

import numpy as np
import pytest

from timesuite_jax.errors import UserError
from timesuite_jax.media.augment import AugmentationSpec, augment, erase
from timesuite_jax.media.augment.multi_scale_crop import multi_scale_boxes, multi_scale_crop
from timesuite_jax.media.augment.random_erasing import erased_box
from timesuite_jax.media.transforms import random_box


@pytest.fixture
def frames() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 40, 56, 3), np.uint8)


def test_multi_scale_boxes():
    # Short side 256: 256, 224, 192, int(168.96); neighbouring scales may be combined: 4 + 2 * 3 sizes.
    sizes = multi_scale_boxes(256, 340, 224)
    assert [boxes[0][2:] for boxes in sizes] == [
        (256, 256), (256, 224), (224, 256), (224, 224), (224, 192), (192, 224), (192, 192), (192, 168), (168, 192),
        (168, 168),
    ]  # fmt: skip
    # 224 x 224 in 256 x 340: steps of 8 and 29.
    places = [(top, left) for top, left, _, _ in sizes[3]]
    assert places == [
        (0, 0), (0, 116), (32, 0), (32, 116), (16, 58), (16, 0), (16, 116), (32, 58), (0, 58), (8, 29), (8, 87),
        (24, 29), (24, 87),
    ]  # fmt: skip


def test_a_side_close_to_the_output_gets_its_length():
    assert multi_scale_boxes(258, 340, 224)[3][0][2:] == (224, 224)  # int(258 * 0.875) = 225
    assert multi_scale_boxes(223, 340, 224)[0][0][2:] == (223, 223)  # no larger than the frame


@pytest.mark.parametrize("height, width", [(32, 32), (31, 90), (90, 31), (224, 224)])
def test_multi_scale_boxes_are_within_the_frame(height, width):
    for top, left, h, w in itertools.chain.from_iterable(multi_scale_boxes(height, width, 32)):
        assert 0 <= top <= height - h and 0 <= left <= width - w and h > 0 and w > 0


def test_multi_scale_crop_of_the_same_size_copies_pixels():
    frames = np.random.default_rng(1).integers(0, 256, (2, 24, 24, 3), np.uint8)
    found = Counter()
    for seed in range(200):
        out = multi_scale_crop(frames, 24, np.random.default_rng(seed))
        assert out.shape == frames.shape
        found[bool(np.all(out == frames))] += 1
    assert 5 <= found[True] <= 45  # the whole frame is one of ten sizes: 20, with a standard deviation of 4.2


def test_random_resized_boxes_have_the_area_and_the_aspect():
    rng = np.random.default_rng(0)
    areas, aspects = [], []
    for _ in range(500):
        top, left, h, w = random_box(240, 320, rng, area=(0.08, 1.0), ratio=(0.75, 1.3333))
        assert 0 <= top <= 240 - h and 0 <= left <= 320 - w
        areas.append(h * w / (240 * 320))
        aspects.append(w / h)
    assert min(areas) < 0.12 and max(areas) > 0.9 and min(aspects) > 0.74 and max(aspects) < 1.35


def test_erasing_replaces_one_box_of_all_frames_by_noise(frames):
    grey = np.full((3, 60, 80, 3), 1, np.uint8)
    for seed in range(30):
        out = erase(grey, 1.0, np.random.default_rng(seed))
        changed = np.any(out != grey, axis=(0, 3))
        rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
        box = changed[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        assert box.mean() > 0.99 and np.all(grey == 1)
        assert 0.015 < box.size / changed.size < 0.35
        assert np.any(out[0] != out[1]), "other noise in each frame"


def test_erased_pixels_have_the_statistics_of_normalised_noise():
    out = erase(np.full((64, 100, 100, 3), 7, np.uint8), 1.0, np.random.default_rng(3)).astype(float) / 255
    noise = out[:, out[0, :, :, 0] != 7 / 255]
    for channel, (mean, deviation) in enumerate(zip((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), strict=True)):
        # Limits at 0 and 1 take at most 3 % off the deviation.
        assert abs(noise[..., channel].mean() - mean) < 0.01
        assert 0.95 < noise[..., channel].std() / deviation < 1.0


def test_erasing_has_its_probability(frames):
    rng = np.random.default_rng(0)
    erased = sum(erase(frames, 0.25, rng) is not frames for _ in range(1000))
    assert abs(erased - 250) < 4 * np.sqrt(1000 * 0.25 * 0.75)
    assert erase(frames, 0.0, rng) is frames
    assert erased_box(1, 50, rng) is None, "no smaller box"


def test_directional_clips_are_never_mirrored(frames):
    spec = AugmentationSpec(crop="whole", flip_probability=1.0)
    mirrored = augment(frames, spec, 40, np.random.default_rng(0))
    plain = augment(frames, spec, 40, np.random.default_rng(0), directional=True)
    np.testing.assert_array_equal(mirrored, plain[:, :, ::-1])
    still = augment(frames, AugmentationSpec(crop="whole", flip_probability=0.0), 40, np.random.default_rng(0))
    np.testing.assert_array_equal(still, plain)


@pytest.mark.parametrize("crop", ["random_resized", "multi_scale", "centre", "whole"])
def test_all_frames_are_augmented_alike_and_repeatably(crop, frames):
    still = np.repeat(frames[:1], 3, axis=0)
    spec = AugmentationSpec(crop=crop, rand_augment="rand-m7-n4-mstd0.5-inc1")
    for seed in range(10):
        out = augment(still, spec, 24, np.random.default_rng(seed))
        assert out.shape == (3, 24, 24, 3) and out.dtype == np.uint8 and np.all(out == out[:1])
        np.testing.assert_array_equal(out, augment(still, spec, 24, np.random.default_rng(seed)))


@pytest.mark.parametrize(
    "wrong", [{"area": (0.5, 1.5)}, {"area": (0.0, 1.0)}, {"ratio": (2.0, 1.0)}, {"flip_probability": 1.5},
              {"rand_augment": "rand-z1"}],
)  # fmt: skip
def test_wrong_values_are_errors(wrong):
    with pytest.raises(UserError, match=next(iter(wrong)).replace("rand_augment", "RandAugment")):
        AugmentationSpec(**wrong)
