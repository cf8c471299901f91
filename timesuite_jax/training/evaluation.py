"""An evaluation of a model during its training."""

import dataclasses
from collections.abc import Callable, Collection, Mapping

from timesuite_jax.param_tree import Params


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """A function from all parameters to metrics.

    Attributes:
      metric_names: known before anything is computed, so that a misspelt `training.best` fails at the start of a run.
      run: the function.
      pictures: draws what the last call of `run` found, as PNG files by name; None if there is nothing to draw.
    """

    metric_names: Collection[str]
    run: Callable[[Params], dict[str, float]]
    pictures: Callable[[], Mapping[str, bytes]] | None = None

    def __call__(self, params: Params) -> dict[str, float]:
        """Evaluates."""
        return self.run(params)
