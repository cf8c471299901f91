"""MLVU, the seven tasks with options: the folder of its JSON files, or some of them.

`paper` asks in the words of MLVU's own evaluation, "Only give the best option.", with "Best Option: (" as the start of
the answer, and reads the answer as it does. Its published number, M-Avg, is `task_mean_accuracy`.
"""

from timesuite_jax.data.choices.mlvu import read_mlvu
from timesuite_jax.videochat_t.benchmarks.published.choices.choice_set import ChoiceSet, ChoiceWording

MLVU = ChoiceSet(
    name="mlvu",
    read=read_mlvu,
    paper=ChoiceWording(
        "Carefully watch this video and pay attention to every detail. Based on your observations, select the best "
        "option that accurately addresses the question.\nQuestion: {question}\nOptions:\n{options}\n"
        "Only give the best option.",
        "original_mlvu",
        answer_prompt="Best Option: (",
    ),
    task_mean=True,
)
