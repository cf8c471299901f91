"""Q-Former (BLIP-2, arXiv:2301.12597): learned queries attend to the vision tokens of a clip, guided by a text.

In VideoChat-T the text is the clip's time instruction ("The 1-th video clip contains 8 frames sampled at ..."). Layers
are grouped in (even, odd) pairs because only even ones have cross-attention. The pairs are stacked and scanned; the
last of an odd number of layers is separate (`last_even`). The text output of the last layer is not used, but the scan
computes it, a thousandth of a training step. A separate last pair without it took a TPU's compiler half a minute
longer.
"""

import jax
import jax.numpy as jnp
import numpy as np
from einops import rearrange
from flax import linen as nn
from jaxtyping import Array, Bool, Float, Int

from timesuite_jax.errors import UserError
from timesuite_jax.layers import REMAT_POLICIES, Dropout, LayerNorm, run_stack
from timesuite_jax.models.text.bert_layer import NORM_EPSILON, embedded, keep_clips
from timesuite_jax.models.text.qformer_layer import QFormerLayer
from timesuite_jax.models.text.qformer_spec import QFormerSpec

_Stream = tuple[Float[Array, "n N D"], Float[Array, "n P D"] | None]  # queries and text


class QFormerEmbeddings(nn.Module):
    """Embeds the text with positions, and applies one norm to queries and text."""

    spec: QFormerSpec

    @nn.compact
    def __call__(
        self, queries: Float[Array, "n N D"], text: Int[Array, "n P"] | None, *, deterministic: bool
    ) -> _Stream:
        """Returns the residual streams of queries and text; without token-type embeddings, as upstream."""
        spec = self.spec
        norm = LayerNorm(NORM_EPSILON, name="norm")

        rows = queries.astype(jnp.float32)
        if text is not None:
            length = text.shape[1]
            if length > spec.positions:
                raise UserError(
                    f"the Q-Former got a text of {length} tokens, but qformer.positions={spec.positions}; "
                    "shorten the text"
                )
            words = embedded(spec.bert, "word", spec.vocab, text)
            places = embedded(spec.bert, "position", spec.positions, jnp.arange(length))
            words = words + jnp.broadcast_to(places[None], words.shape)
            rows = jnp.concatenate([rows, words.astype(jnp.float32)], axis=1)
        rows = keep_clips(Dropout(spec.hidden_dropout)(norm(rows), deterministic=deterministic))
        count = queries.shape[1]
        return rows[:, :count], None if text is None else rows[:, count:]


class _Pair(nn.Module):
    """An even layer (with cross-attention) and the odd one after it, with the signature that `run_stack` expects."""

    spec: QFormerSpec

    @nn.compact
    def __call__(
        self,
        stream: _Stream,
        rates: Float[Array, "2"],
        vision: Float[Array, "n C E"],
        text_mask: Bool[Array, "n P"] | None,
        *,
        deterministic: bool,
    ) -> tuple[_Stream, None]:
        with jax.named_scope("qformer_pair"):
            even = QFormerLayer(self.spec, cross=True, name="even")
            stream = even(*stream, vision, text_mask, rates[0], deterministic)
            odd = QFormerLayer(self.spec, cross=False, name="odd")
            stream = odd(*stream, vision, text_mask, rates[1], deterministic)
        return stream, None


class QFormer(nn.Module):
    """Encodes queries, given vision tokens and a text."""

    spec: QFormerSpec

    @nn.compact
    def __call__(
        self,
        queries: Float[Array, "n N D"],
        vision: Float[Array, "n C D_vision"],
        text: Int[Array, "n P"] | None = None,
        text_mask: Bool[Array, "n P"] | None = None,
        *,
        deterministic: bool = True,
    ) -> tuple[Float[Array, "n N D"], dict[str, Float[Array, "n P D"] | None]]:
        """Runs all layers; `n` is the clips of all samples.

        Args:
          queries: query tokens, the same for every clip.
          vision: tokens of the clip, of any width; all are visible.
          text: token ids with [CLS] and [SEP]; None exactly if `spec.text_input` is False. The position of a token is
            its column: padding on the right does not change the result, padding on the left does.
          text_mask: False at padding.
          deterministic: False enables dropout (stream "dropout") and drop path (stream "drop_path").

        Returns:
          Outputs of the queries, float32, and a dictionary with "text", the outputs of the text (None without text).

        Raises:
          UserError: if the text is longer than the position table.
          ValueError: if text is given but `text_input` is False, or vice versa.
        """
        spec = self.spec
        if (text is not None) != spec.text_input or (text is None) != (text_mask is None):
            raise ValueError("text and text_mask must be given exactly when QFormerSpec.text_input is True")
        stream = QFormerEmbeddings(spec, name="embeddings")(queries, text, deterministic=deterministic)
        rates = jnp.asarray(np.linspace(0.0, spec.drop_path, spec.layers), jnp.float32)
        if spec.pairs:
            stack = {"length": spec.pairs, "unroll": spec.unroll, "remat": spec.remat, "deterministic": deterministic}
            by_pair = rearrange(rates[: 2 * spec.pairs], "(pair layer) -> pair layer", layer=2)
            stream, _ = run_stack(_Pair(spec, name="pairs"), stream, by_pair, vision, text_mask, **stack)
        if spec.layers % 2:
            layer_class = QFormerLayer
            if spec.remat != "none":
                layer_class = nn.remat(QFormerLayer, policy=REMAT_POLICIES[spec.remat], static_argnums=(6,))
            with jax.named_scope("qformer_last"):
                layer = layer_class(spec, cross=True, name="last_even")
                stream = layer(*stream, vision, text_mask, rates[-1], deterministic)
        queries, text_out = stream
        return queries, {"text": text_out}
