"""Decoding with a key-value cache: one pass over the prompt, then one compiled loop over new tokens.

The loop runs on the device from first to last token and ends as soon as every row has stopped; nothing goes to the host
in between. Rows of different length share a batch: padding, on either side, is masked in the cache and skipped in the
positions, so a row's tokens do not depend on its neighbours.
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
    """Answers of a batch."""

    tokens: Int[Array, "B new"]  # the stop token included, then padding
    lengths: Int[Array, " B"]  # tokens of each answer, its stop token included
    stopped: Bool[Array, " B"]  # False: cut by `max_new_tokens`
    logprobs: Float[Array, "B new"]  # log p(token | what precedes it), 0 at padding


@functools.partial(jax.jit, static_argnames=("model", "spec"))
def generate(
    model: Mistral,
    params: Mapping[str, Any],
    inputs_embeds: Float[Array, "B S D"],
    valid: Bool[Array, "B S"],
    spec: GenerationSpec,
    rng: PRNGKeyArray | None = None,
) -> Generated:
    """Answers a batch of embedded prompts.

    Args:
      model: the language model (of a composite, its language part).
      params: its parameters (of a composite, that subtree).
      inputs_embeds: prompts, padded on the left or the right.
      valid: False at padding.
      spec: what to generate.
      rng: needed where the temperature is above 0.

    Raises:
      ValueError: if sampling is asked for without `rng`.
    """
    if rng is None:
        if spec.temperature > 0:
            raise ValueError(f"temperature={spec.temperature} draws at random; give rng=jax.random.key(seed)")
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
    """Reads the prompts: logits of each row's first new token, and a cache with room for all new tokens."""
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
    """Reads one more token of each row: logits of the one after it, and the cache grown by it."""
    everyone = jnp.ones((tokens.shape[0], 1), bool)
    embeds = model.apply({"params": params}, tokens[:, None], method="embed")
    hidden, aux = model.apply({"params": params}, embeds, positions[:, None], everyone, cache=cache)
    return model.apply({"params": params}, hidden, method="logits")[:, 0], aux["cache"]


@struct.dataclass
class _State:
    step: Int[Array, ""]  # tokens chosen so far
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
    """Chooses tokens from `logits` on, until every row has stopped or has `spec.max_new_tokens`."""
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

    nothing = Generated(
        tokens=jnp.full((batch, spec.max_new_tokens), spec.pad_token, jnp.int32),
        lengths=jnp.zeros(batch, jnp.int32),
        stopped=jnp.zeros(batch, bool),
        logprobs=jnp.zeros((batch, spec.max_new_tokens), jnp.float32),
    )
    start = _State(jnp.zeros((), jnp.int32), jnp.zeros(batch, jnp.int32), cache, nothing)
    with jax.named_scope("decode"):
        # The first token comes from the prompt's own logits, so the model runs once less than there are tokens.
        return jax.lax.while_loop(unfinished, advance, choose(start, logits)).out
