"""Reports: JSON that a program can read, lines of predictions, files that cannot be written."""

import json

import pytest

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import Timeline, draw_timelines
from timesuite_jax.videochat_t.answering import report as report
from timesuite_jax.videochat_t.answering.prediction import Prediction
from timesuite_jax.videochat_t.answering.prompts import Dropped, Prompt
from timesuite_jax.videochat_t.benchmarks.grounding import Grounding


@pytest.fixture
def result():
    def predicted(number, spans, text):
        prompt = Prompt(number, f"c/{number}", f"{number}.mp4", "When?", "", ((1.0, 3.0),), 5.0)
        return Prediction(prompt, text, spans)

    right, wrong = ((1.0, 3.0),), ((3.5, 4.5),)
    predictions = [predicted(0, right, "1.0 - 3.0"), predicted(1, wrong, "3.5 - 4.5"), predicted(2, (), "no idea")]
    return Grounding(predictions, [Dropped(3, "c/3", "is empty")])


def test_json_holds_figures_intervals_and_what_was_dropped(result):
    shown = json.loads(json.dumps(report.as_json(result)))
    assert shown["n"] == 3 and shown["dropped"] == 1 and shown["dropped_records"] == {"c/3": "is empty"}
    assert shown["r1_iou_0.5"] == pytest.approx(1 / 3) and shown["parse_failures"] == pytest.approx(1 / 3)
    low, high = shown["intervals_95"]["r1_iou_0.5"]
    assert 0.0 <= low < shown["r1_iou_0.5"] < high <= 1.0


def test_table(result, capsys):
    report.print_scores(result, "a corpus")
    out = capsys.readouterr().out
    assert "r1_iou_0.5" in out and "0.333" in out and "dropped c/3: is empty" in out


def test_predictions_one_a_line(result, tmp_path):
    file = tmp_path / "answers.jsonl"
    report.write_predictions(result, file)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["id"] for line in lines] == ["c/0", "c/1", "c/2"]
    assert lines[0]["spans"] == lines[0]["truth"] == [[1.0, 3.0]] and lines[2]["spans"] == []


def test_files_that_cannot_be_written(result, tmp_path):
    absent = tmp_path / "absent"
    with pytest.raises(UserError, match=r"cannot write .*absent/a.jsonl: No such file or directory; choose another"):
        report.write_predictions(result, absent / "a.jsonl")
    with pytest.raises(UserError, match=r"cannot write .*absent/a.png: No such file or directory; choose another"):
        draw_timelines([Timeline("When?", 5.0, [(1.0, 2.0)])], absent / "a.png")
