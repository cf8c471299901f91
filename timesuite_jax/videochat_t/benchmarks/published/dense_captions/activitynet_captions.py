"""ActivityNet Captions: `val_1.json`, `val_2.json` or both, or the COCO forms of the original.

`paper` is the original's question, parser and scorer; the original has no published score. With both files each video
is asked about and scored once for each of its annotations.
"""

from timesuite_jax.videochat_t.benchmarks.published.dense_captions.caption_set import DenseCaptionSet

ACTIVITYNET_CAPTIONS = DenseCaptionSet(
    name="activitynet_captions",
    formats=("activitynet_captions", "activitynet_captions_coco"),
    sizes={"train": 10009, "val_1": 4917, "val_2": 4885, "val_1 and val_2": 4917 + 4885},
)
