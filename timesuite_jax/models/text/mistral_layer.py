"""The decoder layer of Mistral: causal attention with grouped heads and SwiGLU, each with LoRA on its projections."""

from typing import Any

import jax
from einops import rearrange
from flax import linen as nn
from jaxtyping import Array, Bool, Float, Int

from timesuite_jax.layers import Linear, RMSNorm, apply_rope, attention, gated_silu
from timesuite_jax.models.text import kv_cache
from timesuite_jax.models.text.kv_cache import KVCache
from timesuite_jax.models.text.mistral_spec import MistralSpec


def linear(spec: MistralSpec, features: int, axes: tuple[str, str], name: str, **changes: Any) -> Linear:
    """Builds a projection without bias, with the LoRA, storage and types of the spec unless `changes` replaces them."""
    fields = {field: getattr(spec, field) for field in ("lora", "weight_format", "dtype", "param_dtype")} | changes
    return Linear(features, axes, use_bias=False, name=name, **fields)


class Attention(nn.Module):
    """Causal self-attention with grouped heads, over the input tokens or over a key-value cache."""

    spec: MistralSpec

    @nn.compact
    def __call__(
        self,
        x: Float[Array, "B S D"],
        angles: tuple[Float[Array, "B S half"], Float[Array, "B S half"]],
        valid: Bool[Array, "B S"],
        segments: Int[Array, "B S"] | None,
        cache: KVCache | None,
        layer: Int[Array, ""],
        deterministic: bool,
    ) -> tuple[Float[Array, "B S D"], KVCache | None]:
        """Attends, and returns the cache with the new keys and values written to it."""
        spec = self.spec

        def project(name: str, heads: int, axis: str) -> Float[Array, "B S heads d"]:
            layer = linear(spec, heads * spec.head_width, ("embed", axis), name)
            merged = layer(x, deterministic=deterministic)
            split = rearrange(merged, "B S (heads d) -> B S heads d", d=spec.head_width)
            return nn.with_logical_constraint(split, ("batch", "length", axis, None))

        q = apply_rope(project("q", spec.heads, "heads"), *angles)
        k = apply_rope(project("k", spec.kv_heads, "kv_heads"), *angles)
        v = project("v", spec.kv_heads, "kv_heads")
        if cache is not None:
            slot = cache.used - x.shape[1]  # `admit` has already counted these tokens
            new_k, new_v = (rearrange(new, "B S g d -> B g S d") for new in (k, v))
            cache = cache.replace(
                keys=kv_cache.write(cache.keys, layer, slot, new_k),
                values=kv_cache.write(cache.values, layer, slot, new_v),
            )
        if cache is not None and (x.shape[1] == 1 or cache.has_prefix):
            keys, values = (kv_cache.read(entries, layer) for entries in (cache.keys, cache.values))
            out = kv_cache.attend(q, keys, values, cache.visible(x.shape[1]))
        else:
            # The tokens of a prompt attend only to each other: the cache was empty.
            out = attention(q, k, v, causal=True, kv_mask=valid, segments=segments, impl=spec.attention)
        merged = rearrange(out, "B S h d -> B S (h d)")
        return linear(spec, spec.width, ("heads", "embed"), "o")(merged, deterministic=deterministic), cache


class FeedForward(nn.Module):
    """SwiGLU (arXiv:2002.05202)."""

    spec: MistralSpec

    @nn.compact
    def __call__(self, x: Float[Array, "B S D"], deterministic: bool) -> Float[Array, "B S D"]:
        """Applies the gated feed-forward network."""
        spec = self.spec
        gate = linear(spec, spec.mlp, ("embed", "mlp"), "gate")(x, deterministic=deterministic)
        up = linear(spec, spec.mlp, ("embed", "mlp"), "up")(x, deterministic=deterministic)
        hidden = nn.with_logical_constraint(gated_silu(gate, up), ("batch", "length", "mlp"))
        return linear(spec, spec.width, ("mlp", "embed"), "down")(hidden, deterministic=deterministic)


class Block(nn.Module):
    """One pre-norm decoder layer, with the signature that `run_stack` expects."""

    spec: MistralSpec

    @nn.compact
    def __call__(
        self,
        carry: tuple[Float[Array, "B S D"], KVCache | None],
        layer: Int[Array, ""],
        angles: tuple[Float[Array, "B S half"], Float[Array, "B S half"]],
        valid: Bool[Array, "B S"],
        segments: Int[Array, "B S"] | None,
        *,
        deterministic: bool,
    ) -> tuple[tuple[Float[Array, "B S D"], KVCache | None], None]:
        """Runs layer number `layer`; the cache of all layers is part of the carry, so that it is updated in place."""
        spec = self.spec
        x, cache = carry
        norm = {"epsilon": spec.norm_epsilon, "dtype": spec.dtype, "param_dtype": spec.param_dtype}
        x = nn.with_logical_constraint(x, ("batch", "length", None))
        with jax.named_scope("attention"):
            normed = RMSNorm(name="input_norm", **norm)(x)
            update, cache = Attention(spec, name="attn")(normed, angles, valid, segments, cache, layer, deterministic)
            x = x + update
        with jax.named_scope("feed_forward"):
            x = x + FeedForward(spec, name="mlp")(RMSNorm(name="post_norm", **norm)(x), deterministic)
        return (x, cache), None
