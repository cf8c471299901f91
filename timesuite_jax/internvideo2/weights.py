"""Weights that models of InternVideo2 start from, with position embeddings of other frames or another resolution."""

import dataclasses
import functools
from collections.abc import Sequence

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.models.vision import InternVideo2Spec
from timesuite_jax.param_tree import Params
from timesuite_jax.port import CheckpointLayer, ModelPort, open_layers
from timesuite_jax.port.changed_tensors import Change, Changes, changed_layers
from timesuite_jax.port.loader import load_into
from timesuite_jax.port.resized_positions import check_square, resize_positions
from timesuite_jax.port.weights import WeightsSpec


@dataclasses.dataclass(frozen=True)
class InternVideo2WeightsSpec(WeightsSpec):
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

    def load_changed(self, port: ModelPort, targets: Params, changes: Changes) -> Params:
        """Parameters of the files among `targets`, with their types and shardings.

        Args:
          port: of the model.
          targets: shapes and shardings, see `InitialWeights.load`.
          changes: of the tensors of a file.

        Raises:
          UserError: if the files do not fit.
        """
        layers = changed_layers(open_layers(port, self.files), changes)
        return load_into(port, targets, layers, self.expect_missing, self.expect_unused, self.allow_nan).params

    def resized_positions(
        self, layer: CheckpointLayer, encoder: InternVideo2Spec, prefix: str = "", uses: Sequence[str] = ("",)
    ) -> dict[str, Change]:
        """Interpolated positions of an encoder, of those tables of a file whose shapes differ.

        They are computed where they are read: not those that another file overrides.

        Args:
          layer: the file.
          encoder: of the model.
          prefix: of the encoder's keys in the table.
          uses: "" for the encoder's own positions, "clip_" and "mae_" for those of decoders.

        Raises:
          UserError: a joint table does not have `position_frames` square frames.
        """
        if not self.position_frames:
            return {}
        old = 1 if encoder.num_frames == 1 else self.position_frames
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
                arguments = {"old_frames": count, "frames": new, "grid": 1, "class_token": False}
                tables["pos_embed_temporal"] = (new, arguments)
            for name, (positions, arguments) in tables.items():
                key = layer.keys.get(f"{prefix}{use}{name}")
                if key is None:
                    continue
                _, found, width = layer.source.infos[key].shape
                if found != positions:
                    patches = found - int(arguments["class_token"])
                    check_square(patches, arguments["old_frames"], f"{layer.source.name}: {key}")
                    shape = (1, positions, width)
                    changes[key] = (shape, functools.partial(resize_positions, **arguments))
        return changes
