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
from jaxtyping import Array, Bool, Float, Int, Key, PRNGKeyArray

from timesuite_jax.generation.constraint import Constraint, Progress, allowed_tokens, begin, follow
from timesuite_jax.generation.constraint_trace import Trace, empty_trace, record
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
    trace: Trace | None = None  # of constrained answers


@functools.partial(jax.jit, static_argnames=("model", "spec"))
def generate(
    model: Mistral,
    params: Mapping[str, Any],
    inputs_embeds: Float[Array, "B S D"],
    valid: Bool[Array, "B S"],
    spec: GenerationSpec,
    rng: PRNGKeyArray | None = None,
    constraint: Constraint | None = None,
) -> Generated:
    """Generates tokens for a batch of embedded prompts.

    Args:
      model: the language model (of a multimodal model, its language model).
      params: its parameters (of a multimodal model, that subtree).
      inputs_embeds: prompts, padded on the left or the right.
      valid: False at padding.
      spec: what to generate.
      rng: required if the temperature is above 0.
      constraint: forms of the answers; any tokens if not given.

    Raises:
      ValueError: if the temperature is above 0 and `rng` is None.
    """
    if rng is None:
        if spec.temperature > 0:
            raise ValueError(f"temperature={spec.temperature} samples tokens; pass rng=jax.random.key(seed)")
        rng = jax.random.key(0)
    logits, cache = prefill(model, params, inputs_embeds, valid, spec)
    return decode(model, params, logits, jnp.sum(valid, axis=1), cache, spec, rng, constraint)


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
    return read_tokens(model, params, inputs_embeds, valid, cache)


def read_tokens(
    model: Mistral,
    params: Mapping[str, Any],
    inputs_embeds: Float[Array, "B S D"],
    valid: Bool[Array, "B S"],
    cache: KVCache,
) -> tuple[Float[Array, "B V"], KVCache]:
    """Runs embedded tokens after those of the cache; returns logits of the first new token and the updated cache.

    Args:
      model: the language model.
      params: its parameters.
      inputs_embeds: tokens, padded on the left or the right.
      valid: False at padding.
      cache: an empty one, or one of `KVCache.cut`, with S free slots.
    """
    positions = jnp.sum(cache.valid, axis=1, dtype=jnp.int32)[:, None] + token_positions(valid)
    with jax.named_scope("prefill"):
        hidden, aux = model.apply({"params": params}, inputs_embeds, positions, valid, cache=cache)
        last = valid.shape[1] - 1 - jnp.argmax(valid[:, ::-1], axis=1)
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
class Decoding:
    """An answer that is being generated."""

    step: Int[Array, ""]  # tokens generated so far
    token: Int[Array, " B"]  # the latest
    prompt_lengths: Int[Array, " B"]
    rngs: Key[Array, " B"]
    cache: KVCache
    out: Generated
    constraint: Constraint | None = None  # of the answers
    progress: Progress | None = None  # towards an answer that it allows


def decode(
    model: Mistral,
    params: Mapping[str, Any],
    logits: Float[Array, "B V"],
    prompt_lengths: Int[Array, " B"],
    cache: KVCache,
    spec: GenerationSpec,
    rng: PRNGKeyArray,
    constraint: Constraint | None = None,
) -> Generated:
    """Generates tokens, the first from `logits`, until every row has stopped or has `spec.max_new_tokens`."""
    state = start_decoding(logits, prompt_lengths, cache, spec, rng, constraint)
    return continue_decoding(model, params, state, spec, jnp.asarray(spec.max_new_tokens)).out


def start_decoding(
    logits: Float[Array, "B V"],
    prompt_lengths: Int[Array, " B"],
    cache: KVCache,
    spec: GenerationSpec,
    rng: PRNGKeyArray,
    constraint: Constraint | None = None,
) -> Decoding:
    """Chooses the first token, from the logits of the prompt: the model runs once less than there are tokens."""
    batch = logits.shape[0]
    rngs = jax.vmap(jax.random.fold_in, (None, 0))(rng, jnp.arange(batch))
    empty = Generated(
        tokens=jnp.full((batch, spec.max_new_tokens), spec.pad_token, jnp.int32),
        lengths=jnp.zeros(batch, jnp.int32),
        stopped=jnp.zeros(batch, bool),
        logprobs=jnp.zeros((batch, spec.max_new_tokens), jnp.float32),
        trace=None if constraint is None else empty_trace(batch, spec.max_new_tokens),
    )
    number, progress = jnp.zeros((), jnp.int32), None if constraint is None else begin(constraint)
    token = jnp.zeros(batch, jnp.int32)
    state = Decoding(number, token, prompt_lengths, rngs, cache, empty, constraint, progress)
    return _choose(state, logits, spec)


def continue_decoding(
    model: Mistral, params: Mapping[str, Any], state: Decoding, spec: GenerationSpec, until: Int[Array, ""]
) -> Decoding:
    """Generates tokens until every row has stopped, or has `until` tokens, of at most `spec.max_new_tokens`."""

    def unfinished(state: Decoding) -> Bool[Array, ""]:
        return jnp.logical_and(state.step < until, jnp.logical_not(jnp.all(state.out.stopped)))

    def advance(state: Decoding) -> Decoding:
        positions = state.prompt_lengths + state.step - 1
        logits, cache = continue_once(model, params, state.token, positions, state.cache)
        return _choose(state.replace(cache=cache), logits, spec)

    with jax.named_scope("decode"):
        return jax.lax.while_loop(unfinished, advance, state)


def _choose(state: Decoding, logits: Float[Array, "B V"], spec: GenerationSpec) -> Decoding:
    rngs = jax.vmap(jax.random.fold_in, (0, None))(state.rngs, state.step)
    out, progress, trace = state.out, state.progress, state.out.trace
    if state.constraint is None or progress is None or trace is None:
        token, logprob = next_token(logits, spec, rngs)
    else:
        allowed = allowed_tokens(state.constraint, progress, state.step)
        token, logprob = next_token(logits, spec, rngs, allowed)
        before, progress = progress, follow(state.constraint, progress, token)
        trace = record(trace, state.step, state.constraint, logits, allowed, before, progress)
    token = jnp.where(out.stopped, spec.pad_token, token)
    logprob = jnp.where(out.stopped, 0.0, logprob)
    stop_tokens = jnp.asarray(spec.stop_tokens, jnp.int32)
    out = Generated(
        tokens=jax.lax.dynamic_update_slice(out.tokens, token[:, None], (0, state.step)),
        lengths=out.lengths + jnp.logical_not(out.stopped).astype(jnp.int32),
        stopped=jnp.logical_or(out.stopped, jnp.any(token[:, None] == stop_tokens[None], axis=1)),
        logprobs=jax.lax.dynamic_update_slice(out.logprobs, logprob[:, None], (0, state.step)),
        trace=trace,
    )
    return state.replace(step=state.step + 1, token=token, out=out, progress=progress)
