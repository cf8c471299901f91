"""From a batch of prompts to answers in words."""

import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Shaped

from timesuite_jax.generation import GenerationSpec, generate
from timesuite_jax.models import Mistral, VideoChatT
from timesuite_jax.text import Tokenizer

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
        self._embed = jax.jit(functools.partial(model.apply, method="embed_prompt"))
        self._rng = jax.random.key(seed)

    def __call__(self, batch: Mapping[str, Shaped[Array | np.ndarray, "B *_"]]) -> list[str]:
        """Answers prompts in the layout of the batch contract; `loss_mask` is not needed."""
        inputs = {name: jnp.asarray(batch[name]) for name in _INPUTS}
        embeds, _ = self._embed({"params": self._params}, inputs)
        language_params = self._params["mistral"]
        out = generate(self._language_model, language_params, embeds, inputs["valid"], self._spec, self._rng)
        tokens, lengths, stopped = jax.device_get((out.tokens, out.lengths, out.stopped))
        # The end token, where there is one, is not part of the answer.
        ends = lengths - stopped.astype(lengths.dtype)
        return [self._tokenizer.decode(row[:end].tolist()).strip() for row, end in zip(tokens, ends, strict=True)]
