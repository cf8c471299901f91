"""MQSA, the recommender with multi-query self-attention (MQSA-TED, arXiv:2311.01056), after upstream's `MQSA_TED.py`.

Two branches read the same embedded history (`block.py`). Their outputs are mixed before the product with the item
table, which is linear, so that one product serves both.

Histories are left-padded: the newest item is in the last slot. Or rows are packed with several histories, each slot
with the number of its history (`segments`) and the position that it would have in a row of its own. Both give the same
numbers; nine slots in ten of padded histories are empty. Item ids are 0 .. V-1 and V is padding. The parameters, with
blocks stacked along their first axis:

    item_embedding [V, D] (padded with rows of zeros to `item_multiple`); position_embedding [max_len, D]
    {short, long}/blocks/{query_norm, attention_norm}/{scale, bias}
    {short, long}/blocks/{query, key, value, fc1, fc2}/{kernel, bias}
    {short, long}/norm/{scale, bias}
    where items have features, feature_projection [F, D], and not trained: item_features [V, F], item_trained [V, 1]

Everything is float32: the epsilon of the norms, 1e-24, vanishes beside a variance in half precision.
"""

import math
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float, Int, PRNGKeyArray

from timesuite_jax.layers import Dropout
from timesuite_jax.mqsa_ted.model.block import Branch, Slots
from timesuite_jax.mqsa_ted.model.spec import MqsaSpec

EMBEDDING_STD = 0.01


def _zero_from(row: int, init: nn.initializers.Initializer) -> nn.initializers.Initializer:
    """Wraps `init` so that rows from `row` on are zero: they get no gradient, and the weight penalty ignores them."""

    def masked(key: PRNGKeyArray, shape: tuple[int, ...], dtype: Any = jnp.float32) -> Float[Array, "rows D"]:
        return jnp.where(jnp.arange(shape[0])[:, None] < row, init(key, shape, dtype), 0)

    return masked


class Mqsa(nn.Module):
    """The recommender: maps histories to vectors whose products with the item table score the next item."""

    spec: MqsaSpec

    def setup(self) -> None:
        """Creates parameters and submodules, named as in the parameter tree."""
        spec = self.spec
        normal = nn.initializers.normal(EMBEDDING_STD)
        items = nn.with_logical_partitioning(_zero_from(spec.items, normal), ("vocab", "embed"))
        positions = nn.with_logical_partitioning(normal, ("length", "embed"))
        self.item_embedding = self.param("item_embedding", items, (spec.rows, spec.width))
        self.position_embedding = self.param("position_embedding", positions, (spec.max_len, spec.width))
        if spec.features:
            # The projected features of an item start with the standard deviation of its embedding.
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
        """Encodes left-padded or packed histories.

        Args:
          items: item ids, V at padding.
          segments: number of the history of each slot; the slots of a history are contiguous. None: each row is one
            history.
          positions: rows of the position table. None: the newest item is in the last slot. S may then be less than
            `max_len`: the last S positions are used, which gives the same numbers as padding to the full length.
          deterministic: False samples dropout from the stream "dropout".

        Returns:
          The vector at each slot that scores its next item, and a dictionary with "short" and "long" (outputs of the
          branches with a nonzero weight) and "heads" (the scaled item embeddings with a dropout of their own, which
          the distillation reads).

        Raises:
          ValueError: if histories without positions are longer than the position table.
        """
        spec, table = self.spec, self.item_table()
        length = items.shape[1]
        if positions is None:
            if length > spec.max_len:
                raise ValueError(
                    f"histories have {length} slots, but mqsa.max_len={spec.max_len}; keep the newest items only"
                )
            positions = jnp.arange(spec.max_len - length, spec.max_len)[None]
        with jax.named_scope("mqsa"):
            slots = Slots(items != spec.padding, jnp.zeros_like(items) if segments is None else segments)
            # Padding reads an arbitrary row, which the mask then removes.
            embedded = jnp.take(table, items, axis=0, mode="clip") * math.sqrt(spec.width)
            placed = embedded + jnp.take(self.position_embedding, positions, axis=0, mode="clip")
            x = self.input_dropout(placed, deterministic=deterministic)
            x = x * slots.valid[..., None].astype(x.dtype)
            weights = {"short": (self.short, spec.alpha), "long": (self.long, 1.0 - spec.alpha)}
            mixed, branches = jnp.zeros_like(x), {}
            for name, (branch, weight) in weights.items():
                # A branch of weight 0 is not run, but has parameters, as upstream.
                if weight or self.is_initializing():
                    branches[name] = branch(x, slots, deterministic=deterministic)
                    mixed += weight * branches[name]
            heads = self.head_dropout(embedded, deterministic=deterministic)
        return mixed, {**branches, "heads": heads}

    def item_table(self) -> Float[Array, "rows D"]:
        """Returns the vector of each item, in histories and scores: its embedding plus its projected features, if any.

        An item without training histories could only learn from never being the next item, which ranks it last. With
        features, such an item is represented by its features alone (`item_trained` is 0).
        """
        if not self.spec.features:
            return self.item_embedding
        projected = jnp.einsum("VF,FD->VD", self.item_features, self.feature_projection)
        return self.item_embedding * self.item_trained + projected
