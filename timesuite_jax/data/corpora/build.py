"""Builds a corpus from annotations and a folder of videos.

Every video is decoded before it is accepted. One that cannot be decoded goes to the quarantine list with the reason; it
is never replaced by another (the original substitutes a random video under the same question).
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
    Source,
    VideoError,
    VideoIndex,
    encode_jpeg,
    sample_indexed,
    sample_video,
)
from timesuite_jax.media.transforms import short_side
from timesuite_jax.progress import track

# Frames decoded to check a video; since frames depend on earlier ones, this decodes most of the file.
_FRAMES_CHECKED = 32
_MAX_FRAMES = 4096  # of some 25 kB each; every reader keeps dozens of records in memory


@dataclass(frozen=True)
class BuildSpec:
    """How a corpus is stored.

    Attributes:
      corpus: name of the corpus.
      task: of annotations without a task of their own.
      shards: number of files; a few for each reading host, of 100 MB to 1 GB each.
      frames: store this many JPEG frames a sample instead of the video; None stores the video. Recommended for long
        videos: of two minutes at 30 frames a second, all 3,600 frames would be decoded for the 128 that are used.
      frame_side: short side of stored frames.
      deadline_s: wall seconds that decoding one video may take.
      threads: videos decoded in parallel.
    """

    corpus: str
    task: str = "temporal_video_grounding"
    shards: int = 1
    frames: int | None = None
    frame_side: int = 256
    deadline_s: float = 120.0
    threads: int = 4

    def __post_init__(self) -> None:
        """Checks that a record stays of a size that readers can hold.

        Raises:
          UserError: too many frames, with the limit.
        """
        if self.frames is not None and self.frames > _MAX_FRAMES:
            raise UserError(
                f"{self.frames} frames a sample are more than {_MAX_FRAMES}, where a record reaches 100 MB; "
                "store as many as the model's num_frames (16 to 192), or the video"
            )


def build_corpus(
    annotations: str | Path, videos: str | Path, out: str | Path, spec: BuildSpec, *, quiet: bool = False
) -> CorpusInfo:
    """Builds the corpus folder `out`.

    Args:
      annotations: JSON file (see `timesuite_jax.data.timepro.annotations`).
      videos: folder that the paths in it are relative to.
      out: folder to create.
      spec: how the corpus is stored.
      quiet: show no progress bar.

    Raises:
      UserError: the annotations are wrong, a folder cannot be used, or no video can.
    """
    entries = read_annotations(annotations, spec.task)
    if not Path(videos).is_dir():
        raise UserError(
            f"there is no folder of videos {videos}; give the folder that the paths in {annotations} are relative to"
        )
    writer = CorpusWriter(out, spec.corpus)
    make_record = functools.partial(_make_record, root=Path(videos), spec=spec)
    results = _ordered_map(make_record, entries, spec.threads)
    records = iter(track(results, f"building {spec.corpus}", len(entries), quiet=quiet))
    sizes = [len(part) for part in np.array_split(np.arange(len(entries)), min(spec.shards, len(entries)))]
    return writer.write([_accepted(records, size, writer) for size in sizes])


def _accepted(results: Iterator[Record | Rejected], count: int, writer: CorpusWriter) -> Iterator[Record]:
    """Yields the records among the next `count` results, and rejects the others."""
    for _ in range(count):
        result = next(results)
        if isinstance(result, Rejected):
            writer.reject(result)
        else:
            yield result


def _ordered_map(
    function: Callable[[Annotation], Record | Rejected], items: Sequence[Annotation], threads: int
) -> Iterable[Record | Rejected]:
    """Maps in threads, in order, a few items ahead: memory holds a handful of videos, not all."""
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque = deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _make_record(annotation: Annotation, *, root: Path, spec: BuildSpec) -> Record | Rejected:
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
            duration = check_video(data, annotation.video, spec.deadline_s, clip=annotation.clip).duration
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


def check_video(source: Source, name: str, deadline_s: float, *, clip: tuple[float, float] | None = None) -> VideoIndex:
    """Decodes frames spread over a video (or its clip), and returns its index.

    Raises:
      VideoError: the video cannot be used.
    """
    deadline = Deadline(name, deadline_s)
    return sample_indexed(source, SamplingSpec(_FRAMES_CHECKED), clip=clip, name=name, deadline=deadline)[1]


def read_video(path: Path, name: str) -> bytes:
    """Reads a video file.

    Raises:
      VideoError: it does not exist or cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise VideoError(name, "does not exist", f"check the folder of videos: there is no {path}") from error
    except OSError as error:
        raise VideoError(name, f"cannot be read ({error.strerror})", "check its type and permissions") from error


def _stored_size(height: int, width: int, side: int) -> tuple[int, int]:
    return (height, width) if min(height, width) <= side else short_side(height, width, side)
