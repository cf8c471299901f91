"""BERT (arXiv:1810.04805) as an encoder of texts: Hugging Face's `BertModel` without its pooler."""

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Bool, Float, Int

from timesuite_jax.errors import UserError
from timesuite_jax.layers import Dropout, LayerNorm, run_stack
from timesuite_jax.models.text.bert_layer import NORM_EPSILON, BertLayer, embedded
from timesuite_jax.models.text.bert_spec import BertSpec


class BertEmbeddings(nn.Module):
    """Embeds tokens with their positions and the first token type, and normalises."""

    spec: BertSpec

    @nn.compact
    def __call__(self, text: Int[Array, "n P"], *, deterministic: bool) -> Float[Array, "n P D"]:
        """Returns the residual stream, float32."""
        spec = self.spec
        words = embedded(spec, "word", spec.vocab, text)
        places = embedded(spec, "position", spec.positions, jnp.arange(text.shape[1]))
        kind = embedded(spec, "token_type", spec.token_types, jnp.zeros(1, jnp.int32))
        added = jnp.broadcast_to((places + jnp.broadcast_to(kind, places.shape))[None], words.shape)
        rows = LayerNorm(NORM_EPSILON, name="norm")((words + added).astype(jnp.float32))
        return Dropout(spec.hidden_dropout)(rows, deterministic=deterministic)


class Bert(nn.Module):
    """Encodes texts; the layers are stacked and scanned."""

    spec: BertSpec

    @nn.compact
    def __call__(
        self, text: Int[Array, "n P"], mask: Bool[Array, "n P"], *, deterministic: bool = True
    ) -> Float[Array, "n P D"]:
        """Runs all layers.

        Args:
          text: token ids with [CLS] and [SEP], padded on the right.
          mask: False at padding.
          deterministic: False enables dropout (stream "dropout").

        Returns:
          Output of each token, float32; of padding, too.

        Raises:
          UserError: if the text is longer than the position table.
        """
        spec = self.spec
        if text.shape[1] > spec.positions:
            raise UserError(
                f"BERT got a text of {text.shape[1]} tokens, but bert.positions={spec.positions}; shorten the text"
            )
        x = BertEmbeddings(spec, name="embeddings")(text, deterministic=deterministic)
        layers = BertLayer(spec, name="layers")
        stack = {"length": spec.layers, "remat": spec.remat, "deterministic": deterministic}
        x, _ = run_stack(layers, x, None, mask, **stack)
        return x
