"""The student of pretraining: a masked encoder, and decoders to the features of its teachers."""

from typing import Any, NamedTuple

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Bool, Float

from timesuite_jax.internvideo2.model.decode_features import DecoderSpec, add_positions, decode_features
from timesuite_jax.internvideo2.model.decoders import LayerDecoders
from timesuite_jax.internvideo2.model.spec import ReconstructionSpec
from timesuite_jax.models.vision.internvideo2 import InternVideo2Encoder, visible_indices
from timesuite_jax.models.vision.video_positions import VideoPositions


class Predictions(NamedTuple):
    """Predicted features of the visible tokens; their length has no meaning."""

    layers: Float[Array, "L n N_and_1 D"]  # of the teacher's layers, the class token first
    pooled: Float[Array, "n D_out"]
    mae_layers: Float[Array, "L_mae n N D_mae"] | None  # None without a MAE teacher


class Student(nn.Module):
    """Predicts the teachers' features of the visible patches.

    Each set of decoders adds position embeddings of its own to the tokens.
    """

    spec: ReconstructionSpec

    @nn.compact
    def __call__(
        self,
        frames: Float[Array, "n F H W 3"],
        mask: Bool[Array, "n N_all"],
        *,
        visible: int,
        deterministic: bool = True,
    ) -> Predictions:
        """Encodes the visible patches of clips.

        Args:
          frames: normalised pixels.
          mask: True at visible patches, the same number in each clip.
          visible: that number.
          deterministic: without drop path.
        """
        spec, student = self.spec, self.spec.student
        encoder = InternVideo2Encoder(spec.encoder, name="encoder")
        _, aux = encoder(frames, mask=mask, visible=visible, deterministic=deterministic)
        places = {number: slot for slot, number in enumerate(spec.encoder.collected)}

        def chosen(numbers: tuple[int, ...]) -> Float[Array, "L n N_and_1 D"]:
            return aux["layers"][jnp.asarray([places[number] for number in numbers])]

        indices = visible_indices(mask, visible)
        types: dict[str, Any] = {"dtype": student.dtype, "param_dtype": student.param_dtype}
        decoders = DecoderSpec(spec.teacher.width, spec.teacher.pool_width, spec.decoder)
        chosen_layers = chosen(student.collected)
        layers, pooled = decode_features(student, decoders, chosen_layers, aux["pooled"], indices, frames.shape[1])
        mae = spec.mae_teacher
        if mae is None:
            return Predictions(layers, pooled, None)
        table = VideoPositions(student, class_token=False, name="mae_positions")(frames.shape[1])
        mae_decoders = LayerDecoders(mae.width, "mlp", name="mae_decoders", **types)
        tokens = chosen(spec.mae_layers)[:, :, 1:]
        return Predictions(layers, pooled, mae_decoders(add_positions(tokens, table, indices, class_token=False)))
