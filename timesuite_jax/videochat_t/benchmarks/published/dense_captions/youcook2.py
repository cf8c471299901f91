"""YouCook2: `youcookii_annotations_trainval.json` with `--split validation`, or the COCO forms of the original.

`paper` is the original's question, parser and scorer; the original has no published score.
"""

from timesuite_jax.videochat_t.benchmarks.published.dense_captions.caption_set import DenseCaptionSet

YOUCOOK2 = DenseCaptionSet(
    name="youcook2",
    formats=("youcook2", "youcook2_coco"),
    sizes={"training": 1333, "validation": 457},
)
