"""What all published benchmarks have in common."""

from typing import Generic, TypeVar

from timesuite_jax.evaluation import Benchmark
from timesuite_jax.evaluation.benchmark import Example
from timesuite_jax.videochat_t.answering.predictor import VideoAnswer, VideoQuestion

ExampleT = TypeVar("ExampleT", bound=Example)
PredictionT = TypeVar("PredictionT")


class PublishedBenchmark(Benchmark[ExampleT, VideoQuestion, VideoAnswer, PredictionT], Generic[ExampleT, PredictionT]):
    """A benchmark on official annotation files and a folder of videos.

    Attributes:
      answer_tokens: maximum length of an answer; None for that of the config or of the protocol.
    """

    protocols = ("default", "paper")
    answer_tokens: int | None = None
