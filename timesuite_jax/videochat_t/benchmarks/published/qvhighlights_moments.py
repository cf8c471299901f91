"""QVHighlights, moment retrieval: `highlight_val_release.jsonl`, or `highlight_test_with_gt.jsonl`.

`paper` asks in the original's words for grounding, with the name of this data set; the original evaluates highlights.
"""

from timesuite_jax.text.prompts import grounding_question
from timesuite_jax.videochat_t.benchmarks.published.grounding_set import GroundingSet, Wording

QVHIGHLIGHTS_MOMENTS = GroundingSet(
    name="qvhighlights_moments",
    formats=("qvhighlights", "qvhighlights_coco", "moments"),
    paper=Wording(grounding_question("{query}", "qvhighlights"), "original"),
    sizes={"train": 7218, "val": 1550, "test": 1542},
)
