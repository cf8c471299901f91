"""Weights that models of InternVideo2 start from, with position embeddings of other frames or another resolution."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.errors import UserError
from timesuite_jax.models.vision import InternVideo2Spec
from timesuite_jax.param_tree import Params
from timesuite_jax.port import CheckpointLayer, ModelPort, open_layers
from timesuite_jax.port.changed_tensors import Change, Changes, changed_layers
from timesuite_jax.port.loader import load_into
from timesuite_jax.port.resized_positions import is_square, resize_positions
from timesuite_jax.port.weights import WeightsSpec


@dataclasses.dataclass(frozen=True)
class InternVideo2WeightsSpec(WeightsSpec):
    """`config.weights`, see `WeightsSpec`.

    Attributes:
      position_frames: frames of the files' joint position embeddings, which are interpolated to the model's frames and
        resolution; 0: they are not, and have to fit. Those that are separate in space and time have the frames of their
        shape.
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
        self,
        layer: CheckpointLayer,
        encoder: InternVideo2Spec,
        prefix: str = "",
        uses: Sequence[str] = ("",),
        setting: str = "position_frames",
    ) -> dict[str, Change]:
        """Interpolated positions of an encoder, of those tables of a file that have other frames or another grid.

        They are computed where they are read: not those that another file overrides.

        Args:
          layer: the file.
          encoder: of the model.
          prefix: of the encoder's keys in the table.
          uses: "" for the encoder's own positions, "clip_" and "mae_" for those of decoders.
          setting: the field with the frames of the file's joint tables.

        Returns:
          By key. A change raises a UserError if its table, when it is read, does not have that many square frames.
        """
        frames: int = getattr(self, setting)
        if not frames:
            return {}
        changes: dict[str, Change] = {}
        for use in uses:
            tables = {  # name -> frames of the file and of the model, side of the model's grid, positions before them
                "pos_embed": (frames, encoder.num_frames, encoder.grid, int(use != "mae_")),
                "pos_embed_spatial": (1, 1, encoder.grid, 0),
            }
            if temporal := layer.keys.get(f"{prefix}{use}pos_embed_temporal"):
                count = layer.source.infos[temporal].shape[1]
                tables["pos_embed_temporal"] = (count, encoder.num_frames, 1, 0)
            for name, sizes in tables.items():
                if key := layer.keys.get(f"{prefix}{use}{name}"):
                    changes.update(_resized(layer, key, setting, *sizes))
        return changes


def _resized(
    layer: CheckpointLayer, key: str, setting: str, old: int, new: int, grid: int, first: int
) -> dict[str, Change]:
    """The change of one table of `old` frames; none if it is for `new` frames of `grid` x `grid` patches."""
    _, found, width = layer.source.infos[key].shape
    wanted = first + new * grid**2
    # The same number of positions may be fewer frames of more patches. A table that fits and cannot have the frames
    # that are named is of a file beside the one that they are named for.
    fits = is_square(found - first, old)
    if found == wanted and (old == new or not fits):
        return {}

    def resize(table: Float[np.ndarray, "1 N D"]) -> Float[np.ndarray, "1 N_out D"]:
        if fits:
            return resize_positions(table, old_frames=old, frames=new, grid=grid, class_token=bool(first))
        option = " (--position-frames of `timesuite port import`)" if setting == "position_frames" else ""
        raise UserError(
            f"{layer.source.name}: {key}: position embeddings of {found - first} patches are not those of {old} square "
            f"frames; set weights.{setting}{option} to the number of frames of the clips that the file was trained on"
        )

    return {key: ((1, wanted, width), resize)}
