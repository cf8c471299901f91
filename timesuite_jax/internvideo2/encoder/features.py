"""What an InternVideo2 encoder computes for the features of a video."""

import dataclasses
from collections.abc import Callable
from typing import Any, cast

import jax
import jax.numpy as jnp
from einops import reduce
from jaxtyping import Array, Float, UInt8

from timesuite_jax.config_spec import as_json
from timesuite_jax.embeddings.video import FeatureEncoder, FeatureRequest
from timesuite_jax.errors import UserError
from timesuite_jax.models.vision import InternVideo2Spec, build_encoder
from timesuite_jax.param_tree import Params

# Fields that concern training, the compiled program, or other outputs; all others may change the features.
_INDIFFERENT = ("layer_scale", "drop_path", "remat", "unroll", "return_layers")


def feature_encoder(
    spec: InternVideo2Spec, request: FeatureRequest, encoder_params: Callable[[Params], Params] = lambda params: params
) -> FeatureEncoder:
    """The encoder's part in extracting features.

    Blocks after the requested one are not run.

    Args:
      spec: of the encoder.
      request: which features.
      encoder_params: all parameters of a model -> those of its encoder.

    Raises:
      UserError: the encoder has no such block.
    """
    depth = spec.depth if request.layer is None else request.layer + 1 + spec.depth * (request.layer < 0)
    if not 1 <= depth <= spec.depth:
        raise UserError(
            f"layer={request.layer} is not among the {spec.depth} blocks of the encoder; give 0 to {spec.depth - 1}, "
            f"or -1 to -{spec.depth} from the end"
        )
    module = build_encoder(dataclasses.replace(spec, depth=depth, return_layers=(), remat="none"))

    def encode(params: Params, frames: UInt8[Array, "B F H W 3"]) -> Float[Array, "B rows D"]:
        own: dict[str, Any] = dict(encoder_params(params))
        own["blocks"] = jax.tree.map(lambda leaf: leaf[:depth], own["blocks"])
        tokens, aux = cast(Any, module.apply({"params": own}, spec.normalise(frames)))
        if request.layer is None:
            return aux["pooled"][:, None]
        if request.tokens:
            return tokens
        frame_count = spec.num_frames if request.level == "frame" else 1
        patches = tokens[:, 1:].astype(jnp.float32)
        return reduce(patches, "B (F N) D -> B F D", "mean", F=frame_count)

    model = {name: value for name, value in as_json(spec).items() if name not in _INDIFFERENT}
    return FeatureEncoder(spec.num_frames, spec.image_size, encode, model)
