"""The keys of the encoder in state dicts of all stages: how they begin, which exist, and what other keys belong to."""

import dataclasses
import re
from collections.abc import Collection, Mapping

from timesuite_jax.port.loading_order import Shape
from timesuite_jax.port.tables.layers import count_layers

_IMAGES = "img_pos_embed"
_NAMES = ("cls_token", "patch_embed", "blocks", r"pos_embed(?:_\w+)?", _IMAGES, "clip_projector")
_TEACHER = "clip_teacher"
# A file of stage 2 may have a second, frozen encoder beside `vision_encoder`, with more blocks.
ROOTS = tuple(rf"(?<!{_TEACHER}\.){name}" for name in _NAMES)
_OWN = re.compile(rf"(?:{'|'.join(_NAMES)})(?:\.|$)")
_OWNERS = {  # beginning of another key -> what it belongs to
    "clip_decoder": "a decoder of masked reconstruction",
    "final_clip_decoder": "a decoder of masked reconstruction",
    "mae_decoder": "a decoder of masked reconstruction",
    "clip_pos_embed": "positions of a decoder",
    "clip_img_pos_embed": "positions of a decoder",
    "mae_pos_embed": "positions of a decoder",
    "fc_norm": "the classifier's norm",
    "head": "the classifier's head",
    "extra_mlp": "an attentive probe",
    "down": "a linear probe",
    _TEACHER: "the teacher of stage 2",
    "text_encoder": "the text encoder",
    "audio_encoder": "the audio encoder",
    "vision_proj": "a projection of contrastive training",
    "text_proj": "a projection of contrastive training",
    "itm_head": "the matching head",
    "temp": "the temperature of contrastive training",
    "mask_token": "a mask token, which the original never uses",
}


def belongs_elsewhere(key: str, keys: Collection[str] = ()) -> str | None:
    """Why an encoder alone has no such parameter; None if it should have it."""
    del keys
    if _OWN.match(key):
        return None
    root = key.partition(".")[0]
    owners = (owner for name, owner in _OWNERS.items() if root == name or root.startswith(f"{name}_"))
    return next(owners, "not part of the video encoder")


def not_of_videos(key: str, keys: Collection[str] = ()) -> str | None:
    """As `belongs_elsewhere`, for encoders that have no positions of images."""
    return "positions of images" if key == _IMAGES else belongs_elsewhere(key, keys)


@dataclasses.dataclass(frozen=True)
class EncoderSizes:
    """What decides which keys an encoder has; all other sizes come from the tensors."""

    blocks: int
    patch: int
    separate: bool  # positions
    own_image: bool  # positions

    @classmethod
    def from_torch(cls, shapes: Mapping[str, Shape], prefix: str = "") -> "EncoderSizes":
        """Sizes of a state dict.

        Raises:
          KeyError: with the key that is missing.
        """
        return cls(
            count_layers(shapes, f"{prefix}blocks"),
            (shapes[f"{prefix}patch_embed.proj.weight"] or (1,))[-1],
            separate=f"{prefix}pos_embed_spatial" in shapes,
            own_image=f"{prefix}{_IMAGES}" in shapes,
        )

    @classmethod
    def from_tree(cls, shapes: Mapping[str, Shape], prefix: str = "") -> "EncoderSizes":
        """Sizes of a parameter tree, by path joined with "/".

        Raises:
          KeyError: with the parameter that is missing.
        """
        return cls(
            shapes[f"{prefix}blocks/norm1/scale"][0],
            round((shapes[f"{prefix}patch_embed/kernel"][0] / 3) ** 0.5),
            separate=f"{prefix}positions/spatial" in shapes,
            own_image=f"{prefix}positions/image" in shapes,
        )
