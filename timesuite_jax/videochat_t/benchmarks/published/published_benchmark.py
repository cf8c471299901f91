"""What all published benchmarks have in common."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from timesuite_jax.evaluation import Benchmark
from timesuite_jax.evaluation.benchmark import Example
from timesuite_jax.videochat_t.answering.predictor import VideoAnswer, VideoQuestion
from timesuite_jax.videochat_t.answering.requirements import Requirements

ExampleT = TypeVar("ExampleT", bound=Example)
PredictionT = TypeVar("PredictionT")


class PublishedBenchmark(Benchmark[ExampleT, VideoQuestion, VideoAnswer, PredictionT], Generic[ExampleT, PredictionT]):
    """A benchmark on official annotation files and a folder of videos.

    Attributes:
      requirements: what it changes of how its protocol makes inputs and answers.
    """

    protocols = ("default", "paper")
    requirements: Requirements = Requirements()

    def submission_rows(self, predictions: Sequence[PredictionT]) -> list[dict[str, Any]] | None:
        """Returns the lines of the file that the benchmark's own evaluation takes; None if it has no such form.

        Args:
          predictions: of this benchmark, possibly none.

        Raises:
          UserError: the annotation files lack what these lines need.
        """
        del predictions
        return None
