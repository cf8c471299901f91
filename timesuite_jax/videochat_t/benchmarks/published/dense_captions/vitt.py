"""ViTT: `ViTT-annotations.json`, and `test_id.txt` or another of its lists of ids for a split.

Its sections have no ends: each lasts until the next one begins, as in VidChapters. A video of several annotators is
asked about and scored once for each. `paper` asks in the original's words; the original does not evaluate it.
"""

from timesuite_jax.videochat_t.benchmarks.published.dense_captions.caption_set import DenseCaptionSet

VITT = DenseCaptionSet(name="vitt", formats=("vitt",), ends=False, annotators="each", id_lists=True)
