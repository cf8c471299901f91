"""Checks every record of corpora and every video of folders; lists and classifies problems, and notes on usable videos.

Videos are decoded in worker processes: one that hangs or crashes the decoder is a problem among others.
"""

import functools
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from etils import epath

from timesuite_jax.data.corpora.annotation_set import AnnotationSet
from timesuite_jax.data.corpora.audit_items import (
    AnnotatedVideo,
    Checked,
    Item,
    Problem,
    RecordItem,
    VideoItem,
    check_item,
)
from timesuite_jax.data.corpora.audit_plan import AuditPlan
from timesuite_jax.data.corpora.build_spec import BuildSpec
from timesuite_jax.data.corpora.build_video import GRACE_S, time_limit
from timesuite_jax.data.corpora.quarantine import QuarantinedVideo
from timesuite_jax.data.corpora.record import example_class
from timesuite_jax.data.corpora.worker_pool import Killed, WorkerPool
from timesuite_jax.progress import track

OnDuplicate = Literal["keep", "reject"]


@dataclass(frozen=True)
class Finding:
    """A problem: its location, the sentence that describes it, and its kind."""

    where: str
    problem: str
    kind: str


@dataclass(frozen=True)
class Note:
    """Something unusual about a video that can be used, and its location."""

    where: str
    note: str
    kind: str


@dataclass(frozen=True)
class AuditReport:
    """What an audit found.

    Attributes:
      records: number of records checked.
      videos: number of videos checked.
      findings: the problems.
      notes: on videos that can be used.
      unverified: videos that can be used, but whose formats do not show whether they are whole.
      not_checked: files that are no videos by their suffix.
      kinds: number of problems and notes of each kind.
      quarantine: videos that must not be used.
    """

    records: int
    videos: int
    findings: tuple[Finding, ...]
    notes: tuple[Note, ...]
    unverified: tuple[str, ...]
    not_checked: tuple[str, ...]
    kinds: dict[str, int]
    quarantine: tuple[QuarantinedVideo, ...]

    @property
    def ok(self) -> bool:
        """Whether no problem was found."""
        return not self.findings

    def as_json(self) -> dict[str, Any]:
        """The report as JSON."""
        return {"ok": self.ok, **asdict(self)}


def audit(
    paths: Sequence[str | Path],
    *,
    annotations: AnnotationSet | None = None,
    videos: Path | epath.Path | None = None,
    deadline_s: float = 120.0,
    workers: int | None = None,
    on_duplicate: OnDuplicate = "keep",
    quiet: bool = False,
) -> AuditReport:
    """Checks corpora (folders with an info file), folders of videos and corpora, single videos, and annotations.

    Verifies the checksums of shards and records, decodes every video or stored frame, and compares true spans with
    their videos.

    Args:
      paths: of corpora, folders or videos.
      annotations: to compare with their videos, which are checked, too.
      videos: folder of the annotations' videos.
      deadline_s: wall seconds that decoding one video may take; then its process is killed.
      workers: number of processes; all cores if None.
      on_duplicate: "reject" makes a problem of a video with the content of an earlier one, "keep" a note.
      quiet: show no progress bar.

    Raises:
      UserError: a path is none of these.
    """
    example_class()  # imported here, before the progress bar starts its thread
    plan = AuditPlan()
    for path in paths:
        plan.add(Path(path))
    if annotations is not None and videos is not None:
        plan.add_annotations(annotations, videos, BuildSpec(annotations.source, deadline_s=deadline_s))
    plan.find_equal_sizes()
    found = _Found(plan.problems, on_duplicate)
    check = functools.partial(check_item, deadline_s=deadline_s)
    limit_s = functools.partial(_limit, deadline_s=deadline_s)
    with WorkerPool(check, workers or os.cpu_count() or 1, limit_s) as pool:
        results = pool.map(plan.items)
        for item, checked in zip(plan.items, track(results, "checking", len(plan.items), quiet=quiet), strict=True):
            found.add(item, checked)
    counts = Counter(type(item) for item in plan.items)
    return AuditReport(
        records=counts[RecordItem],
        videos=counts[VideoItem] + counts[AnnotatedVideo],
        findings=tuple(found.findings),
        notes=tuple(found.notes),
        unverified=tuple(found.unverified),
        not_checked=tuple(plan.not_checked),
        kinds=dict(sorted(Counter(one.kind for one in (*found.findings, *found.notes)).items())),
        quarantine=tuple(found.quarantine.values()),
    )


def _limit(item: Item, deadline_s: float) -> float:
    """Wall seconds after which a process that checks an item is killed."""
    one_clip = deadline_s + min(GRACE_S, deadline_s)
    return time_limit(item.group, deadline_s) if isinstance(item, AnnotatedVideo) else one_clip


class _Found:
    """Collects results, and compares them: ids of records and contents of videos occur once."""

    def __init__(self, problems: Sequence[Problem], on_duplicate: OnDuplicate) -> None:
        self.findings = [Finding(one.where, one.text, one.kind) for one in problems]
        self.notes: list[Note] = []
        self.unverified: list[str] = []
        self.quarantine: dict[str, QuarantinedVideo] = {}
        self._on_duplicate = on_duplicate
        self._first: dict[str, str] = {}  # id of a record -> its location
        self._first_video: dict[bytes, VideoItem | AnnotatedVideo] = {}  # by its hash

    def add(self, item: Item, checked: Checked | Killed) -> None:
        """Adds the result of an item."""
        if isinstance(checked, Killed):
            checked = Checked((Problem(item.where, checked.kind, checked.problem, of_video=True),))
        for problem in checked.problems:
            self._add_problem(item, problem)
        self.notes.extend(Note(item.where, note.text, note.kind) for note in checked.notes)
        if not checked.shows_its_end:
            self.unverified.append(item.where)
        if checked.id is not None and (first := self._first.setdefault(checked.id, item.where)) != item.where:
            text = f"has the same id as {first}, {checked.id}; build the corpus again"
            self._add_problem(item, Problem(item.where, "duplicate_id", text))
        if checked.digest is None or not isinstance(item, VideoItem | AnnotatedVideo):
            return
        if any(problem.of_video for problem in checked.problems):
            return
        if (first := self._first_video.setdefault(checked.digest, item)).path != item.path:
            text = f"has the same content as {first.where}"
            if self._on_duplicate == "reject":
                self._add_problem(item, Problem(item.where, "duplicate", text, of_video=True))
            else:
                self.notes.append(Note(item.where, text, "duplicate"))

    def _add_problem(self, item: Item, problem: Problem) -> None:
        self.findings.append(Finding(problem.where, problem.text, problem.kind))
        if problem.of_video and isinstance(item, VideoItem | AnnotatedVideo):
            self.quarantine.setdefault(item.path, QuarantinedVideo(item.path, problem.kind, problem.text))
