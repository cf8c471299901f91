"""Writes frame timestamps as text: a sentence per clip for the Q-Former, one per video for the language model.

The wording is upstream's, character by character, including "1-th" and the trailing space of a clip's sentence.
Upstream extracts the timestamps from the prompt by string operations; here they are passed as numbers.

Upstream's style lists the timestamp of every frame, which takes 800 to 1,400 of a conversation's tokens. `COMPACT`
states the same in about twelve tokens for equally spaced frames; it is the fallback for too long conversations.
"""

from collections.abc import Sequence
from enum import StrEnum

from timesuite_jax.timing.rounding import rounded


class TimeStyle(StrEnum):
    """Format of frame timestamps."""

    DECIMAL = "decimal"  # every frame, tenths of a second: "0.2, 1.5, 2.8" (training, and nearly all evaluation)
    INTEGER = "integer"  # every frame, whole seconds: "0, 2, 3" (VideoMME)
    COMPACT = "compact"  # first, last and step: "from 0.2 to 9.3 seconds, one every 1.3 seconds"
    NONE = "none"  # no timestamps


def format_seconds(seconds: float, style: TimeStyle = TimeStyle.DECIMAL) -> str:
    """Formats a time as upstream, rounded to one decimal or none (`timing.rounding`)."""
    if style is TimeStyle.INTEGER:
        return str(int(rounded(seconds, 0)))
    return str(rounded(seconds) + 0.0)  # -0.0 becomes 0.0


def video_time_text(seconds: Sequence[float], style: TimeStyle = TimeStyle.DECIMAL) -> str:
    """Returns the sentence with the frame timestamps for the language model, stripped; "" for `NONE`.

    Args:
      seconds: timestamp of each frame, in seconds from the start of the video (or clip).
      style: format of the timestamps.
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
    """Returns the sentence with the frame timestamps of each clip, for the Q-Former.

    Args:
      seconds: timestamp of each frame in seconds. If there are fewer than `clips * clip_frames`, as for videos without
        timestamps, the sentence of every clip has "without timestamps", as upstream.
      clips: number of clips K.
      clip_frames: frames per clip F.
      style: format of the timestamps.

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


def _times(seconds: Sequence[float], style: TimeStyle) -> str:
    if style is not TimeStyle.COMPACT:
        return f"at {', '.join(format_seconds(s, style) for s in seconds)} seconds"
    first, last = format_seconds(seconds[0]), format_seconds(seconds[-1])
    step = format_seconds((seconds[-1] - seconds[0]) / max(1, len(seconds) - 1))
    return f"from {first} to {last} seconds, one every {step} seconds"
