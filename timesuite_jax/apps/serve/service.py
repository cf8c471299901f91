"""What the endpoint needs of a model: a function that answers, its name, and limits."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypedDict, Unpack

from timesuite_jax.registry.capabilities import Span, VideoAnswer


class AnswerOptions(TypedDict):
    """What a request has beside the video and the question; as in `registry.Answers.ask`.

    Attributes:
      turns: earlier questions with their answers.
    """

    clip: Span | None
    turns: Sequence[tuple[str, str]]
    limit: int
    temperature: float
    seed: int | None
    on_text: Callable[[str], None]


class AnswerFunction(Protocol):
    """Answers a question about a video file; runs in the model's thread."""

    def __call__(self, video: Path, question: str, **options: Unpack[AnswerOptions]) -> VideoAnswer:
        """Answers the question."""
        ...


@dataclasses.dataclass(frozen=True)
class Service:
    """A model that is served.

    Attributes:
      answer: the model.
      name: of the model, in requests and responses.
      root: folder of the videos that requests may name; None: videos must be sent along.
      max_upload_bytes: of a video that is sent.
      max_new_tokens: of an answer.
      max_requests: that are read, wait or run at once; more are answered with status 429.
      timeout_s: seconds from the start of a request to the end of its answer.
      host: address that the server listens on.
    """

    answer: AnswerFunction
    name: str
    root: Path | None
    max_upload_bytes: int = 100_000_000
    max_new_tokens: int = 512
    max_requests: int = 8
    timeout_s: float = 300.0
    host: str = "127.0.0.1"

    @property
    def max_body_bytes(self) -> int:
        """Of a request: a video in base64, and a million bytes of everything else."""
        return self.max_upload_bytes * 4 // 3 + 1_000_000
