"""What a model can do once it has parameters, as protocols that a family's task satisfies structurally.

A command asks `registry.load` for a capability, never for a family. A new capability is a protocol here, with methods
only, and a line in `USES`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from timesuite_jax.config_spec import Config
from timesuite_jax.data.corpora import Record, TokenUse
from timesuite_jax.embeddings.video import FeatureEncoder, FeatureRequest
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.calibration_file import UNCALIBRATED, Calibration
from timesuite_jax.evaluation.job import EvaluationJob, EvaluationRequest
from timesuite_jax.media import VideoError
from timesuite_jax.param_tree import Params
from timesuite_jax.port import CheckpointLayer
from timesuite_jax.port.changed_tensors import Change
from timesuite_jax.registry.video_answer import EarlierTurn, Span, VideoAnswer
from timesuite_jax.training import Task


class FamilyTask(Task, Protocol):
    """A task of the table of families."""

    config: Any  # spec of the whole config but `task` and `training`

    @classmethod
    def from_config(cls, config: Config) -> "FamilyTask":
        """The task that a run's config describes.

        Raises:
          UserError: naming what is wrong with the config.
        """
        ...

    @classmethod
    def model_config(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """`config["model"]` with every field, also those left at their defaults, as JSON values; reads no data.

        Raises:
          UserError: naming what is wrong with it.
        """
        ...

    @classmethod
    def replace_data(cls, config: Mapping[str, Any], data: Sequence[str]) -> dict[str, Any]:
        """The config with the data that the model is evaluated on, or recommends from, replaced by these paths.

        Raises:
          UserError: if the family cannot use that many.
        """
        ...


@runtime_checkable
class Answers(Protocol):
    """Answers questions about videos."""

    def check_prompt(self, prompt: str | None, protocol: str | None) -> None:
        """Checks these arguments of `ask`, before parameters are read.

        Raises:
          UserError: there is no such conversation layout or protocol.
        """
        ...

    def ask(
        self,
        params: Params,
        video: str | Path,
        question: str,
        *,
        clip: Span | None = None,
        prompt: str | None = None,
        protocol: str | None = None,
        max_new_tokens: int | None = None,
        limit: int | None = None,
        temperature: float = 0.0,
        seed: int | None = None,
        history: Sequence[EarlierTurn] = (),
        on_text: Callable[[str], None] | None = None,
        answers: Literal["auto", "free"] = "auto",
        calibration: Calibration = UNCALIBRATED,
        long: Literal["whole", "resampled", "hierarchical"] = "whole",
        window: float | None = None,
    ) -> VideoAnswer:
        """Answers one question. The encoding of the video is kept for the next question about it.

        Args:
          params: all parameters of the model.
          video: path of the file.
          question: the question in words.
          clip: start and end, in seconds, of the part to use; the whole video if not given.
          prompt: name of a conversation layout; the protocol's if not given.
          protocol: name of a protocol, how inputs are made and answers read; the config's if not given.
          max_new_tokens: maximum length of the answer; the config's if not given. Each is a compiled program.
          limit: number of tokens after which the answer is cut short; `max_new_tokens` if not given.
          temperature: 0 decodes greedily.
          seed: of sampling.
          history: answers to earlier questions about the same clip, which the question follows on from.
          on_text: called with the answer so far, whenever there are more words of it; not if the times of a clip have
            to be moved to those of the video, which needs the whole answer.
          answers: "auto": the answer is constrained to the form that the question asks for, if it has one, except under
            the protocol "paper"; "free": any text.
          calibration: temperatures of the confidences of constrained answers, see `Loaded.calibration`.
          long: how a video is shown that is longer than `window`. "whole": with as many frames as any other;
            "resampled": with more frames than in training; "hierarchical": in windows, of which the surest is looked
            at again, where the question asks for the time of an event.
          window: seconds of a video that are shown at a time; the config's if not given.

        Raises:
          UserError: if the video cannot be used, the question is too long, or `long` is not possible for it.
        """
        ...


class VideoClasses(Protocol):
    """The most likely classes of a video."""

    @property
    def video(self) -> str:
        """Path of the file."""
        ...

    @property
    def classes(self) -> Sequence[tuple[str, float]]:
        """Names and probabilities, the most likely first."""
        ...

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        ...


@runtime_checkable
class Classifies(Protocol):
    """Recognizes what a video shows, one of a list of classes."""

    def classify(
        self, params: Params, videos: Sequence[str | Path], *, top: int = 5
    ) -> Iterator[VideoClasses | VideoError]:
        """Classifies videos; yields, in their order and as soon as known, the classes of each, or why it has none.

        Args:
          params: all parameters of the model.
          videos: paths of the files.
          top: number of classes of each.
        """
        ...


class ItemRecommendation(Protocol):
    """Recommended items for one history."""

    @property
    def items(self) -> Sequence[tuple[str, float]]:
        """Names and scores of items, best first; empty if no item of the history is known."""
        ...

    @property
    def unknown(self) -> Sequence[str]:
        """Items of the history that the model does not know and that were ignored."""
        ...

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        ...


@runtime_checkable
class Recommends(Protocol):
    """Recommends items that are likely to follow a history."""

    def recommend(
        self,
        params: Params,
        histories: Sequence[Sequence[str | int]],
        *,
        top: int = 20,
        seen: bool = False,
        on_unknown: Literal["reject", "ignore"] = "reject",
    ) -> Sequence[ItemRecommendation]:
        """Recommends items for each history.

        Args:
          params: all parameters of the model.
          histories: names of each user's items, oldest first.
          top: number of items to recommend.
          seen: whether items of the history may be recommended.
          on_unknown: whether unknown items are an error, or ignored and listed in the result.

        Raises:
          UserError: items are unknown, and `on_unknown` is "reject".
        """
        ...

    def user_history(self, user: str | int) -> Sequence[str]:
        """Returns the names of a user's items in the model's data, oldest first.

        Raises:
          UserError: if there is no such user.
        """
        ...


@runtime_checkable
class Evaluates(Protocol):
    """Scores a model on data with known answers."""

    def evaluation_job(self, request: EvaluationRequest) -> EvaluationJob:
        """Checks a request and its data; the job computes the scores.

        Raises:
          UserError: if an option is not supported or the data cannot be read.
        """
        ...


@runtime_checkable
class ExtractsFeatures(Protocol):
    """Encodes videos as feature vectors."""

    def feature_encoder(self, request: FeatureRequest) -> FeatureEncoder:
        """The model's part in extracting features, see `embeddings.video.extract_features`.

        Raises:
          UserError: the model does not have the features.
        """
        ...


@runtime_checkable
class ChangesTensors(Protocol):
    """A task whose config may ask for changes of the files that weights are read from."""

    def tensor_changes(self, layer: CheckpointLayer) -> Mapping[str, Change]:
        """The tensors of a file, by key, that are changed when they are read, e.g. interpolated positions.

        Raises:
          UserError: the file does not have what the config names.
        """
        ...


@runtime_checkable
class MeasuresTokens(Protocol):
    """A task whose training samples are sequences of tokens."""

    def token_meter(self) -> Callable[[Record], TokenUse]:
        """Returns a function that measures the tokens of a record's sample, without decoding its video.

        Raises:
          UserError: if the tokenizer cannot be read.
        """
        ...


@runtime_checkable
class ChecksReadiness(Protocol):
    """A task that needs more than parameters, e.g. tokenizers."""

    def check_ready(self, *, weights: bool, evaluate: bool) -> None:
        """Checks that everything that is needed is available; called before parameters are read, which takes long.

        Args:
          weights: whether the weight files that the config names are needed.
          evaluate: whether the evaluation data are needed.

        Raises:
          UserError: naming what is missing.
        """
        ...


@runtime_checkable
class ChecksPosition(Protocol):
    """A task whose parameters depend on the data that they were trained on."""

    def check_position(self, position: Mapping[str, Any], source: str) -> None:
        """Checks that the task's data match the position in the data that a checkpoint stores.

        Args:
          position: state of the training data's iterator.
          source: where the checkpoint is, for messages.

        Raises:
          UserError: naming what differs.
        """
        ...


USES: Mapping[type, tuple[str, str]] = {  # capability -> what a model with it does, the command for it
    Answers: ("answers questions about videos", "timesuite ask"),
    Classifies: ("classifies videos", "timesuite classify"),
    Recommends: ("recommends items", "timesuite recommend"),
    Evaluates: ("can be scored", "timesuite evaluate"),
    ExtractsFeatures: ("extracts features of videos", "timesuite features"),
    MeasuresTokens: ("trains on sequences of tokens", "timesuite data inspect"),
}


def check_capability(cls: type, needs: type, source: str) -> None:
    """Checks that tasks of a class have a capability.

    Raises:
      UserError: if not, with what they can do.
    """
    if issubclass(cls, needs):
        return
    can = [f"it {does} (`{command}`)" for each, (does, command) in USES.items() if issubclass(cls, each)]
    wanted = USES[needs][0]
    raise UserError(
        f"{source} is a {cls.name} model, not one that {wanted}: {', '.join(can)}; give a model that {wanted}"
    )
