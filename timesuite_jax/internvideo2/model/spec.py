"""Sizes of a student and its teachers."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from ml_collections import ConfigDict

from timesuite_jax.config_spec import Config, build, override
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.model.decoders import DecoderKind
from timesuite_jax.internvideo2.vision_config import read_vision
from timesuite_jax.models.vision import InternVideo2Spec, VideoMaeSpec
from timesuite_jax.models.vision.return_layers import check_layers, layer_numbers


@dataclasses.dataclass(frozen=True)
class ReconstructionSpec:
    """`config.model` of pretraining and distillation.

    Attributes:
      student: encoder; its `return_layers` predict those of the teacher, in their order.
      teacher: of tokens, pooled features and attention: an image encoder if its `num_frames` is 1.
      mae_teacher: of patches only; None without one.
      mae_return_layers: blocks of the student that predict those of `mae_teacher`.
      decoder: form of the decoders to the teacher; those to the MAE teacher are always "mlp".
    """

    student: InternVideo2Spec
    teacher: InternVideo2Spec
    mae_teacher: VideoMaeSpec | None = None
    mae_return_layers: tuple[int, ...] = ()
    decoder: DecoderKind = "linear"

    def __post_init__(self) -> None:
        """Checks that layers and tokens of student and teachers correspond.

        Raises:
          UserError: naming the fields.
        """
        student, teacher, mae = self.student, self.teacher, self.mae_teacher
        self._check_layers("student.return_layers", student.return_layers, "teacher", teacher.return_layers)
        if teacher.num_frames not in (1, student.num_frames):
            raise UserError(
                f"model.teacher.num_frames={teacher.num_frames} differs from model.student.num_frames="
                f"{student.num_frames}; a teacher encodes the student's clips, or single frames with num_frames=1"
            )
        self._check_grid("teacher", teacher.grid)
        if mae is None:
            if self.mae_return_layers:
                raise UserError("model.mae_return_layers needs model.mae_teacher; give one, or no layers")
            return
        check_layers(self.mae_return_layers, student.depth, "model.mae")
        self._check_layers("mae_return_layers", self.mae_return_layers, "mae_teacher", mae.return_layers)
        self._check_grid("mae_teacher", mae.grid)
        if mae.num_frames != mae.tubelet * student.num_frames:
            raise UserError(
                f"model.mae_teacher.num_frames={mae.num_frames} must be mae_teacher.tubelet={mae.tubelet} times "
                f"model.student.num_frames={student.num_frames}, so that both have the same tokens; change one of them"
            )

    def _check_layers(self, own: str, layers: tuple[int, ...], name: str, others: tuple[int, ...]) -> None:
        if not layers or len(layers) != len(others):
            raise UserError(
                f"model.{own} names {len(layers)} blocks and model.{name}.return_layers {len(others)}; name as many in "
                "both, at least one"
            )

    def _check_grid(self, name: str, grid: int) -> None:
        if grid != self.student.grid:
            raise UserError(
                f"model.{name} has {grid}x{grid} patches a frame and model.student "
                f"{self.student.grid}x{self.student.grid}; change model.{name}.image_size or its patch_size"
            )

    @property
    def mae_layers(self) -> tuple[int, ...]:
        """Numbers of the student's blocks of `mae_return_layers`, counted from 0."""
        return layer_numbers(self.mae_return_layers, self.student.depth)

    @property
    def encoder(self) -> InternVideo2Spec:
        """The student's encoder, which returns the layers of all decoders."""
        layers = tuple(sorted({*self.student.collected, *self.mae_layers}))
        return dataclasses.replace(self.student, return_layers=layers)

    @property
    def frames(self) -> int:
        """Frames of a clip that the data must have: those of the MAE teacher, or the student's."""
        return self.student.num_frames if self.mae_teacher is None else self.mae_teacher.num_frames

    def training_flops(self, visible: int) -> float:
        """Floating-point operations of a training step on one clip of which the student sees `visible` patches."""
        images = self.student.num_frames // self.teacher.num_frames
        teachers = self.teacher.flops * images + (0.0 if self.mae_teacher is None else self.mae_teacher.flops)
        return 3.0 * (self.student.masked_flops(visible) + self._decoder_flops(visible)) + teachers

    def _decoder_flops(self, visible: int) -> float:
        width, hidden = self.student.width, self.student.width**2
        layers, out = len(self.student.return_layers), self.teacher.width
        flops = 2.0 * layers * (1 + visible) * (width * out + hidden * (self.decoder == "mlp"))
        if self.mae_teacher is not None:
            flops += 2.0 * len(self.mae_layers) * visible * (hidden + width * self.mae_teacher.width)
        return flops


def model_spec(config: Config) -> ReconstructionSpec:
    """Reads `config.model`: each encoder has a `variant`, and fields that replace those of it.

    Raises:
      UserError: on an unknown variant or field, or sizes that do not go together.
    """
    values: dict[str, Any] = dict(config)
    for name in ("student", "teacher"):
        values[name] = read_vision(_mapping(values, name), f"model.{name}")
    if values.get("mae_teacher") is not None:
        mae = _mapping(values, "mae_teacher")
        base = VideoMaeSpec.from_variant(str(mae.get("variant", "giant")))
        changes = {key: mae[key] for key in mae if key != "variant"}
        values["mae_teacher"] = override(base, changes, "model.mae_teacher")
    return build(ReconstructionSpec, values, "model")


def _mapping(values: Mapping[str, Any], name: str) -> Config:
    if not isinstance(value := values.get(name), Mapping | ConfigDict):
        raise UserError(
            f"model.{name}={value!r} is not a mapping; give a variant and fields, as model.{name}.variant='debug'"
        )
    return value
