"""What the quickstart's trained model is worth: its scores beside what they must be compared with."""

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from timesuite_jax.data.corpora import CorpusShare, Mixture
from timesuite_jax.metrics import best_constant_span, grounding_scores, random_spans
from timesuite_jax.videochat_t.answering.answerer import Answerer
from timesuite_jax.videochat_t.answering.prompts import Control, Span
from timesuite_jax.videochat_t.benchmarks.grounding import Grounding, evaluate_grounding
from timesuite_jax.videochat_t.data.processor import Processor


@dataclasses.dataclass(frozen=True)
class Scores:
    """Figures by name, and the answers behind them."""

    figures: dict[str, float]
    one: Grounding
    two: Grounding


def score(
    answerer: Answerer, preparer: Processor, corpora: Path, *, batch_size: int, on_progress: Callable[[int], None]
) -> Scores:
    """Scores a model on held-out films.

    Args:
      answerer: the trained model.
      preparer: makes what it sees.
      corpora: folder with the corpora `train`, `one_object` and `two_objects`.
      batch_size: prompts at a time.
      on_progress: told how many more prompts are answered; there are four corpora's worth in all.
    """

    def ask(corpus: str, control: Control = "none") -> Grounding:
        folders = [str(corpora / corpus)]
        return evaluate_grounding(
            answerer, preparer, folders, batch_size=batch_size, control=control, on_progress=on_progress
        )

    one, foreign, rescaled = (
        ask("one_object"),
        ask("one_object", "foreign_frames"),
        ask("one_object", "rescaled_stamps"),
    )
    two = ask("two_objects")
    figures = dict(one.figures())
    figures["foreign_frames_r1_iou_0.5"] = foreign.figures()["r1_iou_0.5"]
    figures["rescaled_stamps_r1_iou_0.5"] = rescaled.figures()["r1_iou_0.5"]
    # The same answers against the seconds that the model was not told: what it would score if it ignored the stamps.
    old = [prediction.prompt.spans[0] for prediction in one.predictions]
    figures["rescaled_stamps_old_seconds_r1_iou_0.5"] = rescaled.scores_against(old).summary()["r1_iou_0.5"]
    figures |= _without_looking(one, corpora / "train")
    asked, other = two.scores().summary(), two.scores_against(_spans_of_the_other(two)).summary()
    figures |= {f"asked_{name}": asked[name] for name in asked}
    figures["other_r1_iou_0.5"] = other["r1_iou_0.5"]
    return Scores(figures, one, two)


def _without_looking(result: Grounding, train: Path) -> dict[str, float]:
    """What the best constant answer (fitted on the training films) and a random one score."""
    truths = np.array([prediction.prompt.spans[0] for prediction in result.predictions])
    durations = np.array([prediction.prompt.duration for prediction in result.predictions])
    mixture = Mixture([CorpusShare(str(train))])
    records = [mixture.read(number) for number in range(mixture.visits)]
    known = np.array([span for record in records for span in record.spans])
    lengths = np.array([record.duration for record in records for _ in record.spans])
    constants = (best_constant_span(known, lengths, relative=relative) for relative in (True, False))
    best = max(
        grounding_scores(span.predict(durations).tolist(), truths.tolist()).summary()["r1_iou_0.5"]
        for span in constants
    )
    guess = grounding_scores(random_spans(durations, seed=0).tolist(), truths.tolist()).summary()["r1_iou_0.5"]
    return {"constant_r1_iou_0.5": best, "random_r1_iou_0.5": guess}


def _spans_of_the_other(result: Grounding) -> Sequence[Span]:
    """For each question about a film with two objects, when the one that was not asked for is visible."""
    films = defaultdict(list)
    for prediction in result.predictions:
        films[prediction.prompt.source].append(prediction.prompt)
    others = []
    for prediction in result.predictions:
        (other,) = [prompt for prompt in films[prediction.prompt.source] if prompt is not prediction.prompt]
        others.append(other.spans[0])
    return others
