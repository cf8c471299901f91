"""The quickstart: the main job end to end on synthetic videos; see docs/quickstart.md."""

from timesuite_jax.apps.quickstart.config import CONFIG, QuickstartConfig
from timesuite_jax.apps.quickstart.pipeline import Outcome, run
from timesuite_jax.apps.quickstart.table import print_outcome

__all__ = ["CONFIG", "Outcome", "QuickstartConfig", "print_outcome", "run"]
