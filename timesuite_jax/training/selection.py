"""Which step of a run is the best, by a figure of its evaluations, and when to wait no longer for a better one.

WORKDIR/best.json lists the evaluations that were better than all before them, the best of all last. Its checkpoint is
kept beside the newest ones. The list, and not its end alone, is kept because a run that goes on from an older
checkpoint forgets what came after it, and finds it again.
"""

import json
from collections.abc import Collection, Mapping
from typing import NamedTuple

import jax
from etils import epath

from timesuite_jax.errors import UserError
from timesuite_jax.training.bucket import replace_text
from timesuite_jax.training.config import TrainingSpec


class Best(NamedTuple):
    """The best evaluation so far."""

    step: int
    figures: dict[str, float]  # all of that evaluation, "validation/ndcg_20", "test/hr_10", ...


def _file(workdir: epath.Path) -> epath.Path:
    return workdir / "best.json"


class Selection:
    """Judges evaluations by `training.best`, the name of a figure of which more is better; without one, judges nothing.

    Args:
      spec: of the run.
      workdir: of the run.
      first: the step from which it goes on; what was found later is forgotten.
      evaluations: names of the task's evaluations.

    Raises:
      UserError: if the figure is of none of them, or what an earlier process noted cannot be read.
    """

    def __init__(self, spec: TrainingSpec, workdir: epath.Path, first: int, evaluations: Collection[str]) -> None:
        self._figure, self._file, self._bests = spec.best, _file(workdir), []
        self._patience = spec.patience * spec.eval_every  # steps
        if self._figure and self._figure.partition("/")[0] not in evaluations:
            raise UserError(
                f"training.best={self._figure!r} is of no evaluation; it may begin with "
                f"{' or '.join(f'{name}/' for name in evaluations) or 'nothing: the config names no evaluation'}"
            )
        if self._figure and self._file.exists():
            figure, bests = _read(self._file)
            if figure == self._figure:
                self._bests = [best for best in bests if best.step <= first]
            self._write()

    @property
    def best(self) -> Best | None:
        """Of the evaluations so far; of equal ones the earliest."""
        return self._bests[-1] if self._bests else None

    def is_due(self, step: int) -> bool:
        """Whether a run that goes on from this step must evaluate it, because that may have failed or been killed."""
        return bool(self._figure) and step > 0 and (self.best is None or self.best.step != step)

    def judge(self, step: int, figures: Mapping[str, float]) -> bool:
        """Whether an evaluation is better than all before it; if so it is remembered.

        Raises:
          UserError: if the evaluations do not give the figure.
        """
        if not self._figure:
            return False
        if self._figure not in figures:
            raise UserError(
                f"training.best={self._figure!r} is no figure of the evaluations; choose one of "
                f"{', '.join(figures) or 'none: the config names no evaluation'}"
            )
        if not figures[self._figure] > (self.best.figures[self._figure] if self.best else -float("inf")):
            return False
        self._bests.append(Best(step, dict(figures)))
        self._write()
        return True

    def exhausted(self, step: int) -> bool:
        """Whether `training.patience` evaluations in a row have brought nothing better."""
        return bool(self._patience) and step - (self.best.step if self.best else 0) >= self._patience

    def _write(self) -> None:
        if jax.process_index() == 0:
            bests = [best._asdict() for best in self._bests]
            replace_text(self._file, json.dumps({"figure": self._figure, "bests": bests}, indent=1))


def _read(file: epath.Path) -> tuple[str, list[Best]]:
    try:
        known = json.loads(file.read_text())
        return known["figure"], [Best(int(best["step"]), dict(best["figures"])) for best in known["bests"]]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{file} is damaged ({error}); remove it: the run then selects from here on") from error


def best_step(workdir: epath.Path) -> int:
    """The step of a run's best checkpoint.

    Raises:
      UserError: if the run has selected none, or its note of that is damaged.
    """
    file = _file(workdir)
    bests = _read(file)[1] if file.exists() else []
    if not bests:
        raise UserError(f"{workdir} has no best checkpoint: its config sets no training.best, or nothing was evaluated")
    return bests[-1].step
