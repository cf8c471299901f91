"""Writes excerpts as chapters: FFmpeg's metadata (.ffmeta) and the lines of a YouTube description (.txt)."""

import re

from timesuite_jax.edit_lists.excerpts import EditList
from timesuite_jax.timing.clock_notation import short_clock, units_before


def ffmetadata(edits: EditList) -> str:
    """Metadata that `ffmpeg -i VIDEO -i FILE -map_metadata 1 -codec copy OUT` adds to a video."""
    chapters = [
        f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={units_before(one.start, 1000)}\nEND={units_before(one.end, 1000)}\n"
        f"title={_escaped(one.text)}\n"
        for one in edits.excerpts
    ]
    return "\n".join([f";FFMETADATA1\ntitle={_escaped(edits.title)}\n", *chapters])


def youtube(edits: EditList) -> str:
    """Lines of "1:02 title". The first one is at 0:00, as YouTube requires; excerpts of one second share a line."""
    titles: dict[int, list[str]] = {}
    for one in edits.excerpts:
        titles.setdefault(units_before(one.start, 1), []).append(one.text)
    if titles and 0 not in titles:
        titles = {0: ["Start"], **titles}
    return "".join(f"{short_clock(second)} {' / '.join(dict.fromkeys(texts))}\n" for second, texts in titles.items())


def _escaped(text: str) -> str:
    return re.sub(r"([=;#\\])", r"\\\1", text)
