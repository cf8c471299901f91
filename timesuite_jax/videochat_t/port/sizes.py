"""The sizes that decide which keys a VideoChat-T checkpoint has, read from a state dict or a parameter tree."""

import dataclasses
from collections.abc import Mapping

from timesuite_jax.port.tables.layers import count_layers

BERT = "qformer.bert"
LLM = "mistral_model.base_model.model"
VISION = "vision_encoder.encoder"
_POSITIONS = 512  # BERT's; those of a Q-Former without text input, whose position table is left out


@dataclasses.dataclass(frozen=True)
class VideoChatTSizes:
    """What decides which keys exist; all other sizes come from the tensors."""

    vision_blocks: int  # blocks that run (23 of UMT-L/16's 24)
    patch: int
    qformer_layers: int
    positions: int  # length of the Q-Former's position table
    mistral_layers: int
    text_input: bool = True  # whether the Q-Former reads the clip's time text
    lora: bool = True
    time_adapter: bool = True  # LinearProAda (True) or LinearP (False)
    mistral_proj: bool = False  # whether the export-only projection is present

    @classmethod
    def from_torch(cls, shapes: Mapping[str, tuple[int, ...]]) -> "VideoChatTSizes":
        """Sizes of a complete state dict.

        Args:
          shapes: by canonical key.

        Raises:
          KeyError: with the key that a VideoChat-T checkpoint must have and this one lacks.
        """
        text = f"{BERT}.embeddings.position_embeddings.weight"
        return cls(
            vision_blocks=count_layers(shapes, f"{VISION}.blocks"),
            patch=(shapes[f"{VISION}.patch_embed.proj.weight"] or (1,))[-1],
            qformer_layers=count_layers(shapes, f"{BERT}.encoder.layer"),
            positions=(shapes.get(text) or (_POSITIONS,))[0],
            mistral_layers=count_layers(shapes, f"{LLM}.model.layers"),
            text_input=text in shapes,
            lora=f"{LLM}.lm_head.lora_A.default.weight" in shapes,
            time_adapter="temp_adap.linear_input.weight" in shapes,
            mistral_proj="mistral_proj.weight" in shapes,
        )

    @classmethod
    def from_tree(cls, shapes: Mapping[str, tuple[int, ...]]) -> "VideoChatTSizes":
        """Sizes of a parameter tree.

        Args:
          shapes: by path joined with "/".

        Raises:
          KeyError: with the parameter that a VideoChat-T tree must have and this one lacks.
        """
        pairs = shapes.get("qformer/pairs/even/query_norm/scale", (0,))[0]
        text = "qformer/embeddings/position/embedding"
        return cls(
            vision_blocks=shapes["vision_encoder/blocks/norm1/scale"][0],
            patch=round((shapes["vision_encoder/patch_embed/kernel"][0] / 3) ** 0.5),
            qformer_layers=2 * pairs + ("qformer/last_even/query_norm/scale" in shapes),
            positions=shapes[text][0] if text in shapes else _POSITIONS,
            mistral_layers=shapes["mistral/layers/input_norm/scale"][0],
            text_input=text in shapes,
            lora="mistral/lm_head/lora_a" in shapes,
            time_adapter="temp_adap/linear_input/kernel" in shapes,
            mistral_proj="mistral_proj/kernel" in shapes,
        )
