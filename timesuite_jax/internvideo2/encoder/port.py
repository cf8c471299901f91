"""The port of the encoder alone, out of any checkpoint of InternVideo2 that has one.

Released files are `{"module": ...}` (DeepSpeed) or `{"model": ...}`; the encoder's keys begin with nothing (stage 1,
fine-tuning), `vision_encoder.` (stages 2 and 3, CLIP), `backbone.` or `encoder.`. Models of stage 3 have `ls1` in place
of `ls1.gamma`, and no attention pooling.
"""

from collections.abc import Mapping, Sequence

from timesuite_jax.internvideo2.encoder_keys import ROOTS, EncoderSizes, belongs_elsewhere
from timesuite_jax.port import ModelPort, Role
from timesuite_jax.port.loading_order import Shape
from timesuite_jax.port.table import Table
from timesuite_jax.port.tables import internvideo2


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
