"""Writes excerpts as subtitles: SubRip (.srt) and WebVTT (.vtt)."""

from timesuite_jax.edit_lists.excerpts import EditList, Excerpt
from timesuite_jax.timing.clock_notation import clock_time, units_before


def srt(edits: EditList) -> str:
    """SubRip: numbered cues, "00:01:02,345 --> 00:01:04,000"."""
    cues = [
        f"{number}\n{_times(cue, ',')}\n{cue.text.replace('-->', '->')}\n"
        for number, cue in enumerate(edits.excerpts, start=1)
    ]
    return "\n".join(cues)


def webvtt(edits: EditList) -> str:
    """WebVTT (W3C), with the characters of its tags escaped."""
    cues = [
        f"{number}\n{_times(cue, '.')}\n{_escaped(cue.text)}\n" for number, cue in enumerate(edits.excerpts, start=1)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def _times(excerpt: Excerpt, point: str) -> str:
    return f"{_time(excerpt.start, point)} --> {_time(excerpt.end, point)}"


def _time(seconds: float, point: str) -> str:
    hours, minutes, whole, thousandths = clock_time(units_before(seconds, 1000), 1000)
    return f"{hours:02d}:{minutes:02d}:{whole:02d}{point}{thousandths:03d}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
