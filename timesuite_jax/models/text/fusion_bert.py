"""Layers of BERT that attend to other tokens, such as those of a video (ALBEF, arXiv:2107.07651; `xbert.py` upstream).

In InternVideo2 they are the last ones of a BERT-large, whose first ones encode the text alone.
"""

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Bool, Float

from timesuite_jax.layers import run_stack
from timesuite_jax.models.text.bert_layer import BertAttention, feed_forward
from timesuite_jax.models.text.bert_spec import BertSpec


class FusionLayer(nn.Module):
    """Self-attention, cross-attention and a feed-forward block, with the signature that `run_stack` expects."""

    spec: BertSpec

    @nn.compact
    def __call__(
        self,
        x: Float[Array, "n P D"],
        _: None,
        mask: Bool[Array, "n P"],
        memory: Float[Array, "n C D_vision"],
        memory_mask: Bool[Array, "n C"] | None,
        *,
        deterministic: bool,
    ) -> tuple[Float[Array, "n P D"], None]:
        """Returns the updated stream; positions where a mask is False are not attended to."""
        attention = BertAttention(self.spec, name="attention")
        x = attention(x, x, mask, None, deterministic=deterministic)
        cross_attention = BertAttention(self.spec, name="cross_attention")
        x = cross_attention(x, memory, memory_mask, None, deterministic=deterministic)
        return feed_forward(self.spec, x, None, mlp="mlp", norm="norm", deterministic=deterministic), None


class FusionBert(nn.Module):
    """Relates encoded texts to other tokens; the layers are stacked and scanned."""

    spec: BertSpec

    @nn.compact
    def __call__(
        self,
        text: Float[Array, "n P D"],
        mask: Bool[Array, "n P"],
        memory: Float[Array, "n C D_vision"],
        memory_mask: Bool[Array, "n C"] | None = None,
        *,
        deterministic: bool = True,
    ) -> Float[Array, "n P D"]:
        """Runs all layers.

        Args:
          text: outputs of `Bert`.
          mask: False at padding of the text.
          memory: tokens that the text attends to, of any width.
          memory_mask: those that are attended to; None: all.
          deterministic: False enables dropout (stream "dropout").

        Returns:
          Output of each token of the text, float32; of padding, too.
        """
        spec = self.spec
        layers = FusionLayer(spec, name="layers")
        stack = {"length": spec.layers, "remat": spec.remat, "deterministic": deterministic}
        x, _ = run_stack(layers, text.astype(jnp.float32), None, mask, memory, memory_mask, **stack)
        return x
