"""Which step of a run is the best, by a figure of its evaluations, and when to wait no longer for a better one.

WORKDIR/best.json lists the evaluations that were better than all before them, the best of all last. Its checkpoint is
kept beside the newest ones. The list, and not its end alone, is kept because a run that goes on from an older
checkpoint forgets what came after it, and finds it again; and because the checkpoint of the last may be missing, when
saving it has failed.

A run that goes on with another figure, or none, keeps the lists of the figures before, and one checkpoint of each.
"""

import json
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
from etils import epath

from timesuite_jax.errors import UserError
from timesuite_jax.storage.remote_path import replace_text
from timesuite_jax.storage.write_errors import explain_write_errors

_log = logging.getLogger(__name__)


class BestEvaluation(NamedTuple):
    """The best evaluation so far."""

    step: int
    figures: dict[str, float]  # all of that evaluation, "validation/ndcg_20", "test/hr_10", ...


class _Notes(NamedTuple):
    """What is in best.json."""

    figure: str  # by which the run selects, or did last
    bests: dict[str, list[BestEvaluation]]  # by figure


def _file(workdir: epath.Path) -> epath.Path:
    return workdir / "best.json"


def check_metric(best: str, figures: Iterable[str]) -> None:
    """Refuses a figure to select by that no evaluation gives.

    Raises:
      UserError: naming those that there are.
    """
    figures = list(figures)
    if best and best not in figures:
        raise UserError(
            f"training.best={best!r} is no figure of the evaluations; choose one of "
            f"{', '.join(figures) or 'none: the config names no evaluation'}"
        )


class BestCheckpoint:
    """Judges evaluations by `training.best`, the name of a figure of which more is better; without one, judges nothing.

    Args:
      best: name of the figure, "" for none.
      patience: steps without a better evaluation after which the run ends; 0: never.
      workdir: of the run.
      first: the step from which it goes on; what was found later is forgotten.

    Raises:
      UserError: if what an earlier process noted cannot be read or written.
    """

    def __init__(self, best: str, patience: int, workdir: epath.Path, first: int) -> None:
        self._figure, self._patience, self._workdir = best, patience, workdir
        before = _read(_file(workdir)) or _Notes(self._figure, {self._figure: []})
        figure = self._figure or before.figure
        lists = {name: [best for best in bests if best.step <= first] for name, bests in before.bests.items()}
        self._bests = lists.setdefault(figure, [])
        self._notes = _Notes(figure, lists)
        self._noted = self._notes == before
        self.note()

    @property
    def best(self) -> BestEvaluation | None:
        """Of the evaluations so far, if the run selects; of equal ones the earliest."""
        return self._bests[-1] if self._figure and self._bests else None

    @property
    def rankings(self) -> Sequence[Sequence[int]]:
        """Steps by each figure that the run has ever selected by, the best last."""
        return [[best.step for best in bests] for bests in self._notes.bests.values()]

    def is_due(self, step: int) -> bool:
        """Whether a run that goes on from this step must evaluate it, because that may have failed or been killed."""
        return bool(self._figure) and step > 0 and (self.best is None or self.best.step != step)

    def judge(self, step: int, figures: Mapping[str, float]) -> bool:
        """Whether an evaluation is better than all before it; if so it is remembered."""
        if not self._figure:
            return False
        better = figures[self._figure] > (self.best.figures[self._figure] if self.best else -float("inf"))
        if better:
            self._bests.append(BestEvaluation(step, dict(figures)))
            self._noted = False
        try:
            self.note()
        except Exception as error:  # whatever a storage library raises: the next evaluation, or the end, notes it
            _log.warning("best.json is not up to date: %s. Training goes on", error)
        return better

    def note(self) -> None:
        """Writes best.json unless it is up to date.

        Raises:
          UserError: if it cannot be written.
        """
        if self._noted or jax.process_index() != 0:
            return
        figure, bests = self._notes
        lists = {name: [best._asdict() for best in found] for name, found in bests.items()}
        known = {"figure": figure, "bests": lists.pop(figure), "others": lists}
        with explain_write_errors(self._workdir, "work folder"):
            replace_text(_file(self._workdir), json.dumps(known, indent=1))
        self._noted = True

    def exhausted(self, step: int) -> bool:
        """Whether `training.patience` evaluations in a row have brought nothing better."""
        return bool(self._patience) and step - (self.best.step if self.best else 0) >= self._patience


def _read(file: epath.Path) -> _Notes | None:
    if not file.exists():
        return None
    try:
        known = json.loads(file.read_text())
        lists = {known["figure"]: known["bests"], **known.get("others", {})}
        bests = {name: [_best(best, name) for best in found] for name, found in lists.items()}
        return _Notes(known["figure"], bests)
    except (ValueError, KeyError, TypeError, AttributeError, IsADirectoryError) as error:
        raise UserError(f"{file} is damaged ({error}); remove it: the run then selects from here on") from error


def _best(noted: Mapping[str, Any], figure: str) -> BestEvaluation:
    figures = {name: float(value) for name, value in noted["figures"].items()}
    if figure not in figures:
        raise ValueError(f"step {noted['step']} has no {figure}")
    return BestEvaluation(int(noted["step"]), figures)


def best_of(ranking: Sequence[int], steps: Collection[int]) -> int | None:
    """The best of a ranking, which is its last, that has a checkpoint."""
    return next((step for step in reversed(ranking) if step in steps), None)


def best_step(workdir: epath.Path, steps: Collection[int]) -> int:
    """The step of a run's best checkpoint; of the best evaluation if none of the noted ones has a checkpoint.

    Args:
      workdir: of the run.
      steps: of its checkpoints.

    Raises:
      UserError: if the run has selected none, or its note of that is damaged.
    """
    notes = _read(_file(workdir))
    ranking = [best.step for best in notes.bests[notes.figure]] if notes else []
    if not ranking:
        raise UserError(f"{workdir} has no best checkpoint: its config sets no training.best, or nothing was evaluated")
    there = best_of(ranking, steps)
    return ranking[-1] if there is None else there
