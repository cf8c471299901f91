"""The contract between benchmarks, models and the runner.

A `Benchmark` knows annotations and scoring, a `Predictor` knows a model and how its inputs are prepared, and
`run_benchmark` does everything else: sharding, batches, resume, dropped examples, the result file. What a prompt and an
answer are is for the two of them to agree on: a question about a video and the text of the answer; a clip or a caption
and its embedding.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from timesuite_jax.evaluation.scores import Scores


@runtime_checkable
class Example(Protocol):
    """One example of a benchmark: annotations, without the pixels."""

    @property
    def id(self) -> str:
        """Unique in the benchmark, and the same in every run: answers are stored under it."""
        ...


ExampleT = TypeVar("ExampleT", bound=Example)
PromptT = TypeVar("PromptT")
AnswerT = TypeVar("AnswerT")
PredictionT = TypeVar("PredictionT")
InputT = TypeVar("InputT")
PromptT_contra = TypeVar("PromptT_contra", contravariant=True)
AnswerT_co = TypeVar("AnswerT_co", covariant=True)


class Benchmark(ABC, Generic[ExampleT, PromptT, AnswerT, PredictionT]):
    """Base class of benchmarks.

    Attributes:
      name: short name, e.g. "charades_sta".
      metric_names: what `score` returns, known before anything is computed.
      prediction_type: a dataclass that JSON can represent: predictions are stored and exchanged between processes. It
        carries whatever `score` needs, so that the examples themselves are read once.
      protocols: supported evaluation protocols: "paper" reproduces the publication's prompt and parsing of answers,
        "default" is what is recommended.
      protocol: the one that this instance follows.
    """

    name: str
    metric_names: tuple[str, ...]
    prediction_type: type[PredictionT]
    protocols: tuple[str, ...] = ("default",)
    protocol: str = "default"

    @property
    def settings(self) -> Mapping[str, Any]:
        """What else decides the score, as JSON values: checksums of annotation files, options, prompt templates."""
        return {}

    @abstractmethod
    def examples(self) -> Sequence[ExampleT]:
        """Returns all examples in a fixed order; the sequence may create them when they are indexed."""

    @abstractmethod
    def prompt(self, example: ExampleT) -> PromptT:
        """Returns what the model gets.

        Raises:
          UserError: the example cannot be used, e.g. its video is missing; it is dropped and reported.
        """

    @abstractmethod
    def read(self, answer: AnswerT, example: ExampleT) -> PredictionT:
        """Parses an answer; one that does not parse is a wrong prediction, never an error."""

    @abstractmethod
    def score(self, predictions: Sequence[PredictionT]) -> Scores:
        """Scores predictions (at least one), which are in the order of the examples."""


@runtime_checkable
class Predictor(Protocol[PromptT_contra, InputT, AnswerT_co]):
    """A model as the runner uses it."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """What decides its answers beside the weights, as JSON values: prompt layout, frame sampling, decoding."""
        ...

    def prepare(self, prompt: PromptT_contra) -> InputT:
        """Returns the model's input for one prompt: decodes the video, tokenizes the text.

        Raises:
          UserError: the prompt cannot be used, e.g. its video does not decode; the example is dropped and reported.
        """
        ...

    def predict(self, inputs: Sequence[InputT], batch_size: int) -> Sequence[AnswerT_co]:
        """Answers a batch.

        Args:
          inputs: at most `batch_size` of them; none in a process that has fewer batches than the others.
          batch_size: rows of the compiled program; rows without an input are padding.

        Returns:
          One answer for each input. It must not depend on the other inputs of the batch.
        """
        ...
