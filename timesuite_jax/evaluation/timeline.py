"""Writes pictures of true and predicted spans below frames of the video."""

import io
from collections.abc import Sequence

from etils import epath

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.timeline_spans import Span, Timeline
from timesuite_jax.storage.atomic_write import atomic_write
from timesuite_jax.storage.write_errors import cause_of

__all__ = ["Span", "Timeline", "draw_timelines", "timelines_png"]


def draw_timelines(timelines: Sequence[Timeline], path: epath.PathLike) -> None:
    """Writes a PNG with one strip per timeline: frames, truth (both where known) and the answer.

    Raises:
      ValueError: there are no timelines.
      UserError: the file cannot be written.
    """
    content = timelines_png(timelines)
    try:
        with atomic_write(path) as partial:
            partial.write_bytes(content)
    except OSError as error:
        raise UserError(f"cannot write {path}: {cause_of(error)}; choose another file") from error


def timelines_png(timelines: Sequence[Timeline]) -> bytes:
    """Returns the picture of `draw_timelines`.

    Raises:
      ValueError: there are no timelines.
    """
    if not timelines:
        raise ValueError("draw_timelines needs at least one timeline")
    from timesuite_jax.evaluation.timeline_figure import timeline_figure  # imports matplotlib

    out = io.BytesIO()
    timeline_figure(timelines).savefig(out, format="png")
    return out.getvalue()
