"""Subtitles as a part of a prompt."""

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from timesuite_jax.data.choices.subtitles import Subtitle, subtitles_at
from timesuite_jax.text import Tokenizer, Turn

SubtitleRule = Literal["all", "at_frames"]
_BRACKETS = re.compile(r"[^A-Za-z0-9\s]\[\]")


@dataclass(frozen=True)
class SubtitlePrompt:
    """Subtitles that a question is asked with.

    Attributes:
      subtitles: of the video.
      rule: "at_frames": those that are shown at the frames that the model sees, a line each; "all": all of them in a
        row, as the original's evaluation of Video-MME has them, without immediate repetitions.
      tokens: most tokens of them; of more, the first and last halves are kept.
      heading: text before them.
      opening: whether they are the instruction of the conversation, before the video, or come before the question.
    """

    subtitles: tuple[Subtitle, ...]
    rule: SubtitleRule
    tokens: int
    heading: str = ""
    opening: bool = False

    def insert(self, turn: Turn, seconds: Sequence[float], tokenizer: Tokenizer) -> Turn:
        """Returns the turn with the subtitles; unchanged where none is chosen.

        Args:
          turn: of the question.
          seconds: of the frames that the model sees.
          tokenizer: of the language model.
        """
        text = self._text(seconds, tokenizer)
        if not text:
            return turn
        if self.opening:
            return dataclasses.replace(turn, instruction=self.heading + text)
        return dataclasses.replace(turn, question=f"{self.heading}{text}\n{turn.question}")

    def _text(self, seconds: Sequence[float], tokenizer: Tokenizer) -> str:
        if self.rule == "at_frames":
            text = "\n".join(one.text for one in subtitles_at(self.subtitles, seconds))
        else:
            lines = [_BRACKETS.sub("", one.text) for one in self.subtitles]
            text = " ".join(line for line, before in zip(lines, ["", *lines], strict=False) if line != before)
        ids = tokenizer.encode(text)
        if len(ids) <= self.tokens:
            return text
        half = self.tokens // 2
        return f"{tokenizer.decode(ids[:half])} ... {tokenizer.decode(ids[len(ids) - half :])}"
