"""Timelines: pictures of true and predicted spans."""

import dataclasses
import textwrap
from collections.abc import Sequence
from pathlib import Path

from timesuite_jax.errors import UserError
from timesuite_jax.storage.atomic_write import atomic_write

Span = tuple[float, float]  # start and end in seconds
_TITLE_WIDTH = 120  # characters that fit; the answer of an untrained model may be long


@dataclasses.dataclass(frozen=True)
class Timeline:
    """One question about one video."""

    title: str  # e.g. the question
    duration: float  # seconds
    predicted: Sequence[Span]
    truth: Sequence[Span] = ()
    note: str = ""  # e.g. "IoU 0.71"; drawn at the right


def draw_timelines(timelines: Sequence[Timeline], path: Path) -> None:
    """Writes a PNG with one strip per timeline: truth above (where known), prediction below.

    Raises:
      ValueError: there are no timelines.
      UserError: the file cannot be written.
    """
    if not timelines:
        raise ValueError("draw_timelines needs at least one timeline")
    # Figure without pyplot: no window system, no global state, nothing to close.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 0.55 + 0.8 * len(timelines)), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, timeline in zip(figure.subplots(len(timelines), squeeze=False)[:, 0], timelines, strict=True):
        lanes = [("truth", timeline.truth, "#3a7d44", 1.0)] if timeline.truth else []
        lanes.append(("answer", timeline.predicted, "#2b59c3", 0.0))
        for _, spans, colour, bottom in lanes:
            bars = [(start, max(end - start, timeline.duration / 200)) for start, end in spans]
            axes.broken_barh(bars, (bottom + 0.1, 0.8), facecolors=colour)
        axes.set_yticks([bottom + 0.5 for *_, bottom in lanes], [name for name, *_ in lanes], fontsize=8)
        axes.set_ylim(0.0, float(len(lanes)))
        axes.set_xlim(0.0, timeline.duration)
        # User text: a dollar sign does not begin a formula.
        title = textwrap.shorten(timeline.title, _TITLE_WIDTH, placeholder=" ...")
        axes.set_title(title, fontsize=9, loc="left", parse_math=False)
        axes.set_title(timeline.note, fontsize=9, loc="right")
        axes.tick_params(axis="x", labelsize=7)
        axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("seconds", fontsize=8)
    try:
        with atomic_write(path) as partial:
            figure.savefig(partial, format="png")
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; choose another file") from error
