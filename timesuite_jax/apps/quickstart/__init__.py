"""The quickstart: the main job end to end on films that are made on the spot; see docs/quickstart.md."""

from timesuite_jax.apps.quickstart.journey import Outcome, run
from timesuite_jax.apps.quickstart.recipe import RECIPE, QuickstartConfig
from timesuite_jax.apps.quickstart.table import print_outcome

__all__ = ["RECIPE", "Outcome", "QuickstartConfig", "print_outcome", "run"]
