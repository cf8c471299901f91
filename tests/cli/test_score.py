"""`timesuite score` prints scores, parts of them and JSON."""

import json

import pytest

from timesuite_jax.cli.main import main
from timesuite_jax.cli.score import TASKS
from timesuite_jax.evaluation.file_scores import TASK_SCORERS


@pytest.fixture
def words(tmp_path) -> list[str]:
    predictions, truth = tmp_path / "predictions.json", tmp_path / "truth.json"
    predictions.write_text(json.dumps({"0": {"timestamp": [[0.0, 10.0]]}}), encoding="utf-8")
    rows = [{"id": id, "image_id": f"{id}.mp4", "timestamp": [0.0, 10.0], "duration": 20.0} for id in (0, 1)]
    truth.write_text(json.dumps({"annotations": rows}), encoding="utf-8")
    return ["score", "--task", "tvg", "--predictions", str(predictions), "--truth", str(truth)]


def test_tasks_are_those_that_can_be_scored():
    assert set(TASKS) == TASK_SCORERS.keys()


def test_tables(words, capsys):
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "miou" in out and "by video length" in out and "without_prediction: 1" in out
    assert "starts and ends that are multiples of 0.5 s 100%" in out
    assert main([*words, "--answered-only"]) == 0
    assert "(1 of 2)" in capsys.readouterr().out


def test_json(words, capsys):
    assert main([*words, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["miou"] == 0.5
    assert result["intervals_95"]["miou"][0] <= 0.5 <= result["intervals_95"]["miou"][1]
    assert result["settings"]["protocol"] == "default"


def test_a_mistake_is_one_sentence(words, tmp_path, capsys):
    (tmp_path / "predictions.json").write_text("no json", encoding="utf-8")
    assert main(words) == 2
    error = capsys.readouterr().err
    assert error.startswith("timesuite score: ") and error.count("\n") == 1 and "Traceback" not in error


def test_json_has_null_for_classes_without_a_window(words, capsys):
    assert main([*words[:2], "mr", *words[3:], "--json"]) == 0
    found = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert found["MR-long-mAP"] is None and found["MR-short-mAP"] == 0.5
