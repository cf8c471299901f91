"""EgoSchema: `questions.json`, with `subset_answers.json` for the subset whose answers are published.

`paper` is the original's evaluation of the subset (eval/eval_qa_tasks.ipynb).
"""

from timesuite_jax.data.choices.egoschema import read_egoschema
from timesuite_jax.videochat_t.benchmarks.published.choices.choice_set import ChoiceSet, original_wording

EGOSCHEMA = ChoiceSet(
    name="egoschema",
    read=read_egoschema,
    paper=original_wording("original_egoschema", repeat=False, answer_tokens=100),
    sizes={"subset": 500, "full": 5031},
)
