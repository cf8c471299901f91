"""The quickstart of VideoChat-T: grounding of events in videos of moving shapes; see docs/quickstart.md."""

from timesuite_jax.apps.quickstart.run import Quickstart
from timesuite_jax.apps.quickstart.videochat_t.config import CONFIG
from timesuite_jax.apps.quickstart.videochat_t.pipeline import pipeline
from timesuite_jax.apps.quickstart.videochat_t.table import print_table

QUICKSTART = Quickstart(
    family="videochat_t",
    config=CONFIG,
    steps=5,
    pipeline=pipeline,
    print_table=print_table,
    closing="open the timeline above, then ask a question of your own about one of the held-out videos",
)

__all__ = ["QUICKSTART"]
