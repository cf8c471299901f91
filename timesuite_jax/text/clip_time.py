"""Frame times written out in words: for the Q-Former (one sentence a clip) and for the language model (one a video).

The wording is upstream's, letter by letter, including "1-th" and the trailing space of a clip's sentence. Upstream
recovers the times from the prompt by string surgery; here they are passed as numbers.

The original's style writes every frame's time, which eats 800 to 1,400 of a conversation's tokens; `COMPACT` says the
same in a dozen when frames are spread evenly, and is what the budget rule falls back to.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from timesuite_jax.text.tokenizer import Tokenizer


class TimeStyle(StrEnum):
    """How frame times are written."""

    DECIMAL = "decimal"  # every frame, tenths of a second: "0.2, 1.5, 2.8" (training, and nearly all evaluation)
    INTEGER = "integer"  # every frame, whole seconds: "0, 2, 3" (VideoMME)
    COMPACT = "compact"  # first, last and step: "from 0.2 to 9.3 seconds, one every 1.3 seconds"
    NONE = "none"  # not at all


def format_seconds(seconds: float, style: TimeStyle = TimeStyle.DECIMAL) -> str:
    """A moment as upstream prints it: Python's `round` (half to even on the binary value), one digit or none."""
    return str(round(float(seconds))) if style is TimeStyle.INTEGER else str(round(float(seconds), 1))


def video_time_text(seconds: Sequence[float], style: TimeStyle = TimeStyle.DECIMAL) -> str:
    """The sentence that tells the language model when the frames were taken ("" for `NONE`), without outer spaces.

    Args:
      seconds: time of each frame, in seconds from the beginning of the video (or of the sub-clip).
      style: how to write them.
    """
    if style is TimeStyle.NONE or not len(seconds):
        return ""
    return f"The video contains {len(seconds)} frames sampled {_times(seconds, style)}."


def clip_time_texts(
    seconds: Sequence[float],
    *,
    clips: int,
    clip_frames: int,
    style: TimeStyle = TimeStyle.DECIMAL,
) -> list[str]:
    """The sentence that the Q-Former reads beside each clip.

    Args:
      seconds: time of each frame in seconds. With fewer than `clips * clip_frames` of them, as for videos without time
        stamps, every clip says "without timestamps", as upstream does.
      clips: number of clips K.
      clip_frames: frames a clip F.
      style: how to write the times.

    Returns:
      K texts, each ending in a space.
    """
    known = style is not TimeStyle.NONE and len(seconds) >= clips * clip_frames
    texts = []
    for i in range(clips):
        text = f"The {i + 1}-th video clip contains {clip_frames} frames "
        if known:
            text += f"sampled {_times(seconds[i * clip_frames : (i + 1) * clip_frames], style)}. "
        else:
            text += "without timestamps. "
        texts.append(text)
    return texts


class ClipText(NamedTuple):
    """Token ids of the clips' sentences."""

    ids: Int[np.ndarray, "K P"]  # int32, padding on the right
    mask: Bool[np.ndarray, "K P"]  # True on tokens, False on padding
    n_cut: Int[np.ndarray, " K"]  # int32, tokens of each sentence that did not fit


def encode_clip_texts(tokenizer: Tokenizer, texts: Sequence[str], length: int) -> ClipText:
    """Tokenises the clips' sentences to a fixed length: "[CLS] ... [SEP]", then padding (which changes nothing).

    A sentence that is too long loses its beginning, as upstream's tokenizer is told to do; how much is returned, so
    that callers can count it.

    Args:
      tokenizer: of `load_clip_tokenizer`.
      texts: K sentences.
      length: P, at least 3.

    Raises:
      ValueError: if `length` leaves no room for a token.
    """
    if length < 3:
        raise ValueError(f"clip text length {length} leaves no room between [CLS] and [SEP]; give at least 3")
    ids = np.full((len(texts), length), tokenizer.special.pad, np.int32)
    mask = np.zeros((len(texts), length), bool)
    n_cut = np.zeros(len(texts), np.int32)
    for row, text in enumerate(texts):
        tokens = tokenizer.encode(text)
        n_cut[row] = max(0, len(tokens) - (length - 2))
        tokens = [tokenizer.special.bos, *tokens[n_cut[row] :], tokenizer.special.eos]
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = True
    return ClipText(ids, mask, n_cut)


def _times(seconds: Sequence[float], style: TimeStyle) -> str:
    if style is not TimeStyle.COMPACT:
        return f"at {', '.join(format_seconds(s, style) for s in seconds)} seconds"
    first, last = format_seconds(seconds[0]), format_seconds(seconds[-1])
    step = format_seconds((seconds[-1] - seconds[0]) / max(1, len(seconds) - 1))
    return f"from {first} to {last} seconds, one every {step} seconds"
