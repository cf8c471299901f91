"""Events with captions: TimeSuite's files of dense captions, and those of ActivityNet Captions and SODA."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.prediction_files.json_content import read_json_content
from timesuite_jax.evaluation.prediction_files.question_keys import without_extension
from timesuite_jax.metrics.captions.dense import Event, VideoEvents

_SHORTEST = 5  # characters of a caption's text that the original drops, as left over by splitting at full stops


def read_dense_captions(predictions: Path, truth: Path) -> tuple[list[VideoEvents], list[str]]:
    """Reads events.

    Predictions are {video: [{"timestamp": [start, end], "caption" or "sentence": text}]}, also below "results". The
    truth is {"annotations": [{"image_id", "segments", "pure_cap" or "caption"}]}, or {video: {"timestamps",
    "sentences"}}.

    Returns:
      The videos of the truth in its order, and the videos of the predictions that are not among them.

    Raises:
      UserError: a file has another form; names the video.
    """
    rows = read_json_content(predictions)
    if isinstance(rows, Mapping) and isinstance(rows.get("results"), Mapping):
        rows = rows["results"]
    if not isinstance(rows, Mapping):
        raise UserError(f'{predictions} is no object; give {{video: [{{"timestamp": [start, end], "caption": text}}]}}')
    predicted: dict[str, list[Event]] = {}
    keys: dict[str, str] = {}
    for key, events in rows.items():
        name = without_extension(key)
        if name in predicted:
            raise UserError(f"video {name} has two predictions in {predictions}, {keys[name]} and {key}; keep one")
        predicted[name], keys[name] = _predicted(key, events), key
    content = read_json_content(truth)
    if not isinstance(content, Mapping):
        raise UserError(f'{truth} is no object; give {{"annotations": [...]}} or {{video: {{"timestamps": ...}}}}')
    annotations = content.get("annotations")
    if isinstance(annotations, Sequence):
        found = [(*_annotated(entry, truth), entry) for entry in annotations]
    else:
        found = [(video, _timed(video, entry), entry) for video, entry in content.items()]
    videos = [
        VideoEvents(video, predicted.get(without_extension(video)), events, _duration(video, entry))
        for video, events, entry in found
    ]
    known = {without_extension(video.video) for video in videos}
    return videos, [key for name, key in keys.items() if name not in known]


def _duration(video: str, entry: Mapping[str, Any]) -> float | None:
    """Returns the seconds of a video, None where its entry has none.

    Raises:
      UserError: the duration is no positive number.
    """
    duration = entry.get("duration")
    if duration is None:
        return None
    if not isinstance(duration, int | float) or not 0 < duration <= sys.float_info.max:
        raise UserError(f"ground truth of video {video} has duration {duration!r}; give its seconds, or leave it out")
    return float(duration)


def _predicted(video: str, events: Any) -> list[Event]:
    try:
        return [_event(event["timestamp"], event.get("caption", event.get("sentence"))) for event in events]
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        raise UserError(
            f'predictions of video {video} are no list of {{"timestamp": [start, end], "caption": text}}; correct them'
        ) from error


def _annotated(entry: Any, path: Path) -> tuple[str, list[Event]]:
    """Returns the name and the events of an entry of TimeSuite's form, whose captions are one text."""
    try:
        video, segments = entry["image_id"].split("/")[-1], entry["segments"]
        if "pure_cap" in entry:
            captions = entry["pure_cap"].split(". ")
        else:
            captions = [part.strip(" ") for part in entry["caption"].split(".") if len(part) > _SHORTEST]
    except (TypeError, KeyError, AttributeError) as error:
        raise UserError(f"{path} has an annotation without image_id, segments or caption; correct it") from error
    return video, _zip(video, segments, [f"{caption}." for caption in captions])


def _timed(video: str, entry: Any) -> list[Event]:
    if not isinstance(entry, Mapping) or not {"timestamps", "sentences"} <= entry.keys():
        raise UserError(f'ground truth of video {video} is not {{"timestamps": [...], "sentences": [...]}}; correct it')
    return _zip(video, entry["timestamps"], entry["sentences"])


def _zip(video: str, segments: Any, captions: Sequence[Any]) -> list[Event]:
    try:
        if len(segments) != len(captions):
            raise UserError(
                f"ground truth of video {video} has {len(segments)} segments and {len(captions)} captions; correct it"
            )
        return [_event(segment, caption) for segment, caption in zip(segments, captions, strict=True)]
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(f"ground truth of video {video} has segments that are not [start, end]; correct it") from error


def _event(segment: Any, caption: Any) -> Event:
    start, end = segment
    if not isinstance(caption, str):
        raise TypeError(f"caption {caption!r} is not text")
    return Event(float(start), float(end), caption)
