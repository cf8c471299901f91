"""QVHighlights, moment retrieval: `highlight_val_release.jsonl`, or `highlight_test_with_gt.jsonl`.

`paper` asks in the original's words for grounding, with the name of this data set; the original evaluates highlights.
`MR-full-mAP` and the like are those of the official evaluation, of all spans of an answer in their order.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from timesuite_jax.data.timepro.source_entry import GroundedQuery, SourceEntry
from timesuite_jax.errors import UserError
from timesuite_jax.metrics.qvhighlights import BRIEF, qvhighlights_moment_table
from timesuite_jax.text.prompts import grounding_question
from timesuite_jax.videochat_t.benchmarks.published.grounding.grounding_set import GroundingSet, Spans, Wording


def _official(predictions: Sequence[Spans], truths: Sequence[Spans]) -> dict[str, Float[np.ndarray, " questions"]]:
    """The metrics that QVHighlights' evaluation prints."""
    table = qvhighlights_moment_table(predictions, truths)
    return {name: table[name] for name in BRIEF}


def _submission(entry: SourceEntry, spans: Spans) -> dict[str, Any]:
    """A line of the official evaluation (github.com/jayleicn/moment_detr, standalone_eval), with scores by rank.

    The spans keep the order that `MR-full-mAP` uses here.
    """
    content = entry.content
    assert isinstance(content, GroundedQuery)
    if not entry.key.isdecimal():
        raise UserError(
            f"{entry.location} has no qid, which submissions consist of; give highlight_val_release.jsonl or "
            "highlight_test_with_gt.jsonl"
        )
    windows = [[*span, 1 / rank] for rank, span in enumerate(spans, 1)]
    return {"qid": int(entry.key), "query": content.query, "vid": entry.video, "pred_relevant_windows": windows}


QVHIGHLIGHTS_MOMENTS = GroundingSet(
    name="qvhighlights_moments",
    formats=("qvhighlights", "qvhighlights_coco", "moments"),
    paper=Wording(grounding_question("{query}", "qvhighlights"), "original"),
    official=_official,
    submission=_submission,
    sizes={"train": 7218, "val": 1550, "test": 1542},
)
