"""Samples windows of a video like clips of it, in one pass over the file and in constant memory."""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float, Int

from timesuite_jax.media.frame_converter import Resize
from timesuite_jax.media.sampling import SampledVideo, SamplingSpec, choose_from_index
from timesuite_jax.media.video_file import Source
from timesuite_jax.media.video_index import VideoIndex
from timesuite_jax.media.window_frames import decode_windows
from timesuite_jax.timing.clips import Clip, clip_duration


def sample_windows(
    source: Source,
    spec: SamplingSpec,
    windows: Sequence[Clip],
    *,
    name: str,
    resize: Resize | None = None,
    threads: int = 1,
    first: int = 0,
) -> Iterator[SampledVideo]:
    """Yields what `sample_video` returns for each of the windows as its `clip`.

    Args:
      source: path or encoded bytes.
      spec: number of frames of a window, and sampling rule: deterministic, by time stamps.
      windows: start and end of each in seconds; neither may be before that of the window before it.
      name: of the video, for error messages.
      resize: see `decode_frames`.
      threads: decoder threads.
      first: number of the first window to yield.

    Raises:
      ValueError: the sampling rule is random or by frame numbers.
      VideoError: the video cannot be used, or a window is outside of it.
    """
    if not spec.deterministic or spec.clock != "pts":
        raise ValueError(f"windows are sampled deterministically by time stamps, got {spec}")

    def choose(
        index: VideoIndex,
    ) -> tuple[Int[np.ndarray, "windows T"], Float[np.ndarray, "windows T"]]:
        chosen = [choose_from_index(index, spec, clip=window) for window in windows]
        return np.stack([numbers for numbers, _ in chosen]), np.stack([seconds for _, seconds in chosen])

    decoded = decode_windows(source, choose, name=name, resize=resize, threads=threads, first=first)
    for number, seconds, index, frames in decoded:
        duration = clip_duration(windows[number], index.duration)
        yield SampledVideo(frames, seconds[number], duration, index.duration)
