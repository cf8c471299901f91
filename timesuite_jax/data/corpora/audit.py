"""Checks every record of corpora and every video of folders; lists problems, notes, and files that are no videos."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from timesuite_jax.data.corpora.build import check_video
from timesuite_jax.data.corpora.corpus import INFO_NAME, file_checksum, read_info
from timesuite_jax.data.corpora.record import Record, decode_record, example_class
from timesuite_jax.data.corpora.tfrecord import TFRecordSource
from timesuite_jax.errors import UserError
from timesuite_jax.media import VIDEO_SUFFIXES, decode_jpegs, video_notes
from timesuite_jax.progress import track

# Whether of a record, its location, and a check that returns notes and raises a UserError on a problem.
_Check = tuple[bool, str, Callable[[], list[str]]]


@dataclass(frozen=True)
class Finding:
    """A problem and its location."""

    where: str
    problem: str


@dataclass(frozen=True)
class Note:
    """Something unusual about a video that can be used, and its location."""

    where: str
    note: str


@dataclass(frozen=True)
class AuditReport:
    """Numbers of records and videos checked, the problems found, notes, and files not checked: no videos by suffix."""

    records: int
    videos: int
    findings: tuple[Finding, ...]
    notes: tuple[Note, ...]
    not_checked: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether no problem was found."""
        return not self.findings

    def as_json(self) -> dict[str, Any]:
        """The report as JSON."""
        return {"ok": self.ok, **asdict(self)}


def audit(paths: Sequence[str | Path], *, deadline_s: float = 120.0, quiet: bool = False) -> AuditReport:
    """Checks corpora (folders with an info file), folders of videos and corpora, and single videos.

    Verifies the checksums of shards and records, and decodes every video or stored frame.

    Args:
      paths: of corpora, folders or videos.
      deadline_s: wall seconds that decoding one video may take.
      quiet: show no progress bar.

    Raises:
      UserError: a path is none of these.
    """
    example_class()  # imported here, before the progress bar starts its thread
    plan = _Plan(deadline_s)
    for path in paths:
        plan.add(Path(path))
    records = videos = 0
    notes: list[Note] = []
    for is_record, where, check in track(plan.checks, "checking", quiet=quiet):
        records, videos = records + is_record, videos + (not is_record)
        try:
            notes.extend(Note(where, note) for note in check())
        except UserError as error:
            plan.findings.append(Finding(where, str(error)))
    return AuditReport(records, videos, tuple(plan.findings), tuple(notes), tuple(plan.not_checked))


@dataclass
class _Plan:
    """The checks of all paths, with what listing them found."""

    deadline_s: float
    checks: list[_Check] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)

    def add(self, path: Path) -> None:
        """Adds the checks of a corpus, a folder or a video."""
        if (path / INFO_NAME).is_file():
            self.checks.extend(_corpus_checks(path, self.deadline_s, self.findings))
        elif path.is_dir():
            self._add_folder(path)
        elif path.is_file():
            self._add_video(path)
        else:
            raise UserError(f"there is no {path}; give corpora, folders of videos, or videos")

    def _add_folder(self, folder: Path) -> None:
        before = len(self.checks)
        for file in sorted(folder.rglob("*")):
            if file.name == INFO_NAME:
                self.add(file.parent)
            elif (file.parent / INFO_NAME).is_file():
                continue
            elif file.suffix.lower() in VIDEO_SUFFIXES:
                self._add_video(file)
            elif not file.is_dir():
                self.not_checked.append(str(file))
        if len(self.checks) == before:
            raise UserError(
                f"{folder} contains neither a corpus nor videos, but {len(self.not_checked)} other files; "
                f"check the path, or name files to check (suffixes of videos: {' '.join(sorted(VIDEO_SUFFIXES))})"
            )

    def _add_video(self, file: Path) -> None:
        def check() -> list[str]:
            return video_notes(check_video(file, str(file), self.deadline_s))

        self.checks.append((False, str(file), check))


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


def _check_record(data: bytes, where: str, deadline_s: float, seen: set[str]) -> list[str]:
    record: Record = decode_record(data, where)
    if record.id in seen:
        raise UserError(f"{where} has the same id as another record, {record.id}; build the corpus again")
    seen.add(record.id)
    if record.video is not None:
        return video_notes(check_video(record.video, record.source, deadline_s, clip=record.clip))
    decode_jpegs(list(record.frames), name=record.source)
    return []
