"""From a batch of prompts to answers in words."""

import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding
from jaxtyping import Array, Shaped

from timesuite_jax import parallel
from timesuite_jax.generation import GenerationSpec, continue_once, generate, prefill
from timesuite_jax.layers import lying, shards
from timesuite_jax.models import Mistral, VideoChatT
from timesuite_jax.text import Tokenizer
from timesuite_jax.training import Call

# What the model reads; a batch carries more (names, masks of the loss).
_INPUTS = ("frames", "clip_text", "clip_text_mask", "tokens", "visual_slot", "valid")


class Answerer:
    """VideoChat-T with its parameters and tokenizer, ready to answer batches of prompts."""

    def __init__(
        self,
        model: VideoChatT,
        params: Mapping[str, Any],
        tokenizer: Tokenizer,
        *,
        max_new_tokens: int = 64,
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int = 0,
    ) -> None:
        """Binds the parts.

        Args:
          model: the model.
          params: all its parameters.
          tokenizer: of its language model; an answer ends at its end token.
          max_new_tokens: an answer is cut there.
          temperature: 0 is greedy.
          top_p: share of the probability that may be drawn from.
          seed: of the draws; unused when greedy.
        """
        self._params, self._tokenizer = params, tokenizer
        special = tokenizer.special
        self._spec = GenerationSpec(
            max_new_tokens,
            stop_tokens=(special.eos,),
            temperature=temperature,
            top_p=top_p,
            pad_token=special.pad,
        )
        self._language_model = Mistral(model.spec.mistral)
        self._embed = _embedding(model)
        self._rng = jax.random.key(seed)

    def __call__(self, batch: Mapping[str, Shaped[Array | np.ndarray, "B *_"]]) -> list[str]:
        """Answers prompts in the layout of the batch contract; `loss_mask` is not needed.

        On a mesh whose devices divide the rows each device answers its own, and each process gives and gets those of
        its devices. Fewer rows, in one process, have their clips spread over the devices instead.
        """
        inputs = {name: np.asarray(batch[name]) for name in _INPUTS}
        rows = self._rows_for(inputs)
        if rows is not None:
            inputs = parallel.put_batch(inputs, rows)
        embeds, _ = self._embed({"params": self._params}, inputs)
        language_params = self._params["mistral"]
        out = generate(self._language_model, language_params, embeds, inputs["valid"], self._spec, self._rng)
        told = out.tokens, out.lengths, out.stopped
        tokens, lengths, stopped = jax.device_get(told) if rows is None else parallel.own_rows(told, rows)
        # The end token, where there is one, is not part of the answer.
        ends = lengths - stopped.astype(lengths.dtype)
        return [self._tokenizer.decode(row[:end].tolist()).strip() for row, end in zip(tokens, ends, strict=True)]

    def _rows_for(self, inputs: Mapping[str, Shaped[np.ndarray, "B *_"]]) -> NamedSharding | None:
        """Where the rows of a batch lie, if it is spread by rows."""
        rows = lying("batch")
        if rows is None or (jax.process_count() == 1 and len(inputs["tokens"]) % shards("batch")):
            return None
        parallel.check_batch(inputs, rows, parts=parallel.batch_share(rows).count)
        return rows


def _embedding(model: VideoChatT) -> Any:
    """Pixels and tokens -> what the language model reads."""
    return jax.jit(functools.partial(model.apply, method="embed_prompt"))


def answering_calls(
    model: VideoChatT, params: Mapping[str, Any], batch: Mapping[str, Shaped[np.ndarray, "B *_"]], max_new_tokens: int
) -> dict[str, Call]:
    """What an `Answerer` has its devices do, in three parts: "encode", "prefill", and "decode" for each new token.

    Args:
      model: the model.
      params: shapes of its parameters.
      batch: prompts, of which only the shapes matter.
      max_new_tokens: places in the cache beyond the prompt's.
    """
    language, sizes = Mistral(model.spec.mistral), model.spec.mistral
    rows, length = batch["tokens"].shape
    inputs = {name: jax.ShapeDtypeStruct(batch[name].shape, batch[name].dtype) for name in _INPUTS}
    embeds = jax.ShapeDtypeStruct((rows, length, sizes.width), sizes.dtype)
    number = jax.ShapeDtypeStruct((rows,), jnp.int32)
    cache = jax.eval_shape(lambda: language.empty_cache(rows, length + max_new_tokens))
    read = jax.jit(functools.partial(prefill, language, spec=GenerationSpec(max_new_tokens)))
    # Within the loop the cache changes in place.
    write = jax.jit(functools.partial(continue_once, language), donate_argnums=3)
    return {
        "encode": Call(_embedding(model), ({"params": params}, inputs)),
        "prefill": Call(read, (params["mistral"], embeds, inputs["valid"])),
        "decode": Call(write, (params["mistral"], number, number, cache)),
    }
