"""Tracks the best checkpoint of a run by a metric of its evaluations, and stops a run that no longer improves.

WORKDIR/best.json lists the evaluations that improved on all before them, the best last. Its checkpoint is kept beside
the newest ones. The whole list is kept, not only its end, because a run that resumes from an older checkpoint drops the
later entries and finds them again, and because saving the checkpoint of the last entry may have failed.

A run that resumes with another metric, or none, keeps the lists of the previous metrics, and one checkpoint of each.
"""

import json
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
from etils import epath

from timesuite_jax.errors import UserError
from timesuite_jax.json_text import to_json
from timesuite_jax.storage.atomic_write import replace_text
from timesuite_jax.storage.write_errors import explain_write_errors

_log = logging.getLogger(__name__)


class BestEvaluation(NamedTuple):
    """The best evaluation so far."""

    step: int
    metrics: dict[str, float]  # all metrics of that evaluation, "validation/ndcg_20", "test/hr_10", ...


class _History(NamedTuple):
    """Content of best.json."""

    metric: str  # the metric that the run selects by, or did last
    improvements: dict[str, list[BestEvaluation]]  # by metric, the best last


def _file(workdir: epath.Path) -> epath.Path:
    return workdir / "best.json"


def check_metric(best: str, metrics: Iterable[str]) -> None:
    """Checks that some evaluation returns the metric that `training.best` names.

    Raises:
      UserError: if none does, with the metrics to choose from.
    """
    metrics = list(metrics)
    if best and best not in metrics:
        raise UserError(
            f"training.best={best!r} is not a metric of the evaluations; choose one of "
            f"{', '.join(metrics) or 'none: the config has no evaluation'}"
        )


class BestCheckpoint:
    """Tracks the evaluation with the highest `training.best`, and decides on early stopping.

    Args:
      best: name of the metric, higher is better; "" to track nothing.
      patience: steps without an improvement after which the run stops; 0: never.
      workdir: of the run.
      first: the step from which the run resumes; later evaluations are dropped.

    Raises:
      UserError: if best.json of an earlier process cannot be read or written.
    """

    def __init__(self, best: str, patience: int, workdir: epath.Path, first: int) -> None:
        self._metric, self._patience, self._workdir = best, patience, workdir
        saved = _read(_file(workdir)) or _History(self._metric, {self._metric: []})
        metric = self._metric or saved.metric
        kept = {name: [one for one in found if one.step <= first] for name, found in saved.improvements.items()}
        self._improvements = kept.setdefault(metric, [])
        self._history = _History(metric, kept)
        self._written = self._history == saved
        self.write()

    @property
    def best(self) -> BestEvaluation | None:
        """The best evaluation so far, the earliest of equal ones; None if nothing is tracked."""
        return self._improvements[-1] if self._metric and self._improvements else None

    @property
    def rankings(self) -> Sequence[Sequence[int]]:
        """Steps for each metric that the run has ever selected by, the best last."""
        return [[one.step for one in found] for found in self._history.improvements.values()]

    def is_due(self, step: int) -> bool:
        """Returns whether a run that resumes at this step must evaluate it, because its evaluation may have failed."""
        return bool(self._metric) and step > 0 and (self.best is None or self.best.step != step)

    def update(self, step: int, metrics: Mapping[str, float]) -> bool:
        """Returns whether an evaluation improves on all before it, and records it if so."""
        if not self._metric:
            return False
        improved = metrics[self._metric] > (self.best.metrics[self._metric] if self.best else -float("inf"))
        if improved:
            self._improvements.append(BestEvaluation(step, dict(metrics)))
            self._written = False
        try:
            self.write()
        except Exception as error:  # whatever a storage library raises: the next evaluation, or the end, writes again
            _log.warning("best.json is not up to date: %s. Training continues", error)
        return improved

    def write(self) -> None:
        """Writes best.json unless it is up to date.

        Raises:
          UserError: if it cannot be written.
        """
        if self._written or jax.process_index() != 0:
            return
        metric, improvements = self._history
        lists = {name: [one._asdict() for one in found] for name, found in improvements.items()}
        content = {"metric": metric, "improvements": lists.pop(metric), "other_metrics": lists}
        with explain_write_errors(self._workdir, "work folder"):
            replace_text(_file(self._workdir), to_json(content, indent=1))
        self._written = True

    def should_stop(self, step: int) -> bool:
        """Returns whether `training.patience` evaluations in a row have brought no improvement."""
        return bool(self._patience) and step - (self.best.step if self.best else 0) >= self._patience


def _read(file: epath.Path) -> _History | None:
    if not file.exists():
        return None
    try:
        content = json.loads(file.read_text())
        lists = {content["metric"]: content["improvements"], **content["other_metrics"]}
        return _History(
            content["metric"], {name: [_parse(one, name) for one in found] for name, found in lists.items()}
        )
    except (ValueError, KeyError, TypeError, AttributeError, IsADirectoryError) as error:
        raise UserError(f"{file} is damaged ({error}); remove it: the run then selects from here on") from error


def _parse(entry: Mapping[str, Any], metric: str) -> BestEvaluation:
    metrics = {name: float(value) for name, value in entry["metrics"].items()}
    if metric not in metrics:
        raise ValueError(f"step {entry['step']} has no {metric}")
    return BestEvaluation(int(entry["step"]), metrics)


def best_of(ranking: Sequence[int], steps: Collection[int]) -> int | None:
    """Returns the best step of a ranking (the best is last) that has a checkpoint; None if none has."""
    return next((step for step in reversed(ranking) if step in steps), None)


def best_step(workdir: epath.Path, steps: Collection[int]) -> int:
    """Returns the step of a run's best checkpoint; of the best evaluation if no recorded one has a checkpoint.

    Args:
      workdir: of the run.
      steps: of its checkpoints.

    Raises:
      UserError: if the run has tracked no best evaluation, or best.json is damaged.
    """
    history = _read(_file(workdir))
    ranking = [one.step for one in history.improvements[history.metric]] if history else []
    if not ranking:
        raise UserError(f"{workdir} has no best checkpoint: its config sets no training.best, or nothing was evaluated")
    saved = best_of(ranking, steps)
    return ranking[-1] if saved is None else saved
