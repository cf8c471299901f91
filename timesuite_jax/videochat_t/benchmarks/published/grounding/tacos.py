"""TACoS, with the annotation files that 2D-TAN released.

`paper` asks in the original's words, with the name of this data set; the original does not evaluate it.
"""

from timesuite_jax.text.prompts import grounding_question
from timesuite_jax.videochat_t.benchmarks.published.grounding.grounding_set import GroundingSet, Wording

TACOS_GROUNDING = GroundingSet(
    name="tacos",
    formats=("tacos", "moments"),
    paper=Wording(grounding_question("{query}", "tacos"), "original"),
    sizes={"train": 9790, "val": 4436, "test": 4001},
)
