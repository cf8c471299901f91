"""Metrics and events of a run on the terminal: lines that fit its width, and a progress bar."""

import textwrap
from collections.abc import Mapping, Sequence

import rich.console

from timesuite_jax.progress import make_progress

FILE_WIDTH = 95  # columns where stderr is a file or a pipe; a rehearsal adds a prefix, and terminals may have 100
_GAP, _INDENT = "  ", "    "


class Terminal:
    """Prints the metrics of each logged step and the events of a run, and a progress bar if stderr is a terminal."""

    def __init__(self, total_steps: int, first_step: int = 0, console: rich.console.Console | None = None) -> None:
        self._console = console or rich.console.Console(stderr=True, soft_wrap=True, highlight=False)
        self._total = total_steps
        # Drawing costs time that a small model on a small machine would miss.
        self._bar = make_progress(self._console, refresh_per_second=2)
        self._task = self._bar.add_task("training", total=total_steps, completed=first_step)
        self._bar.start()

    def advance(self, step: int) -> None:
        """Moves the progress bar."""
        if not self._bar.disable:
            self._bar.update(self._task, completed=step)

    def write_scalars(self, step: int, scalars: Mapping[str, float]) -> None:
        """Prints metrics of a step, without the hours of goodput; no line break falls within a metric."""
        shown = [_format(name, value) for name, value in scalars.items() if not name.startswith("hours/")]
        lines = _fill([f"step {step}/{self._total}", *shown], self._width)
        self._console.print("\n".join(lines), markup=False)

    def write_texts(self, step: int, texts: Mapping[str, str]) -> None:
        """Prints texts; no line break falls within a word, such as a path."""
        for name, text in texts.items():
            line = f"step {step}/{self._total}{_GAP}{name}: {text}"
            wrapped = textwrap.fill(
                line,
                self._width,
                subsequent_indent=_INDENT,
                break_long_words=False,
                break_on_hyphens=False,
            )
            self._console.print(wrapped, markup=False)

    def close(self) -> None:
        """Removes the progress bar."""
        self._bar.stop()

    @property
    def _width(self) -> int:
        """Columns of a line."""
        return self._console.width if self._console.is_terminal else FILE_WIDTH


def _fill(parts: Sequence[str], width: int) -> list[str]:
    """Joins parts to lines of at most `width` columns, where no part is longer; the lines after the first indented."""
    lines = [parts[0]]
    for part in parts[1:]:
        if len(lines[-1]) + len(_GAP) + len(part) <= width:
            lines[-1] += _GAP + part
        else:
            lines.append(_INDENT + part)
    return lines


def _format(name: str, value: float) -> str:
    """A metric with its unit."""
    if name == "seconds_per_step":
        return f"{value:.3g} s/step"
    if name.endswith("_per_second"):
        unit = name.removesuffix("_per_second")
        return f"{value:,.0f} {unit}/s" if value >= 10 else f"{value:.2g} {unit}/s"
    if name == "tflops_per_device":
        return f"{value:.3g} TFLOP/s per device"
    if name == "peak_memory_gib":
        return f"peak memory {value:.2f} GiB"
    if name in ("input_wait", "mfu", "goodput"):
        return f"{name.replace('_', ' ')} {value:.1%}"
    return f"{name} {value:.4g}"
