"""Limits the wall time per video, so that a file that never finishes decoding fails one sample, not the run."""

import time

from timesuite_jax.media.video_error import VideoError


class Deadline:
    """Starts at construction; `check` raises `VideoError` once `limit_s` seconds of wall time have passed."""

    def __init__(self, name: str, limit_s: float):
        self._name = name
        self._limit_s = limit_s
        self._end = time.monotonic() + limit_s

    def check(self) -> None:
        """Raises VideoError if the limit is exceeded."""
        if time.monotonic() > self._end:
            raise VideoError(
                self._name,
                f"was not decoded within {self._limit_s:g} s",
                "re-encode it, store sampled frames instead of the video, or raise the deadline",
                "deadline",
            )
