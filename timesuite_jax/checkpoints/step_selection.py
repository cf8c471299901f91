"""Chooses a checkpoint to read: a given one, the best, or the newest that is intact."""

import logging
from collections.abc import Mapping
from typing import Literal

from etils import epath

from timesuite_jax.checkpoints.best import best_step
from timesuite_jax.checkpoints.differences import indented
from timesuite_jax.checkpoints.frozen_store import FrozenStore
from timesuite_jax.checkpoints.integrity import find_damage_together, move_aside
from timesuite_jax.checkpoints.layout import step_folder
from timesuite_jax.checkpoints.step_store import StepStore
from timesuite_jax.errors import UserError

_log = logging.getLogger(__name__)

StepChoice = int | Literal["best"] | None  # None: the newest intact one


class StepSelection:
    """Selects intact checkpoints of a run.

    Args:
      workdir: of the run.
      steps: its checkpoints.
      frozen: its frozen parameters.
      read_only: leave damaged checkpoints where they are.
    """

    def __init__(self, workdir: epath.Path, steps: StepStore, frozen: FrozenStore, *, read_only: bool) -> None:
        self._workdir, self._steps, self._frozen, self._read_only = workdir, steps, frozen, read_only

    def select(self, choice: StepChoice, item: str = "") -> int:
        """Returns the step of an intact checkpoint.

        Args:
          choice: which checkpoint.
          item: the only item that will be read ("config"); all items and the frozen parameters if empty.

        Raises:
          UserError: if there is no such checkpoint, it is damaged, or none is intact.
        """
        steps = self._steps.steps()
        if not steps:
            raise UserError(
                f"{self._workdir} has no checkpoint; train there first or give another folder "
                "(`timesuite quickstart` trains a small model in minutes, in quickstart/run)"
            )
        step = best_step(self._workdir, steps) if choice == "best" else choice
        if step is None:
            return self._newest_intact(steps, item)
        if step not in steps:
            raise UserError(f"{self._workdir} has no checkpoint of step {step}; it has {', '.join(map(str, steps))}")
        if damage := self._damage(step, item):
            raise UserError(f"checkpoint {step} in {self._workdir} is damaged; give another step:{indented(damage)}")
        return step

    def _newest_intact(self, steps: list[int], item: str) -> int:
        damaged: dict[int, list[str]] = {}
        for step in reversed(steps):
            damage = self._damage(step, item)
            if not damage:
                self._set_aside(damaged, step)
                return step
            damaged[step] = damage
        # Nothing is moved: otherwise the next command would find an empty folder and start a new run in it.
        raise UserError(
            f"all checkpoints in {self._workdir} are damaged; restore a backup, or start a new run in another folder:"
            f"{indented([line for lines in damaged.values() for line in lines])}"
        )

    def _damage(self, step: int, item: str) -> list[str]:
        damage = find_damage_together(self._workdir, step_folder(self._workdir, step), item)
        if damage or item:
            return damage
        name = self._steps.read_json(step, "config")["frozen"]
        if name and (damage := self._frozen.damage(name)):
            raise UserError(  # All checkpoints of the run refer to them, so an older step does not help.
                f"the frozen parameters in {self._workdir} are damaged and its checkpoints need them; restore a backup "
                f"of that folder, or start a new run in another folder:{indented(damage)}"
            )
        return []

    def _set_aside(self, damaged: Mapping[int, list[str]], intact: int) -> None:
        for step, damage in damaged.items():
            action = "not moved"
            if not self._read_only:
                action = f"moved to {move_aside(self._workdir, step)}"
                self._steps.reload()
            _log.warning("checkpoint %d is damaged (%s); using %d:%s", step, action, intact, indented(damage))
