"""Writes pictures of true and predicted spans below frames of the video."""

from collections.abc import Sequence

from etils import epath

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.timeline_spans import Span, Timeline
from timesuite_jax.storage.atomic_write import atomic_write
from timesuite_jax.storage.write_errors import cause_of

__all__ = ["Span", "Timeline", "draw_timelines"]


def draw_timelines(timelines: Sequence[Timeline], path: epath.PathLike) -> None:
    """Writes a PNG with one strip per timeline: frames, truth (both where known) and the answer.

    Raises:
      ValueError: there are no timelines.
      UserError: the file cannot be written.
    """
    if not timelines:
        raise ValueError("draw_timelines needs at least one timeline")
    from timesuite_jax.evaluation.timeline_figure import timeline_figure  # imports matplotlib

    figure = timeline_figure(timelines)
    try:
        with atomic_write(path) as partial:
            figure.savefig(partial, format="png")
    except OSError as error:
        raise UserError(f"cannot write {path}: {cause_of(error)}; choose another file") from error
