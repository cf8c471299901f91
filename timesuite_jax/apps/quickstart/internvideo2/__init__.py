"""The quickstart of InternVideo2: actions that need the order of frames; see docs/quickstart_internvideo2.md."""

from timesuite_jax.apps.quickstart.internvideo2.config import CONFIG
from timesuite_jax.apps.quickstart.internvideo2.pipeline import pipeline
from timesuite_jax.apps.quickstart.internvideo2.table import print_table
from timesuite_jax.apps.quickstart.run import Quickstart

QUICKSTART = Quickstart(
    family="internvideo2",
    config=CONFIG,
    steps=8,
    pipeline=pipeline,
    print_table=print_table,
    closing="open the picture above, then classify one of the held-out videos",
)

__all__ = ["QUICKSTART"]
