"""Measures the texts of corpora in tokens, so that sequences are long enough for all of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from timesuite_jax.data.corpora import CorpusShare, Mixture
from timesuite_jax.text import Tokenizer, Turn, encode_conversation, video_time_text

_ROUNDING = 32  # tokens; near sizes share a compiled program


class TextSizes(NamedTuple):
    """Sizes of texts.

    Attributes:
      sequence: tokens of the longest sequence without the visual ones, rounded up.
      answer: tokens of the longest answer.
      unknown: number of questions and answers with words that the tokenizer does not know.
    """

    sequence: int
    answer: int
    unknown: int


def read_turns(folders: Sequence[str]) -> list[tuple[float, tuple[Turn, ...]]]:
    """Returns the seconds and the questions of each record of corpora."""
    mixture = Mixture([CorpusShare(folder) for folder in folders])
    records = (mixture.read_without_media(number) for number in range(len(mixture)))
    return [(record.length, record.turns) for record in records]


def measure(tokenizer: Tokenizer, records: Sequence[tuple[float, tuple[Turn, ...]]], frames: int) -> TextSizes:
    """Measures records.

    Args:
      tokenizer: of the language model.
      records: seconds and questions of each, at least one.
      frames: number of time stamps of a video.
    """
    longest = answer = unknown = 0
    for seconds, turns in records:
        times = video_time_text([float(time) for time in np.linspace(0.0, seconds, frames)])
        longest = max(longest, encode_conversation(tokenizer, turns, times=times, independent=True).n_text)
        answer = max(answer, *(len(tokenizer.encode(turn.answer or "")) for turn in turns))
        texts = [text for turn in turns for text in (turn.question, turn.answer or "")]
        unknown += sum(tokenizer.special.unk in tokenizer.encode(text) for text in texts)
    return TextSizes(-(-(longest + 1) // _ROUNDING) * _ROUNDING, answer, unknown)
