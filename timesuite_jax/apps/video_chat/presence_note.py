"""The probability that what a question asks for happens in the video, in words."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from timesuite_jax.registry.capabilities import VideoAnswer


def presence_note(answer: "VideoAnswer") -> str:
    """Returns whether it is more likely that it happens or that it does not; empty for a free answer."""
    if answer.happens is None:
        return ""
    if answer.happens >= 0.5:
        return f"in this video: probability {answer.happens:.2f}"
    return f"not in this video: probability {1 - answer.happens:.2f}"
