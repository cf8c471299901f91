"""The evaluation of a model on one corpus during its training, with a picture of its first answers."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import UInt8

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import Result, run_benchmark
from timesuite_jax.evaluation.timeline import timelines_png
from timesuite_jax.param_tree import Params
from timesuite_jax.videochat_t.answering.predictor import VideoChatPredictor
from timesuite_jax.videochat_t.answering.timeline_parts import video_frames
from timesuite_jax.videochat_t.benchmarks.corpus_examples import CorpusExample
from timesuite_jax.videochat_t.benchmarks.grounding_prediction import GroundingPrediction
from timesuite_jax.videochat_t.benchmarks.table import CorpusBenchmark, make_benchmark
from timesuite_jax.videochat_t.config import EvaluationSpec

_TIMELINES = 4  # answers that are drawn


class CorpusEvaluation:
    """Scores parameters; keeps what was answered last.

    Args:
      folder: of the corpus.
      spec: which benchmark, and how.
      make_predictor: from parameters.
    """

    def __init__(
        self, folder: str, spec: EvaluationSpec, make_predictor: Callable[[Params], VideoChatPredictor]
    ) -> None:
        self._folder, self._spec, self._make_predictor = folder, spec, make_predictor
        self._last: tuple[CorpusBenchmark, Result[Any]] | None = None

    def run(self, params: Params) -> dict[str, float]:
        """Returns the metrics of some parameters."""
        spec = self._spec
        benchmark = make_benchmark(spec.benchmark, [self._folder], limit=spec.limit, protocol=spec.protocol)
        result = run_benchmark(benchmark, self._make_predictor(params), batch_size=spec.batch_size)
        self._last = benchmark, result
        return result.metrics()

    def pictures(self) -> dict[str, bytes]:
        """Returns the first answers of the last evaluation as timelines; empty where answers have no spans."""
        if self._last is None:
            return {}
        benchmark, result = self._last
        drawn = []
        for example in benchmark.examples():
            prediction = result.predictions.get(example.id)
            if isinstance(prediction, GroundingPrediction) and len(drawn) < _TIMELINES:
                drawn.append(prediction.timeline(_frames(benchmark, example)))
        return {"timelines": timelines_png(drawn)} if drawn else {}


def _frames(benchmark: CorpusBenchmark, example: CorpusExample) -> Sequence[UInt8[np.ndarray, "H W 3"]]:
    """Frames of a video; none if they cannot be decoded: a picture is no reason to end a training."""
    try:
        return video_frames(benchmark.prompt(example).record)
    except UserError:
        return ()
