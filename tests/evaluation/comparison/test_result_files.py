"""Which files are read: old ones, folders, output of commands; and which are refused."""

import json

import pytest

from tests.support.result_files import result, write, write_old
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.comparison import compare, read_result


def test_an_old_result_is_read_with_what_it_does_not_record(tmp_path):
    old, new = read_result(write_old(result(0), tmp_path / "old")), result(0)
    new["settings"]["model.max_new_tokens"] = 8
    for one in new["examples"][:4]:
        one["prediction"]["answer"] = "0 - 9"
    found = compare(old, read_result(write(new, tmp_path / "new.json")))
    assert [cause.name for cause in found.causes] == ["decoding"]
    assert {"parser", "checkpoint", "scores of each question", "frames and prompt of each question"} == set(
        found.not_recorded[0]
    )
    assert found.not_recorded[1] == [] and found.metrics["miou"].paired is None
    assert [(one.answer_a != one.answer_b) for one in found.changed] == [True] * 4
    same = compare(old, old)
    assert not same.causes and not same.changed


def test_an_old_result_without_answers(tmp_path):
    folder = write_old(result(0), tmp_path / "old")
    (folder / "predictions-0.jsonl").unlink()
    lacking = result(0)
    lacking["names_of_missing_videos"] = ["V3"]
    other = read_result(write_old(lacking, tmp_path / "lacking"))
    found = compare(read_result(folder), other)
    assert [cause.name for cause in found.causes] == ["missing_videos"] and "V3" in found.causes[0].sentence


def test_names_of_scores_over_fewer_questions_are_those_of_all(tmp_path):
    content = json.loads(write(result(0), tmp_path / "a.json").read_text())
    content["miou (20 of 24)"] = content.pop("miou")
    (tmp_path / "a.json").write_text(json.dumps(content))
    assert set(read_result(tmp_path / "a.json").metrics) == {"miou", "r1_iou_0.5"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "there is no result"),
        ("no json", "is not JSON; give a file or folder of `timesuite evaluate --results`"),
        ("[" * 100_000, "is not JSON"),
        ("[1]", "has no settings, so it is not a result"),
        ('{"miou": 0.5}', "has no settings"),
        ('{"settings": {}, "format": 2, "examples": [1]}', "is damaged (TypeError"),
        ('{"settings": {}, "format": 2, "examples": [{"id": "a"}]}', "is damaged (KeyError: 'scores')"),
        ('{"settings": {}, "format": 2, "examples": 3}', "is damaged"),
    ],
)
def test_other_files_are_refused(tmp_path, content, expected):
    if content is not None:
        (tmp_path / "a.json").write_text(content)
    with pytest.raises(UserError) as error:
        read_result(tmp_path / "a.json")
    assert expected in str(error.value)


def test_an_unfinished_evaluation_is_refused(tmp_path):
    (tmp_path / "settings.json").write_text("{}")
    with pytest.raises(UserError, match="has not finished; run the same command again"):
        read_result(tmp_path)


def test_results_without_a_common_metric_are_refused(tmp_path):
    a, b = result(0), result(0)
    for one in b["examples"]:
        one["scores"] = {"accuracy": 1.0}
    files = [read_result(write(each, tmp_path / f"{number}.json")) for number, each in enumerate((a, b))]
    with pytest.raises(UserError, match=r"no metric in common \(miou, r1_iou_0.5; accuracy\)"):
        compare(*files)
    with pytest.raises(UserError, match=r"no metric 'moiu', did you mean 'miou'"):
        compare(files[0], files[0], metric="moiu")
