"""Queries in the form of QVHighlights (`highlight_*.jsonl` of jayleicn/moment_detr), strictly checked."""

import dataclasses
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from etils import epath

from timesuite_jax.errors import UserError
from timesuite_jax.metrics.highlights import CLIP_SECONDS
from timesuite_jax.storage.text_file import read_text

Window = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class MomentQuery:
    """A query about a video.

    Attributes:
      qid: its number or name.
      query: in words.
      vid: name of the video's file of features, without a suffix.
      duration: of the video, in seconds.
      windows: start and end of what the query is about, in seconds; None if unknown.
      saliency: scores of each annotated clip of 2 seconds, by its number; None if unknown.
    """

    qid: int | str
    query: str
    vid: str
    duration: float
    windows: tuple[Window, ...] | None = None
    saliency: Mapping[int, tuple[float, ...]] | None = None

    @property
    def id(self) -> str:
        """For messages."""
        return f"query {self.qid}"

    def clip_record(self) -> dict[str, Any]:
        """The annotated clips, as `metrics.highlights` reads them."""
        saliency = self.saliency or {}
        return {
            "qid": self.qid,
            "duration": self.duration,
            "relevant_clip_ids": list(saliency),
            "saliency_scores": [list(scores) for scores in saliency.values()],
        }


def read_moment_queries(path: epath.PathLike) -> list[MomentQuery]:
    """Reads JSON lines of {qid, query, vid, duration, relevant_windows, relevant_clip_ids, saliency_scores}.

    The last three are absent for queries without annotation; the last two also where only windows are annotated.

    Raises:
      UserError: the file cannot be read or has no query, or a line is wrong; names the line and the query.
    """
    queries: dict[str, MomentQuery] = {}  # by name: results and files of 1 and "1" would be the same
    for line, row in _rows(path):
        where = f"{path}, line {line}"
        query = _query(row, where)
        if (name := str(query.qid)) in queries:
            raise UserError(f"{where}: qid {name} occurs twice; give each query its own")
        queries[name] = query
    if not queries:
        raise UserError(f"{path} contains no query; give a file with a JSON object in each line")
    return list(queries.values())


def _rows(path: epath.PathLike) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(read_text(path, "a file of JSON lines").split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UserError(f"{path}, line {number} is not JSON: {error}; correct it") from error
        if not isinstance(row, dict):
            raise UserError(f"{path}, line {number} is not a JSON object; correct it")
        yield number, row


def _query(row: Mapping[str, Any], where: str) -> MomentQuery:
    if missing := [name for name in ("qid", "query", "vid", "duration") if name not in row]:
        raise UserError(f"{where} has no {', '.join(missing)}; add them")
    qid, query, vid, duration = (row[name] for name in ("qid", "query", "vid", "duration"))
    if not isinstance(qid, int | str) or isinstance(qid, bool):
        raise UserError(f"{where}: qid={qid!r} is not a number or a name; correct it")
    where = f"{where} (qid {qid})"
    if not isinstance(query, str) or not query.strip():
        raise UserError(f"{where}: query={query!r} is not a text; correct it")
    if not isinstance(vid, str) or not vid or PurePosixPath(vid).is_absolute() or ".." in PurePosixPath(vid).parts:
        raise UserError(f"{where}: vid={vid!r} is not the name of a video; correct it")
    if not _is_number(duration) or duration <= 0:
        raise UserError(f"{where}: duration={duration!r} is not a number of seconds above 0; correct it")
    windows, saliency = _windows(row, float(duration), where), _saliency(row, where)
    return MomentQuery(qid, query, vid, float(duration), windows, saliency)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _windows(row: Mapping[str, Any], duration: float, where: str) -> tuple[Window, ...] | None:
    given = row.get("relevant_windows")
    if given is None:
        return None
    if not isinstance(given, list) or not given:
        raise UserError(f"{where}: relevant_windows={given!r} is not a list of windows; leave it out if unknown")
    windows = []
    for window in given:
        if not (isinstance(window, list) and len(window) == 2 and all(map(_is_number, window))):
            raise UserError(f"{where}: window {window!r} is not a start and an end in seconds; correct it")
        start, end = map(float, window)
        if not 0 <= start < end:
            raise UserError(f"{where}: window {window} is not of the form 0 <= start < end; correct it")
        # Windows of QVHighlights consist of whole clips, the last of which may end after the video.
        if start >= duration or end >= duration + CLIP_SECONDS:
            raise UserError(f"{where}: window {window} is beyond the end of the video, {duration:g} s; correct it")
        windows.append((start, min(end, duration)))
    return tuple(windows)


def _saliency(row: Mapping[str, Any], where: str) -> dict[int, tuple[float, ...]] | None:
    clips, scores = row.get("relevant_clip_ids"), row.get("saliency_scores")
    if clips is None and scores is None:
        return None
    if not isinstance(clips, list) or not isinstance(scores, list) or len(clips) != len(scores) or not clips:
        counts = [len(values) if isinstance(values, list) else "no" for values in (scores, clips)]
        raise UserError(
            f"{where}: there are {counts[0]} saliency_scores for {counts[1]} relevant_clip_ids; give one list of "
            "scores for each clip"
        )
    found: dict[int, tuple[float, ...]] = {}
    for clip, given in zip(clips, scores, strict=True):
        if not isinstance(clip, int) or isinstance(clip, bool) or clip < 0 or clip in found:
            raise UserError(f"{where}: relevant clip {clip!r} is not the number of another clip, from 0; correct it")
        values = given if isinstance(given, list) else [given]
        if not values or not all(map(_is_number, values)):
            raise UserError(f"{where}: saliency {given!r} of clip {clip} is not a list of numbers; correct it")
        found[clip] = tuple(map(float, values))
    if len({len(values) for values in found.values()}) > 1:
        raise UserError(f"{where}: the clips have saliency_scores of different numbers of annotators; correct them")
    return found
