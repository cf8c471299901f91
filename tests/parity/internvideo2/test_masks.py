"""Attention masks: upstream's from its order of patches, and its probabilities; numbers of random and tube masks."""

import jax
import jax.numpy as jnp
import numpy as np
from einops import rearrange

from timesuite_jax.internvideo2.masks import MaskSpec, draw_mask
from timesuite_jax.internvideo2.masks.draw import draw_order, first_of_order

DRAWS = 20_000
SIGMAS = 4.5  # of the largest of some hundred frequencies: exceeded by chance once in a thousand seeds


def test_the_first_of_upstreams_order_are_visible(golden_case):
    golden = golden_case("masks")
    options, arrays = golden.config["attention"], golden.arrays
    count = MaskSpec(ratio=options["mask_ratio"]).visible(1, options["N"])
    assert count == options["n_vis"]
    mask = first_of_order(jnp.asarray(arrays["attention.importance"]), count)
    np.testing.assert_array_equal(mask, arrays["attention.mask_per_frame"] == 0)
    joined = arrays["attention.mask_joined_B2"][:, 1:] == 0
    np.testing.assert_array_equal(rearrange(np.asarray(mask), "(n F) N -> n (F N)", n=len(joined)), joined)


def test_probabilities_of_attention_masks(golden_case):
    golden = golden_case("masks")
    attention, expected = golden.arrays["attention.attn"], golden.arrays["attention.p_visible_exact"]
    count = golden.config["attention"]["n_vis"]

    @jax.jit
    def frequencies(rng):
        order = draw_order(rng, jnp.broadcast_to(jnp.asarray(attention), (DRAWS, *attention.shape)))
        return jnp.mean(first_of_order(order, count).astype(jnp.float32), axis=0)

    deviation = np.sqrt(expected * (1 - expected) / DRAWS)
    assert (np.abs(frequencies(jax.random.key(0)) - expected) <= SIGMAS * deviation + 1e-6).all()


def test_numbers_of_random_and_tube_masks(golden_case):
    golden = golden_case("masks")
    generators = sorted(name for name in golden.config if name.startswith("gen."))
    assert generators
    for name in generators:
        options = golden.config[name]
        frames, height, width = options["input_size"]
        for kind, scope in (("tube", "frame"), ("random", "clip")):
            hidden = golden.arrays[f"{kind}.{name.removeprefix('gen.')}.masks"]
            spec = MaskSpec(kind, scope, options["mask_ratio"])
            mask = jax.jit(draw_mask, static_argnums=(1, 3))(jax.random.key(1), spec, jnp.ones(hidden.shape), frames)
            assert (np.asarray(mask).sum(axis=1) == (hidden == 0).sum(axis=1)).all(), (name, kind)
            assert spec.visible(frames, height * width) == int((hidden[0] == 0).sum())
