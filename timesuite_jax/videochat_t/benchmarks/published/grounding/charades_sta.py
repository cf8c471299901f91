"""Charades-STA: `charades_sta_test.txt`, with the videos of Charades.

`paper` is the original's zero-shot evaluation (`eval/eval_infer.py`).
"""

from timesuite_jax.text.prompts import grounding_question
from timesuite_jax.videochat_t.benchmarks.published.grounding.grounding_set import GroundingSet, Wording

CHARADES_STA = GroundingSet(
    name="charades_sta",
    formats=("charades_sta", "charades_sta_coco", "moments"),
    paper=Wording(grounding_question("{query}", "charades"), "original"),
    sizes={"train": 12408, "test": 3720},
)
