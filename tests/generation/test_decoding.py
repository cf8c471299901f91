"""Decoding: independence of cache, batch and padding; stopping and sampling."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from jaxtyping import Array

from timesuite_jax.generation import (
    Generated,
    GenerationSpec,
    continue_decoding,
    generate,
    prefill,
    read_tokens,
    start_decoding,
)
from timesuite_jax.models.text import Mistral, MistralSpec
from timesuite_jax.models.text.kv_cache import KVCache

SPEC = MistralSpec.from_variant("debug", vocab=50)
MODEL = Mistral(SPEC)
GREEDY = GenerationSpec(max_new_tokens=12, stop_tokens=())
LENGTHS = (7, 13, 1, 20, 4, 11, 16, 9)


@pytest.fixture(scope="module")
def params() -> dict:
    index = jnp.zeros((1, 2), jnp.int32)
    x = jnp.zeros((1, 2, SPEC.width))
    tree = nn.meta.unbox(jax.jit(MODEL.init)(jax.random.key(0), x, index, index == 0)["params"])
    leaves, treedef = jax.tree.flatten(tree)
    keys = jax.random.split(jax.random.key(1), len(leaves))
    # Initial weights repeat one token; noise gives varied answers.
    return treedef.unflatten([x + 0.2 * jax.random.normal(k, x.shape) for x, k in zip(leaves, keys, strict=True)])


def prompts(side: str = "right") -> tuple[Array, Array]:
    width = max(LENGTHS)
    x = jax.random.normal(jax.random.key(2), (len(LENGTHS), width, SPEC.width))
    valid = np.zeros(x.shape[:2], bool)
    for row, length in enumerate(LENGTHS):
        valid[row, slice(width - length, None) if side == "left" else slice(length)] = True
    if side == "left":
        x = jnp.stack([jnp.roll(row, width - length, axis=0) for row, length in zip(x, LENGTHS, strict=True)])
    return x, jnp.asarray(valid)


@pytest.fixture(scope="module")
def batched(params: dict) -> Generated:
    return generate(MODEL, params, *prompts(), GREEDY)


def test_greedy_equals_decoding_without_a_cache(params: dict, batched: Generated):
    row, length, new = 0, LENGTHS[0], GREEDY.max_new_tokens
    embeds = prompts()[0][row : row + 1, :length]

    @jax.jit
    def whole(embeds: Array) -> Array:
        """Logits at every position of a sequence padded to one length, so that this compiles once."""
        padded = jnp.pad(embeds, ((0, 0), (0, length + new - embeds.shape[1]), (0, 0)))
        positions = jnp.arange(length + new)[None]
        hidden, _ = MODEL.apply({"params": params}, padded, positions, positions < embeds.shape[1])
        return MODEL.apply({"params": params}, hidden[:, embeds.shape[1] - 1], method="logits")

    tokens, logprobs = [], []
    for _ in range(3):
        logits = whole(embeds)
        tokens.append(int(jnp.argmax(logits)))
        logprobs.append(float(jax.nn.log_softmax(logits)[0, tokens[-1]]))
        embeds = jnp.concatenate([embeds, params["embed"]["embedding"][None, tokens[-1:]]], axis=1)
    np.testing.assert_array_equal(batched.tokens[row, :3], tokens)
    np.testing.assert_allclose(batched.logprobs[row, :3], logprobs, rtol=1e-4, atol=1e-5)


def test_answers_are_varied(batched: Generated):
    """A precondition of the comparisons below."""
    assert len({tuple(row) for row in np.asarray(batched.tokens)}) == len(LENGTHS)
    assert np.mean([len(set(row)) for row in np.asarray(batched.tokens)]) > 4


@pytest.mark.parametrize("row", range(3))
def test_batch_of_one_equals_batch_of_eight(params: dict, batched: Generated, row: int):
    embeds, _ = prompts()
    length = LENGTHS[row]
    alone = generate(MODEL, params, embeds[row : row + 1, :length], jnp.ones((1, length), bool), GREEDY)
    np.testing.assert_array_equal(alone.tokens[0], batched.tokens[row])
    np.testing.assert_allclose(alone.logprobs[0], batched.logprobs[row], rtol=1e-4, atol=1e-5)


def test_left_padding_equals_right_padding(params: dict, batched: Generated):
    left = generate(MODEL, params, *prompts("left"), GREEDY)
    np.testing.assert_array_equal(left.tokens, batched.tokens)


def test_stop_tokens_end_rows_and_the_loop(params: dict, batched: Generated):
    free = np.asarray(batched.tokens)
    stops = (int(free[0, 3]), int(free[1, 5]))
    spec = dataclasses.replace(GREEDY, stop_tokens=stops, pad_token=49)
    out = generate(MODEL, params, *prompts(), spec)
    for row, tokens in enumerate(free):
        hits = np.flatnonzero(np.isin(tokens, stops))
        length = hits[0] + 1 if len(hits) else spec.max_new_tokens
        assert out.lengths[row] == length
        assert out.stopped[row] == bool(len(hits))
        np.testing.assert_array_equal(out.tokens[row, :length], tokens[:length])
        assert (out.tokens[row, length:] == 49).all()
        assert (out.logprobs[row, length:] == 0).all()


def test_half_precision_cache(params: dict, batched: Generated):
    spec = dataclasses.replace(GREEDY, cache_dtype=jnp.bfloat16)
    out = generate(MODEL, params, *prompts(), spec)
    assert np.mean(np.asarray(out.tokens[:, 0] == batched.tokens[:, 0])) == 1, "the prompt is not rounded"
    assert not np.array_equal(out.logprobs, batched.logprobs), "the cache is not rounded"


def test_samples_depend_on_seed_and_row_only(params: dict):
    spec = GenerationSpec(max_new_tokens=6, stop_tokens=(), temperature=1.5, top_p=0.95)
    embeds, valid = prompts()

    def draw(seed: int, rows: int = len(LENGTHS)) -> Array:
        return generate(MODEL, params, embeds[:rows], valid[:rows], spec, jax.random.key(seed)).tokens

    first = draw(0)
    np.testing.assert_array_equal(draw(0), first)
    assert not np.array_equal(draw(1), first)
    np.testing.assert_array_equal(draw(0, rows=2), first[:2])
    with pytest.raises(ValueError, match=r"jax\.random\.key"):
        generate(MODEL, params, embeds, valid, spec)


@pytest.mark.parametrize("kept", [1, 5, 12])
def test_a_prompt_is_continued_from_any_of_its_prefixes(params: dict, batched: Generated, kept: int):
    """The cache of another prompt with the same beginning, the rest padded on the right."""
    row, length, more = 1, LENGTHS[1], 16
    embeds = prompts()[0][row : row + 1]
    other = jnp.concatenate([embeds[:, :kept], -embeds[:, kept:length]], axis=1)
    _, filled = prefill(MODEL, params, other, jnp.ones((1, length), bool), GREEDY)
    rest = jnp.pad(embeds[:, kept:length], ((0, 0), (0, more - length + kept), (0, 0)))
    valid = jnp.arange(more)[None] < length - kept

    @jax.jit
    def answer(filled: KVCache, kept: Array) -> Generated:
        logits, cache = read_tokens(MODEL, params, rest, valid, filled.cut(kept, more))
        state = start_decoding(logits, kept[None] + jnp.sum(valid, 1), cache, GREEDY, jax.random.key(0))
        return continue_decoding(MODEL, params, state, GREEDY, jnp.asarray(GREEDY.max_new_tokens)).out

    found = answer(filled, jnp.asarray(kept))
    np.testing.assert_array_equal(found.tokens[0], batched.tokens[row])
    np.testing.assert_allclose(found.logprobs[0], batched.logprobs[row], rtol=1e-4, atol=1e-5)


def test_decoding_in_parts_equals_decoding_at_once(params: dict, batched: Generated):
    embeds, valid = prompts()
    logits, cache = prefill(MODEL, params, embeds, valid, GREEDY)
    state = start_decoding(logits, jnp.sum(valid, 1), cache, GREEDY, jax.random.key(0))
    proceed = jax.jit(lambda state, until: continue_decoding(MODEL, params, state, GREEDY, until))
    for until in (3, 4, 50):
        state = proceed(state, jnp.asarray(min(until, GREEDY.max_new_tokens)))
        assert state.step == min(until, GREEDY.max_new_tokens)
        np.testing.assert_array_equal(state.out.tokens[:, : state.step], batched.tokens[:, : state.step])
