"""Checks every record of corpora and every video of folders; lists problems, notes, and files that are no videos."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from timesuite_jax.data.corpora.corpus import INFO_NAME
from timesuite_jax.data.corpora.corpus_audit import Check, Finding, corpus_checks
from timesuite_jax.data.corpora.record import example_class
from timesuite_jax.data.corpora.video_check import check_video
from timesuite_jax.errors import UserError
from timesuite_jax.media import VIDEO_SUFFIXES, video_notes
from timesuite_jax.progress import track


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

    Verifies the checksums of shards and records, decodes every video or stored frame, and compares the true spans of
    records with their videos.

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
    checks: list[Check] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)

    def add(self, path: Path) -> None:
        """Adds the checks of a corpus, a folder or a video."""
        if (path / INFO_NAME).is_file():
            self.checks.extend(corpus_checks(path, self.deadline_s, self.findings))
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
