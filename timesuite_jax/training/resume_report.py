"""Reports what differs between the config of a run so far and the one that it resumes with, and the consequences."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from timesuite_jax.counted import counted
from timesuite_jax.errors import UserError
from timesuite_jax.training import schedule
from timesuite_jax.training.config import TrainingSpec

_NOT_SET = object()
_MAX_LINES = 20
_SCHEDULE = tuple(
    f"training.{name}"
    for name in (
        *("total_steps", "epochs", "optimizer.learning_rate", "optimizer.min_lr_ratio", "optimizer.schedule"),
        *("optimizer.warmup_steps", "optimizer.warmup_epochs", "optimizer.warmup_start_ratio"),
    )
)
_BATCH = "data.batch_size"


class Change(NamedTuple):
    """A key of a config with two values."""

    key: str
    before: Any
    now: Any

    def __str__(self) -> str:
        return f"{self.key}: {_shown(self.before)} -> {_shown(self.now)}"


def config_changes(saved: Mapping[str, Any], config: Mapping[str, Any]) -> list[Change]:
    """Compares two configs as JSON; keys are dotted ("training.seed")."""
    return list(_compare(_as_json(saved), _as_json(config)))


def describe_resume(
    saved: Mapping[str, Any],
    config: Mapping[str, Any],
    spec: TrainingSpec,
    step: int,
    steps_per_epoch: Callable[[], int],
) -> list[str]:
    """Returns lines on what changed and what that does to the schedule and the data; none if nothing changed.

    Args:
      saved: config of the checkpoint.
      config: config that the run resumes with.
      spec: of the run that resumes, in steps.
      step: finished steps.
      steps_per_epoch: of the run that resumes; called where the length of the run so far was given in epochs.
    """
    changes = config_changes(saved, config)
    lines = [str(change) for change in changes[:_MAX_LINES]]
    if len(changes) > _MAX_LINES:
        lines.append(f"... and {len(changes) - _MAX_LINES} more")
    by_key = {change.key: change for change in changes}
    if any(key in by_key for key in _SCHEDULE):
        lines += _schedule_lines(saved, spec, step, steps_per_epoch)
    if _BATCH in by_key:
        in_epochs = bool(config.get("training", {}).get("epochs"))
        lines += _batch_lines(by_key[_BATCH], spec, step, in_epochs=in_epochs)
    return lines


def _schedule_lines(
    saved: Mapping[str, Any], spec: TrainingSpec, step: int, steps_per_epoch: Callable[[], int]
) -> list[str]:
    with suppress(UserError):  # a config of an older version may have other keys
        before = TrainingSpec.from_config(saved.get("training", {})).in_steps(steps_per_epoch)
        rates = [float(schedule.build(each)(step)) for each in (spec, before)]
        ends = f"step {spec.total_steps}" + (
            f" instead of {before.total_steps}" if before.total_steps != spec.total_steps else ""
        )
        now, previous = (f"{rate:.4g}" for rate in rates)
        rate = f"{now}, as before" if now == previous else f"{now} instead of {previous}"
        return [
            f"learning rate of the next step: {rate}; the schedule is that of the "
            f"new config from its beginning, and training ends at {ends}"
        ]
    return []


def _batch_lines(change: Change, spec: TrainingSpec, step: int, *, in_epochs: bool) -> list[str]:
    lines = ["data: the next batch begins after the last sample that was trained on; none is skipped or repeated"]
    rest = spec.total_steps - step
    if in_epochs:
        lines.append(
            f"training.epochs are converted to steps of the new batch size: {counted(max(rest, 0), 'step')} left"
        )
    elif rest > 0 and isinstance(change.before, int) and isinstance(change.now, int):
        samples = f"{counted(rest * change.now, 'sample')} instead of {rest * change.before}"
        lines.append(
            f"{counted(rest, 'step')} left, with {samples}; the schedule counts steps: for as many samples set "
            f"training.total_steps={step + round(rest * change.before / change.now)}"
        )
    return lines


def _as_json(config: Mapping[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(config))  # tuples become lists


def _compare(saved: Mapping[str, Any], config: Mapping[str, Any], prefix: str = "") -> Iterator[Change]:
    for key in {**config, **saved}:
        before, now = saved.get(key, _NOT_SET), config.get(key, _NOT_SET)
        if isinstance(before, dict) and isinstance(now, dict):
            yield from _compare(before, now, f"{prefix}{key}.")
        elif before != now:
            yield Change(f"{prefix}{key}", before, now)


def _shown(value: Any) -> str:
    return "not set" if value is _NOT_SET else json.dumps(value, ensure_ascii=False)
