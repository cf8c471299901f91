"""Writes one shard of a corpus, and summarises it for the manifest."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from etils import epath

from timesuite_jax.data.corpora.bad_spans import BadSpan
from timesuite_jax.data.corpora.build_video import BuiltVideo
from timesuite_jax.data.corpora.rejected import Rejected
from timesuite_jax.data.corpora.tfrecord import TFRecordWriter


@dataclass(frozen=True)
class ShardSummary:
    """What the manifest lists of a shard.

    Attributes:
      name: of the file.
      records: number of records.
      bytes: size of the file.
      checksum: CRC32C of the file, hexadecimal.
      tasks: number of records of each task.
      seconds: total length of the stored videos.
      rejected: samples about the shard's videos that were left out.
      bad_spans: annotated spans that do not fit these videos.
      audio_kept: videos whose sound could not be dropped.
    """

    name: str
    records: int
    bytes: int
    checksum: str
    tasks: dict[str, int]
    seconds: float
    rejected: tuple[Rejected, ...] = ()
    bad_spans: tuple[BadSpan, ...] = ()
    audio_kept: tuple[str, ...] = ()


def write_shard(path: epath.Path, videos: Iterable[BuiltVideo]) -> ShardSummary:
    """Writes the records about some videos, which are read one at a time.

    Raises:
      UserError: the file cannot be written.
    """
    tasks: Counter[str] = Counter()
    rejected: list[Rejected] = []
    bad_spans: list[BadSpan] = []
    audio_kept: list[str] = []
    seconds = 0.0
    with TFRecordWriter(path) as writer:
        for video in videos:
            rejected.extend(video.rejected)
            bad_spans.extend(video.bad_spans)
            audio_kept.extend([] if video.audio_kept is None else [video.audio_kept])
            for record in video.records:
                writer.write(record.payload)
                tasks[record.task] += 1
                seconds += record.seconds
    return ShardSummary(
        path.name,
        writer.records,
        writer.size,
        writer.checksum.hexdigest().decode(),
        dict(tasks),
        seconds,
        tuple(rejected),
        tuple(bad_spans),
        tuple(audio_kept),
    )
