"""Makes the records of annotations about one video, or rejects them with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import google_crc32c
from etils import epath

from timesuite_jax.data.corpora.bad_spans import BadSpan, Problem, fit_clip
from timesuite_jax.data.corpora.build_spec import BuildSpec
from timesuite_jax.data.corpora.corpus import Rejected
from timesuite_jax.data.corpora.record import Record
from timesuite_jax.data.corpora.record_spans import fit_annotated_spans
from timesuite_jax.data.corpora.video_check import check_video, read_video
from timesuite_jax.data.timepro import Annotation
from timesuite_jax.media import SamplingSpec, VideoError, encode_jpeg, sample_video
from timesuite_jax.media.transforms import short_side


@dataclass(frozen=True)
class Made:
    """What became of one annotation: its record, or why there is none; and its bad spans."""

    record: Record | Rejected
    bad_spans: tuple[BadSpan, ...] = ()


@dataclass(frozen=True)
class _Media:
    """A record without annotations, and what is wrong with its clip."""

    record: Record
    wrong_clip: Problem | None


def make_records(annotations: Sequence[Annotation], root: Path | epath.Path, spec: BuildSpec) -> list[Made]:
    """Makes one record for each of several annotations with the same video and clip, which is decoded once.

    Args:
      annotations: at least one.
      root: folder that the path of the video is relative to.
      spec: how records are stored.
    """
    video = annotations[0].video
    names = [f"{spec.corpus}/{annotation.number}" for annotation in annotations]
    try:
        media = _read_media(root / video, annotations[0], spec)
    except VideoError as error:
        return [Made(Rejected(name, video, error.problem)) for name in names]
    return [_make(media, annotation, name, spec) for annotation, name in zip(annotations, names, strict=True)]


def _make(media: _Media, annotation: Annotation, name: str, spec: BuildSpec) -> Made:
    spans, owners, bad = fit_annotated_spans(
        annotation, media.record.length, spec.on_bad_span, name=name, wrong_clip=media.wrong_clip
    )
    if any(one.action == "rejected" for one in bad):
        reason = next(one.problem for one in bad if one.action == "rejected")
        rejected = Rejected(name, annotation.video, reason)
        return Made(rejected, tuple(replace(one, action="rejected") for one in bad))
    record = replace(
        media.record, id=name, task=annotation.task, turns=annotation.turns, spans=spans, span_turns=owners
    )
    return Made(record, bad)


def _read_media(path: Path | epath.Path, annotation: Annotation, spec: BuildSpec) -> _Media:
    """Decodes a video, or the frames to store.

    Raises:
      VideoError: it cannot be used.
    """
    name, clip = annotation.video, annotation.clip
    data = read_video(path, name)
    checksum = f"{google_crc32c.value(data):08x}"
    if spec.frames is None:
        duration = check_video(data, name, spec.deadline_s, clip=clip).duration
        clip, wrong_clip = fit_clip(clip, duration, spec.on_bad_span)
        media = Record("", spec.corpus, "", (), duration, video=data, clip=clip)
    else:
        video = sample_video(
            data,
            SamplingSpec(spec.frames),
            clip=clip,
            resize=lambda height, width: _stored_size(height, width, spec.frame_side),
            deadline_s=spec.deadline_s,
            name=name,
        )
        _, wrong_clip = fit_clip(clip, video.video_duration, spec.on_bad_span)
        media = Record(
            "",
            spec.corpus,
            "",
            (),
            video.duration,
            frames=tuple(encode_jpeg(frame) for frame in video.frames),
            frame_times=tuple(float(second) for second in video.seconds),
        )
    return _Media(replace(media, source=name, source_checksum=checksum), wrong_clip)


def _stored_size(height: int, width: int, side: int) -> tuple[int, int]:
    return (height, width) if min(height, width) <= side else short_side(height, width, side)
