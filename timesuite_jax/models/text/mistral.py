"""Mistral, the language model (arXiv:2310.06825), with LoRA on every projection and on the head.

Numerically equal to Hugging Face's `MistralForCausalLM` (half-split rotary embedding, no sliding window, as in v0.2).
LoRA adapts what upstream's use of `peft` adapts: q, k, v, o, gate, up, down and lm_head. The base weights may be stored
in bfloat16; the LoRA factors stay float32.
"""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Bool, Float, Int

from timesuite_jax.layers import Dropout, RMSNorm, rope_angles, run_stack
from timesuite_jax.models.text.kv_cache import KVCache
from timesuite_jax.models.text.mistral_layer import Block, linear
from timesuite_jax.models.text.mistral_spec import MistralSpec


class Mistral(nn.Module):
    """The decoder. `embed`, `__call__` and `logits` are separate: visual tokens are inserted after the embedding."""

    spec: MistralSpec

    def setup(self) -> None:
        """Creates the submodules, named as in the parameter tree."""
        spec = self.spec
        init = nn.with_logical_partitioning(nn.initializers.normal(spec.embedding_std), ("vocab", "embed"))
        # Not `nn.Embed`, which casts the whole table to `dtype` before the lookup.
        self.embed_tokens = _Embedding(spec.vocab, spec.width, spec.dtype, spec.param_dtype, init, name="embed")
        self.layers = Block(spec)
        self.norm = RMSNorm(spec.norm_epsilon, dtype=spec.dtype, param_dtype=spec.param_dtype)
        # Not quantised: the loss reads the kernel directly, and it is 2 % of the weights.
        self.lm_head = linear(spec, spec.vocab, ("embed", "vocab"), "lm_head", weight_format="float")
        self.head_dropout = Dropout(spec.lora.dropout if spec.lora else 0.0)

    def embed(self, tokens: Int[Array, "B S"]) -> Float[Array, "B S D"]:
        """Looks up the token embeddings."""
        return self.embed_tokens(tokens)

    def logits(self, hidden: Float[Array, "*batch D"]) -> Float[Array, "*batch V"]:
        """Computes all logits; for training use `objectives.answer_cross_entropy`, which computes them in chunks."""
        with jax.named_scope("lm_head"):
            return self.lm_head(hidden)

    def __call__(
        self,
        inputs_embeds: Float[Array, "B S D"],
        positions: Int[Array, "B S"],
        valid: Bool[Array, "B S"],
        *,
        segments: Int[Array, "B S"] | None = None,
        deterministic: bool = True,
        cache: KVCache | None = None,
    ) -> tuple[Float[Array, "B S D"], dict[str, Any]]:
        """Runs the layers and the final norm.

        Args:
          inputs_embeds: embeddings of text or visual tokens.
          positions: position of each token, counted from 0 without padding.
          valid: False at padding, on either side; the outputs there are finite and meaningless.
          segments: 0 where every later token may attend; tokens of a segment above 0 are visible to that segment only.
          deterministic: False samples LoRA dropout from the stream "dropout".
          cache: an empty one (the tokens are a prompt and fill it) or a filled one (S must be 1, or the cache one of
            `KVCache.cut`).

        Returns:
          Hidden states, and a dictionary with "head_input" (the input of the head's LoRA branch: the hidden states,
          after dropout unless deterministic) and, if `cache` is given, "cache" (updated with the new tokens).
        """
        spec = self.spec
        if self.is_initializing():
            # `__call__` uses neither, but must initialise the whole tree.
            self.embed(jnp.zeros((1, 1), jnp.int32))
            self.logits(jnp.zeros((1, 1, spec.width), spec.dtype))
        with jax.named_scope("mistral"):
            angles = rope_angles(positions, spec.head_width, spec.rope_theta)
            carry = inputs_embeds.astype(spec.dtype), None if cache is None else cache.admit(valid)
            (x, cache), _ = run_stack(
                self.layers,
                carry,
                jnp.arange(spec.layers),
                angles,
                valid,
                segments,
                length=spec.layers,
                unroll=spec.unroll,
                remat=spec.remat,
                deterministic=deterministic,
            )
            hidden = self.norm(x)
            aux = {"head_input": self.head_dropout(hidden, deterministic=deterministic)}
        return hidden, aux if cache is None else {**aux, "cache": cache}

    def empty_cache(self, batch: int, capacity: int, dtype: jnp.dtype | None = None) -> KVCache:
        """Creates a cache for `batch` rows of at most `capacity` tokens each, padding included."""
        spec = self.spec
        return KVCache.empty(
            layers=spec.layers,
            batch=batch,
            kv_heads=spec.kv_heads,
            capacity=capacity,
            head_width=spec.head_width,
            dtype=dtype or spec.dtype,
        )


class _Embedding(nn.Module):
    """Token embedding table, stored in `param_dtype` and returned in `dtype`."""

    vocab: int
    width: int
    dtype: jnp.dtype
    param_dtype: jnp.dtype
    init: nn.initializers.Initializer

    @nn.compact
    def __call__(self, tokens: Int[Array, "*batch"]) -> Float[Array, "*batch D"]:
        table = self.param("embedding", self.init, (self.vocab, self.width), self.param_dtype)
        return jnp.take(table, tokens, axis=0).astype(self.dtype)
