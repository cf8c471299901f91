"""Official annotation files, their videos, and a model that gives written answers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from timesuite_jax.videochat_t.answering.predictor import VideoAnswer, VideoQuestion
from timesuite_jax.videochat_t.answering.video_file import VideoFile
from timesuite_jax.videochat_t.benchmarks.published.sources import PublishedSources


class Answers:
    """A predictor that decodes no video: the same answer to all questions, or the answers by question.

    Attributes:
      asked: the prompts that it was given.
    """

    settings: Mapping[str, Any] = {"decoding": "none"}

    def __init__(self, answer: str | Mapping[str, str], duration: float = 60.0) -> None:
        self._answer, self._duration = answer, duration
        self.asked: list[VideoQuestion] = []

    def prepare(self, prompt: VideoQuestion) -> VideoQuestion:
        self.asked.append(prompt)
        return prompt

    def predict(self, inputs: Sequence[VideoQuestion], batch_size: int) -> list[VideoAnswer]:
        return [VideoAnswer(self._text(one.turn.question), self._duration, frames=8) for one in inputs]

    @property
    def shown(self) -> list[tuple[str, tuple[float, float] | None]]:
        """Names and clips of the videos that were shown."""
        files = [one.record for one in self.asked]
        return [(Path(file.path).name, file.clip) for file in files if isinstance(file, VideoFile)]

    def _text(self, question: str) -> str:
        return self._answer if isinstance(self._answer, str) else self._answer[question]


def sources(folder: Path, files: Mapping[str, bytes], videos: Sequence[str], **options: Any) -> PublishedSources:
    """Writes annotation files and empty videos."""
    (folder / "videos").mkdir(exist_ok=True)
    for video in videos:
        (folder / "videos" / video).parent.mkdir(parents=True, exist_ok=True)
        (folder / "videos" / video).touch()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return PublishedSources(tuple(folder / name for name in files), folder / "videos", **options)
