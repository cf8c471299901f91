"""The port table of a student and its teachers, and the roles of their files.

student/encoder/...                       see `port.tables.internvideo2`
student/{positions, mae_positions}/...    of the decoders, "clip_pos_embed" and "mae_pos_embed" upstream
student/decoders/layers/...               stacked [L, ...]: "clip_decoder.k"
student/pooled_decoder/...                "final_clip_decoder"
student/mae_decoders/layers/...           stacked [L, ...]: "mae_decoder.k"
teacher/..., mae_teacher/...              keys of their files behind "teacher." and "mae_teacher."
"""

import dataclasses
import re
from collections.abc import Collection, Mapping, Sequence

from timesuite_jax.internvideo2 import encoder_keys
from timesuite_jax.internvideo2.decoder_entries import decoder, feature_decoders
from timesuite_jax.internvideo2.encoder_keys import EncoderSizes
from timesuite_jax.port.loading_order import ModelPort, Role, Shape
from timesuite_jax.port.table import Table
from timesuite_jax.port.tables import internvideo2, videomae
from timesuite_jax.port.tables.layers import count_layers

TEACHER, MAE_TEACHER = "teacher", "mae_teacher"
_DECODERS = ("clip_decoder", "final_clip_decoder", "mae_decoder")
_STUDENT = (*encoder_keys.ROOTS, r"(?:clip|mae)_pos_embed(?:_\w+)?", *_DECODERS)
_VIDEOMAE = ("patch_embed", "blocks", "norm")
_VIDEOMAE_KEY = re.compile(rf"{MAE_TEACHER}\.(?:{'|'.join(_VIDEOMAE)})(?:\.|$)")


@dataclasses.dataclass(frozen=True)
class ReconstructionSizes:
    """What decides which keys exist; all other sizes are read off the tensors. None or 0 blocks: no such teacher."""

    student: EncoderSizes
    mlp: bool  # decoders
    layers: int  # with a decoder
    mae_layers: int
    teacher: EncoderSizes | None
    mae_blocks: int
    mae_patch: int
    tubelet: int

    @classmethod
    def from_torch(cls, shapes: Mapping[str, Shape]) -> "ReconstructionSizes":
        """Reads the sizes off a state dict of the student, or of the student and its teachers.

        Raises:
          KeyError: naming the tensor that is missing.
        """
        teacher = f"{TEACHER}.patch_embed.proj.weight" in shapes
        mae = shapes.get(f"{MAE_TEACHER}.patch_embed.proj.weight", ())
        return cls(
            EncoderSizes.from_torch(shapes),
            "clip_decoder.0.head.0.weight" in shapes,
            count_layers(shapes, "clip_decoder"),
            count_layers(shapes, "mae_decoder") if "mae_decoder.0.norm.weight" in shapes else 0,
            EncoderSizes.from_torch(shapes, f"{TEACHER}.") if teacher else None,
            count_layers(shapes, f"{MAE_TEACHER}.blocks") if mae else 0,
            mae[-1] if mae else 0,
            mae[2] if mae else 0,
        )

    @classmethod
    def from_tree(cls, shapes: Mapping[str, Shape]) -> "ReconstructionSizes":
        """Reads the sizes off a parameter tree, by path.

        Raises:
          KeyError: naming the parameter that is missing.
        """
        student = EncoderSizes.from_tree(shapes, "student/encoder/")
        mae = shapes.get(f"{MAE_TEACHER}/patch_embed/kernel", (0,))[0]
        mae_patch = _mae_side(mae, student.patch)
        return cls(
            student,
            "student/pooled_decoder/hidden/kernel" in shapes,
            shapes["student/decoders/layers/norm/scale"][0],
            shapes.get("student/mae_decoders/layers/norm/scale", (0,))[0],
            EncoderSizes.from_tree(shapes, f"{TEACHER}/") if f"{TEACHER}/cls_token" in shapes else None,
            shapes.get(f"{MAE_TEACHER}/blocks/norm1/scale", (0,))[0],
            mae_patch,
            mae // (3 * mae_patch**2) if mae else 0,
        )


def _mae_side(values: int, patch: int) -> int:
    """Side of a patch of several frames: the student's if it divides the values, otherwise that of two frames."""
    return patch if values % (3 * patch**2) == 0 else round((values / 6) ** 0.5)


def build(sizes: ReconstructionSizes, name: str) -> Table:
    """The table for one size: the student's keys in the order of upstream's state dict, then those of teachers."""
    student, teacher = sizes.student, sizes.teacher
    positions = internvideo2.positions("", "student/", "clip_", separate=student.separate)
    if sizes.mae_layers:
        positions += internvideo2.positions("", "student/", "mae_", separate=student.separate, class_token=False)
    entries = internvideo2.entries(
        *("", "student/encoder/", student.blocks, student.patch),
        separate=student.separate,
        decoder_positions=positions,
    )
    entries += feature_decoders("", "student/", sizes.layers, mlp=sizes.mlp)
    for layer in range(sizes.mae_layers):
        entries += decoder(f"mae_decoder.{layer}", "student/mae_decoders/layers", mlp=True, layer=layer)
    if teacher:
        entries += internvideo2.entries(
            *(f"{TEACHER}.", f"{TEACHER}/", teacher.blocks, teacher.patch),
            separate=teacher.separate,
            width="teacher_width",
            trainable=False,
        )
    if sizes.mae_blocks:
        entries += videomae.entries(
            *(f"{MAE_TEACHER}.", f"{MAE_TEACHER}/", sizes.mae_blocks, sizes.mae_patch, sizes.tubelet),
            width="mae_width",
        )
    ranks = {entry.torch: rank for rank, entry in enumerate(entries)}
    return Table(name, entries, [], order=ranks.__getitem__)


def _not_the_teacher(key: str, keys: Collection[str]) -> str | None:
    return encoder_keys.not_of_videos(key.removeprefix(f"{TEACHER}."), keys)


def _not_the_mae_teacher(key: str, keys: Collection[str]) -> str | None:
    del keys
    return None if _VIDEOMAE_KEY.match(key) else "not part of the encoder"


class ReconstructionPort(ModelPort):
    """The port of a student with its teachers; distillation has one teacher only."""

    tree_roots = ("student", TEACHER, MAE_TEACHER)

    def __init__(self, name: str, title: str, teacher_help: str, *, mae_teacher: bool) -> None:
        self.name, self.title = name, title
        teacher = Role(
            TEACHER,
            teacher_help,
            prefix=f"{TEACHER}.",
            roots=encoder_keys.ROOTS,
            spelling=internvideo2.spelling,
            requires=lambda entry: entry.jax.startswith(f"{TEACHER}/"),
            ignored=_not_the_teacher,
        )
        mae = Role(
            MAE_TEACHER,
            "vit_g_hybrid_1200e_pre.pth: VideoMAEv2-g, whose decoder is not needed",
            prefix=f"{MAE_TEACHER}.",
            roots=_VIDEOMAE,
            requires=lambda entry: entry.jax.startswith(f"{MAE_TEACHER}/"),
            ignored=_not_the_mae_teacher,
        )
        student = Role(
            "checkpoint",
            "a student, or a complete model of a run",
            roots=(TEACHER, MAE_TEACHER, *_STUDENT),
            spelling=internvideo2.spelling,
            requires=lambda entry: entry.trainable,
            complete=True,
        )
        self.roles = (teacher, *((mae,) if mae_teacher else ()), student)

    def table_for_torch(self, shapes: Mapping[str, Shape]) -> Table:
        """See `ModelPort`."""
        return build(ReconstructionSizes.from_torch(shapes), self.name)

    def table_for_tree(self, shapes: Mapping[str, Shape]) -> Table:
        """See `ModelPort`."""
        return build(ReconstructionSizes.from_tree(shapes), self.name)

    def shape_hint(self, key: str, found: Shape, wanted: Shape) -> str:
        """Another teacher or another number of frames."""
        if "pos_embed" in key and found[2:] == wanted[2:]:
            teacher = key.startswith(f"{TEACHER}.")
            return internvideo2.OTHER_TEACHER_POSITIONS if teacher else internvideo2.OTHER_POSITIONS
        decoder = key.startswith(_DECODERS)
        if decoder or key.startswith((f"{TEACHER}.", f"{MAE_TEACHER}.")):
            return "a teacher of another width; set model.teacher or model.mae_teacher to that of the file"
        return ""

    def files_with_trained(self, files: Sequence[str], trained: str) -> list[str]:
        """The teachers' files and the trained student."""
        return [*(file for file in files if not file.startswith("checkpoint=")), f"checkpoint={trained}"]
