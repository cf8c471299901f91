"""Ego4D Natural Language Queries: `nlq_val.json` with full videos, or JSON lines with clips.

`paper` is the evaluation in TimeLens2 (github.com/MCG-NJU/TimeLens2, evaluation/vlmeval/dataset/ego4d_nlq_v2.py), whose
mIoU and R@1 are `interval_iou` and `interval_r1_iou_*`.
"""

import functools
import re

from timesuite_jax.videochat_t.benchmarks.published.grounding.grounding_set import GroundingSet, Wording
from timesuite_jax.videochat_t.benchmarks.published.grounding.interval_sets import interval_table

_THRESHOLDS = (0.1, 0.2, 0.3, 0.5, 0.7)
_LABEL = re.compile(r"^query\s*text\s*:\s*", re.IGNORECASE)

EGO4D_NLQ_GROUNDING = GroundingSet(
    name="ego4d_nlq",
    formats=("ego4d_nlq", "moments"),
    paper=Wording(
        "You are given a video.\nTask: temporal grounding.\n"
        'Given the query: "{query}", return the time span (in seconds) where the query is grounded in the video.\n'
        "Output format MUST be [[start, end]].\n",
        "span_list",
        lambda query: _LABEL.sub("", query.strip()),
    ),
    thresholds=_THRESHOLDS,
    official=functools.partial(interval_table, thresholds=_THRESHOLDS),
)
