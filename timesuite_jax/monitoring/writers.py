"""Where figures go: TensorBoard event files (without TensorFlow) and the terminal.

Both have the shape of clu's `MetricWriter`, whose own module cannot be imported without TensorFlow.
"""

# pyright: reportAttributeAccessIssue=false
# (protobuf makes the classes of its modules when they are imported)

import logging
import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import rich.console
from etils import epath
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, types_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from timesuite_jax.progress import make_progress
from timesuite_jax.storage.remote_path import is_remote


class MetricWriter(Protocol):
    """What the loop writes figures to."""

    def write_scalars(self, step: int, scalars: Mapping[str, float]) -> None:
        """Writes figures of a step."""
        ...

    def write_texts(self, step: int, texts: Mapping[str, str]) -> None:
        """Writes texts of a step."""
        ...

    def close(self) -> None:
        """Writes out what is still in memory."""
        ...


_COPY_EVERY = 30.0  # seconds; a copy is of the whole file
_log = logging.getLogger(__name__)


class TensorBoardWriter:
    """Writes event files that TensorBoard reads.

    Args:
      folder: for the files; a bucket gets copies of what is written on the machine's own disk.
      first_step: finished steps; what an earlier, interrupted process wrote of later ones is void.
    """

    def __init__(self, folder: epath.PathLike, first_step: int = 0) -> None:
        self._folder = epath.Path(folder)
        self._copied_from = Path(tempfile.mkdtemp(prefix="events-")) if is_remote(folder) else None
        self._copied = time.monotonic()
        self._writer: EventFileWriter | None = None
        if first_step:
            restart = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
            self._add(first_step + 1, session_log=restart)

    def _add(self, step: int, **content: object) -> None:
        """Writes an event; if that fails (a full disk), says so and begins a new file with the next one."""
        try:
            self._writer = self._writer or EventFileWriter(str(self._copied_from or self._folder))
            self._writer.add_event(event_pb2.Event(wall_time=time.time(), step=step, **content))
            self._writer.flush()
            if self._copied_from and time.monotonic() - self._copied > _COPY_EVERY:
                self._copy(self._copied_from)
        except OSError as error:
            self._writer = None  # its thread has died
            _log.warning("what was to be told of step %d is not in %s: %s", step, self._folder, error)

    def write_scalars(self, step: int, scalars: Mapping[str, float]) -> None:
        """Writes figures of a step."""
        values = [summary_pb2.Summary.Value(tag=name, simple_value=value) for name, value in scalars.items()]
        self._add(step, summary=summary_pb2.Summary(value=values))

    def write_texts(self, step: int, texts: Mapping[str, str]) -> None:
        """Writes texts (Markdown) of a step."""
        plugin = summary_pb2.SummaryMetadata(plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="text"))
        values = [
            summary_pb2.Summary.Value(
                tag=name,
                metadata=plugin,
                tensor=tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, string_val=[text.encode()]),
            )
            for name, text in texts.items()
        ]
        self._add(step, summary=summary_pb2.Summary(value=values))

    def close(self) -> None:
        """Writes out what is still in memory."""
        with suppress(OSError):
            if self._writer:
                self._writer.close()
            if self._copied_from:
                self._copy(self._copied_from)
        if self._copied_from:
            shutil.rmtree(self._copied_from, ignore_errors=True)

    def _copy(self, source: Path) -> None:
        self._copied = time.monotonic()
        for file in source.iterdir():
            try:
                (self._folder / file.name).write_bytes(file.read_bytes())
            except Exception as error:  # whatever a storage library raises: the next copy has all that this one has
                _log.warning("%s/%s is not up to date: %s", self._folder, file.name, error)


class Terminal:
    """One line for each logged step, and a progress bar where there is a person to look at it."""

    def __init__(self, total_steps: int, first_step: int = 0, console: rich.console.Console | None = None) -> None:
        self._console = console or rich.console.Console(stderr=True, soft_wrap=True, highlight=False)
        self._total = total_steps
        # Drawing costs time that a small model on a small machine would miss.
        self._bar = make_progress(self._console, refresh_per_second=2)
        self._task = self._bar.add_task("training", total=total_steps, completed=first_step)
        self._bar.start()

    def advance(self, step: int) -> None:
        """Moves the bar."""
        if not self._bar.disable:
            self._bar.update(self._task, completed=step)

    def write_scalars(self, step: int, scalars: Mapping[str, float]) -> None:
        """Prints figures of a step on one line; where the hours went is for TensorBoard."""
        shown = [_figure(name, value) for name, value in scalars.items() if not name.startswith("hours/")]
        self._console.print(f"step {step}/{self._total}  " + "  ".join(shown))

    def write_texts(self, step: int, texts: Mapping[str, str]) -> None:
        """Prints texts as they are."""
        for name, text in texts.items():
            self._console.print(f"step {step}/{self._total}  {name}: {text}", markup=False)

    def close(self) -> None:
        """Takes the bar away."""
        self._bar.stop()


def _figure(name: str, value: float) -> str:
    """A figure in the unit that a person reads."""
    if name == "seconds_per_step":
        return f"{value:.3g} s/step"
    if name.endswith("_per_second"):
        return (
            f"{value:,.0f} {name.removesuffix('_per_second')}/s"
            if value >= 10
            else (f"{value:.2g} {name.removesuffix('_per_second')}/s")
        )
    if name == "peak_memory_gib":
        return f"peak memory {value:.2f} GiB"
    if name in ("input_wait", "mfu", "goodput"):
        return f"{name.replace('_', ' ')} {value:.1%}"
    return f"{name} {value:.4g}"
