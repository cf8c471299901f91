"""Saves and restores the checkpoints of a run; `layout.py` describes the folders."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import jax
from etils import epath

from timesuite_jax import param_tree
from timesuite_jax.checkpoints import malloc_tuning
from timesuite_jax.checkpoints.differences import differences, indented
from timesuite_jax.checkpoints.frozen_store import FrozenStore
from timesuite_jax.checkpoints.step_selection import StepChoice, StepSelection
from timesuite_jax.checkpoints.step_store import StepStore
from timesuite_jax.checkpoints.train_state import TrainState
from timesuite_jax.checkpoints.workdir_lock import lock_workdir
from timesuite_jax.errors import UserError
from timesuite_jax.param_tree import ParamPath, Params
from timesuite_jax.storage.orbax_overrides import SaveBarrier
from timesuite_jax.storage.remote_path import absolute
from timesuite_jax.storage.write_errors import explain_write_errors


class Restored(NamedTuple):
    """A run as it was saved."""

    state: TrainState
    frozen: Params
    data: dict[str, Any]
    config: dict[str, Any]


class Checkpoints:
    """Checkpoints of one work folder; a context manager that holds the folder's lock unless it only reads.

    Args:
      workdir: folder of the run; created if it does not exist, unless `read_only`.
      keep: number of newest checkpoints to keep.
      read_only: write nothing.

    Raises:
      UserError: if the folder cannot be written, or another run uses it.
    """

    def __init__(self, workdir: epath.PathLike, *, keep: int = 1, read_only: bool = False) -> None:
        self.workdir = absolute(workdir)
        barrier = SaveBarrier()
        self._frozen = FrozenStore(self.workdir, barrier)
        with ExitStack() as stack:
            if not read_only:
                stack.enter_context(lock_workdir(self.workdir))
                stack.callback(malloc_tuning.after_save)
            with explain_write_errors(self.workdir, "work folder"):
                self._steps = StepStore(self.workdir, barrier, keep=keep, read_only=read_only)
            self._lock = stack.pop_all()
        self._selection = StepSelection(self.workdir, self._steps, self._frozen, read_only=read_only)

    def __enter__(self) -> "Checkpoints":
        return self

    def __exit__(self, *exception: object) -> None:
        with self._lock, explain_write_errors(self.workdir, "work folder"):
            self._steps.close()
            self._frozen.close()

    def steps(self) -> list[int]:
        """Returns the steps of the complete checkpoints, oldest first."""
        return self._steps.steps()

    def newest(self) -> int | None:
        """Returns the step of the newest complete checkpoint."""
        return self._steps.newest()

    def keep_best(self, rankings: Sequence[Sequence[int]]) -> None:
        """Keeps, from now on, one checkpoint of each ranking, however old: the best that exists.

        Args:
          rankings: steps, the best last. Its checkpoint may not exist yet, or never: saving it may fail.
        """
        self._steps.keep_best(rankings)

    def keep_frozen(self, frozen: Params) -> None:
        """Stores the frozen parameters in the background, unless the folder has an intact copy."""
        self._frozen.save(frozen)

    def save(self, step: int, state: TrainState, data: Mapping[str, Any], config: Mapping[str, Any]) -> None:
        """Saves a step; returns when the arrays are copied and writes them in the background.

        Args:
          step: number of the checkpoint.
          state: after that step.
          data: position in the data, for the step after.
          config: of the run.

        Raises:
          UserError: if this or an earlier save failed for lack of space or permission.
        """
        arrays = {"params": state.params, "optimizer": {"step": state.step, "opt_state": state.opt_state}}
        description = {"config": dict(config), "frozen": self._frozen.name}
        with self._reopening_on_failure():
            self._frozen.wait()  # A checkpoint must not refer to frozen parameters that are not on disk.
            self._steps.wait()
            malloc_tuning.before_save()
            self._steps.save(step, arrays, {"data": data, "config": description})

    def settled(self) -> bool:
        """Whether no save is being written, so that `wait` returns, or raises, at once."""
        return self._steps.is_settled()

    def wait(self) -> None:
        """Blocks until all saves are on disk.

        Raises:
          UserError: as `save`.
        """
        with self._reopening_on_failure():
            self._steps.wait()
        malloc_tuning.after_save()

    @contextmanager
    def _reopening_on_failure(self) -> Iterator[None]:
        """Opens the folder again after a failed save; with several processes the run cannot continue, so it does not.

        Raises:
          UserError: as `save`.
        """
        try:
            with explain_write_errors(self.workdir, "work folder"):
                yield
        except Exception:
            malloc_tuning.after_save()
            if jax.process_count() == 1:
                self._steps.reopen()
            raise

    def check_step(self, choice: StepChoice, item: str = "") -> int:
        """Returns the step of an intact checkpoint; moves damaged ones aside unless `read_only`.

        Args:
          choice: a step, "best", or None for the newest intact one.
          item: the only item that will be read ("config"); all items and the frozen parameters if empty.

        Raises:
          UserError: if there is no such checkpoint, it is damaged, or none is intact.
        """
        return self._selection.select(choice, item)

    def read_json(self, step: int, item: str) -> dict[str, Any]:
        """Reads a JSON item of a step: "data" (position in the data) or "config" (keys "config", "frozen")."""
        return self._steps.read_json(step, item)

    def restore(self, step: int, state: TrainState, frozen: Params) -> Restored:
        """Restores a run.

        Args:
          step: which checkpoint.
          state: abstract, with shardings.
          frozen: abstract, with shardings.

        Raises:
          UserError: if the checkpoint is of another model, with all differences.
        """
        description = self.read_json(step, "config")
        name = description["frozen"]
        where, trainable = f"checkpoint {step} in {self.workdir}", self._steps.shapes(step)
        stored = self._frozen.shapes(name) if name else {}
        _check_shapes(where, param_tree.merge(trainable, stored), param_tree.merge(state.params, frozen))
        trained, saved = _paths(state.params), _paths(trainable)
        if trained != saved:
            raise UserError(
                f"{where} has other trainable parameters; use the config it was trained with or another folder:"
                + indented([f"trainable in the checkpoint only: {'/'.join(path)}" for path in sorted(saved - trained)])
                + indented([f"trainable in the config only: {'/'.join(path)}" for path in sorted(trained - saved)])
            )
        optimizer = {"step": state.step, "opt_state": state.opt_state}
        found = self._steps.restore(step, {"params": state.params, "optimizer": optimizer}, ["data"])
        self._frozen.name = name
        restored = TrainState(
            step=found["optimizer"]["step"], params=found["params"], opt_state=found["optimizer"]["opt_state"]
        )
        others = self._frozen.restore(name, frozen) if name else {}
        return Restored(restored, others, found["data"], description["config"])

    def restore_params(self, step: int, targets: Params) -> Params:
        """Restores all parameters of a step, trainable and frozen, as one tree.

        Args:
          step: which checkpoint.
          targets: nested dict of `jax.ShapeDtypeStruct` with shardings.

        Raises:
          UserError: if the checkpoint has other parameters, with all differences.
        """
        name = self.read_json(step, "config")["frozen"]
        trainable = self._steps.shapes(step)
        stored = self._frozen.shapes(name) if name else {}
        _check_shapes(f"checkpoint {step} in {self.workdir}", param_tree.merge(trainable, stored), targets)
        trained = _paths(trainable)
        own, others = param_tree.split(targets, lambda path: path in trained)
        params = self._steps.restore(step, {"params": own})["params"]
        return param_tree.merge(params, self._frozen.restore(name, others)) if name else params


def _check_shapes(where: str, stored: Params, targets: Params) -> None:
    """Raises a UserError with all differences if a checkpoint's parameters are not those of a config."""
    if wrong := differences(stored, targets):
        raise UserError(
            f"{where} does not fit this config; use the config it was trained with or another folder:" + indented(wrong)
        )


def _paths(tree: Params) -> set[ParamPath]:
    return {path for path, _ in param_tree.leaves_with_paths(tree)}
