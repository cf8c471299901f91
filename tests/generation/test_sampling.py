"""Selection of tokens from logits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from timesuite_jax.generation import GenerationSpec, keep_top_p, next_token

PROBABILITIES = jnp.asarray([[0.1, 0.5, 0.05, 0.3, 0.05]])


@pytest.mark.parametrize(
    ("top_p", "kept"), [(0.4, {1}), (0.5, {1}), (0.55, {1, 3}), (0.85, {0, 1, 3}), (1.0, set(range(5)))]
)
def test_top_p_keeps_the_smallest_sufficient_set(top_p: float, kept: set[int]):
    cut = keep_top_p(jnp.log(PROBABILITIES), top_p)
    assert set(np.flatnonzero(np.isfinite(cut[0]))) == kept


def test_samples_follow_the_distribution():
    spec = GenerationSpec(max_new_tokens=1, temperature=0.5, top_p=0.85)
    many = 4000
    logits = jnp.broadcast_to(jnp.log(PROBABILITIES), (many, 5))
    tokens, logprobs = next_token(logits, spec, jax.random.split(jax.random.key(0), many))
    sharpened = np.asarray(PROBABILITIES[0]) ** 2
    sharpened[[2, 4]] = 0
    shares = np.bincount(tokens, minlength=5) / many
    # At temperature 0.5, tokens 1 and 3 have 0.85 of the probability, so token 0 is removed too.
    sharpened[0] = 0
    expected = sharpened / sharpened.sum()
    assert np.all(np.abs(shares - expected) <= 5 * np.sqrt(expected * (1 - expected) / many))  # standard deviations
    np.testing.assert_allclose(logprobs, np.log(PROBABILITIES[0])[tokens], rtol=1e-5)


def test_greedy_selects_the_most_likely():
    keys = jax.random.split(jax.random.key(0), 1)
    tokens, logprobs = next_token(jnp.log(PROBABILITIES), GenerationSpec(max_new_tokens=1), keys)
    assert tokens[0] == 1
    np.testing.assert_allclose(logprobs[0], np.log(0.5), rtol=1e-6)


@pytest.mark.parametrize("field", [{"max_new_tokens": 0}, {"temperature": -1.0}, {"top_p": 0.0}, {"top_p": 1.5}])
def test_errors(field: dict):
    with pytest.raises(ValueError, match=next(iter(field))):
        GenerationSpec(**{"max_new_tokens": 4, **field})
