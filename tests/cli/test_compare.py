"""`timesuite compare`: text, JSON and errors; also of `timesuite score`."""

import json

import numpy as np
import pytest

from tests.support.result_files import answer_again, result, write
from timesuite_jax.cli.main import main


@pytest.fixture
def files(tmp_path):
    changed = result(0)
    changed["settings"]["weights"] = "4567"
    answer_again(changed, np.random.default_rng(0))
    changed["examples"][3]["prediction"]["answer"] = "\x1b[31m" + "never" * 100
    changed["examples"][3]["scores"]["miou"] = 9.0  # the largest change
    return [str(write(result(0), tmp_path / "A.json")), str(write(changed, tmp_path / "B.json"))]


def test_text(files, capsys):
    assert main(["compare", *files, "--examples", "2"]) == 0
    out = capsys.readouterr().out
    assert "1. the weights of the model differ: weights is 0123 in A and 4567 in B" in out
    assert "24 questions in both results, 0 only in A, 0 only in B" in out
    assert "over 8 videos, p = " in out and "paired permutation test" in out
    assert "test.txt#3:" in out and "\x1b[31m" not in out and "\\x1b[31m" in out


def test_json(files, capsys):
    assert main(["compare", *files, "--json", "--metric", "r1_iou_0.5", "--examples", "3"]) == 0
    found = json.loads(capsys.readouterr().out)
    (cause,) = found["causes"]
    assert cause["cause"] == "checkpoint" and cause["settings"] == {"weights": ["0123", "4567"]}
    paired = found["metrics"]["r1_iou_0.5"]["paired"]
    assert paired["low"] <= paired["difference"] <= paired["high"] and 0 < paired["p_value"] <= 1
    assert {abs(one["b"] - one["a"]) for one in found["changed_examples"]} == {1.0}
    assert found["questions"]["in_both"] == 24 and found["metric"] == "r1_iou_0.5"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["A", "/nowhere.json"], "there is no result /nowhere.json: give a file or folder of `timesuite evaluate"),
        (["A", "B", "--metric", "moiu"], "both results have no metric 'moiu', did you mean 'miou'"),
        (["A", "B", "--examples", "-1"], "--examples -1 is less than 0; give at least 0"),
    ],
)
def test_mistakes_are_one_sentence(files, capsys, words, expected):
    known = dict(zip("AB", files, strict=True))
    assert main(["compare", *(known.get(word, word) for word in words)]) == 2
    error = capsys.readouterr().err
    assert expected in error and error.count("\n") == 1


@pytest.mark.parametrize("changed", ["predictions", "truth"])
def test_scores_of_files(tmp_path, capsys, changed):
    rows = [{"id": id, "image_id": f"{id}.mp4", "timestamp": [0.0, 10.0], "duration": 20.0} for id in range(4)]
    content = {"truth": {"annotations": rows}, "predictions": {str(id): {"timestamp": [[0, 10]]} for id in range(4)}}
    for name in "AB":
        if name == "B" and changed == "truth":
            rows[0]["timestamp"] = [0.0, 5.0]
        elif name == "B":
            content["predictions"]["0"]["timestamp"] = [[5.0, 10.0]]
        for file, value in content.items():
            (tmp_path / f"{file}.json").write_text(json.dumps(value))
        words = ["--predictions", f"{tmp_path}/predictions.json", "--truth", f"{tmp_path}/truth.json", "--json"]
        assert main(["score", "--task", "tvg", *words]) == 0
        (tmp_path / f"{name}.json").write_text(capsys.readouterr().out)
    assert main(["compare", f"{tmp_path}/A.json", f"{tmp_path}/B.json", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [cause["cause"] for cause in found["causes"]] == ["corpora" if changed == "truth" else "predictions"]
    (example,) = found["changed_examples"]
    assert example["id"] == "0" and (example["a"], example["b"]) == (1.0, 0.5)
