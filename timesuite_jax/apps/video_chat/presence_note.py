"""The probability that what a question asks for happens in the video, in words."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from timesuite_jax.registry.capabilities import VideoAnswer


def presence_note(answer: "VideoAnswer") -> str:
    """Returns whether it is more likely that it happens or that it does not; empty for a free answer."""
    if answer.happens is None:
        return ""
    what, probability = ("in", answer.happens) if answer.happens >= 0.5 else ("not in", 1 - answer.happens)
    note = "" if answer.calibration.happens else " (not calibrated)"
    return f"{what} this video: probability {probability:.2f}{note}"
