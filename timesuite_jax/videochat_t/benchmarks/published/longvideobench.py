"""LongVideoBench without subtitles: `lvb_val.json`.

`paper` is the wording and the reading of VLMEvalKit and lmms-eval; the original does not evaluate it.
"""

from timesuite_jax.data.choices.longvideobench import read_longvideobench
from timesuite_jax.videochat_t.benchmarks.published.choice_set import LETTER_ONLY, ChoiceSet

LONGVIDEOBENCH = ChoiceSet(
    name="longvideobench",
    read=read_longvideobench,
    paper=LETTER_ONLY,
    sizes={"val": 1337},
)
