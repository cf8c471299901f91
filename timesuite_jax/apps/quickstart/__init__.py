"""Quickstarts: the main job of a family end to end on synthetic videos; see docs/quickstart.md.

Each family's package has its config, steps and table; what they share is here.
"""

from timesuite_jax.apps.quickstart.printing import print_outcome
from timesuite_jax.apps.quickstart.run import Outcome, Quickstart, Work, run

__all__ = ["Outcome", "Quickstart", "Work", "print_outcome", "run"]
