"""Accuracy of the quickstart's classifiers on held-out videos: of classes, and of each attribute of a class."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int

from timesuite_jax.apps.quickstart.internvideo2.controls import Control, ControlledClassifier
from timesuite_jax.data.synthetic import EventVideos
from timesuite_jax.evaluation import run_benchmark
from timesuite_jax.internvideo2.action.benchmark import ActionRecognition, ClassPrediction
from timesuite_jax.internvideo2.action.classifier import Classifier
from timesuite_jax.internvideo2.action.task import ActionTask
from timesuite_jax.internvideo2.data import ViewSpec
from timesuite_jax.param_tree import Params
from timesuite_jax.progress import progress_bar


@dataclasses.dataclass(frozen=True)
class ClassScores:
    """Accuracies of one classifier.

    Attributes:
      metrics: "top1" and the accuracy of each attribute.
      confusion: number of videos of each class (rows) that are taken for each class (columns).
    """

    metrics: Mapping[str, float]
    confusion: Int[np.ndarray, "classes classes"]


def score(
    task: ActionTask,
    params: Params,
    corpus: Path,
    kind: EventVideos,
    *,
    views: int = 1,
    control: Control | None = None,
    quiet: bool = False,
) -> ClassScores:
    """Classifies all videos of a corpus.

    Args:
      task: of the classifier.
      params: its parameters.
      corpus: folder.
      kind: of the videos.
      views: clips of each video whose probabilities are averaged; 1: the clip of training.
      control: what is done to the clips before.
      quiet: no progress bar.
    """
    config = task.config
    # The rule of training has one clip of a video, that of segments as many as there are frames between two.
    data = config.data if views == 1 else dataclasses.replace(config.data, sampling="segments", cache_decoded=False)
    spec = ViewSpec(clips=views, crops=1)
    classifier = Classifier(task.model, params, data, spec, config.model.num_classes)
    predictor = classifier if control is None else ControlledClassifier(classifier, control)
    benchmark = ActionRecognition([str(corpus)])
    with progress_bar(f"classifying {corpus.name}", len(benchmark.examples()), quiet=quiet) as advance:
        size = config.evaluation.batch_size
        result = run_benchmark(benchmark, predictor, batch_size=size, threads=1, on_progress=advance)
    return summarise(list(result.predictions.values()), kind)


def summarise(predictions: Sequence[ClassPrediction], kind: EventVideos) -> ClassScores:
    """Accuracies of predicted classes."""
    truth, found = (np.array([value(one) for one in predictions]) for value in (lambda p: p.label, lambda p: p.top[0]))
    metrics = {"top1": float(np.mean(truth == found))}
    for name, values in kind.attributes.items():
        column = np.asarray(values)
        metrics[name] = float(np.mean(column[truth] == column[found]))
    confusion = np.zeros((len(kind.classes), len(kind.classes)), int)
    np.add.at(confusion, (truth, found), 1)
    return ClassScores(metrics, confusion)
