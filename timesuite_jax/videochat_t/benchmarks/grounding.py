"""Temporal grounding of whole corpora: ask, read the spans out of the answers, score."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.sharing import shard_batches
from timesuite_jax.metrics import GroundingScores, grounding_scores
from timesuite_jax.text import parse_spans
from timesuite_jax.videochat_t.answering.gather import gather
from timesuite_jax.videochat_t.answering.prediction import Prediction
from timesuite_jax.videochat_t.answering.prompts import Control, Dropped, PromptReader, Span
from timesuite_jax.videochat_t.data.batch import Batch
from timesuite_jax.videochat_t.data.processor import Processor

# Of any scores.
GROUNDING_FIGURES = (*GroundingScores(np.zeros(1), np.zeros(1, bool)).summary(), "dropped")
Answer = Callable[[Batch], list[str]]


@dataclasses.dataclass(frozen=True)
class Grounding:
    """Answers to a corpus, and what could not be asked."""

    predictions: Sequence[Prediction]
    dropped: Sequence[Dropped]

    def scores(self) -> GroundingScores:
        """Scores against the true spans."""
        return self.scores_against([prediction.prompt.spans[0] for prediction in self.predictions])

    def scores_against(self, truths: Sequence[Span]) -> GroundingScores:
        """Scores against other spans, e.g. of what was not asked for."""
        return grounding_scores([prediction.span for prediction in self.predictions], truths)

    def figures(self) -> dict[str, float]:
        """R@1 at each threshold, mean IoU, parse failures, number of questions and of dropped records."""
        return {**self.scores().summary(), "dropped": float(len(self.dropped))}


def evaluate_grounding(
    answer: Answer,
    preparer: Processor,
    folders: Sequence[str],
    *,
    batch_size: int,
    limit: int | None = None,
    control: Control = "none",
    on_progress: Callable[[int], None] = lambda records: None,
) -> Grounding:
    """Asks every record of some corpora its first question; several processes share the records out.

    Args:
      answer: batch of prompts -> answers in words, one a row. Of several processes each gives and gets its own rows.
      preparer: makes what the model sees.
      folders: corpora whose records have spans.
      batch_size: prompts at a time; does not change the answers.
      limit: records of each corpus; None for all.
      control: what is changed in what the model is shown.
      on_progress: told how many more records all processes have dealt with, dropped ones included.

    Raises:
      UserError: if a corpus cannot be read or has no record with a question and a span that can be asked.
    """
    share, rows = shard_batches(batch_size)
    reader = PromptReader(preparer, folders, batch_size=rows, limit=limit, control=control, share=share)
    predictions, told = [], 0
    for batch in reader:
        # Rows beyond the prompts only fill the batch.
        for prompt, text in zip(batch.prompts, answer(batch.arrays), strict=False):
            predictions.append(Prediction(prompt, text, tuple((s.start, s.end) for s in parse_spans(text))))
        # The others are as far.
        dealt_with = min(len(reader), share.count * (len(predictions) + len(reader.dropped)))
        on_progress(dealt_with - told)
        told = dealt_with
    predictions, dropped = gather(share, predictions, reader.dropped)
    on_progress(len(reader) - told)
    if not predictions:
        raise UserError(f"nothing to evaluate in {', '.join(folders)}: {dropped[0].reason}")
    return Grounding(predictions, dropped)
