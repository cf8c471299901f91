"""The port table of InternVideo2 classifiers, whose parameters `model.py` lists, and the roles of their files."""

import dataclasses
import re
from collections.abc import Collection, Mapping

from timesuite_jax.internvideo2 import encoder_keys
from timesuite_jax.internvideo2.encoder_keys import EncoderSizes
from timesuite_jax.port.layout import SAME_1D, TensorLayout
from timesuite_jax.port.loading_order import ModelPort, Role, Shape
from timesuite_jax.port.table import Entry, Table
from timesuite_jax.port.tables import internvideo2
from timesuite_jax.port.tables.layers import dense, norm

_PREFIX = "vision"  # of the encoder's parameters
_COUNTER = "num_batches_tracked"
_SCALAR = TensorLayout("", "")
_HEAD_ROOTS = ("extra_mlp", "down", "down_norm", "fc_norm", "head")
_ROOTS = (*encoder_keys.ROOTS, "fc_norm", "extra_mlp", "down_norm")
_HEAD_KEY = re.compile(rf"(?:{'|'.join(_HEAD_ROOTS)})\.")
_CLASSES_KEY = re.compile(r"head\.")
_LEFT_OUT = "other classifier: "


@dataclasses.dataclass(frozen=True)
class ActionSizes:
    """What decides which tensors exist; all other sizes are read off the arrays."""

    encoder: EncoderSizes
    extra_mlp: bool
    down: bool
    down_norm: bool  # with scale and shift
    statistics: bool  # of a BatchNorm
    counter: bool

    @classmethod
    def from_torch(cls, shapes: Mapping[str, Shape]) -> "ActionSizes":
        """Reads the sizes off a complete state dict.

        Raises:
          KeyError: naming the tensor that is missing.
        """
        return cls(
            EncoderSizes.from_torch(shapes),
            "extra_mlp.0.weight" in shapes,
            "down.0.weight" in shapes,
            "down_norm.weight" in shapes,
            "down_norm.running_mean" in shapes,
            f"down_norm.{_COUNTER}" in shapes,
        )

    @classmethod
    def from_tree(cls, shapes: Mapping[str, Shape]) -> "ActionSizes":
        """Reads the sizes off a parameter tree, by path.

        Raises:
          KeyError: naming the parameter that is missing.
        """
        return cls(
            EncoderSizes.from_tree(shapes, f"{_PREFIX}/"),
            "extra_mlp/fc1/kernel" in shapes,
            "down/kernel" in shapes,
            "down_norm/scale" in shapes,
            "down_norm/mean" in shapes,
            f"down_norm/{_COUNTER}" in shapes,
        )


def build(sizes: ActionSizes) -> Table:
    """The table for one size, its keys in the order of upstream's state dict."""
    encoder = sizes.encoder
    entries = internvideo2.entries("", f"{_PREFIX}/", encoder.blocks, encoder.patch, separate=encoder.separate)
    if sizes.extra_mlp:
        entries += norm("extra_mlp.0", "extra_mlp_norm", "pooled", trainable=True)
        entries += dense("extra_mlp.1.fc1", "extra_mlp/fc1", "hidden pooled", trainable=True)
        entries += dense("extra_mlp.1.fc2", "extra_mlp/fc2", "pooled hidden", trainable=True)
    entries += norm("fc_norm", "fc_norm", "pooled", trainable=True)
    if sizes.down_norm:
        entries += norm("down_norm", "down_norm", "merged", trainable=True)
    if sizes.statistics:
        for theirs, ours in (("running_mean", "mean"), ("running_var", "var")):
            entries.append(Entry(f"down_norm.{theirs}", f"down_norm/{ours}", SAME_1D, "merged", trainable=True))
    if sizes.counter:
        entries.append(Entry(f"down_norm.{_COUNTER}", f"down_norm/{_COUNTER}", _SCALAR, export_only=True))
    if sizes.down:
        entries += dense("down.0", "down", "merged width", trainable=True)
    entries += dense("head", "head", "classes _", trainable=True)
    ranks = {entry.torch: rank for rank, entry in enumerate(entries)}
    return Table(ActionPort.name, entries, [], order=ranks.__getitem__)


def _encoder_spelling(key: str) -> str:
    """Of an encoder that another head is put on: its own head is left out."""
    return f"{_LEFT_OUT}{key}" if _HEAD_KEY.match(key) else internvideo2.spelling(key)


def _other_classes_spelling(key: str) -> str:
    """Of a classifier of other classes: the rows of its head are left out."""
    return f"{_LEFT_OUT}{key}" if _CLASSES_KEY.match(key) else internvideo2.spelling(key)


def _not_shared(key: str, keys: Collection[str]) -> str | None:
    """Why a classifier of other classes has more than this model."""
    del keys
    if key.startswith(_LEFT_OUT):
        return "the head of other classes"
    return "part of another kind of head" if _HEAD_KEY.match(key) else None


def _not_the_encoder(key: str, keys: Collection[str]) -> str | None:
    """Why a pretrained model has more than its encoder."""
    return encoder_keys.not_of_videos(key.removeprefix(_LEFT_OUT), keys)


def _is_encoder(entry: Entry) -> bool:
    return entry.jax.startswith(f"{_PREFIX}/")


class ActionPort(ModelPort):
    """The port of InternVideo2 classifiers."""

    name = "internvideo2_action"
    title = "InternVideo2 classifier"
    roles = (
        Role(
            "encoder",
            "a pretrained encoder of stage 1, 2 or 3, or that of a classifier",
            roots=_ROOTS,
            spelling=_encoder_spelling,
            requires=_is_encoder,
            ignored=_not_the_encoder,
        ),
        Role(
            "stage2",
            "a file of stage 2 whose vision_encoder overrides that of encoder=PATH (--finetune_extra upstream)",
            roots=_ROOTS,
            spelling=_encoder_spelling,
            requires=_is_encoder,
            ignored=_not_the_encoder,
        ),
        Role(
            "classifier",
            "a classifier of other classes, of which head.* is left out (--delete_head upstream)",
            roots=_ROOTS,
            spelling=_other_classes_spelling,
            requires=lambda entry: _is_encoder(entry) or entry.jax.startswith("fc_norm/"),
            ignored=_not_shared,
        ),
        Role("checkpoint", "a complete classifier", roots=_ROOTS, spelling=internvideo2.spelling, complete=True),
    )
    tree_roots = (_PREFIX, "extra_mlp_norm", "extra_mlp", "fc_norm", "down", "down_norm", "head")

    def table_for_torch(self, shapes: Mapping[str, Shape]) -> Table:
        """See `ModelPort`."""
        return build(ActionSizes.from_torch(shapes))

    def table_for_tree(self, shapes: Mapping[str, Shape]) -> Table:
        """See `ModelPort`."""
        return build(ActionSizes.from_tree(shapes))

    def reason_to_ignore(self, key: str, table: Table) -> str | None:
        """The counter of batches of a BatchNorm."""
        del table
        return "a counter that moving averages do not need" if key == f"down_norm.{_COUNTER}" else None

    def shape_hint(self, key: str, found: Shape, wanted: Shape) -> str:
        """Other classes, or other frames."""
        if key.startswith("head.") and found[1:] == wanted[1:]:
            return (
                f"trained on {found[0]} classes, this model has {wanted[0]}; set model.num_classes, or give the file "
                "as classifier=PATH to start a new head"
            )
        if key.startswith("pos_embed"):
            return internvideo2.OTHER_POSITIONS
        return ""


PORT = ActionPort()
