"""What a timeline shows beside spans: frames of the video, and a note where the answer has no span."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from timesuite_jax.data.corpora import Record
from timesuite_jax.evaluation import Span
from timesuite_jax.media import SamplingSpec, decode_jpegs, sample_video
from timesuite_jax.text import denies_event
from timesuite_jax.videochat_t.answering.video_file import VideoFile

_FRAMES = 10  # of a timeline
_HEIGHT = 96  # pixels of a frame


def video_frames(record: Record | VideoFile) -> Sequence[UInt8[np.ndarray, "H W 3"]]:
    """Decodes evenly spaced frames of a video or clip, or chooses among the stored frames of a record.

    Raises:
      VideoError: the video cannot be decoded.
    """
    if isinstance(record, VideoFile):
        return file_frames(record.path, record.clip)
    if record.video is not None:
        return file_frames(record.video, record.clip)
    chosen = [record.frames[number] for number in evenly_spaced(len(record.frames))]
    return list(decode_jpegs(chosen, name=record.source, resize=_small))


def file_frames(video: str | Path | bytes, clip: Span | None = None) -> Sequence[UInt8[np.ndarray, "H W 3"]]:
    """Decodes evenly spaced frames of a video file, or its bytes, or of a clip of it.

    Raises:
      VideoError: the video cannot be decoded.
    """
    source = video if isinstance(video, bytes) else str(video)
    return list(sample_video(source, SamplingSpec(_FRAMES), clip=clip, resize=_small).frames)


def evenly_spaced(count: int) -> list[int]:
    """Chooses as many of `count` frames as a timeline shows, from the middles of equal parts."""
    shown = min(_FRAMES, count)
    return [int((number + 0.5) / shown * count) for number in range(shown)]


def no_span_note(answer: str) -> str:
    """Note for a timeline whose answer has no span."""
    return "the answer states that it does not happen" if denies_event(answer) else "no span in the answer"


def _small(height: int, width: int) -> tuple[int, int]:
    return _HEIGHT, max(1, round(width * _HEIGHT / height))
