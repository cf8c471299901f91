"""What an audit checks, one item at a time; runs in worker processes, since any item may hang or crash a decoder."""

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from timesuite_jax.counted import counted
from timesuite_jax.data.corpora.build_spec import BuildSpec
from timesuite_jax.data.corpora.build_video import VideoGroup
from timesuite_jax.data.corpora.corpus import INFO_NAME, file_checksum
from timesuite_jax.data.corpora.make_record import make_records
from timesuite_jax.data.corpora.record import Record, decode_record
from timesuite_jax.data.corpora.record_reader import read_record, read_without_media
from timesuite_jax.data.corpora.record_spans import span_problems
from timesuite_jax.data.corpora.rejected import Rejected
from timesuite_jax.data.corpora.tfrecord import CorruptRecordError, TFRecordSource
from timesuite_jax.data.corpora.video_check import check_video
from timesuite_jax.errors import UserError
from timesuite_jax.media import VideoError, decode_jpegs, ending, video_notes
from timesuite_jax.media.video_error import VideoFault
from timesuite_jax.media.video_notes import VideoNote
from timesuite_jax.storage.remote_path import to_path

_OF_VIDEO = frozenset(get_args(VideoFault)) - {"clip"}  # kinds that are the video's fault, not the annotation's


@dataclass(frozen=True)
class VideoItem:
    """A video file.

    Attributes:
      where: its path, as the user gave it.
      path: its absolute path.
      hashed: compute a hash of its content: another file has the same size.
    """

    where: str
    path: str
    hashed: bool = False


@dataclass(frozen=True)
class AnnotatedVideo:
    """A video and its annotations.

    Attributes:
      where: its path, as the user gave it.
      path: its absolute path.
      group: its name and its annotations.
      folder: that the name is relative to.
      spec: how spans are compared with the video.
      hashed: compute a hash of its content: another file has the same size.
    """

    where: str
    path: str
    group: VideoGroup
    folder: str
    spec: BuildSpec
    hashed: bool = False


@dataclass(frozen=True)
class ShardItem:
    """A shard file and its checksum in the info file."""

    where: str
    checksum: str


@dataclass(frozen=True)
class RecordItem:
    """A record.

    Attributes:
      where: its location, for messages.
      shards: files of the corpus; only its own if others are damaged.
      number: of the record in these.
      complete: whether `shards` are all, so that the video of another record can be found.
    """

    where: str
    shards: tuple[str, ...]
    number: int
    complete: bool


Item = VideoItem | AnnotatedVideo | ShardItem | RecordItem


@dataclass(frozen=True)
class Problem:
    """What is wrong with an item, or a part of it: its location, kind, a sentence, and whether it is the video."""

    where: str
    kind: str
    text: str
    of_video: bool = False


@dataclass(frozen=True)
class Checked:
    """What an item was found to be: `id` of a record, `digest` of a file's content, whether the file shows its end."""

    problems: tuple[Problem, ...] = ()
    notes: tuple[VideoNote, ...] = ()
    id: str | None = None
    digest: bytes | None = None
    shows_its_end: bool = True


def check_item(item: Item, deadline_s: float) -> Checked:
    """Checks an item.

    Args:
      item: to check.
      deadline_s: wall seconds that decoding one video may take.
    """
    try:
        if isinstance(item, VideoItem):
            digest = _hash(item.path) if item.hashed else None
            index = check_video(item.path, item.where, deadline_s)
            return Checked(notes=tuple(video_notes(index)), digest=digest, shows_its_end=index.ending != "open")
        if isinstance(item, AnnotatedVideo):
            return _check_annotations(item)
        if isinstance(item, ShardItem):
            return _check_shard(item)
        return _check_record(item, deadline_s)
    except VideoError as error:
        text = f"{error.problem}; {error.remedy}"
        if isinstance(item, RecordItem) and error.name != item.where:
            text = f"its video {error.name} {text}"
        return Checked((Problem(item.where, error.kind, text, isinstance(item, VideoItem)),))
    except CorruptRecordError as error:
        return Checked((Problem(item.where, "corrupt_record", without_location(str(error), item.where)),))
    except UserError as error:
        return Checked((Problem(item.where, "invalid_record", without_location(str(error), item.where)),))


def without_location(text: str, where: str) -> str:
    """Returns the message of an error without the location of the item, which a report has beside it.

    Args:
      text: the message.
      where: the location: a path, or `PATH: record N`.
    """
    path = where.partition(": record ")[0]
    for prefix in (where, path):
        if text.startswith(prefix):
            return text.removeprefix(prefix).lstrip(":, ")
    return text.replace(f" {path}", "", 1)


def _hash(path: str) -> bytes | None:
    digest = hashlib.blake2b(digest_size=16)
    try:
        with Path(path).open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError:
        return None  # reported by what decodes it
    return digest.digest()


def _check_annotations(item: AnnotatedVideo) -> Checked:
    """Compares annotations with their video; a video that cannot be used is one problem."""
    problems = []
    for made in make_records(item.group.annotations, to_path(item.folder), item.spec):
        if isinstance(made.record, Rejected):
            place = f"{item.where}, record {made.record.id.rpartition('/')[2]}"
            problems.append(Problem(place, made.record.kind, made.record.reason, made.record.kind in _OF_VIDEO))
    if problems and all(problem.of_video for problem in problems):
        first = problems[0]
        problems = [Problem(item.where, first.kind, f"{first.text} ({counted(len(problems), 'record')})", True)]
    usable = Path(item.path).is_file() and not any(problem.of_video for problem in problems)
    return Checked(
        tuple(problems),
        digest=_hash(item.path) if item.hashed else None,
        shows_its_end=not usable or ending(item.path) != "open",
    )


def _check_shard(item: ShardItem) -> Checked:
    if file_checksum(to_path(item.where)) == item.checksum:
        return Checked()
    return Checked((Problem(item.where, "checksum", f"has another checksum than in {INFO_NAME}"),))


def _check_record(item: RecordItem, deadline_s: float) -> Checked:
    source = _open(item.shards)
    record = decode_record(source[item.number], item.where, number=item.number)
    stored_in = record.media_record
    if stored_in is not None and item.complete and (record.clip is not None or not _stores_media(source, stored_in)):
        record = read_record(source, item.number)  # the clip may be another part of the video than was checked with it
    notes = _decode(record, deadline_s)
    problems = [
        Problem(item.where, one.kind, f"id {record.id}: {one.text}; correct the annotation and build again")
        for one in span_problems(record)
    ]
    return Checked(tuple(problems[:1]), tuple(notes), record.id)


def _stores_media(source: TFRecordSource, number: int) -> bool:
    return 0 <= number < len(source) and read_without_media(source, number).media_record == number


@functools.lru_cache(maxsize=4)
def _open(shards: tuple[str, ...]) -> TFRecordSource:
    """Opens shards once in a process."""
    return TFRecordSource(shards)


def _decode(record: Record, deadline_s: float) -> list[VideoNote]:
    if record.video is not None:
        return video_notes(check_video(record.video, record.source, deadline_s, clip=record.clip))
    if record.frames:
        decode_jpegs(list(record.frames), name=record.source)
    return []
