"""Checks every record of corpora and every video of folders, and lists the problems."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from timesuite_jax.data.corpora.build import check_video, read_video
from timesuite_jax.data.corpora.corpus import INFO_NAME, file_checksum, read_info
from timesuite_jax.data.corpora.record import Record, decode_record, example_class
from timesuite_jax.data.corpora.tfrecord import TFRecordSource
from timesuite_jax.errors import UserError
from timesuite_jax.media import decode_jpegs
from timesuite_jax.progress import track

VIDEO_SUFFIXES = (".mp4", ".mkv", ".webm", ".mov", ".avi", ".m4v", ".ts", ".flv")


_Check = tuple[bool, str, Callable[[], Any]]  # whether of a record, its location, raises a UserError on a problem


@dataclass(frozen=True)
class Finding:
    """A problem and its location."""

    where: str
    problem: str


@dataclass(frozen=True)
class AuditReport:
    """Numbers of records and videos checked, and the problems found."""

    records: int
    videos: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether no problem was found."""
        return not self.findings

    def as_json(self) -> dict[str, Any]:
        """The report as JSON."""
        return {"ok": self.ok, **asdict(self)}


def audit(paths: Sequence[str | Path], *, deadline_s: float = 120.0, quiet: bool = False) -> AuditReport:
    """Checks corpora (folders with an info file), folders of videos, and single videos.

    Verifies the checksums of shards and records, and decodes every video or stored frame.

    Args:
      paths: of corpora, folders or videos.
      deadline_s: wall seconds that decoding one video may take.
      quiet: show no progress bar.

    Raises:
      UserError: a path is none of these.
    """
    example_class()  # imported here, before the progress bar starts its thread
    records = videos = 0
    findings: list[Finding] = []
    checks = [check for path in paths for check in _checks_of(Path(path), deadline_s, findings)]
    for is_record, where, check in track(checks, "checking", quiet=quiet):
        records, videos = records + is_record, videos + (not is_record)
        try:
            check()
        except UserError as error:
            findings.append(Finding(where, str(error)))
    return AuditReport(records, videos, tuple(findings))


def _checks_of(path: Path, deadline_s: float, findings: list[Finding]) -> Iterator[_Check]:
    if (path / INFO_NAME).is_file():
        yield from _corpus_checks(path, deadline_s, findings)
        return
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in VIDEO_SUFFIXES)
        if not files:
            raise UserError(f"{path} holds neither a corpus nor videos ({', '.join(VIDEO_SUFFIXES)}); check the path")
    elif path.is_file():
        files = [path]
    else:
        raise UserError(f"there is no {path}; give corpora, folders of videos, or videos")
    for file in files:
        yield False, str(file), lambda file=file: check_video(read_video(file, str(file)), str(file), deadline_s)


def _corpus_checks(folder: Path, deadline_s: float, findings: list[Finding]) -> Iterator[_Check]:
    info = read_info(folder)
    seen: set[str] = set()
    for shard, count, checksum in zip(info.shards, info.records, info.checksums, strict=True):
        path = folder / shard
        try:
            source = TFRecordSource([path])
        except UserError as error:
            findings.append(Finding(str(path), str(error)))
            continue
        if len(source) != count:
            findings.append(Finding(str(path), f"holds {len(source)} records, but {INFO_NAME} lists {count}"))
        elif file_checksum(path) != checksum:
            findings.append(Finding(str(path), f"has another checksum than in {INFO_NAME}"))
        for number in range(len(source)):
            where = f"{path}: record {number}"
            yield True, where, lambda s=source, n=number, w=where: _check_record(s[n], w, deadline_s, seen)


def _check_record(data: bytes, where: str, deadline_s: float, seen: set[str]) -> None:
    record: Record = decode_record(data, where)
    if record.id in seen:
        raise UserError(f"{where} has the same id as another record, {record.id}; build the corpus again")
    seen.add(record.id)
    if record.video is not None:
        check_video(record.video, record.source, deadline_s, clip=record.clip)
    else:
        decode_jpegs(list(record.frames), name=record.source)
