"""How the spans of an answer are read: by the grammar, or by the rules of a published evaluation.

Each function takes the text of an answer and the seconds of the shown video (None where a rule can do without), and
returns (start, end) in seconds, in the order of the answer. The rules of others are rewritten for the same result on
every text, mistakes included; times that are not finite numbers are left out.
"""

import math
import re
from collections.abc import Callable, Iterable

from timesuite_jax.evaluation.timeline_spans import Span
from timesuite_jax.text import parse_spans
from timesuite_jax.text.upstream_answers import upstream_grounding

ReadSpans = Callable[[str, float], tuple[Span, ...]]

_CLOCK = re.compile(r"\b(\d{1,2}:\d{2}:\d{2}(?:\.\d+)?|\d{1,2}:\d{2}(?:\.\d+)?)\b")
_RANGES = (re.compile(r"(\d+\.?\d*)\s*-\s*(\d+\.?\d*)"), re.compile(r"(\d+\.?\d*)\s+to\s+(\d+\.?\d*)"))
_NUMBER = re.compile(r"\b(\d+\.\d+|\d+)\b")
_SIGNED = r"(-?\d+(?:\.\d+)?)"
_BRACKETS = re.compile(rf"\[\s*{_SIGNED}\s*,\s*{_SIGNED}\s*\]")
_SIGNED_RANGE = re.compile(rf"{_SIGNED}\s*(?:-|to)\s*{_SIGNED}")
_LMMS_EVAL_EXAMPLE = "a specific example is : 20.8 - 30.0 seconds"
_TOKEN = re.compile(r"<(\d*\.\d+|\d+\.?)>")


def read_grammar(text: str, duration: float | None) -> tuple[Span, ...]:
    """Reads all spans by the grammar of `text.timestamps`."""
    return tuple((span.start, span.end) for span in parse_spans(text, duration=duration))


def read_upstream(text: str, duration: float | None) -> tuple[Span, ...]:
    """Reads the first span as the original's `extract_time` does; none where that raises."""
    del duration  # the original's parser does not have it
    return tuple((start, end) for start, end in upstream_grounding(text).value or ())


def read_lmms_eval(text: str, duration: float | None) -> tuple[Span, ...]:
    """Reads the first span as lmms-eval's Charades-STA (lmms_eval/tasks/charades_sta/eval_tvg.py).

    That is the original's rule after an example of its prompt is removed and every "to" replaced by "-", within words,
    too.
    """
    return read_upstream(text.lower().replace(_LMMS_EVAL_EXAMPLE, "").replace("to", "-"), duration)


def read_timelens(text: str, duration: float | None) -> tuple[Span, ...]:
    """Reads spans as `extract_time` of TimeLens (github.com/TencentARC/TimeLens, timelens/utils.py).

    Times with colons are paired if there are two of them; else "a - b", else "a to b", else any two numbers.
    """
    del duration
    text = text.lower()
    clocks = [_seconds(clock) for clock in _CLOCK.findall(text)]
    if len(clocks) > 1:
        return _paired(clocks)
    for pattern in _RANGES:
        if found := pattern.findall(text):
            return _finite((float(start), float(end)) for start, end in found)
    return _paired([float(number) for number in _NUMBER.findall(text)])


def read_span_list(text: str, duration: float) -> tuple[Span, ...]:
    """Reads spans as the evaluations of VUE-TR and Ego4D-NLQ in TimeLens2 (github.com/MCG-NJU/TimeLens2).

    Pairs in brackets, else "a - b" and "a to b", else all numbers by twos. The original first looks for JSON, but only
    for objects, which are no lists of spans.
    """
    del duration
    for pattern, within in ((_BRACKETS, text), (_SIGNED_RANGE, text.lower())):
        if found := pattern.findall(within):
            return _finite((float(start), float(end)) for start, end in found)
    return _paired([float(number) for number in re.findall(_SIGNED, text)])


def read_lita(text: str, duration: float) -> tuple[Span, ...]:
    """Reads the span as the evaluation of LITA (github.com/NVlabs/LITA, lita/eval/eval_model_rtl.py).

    The first two times in angle brackets, "<12.3>", limited to the video; without two of them, the whole video.
    """
    times = sorted(min(max(float(time), 0.0), duration) for time in _TOKEN.findall(text)[:2])
    return ((times[0], times[1]),) if len(times) == 2 else ((0.0, duration),)


READERS: dict[str, ReadSpans] = {
    "grammar": read_grammar,
    "original": read_upstream,
    "lmms_eval": read_lmms_eval,
    "timelens": read_timelens,
    "span_list": read_span_list,
    "lita": read_lita,
}
"""By the names that result files have."""


def _seconds(clock: str) -> float:
    parts = [float(part) for part in clock.split(":")]
    return sum(part * 60**power for power, part in enumerate(reversed(parts)))


def _paired(numbers: list[float]) -> tuple[Span, ...]:
    """Consecutive numbers as spans; a last one without another is left out."""
    return _finite(zip(numbers[::2], numbers[1::2], strict=False))


def _finite(spans: Iterable[Span]) -> tuple[Span, ...]:
    return tuple(span for span in spans if all(map(math.isfinite, span)))
