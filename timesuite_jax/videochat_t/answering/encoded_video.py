"""A video that is encoded once, for any number of questions about it.

A question's prompt begins with the video and its time stamps, which do not depend on the question. They are run through
the language model once, with a placeholder for the question; of each prompt, only the tokens after the longest common
beginning are then run. So the answer to a first and to a later question is computed in the same way, by the same
compiled programs.
"""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray, Shaped

from timesuite_jax.generation import Decoding, GenerationSpec, continue_decoding, read_tokens, start_decoding
from timesuite_jax.generation.constraint import Constraint
from timesuite_jax.models.text import Mistral
from timesuite_jax.models.text.kv_cache import KVCache
from timesuite_jax.videochat_t.data.token_row import TokenRow
from timesuite_jax.videochat_t.model.videochat_t import VideoChatT

_SHORTEST = 32  # tokens that are run after the common beginning, padding included; longer ones are powers of two


@dataclasses.dataclass(frozen=True)
class EncodedVideo:
    """A video as visual tokens, and a prompt about it as keys and values of the language model.

    Attributes:
      visual: visual tokens.
      cache: of the prompt, in its first slots.
      tokens: ids of the prompt, without padding.
      slots: index of the visual token at each position of the prompt, or -1.
    """

    visual: Float[Array, "1 N D"]
    cache: KVCache
    tokens: Int[np.ndarray, " S"]
    slots: Int[np.ndarray, " S"]

    @property
    def nbytes(self) -> int:
        """Bytes on the devices, all of them together, of one copy."""
        return sum(leaf.nbytes for leaf in jax.tree.leaves((self.visual, self.cache.keys, self.cache.values)))


def encode_video(
    model: VideoChatT, params: Mapping[str, Any], inputs: Mapping[str, Shaped[Array | np.ndarray, "..."]], row: TokenRow
) -> EncodedVideo:
    """Encodes a video and reads a prompt about it.

    Args:
      model: the model.
      params: its parameters.
      inputs: a batch of one prompt, see `VideoChatT.__call__`.
      row: the same prompt.
    """
    visual, cache = _encode(model, params, dict(inputs))
    length = int(row.valid.sum())
    return EncodedVideo(visual, cache, row.tokens[:length], row.visual_slot[:length])


def start_answer(
    model: VideoChatT,
    params: Mapping[str, Any],
    encoded: EncodedVideo,
    row: TokenRow,
    spec: GenerationSpec,
    rng: PRNGKeyArray,
    constraint: Constraint | None = None,
) -> Decoding:
    """Reads what a prompt has after its common beginning with the encoded one, and chooses the first token."""
    length = int(row.valid.sum())
    first = min(common_prefix(encoded, row), length - 1)  # the logits of one token are needed at least
    width = max(_SHORTEST, 1 << (length - first - 1).bit_length())
    # Whole prompts, so that position 0 is embedded as such; padded, so that a part of `width` is inside.
    tokens = np.pad(row.tokens, (0, width), constant_values=row.tokens[-1])[None]
    slots = np.pad(row.visual_slot, (0, width), constant_values=-1)[None]
    return _start(
        model, params, encoded.visual, encoded.cache, tokens, slots, np.int32(first), np.int32(length - first), rng,
        constraint, spec=spec, width=width,
    )  # fmt: skip


@functools.partial(jax.jit, static_argnames=("model", "spec"), donate_argnames="state")
def continue_answer(
    model: VideoChatT, params: Mapping[str, Any], state: Decoding, until: Int[Array, ""], *, spec: GenerationSpec
) -> Decoding:
    """Generates tokens until the answer ends or has `until`; the cache is updated in place."""
    return continue_decoding(Mistral(model.spec.mistral), params["mistral"], state, spec, until)


def common_prefix(encoded: EncodedVideo, row: TokenRow) -> int:
    """Number of tokens at the beginning of a prompt that are those of the encoded one."""
    count = min(len(encoded.tokens), int(row.valid.sum()))
    same = (encoded.tokens[:count] == row.tokens[:count]) & (encoded.slots[:count] == row.visual_slot[:count])
    return count if same.all() else int(np.argmin(same))


@functools.partial(jax.jit, static_argnames="model")
def _encode(
    model: VideoChatT, params: Mapping[str, Any], inputs: Mapping[str, Shaped[Array, "..."]]
) -> tuple[Float[Array, "1 N D"], KVCache]:
    visual = cast(tuple, model.apply({"params": params}, inputs, method="encode_visual"))[0]
    embeds = _embed(model, params, inputs["tokens"], inputs["visual_slot"], visual)
    language = Mistral(model.spec.mistral)
    rows, length = inputs["tokens"].shape
    cache = language.empty_cache(rows, length)
    _, cache = read_tokens(language, params["mistral"], embeds, inputs["valid"], cache)
    return visual, cache


@functools.partial(jax.jit, static_argnames=("model", "spec", "width"))
def _start(
    model: VideoChatT,
    params: Mapping[str, Any],
    visual: Float[Array, "1 N D"],
    cache: KVCache,
    tokens: Int[Array, "1 T"],
    slots: Int[Array, "1 T"],
    first: Int[Array, ""],
    count: Int[Array, ""],
    rng: PRNGKeyArray,
    constraint: Constraint | None,
    *,
    spec: GenerationSpec,
    width: int,
) -> Decoding:
    """Runs `count` tokens from number `first` on, as a part of `width`."""
    embeds = jax.lax.dynamic_slice_in_dim(_embed(model, params, tokens, slots, visual), first, width, axis=1)
    valid = jnp.arange(width)[None] < count
    cache = cache.cut(first, width + spec.max_new_tokens)
    logits, cache = read_tokens(Mistral(model.spec.mistral), params["mistral"], embeds, valid, cache)
    return start_decoding(logits, (first + count)[None], cache, spec, rng, constraint)


def _embed(
    model: VideoChatT,
    params: Mapping[str, Any],
    tokens: Int[Array, "1 S"],
    slots: Int[Array, "1 S"],
    visual: Float[Array, "1 N D"],
) -> Float[Array, "1 S D"]:
    return cast(Any, model.apply({"params": params}, tokens, slots, visual, method="embed_tokens"))
