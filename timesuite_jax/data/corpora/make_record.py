"""Makes records of annotations about one video, or rejects them with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import google_crc32c
from etils import epath

from timesuite_jax.data.corpora.bad_spans import BadSpan, Problem, fit_clip
from timesuite_jax.data.corpora.build_spec import MAX_FRAMES, BuildSpec
from timesuite_jax.data.corpora.record import Record
from timesuite_jax.data.corpora.record_spans import fit_annotated_spans
from timesuite_jax.data.corpora.rejected import Rejected
from timesuite_jax.data.corpora.video_check import check_rate, check_video, read_video
from timesuite_jax.data.question_spans import Span
from timesuite_jax.data.timepro import Annotation
from timesuite_jax.media import Deadline, SamplingSpec, VideoError, encode_jpeg, index_video, sample_indexed
from timesuite_jax.media.remux import drop_audio, has_audio
from timesuite_jax.media.transforms import short_side


@dataclass(frozen=True)
class Made:
    """What became of one annotation.

    Attributes:
      record: its record, or why there is none.
      bad_spans: spans that do not fit the video.
      audio_kept: whether the video has sound that could not be dropped without changing frames.
    """

    record: Record | Rejected
    bad_spans: tuple[BadSpan, ...] = ()
    audio_kept: bool = False


@dataclass(frozen=True)
class _Media:
    """A record without annotations, what is wrong with its clip, and whether it has sound that was to be dropped."""

    record: Record
    wrong_clip: Problem | None
    audio_kept: bool


def make_records(annotations: Sequence[Annotation], root: Path | epath.Path, spec: BuildSpec) -> list[Made]:
    """Makes one record for each of several annotations about a video, which is decoded once for each clip.

    Args:
      annotations: at least one, all with the same video.
      root: folder that the path of the video is relative to.
      spec: how records are stored.
    """
    video = annotations[0].video
    media: dict[Span | None, _Media | VideoError] = {}
    try:
        data = read_video(root / video, video)
        for clip in dict.fromkeys(annotation.clip for annotation in annotations):
            try:
                media[clip] = _decode(data, video, clip, spec)
            except VideoError as error:
                media[clip] = error
    except VideoError as error:
        media = dict.fromkeys((annotation.clip for annotation in annotations), error)
    return [_make(media[annotation.clip], annotation, spec) for annotation in annotations]


def _make(media: _Media | VideoError, annotation: Annotation, spec: BuildSpec) -> Made:
    name = f"{spec.corpus}/{annotation.number}"
    if isinstance(media, VideoError):
        return Made(Rejected(name, annotation.video, media.problem, media.kind, annotation.task))
    fitted = fit_annotated_spans(
        annotation, media.record.length, spec.on_bad_span, name=name, wrong_clip=media.wrong_clip
    )
    if any(one.action == "rejected" for one in fitted.bad):
        first = next(one for one in fitted.bad if one.action == "rejected")
        rejected = Rejected(name, annotation.video, first.problem, first.kind, annotation.task)
        return Made(rejected, tuple(replace(one, action="rejected") for one in fitted.bad))
    record = replace(
        media.record,
        id=name,
        task=annotation.task,
        turns=fitted.turns,
        spans=fitted.spans,
        span_turns=fitted.owners,
        label=annotation.label,
        directional=annotation.directional,
    )
    return Made(record, fitted.bad, media.audio_kept)


def _decode(data: bytes, name: str, clip: Span | None, spec: BuildSpec) -> _Media:
    """Decodes a video, or the frames to store.

    Raises:
      VideoError: it cannot be used.
    """
    checksum = f"{google_crc32c.value(data):08x}"
    audio_kept = False
    if spec.frames is None and spec.fps is None:
        index = check_video(data, name, spec.deadline_s, clip=clip)
        clip, wrong_clip = fit_clip(clip, index.duration, spec.on_bad_span)
        if spec.audio == "drop" and has_audio(data, name):
            silent = drop_audio(data, index, deadline_s=spec.deadline_s)
            data, audio_kept = silent or data, silent is None
        media = Record("", spec.corpus, "", (), index.duration, video=data, clip=clip)
    else:
        deadline = Deadline(name, spec.deadline_s)
        count = spec.frames or _count_at_rate(data, name, clip, spec, deadline)
        video, index = sample_indexed(
            data,
            SamplingSpec(count),
            clip=clip,
            resize=lambda height, width: _stored_size(height, width, spec.frame_side),
            deadline=deadline,
            name=name,
        )
        check_rate(index)
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
    return _Media(replace(media, source=name, source_checksum=checksum), wrong_clip, audio_kept)


def _count_at_rate(data: bytes, name: str, clip: Span | None, spec: BuildSpec, deadline: Deadline) -> int:
    """Number of frames that `spec.fps` gives.

    Raises:
      VideoError: the video cannot be used, or has more than a record can store.
    """
    assert spec.fps is not None
    duration = index_video(data, name=name, deadline=deadline).duration
    count = frames_at_rate(clip, duration, spec.fps)
    if count > MAX_FRAMES:
        raise VideoError(
            name,
            f"needs {count} frames at {spec.fps:g} a second, and a record stores at most {MAX_FRAMES}",
            "lower --fps, or store --frames N or the video",
            "too_long",
        )
    return count


def frames_at_rate(clip: Span | None, duration: float, fps: float) -> int:
    """Returns how many frames a rate gives, at least one.

    Args:
      clip: start and end in seconds; None for the whole video.
      duration: seconds of the video.
      fps: frames per second.
    """
    start, end = clip or (0.0, duration)
    return max(round((min(end, duration) - start) * fps), 1)


def _stored_size(height: int, width: int, side: int) -> tuple[int, int]:
    return (height, width) if min(height, width) <= side else short_side(height, width, side)
