"""LongVideoBench: `lvb_val.json`; without subtitles, and with them.

`paper` is the wording and the reading of VLMEvalKit and lmms-eval; the original does not evaluate it. With subtitles,
which are the files `subtitles/*.json` of its release in the folder of the videos, lmms-eval writes those at the frames
between the images; here they come before the question, because the model sees all frames together.
"""

from dataclasses import replace

from timesuite_jax.data.choices.longvideobench import read_longvideobench
from timesuite_jax.videochat_t.benchmarks.published.choices.choice_set import (
    DEFAULT_SUBTITLED,
    LETTER_ONLY,
    ChoiceSet,
    SubtitleWording,
)

LONGVIDEOBENCH = ChoiceSet(
    name="longvideobench",
    read=read_longvideobench,
    paper=LETTER_ONLY,
    sizes={"val": 1337},
)
LONGVIDEOBENCH_SUBTITLES = replace(
    LONGVIDEOBENCH,
    name="longvideobench_subtitles",
    paper=replace(LETTER_ONLY, subtitles=SubtitleWording("at_frames", 8192)),
    default=DEFAULT_SUBTITLED,
)
