"""The head of BERT that predicts masked words (Hugging Face's `BertLMPredictionHead`)."""

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from timesuite_jax.layers import LayerNorm, Linear, gelu
from timesuite_jax.models.text.bert_layer import NORM_EPSILON
from timesuite_jax.models.text.bert_spec import BertSpec


class WordHead(nn.Module):
    """Transforms outputs of BERT to what is multiplied with the word embeddings, with which the head shares weights.

    Parameter `bias` [V] is added to these products, by whoever computes them.
    """

    spec: BertSpec

    @nn.compact
    def __call__(self, x: Float[Array, "n P D"]) -> tuple[Float[Array, "n P D"], Float[Array, " V"]]:
        """Returns rows to multiply with word embeddings, float32, and the bias of each word."""
        spec = self.spec
        types = {"dtype": spec.dtype, "param_dtype": spec.param_dtype}
        hidden = gelu(Linear(spec.width, ("embed", None), name="dense", **types)(x))
        zeros = nn.with_logical_partitioning(nn.initializers.zeros_init(), (None,))
        bias = self.param("bias", zeros, (spec.vocab,), jnp.dtype(spec.param_dtype))
        return LayerNorm(NORM_EPSILON, name="norm")(hidden.astype(jnp.float32)), bias
