"""Reads windows of a video that are not encoded yet, in one pass over the file."""

from collections.abc import Iterator, Sequence

from timesuite_jax.timing.clips import Clip
from timesuite_jax.videochat_t.data.processor import Processor
from timesuite_jax.videochat_t.data.sample import VideoInputs


class WindowReader:
    """The inputs of windows, which are asked for in ascending order, some perhaps not at all.

    Args:
      processor: makes the inputs.
      video: path of the file.
      windows: as in `Processor.window_inputs`.
    """

    def __init__(self, processor: Processor, video: str, windows: Sequence[Clip]) -> None:
        self._processor, self._video, self._windows = processor, video, windows
        self._stream: Iterator[VideoInputs] | None = None
        self._next = 0

    def read(self, number: int) -> VideoInputs:
        """Returns the inputs of a window.

        Raises:
          VideoError: the video cannot be used.
        """
        if self._stream is None:
            self._next = number
            self._stream = self._processor.window_inputs(self._video, self._windows, name=self._video, first=number)
        for inputs in self._stream:
            self._next += 1
            if self._next > number:
                return inputs
        raise IndexError(f"window {number} of {len(self._windows)} was read before")
