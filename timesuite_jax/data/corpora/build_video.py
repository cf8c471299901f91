"""Builds the records about one video: a pure function of its file, its annotations and the settings.

Neither other videos nor the number of workers and shards have an influence on the bytes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from etils import epath

from timesuite_jax.data.corpora.bad_spans import BadSpan
from timesuite_jax.data.corpora.build_spec import BuildSpec
from timesuite_jax.data.corpora.make_record import make_records
from timesuite_jax.data.corpora.quarantine import QuarantinedVideo, full_name
from timesuite_jax.data.corpora.record import encode_record
from timesuite_jax.data.corpora.rejected import Rejected
from timesuite_jax.data.corpora.shared_media import SharedMedia
from timesuite_jax.data.corpora.worker_pool import Killed
from timesuite_jax.data.timepro import Annotation

GRACE_S = 5.0  # after the deadline, which the decoder itself checks between frames, a hanging one is killed


@dataclass(frozen=True)
class VideoGroup:
    """A video and all annotations about it, in order."""

    video: str
    annotations: tuple[Annotation, ...]


@dataclass(frozen=True)
class BuiltRecord:
    """A serialised record, its task, and the seconds of video that it stores (0 if another record stores it)."""

    payload: bytes
    task: str
    seconds: float


@dataclass(frozen=True)
class BuiltVideo:
    """The records about a video.

    Attributes:
      records: in the order of the annotations.
      rejected: annotations without a record.
      bad_spans: spans that do not fit the video.
      audio_kept: name of the video, if its sound could not be dropped.
    """

    records: tuple[BuiltRecord, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    bad_spans: tuple[BadSpan, ...] = ()
    audio_kept: str | None = None


def time_limit(group: VideoGroup, deadline_s: float) -> float:
    """Wall seconds after which a process that decodes a video, once for each clip, is killed.

    Args:
      group: the video with its annotations.
      deadline_s: wall seconds that decoding one video or clip may take.
    """
    return deadline_s * len({annotation.clip for annotation in group.annotations}) + min(GRACE_S, deadline_s)


def group_by_video(annotations: Iterable[Annotation]) -> list[VideoGroup]:
    """Groups annotations by video, in the order of the first of each."""
    groups: dict[str, list[Annotation]] = {}
    for annotation in annotations:
        groups.setdefault(annotation.video, []).append(annotation)
    return [VideoGroup(video, tuple(group)) for video, group in groups.items()]


@dataclass(frozen=True)
class VideoBuilder:
    """Builds records of videos.

    Attributes:
      root: folder that the paths of videos are relative to.
      spec: how records are stored.
      excluded: quarantined videos by their absolute paths.
    """

    root: epath.Path
    spec: BuildSpec
    excluded: Mapping[str, QuarantinedVideo]

    def build(self, group: VideoGroup) -> BuiltVideo:
        """Builds the records about one video; each refers only to others of them."""
        media = SharedMedia()
        records: list[BuiltRecord] = []
        rejected: list[Rejected] = []
        bad_spans: list[BadSpan] = []
        audio_kept = None
        for made in make_records(group.annotations, self.root, self.spec):
            bad_spans.extend(made.bad_spans)
            if isinstance(made.record, Rejected):
                rejected.append(made.record)
                continue
            audio_kept = group.video if made.audio_kept else audio_kept
            stored = media.store_once(made.record, len(records))
            seconds = 0.0 if stored.media_record is not None else stored.duration
            records.append(BuiltRecord(encode_record(stored, len(records)), stored.task, seconds))
        return BuiltVideo(tuple(records), tuple(rejected), tuple(bad_spans), audio_kept)

    def build_all(
        self, groups: Sequence[VideoGroup], run: Callable[[Iterable[VideoGroup]], Iterator[BuiltVideo | Killed]]
    ) -> Iterator[BuiltVideo]:
        """Yields what became of each video, in order.

        Args:
          groups: videos with their annotations.
          run: maps `build`, in this process or in others.
        """
        reasons = [self._quarantined(group) for group in groups]
        results = run(group for group, reason in zip(groups, reasons, strict=True) if reason is None)
        for group, reason in zip(groups, reasons, strict=True):
            if reason is not None:
                yield self._reject(group, reason.kind, f"is quarantined: {reason.problem}")
            elif isinstance(built := next(results), Killed):
                yield self._reject(group, built.kind, built.problem)
            else:
                yield built

    def time_limit(self, group: VideoGroup) -> float:
        """Wall seconds after which a process that builds a video is killed."""
        return time_limit(group, self.spec.deadline_s)

    def _quarantined(self, group: VideoGroup) -> QuarantinedVideo | None:
        return self.excluded.get(full_name(self.root, group.video)) if self.excluded else None

    def _reject(self, group: VideoGroup, kind: str, reason: str) -> BuiltVideo:
        """Rejects all annotations about a video."""
        return BuiltVideo(
            rejected=tuple(
                Rejected(f"{self.spec.corpus}/{annotation.number}", group.video, reason, kind, annotation.task)
                for annotation in group.annotations
            )
        )
