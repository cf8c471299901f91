"""Predictions of a teacher's features from the layers of an encoder (`internvideo2_pretrain.py` upstream)."""

import dataclasses
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.internvideo2.model.decoders import Decoder, DecoderKind, LayerDecoders
from timesuite_jax.models.vision import InternVideo2Spec
from timesuite_jax.models.vision.video_positions import VideoPositions


@dataclasses.dataclass(frozen=True)
class DecoderSpec:
    """Sizes of decoders to a teacher's features; the defaults are InternVL-C's.

    Attributes:
      width: of the teacher's tokens.
      pooled_width: of its pooled feature.
      kind: see `Decoder`.
    """

    width: int = bounded(3200, minimum=1)
    pooled_width: int = bounded(768, minimum=1)
    kind: DecoderKind = "linear"

    def __post_init__(self) -> None:
        """Checks the bounds.

        Raises:
          UserError: naming the field.
        """
        check_bounds(self)


def decode_features(
    encoder: InternVideo2Spec,
    decoders: DecoderSpec,
    layers: Float[Array, "L n N_and_1 D"],
    pooled: Float[Array, "n D_pool"],
    indices: Int[Array, "n N"],
    frames: int,
) -> tuple[Float[Array, "L n N_and_1 D_out"], Float[Array, "n D_pool_out"]]:
    """Predicts a teacher's layers and its pooled feature; for a compact method of a module.

    The module gets `clip_positions`, which are added to the tokens, `decoders` and `pooled_decoder`.

    Args:
      encoder: of the tokens.
      decoders: their sizes.
      layers: outputs of chosen blocks: the class token and the visible patches.
      pooled: the encoder's pooled feature.
      indices: numbers of the visible patches.
      frames: of a clip.
    """
    types: dict[str, Any] = {"dtype": encoder.dtype, "param_dtype": encoder.param_dtype}
    table = VideoPositions(encoder, name="clip_positions")(frames)
    by_layer = LayerDecoders(decoders.width, decoders.kind, name="decoders", **types)
    of_pooled = Decoder(decoders.pooled_width, decoders.kind, name="pooled_decoder", **types)
    return by_layer(add_positions(layers, table, indices, class_token=True)), of_pooled(pooled)


def add_positions(
    layers: Float[Array, "L n N_out D"],
    table: Float[Array, "N_all D"],
    indices: Int[Array, "n N"],
    *,
    class_token: bool,
) -> Float[Array, "L n N_out D"]:
    """Adds the positions of the visible tokens to the outputs of each layer.

    Args:
      layers: tokens of each layer.
      table: positions of all patches, with `class_token` after that of the class token.
      indices: numbers of the visible patches.
      class_token: whether the class token is the first token.
    """
    positions = table[int(class_token) :][indices]
    if class_token:
        first = jnp.broadcast_to(table[:1], (len(indices), 1, table.shape[1]))
        positions = jnp.concatenate([first, positions], axis=1)
    return layers + jnp.broadcast_to(positions[None].astype(layers.dtype), layers.shape)
