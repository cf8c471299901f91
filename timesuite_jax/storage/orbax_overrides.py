"""Every place where the package relies on, or works around, behavior of Orbax that its public API does not offer.

`SaveBarrier`: when a save fails in one process, its background thread still enters Orbax's next barrier and waits ten
    minutes for processes that are waiting at an earlier one. This barrier raises in the failed thread instead.
    https://github.com/google/orbax/issues/605 is about lost errors of background saves and a barrier timeout: errors
    are re-raised at the next call since then, but the wait remains. No upstream issue found for the wait.
`silence_failed_saves`: Orbax logs the traceback of each failed save thread and raises the same error to the caller,
    which reports it; writes in flight end in an event loop that is closed, or with an exception that no one retrieves.
    Each would bury the one line that reports the error to the user. No upstream issue found.
`async_options`: `AsyncOptions.post_finalization_callback` takes no arguments; Orbax calls it when all files are written
    and before the checkpoint becomes visible. The manifest is written there, because Orbax has no checksums of whole
    files. No upstream issue found.
`unfinished_folder`: the callback is not given the temporary folder; its name is the final name with Orbax's suffix, or
    the final name itself where atomic renames are not supported. See https://github.com/google/orbax/issues/710 for the
    two ways in which Orbax commits a checkpoint.
`StepStore.reopen` (checkpoints/step_store.py): after a failed save, Orbax's manager lists the checkpoint that does not
    exist, and raises the failure again. https://github.com/google/orbax/issues/605 describes this, too; opening the
    folder again is enough with one process.
`bounded_concurrency_handler`: Orbax starts to write all arrays at once, so a compressed copy of the whole state is in
    memory beside the uncompressed one. `save_concurrent_gb` bounds this, but its unit is too coarse for small states
    and it rejects arrays that are as large as the limit. https://github.com/google/orbax/issues/1640 is about the
    memory of a save.
`LazyArrayHandler`: Orbax's handlers take arrays that are in memory, a NumPy array in one piece. This one overrides
    `NumpyHandler.serialize` and `_open_and_write`, the latter private: leaves are read batch by batch, and large ones
    are written chunk by chunk. Should another version of Orbax not call `_open_and_write`, it finds an `__array__` and
    writes the leaf in one piece, which needs more memory but gives the same file. In
    https://github.com/google/orbax/issues/803 a maintainer suggests to override `NumpyHandler` for other types; the
    memory of a save is https://github.com/google/orbax/issues/1640.
"""

import functools
import logging
import sys
import threading
from collections.abc import Callable
from typing import Any, Protocol, cast

import numpy as np
import orbax.checkpoint as ocp
import tensorstore as ts
from etils import epath
from jaxtyping import Shaped

from timesuite_jax.storage.batches import batches

_THREAD_TRACEBACKS = (
    "_SignalingThread.run() raised",
    "in background save thread",
    "Save Finalize thread (save_finalize) failed",
)
_UNREAD, _GONE = "exception was never retrieved", "Event loop is closed"


@functools.cache
def silence_failed_saves() -> None:
    """Hides what failed save threads, and the writes they abandon, print; the same errors are raised to the caller."""
    logging.getLogger("absl").addFilter(lambda record: not any(x in record.getMessage() for x in _THREAD_TRACEBACKS))
    logging.getLogger("asyncio").addFilter(lambda record: _UNREAD not in record.getMessage())
    shown = sys.unraisablehook

    def hook(unraisable: "sys.UnraisableHookArgs") -> None:
        if not (isinstance(unraisable.exc_value, RuntimeError) and str(unraisable.exc_value) == _GONE):
            shown(unraisable)

    sys.unraisablehook = hook


class SaveBarrier:
    """Barrier between processes for Orbax, which raises in the thread of a failed save instead of waiting.

    Attributes:
      failed: whether the current save has failed in this process.
    """

    def __init__(self) -> None:
        self.failed = False
        self._caller = threading.current_thread()
        self._wait_for_others = ocp.multihost.get_barrier_sync_fn()

    def begin_save(self) -> None:
        """Resets the failure; the current thread is the caller of the next save."""
        self.failed, self._caller = False, threading.current_thread()

    def __call__(self, *, key: str, timeout_ms: int) -> None:
        """Waits for the other processes, or raises the error that the current save thread is handling."""
        error = sys.exception()
        if error and threading.current_thread() is not self._caller:
            self.failed = True
            raise error
        self._wait_for_others(key=key, timeout_ms=timeout_ms)


def async_options(on_written: Callable[[], None], barrier: SaveBarrier) -> ocp.AsyncOptions:
    """Returns options that call `on_written` when all files are written and the checkpoint is not visible yet."""
    return ocp.AsyncOptions(post_finalization_callback=on_written, barrier_sync_fn=barrier)


def unfinished_folder(folder: epath.Path) -> epath.Path:
    """Returns the folder that holds a checkpoint's files until Orbax makes it visible as `folder`."""
    # Where renames are atomic, Orbax writes to a temporary name and renames it at the end.
    temporary = folder.parent / f"{folder.name}{ocp.utils.TMP_DIR_SUFFIX}"
    return temporary if temporary.exists() else folder


def bounded_concurrency_handler(max_bytes: int) -> ocp.StandardCheckpointHandler:
    """Returns Orbax's handler for a tree that writes at most `max_bytes` bytes concurrently."""
    # Typed as an int, but Orbax multiplies it by a billion whether it is whole or not.
    return ocp.StandardCheckpointHandler(save_concurrent_gb=cast(int, max_bytes / 1e9))


class LazyLeaf(Protocol):
    """An array that is read from elsewhere when it is written."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its size along each axis."""
        ...

    @property
    def nbytes(self) -> int:
        """Size of the values in bytes."""
        ...

    def whole(self) -> Shaped[np.ndarray, "*shape"]:
        """All values."""
        ...

    def fill(self, index: tuple[slice, ...], /) -> Shaped[np.ndarray, "*part"]:
        """The values of a part, in newly allocated memory."""
        ...


class LazyArrayHandler(ocp.type_handlers.NumpyHandler):
    """Writes leaves that are read batch by batch, the large ones chunk by chunk."""

    def __init__(self) -> None:
        super().__init__(deepcopy_host_arrays=False)
        self._errors: list[Exception] = []

    async def serialize(self, values: Any, infos: Any, args: Any = None) -> list[Any]:
        """Writes all leaves; see `NumpyHandler`."""
        args = args or [ocp.SaveArgs()] * len(values)
        for batch in batches([leaf.nbytes for leaf in values]):
            several = ([items[i] for i in batch] for items in (values, infos, args))
            for written in await super().serialize(*several):
                written.result()
            if self._errors:
                raise self._errors[0]
        return []

    async def _open_and_write(self, value: LazyLeaf, tspec: dict[str, Any], ts_context: ts.Context) -> None:
        """Writes a leaf. An error is raised after its batch: the caller deletes the folder when no write is pending."""
        try:
            await self._write(value, tspec, ts_context)
        except Exception as error:
            self._errors.append(error)

    async def _write(self, value: LazyLeaf, tspec: dict[str, Any], ts_context: ts.Context) -> None:
        store = await ts.open(ts.Spec(tspec), create=True, open=True, context=ts_context)
        if not value.shape:
            await store.write(value.whole())
            return
        chunk = store.chunk_layout.write_chunk.shape or value.shape
        rows = chunk[0] or 1  # whole chunks: a partly written chunk is written twice
        for begin in range(0, value.shape[0], rows):
            part = slice(begin, min(begin + rows, value.shape[0]))
            await store[part].write(value.fill((part, *(slice(size) for size in value.shape[1:]))))
