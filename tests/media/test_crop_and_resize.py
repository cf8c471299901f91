"""Spatial transforms: sizes, crop boxes, determinism, variants, JPEG."""

import numpy as np
import pytest

from timesuite_jax.errors import UserError
from timesuite_jax.media import TransformSpec, decode_jpegs, encode_jpeg
from timesuite_jax.media.resample import resize_aliased, resize_antialiased
from timesuite_jax.media.transforms import centre_box, random_box, short_side
from timesuite_jax.media.video_error import VideoError


def picture(height=90, width=160):
    rows, columns = np.mgrid[0:height, 0:width]
    frame = np.stack([rows * 2, columns, (rows + columns) % 255], -1).astype(np.uint8)
    return np.stack([frame, 255 - frame])


@pytest.mark.parametrize("variant", ["default", "whole", "upstream"])
@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("shape", [(90, 160), (160, 90), (40, 40), (20, 200)])
def test_output_is_square_uint8_with_one_box_per_video(variant, train, shape):
    spec = TransformSpec.from_variant(variant, 32, train=train)
    out = spec(picture(*shape), np.random.default_rng(0))
    assert out.shape == (2, 32, 32, 3) and out.dtype == np.uint8 and out.flags.c_contiguous
    # One box for all frames of a video: the second frame remains the negative of the first.
    assert np.max(np.abs(out[0].astype(int) + out[1] - 255)) <= 3


def test_random_variants_are_determined_by_their_generator():
    spec = TransformSpec.from_variant("default", 32, train=True)
    outs = [spec(picture(), np.random.default_rng(seed)) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(outs[0], outs[1])
    assert np.any(outs[0] != outs[2])
    with pytest.raises(ValueError, match="needs rng"):
        spec(picture())
    assert not spec.deterministic and TransformSpec.from_variant("default", 32, train=False).deterministic


def test_flip_probability_is_half_upstream_and_zero_by_default():
    square = picture(32, 32)
    flipper = TransformSpec(32, "whole", flip_probability=0.5)
    flips = sum(np.array_equal(flipper(square, np.random.default_rng(s)), square[:, :, ::-1]) for s in range(200))
    assert 70 < flips < 130
    assert TransformSpec.from_variant("upstream", 32, train=True).flip_probability == 0.5
    assert TransformSpec.from_variant("default", 32, train=True).flip_probability == 0


def test_random_boxes_are_within_area_and_aspect_limits():
    rng = np.random.default_rng(0)
    for _ in range(300):
        top, left, height, width = random_box(240, 320, rng)
        assert 0 <= top <= 240 - height and 0 <= left <= 320 - width
        assert 0.48 <= height * width / (240 * 320) <= 1.0
        assert 0.73 <= width / height <= 1.36
    assert random_box(10, 400, rng) == (0, 193, 10, 13)
    assert random_box(400, 10, rng) == (193, 0, 13, 10)


def test_decode_size_is_large_enough_for_the_crop():
    train, test = (TransformSpec.from_variant("default", 224, train=t) for t in (True, False))
    assert test.decode_size()(720, 1280) == short_side(720, 1280, 224) == (224, 398)
    assert train.decode_size()(720, 1280) == (317, 563)
    assert train.decode_size()(240, 320) == (240, 320)  # never magnified
    assert TransformSpec.from_variant("whole", 64, train=True).decode_size()(240, 320) == (64, 64)
    assert TransformSpec.from_variant("upstream", 224, train=True).decode_size() is None
    assert centre_box(224, 398, 224) == (0, 87, 224, 224)


def test_only_one_filter_is_antialiased():
    stripes = np.zeros((1, 64, 64, 3), np.uint8)
    stripes[:, :, ::4] = 255
    assert np.ptp(resize_antialiased(stripes, (16, 16))) < 30
    assert np.ptp(resize_aliased(stripes[:, :, :-1], (16, 13))) > 100


def test_unknown_variant_is_rejected():
    with pytest.raises(UserError, match=r"unknown transform 'crop'.*default, upstream, upstream_whole, whole"):
        TransformSpec.from_variant("crop", 32, train=True)


def test_jpeg_round_trip_and_damaged_images():
    smooth = np.broadcast_to(np.arange(64, dtype=np.uint8)[None, :, None] * 3, (48, 64, 3)).copy()
    data = encode_jpeg(smooth)
    out = decode_jpegs([data, data], name="clip")
    assert out.shape == (2, 48, 64, 3) and np.max(np.abs(out[0].astype(int) - smooth)) < 8
    assert decode_jpegs([data], name="clip", resize=lambda h, w: (24, 32)).shape == (1, 24, 32, 3)
    with pytest.raises(VideoError, match=r"clip.*damaged stored frame.*1 of 2"):
        decode_jpegs([data, b"nothing"], name="clip")
