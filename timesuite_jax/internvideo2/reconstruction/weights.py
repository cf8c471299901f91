"""Weights that a student and its teachers start from: positions of other frames, and a patch embedding of images."""

import dataclasses
import functools
from collections.abc import Iterator

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.internvideo2.model import ReconstructionSpec
from timesuite_jax.internvideo2.reconstruction.port import TEACHER
from timesuite_jax.models.vision import InternVideo2Spec
from timesuite_jax.param_tree import Params
from timesuite_jax.port import CheckpointLayer, ModelPort, open_layers
from timesuite_jax.port.changed_tensors import Change, ChangedTensors
from timesuite_jax.port.inflated_kernels import inflate_kernel
from timesuite_jax.port.loader import load_into
from timesuite_jax.port.resized_positions import resize_positions
from timesuite_jax.port.weights import WeightsSpec


@dataclasses.dataclass(frozen=True)
class ReconstructionWeightsSpec(WeightsSpec):
    """`config.weights`, see `WeightsSpec`.

    Attributes:
      position_frames: frames of the files' joint position embeddings, which are interpolated to the model's frames and
        resolution; 0: they are not, and have to fit. Those of an image teacher have one frame, and those that are
        separate in space and time have the frames of their shape.
    """

    position_frames: int = bounded(0, minimum=0)

    def __post_init__(self) -> None:
        """Checks the bounds.

        Raises:
          UserError: naming the field.
        """
        check_bounds(self)

    def load_model(self, port: ModelPort, spec: ReconstructionSpec, targets: Params) -> Params:
        """Parameters of the files among `targets`, with their types and shardings.

        Args:
          port: of the stage.
          spec: of the model.
          targets: shapes and shardings, see `InitialWeights.load`.

        Raises:
          UserError: if the files do not fit.
        """
        layers = []
        for layer in open_layers(port, self.files):
            changes = dict(_image_kernel(layer))
            if self.position_frames:
                changes |= _positions(layer, "", ("", "clip_", "mae_"), spec.student, self.position_frames)
                changes |= _positions(layer, f"{TEACHER}.", ("",), spec.teacher, self.position_frames)
            layers.append(
                dataclasses.replace(layer, source=ChangedTensors(layer.source, changes)) if changes else layer
            )
        return load_into(port, targets, layers, self.expect_missing, self.expect_unused, self.allow_nan).params


def _image_kernel(layer: CheckpointLayer) -> Iterator[tuple[str, Change]]:
    """The patch embedding of an encoder of images, whose kernel has no axis of time."""
    if (key := layer.keys.get(f"{TEACHER}.patch_embed.proj.weight")) is None:
        return
    shape = layer.source.infos[key].shape
    if len(shape) == 4:
        yield key, ((*shape[:2], 1, *shape[2:]), functools.partial(inflate_kernel, frames=1))


def _positions(
    layer: CheckpointLayer, prefix: str, uses: tuple[str, ...], encoder: InternVideo2Spec, frames: int
) -> dict[str, Change]:
    """Interpolated positions of an encoder and of its decoders, of those tables whose shapes differ."""
    old = 1 if encoder.num_frames == 1 else frames
    new, grid = encoder.num_frames, encoder.grid
    changes: dict[str, Change] = {}
    for use in uses:
        cls = use != "mae_"
        tables = {  # name -> positions of the result, arguments of its interpolation
            "pos_embed": (
                int(cls) + new * grid**2,
                {"old_frames": old, "frames": new, "grid": grid, "class_token": cls},
            ),
            "pos_embed_spatial": (grid**2, {"old_frames": 1, "frames": 1, "grid": grid, "class_token": False}),
        }
        if temporal := layer.keys.get(f"{prefix}{use}pos_embed_temporal"):
            count = layer.source.infos[temporal].shape[1]
            tables["pos_embed_temporal"] = (
                new,
                {"old_frames": count, "frames": new, "grid": 1, "class_token": False},
            )
        for name, (positions, arguments) in tables.items():
            key = layer.keys.get(f"{prefix}{use}{name}")
            if key is not None and layer.source.infos[key].shape[1] != positions:
                shape = (1, positions, layer.source.infos[key].shape[2])
                changes[key] = (shape, functools.partial(resize_positions, **arguments))
    return changes
