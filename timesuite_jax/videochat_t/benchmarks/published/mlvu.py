"""MLVU, the seven tasks with options: the folder of its JSON files, or some of them.

`paper` asks in the words of MLVU's own evaluation, "Only give the best option.", with "Best option: (" as the start of
the answer, whose next letter is read.
"""

from timesuite_jax.data.choices.mlvu import read_mlvu
from timesuite_jax.videochat_t.benchmarks.published.choice_set import ChoiceSet, ChoiceWording

MLVU = ChoiceSet(
    name="mlvu",
    read=read_mlvu,
    paper=ChoiceWording(
        "Carefully watch this video and pay attention to every detail. Based on your observations, select the best "
        "option that accurately addresses the question.\nQuestion: {question}\nOptions:\n{options}\n"
        "Only give the best option.",
        "next_letter",
        answer_prompt="Best option: (",
    ),
)
