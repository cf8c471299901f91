"""An answer in Python, which a notebook shows with its timeline."""

import base64
import dataclasses
import html
import io
from collections.abc import Sequence
from typing import Any

from etils import epath

from timesuite_jax import evaluation
from timesuite_jax.apps.video_chat.exports import answer_excerpts
from timesuite_jax.edit_lists import write_edit_list
from timesuite_jax.registry.capabilities import Span, VideoAnswer


@dataclasses.dataclass(frozen=True)
class ChatAnswer:
    """An answer to a question about a video.

    Attributes:
      video: its file, as it was given.
      result: the answer in full, with `captions`, `duration`, `clip` and numbers of tokens.
    """

    video: epath.PathLike
    result: VideoAnswer

    @property
    def question(self) -> str:
        """The question."""
        return self.result.question

    @property
    def answer(self) -> str:
        """The model's words; times in them are seconds of the video."""
        return self.result.answer

    @property
    def spans(self) -> Sequence[Span]:
        """Start and end of each time span in the answer, in seconds of the video."""
        return self.result.spans

    @property
    def confidences(self) -> Sequence[float]:
        """Confidence of each span, from 0 to 1; empty if the answer was not constrained."""
        return self.result.confidences

    @property
    def happens(self) -> float | None:
        """Probability that what the question asks for happens in the video; None if the answer was not constrained."""
        return self.result.happens

    def as_json(self) -> dict[str, Any]:
        """The answer as `timesuite ask --json` prints it."""
        return self.result.as_json()

    def save_timeline(self, path: epath.PathLike) -> None:
        """Writes a PNG with the spans below frames of the video.

        Raises:
          UserError: the file cannot be written.
        """
        evaluation.draw_timelines([self.result.timeline()], path)

    def export(self, path: epath.PathLike) -> Sequence[Span]:
        """Writes the spans as subtitles, chapters or cuts: .srt, .vtt, .ffmeta, .txt, .edl or .otio.

        Returns:
          Spans that are not in the file, because they are after the end of the video.

        Raises:
          UserError: the format is unknown, or the file cannot be written.
        """
        excerpts = answer_excerpts(self.result, self.video)
        write_edit_list(excerpts, path)
        return excerpts.outside

    def __str__(self) -> str:
        """The answer and its spans, as `timesuite ask` prints them."""
        return "\n".join([self.answer, *(f"  {start:.1f} - {end:.1f} s" for start, end in self.spans)])

    def _repr_html_(self) -> str:
        from timesuite_jax.evaluation.timeline_figure import timeline_figure  # imports matplotlib

        picture = io.BytesIO()
        timeline_figure([self.result.timeline()]).savefig(picture, format="png")
        source = f"data:image/png;base64,{base64.b64encode(picture.getvalue()).decode('ascii')}"
        question, answer = html.escape(self.question), html.escape(self.answer)
        return f'<p><b>{question}</b><br>{answer}</p><img alt="timeline of the answer" src="{source}">'
