"""Builds a corpus from annotations and a folder of videos.

Every video is decoded before it is taken. One that cannot be goes to the quarantine list with its reason; no other
video ever takes its place (the original swaps in a random one under the same question).
"""

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import google_crc32c
import numpy as np

from timesuite_jax.data.corpora.corpus import CorpusInfo, CorpusWriter, Rejected
from timesuite_jax.data.corpora.record import Record
from timesuite_jax.data.timepro import Annotation, read_annotations
from timesuite_jax.errors import UserError
from timesuite_jax.media import (
    Deadline,
    SamplingSpec,
    VideoError,
    choose_from_index,
    decode_frames,
    encode_jpeg,
    index_video,
    sample_video,
)
from timesuite_jax.media.transforms import short_side
from timesuite_jax.progress import track

# Frames decoded to see that a video is sound: with pictures that refer to one another, most of the file.
_FRAMES_CHECKED = 32
_MOST_FRAMES = 4096  # of some 25 kB each; every reader holds some dozens of records


@dataclass(frozen=True)
class BuildSpec:
    """How a corpus is stored.

    Attributes:
      corpus: its name.
      task: of annotations that do not name theirs.
      shards: number of files; a few for each reading host, each best of 100 MB to 1 GB.
      frames: store this many JPEG frames a sample instead of the video; None stores the video. Right for long videos:
        of a two-minute video at 30 frames a second all 3,600 frames would be decoded for the 128 that are used.
      frame_side: short side of stored frames.
      deadline_s: wall seconds that one video may take.
      threads: videos decoded side by side.
    """

    corpus: str
    task: str = "temporal_video_grounding"
    shards: int = 1
    frames: int | None = None
    frame_side: int = 256
    deadline_s: float = 120.0
    threads: int = 4

    def __post_init__(self) -> None:
        """Refuses more frames than a record can hold.

        Raises:
          UserError: with the limit.
        """
        if self.frames is not None and self.frames > _MOST_FRAMES:
            raise UserError(
                f"{self.frames} frames a sample are more than {_MOST_FRAMES}, with which a record has some 100 MB; "
                "store the frames that a model looks at (its num_frames, 16 to 192), or the video"
            )


def build_corpus(
    annotations: str | Path, videos: str | Path, out: str | Path, spec: BuildSpec, *, quiet: bool = False
) -> CorpusInfo:
    """Builds the corpus folder `out`.

    Args:
      annotations: JSON file (see `timesuite_jax.data.timepro.annotations`).
      videos: folder to which the paths in it are relative.
      out: folder to make.
      spec: how.
      quiet: no progress bar.

    Raises:
      UserError: bad annotations, an unusable folder, or no usable video at all.
    """
    entries = read_annotations(annotations, spec.task)
    if not Path(videos).is_dir():
        raise UserError(f"there is no folder of videos {videos}; give the one to which paths in {annotations} relate")
    writer = CorpusWriter(out, spec.corpus)
    prepare = functools.partial(_prepare, root=Path(videos), spec=spec)
    bar = _side_by_side(prepare, entries, spec.threads)
    prepared = iter(track(bar, f"building {spec.corpus}", len(entries), quiet=quiet))
    sizes = [len(part) for part in np.array_split(np.arange(len(entries)), min(spec.shards, len(entries)))]
    return writer.write([_accepted(prepared, size, writer) for size in sizes])


def _accepted(prepared: Iterator[Record | Rejected], count: int, writer: CorpusWriter) -> Iterator[Record]:
    for _ in range(count):
        result = next(prepared)
        if isinstance(result, Rejected):
            writer.reject(result)
        else:
            yield result


def _side_by_side(
    work: Callable[[Annotation], Record | Rejected], items: Sequence[Annotation], threads: int
) -> Iterable[Record | Rejected]:
    """Results in order, computed a few ahead: memory holds a handful of videos, not all."""
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque = deque()
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _prepare(annotation: Annotation, *, root: Path, spec: BuildSpec) -> Record | Rejected:
    name = f"{spec.corpus}/{annotation.number}"
    path = root / annotation.video
    fields = {
        "id": name,
        "corpus": spec.corpus,
        "task": annotation.task,
        "turns": annotation.turns,
        "spans": annotation.spans,
        "source": annotation.video,
    }
    try:
        data = read_video(path, annotation.video)
        fields["source_checksum"] = f"{google_crc32c.value(data):08x}"
        if spec.frames is None:
            duration = check_video(data, annotation.video, spec.deadline_s, clip=annotation.clip)
            return Record(**fields, video=data, duration=duration, clip=annotation.clip)
        video = sample_video(
            data,
            SamplingSpec(spec.frames),
            clip=annotation.clip,
            resize=lambda height, width: _stored_size(height, width, spec.frame_side),
            deadline_s=spec.deadline_s,
            name=annotation.video,
        )
        return Record(
            **fields,
            frames=tuple(encode_jpeg(frame) for frame in video.frames),
            frame_times=tuple(float(second) for second in video.seconds),
            duration=video.duration,
        )
    except VideoError as error:
        return Rejected(name, annotation.video, error.problem)


def check_video(data: bytes, name: str, deadline_s: float, *, clip: tuple[float, float] | None = None) -> float:
    """Decodes frames spread over a video (over its clip); returns the video's length in seconds.

    Raises:
      VideoError: it cannot be used.
    """
    deadline = Deadline(name, deadline_s)
    index = index_video(data, name=name, deadline=deadline)
    numbers, _ = choose_from_index(index, SamplingSpec(min(_FRAMES_CHECKED, len(index))), clip=clip)
    decode_frames(data, index, numbers, deadline=deadline)
    return index.duration


def read_video(path: Path, name: str) -> bytes:
    """The bytes of a video file.

    Raises:
      VideoError: it is not there, or may not be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise VideoError(name, "does not exist", f"check the folder of videos, {path} is not there") from error
    except OSError as error:
        raise VideoError(name, f"cannot be read ({error.strerror})", "check what it is, and its permissions") from error


def _stored_size(height: int, width: int, side: int) -> tuple[int, int]:
    return (height, width) if min(height, width) <= side else short_side(height, width, side)
