"""The losses of stage 2 equal upstream's in value and gradient, from recorded arrays and draws."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.support.golden_folder import LOSS, assert_output
from timesuite_jax.objectives import (
    WordDraws,
    choose_negatives,
    contrastive_loss,
    feature_distance,
    hide_words,
    negative_logits,
    same_content,
    similarities,
)

IGNORED = -100  # upstream's label of a token without a loss


def ids_of(arrays: dict[str, np.ndarray], kind: str) -> jax.Array:
    """Identifiers of the rows; without any, each row is its own positive."""
    ids = np.arange(len(arrays["v2"])) if kind == "none" else arrays[f"idx_{kind}"]
    return jnp.asarray(ids, jnp.int32)[:, None]


def test_similarities(golden_case):
    arrays = golden_case("criterions").arrays
    video, text, temperature = (jnp.asarray(arrays[name]) for name in ("v2", "t2", "temp"))
    assert_output(similarities(video, text, temperature), arrays["get_sim.2d.mean.v2t"], "videos")
    assert_output(similarities(text, video, temperature), arrays["get_sim.2d.mean.t2v"], "texts")


@pytest.mark.parametrize("kind", ["unique", "dup", "none"])
def test_contrastive_loss(golden_case, kind):
    arrays = golden_case("criterions").arrays
    same = same_content(ids_of(arrays, kind))
    np.testing.assert_array_equal(same, arrays[f"mask.{kind}.raw"] > 0)

    @jax.jit
    def mean(video, text, temperature):
        total, count = contrastive_loss(video, text, temperature, same, jnp.ones(len(video), bool))
        return total / count

    inputs = [jnp.asarray(arrays[name]) for name in ("v2", "t2", "temp")]
    loss, gradients = jax.value_and_grad(mean, argnums=(0, 1, 2))(*inputs)
    np.testing.assert_allclose(loss, arrays[f"vtc.{kind}.2d.loss"], rtol=0, atol=LOSS)
    for name, gradient in zip(("vision", "text", "temp"), gradients, strict=True):
        assert_output(gradient, arrays[f"vtc.{kind}.2d.grad_{name}"], name)


@pytest.mark.parametrize("kind", ["unique", "dup", "allsame"])
def test_weights_of_negatives(golden_case, kind):
    arrays = golden_case("criterions").arrays
    same = same_content(jnp.asarray(arrays[f"vtm_weights.{kind}.idx"], jnp.int32)[:, None])
    for name in ("v2t", "t2v"):
        logits = negative_logits(jnp.asarray(arrays[f"get_sim.2d.mean.{name}"]), same)
        np.testing.assert_allclose(jnp.exp(logits), arrays[f"vtm_weights.{kind}.{name}"], rtol=0, atol=1e-6)
        _, found = choose_negatives(logits, jnp.zeros_like(logits))
        assert bool(jnp.all(found)) == (kind != "allsame")


def test_random_negatives(golden_case):
    """The first of upstream's random negatives, from its noise."""
    arrays = golden_case("criterions").arrays
    noise = jnp.asarray(arrays["get_rand_indices.noise"])
    logits = negative_logits(jnp.zeros_like(noise), jnp.asarray(arrays["get_rand_indices.mask"] > 0), hard=False)
    np.testing.assert_array_equal(choose_negatives(logits, noise)[0], arrays["get_rand_indices.k2"][:, 0])


def test_hidden_words(golden_case):
    golden = golden_case("criterions")
    arrays = golden.arrays
    ids = jnp.asarray(arrays["mlm_mask.input_ids"], jnp.int32)
    padding, first, mask_id = 0, 3, 5  # of the recorded vocabulary
    flags = (jnp.asarray(arrays[f"mlm_mask.bernoulli_{name}"] > 0) for name in ("mask", "80", "50"))
    draws = WordDraws(*flags, jnp.asarray(arrays["mlm_mask.random_words"], jnp.int32))
    maskable = jnp.logical_and(ids != padding, ids != first)
    text, hidden = hide_words(ids, maskable, draws, mask_id)
    np.testing.assert_array_equal(text, arrays["mlm_mask.out_ids"])
    np.testing.assert_array_equal(jnp.where(hidden, ids, IGNORED), arrays["mlm_mask.out_labels"])


def test_distances_to_the_teacher(golden_case):
    arrays = {name: jnp.asarray(value) for name, value in golden_case("criterions").arrays.items()}
    layers = jnp.mean(feature_distance(arrays["uta.student"], arrays["uta.teacher"]))
    final = (arrays[f"uta.{name}_final"][None, :, None] for name in ("student", "teacher"))
    np.testing.assert_allclose(layers, arrays["uta.new_nofinal"][0], atol=LOSS)
    np.testing.assert_allclose(layers + jnp.mean(feature_distance(*final)), arrays["uta.new_normed"], atol=LOSS)
