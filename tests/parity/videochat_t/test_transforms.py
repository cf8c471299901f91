"""Crops and resizes equal upstream's, within one level where Pillow and torch round differently."""

import json
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from timesuite_jax.media import TransformSpec
from timesuite_jax.media.resample import resize_aliased, resize_antialiased
from timesuite_jax.models.vision import UmtSpec
from timesuite_jax.pixel_statistics import CLIP_MEAN, CLIP_STD, IMAGENET_MEAN, IMAGENET_STD

SIZE = 224
WINDOW = np.s_[:, :, 64:128, 64:128]
RESIZE = {"antialias": resize_antialiased, "noantialias": resize_aliased}


@pytest.fixture(scope="module")
def arrays(goldens: Path) -> dict[str, np.ndarray]:
    if not (goldens / "videochat_t").is_dir():
        pytest.skip(f"no family videochat_t in {goldens}")
    with np.load(goldens / "videochat_t" / "transform.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def statistics(goldens: Path, arrays) -> dict:
    return json.loads((goldens / "videochat_t" / "frames.json").read_text())


def normalised(frames: np.ndarray, mean: tuple[float, ...], std: tuple[float, ...]) -> np.ndarray:
    spec = UmtSpec(pixel_mean=mean, pixel_std=std)
    return np.moveaxis(np.asarray(spec.normalise(jnp.asarray(frames))), -1, 1)


def test_pixel_statistics(statistics):
    assert [list(CLIP_MEAN), list(CLIP_STD)] == statistics["eval_mean_std"]
    assert [list(IMAGENET_MEAN), list(IMAGENET_STD)] == statistics["train_mean_std"]


def test_evaluation(arrays):
    frames = TransformSpec.from_variant("upstream", SIZE, train=False)(arrays["frames_u8"])
    out = normalised(frames, CLIP_MEAN, CLIP_STD)
    # Values up to 2.7, as the difference of numbers below 8, whose float32 spacing is 4.8e-7: in upstream's order
    # (subtract, divide) and in ours (multiply, add) each of the two or three roundings is half of that at most.
    np.testing.assert_allclose(out[WINDOW], arrays["eval_norm_crop_f32"], rtol=0, atol=1.5e-6)
    np.testing.assert_allclose(out, arrays["eval_norm_f16"], atol=2e-3)  # float16 of values up to 2.7


@pytest.mark.parametrize("kind", RESIZE)
def test_training_crop(kind, arrays):
    box = tuple(int(v) for v in arrays["train_resized_crop_box_ijhw"])
    out = normalised(RESIZE[kind](arrays["frames_u8"], (SIZE, SIZE), box=box), IMAGENET_MEAN, IMAGENET_STD)
    assert_rounded_alike(out[WINDOW], arrays[f"train_resized_crop_{kind}_crop_f32"])


@pytest.mark.parametrize("kind", RESIZE)
def test_whole_frame(kind, arrays):
    out = normalised(RESIZE[kind](arrays["frames_u8"], (SIZE, SIZE)), IMAGENET_MEAN, IMAGENET_STD)
    assert_rounded_alike(out[WINDOW], arrays[f"traintest_resize_{kind}_crop_f32"])


def assert_rounded_alike(out: np.ndarray, golden: np.ndarray) -> None:
    """Asserts that both are the same picture, rounded differently: by at most one level, and not to one side.

    Pillow (and ours) and torch round the weights of a filter differently, and Pillow the picture between its two
    passes; how many pixels that changes depends on the picture. An error of one resize is at most one level wide, of
    variance 1/12 a pass, so that of the difference is at most 1/3; a pixel shares its errors with fewer than 16
    neighbours.
    """
    levels = (out - golden) * 255 * np.asarray(IMAGENET_STD, np.float32)[:, None, None]
    assert np.abs(levels).max() <= 1 + 1e-3  # float32 of values up to 255
    assert abs(levels.mean()) <= 4 * np.sqrt(1 / 3 / (levels.size / 16))
