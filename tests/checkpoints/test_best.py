"""Tests for the best checkpoint: selection, retention, resumption, early stopping."""

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from etils import epath

from tests.support.toy_task import ToyTask, toy_spec
from timesuite_jax import parallel, training
from timesuite_jax.checkpoints import best as best_module
from timesuite_jax.checkpoints.best import BestCheckpoint, best_step, check_metric
from timesuite_jax.checkpoints.readers import find_step, restore_params
from timesuite_jax.errors import UserError
from timesuite_jax.parallel import MeshSpec
from timesuite_jax.training import OptimizerSpec

CONSTANT = OptimizerSpec(learning_rate=1e-2, min_lr_ratio=1.0)  # independent of the number of steps
SPEC = {"best": "toy/score", "eval_every": 1, "save_every": 100, "keep": 1, "total_steps": 6, "optimizer": CONSTANT}


class Scored(ToyTask):
    """Has a score that oscillates with the parameters; `seen` lists the scores of all evaluations."""

    def evaluations(self) -> dict[str, Any]:
        self.seen: list[float] = []

        def score(params: Any) -> dict[str, float]:
            self.seen.append(float(np.sin(1e3 * float(params["head"]["kernel"].sum()))))
            return {"score": self.seen[-1], "other": 1.0}

        return {"toy": training.Evaluation(("score", "other"), score)}


def train(workdir: Path, **changes: Any) -> tuple[training.RunResult, Scored]:
    task = Scored()
    mesh = parallel.make_mesh(MeshSpec(), jax.devices()[:1])
    return training.run(task, toy_spec(**{**SPEC, **changes}), workdir, mesh), task


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, training.RunResult, Scored]:
    workdir = tmp_path_factory.mktemp("whole")
    return workdir, *train(workdir)


def checkpoints(workdir: Path) -> set[int]:
    return {int(path.name) for path in (workdir / "checkpoints").iterdir()}


def test_best_checkpoint_is_kept_beside_the_newest(whole):
    workdir, result, task = whole
    best = 1 + int(np.argmax(task.seen))
    assert 1 < best < 6, "a score that is best at an end tests nothing; change its frequency"
    assert result.best == (best, {"toy/score": max(task.seen), "toy/other": 1.0})
    assert checkpoints(workdir) == {best, 6}
    assert find_step(workdir, "best") == best and find_step(workdir) == 6
    params = restore_params(workdir, task.abstract_params(), "best")
    assert Scored().evaluations()["toy"](params)["score"] == max(best_scores(workdir))


def best_scores(workdir: Path) -> list[float]:
    return [best["metrics"]["toy/score"] for best in json.loads((workdir / "best.json").read_text())["improvements"]]


def test_resumed_run_selects_the_same(whole, tmp_path):
    workdir, result, task = whole
    train(tmp_path, total_steps=result.best.step - 1)
    again, _ = train(tmp_path)
    assert again.best == result.best
    assert best_scores(tmp_path) == best_scores(workdir) == sorted(best_scores(workdir))
    # A finished run evaluates once more and changes nothing.
    finished, evaluated = train(tmp_path)
    assert finished.best == result.best and evaluated.seen == task.seen[-1:]
    assert checkpoints(tmp_path) == checkpoints(workdir)


def test_patience_stops_a_run(tmp_path):
    patient, _ = train(tmp_path, patience=1, total_steps=20)
    assert patient.step < 20 and not patient.interrupted
    assert patient.step == patient.best.step + 1
    assert checkpoints(tmp_path) == {patient.best.step, patient.step}


def selection(folder: Path, first: int = 0, **changes: Any) -> BestCheckpoint:
    spec = toy_spec(**{**SPEC, **changes})
    return BestCheckpoint(spec.best, spec.patience * spec.eval_every, epath.Path(folder), first)


def test_best_checkpoint_is_kept_when_the_metric_changes(whole, tmp_path):
    workdir, result, _ = whole
    shutil.copytree(workdir, tmp_path, dirs_exist_ok=True)
    silent, _ = train(tmp_path, best="", total_steps=7)
    assert silent.best is None
    assert checkpoints(tmp_path) == {result.best.step, 7} and find_step(tmp_path, "best") == result.best.step
    other = selection(tmp_path, first=7, best="toy/other")
    assert other.best is None and other.update(8, {"toy/other": 1.0})
    assert best_step(epath.Path(tmp_path), [result.best.step, 7, 8]) == 8
    again = selection(tmp_path, first=9)
    assert again.best == result.best
    assert sorted(ranking[-1] for ranking in again.rankings) == [result.best.step, 8]


def test_best_step_is_the_best_with_a_checkpoint(tmp_path):
    tracker = selection(tmp_path)
    assert all(tracker.update(step, {"toy/score": float(step)}) for step in (1, 3, 5))
    assert tracker.rankings == [[1, 3, 5]]
    assert best_step(epath.Path(tmp_path), [1, 3, 4, 6]) == 3
    assert best_step(epath.Path(tmp_path), [4, 6]) == 5, "whose reader reports that it is missing"


def test_full_disk_does_not_stop_a_run(tmp_path, monkeypatch, caplog):
    tracker, replace_text = selection(tmp_path), best_module.replace_text

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(best_module, "replace_text", full)
    assert tracker.update(1, {"toy/score": 1.0})
    assert f"best.json is not up to date: cannot write to {tmp_path}: no space left; free some space" in caplog.text
    with pytest.raises(UserError, match="no space left"):
        tracker.write()
    monkeypatch.setattr(best_module, "replace_text", replace_text)
    assert not tracker.update(2, {"toy/score": 0.0})
    assert best_step(epath.Path(tmp_path), [1]) == 1


def test_update(tmp_path):
    tracker = selection(tmp_path)
    scores = [float("nan"), 0.5, 0.5, 0.4, 0.7]
    assert [tracker.update(step, {"toy/score": score}) for step, score in enumerate(scores, 1)] == [0, 1, 0, 0, 1]
    assert best_step(epath.Path(tmp_path), [2, 5]) == 5
    # Resuming from step 4 drops step 5; the earlier of two equal ones is the best.
    older = selection(tmp_path, first=4, patience=2)
    assert older.best is not None and older.best.step == 2 == best_step(epath.Path(tmp_path), [2, 4])
    assert older.is_due(4) and not older.is_due(2)
    assert older.should_stop(4) and not older.should_stop(3)
    # Another metric does not use the earlier evaluations, but keeps them.
    assert selection(tmp_path, first=4, best="toy/other").best is None


def test_nothing_is_tracked_without_a_metric(tmp_path):
    tracker = selection(tmp_path, best="")
    assert not tracker.update(1, {"toy/score": 1.0}) and not tracker.is_due(1) and not tracker.should_stop(9)
    with pytest.raises(UserError, match=r"has no best checkpoint: its config sets no training\.best"):
        best_step(epath.Path(tmp_path), [1])
    assert not (tmp_path / "best.json").exists()


def test_errors(tmp_path):
    for wrong in ("toy/scor", "tyo/score"):
        with pytest.raises(UserError, match=f"training.best='{wrong}' is not a metric .*toy/score, toy/other"):
            check_metric(wrong, training.evaluation_metric_names(Scored()))
    begin, end = '{"metric": "toy/score", "improvements": [{"step', '}], "other_metrics": {}}'
    for text in (begin, begin + '": 5, "metrics": {}' + end, begin + '": 5, "metrics": {"toy/score": "high"}' + end):
        (tmp_path / "best.json").write_text(text)
        for read in (selection, lambda folder: best_step(epath.Path(folder), [])):
            with pytest.raises(UserError, match=r"best.json is damaged .*; remove it"):
                read(tmp_path)
    with pytest.raises(UserError, match=r"training.patience=3 needs training.best and training.eval_every"):
        toy_spec(patience=3)
