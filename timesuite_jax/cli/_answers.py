"""Prints answers to questions about a video, and writes their timelines and exports."""

import sys
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import PurePath
from typing import TYPE_CHECKING

from etils import epath

from timesuite_jax.apps.video_chat.presence_note import presence_note
from timesuite_jax.storage.remote_path import to_path

if TYPE_CHECKING:
    from timesuite_jax.registry.capabilities import VideoAnswer


class AnswerPrinter:
    """Prints the words of an answer while they are generated, then its spans.

    Args:
      several: whether there are other questions, so that each is printed before its answer.
    """

    def __init__(self, *, several: bool) -> None:
        self._several, self._printed, self._answers = several, "", 0

    def on_text(self, text: str) -> None:
        """Prints what an answer has more than at the last call."""
        print(text.removeprefix(self._printed), end="", flush=True)
        self._printed = text

    def begin(self, question: str) -> None:
        """Prints a question, if it is not the only one."""
        if self._several:
            print(f"{chr(10) * bool(self._answers)}> {question}", flush=True)
        self._answers += 1

    def end(self, answer: "VideoAnswer") -> None:
        """Prints the rest of an answer, and its spans."""
        print(answer.answer.removeprefix(self._printed))
        self._printed = ""
        part = f" (shown: {answer.clip[0]:.1f} - {answer.clip[1]:.1f} s)" if answer.clip else ""
        for span, confidence in zip_longest(answer.spans, answer.confidences):
            sure = "" if confidence is None else f", confidence {confidence:.2f}"
            print(f"  {span[0]:.1f} - {span[1]:.1f} s of {answer.duration:.1f} s{part}{sure}")
        if note := presence_note(answer):
            print(f"  {note}")


def numbered_files(file: epath.PathLike, questions: int) -> list[epath.PathLike]:
    """Names of the files that are exported: one each question, "cuts-2.srt" for the second of several."""
    if questions == 1:
        return [file]
    path, name = to_path(file), PurePath(file)
    return [path.parent / f"{name.stem}-{number}{name.suffix}" for number in range(1, questions + 1)]


def export_answer(answer: "VideoAnswer", video: epath.PathLike, files: Sequence[epath.PathLike]) -> None:
    """Writes the spans of an answer; notes on standard error what is not in the files.

    Raises:
      UserError: a file cannot be written.
    """
    from timesuite_jax import edit_lists
    from timesuite_jax.apps.video_chat.exports import answer_excerpts

    excerpts = answer_excerpts(answer, video)
    if not answer.spans:
        print("timesuite ask: the answer has no spans; the exported files are empty lists", file=sys.stderr)
    for start, end in excerpts.outside:
        print(f"timesuite ask: {start:.1f} - {end:.1f} s is after the end of the video, not exported", file=sys.stderr)
    for file in files:
        edit_lists.write_edit_list(excerpts, file)
