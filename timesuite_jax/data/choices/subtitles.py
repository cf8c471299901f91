"""Subtitles of the videos of multiple-choice benchmarks: SubRip of Video-MME, JSON of LongVideoBench."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from timesuite_jax.data.timepro.sources.cursor import BadField, Cursor
from timesuite_jax.data.timepro.sources.document import load_document
from timesuite_jax.errors import UserError
from timesuite_jax.storage.text_file import read_text

_TIME = r"(\d{1,3}):(\d{2}):(\d{2})[.,](\d{1,3})"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?", re.ASCII)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_CLOCK = re.compile(r"(\d{1,3}):(\d{1,2}):(\d{1,2}(?:\.\d+)?)", re.ASCII)
_SHORTEST = 1.0  # seconds that LongVideoBench's evaluation takes a subtitle to last at least


@dataclass(frozen=True)
class Subtitle:
    """What is said from a second of the video to another."""

    start: float
    end: float
    text: str


def read_subtitles(file: Path, first_second: float = 0.0) -> tuple[Subtitle, ...]:
    """Reads a file of subtitles, `.srt` or `.json`.

    Args:
      file: of one video.
      first_second: second of the subtitles at which the video begins, for JSON.

    Raises:
      UserError: it cannot be read, or has no subtitle.
    """
    found = tuple(_srt(file) if file.suffix.lower() == ".srt" else _json(file, first_second))
    if not found:
        raise UserError(f"{file} has no subtitle; download it again")
    return found


def subtitles_at(subtitles: Sequence[Subtitle], seconds: Sequence[float]) -> list[Subtitle]:
    """Returns the subtitles that are shown at one of some times, in their order, as lmms-eval's Video-MME chooses them.

    Args:
      subtitles: of a video.
      seconds: of the frames that the model sees.
    """
    return [one for one in subtitles if any(one.start <= second < one.end for second in seconds)]


def _srt(file: Path) -> Iterator[Subtitle]:
    """Cues without their tags; the lines of one are joined by spaces."""
    lines = read_text(file, "a file of subtitles").splitlines()
    starts = [number for number, line in enumerate(lines) if _TIMES.fullmatch(line)]
    ends = [following - 1 for following in starts[1:]] + [len(lines)]  # before times there is the number of their cue
    for number, end in zip(starts, ends, strict=False):
        times = _TIMES.fullmatch(lines[number])
        assert times is not None
        own = lines[number + 1 : end]
        text = " ".join(part for line in own if (part := _TAG.sub("", line).strip()))
        if text:
            yield Subtitle(_seconds(*times.groups()[:4]), _seconds(*times.groups()[4:]), text)


def _seconds(hours: str, minutes: str, seconds: str, fraction: str) -> float:
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction}")


def _json(file: Path, first_second: float) -> Iterator[Subtitle]:
    try:
        for row in load_document(file).records():
            yield _row(row, first_second)
    except BadField as error:
        raise UserError(f"{file}, {error.location}: {error.reason}; download it again") from error


def _row(row: Cursor, first_second: float) -> Subtitle:
    """{timestamp: [start, end], text}, whose end may be missing, or {start: "00:00:01.5", end, line}."""
    if (times := row.optional("timestamp")) is not None:
        edges = times.items()
        if len(edges) != 2:
            raise times.wrong("[start, end]")
        start = edges[0].number()
        end = float("inf") if edges[1].value is None else edges[1].number()
        text = row.field("text")
    else:
        start, end = (_clock(row.field(name)) for name in ("start", "end"))
        text = row.field("line")
    start, end = start - first_second, end - first_second
    if end - start < _SHORTEST:
        middle = (start + end) / 2
        start, end = middle - _SHORTEST / 2, middle + _SHORTEST / 2
    return Subtitle(start, end, text.value if text.value == "" else text.text())


def _clock(time: Cursor) -> float:
    found = _CLOCK.fullmatch(time.text())
    if found is None:
        raise time.wrong("hours:minutes:seconds")
    return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])
