"""Checks the shards and records of one corpus."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from timesuite_jax.data.corpora.corpus import INFO_NAME, file_checksum, read_info
from timesuite_jax.data.corpora.record import Record, decode_record
from timesuite_jax.data.corpora.record_reader import read_record
from timesuite_jax.data.corpora.record_spans import span_problems
from timesuite_jax.data.corpora.tfrecord import TFRecordSource
from timesuite_jax.data.corpora.video_check import check_video
from timesuite_jax.data.question_spans import Span
from timesuite_jax.errors import UserError
from timesuite_jax.media import decode_jpegs, video_notes

# Whether of a record, its location, and a check that returns notes and raises a UserError on a problem.
Check = tuple[bool, str, Callable[[], list[str]]]


@dataclass(frozen=True)
class Finding:
    """A problem and its location."""

    where: str
    problem: str


def corpus_checks(folder: Path, deadline_s: float, findings: list[Finding]) -> Iterator[Check]:
    """Yields a check for each record of a corpus; problems of whole shards are appended to `findings`.

    Raises:
      UserError: the corpus has no readable info file.
    """
    info = read_info(folder)
    sources: list[TFRecordSource | None] = []
    for shard, count, checksum in zip(info.shards, info.records, info.checksums, strict=True):
        path = folder / shard
        try:
            source = TFRecordSource([path])
        except UserError as error:
            findings.append(Finding(str(path), str(error)))
            sources.append(None)
            continue
        if len(source) != count:
            findings.append(Finding(str(path), f"holds {len(source)} records, but {INFO_NAME} lists {count}"))
        elif file_checksum(path) != checksum:
            findings.append(Finding(str(path), f"has another checksum than in {INFO_NAME}"))
        sources.append(source)
    complete = all(s is not None and len(s) == n for s, n in zip(sources, info.records, strict=True))
    # Records refer to each other by their number in the whole corpus.
    whole = TFRecordSource([folder / shard for shard in info.shards]) if complete else None
    audit, first = _RecordAudit(deadline_s), 0
    for source, count in zip(sources, info.records, strict=True):
        if source is not None:
            for number in range(len(source)):
                where = f"{source.paths[0]}: record {number}"
                yield True, where, lambda s=source, n=number, g=first + number, w=where: audit.check(s, n, whole, g, w)
        first += count


class _RecordAudit:
    """Checks records; remembers their ids, and the videos that it has decoded."""

    def __init__(self, deadline_s: float) -> None:
        self._deadline_s = deadline_s
        self._ids: set[str] = set()
        self._decoded: set[tuple[int | None, Span | None]] = set()  # record that stores a video, clip

    def check(
        self, source: TFRecordSource, number: int, whole: TFRecordSource | None, in_corpus: int, where: str
    ) -> list[str]:
        """Checks one record, and returns notes about its video.

        Args:
          source: its shard.
          number: its number in the shard.
          whole: all shards; None if some are damaged, so that a video of another record cannot be found.
          in_corpus: its number in the corpus.
          where: its location, for messages.

        Raises:
          UserError: with the first problem found.
        """
        record = decode_record(source[number], where, number=in_corpus)
        if record.id in self._ids:
            raise UserError(f"{where} has the same id as another record, {record.id}; build the corpus again")
        self._ids.add(record.id)
        media = (in_corpus if record.media_record is None else record.media_record), record.clip
        notes: list[str] = []
        if media not in self._decoded:
            if record.media_record is not None and whole is not None:
                record = read_record(whole, in_corpus)
            notes = self._decode(record)
            self._decoded.add(media)
        if problem := next(span_problems(record), None):
            raise UserError(f"{where}, id {record.id}: {problem.text}; correct the annotation and build again")
        return notes

    def _decode(self, record: Record) -> list[str]:
        if record.video is not None:
            return video_notes(check_video(record.video, record.source, self._deadline_s, clip=record.clip))
        if record.frames:
            decode_jpegs(list(record.frames), name=record.source)
        return []
