"""ActivityNet Captions as grounding: `val_2.json` is the usual test split.

`paper` asks in the original's words, with the name of this data set; the original does not evaluate it.
"""

from timesuite_jax.text.prompts import grounding_question
from timesuite_jax.videochat_t.benchmarks.published.grounding.grounding_set import GroundingSet, Wording

ACTIVITYNET_GROUNDING = GroundingSet(
    name="activitynet_grounding",
    formats=("activitynet_captions", "activitynet_captions_coco", "moments"),
    paper=Wording(grounding_question("{query}", "activitynet"), "original"),
    sizes={"train": 37421, "val_1": 17505, "val_2": 17031},
)
