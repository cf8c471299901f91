"""Mistral, the language model (arXiv:2310.06825), with adapters on every projection and on the head.

Follows Hugging Face's `MistralForCausalLM` in numbers (half-split rotary embedding, no sliding window as in v0.2) and
upstream's use of `peft` in what is adapted: q, k, v, o, gate, up, down and lm_head. The base may be stored in bfloat16;
the adapters stay float32.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from einops import rearrange
from flax import linen as nn
from jaxtyping import Array, Bool, Float, Int

from timesuite_jax.config_spec import check_least
from timesuite_jax.errors import UserError
from timesuite_jax.layers import (
    Dropout,
    Linear,
    LoraSpec,
    RMSNorm,
    apply_rope,
    attention,
    check_choices,
    gated_silu,
    rope_angles,
    run_stack,
)
from timesuite_jax.models.text import kv_cache
from timesuite_jax.models.text.kv_cache import KVCache

UPSTREAM_LORA = LoraSpec(rank=16, alpha=32, dropout=0.1)


@dataclasses.dataclass(frozen=True)
class MistralSpec:
    """Sizes and numeric choices."""

    vocab: int
    width: int  # D
    mlp: int  # M
    layers: int  # L
    heads: int  # h
    kv_heads: int  # g
    head_width: int  # d
    rope_theta: float = 1e6
    norm_epsilon: float = 1e-5
    embedding_std: float = 0.02  # of fresh token embeddings; small models that start from nothing want more
    lora: LoraSpec | None = UPSTREAM_LORA
    dtype: jnp.dtype = jnp.float32  # of the computation
    param_dtype: jnp.dtype = jnp.float32  # of the base weights
    kernels: str = "float"  # or "int8", "int4": the layers' frozen kernels; embedding, norms and head stay floats
    attention: str = "auto"  # see `timesuite_jax.layers.attention`
    unroll: bool = False
    remat: str = "none"

    def __post_init__(self) -> None:
        """Refuses sizes that no model can have.

        Raises:
          UserError: naming the field.
        """
        sizes = ("vocab", "width", "mlp", "layers", "heads", "kv_heads", "head_width")
        check_least(self, "mistral", dict.fromkeys(sizes, 1))
        check_choices(self, "mistral")
        if self.heads % self.kv_heads:
            raise UserError(
                f"mistral.kv_heads={self.kv_heads} does not divide mistral.heads={self.heads}; choose a divisor"
            )
        if self.head_width % 2:
            raise UserError(f"mistral.head_width={self.head_width} is odd; rotary embeddings need an even one")

    @classmethod
    def from_variant(cls, name: str, **changes: Any) -> "MistralSpec":
        """A named size, with fields changed on the way.

        Raises:
          ValueError: on an unknown name.
        """
        if name not in VARIANTS:
            raise ValueError(f"Mistral has no variant {name!r}; there are {sorted(VARIANTS)}")
        return dataclasses.replace(VARIANTS[name], **changes)

    @classmethod
    def from_hf_config(cls, config: Mapping[str, Any], **changes: Any) -> "MistralSpec":
        """The sizes in a Hugging Face `config.json`.

        Raises:
          ValueError: if the file describes a model that this one is not.
        """
        wanted = {"hidden_act": "silu", "sliding_window": None, "tie_word_embeddings": False, "rope_scaling": None}
        for field, value in wanted.items():
            if config.get(field, value) != value:
                raise ValueError(f"config.json has {field}={config[field]!r}; only {value!r} is built here")
        heads, width = config["num_attention_heads"], config["hidden_size"]
        # transformers 5 moved the base of the rotary embedding into a group of its own.
        rope = config.get("rope_parameters") or config
        spec = cls(
            vocab=config["vocab_size"],
            width=width,
            mlp=config["intermediate_size"],
            layers=config["num_hidden_layers"],
            heads=heads,
            kv_heads=config["num_key_value_heads"],
            head_width=config.get("head_dim") or width // heads,
            rope_theta=float(rope["rope_theta"]),
            norm_epsilon=config["rms_norm_eps"],
        )
        return dataclasses.replace(spec, **changes)


VARIANTS = {
    # config.json of mistralai/Mistral-7B-Instruct-v0.2
    "7b-instruct-v0.2": MistralSpec(
        vocab=32000, width=4096, mlp=14336, layers=32, heads=32, kv_heads=8, head_width=128
    ),
    # Small enough for a test, with grouped heads and several layers.
    "debug": MistralSpec(
        vocab=640, width=64, mlp=128, layers=2, heads=4, kv_heads=2, head_width=16,
        lora=LoraSpec(rank=4, alpha=8, dropout=0.1),
    ),
}  # fmt: skip


def _linear(spec: MistralSpec, features: int, axes: tuple[str, str], name: str, **changes: Any) -> Linear:
    fields = {field: getattr(spec, field) for field in ("lora", "kernels", "dtype", "param_dtype")} | changes
    return Linear(features, axes, use_bias=False, name=name, **fields)


class Attention(nn.Module):
    """Causal self-attention with grouped heads, over the tokens given or over a cache."""

    spec: MistralSpec

    @nn.compact
    def __call__(
        self,
        x: Float[Array, "B S D"],
        angles: tuple[Array, Array],
        valid: Bool[Array, "B S"],
        segments: Int[Array, "B S"] | None,
        cache: KVCache | None,
        layer: Int[Array, ""],
        deterministic: bool,
    ) -> tuple[Float[Array, "B S D"], KVCache | None]:
        """Attends; writes the new keys and values into `cache` and returns it."""
        spec = self.spec

        def project(name: str, heads: int, axis: str) -> Float[Array, "B S heads d"]:
            layer = _linear(spec, heads * spec.head_width, ("embed", axis), name)
            merged = layer(x, deterministic=deterministic)
            split = rearrange(merged, "B S (heads d) -> B S heads d", d=spec.head_width)
            return nn.with_logical_constraint(split, ("batch", "length", axis, None))

        q = apply_rope(project("q", spec.heads, "heads"), *angles)
        k = apply_rope(project("k", spec.kv_heads, "kv_heads"), *angles)
        v = project("v", spec.kv_heads, "kv_heads")
        if cache is not None:
            slot = cache.used - x.shape[1]  # `admit` has counted these tokens already
            new_k, new_v = (rearrange(new, "B S g d -> B g S d") for new in (k, v))
            cache = cache.replace(
                keys=kv_cache.write(cache.keys, layer, slot, new_k),
                values=kv_cache.write(cache.values, layer, slot, new_v),
            )
        if cache is not None and x.shape[1] == 1:
            out = kv_cache.attend(q, kv_cache.read(cache.keys, layer), kv_cache.read(cache.values, layer), cache.valid)
        else:
            # A prompt into an empty cache sees only itself.
            out = attention(q, k, v, causal=True, kv_mask=valid, segments=segments, impl=spec.attention)
        merged = rearrange(out, "B S h d -> B S (h d)")
        return _linear(spec, spec.width, ("heads", "embed"), "o")(merged, deterministic=deterministic), cache


class FeedForward(nn.Module):
    """SwiGLU (arXiv:2002.05202)."""

    spec: MistralSpec

    @nn.compact
    def __call__(self, x: Float[Array, "B S D"], deterministic: bool) -> Float[Array, "B S D"]:
        """Applies the gated feed-forward."""
        spec = self.spec
        gate = _linear(spec, spec.mlp, ("embed", "mlp"), "gate")(x, deterministic=deterministic)
        up = _linear(spec, spec.mlp, ("embed", "mlp"), "up")(x, deterministic=deterministic)
        hidden = nn.with_logical_constraint(gated_silu(gate, up), ("batch", "length", "mlp"))
        return _linear(spec, spec.width, ("mlp", "embed"), "down")(hidden, deterministic=deterministic)


class Block(nn.Module):
    """One pre-norm layer, in the form that `run_stack` runs."""

    spec: MistralSpec

    @nn.compact
    def __call__(
        self,
        carry: tuple[Float[Array, "B S D"], KVCache | None],
        layer: Int[Array, ""],
        angles: tuple[Array, Array],
        valid: Bool[Array, "B S"],
        segments: Int[Array, "B S"] | None,
        *,
        deterministic: bool,
    ) -> tuple[tuple[Float[Array, "B S D"], KVCache | None], None]:
        """Runs layer number `layer`; the cache of all layers travels in the carry, so it is updated in place."""
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


class Mistral(nn.Module):
    """The decoder. Embedding, layers and head are separate doors, since vision tokens enter between them."""

    spec: MistralSpec

    def setup(self) -> None:
        """Makes the parts, named as in the parameter tree."""
        spec = self.spec
        init = nn.with_logical_partitioning(nn.initializers.normal(spec.embedding_std), ("vocab", "embed"))
        # As a module of its own (not `nn.Embed`) for one key, "embedding", in any storage type.
        self.embed_tokens = _Embedding(spec.vocab, spec.width, spec.dtype, spec.param_dtype, init, name="embed")
        self.layers = Block(spec)
        self.norm = RMSNorm(spec.norm_epsilon, dtype=spec.dtype, param_dtype=spec.param_dtype)
        # Not quantised: the loss reads it as it is, and it is 2 % of the weights.
        self.lm_head = _linear(spec, spec.vocab, ("embed", "vocab"), "lm_head", kernels="float")
        self.head_dropout = Dropout(spec.lora.dropout if spec.lora else 0.0)

    def embed(self, tokens: Int[Array, "B S"]) -> Float[Array, "B S D"]:
        """Looks tokens up."""
        return self.embed_tokens(tokens)

    def logits(self, hidden: Float[Array, "B S D"]) -> Float[Array, "B S V"]:
        """Scores of the next token; for training see `objectives.answer_cross_entropy`, which never makes them all."""
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
          inputs_embeds: embedded tokens of any kind.
          positions: of each token among the real ones, from 0.
          valid: False at padding, on either side; what comes out there is finite and means nothing.
          segments: 0 where every later token may look, else a number: only tokens of the same number may look there.
          deterministic: False draws the adapters' dropout from the stream "dropout".
          cache: an empty one (the tokens are a prompt and fill it) or a filled one (S must be 1).

        Returns:
          Hidden states, and a dictionary with "cache" (the cache given, grown) and "head_input" (what the head's
          adapter reads: the hidden states, after dropout when not deterministic).
        """
        spec = self.spec
        if self.is_initializing():
            # Made here, so that any way in makes the whole tree.
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
        """A cache for `batch` rows of at most `capacity` tokens, padding included."""
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
    vocab: int
    width: int
    dtype: jnp.dtype
    param_dtype: jnp.dtype
    init: Any

    @nn.compact
    def __call__(self, tokens: Int[Array, "*batch"]) -> Float[Array, "*batch D"]:
        table = self.param("embedding", self.init, (self.vocab, self.width), self.param_dtype)
        return jnp.take(table, tokens, axis=0).astype(self.dtype)
