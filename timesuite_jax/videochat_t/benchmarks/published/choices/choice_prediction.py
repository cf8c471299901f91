"""A multiple-choice question with the model's answer and the truth, and the scores of several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from timesuite_jax.videochat_t.benchmarks.published.choices.group_scores import UNREAD, group_score

Column = Float[np.ndarray, " questions"]


@dataclass(frozen=True)
class ChoicePrediction:
    """A question with its answer.

    Attributes:
      id: of the question in its benchmark.
      source: name of the video.
      question: text, without the options.
      options: texts.
      answer: of the model.
      chosen: indices of the options as which it counts.
      truth: index of the right option; None if it is not published.
      categories: of the question.
      group: questions that are scored together have the same; "" for none.
      structure: how the questions of the group depend on each other.
      frames: different frames that the model saw.
      duration: seconds of the video or clip; None in answers stored by earlier versions.
    """

    id: str
    source: str
    question: str
    options: tuple[str, ...]
    answer: str
    chosen: tuple[int, ...]
    truth: int | None
    categories: tuple[str, ...] = ()
    group: str = ""
    structure: str = ""
    frames: int = 0
    duration: float | None = None

    @property
    def right(self) -> bool:
        """Whether the answer counts as the right option."""
        return self.truth in self.chosen


def category_metric(category: str) -> str:
    """Returns the name of the accuracy of a category."""
    return f"accuracy_{'_'.join(category.lower().split())}"


def choice_table(predictions: Sequence[ChoicePrediction], categories: Sequence[str]) -> dict[str, Column]:
    """Returns one value per question for each metric, NaN where a question does not count.

    Args:
      predictions: answers, at least one.
      categories: all of the benchmark.

    Returns:
      `accuracy`, of questions whose answers are published; `parse_failures`; and the accuracy of each category.
    """
    right = np.array([float(one.right) if one.truth is not None else np.nan for one in predictions])
    failed = np.array([float(not one.chosen) for one in predictions])
    table = {"accuracy": right, "parse_failures": failed}
    for category in categories:
        within = np.array([category in one.categories for one in predictions])
        table[category_metric(category)] = np.where(within, right, np.nan)
    return table


def task_mean_accuracy(table: Mapping[str, Column], categories: Sequence[str]) -> float:
    """Returns the mean of the accuracies of the categories that have scored questions, NaN if there are none.

    Args:
      table: of `choice_table`.
      categories: all of the benchmark.
    """
    columns = [table[category_metric(category)] for category in categories]
    means = [float(np.nanmean(column)) for column in columns if not np.isnan(column).all()]
    return float(np.mean(means)) if means else float("nan")


def group_table(predictions: Sequence[ChoicePrediction], *, protocol: str) -> dict[str, Column]:
    """Returns the score of each complete group at its last question, NaN at the others; see `group_score`.

    Args:
      predictions: in the order of the questions.
      protocol: "paper" counts answers without a letter as the published evaluation does, otherwise they are wrong.
    """
    scores = np.full(len(predictions), np.nan)
    groups: dict[str, list[int]] = {}
    for place, prediction in enumerate(predictions):
        groups.setdefault(prediction.group, []).append(place)
    for places in groups.values():
        members = [predictions[place] for place in places]
        right = [UNREAD if protocol == "paper" and not one.chosen else int(one.right) for one in members]
        score = group_score(right, members[-1].structure)
        scores[places[-1]] = np.nan if score is None else score
    return {"group_score": scores}
