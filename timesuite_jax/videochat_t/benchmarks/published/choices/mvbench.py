"""MVBench: the folder of its 20 JSON files, or some of them.

`paper` is the original's evaluation (eval/eval_qa_tasks.ipynb).
"""

from timesuite_jax.data.choices.mvbench import read_mvbench
from timesuite_jax.videochat_t.benchmarks.published.choices.choice_set import ChoiceSet, original_wording

MVBENCH = ChoiceSet(
    name="mvbench",
    read=read_mvbench,
    paper=original_wording("original_mvbench", repeat=True, answer_tokens=100, video_times=True),
    sizes={"all": 4000},
)
