"""The answer to a question about a video, as protocols that a family's results satisfy structurally."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

from timesuite_jax.evaluation import Timeline
from timesuite_jax.evaluation.calibration_file import Calibration

Span = tuple[float, float]  # start and end in seconds


class EarlierTurn(Protocol):
    """An earlier question about the same video, with its answer."""

    @property
    def question(self) -> str:
        """The question."""
        ...

    @property
    def generated(self) -> str:
        """The model's words themselves, in which times count from the start of the clip."""
        ...


class AnswerCertainty(Protocol):
    """How sure a model is of an answer, which it is only if the answer is constrained to a form."""

    @property
    def form(self) -> str:
        """The form that the answer was constrained to, e.g. "spans"; "free" if it was not."""
        ...

    @property
    def confidences(self) -> Sequence[float]:
        """Confidence of each span, from 0 to 1; empty for a free answer."""
        ...

    @property
    def happens(self) -> float | None:
        """Probability that what the question asks for happens in the video; None for a free answer."""
        ...

    @property
    def calibration(self) -> Calibration:
        """Temperatures of `confidences` and `happens`."""
        ...


class VideoAnswer(EarlierTurn, AnswerCertainty, Protocol):
    """The answer to a question about a video."""

    @property
    def answer(self) -> str:
        """The model's words; times in them are seconds of the video."""
        ...

    @property
    def spans(self) -> Sequence[Span]:
        """Time spans in the answer, in seconds of the video."""
        ...

    @property
    def prompt_tokens(self) -> int:
        """Number of tokens that the model read."""
        ...

    @property
    def answer_tokens(self) -> int:
        """Number of tokens that the model generated."""
        ...

    @property
    def ended(self) -> bool:
        """Whether the answer ended by itself; False: at the maximum length."""
        ...

    @property
    def dropped_turns(self) -> int:
        """Number of earlier questions, the first ones, that were left out because they did not fit."""
        ...

    @property
    def captions(self) -> Sequence[str]:
        """What the answer states about each span; "" where it states nothing."""
        ...

    @property
    def clock(self) -> Literal["pts", "index"]:
        """What the seconds are, see `media.sampling`."""
        ...

    @property
    def duration(self) -> float:
        """Seconds of the video."""
        ...

    @property
    def clip(self) -> Span | None:
        """Start and end of the part of the video that was used, in seconds; None for all of it."""
        ...

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        ...

    def timeline(self) -> Timeline:
        """The spans, to draw."""
        ...
