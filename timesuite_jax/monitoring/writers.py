"""The interface of metric writers, and TensorBoard event files, written without TensorFlow.

Event files are written by `tensorboard`'s own `EventFileWriter`; what is added here is the restart, the full disk and
the bucket. Two libraries were considered instead. `clu.metric_writers` has the same interface, but its summary writer
needs TensorFlow. `tensorboardX` (2.6.5) passes events through a queue of ten to a thread whose errors it does not
report: after a write error (a full disk) the eleventh `add_scalar` blocks, and training with it; and `flush` does not
wait for the queue, so that a copy in a bucket may lack the last steps.
"""

# pyright: reportAttributeAccessIssue=false
# (protobuf makes the classes of its modules when they are imported)

import logging
import shutil
import struct
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from etils import epath
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, types_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from timesuite_jax.storage.remote_path import is_remote


class MetricWriter(Protocol):
    """Interface of the writers."""

    def write_scalars(self, step: int, scalars: Mapping[str, float]) -> None:
        """Writes metrics of a step."""
        ...

    def write_texts(self, step: int, texts: Mapping[str, str]) -> None:
        """Writes texts of a step."""
        ...

    def close(self) -> None:
        """Flushes and closes."""
        ...


_UPLOAD_EVERY = 30.0  # seconds; uploads the whole file
_log = logging.getLogger(__name__)


class TensorBoardWriter:
    """Writes event files that TensorBoard reads.

    Args:
      folder: for the files; for a bucket (gs://), they are written to local disk and uploaded periodically.
      first_step: finished steps; TensorBoard hides what an earlier, interrupted process wrote about later ones.
    """

    def __init__(self, folder: epath.PathLike, first_step: int = 0) -> None:
        self._folder = epath.Path(folder)
        self._local = Path(tempfile.mkdtemp(prefix="events-")) if is_remote(folder) else None
        self._uploaded_at = time.monotonic()
        self._writer: EventFileWriter | None = None
        if first_step:
            restart = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
            self._add(first_step + 1, session_log=restart)

    def _add(self, step: int, **content: object) -> None:
        """Writes an event; if that fails (a full disk), logs a warning and starts a new file with the next one."""
        try:
            self._writer = self._writer or EventFileWriter(str(self._local or self._folder))
            self._writer.add_event(event_pb2.Event(wall_time=time.time(), step=step, **content))
            self._writer.flush()
            if self._local and time.monotonic() - self._uploaded_at > _UPLOAD_EVERY:
                self._upload(self._local)
        except OSError as error:
            self._writer = None  # its thread has ended
            _log.warning("metrics of step %d were not written to %s: %s", step, self._folder, error)

    def write_scalars(self, step: int, scalars: Mapping[str, float]) -> None:
        """Writes metrics of a step."""
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

    def write_images(self, step: int, images: Mapping[str, bytes]) -> None:
        """Writes PNG files of a step."""
        values = []
        for name, png in images.items():
            width, height = struct.unpack(">II", png[16:24])  # of the header chunk
            image = summary_pb2.Summary.Image(width=width, height=height, colorspace=4, encoded_image_string=png)
            values.append(summary_pb2.Summary.Value(tag=name, image=image))
        self._add(step, summary=summary_pb2.Summary(value=values))

    def close(self) -> None:
        """Flushes and closes."""
        with suppress(OSError):
            if self._writer:
                self._writer.close()
            if self._local:
                self._upload(self._local)
        if self._local:
            shutil.rmtree(self._local, ignore_errors=True)

    def _upload(self, source: Path) -> None:
        self._uploaded_at = time.monotonic()
        for file in source.iterdir():
            try:
                (self._folder / file.name).write_bytes(file.read_bytes())
            except Exception as error:  # whatever a storage library raises: the next upload is of the whole file
                _log.warning("%s/%s is not up to date: %s", self._folder, file.name, error)
