"""VUE-TR: queries with all their windows, scored as sets of intervals.

`paper` is the evaluation in TimeLens2 (github.com/MCG-NJU/TimeLens2, evaluation/vlmeval/dataset/vidi_vue_tr.py), which
asks the queries of modality "vision" only. By default all queries of the file are asked, or those of `--split`.
"""

import functools

from timesuite_jax.metrics import THRESHOLDS
from timesuite_jax.videochat_t.benchmarks.published.grounding.grounding_set import GroundingSet, Wording
from timesuite_jax.videochat_t.benchmarks.published.grounding.interval_sets import interval_table

VUE_TR_GROUNDING = GroundingSet(
    name="vue_tr",
    formats=("vue_tr",),
    paper=Wording(
        "You are given a video.\nTask: temporal retrieval.\n"
        'Given the query: "{query}", return ALL time spans (in seconds) where the query is relevant.\n'
        "Output format MUST be a JSON array of [start, end] pairs, e.g. [[0, 3.5], [10, 12]].\n",
        "span_list",
        str,
        split="vision",
    ),
    official=functools.partial(interval_table, thresholds=THRESHOLDS),
)
