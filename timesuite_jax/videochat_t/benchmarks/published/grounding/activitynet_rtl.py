"""ActivityNet-RTL, reasoning temporal localization: the test file of LITA, `annot_val_1_q229.json`.

`paper` is LITA's evaluation: the question as it is, and times in angle brackets, which only models that were trained to
write them have; without two of them the whole video is taken. Its precision at 0.5 is `r1_iou_0.5`.
"""

from timesuite_jax.videochat_t.benchmarks.published.grounding.grounding_set import (
    GroundingSet,
    Wording,
    trained_wording,
)

_TASK = "reasoning_temporal_localization"

ACTIVITYNET_RTL_GROUNDING = GroundingSet(
    name="activitynet_rtl",
    formats=("activitynet_rtl_test", "activitynet_rtl"),
    paper=Wording("{query}", "lita", str.strip),
    default=trained_wording(_TASK, 1),  # the first wording is the question alone
    task=_TASK,
    sizes={"test": 229},
)
