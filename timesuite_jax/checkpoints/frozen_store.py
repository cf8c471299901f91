"""Stores frozen parameters once for a run, in a folder named by their fingerprint."""

from typing import Any

import orbax.checkpoint as ocp
from etils import epath

from timesuite_jax.checkpoints.fingerprint import fingerprint
from timesuite_jax.checkpoints.integrity import find_damage_together, seal
from timesuite_jax.checkpoints.layout import frozen_folder
from timesuite_jax.checkpoints.save_concurrency import bytes_in_flight
from timesuite_jax.param_tree import Params
from timesuite_jax.storage.orbax_overrides import SaveBarrier, async_options, bounded_concurrency_handler
from timesuite_jax.storage.write_errors import explain_write_errors


class FrozenStore:
    """Frozen parameters of a run.

    Args:
      workdir: of the run.
      barrier: shared by all savers of the run.

    Attributes:
      name: fingerprint of the run's frozen parameters; None if it has none or they are not known yet.
    """

    def __init__(self, workdir: epath.Path, barrier: SaveBarrier) -> None:
        self.name: str | None = None
        self._workdir, self._barrier = workdir, barrier
        self._checkpointer = self._open(ocp.StandardCheckpointHandler())

    def _open(self, handler: ocp.StandardCheckpointHandler) -> ocp.AsyncCheckpointer:
        options = async_options(lambda: seal(frozen_folder(self._workdir, str(self.name))), self._barrier)
        return ocp.AsyncCheckpointer(handler, async_options=options)

    def save(self, frozen: Params) -> None:
        """Writes the parameters in the background unless an intact copy exists.

        Raises:
          UserError: if the folder cannot be written.
        """
        if not frozen:
            return
        self.name = fingerprint(frozen)
        folder = frozen_folder(self._workdir, self.name)
        with explain_write_errors(self._workdir, "work folder"):
            complete = folder.exists() and ocp.path.step.is_checkpoint_finalized(folder)
            if not complete or self.damage(self.name):
                self._checkpointer.close()
                self._checkpointer = self._open(bounded_concurrency_handler(bytes_in_flight(frozen)))
                self._checkpointer.save(folder, args=ocp.args.StandardSave(frozen), force=True)

    def damage(self, name: str) -> list[str]:
        """Returns one line for each damaged file of the parameters with this fingerprint."""
        return find_damage_together(self._workdir, frozen_folder(self._workdir, name))

    def shapes(self, name: str) -> Params:
        """Returns a nested dict of leaves with shape and dtype."""
        metadata: Any = self._checkpointer.metadata(frozen_folder(self._workdir, name)).item_metadata
        return metadata.tree

    def restore(self, name: str, targets: Params) -> Params:
        """Restores the parameters with this fingerprint.

        Args:
          name: fingerprint.
          targets: nested dict of `jax.ShapeDtypeStruct` with shardings.
        """
        return self._checkpointer.restore(frozen_folder(self._workdir, name), args=ocp.args.StandardRestore(targets))

    def wait(self) -> None:
        """Blocks until the parameters are on disk."""
        self._checkpointer.wait_until_finished()

    def close(self) -> None:
        """Waits and releases Orbax's threads."""
        self._checkpointer.close()
