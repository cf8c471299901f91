"""Draws timelines with matplotlib.

Truth and answer differ in lightness and hatching, not in colour alone, so that they survive a grey print. Sizes are in
inches: pyplot's automatic layouts know nothing of frames whose aspect ratio must be kept.
"""

import textwrap
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from timesuite_jax.evaluation.timeline_spans import Span, Timeline

_WIDTH, _LEFT, _RIGHT = 10.0, 0.75, 0.25
_TITLE, _STRIP, _LANE, _TICKS = 0.56, 0.62, 0.27, 0.42  # heights
_DRAWN = _WIDTH - _LEFT - _RIGHT
_CHARACTER = 0.068  # width of one, of the numbers on bars
_NARROWEST = 1 / 250  # of the axis: shorter spans are drawn this wide
_TITLE_WIDTH = 130  # characters that fit; the answer of an untrained model may be long
_TRUTH = {"facecolor": "#f6c667", "edgecolor": "#4d3a10", "hatch": "///"}
_ANSWER = {"facecolor": "#2b59c3", "edgecolor": "#142b60"}
_NOTHING: dict[str, Any] = {"facecolor": "#eeeeee", "edgecolor": "#9a9a9a", "hatch": "xx"}


def timeline_figure(timelines: Sequence[Timeline]) -> Figure:
    """Returns a figure with one block per timeline, from top to bottom."""
    heights = [_height(timeline) for timeline in timelines]
    # Figure without pyplot: no window system, no global state, nothing to close.
    figure = Figure(figsize=(_WIDTH, sum(heights)), dpi=120)
    FigureCanvasAgg(figure)
    top = sum(heights)
    for timeline, height in zip(timelines, heights, strict=True):
        lanes = height - _TITLE - _TICKS
        bottom = top - height + _TICKS
        box = (_LEFT / _WIDTH, bottom / sum(heights), _DRAWN / _WIDTH, lanes / sum(heights))
        _draw(figure.add_axes(box), timeline, lanes)
        top -= height
    return figure


def _height(timeline: Timeline) -> float:
    strip = _STRIP if len(timeline.frames) else 0.0
    return _TITLE + strip + _LANE * (2 if timeline.truth else 1) + _TICKS


def _draw(axes: Axes, timeline: Timeline, height: float) -> None:
    axes.set_xlim(timeline.start, timeline.end)
    axes.set_ylim(0.0, height)
    lanes = [("answer", timeline.predicted, _ANSWER, "white")]
    if timeline.truth:
        lanes.append(("truth", timeline.truth, _TRUTH, "black"))
    for number, (_, spans, style, ink) in enumerate(lanes):
        _draw_spans(axes, timeline, spans, _LANE * number, style, ink)
    if not timeline.predicted:
        _mark_nothing(axes, timeline)
    _draw_frames(axes, timeline, _LANE * len(lanes))
    axes.set_yticks([_LANE * (number + 0.5) for number in range(len(lanes))], [name for name, *_ in lanes], fontsize=8)
    axes.tick_params(axis="x", labelsize=7)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("seconds", fontsize=7, labelpad=1)
    # Texts of the user: a dollar sign does not begin a formula.
    title = textwrap.shorten(timeline.title, _TITLE_WIDTH, placeholder=" ...")
    shown = textwrap.shorten(timeline.video, _TITLE_WIDTH - 40, placeholder="...") or "video"
    part = f"   ({timeline.start:.1f} to {timeline.end:.1f} s)"
    place = {"xy": (0, 1), "xycoords": "axes fraction", "textcoords": "offset points", "annotation_clip": False}
    axes.annotate(shown + part, xytext=(0, 19), fontsize=8, fontweight="bold", parse_math=False, **place)
    axes.annotate(title, xytext=(0, 6), fontsize=8, parse_math=False, **place)
    axes.annotate(timeline.note, **{**place, "xy": (1, 1)}, xytext=(0, 19), fontsize=8, fontweight="bold", ha="right")


def _draw_spans(axes: Axes, timeline: Timeline, spans: Sequence[Span], bottom: float, style: dict, ink: str) -> None:
    """Draws the spans of one lane, with their numbers on or beside the bars."""
    scale = (timeline.end - timeline.start) / _DRAWN  # seconds per inch
    middle = bottom + _LANE / 2
    drawn = sorted(spans)
    for number, (start, end) in enumerate(drawn):
        label = f"{start:.1f} \N{EN DASH} {end:.1f}"
        needed = len(label) * _CHARACTER * scale
        if start >= timeline.end or end <= timeline.start:  # outside: an arrow at the edge
            late = start >= timeline.end
            text = f"{label} \N{BLACK RIGHT-POINTING TRIANGLE}" if late else f"\N{BLACK LEFT-POINTING TRIANGLE} {label}"
            edge = timeline.end if late else timeline.start
            axes.text(edge, middle, text, fontsize=7, va="center", ha="right" if late else "left", color="black")
            continue
        width = max(end - start, (timeline.end - timeline.start) * _NARROWEST)
        axes.broken_barh([(start, width)], (bottom + 0.03, _LANE - 0.06), linewidth=0.6, **style)
        left, right = max(start, timeline.start), min(start + width, timeline.end)
        before = max((other_end for _, other_end in drawn[:number]), default=timeline.start)
        after = drawn[number + 1][0] if number + 1 < len(drawn) else timeline.end
        box = {"facecolor": style["facecolor"], "edgecolor": "none", "pad": 1.0}
        if right - left >= needed:
            axes.text((left + right) / 2, middle, label, fontsize=7, va="center", ha="center", color=ink, bbox=box)
        elif after - right >= needed:
            axes.text(right, middle, f" {label}", fontsize=7, va="center", ha="left")
        elif left - before >= needed:
            axes.text(left, middle, f"{label} ", fontsize=7, va="center", ha="right")


def _mark_nothing(axes: Axes, timeline: Timeline) -> None:
    length = timeline.end - timeline.start
    axes.broken_barh([(timeline.start, length)], (0.03, _LANE - 0.06), linewidth=0.4, **_NOTHING)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
    axes.text(timeline.start + length / 2, _LANE / 2, timeline.no_span, fontsize=7, va="center", ha="center", bbox=box)


def _draw_frames(axes: Axes, timeline: Timeline, bottom: float) -> None:
    """Draws frames in slots of equal width, with their own aspect ratio."""
    if not len(timeline.frames):
        return
    scale = (timeline.end - timeline.start) / _DRAWN
    slot = _DRAWN / len(timeline.frames)
    for number, frame in enumerate(timeline.frames):
        height, width = frame.shape[:2]
        shown = min((slot - 0.02) / width, (_STRIP - 0.06) / height)  # inches per pixel
        centre = (number + 0.5) * slot
        left, right = (timeline.start + scale * (centre + side * shown * width / 2) for side in (-1, 1))
        middle = bottom + _STRIP / 2
        extent = (left, right, middle - shown * height / 2, middle + shown * height / 2)
        axes.imshow(frame, extent=extent, aspect="auto", interpolation="antialiased", zorder=1)
