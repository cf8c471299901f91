"""The quickstart of InternVideo2: actions that need the order of frames; see docs/quickstart_internvideo2.md."""

from timesuite_jax.apps.quickstart.internvideo2.config import CONFIG, InternVideo2QuickstartConfig
from timesuite_jax.apps.quickstart.internvideo2.pipeline import Outcome, run
from timesuite_jax.apps.quickstart.internvideo2.table import print_outcome

__all__ = ["CONFIG", "InternVideo2QuickstartConfig", "Outcome", "print_outcome", "run"]
