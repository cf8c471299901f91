"""Decoding with a key-value cache: prefill of the prompt, then one compiled loop over new tokens.

The loop runs on the device without host transfers and ends as soon as every row has stopped. Rows of different length
share a batch: padding, on either side, is masked in the cache and not counted in the positions, so that the tokens of a
row do not depend on the other rows.
"""

import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from timesuite_jax.generation.sampling import GenerationSpec, next_token
from timesuite_jax.layers import token_positions
from timesuite_jax.models.text.kv_cache import KVCache
from timesuite_jax.models.text.mistral import Mistral


@struct.dataclass
class Generated:
    """Generated tokens of a batch."""

    tokens: Int[Array, "B new"]  # with the stop token, then padding
    lengths: Int[Array, " B"]  # tokens of each row, with its stop token
    stopped: Bool[Array, " B"]  # False: truncated at `max_new_tokens`
    logprobs: Float[Array, "B new"]  # log p(token | previous tokens), 0 at padding


@functools.partial(jax.jit, static_argnames=("model", "spec"))
def generate(
    model: Mistral,
    params: Mapping[str, Any],
    inputs_embeds: Float[Array, "B S D"],
    valid: Bool[Array, "B S"],
    spec: GenerationSpec,
    rng: PRNGKeyArray | None = None,
) -> Generated:
    """Generates tokens for a batch of embedded prompts.

    Args:
      model: the language model (of a multimodal model, its language model).
      params: its parameters (of a multimodal model, that subtree).
      inputs_embeds: prompts, padded on the left or the right.
      valid: False at padding.
      spec: what to generate.
      rng: required if the temperature is above 0.

    Raises:
      ValueError: if the temperature is above 0 and `rng` is None.
    """
    if rng is None:
        if spec.temperature > 0:
            raise ValueError(f"temperature={spec.temperature} samples tokens; pass rng=jax.random.key(seed)")
        rng = jax.random.key(0)
    logits, cache = prefill(model, params, inputs_embeds, valid, spec)
    return decode(model, params, logits, jnp.sum(valid, axis=1), cache, spec, rng)


def prefill(
    model: Mistral,
    params: Mapping[str, Any],
    inputs_embeds: Float[Array, "B S D"],
    valid: Bool[Array, "B S"],
    spec: GenerationSpec,
) -> tuple[Float[Array, "B V"], KVCache]:
    """Runs the prompts; returns logits of the first new token and a cache with capacity for all new tokens."""
    batch, length, _ = inputs_embeds.shape
    cache = model.empty_cache(batch, length + spec.max_new_tokens, spec.cache_dtype)
    positions = token_positions(valid)
    with jax.named_scope("prefill"):
        hidden, aux = model.apply({"params": params}, inputs_embeds, positions, valid, cache=cache)
        last = length - 1 - jnp.argmax(valid[:, ::-1], axis=1)
        hidden = jnp.take_along_axis(hidden, last[:, None, None], axis=1)
        return model.apply({"params": params}, hidden, method="logits")[:, 0], aux["cache"]


def continue_once(
    model: Mistral,
    params: Mapping[str, Any],
    tokens: Int[Array, " B"],
    positions: Int[Array, " B"],
    cache: KVCache,
) -> tuple[Float[Array, "B V"], KVCache]:
    """Runs one more token of each row; returns the logits of the next token and the updated cache."""
    valid = jnp.ones((tokens.shape[0], 1), bool)
    embeds = model.apply({"params": params}, tokens[:, None], method="embed")
    hidden, aux = model.apply({"params": params}, embeds, positions[:, None], valid, cache=cache)
    return model.apply({"params": params}, hidden, method="logits")[:, 0], aux["cache"]


@struct.dataclass
class _State:
    step: Int[Array, ""]  # tokens generated so far
    token: Int[Array, " B"]
    cache: KVCache
    out: Generated


def decode(
    model: Mistral,
    params: Mapping[str, Any],
    logits: Float[Array, "B V"],
    prompt_lengths: Int[Array, " B"],
    cache: KVCache,
    spec: GenerationSpec,
    rng: PRNGKeyArray,
) -> Generated:
    """Generates tokens, the first from `logits`, until every row has stopped or has `spec.max_new_tokens`."""
    batch = logits.shape[0]
    row_rngs = jax.vmap(jax.random.fold_in, (None, 0))(rng, jnp.arange(batch))
    stop_tokens = jnp.asarray(spec.stop_tokens, jnp.int32)

    def choose(state: _State, logits: Float[Array, "B V"]) -> _State:
        rngs = jax.vmap(jax.random.fold_in, (0, None))(row_rngs, state.step)
        token, logprob = next_token(logits, spec, rngs)
        out = state.out
        token = jnp.where(out.stopped, spec.pad_token, token)
        logprob = jnp.where(out.stopped, 0.0, logprob)
        out = Generated(
            tokens=jax.lax.dynamic_update_slice(out.tokens, token[:, None], (0, state.step)),
            lengths=out.lengths + jnp.logical_not(out.stopped).astype(jnp.int32),
            stopped=jnp.logical_or(out.stopped, jnp.any(token[:, None] == stop_tokens[None], axis=1)),
            logprobs=jax.lax.dynamic_update_slice(out.logprobs, logprob[:, None], (0, state.step)),
        )
        return state.replace(step=state.step + 1, token=token, out=out)

    def unfinished(state: _State) -> Bool[Array, ""]:
        return jnp.logical_and(state.step < spec.max_new_tokens, jnp.logical_not(jnp.all(state.out.stopped)))

    def advance(state: _State) -> _State:
        positions = prompt_lengths + state.step - 1
        logits, cache = continue_once(model, params, state.token, positions, state.cache)
        return choose(state.replace(cache=cache), logits)

    empty = Generated(
        tokens=jnp.full((batch, spec.max_new_tokens), spec.pad_token, jnp.int32),
        lengths=jnp.zeros(batch, jnp.int32),
        stopped=jnp.zeros(batch, bool),
        logprobs=jnp.zeros((batch, spec.max_new_tokens), jnp.float32),
    )
    start = _State(jnp.zeros((), jnp.int32), jnp.zeros(batch, jnp.int32), cache, empty)
    with jax.named_scope("decode"):
        # The first token comes from the logits of the prompt, so that the model runs once less than there are tokens.
        return jax.lax.while_loop(unfinished, advance, choose(start, logits)).out
