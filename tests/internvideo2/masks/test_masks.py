"""Numbers of visible patches, what each kind of mask keeps equal, and masks that would leave no token."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from einops import rearrange

from timesuite_jax.config_spec import build
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.masks import MaskSpec, draw_mask

FRAMES, PATCHES = 4, 9
draw = functools.partial(jax.jit, static_argnums=(1, 3))(draw_mask)


def drawn(spec: MaskSpec, seed: int = 0, attention: np.ndarray | None = None) -> np.ndarray:
    """Masks of six clips, [n, F, N]."""
    attention = np.ones((6, FRAMES * PATCHES), np.float32) if attention is None else attention
    mask = draw(jax.random.key(seed), spec, jnp.asarray(attention), FRAMES)
    return rearrange(np.asarray(mask), "n (F N) -> n F N", F=FRAMES)


def test_visible_patches_of_the_released_runs():
    assert MaskSpec().visible(8, 256) == 8 * 52  # stage 1: 417 tokens with the class token
    assert MaskSpec(scope="clip").visible(8, 256) == 410  # distillation


@pytest.mark.parametrize("kind", ["attention", "random", "tube"])
def test_each_frame_has_the_same_number(kind):
    mask = drawn(MaskSpec(kind, ratio=0.6))
    assert (mask.sum(axis=-1) == PATCHES - int(PATCHES * 0.6)).all()
    assert len({row.tobytes() for row in mask}) > 1


@pytest.mark.parametrize("kind", ["attention", "random"])
def test_over_the_clip_frames_differ_in_their_number(kind):
    spec = MaskSpec(kind, "clip", 0.6)
    mask = drawn(spec)
    assert (mask.sum(axis=(1, 2)) == spec.visible(FRAMES, PATCHES)).all()
    assert len(set(mask.sum(axis=-1).ravel().tolist())) > 1


def test_a_tube_is_the_same_in_all_frames():
    mask = drawn(MaskSpec("tube", ratio=0.5))
    assert (mask == mask[:, :1]).all()
    assert not (drawn(MaskSpec("random", ratio=0.5)) == mask[:, :1]).all()


def test_patches_without_attention_are_hidden_where_others_suffice():
    attention = np.zeros((6, FRAMES * PATCHES), np.float32)
    attention[:, ::2] = 1.0
    assert not drawn(MaskSpec(scope="clip", ratio=0.5), attention=attention).reshape(6, -1)[:, 1::2].any()


def test_a_mask_is_a_function_of_the_key():
    spec = MaskSpec()
    assert (drawn(spec, 1) == drawn(spec, 1)).all() and (drawn(spec, 1) != drawn(spec, 2)).any()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"ratio": 1.0}, "mask.ratio=1.0 hides all patches"),
        ({"ratio": 1.5}, "mask.ratio=1.5 hides all patches"),
        ({"ratio": -0.1}, "mask.ratio=-0.1 must be at least 0"),
        ({"kind": "tube", "scope": "clip"}, "set mask.scope='frame'"),
    ],
)
def test_masks_that_do_not_work_are_rejected(config, message):
    with pytest.raises(UserError, match=message):
        build(MaskSpec, config, "mask")
