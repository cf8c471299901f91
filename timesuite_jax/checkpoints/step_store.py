"""Stores the checkpoints of a run with Orbax's `CheckpointManager`."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import orbax.checkpoint as ocp
from etils import epath

from timesuite_jax.checkpoints.integrity import seal
from timesuite_jax.checkpoints.layout import checkpoints_folder, step_folder
from timesuite_jax.checkpoints.retention import RetentionPolicy
from timesuite_jax.checkpoints.save_concurrency import bytes_in_flight
from timesuite_jax.param_tree import Params
from timesuite_jax.storage.orbax_overrides import (
    SaveBarrier,
    async_options,
    bounded_concurrency_handler,
    silence_failed_saves,
)

ARRAY_ITEMS, JSON_ITEMS = ("params", "optimizer"), ("data", "config")


class StepStore:
    """Checkpoints by step: arrays ("params", "optimizer") and JSON ("data", "config").

    Args:
      workdir: of the run.
      barrier: shared by all savers of the run.
      keep: number of newest checkpoints to keep.
      read_only: write nothing.
    """

    def __init__(self, workdir: epath.Path, barrier: SaveBarrier, *, keep: int, read_only: bool) -> None:
        silence_failed_saves()
        self._workdir, self._barrier, self._read_only = workdir, barrier, read_only
        self._retention = RetentionPolicy(keep)
        self._array_handlers: dict[str, Any] | None = None  # set by the first save
        self._saving = 0
        self._manager = self._open()

    def _open(self) -> ocp.CheckpointManager:
        arrays = self._array_handlers or {name: ocp.StandardCheckpointHandler() for name in ARRAY_ITEMS}
        return ocp.CheckpointManager(
            checkpoints_folder(self._workdir),
            item_handlers={**arrays, **{name: ocp.JsonCheckpointHandler() for name in JSON_ITEMS}},
            options=ocp.CheckpointManagerOptions(
                preservation_policy=None if self._read_only else self._retention,
                create=not self._read_only,
                # Removes what a killed process left unfinished. Only the manager that saves does it, because it waits
                # for the removal: an earlier one would still remove files in the background while this one writes.
                cleanup_tmp_directories=self._array_handlers is not None,
                async_options=async_options(lambda: seal(step_folder(self._workdir, self._saving)), self._barrier),
            ),
        )

    def steps(self) -> list[int]:
        """Returns the steps of the complete checkpoints, oldest first."""
        return sorted(self._manager.all_steps())

    def newest(self) -> int | None:
        """Returns the step of the newest complete checkpoint."""
        return self._manager.latest_step()

    def keep_best(self, rankings: Sequence[Sequence[int]]) -> None:
        """Keeps the best checkpoint of each ranking; a ranking lists steps, the best last."""
        self._retention.rankings = rankings

    def save(self, step: int, arrays: Mapping[str, Any], json_items: Mapping[str, Mapping[str, Any]]) -> None:
        """Saves a step; returns when the arrays are copied and writes them in the background.

        Args:
          step: number of the checkpoint.
          arrays: a tree of `jax.Array` for each of `ARRAY_ITEMS`.
          json_items: JSON-like content for each of `JSON_ITEMS`.
        """
        items = ocp.args.Composite(
            **{name: ocp.args.StandardSave(tree) for name, tree in arrays.items()},
            **{name: ocp.args.JsonSave(dict(content)) for name, content in json_items.items()},
        )
        if self._array_handlers is None:  # The bound on concurrent writes depends on the sizes of the arrays.
            self._array_handlers = {
                name: bounded_concurrency_handler(bytes_in_flight(tree)) for name, tree in arrays.items()
            }
            self._manager.close()
            self._manager = self._open()
        self._saving = step
        self._barrier.begin_save()
        self._manager.save(step, args=items, force=True)

    def is_settled(self) -> bool:
        """Whether no save is being written, so that `wait` returns, or raises, at once."""
        return self._barrier.failed or not self._manager.is_saving_in_progress()

    def wait(self) -> None:
        """Blocks until all saves are on disk; raises the error of a failed one."""
        self._manager.wait_until_finished()

    def reload(self) -> None:
        """Lists the folder again, after something else has changed it."""
        self._manager.reload()

    def reopen(self) -> None:
        """Opens the folder again after a failed save, which Orbax would list as an existing checkpoint."""
        with suppress(OSError, RuntimeError, ValueError):  # The failure of the save is the error to report.
            self._manager = self._open()

    def shapes(self, step: int) -> Params:
        """Returns the trainable parameters of a step, as leaves with shape and dtype."""
        return self._manager.item_metadata(step)["params"].tree

    def restore(self, step: int, targets: Mapping[str, Any], json_items: Sequence[str] = ()) -> Mapping[str, Any]:
        """Restores items of a step, all at once.

        Args:
          step: of the checkpoint.
          targets: some of `ARRAY_ITEMS`, each a tree of `jax.ShapeDtypeStruct` with the shardings to restore to.
          json_items: some of `JSON_ITEMS`.

        Returns:
          The items by name.
        """
        arrays = {name: ocp.args.StandardRestore(tree) for name, tree in targets.items()}
        return self._manager.restore(
            step, args=ocp.args.Composite(**arrays, **{name: ocp.args.JsonRestore() for name in json_items})
        )

    def read_json(self, step: int, item: str) -> dict[str, Any]:
        """Reads one of `JSON_ITEMS`."""
        return self.restore(step, {}, [item])[item]

    def close(self) -> None:
        """Waits and releases Orbax's threads."""
        self._manager.close()
