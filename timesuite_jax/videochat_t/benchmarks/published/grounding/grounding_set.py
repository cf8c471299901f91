"""The description of a benchmark of temporal grounding: what is asked, how answers are read, and what is scored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from timesuite_jax.data.timepro import TASKS
from timesuite_jax.data.timepro.source_entry import GroundedQuery, SourceEntry
from timesuite_jax.evaluation import Span
from timesuite_jax.metrics import THRESHOLDS

GROUNDING = "temporal_video_grounding"
Spans = Sequence[Span]
OfficialMetrics = Callable[[Sequence[Spans], Sequence[Spans]], Mapping[str, Float[np.ndarray, " questions"]]]

SubmissionRow = Callable[[SourceEntry, Spans], dict[str, Any]]


def strip_stops(query: str) -> str:
    """Removes full stops at the ends, as the original's evaluation does."""
    return query.strip(".")


@dataclass(frozen=True)
class Wording:
    """How a protocol asks and reads.

    Attributes:
      template: question, with the placeholder `{query}`.
      reader: name of the rule by which answers are read, in `answer_spans.READERS`.
      clean: of a query, before it replaces the placeholder.
      split: which questions are asked, of a file with several splits, where none is chosen.
    """

    template: str
    reader: str
    clean: Callable[[str], str] = strip_stops
    split: str | None = None

    def question(self, query: str) -> str:
        """Returns the question for a query."""
        return self.template.replace("{query}", self.clean(query))


def trained_wording(task: str = GROUNDING, number: int = 0) -> Wording:
    """The default: a question of the training data, and the full grammar.

    Args:
      task: of TimePro.
      number: of its wordings.
    """
    template = TASKS[task].wordings(GroundedQuery("{query}", ((0.0, 1.0),)))[number].question
    return Wording(template, "grammar", lambda query: query.strip().strip("."))


@dataclass(frozen=True)
class GroundingSet:
    """A benchmark of grounding.

    Attributes:
      name: for `--benchmark`.
      formats: of its annotation files, names of `data.sources.FORMATS`.
      paper: questions and reading of its publication or of the evaluation that its scores are known from.
      default: those that the model is trained for.
      task: of TimePro, that the files are read for.
      sizes: number of questions of each official split; empty if unknown.
      thresholds: IoU of R@1.
      submission: a line of the file that the benchmark's own evaluation takes, from an entry of the annotations and the
        spans of the answer, best first; None if it has no such form.
      official: further metrics, of the benchmark's own evaluation: from the spans of each answer and the true windows
        of each question to one value per question.
    """

    name: str
    formats: tuple[str, ...]
    paper: Wording
    default: Wording = field(default_factory=trained_wording)
    task: str = GROUNDING
    sizes: Mapping[str, int] = field(default_factory=dict)
    thresholds: tuple[float, ...] = THRESHOLDS
    official: OfficialMetrics | None = None
    submission: SubmissionRow | None = None
