"""MQSA, the recommender with multi-query self-attention (MQSA-TED, arXiv:2311.01056), after upstream's `MQSA_TED.py`.

Two branches read the same embedded history and differ in what asks: the short branch's query is the item itself, the
long branch's is the mean of the last few items. Their outputs are mixed before the one product with the item table,
which is linear, so that the mix costs one product and not two.

A history is left-padded: its newest item stands in the last slot. Or rows are packed: several histories lie one after
another, each slot with the number of its history (`segments`) and the position that it would have alone. Both give the
same numbers; nine slots in ten of padded histories hold nothing. Item ids are 0 .. V-1 and V itself is padding. The
parameters, with blocks stacked along their first axis:

    item_embedding [V, D] (and some rows of zeros, with `item_multiple`); position_embedding [max_len, D]
    {short, long}/blocks/{query_norm, attention_norm}/{scale, bias}
    {short, long}/blocks/{query, key, value, fc1, fc2}/{kernel, bias}
    {short, long}/norm/{scale, bias}
    where items have features, feature_projection [F, D], and not trained: item_features [V, F], item_trained [V, 1]

Everything is float32: the norms' epsilon is below what half precision can hold beside a variance.
"""

import dataclasses
import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from einops import rearrange
from flax import linen as nn
from jaxtyping import Array, Bool, Float, Int

from timesuite_jax.config_spec import check_least
from timesuite_jax.errors import UserError
from timesuite_jax.layers import Dropout, LayerNorm, Linear, run_stack

NORM_EPSILON = 1e-24
EMBEDDING_STD = 0.01
_AT_LEAST_1 = ("items", "width", "max_len", "blocks", "heads", "window", "item_multiple")
HIDDEN_SCORE = 1.0 - 2.0**32  # replaces the score of what a query may not see


@dataclasses.dataclass(frozen=True)
class MqsaSpec:
    """Sizes and rates; the defaults are those of upstream's `main.py`."""

    items: int  # V
    width: int = 64  # D
    max_len: int = 50  # longest history; older items are cut off before
    blocks: int = 1
    heads: int = 1  # h
    window: int = 3  # items in the long branch's query, the paper's L
    alpha: float = 0.5  # weight of the short branch; the long one has the rest
    dropout: float = 0.5
    features: int = 0  # F, length of the vectors that items have from outside; 0: none
    item_multiple: int = 1  # tables have a multiple of this many rows, so that devices divide them; V of them are items

    def __post_init__(self) -> None:
        """Refuses sizes that no model can have.

        Raises:
          UserError: naming the field.
        """
        check_least(self, "mqsa", dict.fromkeys(_AT_LEAST_1, 1))
        check_least(self, "mqsa", {"features": 0})
        if self.width % self.heads:
            raise UserError(f"mqsa.heads={self.heads} does not divide mqsa.width={self.width}; choose a divisor")
        if not 0 <= self.alpha <= 1:
            raise UserError(f"mqsa.alpha={self.alpha} is no share; choose one from 0 (long only) to 1 (short only)")
        if not 0 <= self.dropout < 1:
            raise UserError(f"mqsa.dropout={self.dropout} is no rate; choose a number from 0 to below 1")

    @property
    def padding(self) -> int:
        """The id that stands where a history has no item."""
        return self.items

    @property
    def rows(self) -> int:
        """Of the tables of items; the last may stand for no item, and are zero then."""
        return -(-self.items // self.item_multiple) * self.item_multiple


class Slots(NamedTuple):
    """What stands in the slots of rows of histories."""

    valid: Bool[Array, "B S"]  # an item, not padding
    segments: Int[Array, "B S"]  # which history of its row


def window_mean(x: Float[Array, "B S D"], slots: Slots, window: int) -> Float[Array, "B S D"]:
    """At each slot the mean over its history's items among it and the `window - 1` slots before; zero without any.

    `x` is zero at padding. With a window of 1 it is `x` itself, bit for bit.
    """
    length = x.shape[1]
    total = count = jnp.zeros((), x.dtype)
    for shift in range(min(window, length)):
        valid, segments, values = (
            jnp.pad(array, [(0, 0), (shift, 0)] + [(0, 0)] * (array.ndim - 2))[:, :length] for array in (*slots, x)
        )
        same = jnp.logical_and(valid, segments == slots.segments)[..., None].astype(x.dtype)
        total, count = total + values * same, count + same
    # Upstream adds 1e-24 to the count: the same numbers, but its gradient would multiply by 1e24 at padding.
    return total / jnp.maximum(count, 1.0)


class Block(nn.Module):
    """Attention from a window's mean to single items, then a feed-forward, in the form that `run_stack` runs."""

    spec: MqsaSpec
    window: int

    @nn.compact
    def __call__(
        self, x: Float[Array, "B S D"], _: None, slots: Slots, *, deterministic: bool
    ) -> tuple[Float[Array, "B S D"], None]:
        """Runs the block on `x`, which is zero at padding; so is what comes out."""

        def dense(name: str, inputs: Array, axes: tuple[str, str]) -> Float[Array, "B S D"]:
            init = nn.initializers.glorot_uniform()
            return Linear(self.spec.width, axes, kernel_init=init, name=name)(inputs)

        def dropped(inputs: Array) -> Array:
            return Dropout(self.spec.dropout)(inputs, deterministic=deterministic)

        with jax.named_scope("attention"):
            asking = LayerNorm(NORM_EPSILON, name="query_norm")(window_mean(x, slots, self.window))
            q, k, v = (
                rearrange(dense(name, inputs, ("embed", "heads")), "B S (h d) -> B S h d", h=self.spec.heads)
                for name, inputs in (("query", asking), ("key", x), ("value", x))
            )
            weights = dropped(_weights(q, k, slots, asks=jnp.any(asking != 0, axis=-1)))
            attended = rearrange(jnp.einsum("BhSC,BChd->BShd", weights, v), "B S h d -> B S (h d)")
            # The residual is the normalised query: in the long branch a mean, not the item in this slot.
            x = LayerNorm(NORM_EPSILON, name="attention_norm")(attended + asking)
        with jax.named_scope("feed_forward"):
            hidden = dropped(jax.nn.relu(dense("fc1", x, ("embed", "mlp"))))
            x = x + dropped(dense("fc2", hidden, ("mlp", "embed")))
        return x * slots.valid[..., None].astype(x.dtype), None


def _weights(
    q: Float[Array, "B S h d"], k: Float[Array, "B C h d"], slots: Slots, asks: Bool[Array, "B S"]
) -> Float[Array, "B h S C"]:
    """Causal attention weights over the items of the own history; zero for a query that is zero throughout."""
    scores = jnp.einsum("BShd,BChd->BhSC", q, k) / math.sqrt(q.shape[-1])
    causal = jnp.tril(jnp.ones(scores.shape[-2:], bool))
    same = jnp.logical_and(slots.segments[:, :, None] == slots.segments[:, None], slots.valid[:, None])
    seen = jnp.logical_and(causal[None, None], same[:, None])
    # A padded query sees nothing and gets a mean over all slots, which the block's mask then removes.
    weights = jax.nn.softmax(jnp.where(seen, scores, HIDDEN_SCORE), axis=-1)
    return weights * asks[:, None, :, None].astype(weights.dtype)


class Branch(nn.Module):
    """The blocks of one kind of query, and a norm."""

    spec: MqsaSpec
    window: int

    @nn.compact
    def __call__(self, x: Float[Array, "B S D"], slots: Slots, *, deterministic: bool) -> Float[Array, "B S D"]:
        """Encodes histories; at padding comes out the norm's bias."""
        block = Block(self.spec, self.window, name="blocks")
        # Unrolled: the blocks are one or two, and XLA sees through them.
        x, _ = run_stack(block, x, None, slots, length=self.spec.blocks, unroll=True, deterministic=deterministic)
        return LayerNorm(NORM_EPSILON, name="norm")(x)


def _zero_from(row: int, init: nn.initializers.Initializer) -> nn.initializers.Initializer:
    """As `init`, but zero from this row on: the L2 then leaves those rows alone, and so does every gradient."""

    def masked(key: Array, shape: tuple[int, ...], dtype: Any = jnp.float32) -> Array:
        return jnp.where(jnp.arange(shape[0])[:, None] < row, init(key, shape, dtype), 0)

    return masked


class Mqsa(nn.Module):
    """The recommender: from histories to vectors whose product with the item table scores what comes next."""

    spec: MqsaSpec

    def setup(self) -> None:
        """Makes the parts, named as in the parameter tree."""
        spec = self.spec
        normal = nn.initializers.normal(EMBEDDING_STD)
        items = nn.with_logical_partitioning(_zero_from(spec.items, normal), ("vocab", "embed"))
        positions = nn.with_logical_partitioning(normal, ("length", "embed"))
        self.item_embedding = self.param("item_embedding", items, (spec.rows, spec.width))
        self.position_embedding = self.param("position_embedding", positions, (spec.max_len, spec.width))
        if spec.features:
            # The projected features of an item begin as large as its embedding.
            small = nn.initializers.normal(EMBEDDING_STD / math.sqrt(spec.features))
            projection = nn.with_logical_partitioning(small, (None, "embed"))
            self.feature_projection = self.param("feature_projection", projection, (spec.features, spec.width))
            zeros = nn.with_logical_partitioning(nn.initializers.zeros, ("vocab", None))
            self.item_features = self.param("item_features", zeros, (spec.rows, spec.features))
            self.item_trained = self.param("item_trained", zeros, (spec.rows, 1))
        self.short = Branch(spec, window=1)
        self.long = Branch(spec, window=spec.window)
        self.input_dropout = Dropout(spec.dropout)
        self.head_dropout = Dropout(spec.dropout)

    def __call__(
        self,
        items: Int[Array, "B S"],
        segments: Int[Array, "B S"] | None = None,
        positions: Int[Array, "B S"] | None = None,
        *,
        deterministic: bool = True,
    ) -> tuple[Float[Array, "B S D"], dict[str, Float[Array, "B S D"]]]:
        """Encodes histories, left-padded or packed.

        Args:
          items: ids, V at padding.
          segments: slots of a row with the same number are one history, without gaps between them; a row is one history
            if not given.
          positions: rows of the position table. If not given, the newest item is in the last slot: S may be less than
            the longest history, the last S positions are used, which gives the same numbers as padding to the full
            length.
          deterministic: False draws dropout from the stream "dropout".

        Returns:
          What to score items with at each slot (the next item follows the last slot), and a dictionary with "short" and
          "long" (what was mixed, where alpha gives it a share) and "heads" (the embedded items alone, as the
          distillation reads them: scaled, with a dropout of their own).

        Raises:
          ValueError: if histories without positions are longer than the position table.
        """
        spec, table = self.spec, self.item_table()
        length = items.shape[1]
        if positions is None:
            if length > spec.max_len:
                raise ValueError(f"histories of {length} slots, mqsa.max_len={spec.max_len}; cut to the newest items")
            positions = jnp.arange(spec.max_len - length, spec.max_len)[None]
        with jax.named_scope("mqsa"):
            slots = Slots(items != spec.padding, jnp.zeros_like(items) if segments is None else segments)
            # Padding reads some row, which the mask then removes.
            embedded = jnp.take(table, items, axis=0, mode="clip") * math.sqrt(spec.width)
            placed = embedded + jnp.take(self.position_embedding, positions, axis=0, mode="clip")
            x = self.input_dropout(placed, deterministic=deterministic)
            x = x * slots.valid[..., None].astype(x.dtype)
            shares = {"short": (self.short, spec.alpha), "long": (self.long, 1.0 - spec.alpha)}
            mixed, branches = jnp.zeros_like(x), {}
            for name, (branch, share) in shares.items():
                # A branch without a share is not run. It has its parameters all the same, as upstream's has.
                if share or self.is_initializing():
                    branches[name] = branch(x, slots, deterministic=deterministic)
                    mixed += share * branches[name]
            heads = self.head_dropout(embedded, deterministic=deterministic)
        return mixed, {**branches, "heads": heads}

    def item_table(self) -> Float[Array, "rows D"]:
        """What stands for each item, in histories and in scores: its embedding, and its projected features if any.

        An item that no training history holds has nothing to learn an embedding from but that it never comes next; what
        it would learn is only to stay last. With features it is known by these alone.
        """
        if not self.spec.features:
            return self.item_embedding
        projected = jnp.einsum("VF,FD->VD", self.item_features, self.feature_projection)
        return self.item_embedding * self.item_trained + projected
