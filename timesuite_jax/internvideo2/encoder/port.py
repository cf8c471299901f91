"""The port of the encoder alone, out of any checkpoint of InternVideo2 that has one.

Released files are `{"module": ...}` (DeepSpeed) or `{"model": ...}`; the encoder's keys begin with nothing (stage 1,
fine-tuning), `vision_encoder.` (stages 2 and 3, CLIP), `backbone.` or `encoder.`. Models of stage 3 have `ls1` in place
of `ls1.gamma`, and no attention pooling.
"""

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from timesuite_jax.port import ModelPort, Role
from timesuite_jax.port.loading_order import Shape
from timesuite_jax.port.table import Table
from timesuite_jax.port.tables import internvideo2
from timesuite_jax.port.tables.layers import count_layers

ROOTS = ("cls_token", "patch_embed", "blocks", "pos_embed(_spatial|_temporal|_cls)?", "img_pos_embed", "clip_projector")
_OTHERS = {  # beginning of a key -> what it belongs to
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
    root = key.partition(".")[0]
    for name, owner in _OTHERS.items():
        if root == name or root.startswith(f"{name}_"):
            return owner
    return None


@dataclasses.dataclass(frozen=True)
class EncoderSizes:
    """What decides which keys an encoder has; all other sizes come from the tensors."""

    blocks: int
    patch: int
    separate: bool
    own_image: bool

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
            own_image=f"{prefix}img_pos_embed" in shapes,
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


def build(sizes: EncoderSizes) -> Table:
    """The table of an encoder of one size, its keys in the order of upstream's state dict."""
    entries = internvideo2.entries(
        "",
        "",
        sizes.blocks,
        sizes.patch,
        separate=sizes.separate,
        own_image=sizes.own_image,
    )
    ranks = {entry.torch: rank for rank, entry in enumerate(entries)}
    return Table("internvideo2_encoder", entries, [], order=ranks.__getitem__)


class EncoderPort(ModelPort):
    """The port of the encoder."""

    name = "internvideo2_encoder"
    title = "InternVideo2 encoder"
    roles = (
        Role(
            "checkpoint",
            "any state dict with the encoder: of pretraining, fine-tuning, stage 2 or CLIP",
            roots=ROOTS,
            spelling=internvideo2.spelling,
            ignored=belongs_elsewhere,
            complete=True,
        ),
    )
    tree_roots = ("cls_token", "patch_embed", "blocks", "positions", "pool")

    def table_for_torch(self, shapes: Mapping[str, Shape]) -> Table:
        """See `ModelPort`."""
        return build(EncoderSizes.from_torch(shapes))

    def table_for_tree(self, shapes: Mapping[str, Shape]) -> Table:
        """See `ModelPort`."""
        return build(EncoderSizes.from_tree(shapes))

    def missing_hint(self, keys: Sequence[str]) -> str:
        """No attention pooling."""
        if keys and all(key.startswith(internvideo2.POOL) for key in keys):
            return "the file has no attention pooling, as those of stage 3; give the file of an earlier stage beside it"
        if list(keys) == ["img_pos_embed"]:
            return "the file has no positions of images; set model.image_positions='mean'"
        return ""

    def shape_hint(self, key: str, found: Shape, wanted: Shape) -> str:
        """Another number of frames, or another resolution."""
        if "pos_embed" in key and found[-1:] == wanted[-1:]:
            return internvideo2.OTHER_POSITIONS
        return ""


PORT = EncoderPort()
