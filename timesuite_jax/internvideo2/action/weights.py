"""Weights that a classifier starts from: with chosen rows of another head, and positions of other frames."""

import dataclasses
import json
from collections.abc import Sequence

import numpy as np

from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.action.spec import ActionSpec
from timesuite_jax.internvideo2.weights import InternVideo2WeightsSpec
from timesuite_jax.port import CheckpointLayer
from timesuite_jax.port.changed_tensors import Change
from timesuite_jax.port.sources import expand, split_role
from timesuite_jax.storage.staging import local_copy

K710, K400 = 710, 400  # classes of the union of three Kinetics sets, of which K400's are the first
_HEAD = ("head.weight", "head.bias")


@dataclasses.dataclass(frozen=True)
class ActionWeightsSpec(InternVideo2WeightsSpec):
    """`config.weights` of a classifier.

    Attributes:
      head_rows: a JSON file with a list: for each class of this model, the number of the class of the files' head whose
        row it starts with. Upstream's for K600 and K700 are `k710/label_mixto600.json` and `label_mixto700.json`. For
        K400 it is not needed.
    """

    head_rows: str | None = None

    def __post_init__(self) -> None:
        """Checks the bounds, and that a file has the head that rows are chosen of.

        Raises:
          UserError: naming the field.
        """
        super().__post_init__()
        if self.head_rows is not None and not any(split_role(file)[0] in (None, "checkpoint") for file in self.files):
            raise UserError(
                f"weights.head_rows={self.head_rows} has no effect: none of weights.files={self.files} is a complete "
                "classifier, whose head it chooses rows of; give one as a path without a role, or remove head_rows"
            )

    def missing(self) -> list[str]:
        """Paths of files that do not exist."""
        rows = [] if self.head_rows is None or expand(self.head_rows).exists() else [self.head_rows]
        return [*super().missing(), *rows]

    def tensor_changes(self, spec: ActionSpec, layer: CheckpointLayer) -> dict[str, Change]:
        """Interpolated positions, and the chosen rows of a head.

        Args:
          spec: of the model.
          layer: a file.

        Raises:
          UserError: rows or positions are not those of the file and the model.
        """
        return {**self.resized_positions(layer, spec.vision), **self._new_head(layer, spec.num_classes)}

    def _new_head(self, layer: CheckpointLayer, classes: int) -> dict[str, Change]:
        """The chosen rows of a file's head."""
        keys = [layer.keys[name] for name in _HEAD if name in layer.keys]
        if not layer.role.complete or len(keys) < len(_HEAD):
            return {}
        rows = self._rows(layer.source.name, layer.source.infos[keys[-1]].shape[0], classes)
        if rows is None:
            return {}
        chosen = np.asarray(rows)
        shapes = {key: layer.source.infos[key].shape for key in keys}
        return {key: ((len(chosen), *shape[1:]), lambda tensor: tensor[chosen]) for key, shape in shapes.items()}

    def _rows(self, source: str, found: int, wanted: int) -> Sequence[int] | None:
        """The rows of a head of `found` classes for one of `wanted` classes; None for all of them.

        Raises:
          UserError: if the list of rows is needed or does not fit.
        """
        if self.head_rows is None:
            if found == K710 and wanted == K400:
                return range(K400)
            if found == K710 and wanted in (600, 700):
                raise UserError(
                    f"{source}: its head has the {K710} classes of Kinetics-710, the model has {wanted}; give the "
                    f"list of rows as weights.head_rows=label_mixto{wanted}.json (upstream's k710 folder), or start a "
                    "new head with classifier=PATH"
                )
            return None
        rows = _read_rows(self.head_rows)
        if len(rows) != wanted or not all(0 <= row < found for row in rows):
            raise UserError(
                f"weights.head_rows={self.head_rows} has {len(rows)} rows from {min(rows)} to {max(rows)}, but the "
                f"model has {wanted} classes and the head of {source} {found}; give the list for these two"
            )
        return rows


def _read_rows(path: str) -> list[int]:
    try:
        rows = json.loads(local_copy(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"weights.head_rows={path} cannot be read: {error}; give a JSON list of numbers") from error
    if not isinstance(rows, list) or not rows or not all(type(row) is int for row in rows):
        raise UserError(f"weights.head_rows={path} is not a list of whole numbers; give a JSON list of numbers")
    return rows
