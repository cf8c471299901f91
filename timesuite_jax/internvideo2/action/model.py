"""InternVideo2 classifiers (`internvideo2.py`, `internvideo2_ap.py` and `internvideo2_cat.py` upstream).

vision/...                     the encoder
extra_mlp_norm/{scale, bias}   of an attentive probe, as is
extra_mlp/{fc1, fc2}
down/{kernel, bias}            projection of merged tokens
down_norm/{scale, bias, mean, var}
fc_norm/{scale, bias}          of the pooled feature
head/{kernel, bias}
"""

from typing import Any

import jax.numpy as jnp
from einops import rearrange, reduce
from flax import linen as nn
from jaxtyping import Array, Bool, Float

from timesuite_jax.internvideo2.action.spec import ActionSpec
from timesuite_jax.layers import BatchNorm, Dropout, FeedForward, LayerNorm, Linear, gelu
from timesuite_jax.models.vision import InternVideo2Encoder
from timesuite_jax.models.vision.attention_pool import LINEAR_STD
from timesuite_jax.models.vision.internvideo2_init import rescale_blocks

NORM_EPSILON = 1e-5
_MLP_RATIO = 4
_INIT = nn.initializers.normal(LINEAR_STD)


class ActionModel(nn.Module):
    """Encodes clips and classifies them."""

    spec: ActionSpec

    @nn.compact
    def __call__(
        self,
        frames: Float[Array, "n F H W 3"],
        *,
        valid: Bool[Array, " n"] | None = None,
        deterministic: bool = True,
    ) -> Float[Array, "n classes"]:
        """Returns the logits, in float32.

        Args:
          frames: normalised pixels.
          valid: clips that count for the statistics of a BatchNorm; None: all.
          deterministic: without drop path and dropout, and with running statistics.
        """
        spec = self.spec
        tokens, aux = InternVideo2Encoder(spec.vision, name="vision")(frames, deterministic=deterministic)
        tokens, pooled = tokens.astype(jnp.float32), aux["pooled"].astype(jnp.float32)
        if spec.extra_mlp:
            hidden = LayerNorm(NORM_EPSILON, name="extra_mlp_norm")(pooled)
            mlp = FeedForward(_MLP_RATIO * pooled.shape[-1], kernel_init=_INIT, name="extra_mlp")
            pooled = pooled + mlp(hidden[:, None])[:, 0]
        parts = [LayerNorm(NORM_EPSILON, name="fc_norm")(pooled)]
        if spec.merges_tokens:
            merged = self._merge(tokens, frames.shape[1], valid, deterministic)
            parts = [merged, *parts] if spec.merge.endswith("_proj") else [merged]
        features = Dropout(spec.head_dropout)(jnp.concatenate(parts, axis=-1), deterministic=deterministic)
        return Linear(spec.num_classes, ("embed", None), kernel_init=_INIT, name="head")(features)

    def _merge(
        self, tokens: Float[Array, "n N D"], frames: int, valid: Bool[Array, " n"] | None, deterministic: bool
    ) -> Float[Array, "n D_out"]:
        """The normed class token and means of patches, one after the other."""
        spec = self.spec
        groups = frames if spec.projects_tokens else 1
        means = reduce(tokens[:, 1:], "n (F N) D -> n F D", "mean", F=groups)
        merged = jnp.concatenate([tokens[:, :1], means], axis=1)
        if spec.projects_tokens:
            merged = gelu(Linear(spec.vision.pool_width, ("embed", None), kernel_init=_INIT, name="down")(merged))
        if spec.merge_norm == "LN":
            merged = LayerNorm(NORM_EPSILON, name="down_norm")(merged)
            return rearrange(merged, "n N D -> n (N D)")
        affine = spec.merge_norm == "BN"
        norm = BatchNorm(1e-5 if affine else 1e-6, affine, name="down_norm")
        # A BatchNorm's input has its channels first upstream, and the head reads them in that order.
        return rearrange(norm(merged, valid=valid, deterministic=deterministic), "n N D -> n (D N)")


def initialise(params: dict[str, Any], spec: ActionSpec) -> dict[str, Any]:
    """What upstream's initialisation does after that of each module.

    Args:
      params: fresh parameters, without boxes.
      spec: of the model.

    Returns:
      The same with rescaled blocks, a feed-forward block that adds nothing, and a small head.
    """
    vision = {**params["vision"], "blocks": rescale_blocks(params["vision"]["blocks"])}
    head = {name: leaf * jnp.asarray(spec.init_scale, leaf.dtype) for name, leaf in params["head"].items()}
    params = {**params, "vision": vision, "head": head}
    if spec.extra_mlp:
        last = {name: jnp.zeros_like(leaf) for name, leaf in params["extra_mlp"]["fc2"].items()}
        params["extra_mlp"] = {**params["extra_mlp"], "fc2": last}
    return params
