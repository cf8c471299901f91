"""A classifier from the state dict of golden numbers, through the port that users' files go through."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from tests.support.golden_folder import GoldenFolder
from tests.support.internvideo2 import encoder_spec
from timesuite_jax.internvideo2.action.model import ActionModel
from timesuite_jax.internvideo2.action.port import PORT
from timesuite_jax.internvideo2.action.spec import ActionSpec
from timesuite_jax.port.table import Table


@dataclasses.dataclass(frozen=True)
class Classifier:
    """A model, its parameters and their table."""

    model: ActionModel
    params: dict[str, Any]
    table: Table

    @classmethod
    def read(cls, golden: GoldenFolder, weights: str, kwargs: Mapping[str, Any], **fields: Any) -> "Classifier":
        """The classifier of a state dict.

        Args:
          golden: folder of the weights.
          weights: name of their file.
          kwargs: arguments of upstream's class.
          **fields: of `ActionSpec`, and `activation`.
        """
        state = {name: array for name, array in golden.weights(weights).items() if array.ndim}
        table = PORT.table_for_torch({name: array.shape for name, array in state.items()})
        vision = encoder_spec(
            kwargs,
            activation=fields.pop("activation", "gelu"),
            positions="separate" if "pos_embed_spatial" in state else "joint",
        )
        spec = ActionSpec(vision=vision, num_classes=kwargs["num_classes"], **fields)
        return cls(ActionModel(spec), table.to_tree(state), table)


def to_torch(table: Table, params: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Parameters, or their gradients, by upstream's names."""
    return table.to_torch(jax.device_get(params))
