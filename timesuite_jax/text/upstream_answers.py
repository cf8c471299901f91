"""Exact reimplementation of upstream's answer parsers, for scores that are comparable with its tables.

`eval/format_tvg.py`, `format_vhd.py`, `format_dvc.py` and `post_processing_vhd` of `eval/eval_infer.py`, rewritten for
the same outcome on every text, bugs included: if the original raises, the outcome has the name of the exception; if it
stops in a debugger left in the code, the outcome has that. For robust parsing, use `text.timestamps`.
"""

import math
import re
from dataclasses import dataclass
from typing import Any

_RADIUS = 20  # seconds by which a dense caption of a single moment is extended to both sides


@dataclass(frozen=True)
class Outcome:
    """Result of the original parser.

    Attributes:
      value: its return value; None if it raises.
      error: name of the exception it raises, or "".
      debugger: whether it stops in `pdb.set_trace()` (an evaluation hangs there).
    """

    value: Any = None
    error: str = ""
    debugger: bool = False


def upstream_grounding(text: str) -> Outcome:
    """`extract_time`: the first span, as `[[start, end]]`, or `[]`.

    The original continues to look for hh:mm:ss in the same sentences when it found no pair of numbers; a sentence with
    hh:mm:ss always has a number, so that branch cannot give a pair either and is left out.
    """
    text = text.lower()
    pairs: list[tuple[float, float]] = []
    try:
        pairs = [(float(a), float(b)) for a, b in re.findall(r"(\d+\.*\d*)\s*-\s*(\d+\.*\d*)", text)]
    except ValueError:  # "1..2 - 3"
        return Outcome(error="ValueError")
    if not pairs:
        sentences = [s for s in re.split(r"[!?\n]", text) if any(word in s for word in ("start", "end", "happen"))]
        numbers = [re.findall(r"\b(\d+\.\d+\b|\b\d+)\b", sentence) for sentence in sentences]
        firsts = [float(found[0]) for found in numbers if found]
        pairs = list(zip(firsts[0::2], firsts[1::2], strict=False))
    return Outcome([[a, b] if b > a else [b, a] for a, b in pairs[:1]])


def upstream_highlights(text: str) -> Outcome:
    """`parse_highlights`: (highlights, time stamps, scores), highlights being dicts of one time and one score."""
    text = text.replace("th", " ")
    n_seconds, n_scores = text.count("second"), text.count("score")
    if not n_seconds or not n_scores:
        return Outcome(([], [], []))
    times, scores = (_listed if n_seconds < 3 and n_scores < 3 else _line_by_line)(text)
    highlights = []
    if len(times) > 1:
        scores = (scores + [0.0] * len(times))[: len(times)]
        highlights = [{"timestamp": t, "saliency_score": s} for t, s in zip(times, scores, strict=True)]
    return Outcome((highlights, times, scores))


def upstream_highlight_scores(text: str, duration: float) -> Outcome:
    """`format_vhd_output`: (highlights, one score for each clip of 2 seconds)."""
    highlights, times, scores = upstream_highlights(text).value
    sums, counts = [0.0] * int(duration / 2), [0] * int(duration / 2)
    for t, s in zip(times, scores, strict=False):
        if t > duration:
            continue
        clip = max(0, int((t - 1) / 2))
        if clip >= len(sums):
            return Outcome(error="IndexError")  # videos shorter than a clip
        sums[clip] += s
        counts[clip] += 1
    return Outcome((highlights, [s / n if n else 0.0 for s, n in zip(sums, counts, strict=True)]))


def upstream_highlight_rewrite(text: str) -> Outcome:
    """`post_processing_vhd`: "a - b ... score" as the sentence of time stamps and scores, every 2 seconds."""
    match = re.search(r"(\d+\.?\d*)\s*-\s*(\d+\.?\d*).*?(\d+\.?\d*)", text)
    if not match:
        return Outcome("Invalid post processing format! " + text)
    start, end, score = (float(group) for group in match.groups())
    if math.isinf(start) or math.isinf(end):
        return Outcome(error="OverflowError")
    first = math.floor(start)
    times = [first + 2 * i for i in range(int((math.ceil(end) - first) / 2) + 1)]
    return Outcome(
        f"The highlight timestamps are in the {', '.join(map(str, times))} seconds. "
        f"Their saliency scores are {', '.join([str(score)] * len(times))}."
    )


def upstream_captions(text: str) -> Outcome:
    """`format_dvc_output`: (spans, captions)."""
    try:
        spans, captions, debugger = _captions_of_paragraph(text.lower())
    except ValueError:  # "1..2 - 3"
        return Outcome(error="ValueError")
    if not spans:
        spans, captions = _first_caption(text)
    return Outcome((spans, captions), debugger=debugger)


def _listed(text: str) -> tuple[list[float], list[float]]:
    """Times and scores as two lists."""
    times: list[float] = []
    scores: list[float] = []
    for line in text.split("\n"):
        if "second" not in line and "score" not in line:
            continue
        most = 100
        stated = re.search(r"There are (\d+) highlight moments", line)
        if stated:
            most = int(stated.group(1))
            line = line.replace(f"There are {most} highlight moments", "")
        before, *after = line.split("score")
        times += [float(number) for number in re.findall(r"[-+]?\d*\.\d+|\d+", before)[:most]]
        scores += [float(number) for number in re.findall(r"\b\d\.\d\b", after[0] if after else line)[:most]]
    return times, scores


def _line_by_line(text: str) -> tuple[list[float], list[float]]:
    """One highlight a line. Times of 10 seconds or less count as list numbers; hh:mm:ss is overlooked."""
    times: list[float] = []
    scores: list[float] = []
    for line in re.split(r"\n+", text):
        if not any(mark in line for mark in ("second", "score", ":")):
            continue
        scores += [float(score) for score in re.findall(r"\b\d\.\d\b", line)[-1:]]
        found = re.findall(r"\b((?:\d{1,2}:\d{2}:\d{2}))\b|\b(\d+\.\d+\b|\b\d+)\b", line)
        times += [float(number) for _, number in found if number and float(number) > 10.0][-1:]
    return times, scores


def _captions_of_paragraph(text: str) -> tuple[list, list[str], bool]:
    """Spans and captions of a paragraph in one of three forms."""
    spans: list = [[float(a), float(b)] for a, b in re.findall(r"(\d+\.*\d*)\s*-\s*(\d+\.*\d*)", text)]
    captions: list[str] = []
    debugger = False
    if spans:  # "a - b, caption"
        rest = text
        for written in re.findall(r"\d+\.*\d*\s*-\s*\d+\.*\d*", text):
            rest = rest.replace(written, "\n")
        captions = rest.replace("seconds", "").split("\n")
    else:  # "Start time: a / End time: b / Description: caption"
        starts = re.findall(r"start(?:ing)? time: (\d+\.*\d*)(?:s| seconds)?", text)
        ends = re.findall(r"end(?:ing)? time: (\d+\.*\d*)(?:s| seconds)?", text)
        spans = [[float(a), float(b)] for a, b in zip(starts, ends, strict=False)]
        if spans:
            captions = re.findall(r"description: (.*)", text) or re.findall(r"\*\s*(.*)", text)
    if not spans:  # "start time a, end time b caption": the times stay text
        spans = re.findall(r"start time (\d+\.*\d*), end time (\d+\.*\d*)", text)
        for a, b in spans:
            text = text.replace(f"start time {a}, end time {b}", "\n")
        captions = text.split("\n") if spans else []
        debugger = bool(spans)
    captions = [caption.strip().strip(", ").rstrip() for caption in captions if len(caption) > 5]
    n = min(len(spans), len(captions))
    return spans[:n], captions[:n], debugger


def _first_caption(text: str) -> tuple[list[list[float]], list[str]]:
    """The first sentence that contains a time, and no other."""
    if "\n" in text:
        sentences = [line for line in text.split("\n") if len(line) > 7]
    else:
        sentences = [sentence + "." for sentence in text.split(".") if len(sentence) > 7]
    for sentence in sentences:
        parts = [part.strip(",") for part in sentence.split("seconds")]
        try:
            span = _span_of_sentence(parts[0])
        except (ValueError, IndexError):
            continue  # the original continues with the next sentence after any exception
        if span is not None:
            return [[round(second, 2) for second in span]], [parts[-1].strip()]
    return [], []


def _span_of_sentence(text: str) -> tuple[float, float] | None:
    ranges = re.findall(r"\d+\.*\d*\s*-\s*\d+\.*\d*", text)
    if ranges:
        start, end = ranges[0].split("-")
        return float(start), float(end)
    clocks = [clock.split(":") for clock in re.findall(r"\d+\.*\d*:\d+\.*\d*", text)]
    if text.count(":") == 1:
        return _around(_clock_seconds(clocks[0]))
    if text.count(":") == 2:
        first, second = clocks
        return _clock_seconds(first), _clock_seconds(second)
    numbers = re.findall(r"\d+\.*\d*(?!\.)", text)
    if len(numbers) == 1:
        return _around(float(numbers[0]))
    return (float(numbers[0]), float(numbers[1])) if len(numbers) == 2 else None


def _clock_seconds(clock: list[str]) -> float:
    """Minutes and seconds as seconds, by way of text as in the original, where more than 308 digits are infinite."""
    return float(str(int(clock[0]) * 60 + int(clock[1])))


def _around(moment: float) -> tuple[float, float]:
    return (moment - _RADIUS, moment + _RADIUS) if moment > _RADIUS else (float(moment), moment + 2.0 * _RADIUS)
