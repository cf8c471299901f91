"""One layer of the Q-Former (BLIP-2, arXiv:2301.12597; `blip2/Qformer.py` upstream): a post-norm BERT layer.

Queries and text share one self-attention; only the queries attend to the vision tokens; each has its own feed-forward.
"""

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Bool, Float

from timesuite_jax.models.text.bert_layer import BertAttention, feed_forward
from timesuite_jax.models.text.qformer_spec import QFormerSpec


class QFormerLayer(nn.Module):
    """Self-attention of queries and text, cross-attention of the queries (if `cross`), feed-forwards."""

    spec: QFormerSpec
    cross: bool

    @nn.compact
    def __call__(
        self,
        queries: Float[Array, "n N D"],
        text: Float[Array, "n P D"] | None,
        vision: Float[Array, "n C D_vision"],
        text_mask: Bool[Array, "n P"] | None,
        drop_path: Float[Array, ""],
        deterministic: bool,
    ) -> tuple[Float[Array, "n N D"], Float[Array, "n P D"] | None]:
        """Returns the updated queries and text (None without text)."""
        spec = self.spec
        count = queries.shape[1]
        rows, mask = queries, None
        if text is not None:
            rows = jnp.concatenate([queries, text], axis=1)
            mask = jnp.concatenate([jnp.ones(queries.shape[:2], bool), text_mask], axis=1)

        def attend(
            name: str, x: Float[Array, "n N D"], memory: Float[Array, "n C E"], mask: Bool[Array, "n C"] | None
        ) -> Float[Array, "n N D"]:
            return BertAttention(spec.bert, name=name)(x, memory, mask, drop_path, deterministic=deterministic)

        attended = attend("attention", rows, rows, mask)
        queries = attended[:, :count]
        if self.cross:
            queries = attend("cross_attention", queries, vision, None)

        def forward(name: str, x: Float[Array, "n N D"]) -> Float[Array, "n N D"]:
            names = {"mlp": f"{name}_mlp", "norm": f"{name}_norm"}
            return feed_forward(spec.bert, x, drop_path, deterministic=deterministic, **names)

        text = None if text is None else forward("text", attended[:, count:])
        return forward("query", queries), text
