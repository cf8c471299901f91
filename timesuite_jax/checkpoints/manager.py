"""What a run leaves on disk, and how it comes back.

WORKDIR/checkpoints/<step>/params      trainable parameters       } Orbax, written in the background,
                          /optimizer   step and optimizer state   } visible only when complete,
                          /data        position of the data       } restored to any mesh
                          /config      config, name of the frozen parameters
                          /manifest.json  sizes and checksums of all of these files (see storage/checksums.py)
WORKDIR/frozen/<fingerprint>/          frozen parameters, once; with a manifest too
WORKDIR/damaged/<step>                 a checkpoint that is no longer as it was written; for you to look at and delete

The newest checkpoints stay, and the best ones where the run selects by a figure (see selection.py).
"""

import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Literal, NamedTuple

import jax
import orbax.checkpoint as ocp
from etils import epath
from jax.sharding import Mesh

from timesuite_jax import parallel, param_tree
from timesuite_jax.checkpoints import malloc_tuning
from timesuite_jax.checkpoints.best import best_of, best_step
from timesuite_jax.checkpoints.fingerprint import fingerprint
from timesuite_jax.checkpoints.save_concurrency import bounded_concurrency_handler
from timesuite_jax.checkpoints.train_state import TrainState
from timesuite_jax.checkpoints.workdir_lock import lock_workdir
from timesuite_jax.errors import UserError
from timesuite_jax.param_tree import Params
from timesuite_jax.storage.checksums import find_damage, write_manifest
from timesuite_jax.storage.remote_path import is_remote
from timesuite_jax.storage.write_errors import explain_write_errors

# Orbax logs the traceback of each of its threads that fails, and raises the same again for us to report.
_REPORTED = (
    "_SignalingThread.run() raised",
    "in background save thread",
    "Save Finalize thread (save_finalize) failed",
)
logging.getLogger("absl").addFilter(lambda record: not any(words in record.getMessage() for words in _REPORTED))

_log = logging.getLogger(__name__)


Step = int | Literal["best"] | None  # None: the newest


class Restored(NamedTuple):
    """A run as it was saved."""

    state: TrainState
    frozen: Params
    data: dict[str, Any]
    config: dict[str, Any]


class _Kept:
    """Says which checkpoints stay; what Orbax calls a preservation policy."""

    def __init__(self, newest: int) -> None:
        self._newest = newest
        self.rankings: Sequence[Sequence[int]] = ()

    def should_preserve(self, checkpoints: Sequence[Any], *, context: object) -> list[bool]:
        """The newest, and the best of each ranking."""
        steps = [found.step for found in checkpoints]
        stay = {*steps[-self._newest :], *(best_of(ranking, steps) for ranking in self.rankings)}
        return [step in stay for step in steps]


class Checkpoints:
    """The checkpoints of one work folder.

    Args:
      workdir: made if it is not there (unless only read).
      keep: number of newest checkpoints that stay.
      read_only: do not write anything.

    Raises:
      UserError: if the folder cannot be written, or another run is at work in it.
    """

    def __init__(self, workdir: epath.PathLike, *, keep: int = 1, read_only: bool = False) -> None:
        folder = epath.Path(workdir)
        self.workdir = folder if is_remote(folder) else folder.absolute()  # which would make a local folder of gs://
        self._read_only = read_only
        self._frozen_name: str | None = None
        self._kept = _Kept(keep)
        self._frozen_writer = self._open_frozen(ocp.StandardCheckpointHandler())
        self._handlers: dict[str, Any] | None = None  # of arrays, from the first save on
        self._saving = 0
        self._failed, self._caller = False, threading.current_thread()
        self._meet_others = ocp.multihost.get_barrier_sync_fn()
        with ExitStack() as claim:
            if not read_only:
                claim.enter_context(lock_workdir(self.workdir))
                claim.callback(malloc_tuning.after_save)
            with explain_write_errors(self.workdir, "work folder"):
                self._manager = self._open()
            self._claim = claim.pop_all()

    def _open(self) -> ocp.CheckpointManager:
        return ocp.CheckpointManager(
            self.workdir / "checkpoints",
            item_handlers={
                **(self._handlers or dict.fromkeys(("params", "optimizer"), ocp.StandardCheckpointHandler())),
                "data": ocp.JsonCheckpointHandler(),
                "config": ocp.JsonCheckpointHandler(),
            },
            options=ocp.CheckpointManagerOptions(
                preservation_policy=None if self._read_only else self._kept,
                create=not self._read_only,
                # Of what a killed process was about to write. By the manager that saves, which waits for it: one before
                # would still be at it in the background, and remove files under the hands of this one.
                cleanup_tmp_directories=self._handlers is not None,
                async_options=self._then(lambda: self._seal(self._step_folder(self._saving))),
            ),
        )

    def _open_frozen(self, handler: ocp.StandardCheckpointHandler) -> ocp.AsyncCheckpointer:
        sealed = self._then(lambda: self._seal(self._frozen_folder(str(self._frozen_name))))
        return ocp.AsyncCheckpointer(handler, async_options=sealed)

    def _then(self, callback: Callable[[], None]) -> ocp.AsyncOptions:
        """Orbax's options that call back when all is written and nothing is visible yet."""
        return ocp.AsyncOptions(post_finalization_callback=callback, barrier_sync_fn=self._meet)

    def _meet(self, *, key: str, timeout_ms: int) -> None:
        """Where Orbax's processes wait for each other.

        Its threads come here on their way out of a failed save, too, to wait for ten minutes for those that will not
        come: they are still where the save would have gone on.
        """
        under_way = sys.exception()
        if under_way and threading.current_thread() is not self._caller:
            self._failed = True
            raise under_way
        self._meet_others(key=key, timeout_ms=timeout_ms)

    def __enter__(self) -> "Checkpoints":
        return self

    def __exit__(self, *exception: object) -> None:
        with self._claim, explain_write_errors(self.workdir, "work folder"):
            self._manager.close()
            self._frozen_writer.close()

    def steps(self) -> list[int]:
        """Steps of the complete checkpoints, oldest first."""
        return sorted(self._manager.all_steps())

    def newest(self) -> int | None:
        """The step of the newest complete checkpoint."""
        return self._manager.latest_step()

    def keep_best(self, rankings: Sequence[Sequence[int]]) -> None:
        """From now on lets one step of each ranking stay, however old: the best that has a checkpoint.

        Args:
          rankings: steps, the best last. It may have no checkpoint yet, or never: saving it may fail.
        """
        self._kept.rankings = rankings

    def _step_folder(self, step: int) -> epath.Path:
        return self.workdir / "checkpoints" / str(step)

    def _frozen_folder(self, name: str) -> epath.Path:
        return self.workdir / "frozen" / name

    def _seal(self, folder: epath.Path) -> None:
        """Writes the manifest of what has just been written and is not visible yet."""
        if jax.process_index() == 0:
            # Where a rename costs nothing, everything is written under another name and renamed at the end.
            unfinished = folder.parent / f"{folder.name}{ocp.utils.TMP_DIR_SUFFIX}"
            write_manifest(unfinished if unfinished.exists() else folder)

    def keep_frozen(self, frozen: Params) -> None:
        """Stores the frozen parameters (in the background) unless the folder has them already."""
        if not frozen:
            return
        self._frozen_name = fingerprint(frozen)
        folder = self._frozen_folder(self._frozen_name)
        with explain_write_errors(self.workdir, "work folder"):
            whole = folder.exists() and ocp.path.step.is_checkpoint_finalized(folder)
            if not whole or self._damage_in(folder):
                self._frozen_writer.close()
                self._frozen_writer = self._open_frozen(bounded_concurrency_handler(frozen))
                self._frozen_writer.save(folder, args=ocp.args.StandardSave(frozen), force=True)

    def save(self, step: int, state: TrainState, data: Mapping[str, Any], config: Mapping[str, Any]) -> None:
        """Saves a step; returns when the arrays are copied, writes on in the background.

        Raises:
          UserError: if this or an earlier save failed for lack of space or permission.
        """
        arrays = {"params": state.params, "optimizer": {"step": state.step, "opt_state": state.opt_state}}
        items = ocp.args.Composite(
            **{name: ocp.args.StandardSave(param_tree) for name, param_tree in arrays.items()},
            data=ocp.args.JsonSave(dict(data)),
            config=ocp.args.JsonSave({"config": dict(config), "frozen": self._frozen_name}),
        )
        with self._reopened_if_it_fails():
            self._frozen_writer.wait_until_finished()  # A checkpoint must not refer to what is not there yet.
            self._manager.wait_until_finished()
            if self._handlers is None:  # What may be under way at a time depends on what is saved.
                self._handlers = {name: bounded_concurrency_handler(param_tree) for name, param_tree in arrays.items()}
                self._manager.close()
                self._manager = self._open()
            self._saving, self._failed, self._caller = step, False, threading.current_thread()
            malloc_tuning.before_save()
            self._manager.save(step, args=items, force=True)

    def settled(self) -> bool:
        """Whether nothing is being written: `wait` would return, or raise, at once."""
        return self._failed or not self._manager.is_saving_in_progress()

    def wait(self) -> None:
        """Returns when all saves are on disk.

        Raises:
          UserError: as `save`.
        """
        with self._reopened_if_it_fails():
            self._manager.wait_until_finished()
        malloc_tuning.after_save()

    @contextmanager
    def _reopened_if_it_fails(self) -> Iterator[None]:
        """After a failed save Orbax remembers the failure and a checkpoint that is not there; the folder knows better.

        In a run of many processes, which open it together, there is no going on after a failure.

        Raises:
          UserError: as `save`.
        """
        try:
            with explain_write_errors(self.workdir, "work folder"):
                yield
        except Exception:
            malloc_tuning.after_save()
            if jax.process_count() > 1:
                raise
            with suppress(OSError, RuntimeError, ValueError):  # The failure that is being raised is the one to tell.
                self._manager = self._open()
            raise

    def check_step(self, step: Step, item: str = "") -> int:
        """The given step, the best, or the newest sound one; damaged ones are moved aside (unless only read).

        Args:
          step: which checkpoint; None: the newest.
          item: the one item that will be read ("config"); all and the frozen parameters if not given.

        Raises:
          UserError: if there is no such checkpoint, it is damaged, or none is sound.
        """
        steps = self.steps()
        if not steps:
            raise UserError(f"{self.workdir} has no checkpoint; train there first or give another folder")
        if step == "best":
            step = best_step(self.workdir, steps)
        if step is not None and step not in steps:
            raise UserError(f"{self.workdir} has no checkpoint of step {step}; it has {', '.join(map(str, steps))}")
        if step is not None:
            if damage := self._damage(step, item):
                raise UserError(f"checkpoint {step} in {self.workdir} is damaged; give another step:{_listing(damage)}")
            return step
        damaged: dict[int, list[str]] = {}
        for step in reversed(steps):
            damage = self._damage(step, item)
            if not damage:
                self._give_up(damaged, step)
                return step
            damaged[step] = damage
        # Nothing is moved: the next command must find what this one found, and not an empty folder to begin anew in.
        raise UserError(
            f"no checkpoint in {self.workdir} is as it was written; bring back a copy, or start a new run in another "
            f"folder:{_listing([line for lines in damaged.values() for line in lines])}"
        )

    def _give_up(self, damaged: Mapping[int, list[str]], sound: int) -> None:
        """Moves damaged checkpoints aside (unless only read), now that an older one is sound."""
        for step, damage in damaged.items():
            fate = "left alone" if self._read_only else f"moved to {self._move_aside(step)}"
            _log.warning("checkpoint %d is damaged and %s; %d is used:%s", step, fate, sound, _listing(damage))

    def _damage(self, step: int, item: str = "") -> list[str]:
        """What is wrong with the files of a checkpoint.

        Raises:
          UserError: if the frozen parameters that it refers to are damaged, which no other step can mend.
        """
        damage = self._damage_in(self._step_folder(step), item)
        if damage or item:
            return damage
        name = self._description(step)["frozen"]
        if name and (damage := self._damage_in(self._frozen_folder(name))):
            raise UserError(
                f"the frozen parameters in {self.workdir} are damaged, and its checkpoints need them; bring back a "
                f"copy of that folder, or start a new run in another one:{_listing(damage)}"
            )
        return []

    def _damage_in(self, folder: epath.Path, item: str = "") -> list[str]:
        """What is wrong with the files of a folder; processes share the reading."""
        index, count = jax.process_index(), jax.process_count()
        mine = find_damage(folder, lambda number, name: number % count == index and name.startswith(item))
        return [f"{folder.relative_to(self.workdir)}/{line}" for line in parallel.allgather_strings(mine)]

    def _move_aside(self, step: int) -> epath.Path:
        """Takes a damaged checkpoint out of the way of a later one of the same step; nothing is deleted."""
        folder, number = self.workdir / "damaged", 0
        while (target := folder / (f"{step}-{number}" if number else f"{step}")).exists():
            number += 1
        parallel.allgather_strings([])  # All have looked before anything moves.
        if jax.process_index() == 0:
            with explain_write_errors(self.workdir, "work folder"):
                folder.mkdir(parents=True, exist_ok=True)
                self._step_folder(step).rename(target)
        parallel.allgather_strings([])
        self._manager.reload()
        return target

    def config(self, step: int) -> dict[str, Any]:
        """The config that a step was saved with."""
        return self._description(step)["config"]

    def data(self, step: int) -> dict[str, Any]:
        """The data position that a step was saved with."""
        return self._manager.restore(step, args=ocp.args.Composite(data=ocp.args.JsonRestore()))["data"]

    def _description(self, step: int) -> dict[str, Any]:
        return self._manager.restore(step, args=ocp.args.Composite(config=ocp.args.JsonRestore()))["config"]

    def restore(self, step: int, state: TrainState, frozen: Params) -> Restored:
        """Brings a run back.

        Args:
          step: which checkpoint.
          state: abstract, with shardings.
          frozen: abstract, with shardings.

        Raises:
          UserError: if the checkpoint is of another model, with all differences.
        """
        description = self._description(step)
        params = self.restore_params(step, param_tree.merge(state.params, frozen))
        trained = {path for path, _ in param_tree.leaves_with_paths(state.params)}
        saved = {path for path, _ in param_tree.leaves_with_paths(self._trainable_shapes(step))}
        if trained != saved:
            raise UserError(
                f"checkpoint {step} in {self.workdir} trained other parameters:"
                + _listing([f"trained there only: {'/'.join(path)}" for path in sorted(saved - trained)])
                + _listing([f"trained here only: {'/'.join(path)}" for path in sorted(trained - saved)])
            )
        mine, others = param_tree.split(params, lambda path: path in trained)
        items = ocp.args.Composite(
            optimizer=ocp.args.StandardRestore({"step": state.step, "opt_state": state.opt_state}),
            data=ocp.args.JsonRestore(),
        )
        rest = self._manager.restore(step, args=items)
        self._frozen_name = description["frozen"]
        restored = TrainState(step=rest["optimizer"]["step"], params=mine, opt_state=rest["optimizer"]["opt_state"])
        return Restored(restored, others, rest["data"], description["config"])

    def _trainable_shapes(self, step: int) -> Params:
        return _saved_shapes(self._manager.item_metadata(step)["params"])

    def restore_params(self, step: int, targets: Params) -> Params:
        """All parameters of a step, trained and frozen together.

        Args:
          step: which checkpoint.
          targets: nested dict of `jax.ShapeDtypeStruct` with shardings.

        Raises:
          UserError: if the checkpoint holds other parameters, with all differences.
        """
        trainable = self._trainable_shapes(step)
        name = self._description(step)["frozen"]
        frozen = _saved_shapes(self._frozen_writer.metadata(self._frozen_folder(name)).item_metadata) if name else {}
        wrong = differences(param_tree.merge(trainable, frozen), targets)
        if wrong:
            raise UserError(
                f"checkpoint {step} in {self.workdir} does not fit this config; use the config it was trained with "
                "or another folder:" + _listing(wrong)
            )
        trained = {path for path, _ in param_tree.leaves_with_paths(trainable)}
        mine, others = param_tree.split(targets, lambda path: path in trained)
        args = ocp.args.Composite(params=ocp.args.StandardRestore(mine))
        params = self._manager.restore(step, args=args)["params"]
        if not name:
            return params
        restored = self._frozen_writer.restore(self._frozen_folder(name), args=ocp.args.StandardRestore(others))
        return param_tree.merge(params, restored)


def _saved_shapes(metadata: Any) -> Params:
    """Anything with a shape and a dtype for each array of an item; typed loosely, as Orbax's own types are."""
    return metadata.tree


def differences(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """What differs between two trees of anything with a shape and a dtype, one line a parameter."""
    have, want = dict(param_tree.leaves_with_paths(found)), dict(param_tree.leaves_with_paths(wanted))
    lines = [f"missing in the checkpoint: {'/'.join(path)} {want[path].shape}" for path in sorted(want.keys() - have)]
    lines += [f"not in the config: {'/'.join(path)} {have[path].shape}" for path in sorted(have.keys() - want)]
    for path in sorted(have.keys() & want):
        a, b = have[path], want[path]
        if (tuple(a.shape), a.dtype) != (tuple(b.shape), b.dtype):
            there, here = f"{tuple(a.shape)} {a.dtype}", f"{tuple(b.shape)} {b.dtype}"
            lines.append(f"differs: {'/'.join(path)} is {there} in the checkpoint, {here} in the config")
    return lines


def _listing(lines: list[str], most: int = 20) -> str:
    """Lines below a message, not all of them if they are thousands."""
    more = [f"... and {len(lines) - most} more"] if len(lines) > most else []
    return "".join(f"\n  {line}" for line in [*lines[:most], *more])


def restore_params(
    workdir: epath.PathLike,
    abstract_params: Params,
    step: Step = None,
    mesh: Mesh | None = None,
    rules: parallel.Rules | None = None,
) -> Params:
    """All parameters of a run, for evaluation, generation and export.

    Args:
      workdir: of the run.
      abstract_params: a task's `abstract_params()`.
      step: which checkpoint, or "best"; the newest if not given.
      mesh: where to put them; all devices' `data` axis (a copy on each) if not given.
      rules: logical axis -> mesh axes; the default table if not given.

    Raises:
      UserError: if there is no such checkpoint or it is of another model.
    """
    targets = parallel.abstract_arrays(abstract_params, mesh or parallel.make_mesh(), rules or parallel.DEFAULT_RULES)
    with Checkpoints(workdir, read_only=True) as checkpoints:
        return checkpoints.restore_params(checkpoints.check_step(step), targets)


def read_config(workdir: epath.PathLike, step: Step = None) -> dict[str, Any]:
    """The config that a run was started with, as it was given to `training.run`.

    Raises:
      UserError: if there is no such checkpoint.
    """
    with Checkpoints(workdir, read_only=True) as checkpoints:
        return checkpoints.config(checkpoints.check_step(step, "config"))


def read_data_position(workdir: epath.PathLike, step: Step = None) -> dict[str, Any]:
    """Where in the data a run was, as its stream's `get_state` told it.

    Raises:
      UserError: if there is no such checkpoint.
    """
    with Checkpoints(workdir, read_only=True) as checkpoints:
        return checkpoints.data(checkpoints.check_step(step, "data"))


def find_step(workdir: epath.PathLike, step: Step = None) -> int:
    """The number of a checkpoint: the one given, the best, or the newest.

    Raises:
      UserError: if there is no such checkpoint.
    """
    with Checkpoints(workdir, read_only=True) as checkpoints:
        return checkpoints.check_step(step)
